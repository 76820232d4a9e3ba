//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Launches and waits as calls of the device runtime (tfc_gpu.h).
//===----------------------------------------------------------------------===//

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Parser/Parser.h"
#include "tfc/Conversion/GPU/Passes.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

namespace tfc {
#define GEN_PASS_DEF_LAUNCHTOLLVMPASS
#include "tfc/Conversion/GPU/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::rt;

namespace {

/// Functions of the runtime, and two of ours: the function behind a slot,
/// loaded at first use, and what the host has to do with an error.
constexpr const char *helpers = R"mlir(
llvm.func @mgpuSetDefaultDevice(i32)
llvm.func @mgpuModuleLoad(!llvm.ptr, i64) -> !llvm.ptr
llvm.func @mgpuModuleGetFunction(!llvm.ptr, !llvm.ptr) -> !llvm.ptr
llvm.func @mgpuLaunchKernel(!llvm.ptr, i64, i64, i64, i64, i64, i64, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64)
llvm.func @mgpuStreamSynchronize(!llvm.ptr)
llvm.func @tfc_gpu_status(!llvm.ptr) -> i32
llvm.func @tfc_gpu_call(i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32
llvm.func @tfc_gpu_constant(i32, !llvm.ptr, !llvm.ptr, i64) -> !llvm.ptr
llvm.func internal @tfc.gpu.function(%slot: !llvm.ptr, %code: !llvm.ptr, %size: i64, %name: !llvm.ptr, %device: i32) -> !llvm.ptr attributes {no_inline} {
  %null = llvm.mlir.zero : !llvm.ptr
  %known = llvm.load %slot atomic acquire {alignment = 8 : i64} : !llvm.ptr -> !llvm.ptr
  %has = llvm.icmp "ne" %known, %null : !llvm.ptr
  llvm.cond_br %has, ^done(%known : !llvm.ptr), ^load
^load:
  llvm.call @mgpuSetDefaultDevice(%device) : (i32) -> ()
  %module = llvm.call @mgpuModuleLoad(%code, %size) : (!llvm.ptr, i64) -> !llvm.ptr
  %function = llvm.call @mgpuModuleGetFunction(%module, %name) : (!llvm.ptr, !llvm.ptr) -> !llvm.ptr
  llvm.store %function, %slot atomic release {alignment = 8 : i64} : !llvm.ptr, !llvm.ptr
  llvm.br ^done(%function : !llvm.ptr)
^done(%result: !llvm.ptr):
  llvm.return %result : !llvm.ptr
}
llvm.mlir.global internal constant @tfc.gpu.nowhere("\00")
llvm.func internal @tfc.gpu.wait(%ctx: !llvm.ptr, %device: i32) -> i32 attributes {no_inline} {
  %null = llvm.mlir.zero : !llvm.ptr
  %zero = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i64) : i64
  %message = llvm.alloca %one x !llvm.ptr : (i64) -> !llvm.ptr
  llvm.call @mgpuSetDefaultDevice(%device) : (i32) -> ()
  llvm.call @mgpuStreamSynchronize(%null) : (!llvm.ptr) -> ()
  %status = llvm.call @tfc_gpu_status(%message) : (!llvm.ptr) -> i32
  %bad = llvm.icmp "ne" %status, %zero : i32
  llvm.cond_br %bad, ^bad, ^end
^bad:
  %slot = llvm.getelementptr %ctx[0, 8] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr)>
  %f = llvm.load %slot : !llvm.ptr -> !llvm.ptr
  %has = llvm.icmp "ne" %f, %null : !llvm.ptr
  llvm.cond_br %has, ^call, ^end
^call:
  %text = llvm.load %message : !llvm.ptr -> !llvm.ptr
  %where = llvm.mlir.addressof @tfc.gpu.nowhere : !llvm.ptr
  llvm.call %f(%ctx, %status, %text, %where, %zero, %zero, %null) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr, i32, i32, !llvm.ptr) -> ()
  llvm.br ^end
^end:
  llvm.return %status : i32
}
)mlir";

struct LaunchToLLVM : public tfc::impl::LaunchToLLVMPassBase<LaunchToLLVM> {
  using LaunchToLLVMPassBase::LaunchToLLVMPassBase;

  void runOnOperation() override {
    SmallVector<gpu::BinaryOp> binaries(getOperation().getOps<gpu::BinaryOp>());
    if (binaries.empty())
      return;
    OwningOpRef<ModuleOp> parsed =
        parseSourceString<ModuleOp>(helpers, &getContext());
    if (!parsed)
      return signalPassFailure();
    OpBuilder b = OpBuilder::atBlockBegin(getOperation().getBody());
    for (Operation &op : *parsed->getBody())
      b.clone(op);
    for (gpu::BinaryOp binary : binaries)
      addCode(binary);
    for (auto body : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      lowerBody(body);
    for (gpu::BinaryOp binary : binaries)
      binary.erase();
    for (auto body : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (Body::is(body))
        stageCalls(body);
  }

  /// The entry lets the runtime call what it was, with memory of the device.
  void stageCalls(func::FuncOp body) {
    auto entry = getOperation().lookupSymbol<func::FuncOp>(
        body->getAttrOfType<FlatSymbolRefAttr>(Body::attribute).getAttr());
    auto signature = body->getAttrOfType<DenseI64ArrayAttr>(Body::signature);
    if (!entry || !signature)
      return;
    OpBuilder b(entry);
    Location loc = entry.getLoc();
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    auto inside =
        func::FuncOp::create(b, loc, (entry.getName() + ".on_device").str(),
                             entry.getFunctionType());
    inside.setPrivate();
    inside->setAttr(
        "llvm.linkage",
        LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal));
    inside.getBody().takeBody(entry.getBody());
    auto arena = body->getAttrOfType<IntegerAttr>(Body::arenaBytes);
    SmallVector<int64_t> numbers{arena ? arena.getInt() : 0,
                                 int64_t(signature.size()) / 3};
    llvm::append_range(numbers, signature.asArrayRef());
    auto type = LLVM::LLVMArrayType::get(b.getI64Type(), numbers.size());
    LLVM::GlobalOp description =
        addGlobal(b, loc, type, (entry.getName() + ".signature").str(),
                  b.getI64TensorAttr(numbers), /*constant=*/true);
    b.setInsertionPointToStart(entry.addEntryBlock());
    Value function = func::ConstantOp::create(b, loc, entry.getFunctionType(),
                                              SymbolRefAttr::get(inside));
    SmallVector<Value> arguments{LLVM::ConstantOp::create(
        b, loc, b.getI32Type(), b.getI32IntegerAttr(device))};
    llvm::append_range(arguments, entry.getArguments());
    arguments.push_back(LLVM::AddressOfOp::create(b, loc, description));
    arguments.push_back(
        UnrealizedConversionCastOp::create(b, loc, pointer, function)
            .getResult(0));
    func::ReturnOp::create(b, loc,
                           LLVM::CallOp::create(b, loc,
                                                TypeRange(b.getI32Type()),
                                                "tfc_gpu_call", arguments)
                               .getResults());
  }

  /// The constant of the module that a buffer is, if it is one.
  static memref::GetGlobalOp constantOf(Value memref) {
    while (Operation *op = memref.getDefiningOp()) {
      if (auto global = dyn_cast<memref::GetGlobalOp>(op))
        return global;
      if (auto metadata = dyn_cast<memref::ExtractStridedMetadataOp>(op))
        memref = metadata.getSource();
      else if (auto view = dyn_cast<ViewLikeOpInterface>(op))
        memref = view.getViewSource();
      else
        return nullptr;
    }
    return nullptr;
  }

  /// Where a constant's address on the device is kept.
  LLVM::GlobalOp constantSlot(memref::GetGlobalOp constant) {
    LLVM::GlobalOp &slot = constantSlots[constant.getName()];
    if (!slot) {
      OpBuilder b = OpBuilder::atBlockBegin(getOperation().getBody());
      slot = addSlot(b, constant.getLoc(), constant.getName().str() + ".slot");
    }
    return slot;
  }

  LLVM::GlobalOp addSlot(OpBuilder &b, Location loc, std::string name) {
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    auto slot = addGlobal(b, loc, pointer, std::move(name), Attribute(), false);
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&slot.getInitializerRegion());
    LLVM::ReturnOp::create(b, loc,
                           Value(LLVM::ZeroOp::create(b, loc, pointer)));
    return slot;
  }

  LLVM::GlobalOp addGlobal(OpBuilder &b, Location loc, Type type,
                           std::string name, Attribute value, bool constant) {
    return LLVM::GlobalOp::create(b, loc, type, constant,
                                  LLVM::Linkage::Internal, name, value,
                                  /*alignment=*/16);
  }

  void addCode(gpu::BinaryOp binary) {
    OpBuilder b(binary);
    Type byte = b.getI8Type();
    auto object = cast<gpu::ObjectAttr>(binary.getObjects()[0]);
    std::string name = binary.getName().str();
    StringAttr code = object.getObject();
    addGlobal(b, binary.getLoc(), LLVM::LLVMArrayType::get(byte, code.size()),
              name + ".code", code, true);
    std::string text = name;
    text.push_back('\0');
    addGlobal(b, binary.getLoc(), LLVM::LLVMArrayType::get(byte, text.size()),
              name + ".name", b.getStringAttr(text), true);
    addSlot(b, binary.getLoc(), name + ".slot");
    sizes[name] = code.size();
  }

  void lowerBody(func::FuncOp body) {
    SmallVector<Operation *> ops;
    body.walk([&](Operation *op) {
      if (isa<gpu::LaunchFuncOp, gpu::WaitOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      if (auto launch = dyn_cast<gpu::LaunchFuncOp>(op))
        lower(body, launch);
      else
        lower(body, cast<gpu::WaitOp>(op));
    }
  }

  Value slot(func::FuncOp body, Type type, int64_t count) {
    OpBuilder b = OpBuilder::atBlockBegin(&body.getBody().front());
    Value number = LLVM::ConstantOp::create(
        b, body.getLoc(), b.getI64Type(),
        b.getI64IntegerAttr(std::max<int64_t>(count, 1)));
    return LLVM::AllocaOp::create(b, body.getLoc(),
                                  LLVM::LLVMPointerType::get(&getContext()),
                                  type, number, 16);
  }

  /// Bytes of an element.
  static int64_t bytesOf(Type type) {
    if (auto complex = dyn_cast<ComplexType>(type))
      return 2 * bytesOf(complex.getElementType());
    return std::max<int64_t>(type.getIntOrFloatBitWidth() / 8, 1);
  }

  void lower(func::FuncOp body, gpu::LaunchFuncOp op) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    Type i64 = b.getI64Type(), i32 = b.getI32Type(),
         pointer = LLVM::LLVMPointerType::get(&getContext());
    auto number = [&](Type type, int64_t value) -> Value {
      return LLVM::ConstantOp::create(b, loc, type,
                                      b.getIntegerAttr(type, value));
    };
    auto address = [&](std::string name) -> Value {
      return LLVM::AddressOfOp::create(b, loc, pointer, name);
    };
    auto element = [&](Value array, Type type, int64_t i) -> Value {
      return LLVM::GEPOp::create(
          b, loc, pointer, type, array,
          ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
    };
    std::string name = op.getKernelModuleName().str();
    Value function =
        LLVM::CallOp::create(
            b, loc, TypeRange(pointer), "tfc.gpu.function",
            ValueRange{address(name + ".slot"), address(name + ".code"),
                       number(i64, sizes[name]), address(name + ".name"),
                       number(i32, device)})
            .getResult();

    // Values of arguments, their sizes, and the addresses of both.
    SmallVector<Value> buffers, scalars;
    for (Value operand : op.getKernelOperands())
      (isa<MemRefType>(operand.getType()) ? buffers : scalars)
          .push_back(operand);
    bool packs = target == "spirv";
    int64_t places = op.getNumKernelOperands() + 1;
    Value values = slot(body, i64, places), bytes = slot(body, i64, places),
          params = slot(body, pointer, 2 * places);
    Value words = slot(body, i64, scalars.size());
    int64_t count = 0;
    auto pass = [&](Value where, Value size) {
      LLVM::StoreOp::create(b, loc, where, element(params, pointer, 2 * count));
      Value at = element(bytes, i64, count);
      LLVM::StoreOp::create(b, loc, size, at);
      LLVM::StoreOp::create(b, loc, at,
                            element(params, pointer, 2 * count + 1));
      ++count;
    };
    auto passBuffer = [&](Value memref) {
      // Complex numbers are pairs of floats to the kernel.
      if (auto pairs = memref.getDefiningOp<UnrealizedConversionCastOp>())
        memref = pairs.getOperand(0);
      auto type = cast<MemRefType>(memref.getType());
      Value where = arith::IndexCastOp::create(
          b, loc, i64,
          memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memref));
      if (memref::GetGlobalOp constant = constantOf(memref)) {
        auto whole = cast<MemRefType>(constant.getType());
        int64_t bytes =
            whole.getNumElements() * bytesOf(whole.getElementType());
        Value host = LLVM::IntToPtrOp::create(b, loc, pointer, where);
        Value here =
            LLVM::CallOp::create(b, loc, TypeRange(pointer), "tfc_gpu_constant",
                                 ValueRange{number(i32, device),
                                            LLVM::AddressOfOp::create(
                                                b, loc, constantSlot(constant)),
                                            host, number(i64, bytes)})
                .getResult();
        where = LLVM::PtrToIntOp::create(b, loc, i64, here);
      }
      Value at = element(values, i64, count);
      LLVM::StoreOp::create(b, loc, where, at);
      int64_t width = bytesOf(type.getElementType());
      Value size;
      if (type.hasStaticShape()) {
        size = number(i64, type.getNumElements() * width);
      } else {
        Value zero = arith::ConstantIndexOp::create(b, loc, 0);
        size = arith::IndexCastOp::create(
            b, loc, i64, memref::DimOp::create(b, loc, memref, zero));
        size = arith::MulIOp::create(b, loc, size, number(i64, width));
      }
      pass(at, size);
    };
    int64_t word = 0;
    auto store = [&](Value scalar) {
      Type type = scalar.getType();
      if (type.isIndex())
        scalar = arith::IndexCastOp::create(b, loc, i64, scalar);
      else if (type.isInteger(1))
        scalar = arith::ExtUIOp::create(b, loc, b.getI8Type(), scalar);
      Value at = element(words, i64, word++);
      LLVM::StoreOp::create(b, loc, scalar, at);
      return at;
    };
    if (packs) {
      for (Value memref : buffers)
        passBuffer(memref);
      for (Value scalar : scalars)
        store(scalar);
      if (!scalars.empty()) {
        Value at = element(values, i64, count);
        LLVM::StoreOp::create(b, loc,
                              LLVM::PtrToIntOp::create(b, loc, i64, words), at);
        pass(at, number(i64, 8 * scalars.size()));
      }
    } else {
      for (Value operand : op.getKernelOperands()) {
        if (isa<MemRefType>(operand.getType()))
          passBuffer(operand);
        else
          pass(store(operand), number(i64, 0));
      }
    }
    Value written = slot(body, i64, 1);
    auto mask = op->getAttrOfType<IntegerAttr>("tfc.written");
    LLVM::StoreOp::create(b, loc, number(i64, mask ? mask.getInt() : -1),
                          written);
    SmallVector<Value> arguments{function};
    for (Value size :
         {op.getGridSizeX(), op.getGridSizeY(), op.getGridSizeZ(),
          op.getBlockSizeX(), op.getBlockSizeY(), op.getBlockSizeZ()})
      arguments.push_back(arith::IndexCastOp::create(b, loc, i64, size));
    Value null = LLVM::ZeroOp::create(b, loc, pointer);
    llvm::append_range(arguments, ValueRange{number(i32, 0), null, params,
                                             written, number(i64, 2 * count)});
    LLVM::CallOp::create(b, loc, TypeRange(), "mgpuLaunchKernel", arguments);
    SmallVector<Value> operands(op.getKernelOperands());
    op.erase();
    for (Value operand : operands)
      if (auto pairs = operand.getDefiningOp<UnrealizedConversionCastOp>();
          pairs && pairs->use_empty())
        pairs.erase();
  }

  void lower(func::FuncOp body, gpu::WaitOp op) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    Type i32 = b.getI32Type();
    Value status =
        LLVM::CallOp::create(
            b, loc, TypeRange(i32), "tfc.gpu.wait",
            ValueRange{Body::context(body),
                       Value(LLVM::ConstantOp::create(
                           b, loc, i32, b.getI32IntegerAttr(device)))})
            .getResult();
    Value zero = arith::ConstantIntOp::create(b, loc, i32, 0);
    Value good =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, status, zero);
    Block *block = op->getBlock();
    Block *rest = block->splitBlock(op);
    Block *bad = b.createBlock(&body.getBody(), body.getBody().end());
    func::ReturnOp::create(b, loc, status);
    b.setInsertionPointToEnd(block);
    cf::CondBranchOp::create(b, loc, good, rest, bad);
    op.erase();
  }

  llvm::StringMap<int64_t> sizes;
  llvm::StringMap<LLVM::GlobalOp> constantSlots;
};

} // namespace
