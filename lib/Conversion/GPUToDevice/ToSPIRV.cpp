//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Kernels become SPIR-V binaries.
//
// Each gpu.module is lowered in a module of its own: mapping memory spaces in
// place would change types that the host still uses. What upstream's
// conversions expect, and kernels do not have, is made first (Preparation).
//===----------------------------------------------------------------------===//

#include "Refusals.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/SPIRV/Serialization.h"
#include "tfc/Conversion/GPU/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_GPUTOSPIRVPASS
#include "tfc/Conversion/GPU/Passes.h.inc"
} // namespace tfc

using namespace mlir;

namespace {

/// Rewrites one kernel into what the conversion takes.
class Preparation {
public:
  Preparation(gpu::GPUFuncOp kernel)
      : kernel(kernel), b(kernel.getContext()), loc(kernel.getLoc()) {}

  void run();

private:
  Value word(Value words, int64_t index);
  Value scalar(Value words, int64_t slot, Type type);

  gpu::GPUFuncOp kernel;
  OpBuilder b;
  Location loc;
};

Value Preparation::word(Value words, int64_t index) {
  Value at = arith::ConstantIndexOp::create(b, loc, index);
  return memref::LoadOp::create(b, loc, words, at);
}

/// The argument in slot `slot` (two words each) of the buffer of scalars.
Value Preparation::scalar(Value words, int64_t slot, Type type) {
  Value low = word(words, 2 * slot);
  if (type.isIndex())
    return arith::IndexCastOp::create(b, loc, type, low);
  unsigned width = type.getIntOrFloatBitWidth();
  Type integer = b.getIntegerType(width);
  Value bits = low;
  if (width < 32)
    bits = arith::TruncIOp::create(b, loc, integer, low);
  if (width == 64) {
    Value high =
        arith::ExtUIOp::create(b, loc, integer, word(words, 2 * slot + 1));
    Value by = arith::ConstantOp::create(b, loc, b.getIntegerAttr(integer, 32));
    high = arith::ShLIOp::create(b, loc, high, by);
    bits = arith::OrIOp::create(b, loc, high,
                                arith::ExtUIOp::create(b, loc, integer, low));
  }
  return type == integer ? bits : arith::BitcastOp::create(b, loc, type, bits);
}

void Preparation::run() {
  Block &old = kernel.getBody().front();
  SmallVector<Type> buffers;
  int64_t scalars = 0;
  for (Type type : kernel.getArgumentTypes())
    if (isa<MemRefType>(type))
      buffers.push_back(type);
    else
      ++scalars;
  if (scalars)
    buffers.push_back(MemRefType::get({2 * scalars}, b.getI32Type()));
  b.setInsertionPoint(kernel);
  auto made = gpu::GPUFuncOp::create(b, loc, kernel.getName(),
                                     b.getFunctionType(buffers, {}));
  made->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  auto size = kernel.getKnownBlockSize();
  ArrayRef<int32_t> threads = size ? *size : ArrayRef<int32_t>{1, 1, 1};
  made->setAttr(spirv::getEntryPointABIAttrName(),
                spirv::getEntryPointABIAttr(b.getContext(), threads));
  Block &block = made.getBody().front();
  b.setInsertionPointToStart(&block);
  unsigned buffer = 0, slot = 0;
  for (auto [i, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    Value value = isa<MemRefType>(type)
                      ? Value(block.getArgument(buffer++))
                      : scalar(block.getArguments().back(), slot++, type);
    old.getArgument(i).replaceAllUsesWith(value);
  }
  // Attributions have no lowering for Vulkan; an allocation in Workgroup memory
  // becomes a global.
  for (BlockArgument argument : kernel.getWorkgroupAttributions()) {
    auto type = cast<MemRefType>(argument.getType());
    auto shared = MemRefType::get(type.getShape(), type.getElementType(),
                                  AffineMap(), b.getI64IntegerAttr(3));
    argument.replaceAllUsesWith(memref::AllocOp::create(b, loc, shared));
  }
  block.getOperations().splice(block.end(), old.getOperations());
  kernel.erase();
}

/// Functions of f32 that SPIR-V has no conversion for, in terms of others.
class Expansion {
public:
  explicit Expansion(Operation *op)
      : b(op->getLoc(), op), type(op->getResult(0).getType()) {}

  Value constant(double value) {
    return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value less(Value x, Value y) {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y);
  }
  Value select(Value c, Value x, Value y) {
    return arith::SelectOp::create(b, c, x, y);
  }
  Value abs(Value x) { return math::AbsFOp::create(b, x); }
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value result = constant(coefficients.front());
    for (double c : coefficients.drop_front())
      result = add(mul(result, x), constant(c));
    return result;
  }

  Value trunc(Value x) {
    return math::CopySignOp::create(b, math::FloorOp::create(b, abs(x)), x);
  }

  /// exp(-x^2) times a polynomial in 1 / (1 + x / 2): Chebyshev's fit of Press
  /// et al., "Numerical Recipes", section 6.2, with a relative error of 1.2e-7.
  Value erfcOfPositive(Value x) {
    Value t = arith::DivFOp::create(b, constant(1),
                                    add(constant(1), mul(constant(0.5), x)));
    Value p = polynomial(t, {0.17087277, -0.82215223, 1.48851587, -1.13520398,
                             0.27886807, -0.18628806, 0.09678418, 0.37409196,
                             1.00002368, -1.26551223});
    // The square in two parts: exp would multiply its rounding error by itself.
    Value high =
        mul(arith::ConstantOp::create(b, b.getFloatAttr(type, 1.0 / 16)),
            trunc(mul(x, constant(16))));
    Value low = arith::SubFOp::create(b, x, high);
    Value square = mul(high, high), rest = mul(low, add(x, high));
    Value e1 = math::ExpOp::create(b, arith::NegFOp::create(b, square));
    Value e2 = math::ExpOp::create(b, arith::SubFOp::create(b, p, rest));
    return mul(t, mul(e1, e2));
  }
  Value erfc(Value x) {
    Value limited = arith::MinNumFOp::create(b, abs(x), constant(16));
    Value tail = erfcOfPositive(limited);
    Value y = select(less(x, constant(0)),
                     arith::SubFOp::create(b, constant(2), tail), tail);
    Value near = arith::SubFOp::create(b, constant(1), smallErf(x));
    y = select(less(abs(x), constant(0.5)), near, y);
    return keepNaN(x, y);
  }
  /// The Taylor series, for |x| < 1/2.
  Value smallErf(Value x) {
    Value z = mul(x, x);
    Value p = polynomial(z, {1.0 / 9360, -1.0 / 1320, 1.0 / 216, -1.0 / 42,
                             1.0 / 10, -1.0 / 3, 1});
    return mul(constant(1.1283791670955126), mul(x, p));
  }
  Value erf(Value x) {
    Value limited = arith::MinNumFOp::create(b, abs(x), constant(8));
    Value large =
        arith::SubFOp::create(b, constant(1), erfcOfPositive(limited));
    Value y = select(less(abs(x), constant(0.5)), smallErf(x),
                     math::CopySignOp::create(b, large, x));
    return keepNaN(x, y);
  }
  Value keepNaN(Value x, Value y) {
    Value isNaN = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
    return select(isNaN, x, y);
  }

  /// Cephes' atanf: three ranges, with the same polynomial.
  Value atan(Value x) {
    Value ax = abs(x), one = constant(1);
    Value large = less(constant(2.414213562373095), ax),
          middle = less(constant(0.4142135623730950), ax);
    Value inverse = arith::DivFOp::create(b, constant(-1), ax);
    Value turned = arith::DivFOp::create(b, arith::SubFOp::create(b, ax, one),
                                         add(ax, one));
    Value r = select(large, inverse, select(middle, turned, ax));
    Value base =
        select(large, constant(1.5707963267948966),
               select(middle, constant(0.7853981633974483), constant(0)));
    Value z = mul(r, r);
    Value p = polynomial(z, {8.05374449538e-2, -1.38776856032e-1,
                             1.99777106478e-1, -3.33329491539e-1});
    Value y = add(base, add(mul(mul(p, z), r), r));
    return keepNaN(x, math::CopySignOp::create(b, y, x));
  }
  /// The other side of the triangle: sqrt(1 - x^2), without cancellation.
  Value cosine(Value x) {
    Value one = constant(1);
    return math::SqrtOp::create(
        b, mul(arith::SubFOp::create(b, one, x), add(one, x)));
  }

  Value atan2(Value y, Value x) {
    // atan of the smaller over the larger, turned into its octant.
    Value ax = abs(x), ay = abs(y);
    Value steep = less(ax, ay);
    Value low = select(steep, ax, ay), high = select(steep, ay, ax);
    Value equal = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, low,
                                        high); // both 0, or both infinite
    Value zero =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, high, constant(0));
    Value ratio =
        select(zero, constant(0),
               select(equal, constant(1), arith::DivFOp::create(b, low, high)));
    Value angle = atan(ratio);
    angle = select(
        steep, arith::SubFOp::create(b, constant(1.5707963267948966), angle),
        angle);
    Value isLeft =
        less(math::CopySignOp::create(b, constant(1), x), constant(0));
    angle = select(isLeft,
                   arith::SubFOp::create(b, constant(3.141592653589793), angle),
                   angle);
    Value result = math::CopySignOp::create(b, angle, y);
    return keepNaN(x, keepNaN(y, result));
  }

private:
  ImplicitLocOpBuilder b;
  Type type;
};

void expandFunctions(Operation *module) {
  SmallVector<Operation *> ops;
  module->walk([&](Operation *op) {
    if (isa<math::TruncOp, math::ErfOp, math::ErfcOp, math::AtanOp,
            math::Atan2Op, math::AsinOp, math::AcosOp>(op))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    Expansion e(op);
    Value x = op->getOperand(0);
    Value result = isa<math::TruncOp>(op)  ? e.trunc(x)
                   : isa<math::ErfOp>(op)  ? e.erf(x)
                   : isa<math::ErfcOp>(op) ? e.erfc(x)
                   : isa<math::AtanOp>(op) ? e.atan(x)
                   : isa<math::AsinOp>(op) ? e.atan2(x, e.cosine(x))
                   : isa<math::AcosOp>(op) ? e.atan2(e.cosine(x), x)
                                           : e.atan2(x, op->getOperand(1));
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }
}

/// Comparisons in the type that values had before they were widened: cheaper,
/// and Mesa 22 computes `i64(x) < constant` wrongly.
void narrowComparisons(Operation *module) {
  module->walk([](arith::CmpIOp op) {
    OpBuilder b(op);
    bool isSigned = false, isUnsigned = false;
    auto narrow = [&](Value value) -> Value {
      if (auto ext = value.getDefiningOp<arith::ExtSIOp>())
        return isSigned = true, ext.getIn();
      if (auto ext = value.getDefiningOp<arith::ExtUIOp>())
        return isUnsigned = true, ext.getIn();
      return {};
    };
    Value left = narrow(op.getLhs()), right = narrow(op.getRhs());
    if ((!left && !right) || (isSigned && isUnsigned))
      return;
    Type type = left ? left.getType() : right.getType();
    auto fit = [&](Value value, Value narrowed) -> Value {
      if (narrowed)
        return narrowed.getType() == type ? narrowed : Value();
      auto constant = value.getDefiningOp<arith::ConstantOp>();
      auto number =
          constant ? dyn_cast<IntegerAttr>(constant.getValue()) : IntegerAttr();
      unsigned width = type.getIntOrFloatBitWidth();
      if (!number || !(isSigned ? number.getValue().isSignedIntN(width)
                                : number.getValue().isIntN(width)))
        return {};
      return arith::ConstantOp::create(
          b, op.getLoc(),
          b.getIntegerAttr(type, number.getValue().trunc(width)));
    };
    left = fit(op.getLhs(), left);
    right = left ? fit(op.getRhs(), right) : Value();
    if (!right || type.isInteger(1))
      return;
    // A value that was widened with zeros is not negative.
    using P = arith::CmpIPredicate;
    P predicate = op.getPredicate();
    if (isUnsigned)
      predicate = predicate == P::slt   ? P::ult
                  : predicate == P::sle ? P::ule
                  : predicate == P::sgt ? P::ugt
                  : predicate == P::sge ? P::uge
                                        : predicate;
    op.replaceAllUsesWith(
        Value(arith::CmpIOp::create(b, op.getLoc(), predicate, left, right)));
  });
}

/// bf16 is only moved and taken apart by now: it travels as i16.
void replaceBF16(Operation *module) {
  Builder b(module->getContext());
  auto replaced = [&](Type type) -> Type {
    if (type.isBF16())
      return b.getI16Type();
    auto memref = dyn_cast<MemRefType>(type);
    if (!memref || !memref.getElementType().isBF16())
      return type;
    return MemRefType::Builder(memref).setElementType(b.getI16Type());
  };
  SmallVector<Operation *> idle;
  module->walk([&](Operation *op) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      if (auto value = dyn_cast<FloatAttr>(constant.getValue());
          value && value.getType().isBF16())
        constant.setValueAttr(b.getIntegerAttr(
            b.getI16Type(), value.getValue().bitcastToAPInt()));
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument argument : block.getArguments())
          argument.setType(replaced(argument.getType()));
    for (Value result : op->getResults())
      result.setType(replaced(result.getType()));
    if (auto kernel = dyn_cast<gpu::GPUFuncOp>(op)) {
      auto inputs = llvm::map_to_vector(kernel.getArgumentTypes(), replaced);
      kernel.setFunctionType(b.getFunctionType(inputs, {}));
    }
    if (isa<arith::BitcastOp>(op))
      idle.push_back(op);
  });
  for (Operation *cast : idle)
    if (cast->getOperand(0).getType() == cast->getResult(0).getType()) {
      cast->getResult(0).replaceAllUsesWith(cast->getOperand(0));
      cast->erase();
    }
}

/// Between integers and bf16, f32 stands: conversions of bf16 are moves of
/// bits.
void convertThroughF32(Operation *module) {
  SmallVector<Operation *> casts;
  module->walk([&](Operation *op) {
    if (isa<arith::SIToFPOp, arith::UIToFPOp>(op) &&
        op->getResult(0).getType().isBF16())
      casts.push_back(op);
    if (isa<arith::FPToSIOp, arith::FPToUIOp>(op) &&
        op->getOperand(0).getType().isBF16())
      casts.push_back(op);
  });
  for (Operation *op : casts) {
    OpBuilder b(op);
    Location loc = op->getLoc();
    Type f32 = b.getF32Type();
    if (op->getOperand(0).getType().isBF16()) {
      op->setOperand(0, arith::ExtFOp::create(b, loc, f32, op->getOperand(0)));
      continue;
    }
    Value result = op->getResult(0);
    Type narrow = result.getType();
    result.setType(f32);
    b.setInsertionPointAfter(op);
    auto cut = arith::TruncFOp::create(b, loc, narrow, result);
    result.replaceAllUsesExcept(cut, cut);
  }
}

/// The conversion stores results of a loop at the end of iterations only: one
/// that may have none is put into a branch.
void guardLoops(Operation *module) {
  SmallVector<scf::ForOp> loops;
  module->walk([&](scf::ForOp loop) {
    auto from = getConstantIntValue(loop.getLowerBound()),
         to = getConstantIntValue(loop.getUpperBound());
    if (loop.getNumResults() && !(from && to && *from < *to))
      loops.push_back(loop);
  });
  for (scf::ForOp loop : loops) {
    OpBuilder b(loop);
    Location loc = loop.getLoc();
    Value runs =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt,
                              loop.getLowerBound(), loop.getUpperBound());
    auto branch = scf::IfOp::create(b, loc, loop.getResultTypes(), runs,
                                    /*withElseRegion=*/true);
    loop.replaceAllUsesWith(branch.getResults());
    b.setInsertionPointToEnd(branch.elseBlock());
    scf::YieldOp::create(b, loc, loop.getInitArgs());
    b.setInsertionPointToEnd(branch.thenBlock());
    auto end = scf::YieldOp::create(b, loc, loop.getResults());
    loop->moveBefore(end);
  }
}

/// Products that may be contracted are: what is left is then exact (see
/// forbidContraction).
void contract(Operation *module) {
  auto mayContract = [](Operation *op) {
    auto fast = dyn_cast_if_present<arith::ArithFastMathInterface>(op);
    return fast && bitEnumContainsAll(fast.getFastMathFlagsAttr().getValue(),
                                      arith::FastMathFlags::contract);
  };
  auto product = [&](Value value) {
    auto mul = value.getDefiningOp<arith::MulFOp>();
    return mul && mul->hasOneUse() && mayContract(mul) ? mul : arith::MulFOp();
  };
  SmallVector<Operation *> sums;
  module->walk([&](Operation *op) {
    if (isa<arith::AddFOp, arith::SubFOp>(op) && mayContract(op))
      sums.push_back(op);
  });
  for (Operation *sum : sums) {
    OpBuilder b(sum);
    Location loc = sum->getLoc();
    Value x = sum->getOperand(0), y = sum->getOperand(1), result;
    bool subtracts = isa<arith::SubFOp>(sum);
    auto negate = [&](Value v) -> Value {
      return arith::NegFOp::create(b, loc, v);
    };
    if (auto mul = product(x))
      result = math::FmaOp::create(b, loc, mul.getLhs(), mul.getRhs(),
                                   subtracts ? negate(y) : y);
    else if (auto mul = product(y))
      result = math::FmaOp::create(
          b, loc, subtracts ? negate(mul.getLhs()) : mul.getLhs(), mul.getRhs(),
          x);
    if (!result)
      continue;
    sum->getResult(0).replaceAllUsesWith(result);
    sum->erase();
  }
}

/// Without this, drivers may rewrite (x + c) - c to x.
void forbidContraction(Operation *module) {
  module->walk([](Operation *op) {
    if (isa<spirv::FAddOp, spirv::FSubOp, spirv::FMulOp, spirv::FDivOp>(op))
      op->setAttr("no_contraction", UnitAttr::get(op->getContext()));
  });
}

/// Buffers are written by one thread and read by others too.
void widenBarriers(Operation *module, bool opencl) {
  auto buffers = opencl ? spirv::MemorySemantics::CrossWorkgroupMemory
                        : spirv::MemorySemantics::UniformMemory;
  module->walk([&](spirv::ControlBarrierOp op) {
    op.setMemorySemantics(spirv::MemorySemantics::AcquireRelease |
                          spirv::MemorySemantics::WorkgroupMemory | buffers);
  });
}

/// Readers of OpenCL's bitcode take memory of a block for that of the kernel
/// whose name its own begins with.
void nameShared(spirv::ModuleOp module, StringRef kernel) {
  SmallVector<spirv::GlobalVariableOp> variables;
  module.walk([&](spirv::GlobalVariableOp variable) {
    if (cast<spirv::PointerType>(variable.getType()).getStorageClass() ==
        spirv::StorageClass::Workgroup)
      variables.push_back(variable);
  });
  for (spirv::GlobalVariableOp variable : variables) {
    std::string name = (kernel + "." + variable.getSymName()).str();
    auto attribute = StringAttr::get(module.getContext(), name);
    (void)SymbolTable::replaceAllSymbolUses(variable, attribute, module);
    variable.setSymNameAttr(attribute);
  }
}

struct GPUToSPIRV : public tfc::impl::GPUToSPIRVPassBase<GPUToSPIRV> {
  using GPUToSPIRVPassBase::GPUToSPIRVPassBase;

  static constexpr StringRef expand =
      "gpu.module(convert-complex-to-standard,tfc-expand-math,math-expand-ops{"
      "ops=exp2,fpowi,ctlz},arith-"
      "expand{include-bf16=true},canonicalize,cse)";
  static constexpr StringRef convert =
      "map-memref-spirv-storage-class{client-api=vulkan},gpu.module(gpu.func("
      "convert-math-to-spirv)),convert-gpu-to-spirv";
  static constexpr StringRef finish =
      "spirv.module(spirv-lower-abi-attrs,canonicalize,cse,spirv-update-vce)";
  static constexpr StringRef convertOpenCL =
      "map-memref-spirv-storage-class{client-api=opencl},gpu.module(gpu.func("
      "convert-math-to-spirv)),convert-gpu-to-spirv{use-64bit-index=true}";
  static constexpr StringRef finishOpenCL =
      "gpu.module(spirv.module(spirv-lower-abi-attrs,canonicalize,cse,"
      "spirv-update-vce))";

  /// A pass manager inside of a pass cannot load what its passes need.
  void getDependentDialects(DialectRegistry &registry) const override {
    GPUToSPIRVPassBase::getDependentDialects(registry);
    for (StringRef text :
         {expand, convert, finish, convertOpenCL, finishOpenCL}) {
      OpPassManager manager(ModuleOp::getOperationName());
      if (succeeded(parsePassPipeline(text, manager, llvm::nulls())))
        manager.getDependentDialects(registry);
    }
  }

  std::string targetEnv() {
    if (opencl)
      return "#spirv.target_env<#spirv.vce<v1.2, [Kernel, Addresses, Int64, "
             "Int16, Int8, Float64, Float16Buffer, Linkage, Vector16, Groups], "
             "[]>, api=OpenCL, #spirv.resource_limits<>>";
    std::string capabilities = "Shader";
    if (subgroup)
      capabilities += ", GroupNonUniform, GroupNonUniformShuffle";
    SmallVector<StringRef> names;
    StringRef(features).split(names, '+', -1, false);
    for (StringRef name : names)
      capabilities +=
          StringRef(llvm::StringSwitch<StringRef>(name)
                        .Case("f64", ", Float64")
                        .Case("f16", ", Float16, StorageBuffer16BitAccess")
                        .Case("i64", ", Int64")
                        .Case("i16", ", Int16, StorageBuffer16BitAccess")
                        .Case("i8", ", Int8, StorageBuffer8BitAccess")
                        .Default(""))
              .str();
    return "#spirv.target_env<#spirv.vce<v1.3, [" + capabilities +
           "], [SPV_KHR_storage_buffer_storage_class, SPV_KHR_8bit_storage, "
           "SPV_KHR_16bit_storage]>, "
           "api=Vulkan, #spirv.resource_limits<subgroup_size = " +
           std::to_string(subgroup ? int64_t(subgroup) : 32) + ">>";
  }

  LogicalResult lower(gpu::GPUModuleOp module, Attribute target) {
    MLIRContext *context = &getContext();
    OwningOpRef<ModuleOp> own(ModuleOp::create(module.getLoc()));
    (*own)->setAttr("spirv.target_env", target);
    OpBuilder builder = OpBuilder::atBlockBegin(own->getBody());
    auto clone = cast<gpu::GPUModuleOp>(builder.clone(*module));
    for (auto kernel :
         llvm::make_early_inc_range(clone.getOps<gpu::GPUFuncOp>()))
      Preparation(kernel).run();
    convertThroughF32(clone);
    expandFunctions(clone);
    auto run = [&](StringRef text) {
      PassManager manager(context);
      if (failed(parsePassPipeline(text, manager)))
        return failure();
      return manager.run(*own);
    };
    if (failed(run(expand)))
      return failure();
    expandFunctions(clone); // powers are written with trunc
    replaceBF16(clone);
    narrowComparisons(clone);
    contract(clone);
    guardLoops(clone);
    if (failed(run(opencl ? convertOpenCL : convert)))
      return failure();
    widenBarriers(*own, opencl);
    if (!opencl)
      forbidContraction(*own);
    if (failed(run(opencl ? finishOpenCL : finish)))
      return failure();
    spirv::ModuleOp code;
    own->walk([&](spirv::ModuleOp found) { code = found; });
    if (!code)
      return module.emitError("no SPIR-V was made of the kernel");
    if (opencl)
      nameShared(code, module.getName());
    SmallVector<uint32_t> binary;
    if (failed(spirv::serialize(code, binary)))
      return failure();
    StringRef bytes(reinterpret_cast<const char *>(binary.data()),
                    binary.size() * 4);
    OpBuilder host(module);
    auto object = gpu::ObjectAttr::get(
        context, target, gpu::CompilationTarget::Binary,
        host.getStringAttr(bytes), DictionaryAttr(), gpu::KernelTableAttr());
    auto made = gpu::BinaryOp::create(host, module.getLoc(), module.getName(),
                                      Attribute(), host.getArrayAttr({object}));
    if (Attribute kernels = module->getAttr("tfc.kernel"))
      made->setAttr("tfc.kernel", kernels);
    module.erase();
    return success();
  }

  void runOnOperation() override {
    Attribute target = mlir::parseAttribute(targetEnv(), &getContext());
    if (failed(tfc::device::lowerKernels(
            getOperation(),
            [&](gpu::GPUModuleOp module) { return lower(module, target); })))
      signalPassFailure();
  }
};

} // namespace
