//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What is in a body, type by type and op by op.
//===----------------------------------------------------------------------===//

#include "Support.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tfc::device;
using linalg::LinalgOp;

static bool isComplex(Type type) { return isa<ComplexType>(type); }
static bool handlesComplex(Operation *op) {
  return llvm::any_of(op->getOperandTypes(), isComplex) ||
         llvm::any_of(op->getResultTypes(), isComplex);
}
/// Is it a complex number that a kernel would need as an argument? Those that
/// are made of floats are made of them again.
static bool isFromOutside(Value value) {
  return isComplex(value.getType()) &&
         !isa_and_present<complex::ConstantOp, complex::CreateOp>(
             value.getDefiningOp());
}

Support::Support(StringRef target, StringRef features)
    : isSPIRV(target == "spirv") {
  SmallVector<StringRef> names;
  features.split(names, '+', -1, false);
  for (StringRef name : names)
    has.insert(name.trim());
}

std::string Support::refusal(LinalgOp op) const {
  std::string why;
  auto check = [&](Type type) {
    if (why.empty())
      why = refusal(type);
  };
  for (Value operand : op->getOperands()) {
    if (auto type = dyn_cast<MemRefType>(operand.getType())) {
      if (why.empty())
        why = refusal(type);
    } else {
      check(operand.getType());
      if (why.empty() && isFromOutside(operand))
        why = "a complex number that the host computes";
    }
  }
  op.getBlock()->walk([&](Operation *nested) {
    for (Type type : nested->getResultTypes())
      check(type);
    if (why.empty() && handlesComplex(nested) &&
        !isa<complex::ComplexDialect, linalg::LinalgDialect>(
            nested->getDialect()) &&
        !(isa<arith::SelectOp>(nested) && nested->getBlock() == op.getBlock()))
      why = ("complex numbers in " + nested->getName().getStringRef()).str();
    if (why.empty())
      why = refusal(nested);
  });
  return why;
}

std::string Support::refusal(MemRefType type) const {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return "a buffer without strides";
  if (type.hasStaticShape() && type.getNumElements() >= int64_t(1) << 31)
    return "more than 2^31 elements";
  return refusal(type.getElementType());
}

std::string Support::refusal(Type type) const {
  if (isa<IndexType>(type))
    return {};
  // In memory and between loops, complex numbers are two floats.
  if (auto complex = dyn_cast<ComplexType>(type))
    return refusal(complex.getElementType());
  if (!type.isIntOrFloat())
    return isa<MemRefType>(type) ? "" : "a value of no scalar type";
  std::string name;
  llvm::raw_string_ostream(name) << type;
  bool wide = (type.isF64() && !has.contains("f64")) ||
              (type.isInteger(64) && !has.contains("i64")) ||
              (type.isInteger(16) && !has.contains("i16")) ||
              (type.isInteger(8) && !has.contains("i8")) ||
              (type.isF16() && !has.contains("f16")) ||
              (type.isBF16() && !has.contains("i16"));
  if (isSPIRV && wide)
    return "the device has no " + name;
  if (auto integer = dyn_cast<IntegerType>(type);
      integer &&
      !llvm::is_contained({1, 8, 16, 32, 64}, int(integer.getWidth())))
    return "integers of " + std::to_string(integer.getWidth()) + " bits";
  return {};
}

std::string Support::refusal(Operation *op) const {
  if (isa<memref::LoadOp>(op))
    return refusal(cast<MemRefType>(op->getOperand(0).getType()));
  if (isa<scf::IfOp, scf::ForOp, scf::WhileOp, scf::YieldOp, scf::ConditionOp,
          linalg::IndexOp, linalg::YieldOp>(op))
    return {};
  if (isa<arith::ArithDialect>(op->getDialect()))
    return {};
  if (isa<complex::ComplexDialect>(op->getDialect())) {
    for (Value operand : op->getOperands())
      if (isFromOutside(operand) && operand.getParentBlock() != op->getBlock())
        return "a complex number that the host computes";
    // Others are functions, which take care of infinities at length.
    if (isa<complex::CreateOp, complex::ReOp, complex::ImOp, complex::AddOp,
            complex::SubOp, complex::MulOp, complex::NegOp, complex::ConjOp,
            complex::EqualOp, complex::NotEqualOp, complex::ConstantOp>(op))
      return {};
    return ("no lowering of " + op->getName().getStringRef()).str();
  }
  if (!isa<math::MathDialect>(op->getDialect()))
    return ("no lowering of " + op->getName().getStringRef()).str();
  if (!isSPIRV)
    return {};
  // tfc-expand-math makes these for both precisions.
  if (isa<math::ExpOp, math::ExpM1Op, math::LogOp, math::Log1pOp, math::TanhOp>(
          op))
    return {};
  // GLSL's functions have 16 and 32 bits.
  bool simple = isa<math::AbsFOp, math::AbsIOp, math::SqrtOp, math::RsqrtOp,
                    math::FloorOp, math::CeilOp, math::FmaOp, math::CopySignOp,
                    math::TruncOp, math::RoundOp, math::RoundEvenOp,
                    math::CountLeadingZerosOp, math::IsNaNOp, math::IsInfOp,
                    math::IsFiniteOp>(op);
  bool wide = op->getNumResults() && op->getResult(0).getType().isF64();
  bool known =
      isa<math::SinOp, math::CosOp, math::TanOp, math::AtanOp, math::SinhOp,
          math::CoshOp, math::AsinhOp, math::AcoshOp, math::AtanhOp,
          math::AsinOp, math::AcosOp, math::PowFOp, math::Exp2Op, math::Log2Op,
          math::Log10Op, math::ErfOp, math::ErfcOp, math::Atan2Op>(op);
  if (simple || (known && !wide))
    return {};
  return (op->getName().getStringRef() + " has no " + (wide ? "f64 " : "") +
          "form on the device")
      .str();
}
