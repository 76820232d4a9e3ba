//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The shape of what `tfc-pack-abi` makes, for the passes after it.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_TRANSFORMS_BODY_H
#define TFC_DIALECT_TFCRT_TRANSFORMS_BODY_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace tfc::rt {

/// Places of the arguments of an entry's body, and the attribute that marks it.
struct Body {
  static constexpr const char *attribute = "tfc.body_of";
  static constexpr const char *arenaBytes = "tfc.arena_bytes";
  /// Three numbers for each buffer: what a call does with it (`Use`), the bytes
  /// of its known dimensions, how many others there are.
  static constexpr const char *signature = "tfc.signature";
  enum Use : int64_t { argument, readVariable, variable, result };
  /// Attributes of a variable's argument.
  static constexpr const char *isRead = "tfc.read", *isWritten = "tfc.written";
  enum : unsigned {
    contextIndex,
    buffersIndex,
    sizesIndex,
    arenaIndex,
    firstBuffer
  };

  /// Marks the functions that `tfc-outline-parallel` makes; their first
  /// argument is the context, too.
  static constexpr const char *piece = "tfc.piece";
  /// Marks those that the host calls, which load the arguments of a piece.
  static constexpr const char *pieceEntry = "tfc.piece_entry";

  static bool is(mlir::func::FuncOp function) {
    return function->hasAttr(attribute);
  }
  static mlir::Value context(mlir::func::FuncOp body) {
    return body.getArgument(contextIndex);
  }
  static mlir::Value buffers(mlir::func::FuncOp body) {
    return body.getArgument(buffersIndex);
  }
  static mlir::Value sizes(mlir::func::FuncOp body) {
    return body.getArgument(sizesIndex);
  }
  static mlir::Value arena(mlir::func::FuncOp body) {
    return body.getArgument(arenaIndex);
  }
};

/// Fields of `struct tfc_context`, in the order of tfc_rt.h.
struct ContextField {
  enum : int32_t {
    abiVersion,
    structSize,
    arena,
    arenaBytes,
    user,
    allocate,
    deallocate,
    print,
    report,
    parallelFor,
    callHost,
    poll
  };
};

/// `struct tfc_context` and `struct tfc_tensor_desc` of tfc_rt.h.
inline mlir::Type contextType(mlir::MLIRContext *context) {
  auto p = mlir::LLVM::LLVMPointerType::get(context);
  auto i32 = mlir::IntegerType::get(context, 32),
       i64 = mlir::IntegerType::get(context, 64);
  return mlir::LLVM::LLVMStructType::getLiteral(
      context, {i32, i32, p, i64, p, p, p, p, p, p, p, p});
}
/// The buffer that a view looks at.
inline mlir::Value rootOf(mlir::Value memref) {
  while (mlir::Operation *op = memref.getDefiningOp()) {
    auto view = mlir::dyn_cast<mlir::ViewLikeOpInterface>(op);
    if (!view)
      break;
    memref = view.getViewSource();
  }
  return memref;
}
inline mlir::Type tensorDescType(mlir::MLIRContext *context) {
  auto p = mlir::LLVM::LLVMPointerType::get(context);
  auto i32 = mlir::IntegerType::get(context, 32);
  return mlir::LLVM::LLVMStructType::getLiteral(context, {p, i32, i32, p});
}

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_BODY_H
