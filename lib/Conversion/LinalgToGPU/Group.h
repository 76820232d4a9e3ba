//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which linalg ops share a kernel, and how it is spread over blocks and
// threads.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOGPU_GROUP_H
#define TFC_LIB_CONVERSION_LINALGTOGPU_GROUP_H

#include "Access.h"

namespace tfc::device {

/// Limits of the devices a kernel is made for.
struct DeviceLimits {
  int64_t maxThreads = 256;    ///< of a block
  int64_t maxBlocks = 65535;   ///< of one grid dimension
  int64_t sharedBytes = 16384; ///< that one kernel may use
  int64_t sequentialWork =
      32768;                ///< scalar operations that one block may do alone
  int64_t subgroup = 0;     ///< threads that exchange registers; 0: none
  bool tensorCores = false; ///< NVIDIA's mma.sync of sm_80
  bool warpgroups = false;  ///< wgmma of sm_90a
  bool tf32 = false;        ///< products of f32 may be rounded to tf32
  int64_t steps = 0; ///< of all loops of a thread together; 0: any number
};

/// A linalg op inside a kernel.
struct Step {
  mlir::linalg::LinalgOp op;
  Loops loops;
  llvm::SmallVector<Access> accesses;

  explicit Step(mlir::linalg::LinalgOp op);
  /// Scalar operations of the whole op.
  int64_t work();
  /// What the op does to the buffer of an operand.
  const Access &accessOf(mlir::OpOperand &operand) const;
};

/// Is everything that is done with the buffer done by these ops?
bool isLocal(mlir::Value buffer,
             const llvm::SmallPtrSetImpl<mlir::Operation *> &ops);

/// Rows, columns and sum of a matrix product, by positions of its loops.
struct Product {
  mlir::OpOperand *left = nullptr, *right = nullptr, *result = nullptr;
  llvm::SmallVector<unsigned> batch, rows, columns, inner;
};
/// Recognizes result += left * right with a tile-able loop structure; loops may
/// be several of a kind.
std::optional<Product> matchProduct(const Step &step);
/// Lets the sum of products of a step be made in any order, if it is one.
void reorderProducts(Step &step);

/// Steps that run in one kernel. Those with the same values of the first
/// `prefix` loops run in the same block (or thread), in order; others are
/// independent.
struct Group {
  llvm::SmallVector<Step> steps;
  int64_t number = 0; ///< that names it in the module
  unsigned prefix = 0;
  std::optional<Product> product; ///< of the first step, which then is tiled
  mlir::linalg::FillOp fill;      ///< sets the product's result before

  enum class Mapping { threadPerPoint, blockPerPoint, tiles };
  Mapping mapping() const;
  /// Takes the op in, if that is legal and does not cost parallelism.
  bool tryAppend(Step step, const DeviceLimits &limits);
  /// How many values the prefix loops have.
  int64_t points() const { return steps.front().loops.count(0, prefix); }

private:
  bool isLegal(const Step &next, unsigned prefix) const;
};

} // namespace tfc::device

#endif // TFC_LIB_CONVERSION_LINALGTOGPU_GROUP_H
