//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Descriptors of memory that hold what is looked at.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_RUNTIMETOLLVM_LEANVIEWS_H
#define TFC_LIB_CONVERSION_RUNTIMETOLLVM_LEANVIEWS_H

namespace mlir {
class LLVMTypeConverter;
class RewritePatternSet;
} // namespace mlir

namespace tfc {

/// Lowers views of static sizes and strides that are only read, written and
/// viewed again. Nobody asks their descriptors for sizes and strides, which
/// are in their types, so that these are left out: for each dimension two
/// constants and two insertions, which LLVM would have to clean up.
void populateLeanViewPatterns(mlir::LLVMTypeConverter &converter,
                              mlir::RewritePatternSet &patterns);

} // namespace tfc

#endif // TFC_LIB_CONVERSION_RUNTIMETOLLVM_LEANVIEWS_H
