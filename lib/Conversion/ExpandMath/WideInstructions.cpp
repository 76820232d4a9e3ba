//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "WideInstructions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tfc::expand;

namespace {

/// A vector of one dimension that may fill registers in part, or several.
class Registers {
public:
  Registers(ImplicitLocOpBuilder &b, VectorType type) : b(b), type(type) {}

  /// The smallest register that holds all bits, of at least `least` bits, or
  /// the largest there is.
  int64_t size(int64_t least = 128) const {
    int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
    int64_t size = least;
    while (size < 512 && size < bits)
      size *= 2;
    return size;
  }

  /// What `instruction` makes of operands that are `lanes` each, put together.
  Value map(int64_t lanes, ValueRange operands,
            llvm::function_ref<Value(ArrayRef<Value>)> instruction) {
    int64_t count = type.getNumElements();
    Value result;
    for (int64_t first = 0; first < count; first += lanes) {
      SmallVector<Value> parts;
      for (Value x : operands)
        parts.push_back(part(x, first, lanes));
      Value made = instruction(parts);
      if (lanes == count)
        return made;
      result = join(result, made, first, std::min(first + lanes, count));
    }
    return result;
  }

private:
  Value part(Value x, int64_t first, int64_t lanes) {
    int64_t count = type.getNumElements();
    if (lanes == count)
      return x;
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < lanes; ++i)
      indices.push_back(std::min(first + i, count - 1));
    return vector::ShuffleOp::create(b, x, x, indices);
  }
  /// What is known so far, and `made` behind it.
  Value join(Value known, Value made, int64_t first, int64_t end) {
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < end; ++i)
      indices.push_back(i); // a place of `known`, then of `made` behind it
    return vector::ShuffleOp::create(b, known ? known : made, made, indices);
  }

  ImplicitLocOpBuilder &b;
  VectorType type;
};

} // namespace

static Value number(ImplicitLocOpBuilder &b, unsigned width, int64_t value) {
  return LLVM::ConstantOp::create(
      b, b.getIntegerAttr(b.getIntegerType(width), value));
}

/// A mask with which all lanes count.
static Value allLanes(ImplicitLocOpBuilder &b, int64_t lanes) {
  return number(b, std::max<int64_t>(lanes, 8), -1);
}

/// "llvm.x86.avx512.NAME.ps.512"
static std::string wideName(StringRef name, Type element, int64_t size) {
  return ("llvm.x86.avx512." + name + (element.isF32() ? ".ps." : ".pd.") +
          Twine(size))
      .str();
}

static Value call(ImplicitLocOpBuilder &b, Type type, const std::string &name,
                  ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(name), operands)
      .getResult(0);
}

/// The vector type of one dimension; null of anything else.
static VectorType rowOf(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector && vector.getRank() == 1 && !vector.isScalable() ? vector
                                                                 : VectorType();
}

Value tfc::expand::wideScalb(OpBuilder &builder, rt::ScalbOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), builder);
  VectorType type = rowOf(op.getType());
  if (!type)
    return {};
  Type element = type.getElementType();
  Registers registers(b, type);
  int64_t size = registers.size(),
          lanes = size / element.getIntOrFloatBitWidth();
  auto whole = VectorType::get(lanes, element);
  Value mask = allLanes(b, lanes), unused = ub::PoisonOp::create(b, whole);
  return registers.map(
      lanes, {op.getX(), op.getN()}, [&](ArrayRef<Value> parts) {
        SmallVector<Value> operands{parts[0], parts[1], unused, mask};
        // The current rounding mode is meant, which only the longest form says.
        if (size == 512)
          operands.push_back(number(b, 32, 4));
        return call(b, whole, wideName("mask.scalef", element, size), operands);
      });
}

Value tfc::expand::wideLookup(OpBuilder &builder, rt::LookupOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), builder);
  auto whole = VectorType::get(16, b.getF32Type());
  auto half = [&](int64_t first) -> Value {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(whole, op.getTable().slice(first, 16)));
  };
  Value low = half(0), high = half(16);
  // Scalars and vectors of several dimensions as vectors of one.
  auto vector = dyn_cast<VectorType>(op.getType());
  int64_t count = vector ? vector.getNumElements() : 1;
  auto row = VectorType::get(count, b.getF32Type());
  auto indices = VectorType::get(count, b.getI32Type());
  Value index = op.getIndex();
  if (!vector)
    index = vector::BroadcastOp::create(b, indices, index);
  else if (vector != row)
    index = vector::ShapeCastOp::create(b, indices, index);
  Value found = Registers(b, row).map(16, index, [&](ArrayRef<Value> parts) {
    return call(b, whole, wideName("vpermi2var", b.getF32Type(), 512),
                {low, parts[0], high});
  });
  if (!vector)
    return vector::ExtractOp::create(b, found, 0);
  return vector == row ? found : vector::ShapeCastOp::create(b, vector, found);
}

static bool isConstant(Value x) {
  if (auto spread = x.getDefiningOp<vector::BroadcastOp>())
    x = spread.getSource();
  return matchPattern(x, m_Constant());
}

Value tfc::expand::wideExtreme(OpBuilder &builder, Operation *op) {
  ImplicitLocOpBuilder b(op->getLoc(), builder);
  VectorType type = rowOf(op->getResult(0).getType());
  Value x = op->getOperand(0), y = op->getOperand(1);
  auto flags = cast<arith::ArithFastMathInterface>(op).getFastMathFlagsAttr();
  auto known = arith::FastMathFlags::nnan | arith::FastMathFlags::nsz;
  if (!type || isConstant(x) || isConstant(y) ||
      arith::bitEnumContainsAny(flags.getValue(), known))
    return {};
  Type element = type.getElementType();
  int64_t lanes = type.getNumElements();
  int64_t size = lanes * element.getIntOrFloatBitWidth();
  if ((!element.isF32() && !element.isF64()) ||
      (size != 128 && size != 256 && size != 512))
    return {};
  // The sign is that of the result, all lanes count, and the current rounding
  // mode is meant, which only the longest form says.
  int64_t what = isa<arith::MaximumFOp>(op) ? 5 : 4;
  SmallVector<Value> operands{x, y, number(b, 32, what),
                              ub::PoisonOp::create(b, type),
                              allLanes(b, lanes)};
  if (size == 512)
    operands.push_back(number(b, 32, 4));
  Value extreme =
      call(b, type, wideName("mask.range", element, size), operands);
  Value isNan = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, y);
  return arith::SelectOp::create(b, isNan, arith::AddFOp::create(b, x, y),
                                 extreme);
}
