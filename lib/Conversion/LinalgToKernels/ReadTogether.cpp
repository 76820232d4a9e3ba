//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Products of few rows whose right operands are computed from the same memory,
// as both halves of bytes are: in one loop, so that it is read once.
//
// 1. Products that follow each other in a block, of the same sizes, with such a
//    producer each, and nothing between them but what makes their operands.
// 2. Each has a result that no other one reads or writes.
// 3. All of them are done where the last one stands: `Emitter::rowTimesAll`.
//===----------------------------------------------------------------------===//

#include "ContractionLowering.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "llvm/ADT/DenseSet.h"
#include <vector>

using namespace mlir;
using namespace tfc::kernels;

/// Of what is read once, so many bytes at least come from a cache that is far
/// away.
static constexpr int64_t leastBytesRead = 512 * 1024;
/// Columns of results stay in the first-level cache, with what is read.
static constexpr size_t mostTogether = 4;

/// One matrix times another one, of known sizes.
bool ContractionLowering::mayReadTogether() const {
  auto isKnownSize = [&](unsigned dim) {
    return !ShapedType::isDynamic(c.size(dim));
  };
  auto isOne = [&](unsigned dim) { return c.size(dim) == 1; };
  return llvm::all_of(c.batch, isOne) && c.taps.empty() &&
         !c.widensIntegers() && llvm::all_of(c.rows, isKnownSize) &&
         isKnownSize(c.column) && isKnownSize(c.inner);
}

/// The same sizes, and the same elements of the same memory for each element of
/// the right operand.
bool ContractionLowering::readsTheSame(const ContractionLowering &other) const {
  const Contraction &d = other.c;
  auto rowsOf = [](const Contraction &contraction) {
    int64_t rows = 1;
    for (unsigned dim : contraction.rows)
      rows *= contraction.size(dim);
    return rows;
  };
  if (c.type != d.type || c.product != d.product || c.sum != d.sum ||
      rowsOf(c) != rowsOf(d) || c.size(c.column) != d.size(d.column) ||
      c.size(c.inner) != d.size(d.inner))
    return false;
  auto isMatrix = [&](const Operand &operand, const Contraction &contraction) {
    return operand.memref && operand.uses(contraction.column) &&
           operand.uses(contraction.inner);
  };
  int64_t elements = c.size(c.column) * c.size(c.inner);
  for (const Operand &mine : producer->operands)
    for (const Operand &theirs : other.producer->operands)
      if (isMatrix(mine, c) && isMatrix(theirs, d) &&
          mine.memref == theirs.memref &&
          mine.stride(c.column) == theirs.stride(d.column) &&
          mine.stride(c.inner) == theirs.stride(d.inner) &&
          elements * mine.type().getElementTypeBitWidth() / 8 >= leastBytesRead)
        return true;
  return false;
}

/// Neither result is read or written by the other one.
bool ContractionLowering::sharesNoMemory(
    const ContractionLowering &other) const {
  auto uses = [](const ContractionLowering &lowering, Value memory) {
    auto isIn = [&](const Operand &operand) {
      return operand.memref &&
             tfc::rt::mayAlias(tfc::rt::rootOf(operand.memref), memory);
    };
    return isIn(lowering.c.left) || isIn(lowering.c.result) ||
           llvm::any_of(lowering.producer->operands, isIn);
  };
  return !uses(other, tfc::rt::rootOf(c.result.memref)) &&
         !uses(*this, tfc::rt::rootOf(other.c.result.memref));
}

size_t ContractionLowering::runTogether(OpBuilder &builder,
                                        ArrayRef<linalg::LinalgOp> ops,
                                        const KernelOptions &options) {
  std::vector<ContractionLowering> members;
  // Ops that are done with the products, or change nothing.
  llvm::DenseSet<Operation *> own;
  auto follows = [&](Operation *op) {
    for (Operation *between = members.back().c.op->getNextNode(); between != op;
         between = between->getNextNode())
      if (!between || !(own.contains(between) || isMemoryEffectFree(between) ||
                        isa<memref::AllocOp>(between)))
        return false;
    return true;
  };
  for (linalg::LinalgOp op : ops.take_front(mostTogether)) {
    std::optional<Contraction> contraction = matchContraction(op);
    if (!contraction || (!members.empty() &&
                         op->getBlock() != members.front().c.op->getBlock()))
      break;
    ContractionLowering next(builder, *contraction, options);
    if (!next.mayReadTogether())
      break;
    next.findProducer(std::nullopt);
    if (!next.producer)
      break;
    if (next.c.fill)
      own.insert(next.c.fill);
    own.insert(next.producer->op);
    auto fits = [&](const ContractionLowering &member) {
      return member.readsTheSame(next) && member.sharesNoMemory(next);
    };
    if (!members.empty() && !(llvm::all_of(members, fits) && follows(op)))
      break;
    members.push_back(std::move(next));
  }
  if (members.size() < 2)
    return 0;
  SmallVector<Product, 2> products;
  for (ContractionLowering &member : members) {
    member.b.builder.setInsertionPoint(members.back().c.op);
    products.push_back(member.openOperands());
  }
  KernelBuilder &b = members.front().b;
  auto isRowTimes = [&](const Product &product) {
    return chooseAlgorithm(b, product, options) == Algorithm::rowTimes;
  };
  if (!llvm::all_of(products, isRowTimes))
    return 0;
  for (auto [number, member] : llvm::enumerate(members)) {
    const Product &product = products[number];
    bool isFirst = number == 0;
    tfc::rt::remark(member.c.op, [&] {
      return describe(member.b, product, Algorithm::rowTimes, options) +
             (isFirst ? "" : ", in the loop of the product before");
    });
  }
  emitRowTimes(b, products, options);
  for (ContractionLowering &member : members)
    member.eraseDone();
  return members.size();
}
