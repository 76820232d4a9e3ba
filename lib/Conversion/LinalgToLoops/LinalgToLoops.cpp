//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The pass: linalg, copies and scans on buffers become loops.
//===----------------------------------------------------------------------===//

#include "ComplexBodies.h"
#include "NestLowering.h"
#include "RowScatter.h"
#include "Scan.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/RegionUtils.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/ReduceInPieces.h"

namespace tfc {
#define GEN_PASS_DEF_LINALGTOLOOPSPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::loops;
using linalg::LinalgOp;

namespace {

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// A memref.copy of views would become a call of a library.
void copyByLoops(OpBuilder &builder, memref::CopyOp copy) {
  auto isDense = [](Value value) {
    auto type = dyn_cast<MemRefType>(value.getType());
    return type && type.getLayout().isIdentity();
  };
  if (copy.getSource() == copy.getTarget()) {
    copy.erase();
    return;
  }
  if (isDense(copy.getSource()) && isDense(copy.getTarget()))
    return;
  builder.setInsertionPoint(copy);
  linalg::makeMemRefCopyOp(builder, copy.getLoc(), copy.getSource(),
                           copy.getTarget());
  copy.erase();
}

/// Does an index move by more than one with each iteration?
bool isStrided(Value index, Value iteration) {
  Operation *op = index.getDefiningOp();
  if (isa_and_present<arith::MulIOp>(op))
    return llvm::is_contained(op->getOperands(), iteration);
  return isa_and_present<arith::AddIOp, arith::SubIOp>(op) &&
         llvm::any_of(op->getOperands(), [&](Value operand) {
           return isStrided(operand, iteration);
         });
}

/// Is what is read or written in one iteration far from what is in the next?
bool isStrided(ValueRange indices, Value iteration) {
  return !indices.empty() &&
         (llvm::is_contained(indices.drop_back(), iteration) ||
          isStrided(indices.back(), iteration));
}

/// Does a loop go over memory element by element, so that LLVM should have a
/// look at it? Where elements are apart, as in copies that change the order,
/// vectors would be taken from them one by one.
bool isScalar(scf::ForOp loop) {
  // What says itself what LLVM should do with it has been counted.
  if (loop->hasAttr(isRemainder) || loop->hasAttr("loop_annotation"))
    return false;
  bool scalar = false;
  Value iteration = loop.getInductionVar();
  for (Operation &op : *loop.getBody()) {
    if (op.getNumRegions() ||
        isa<vector::LoadOp, vector::StoreOp, vector::MaskedLoadOp,
            vector::MaskedStoreOp>(op))
      return false;
    if (auto load = dyn_cast<memref::LoadOp>(op)) {
      if (isStrided(load.getIndices(), iteration))
        return false;
      scalar = true;
    } else if (auto store = dyn_cast<memref::StoreOp>(op)) {
      if (isStrided(store.getIndices(), iteration))
        return false;
      scalar = true;
    }
  }
  return scalar;
}

struct LinalgToLoops : public tfc::impl::LinalgToLoopsPassBase<LinalgToLoops> {
  using tfc::impl::LinalgToLoopsPassBase<LinalgToLoops>::LinalgToLoopsPassBase;

  /// Of complex numbers' parts.
  void getDependentDialects(DialectRegistry &registry) const override {
    LinalgToLoopsPassBase::getDependentDialects(registry);
    registry.insert<complex::ComplexDialect, math::MathDialect,
                    LLVM::LLVMDialect>();
  }

  /// Says so if vectorizing loops is left to LLVM: it takes a large part of its
  /// time.
  void noteScalarLoops() {
    bool found = getOperation()
                     ->walk([](scf::ForOp loop) {
                       return isScalar(loop) ? WalkResult::interrupt()
                                             : WalkResult::advance();
                     })
                     .wasInterrupted();
    auto module = dyn_cast<ModuleOp>(getOperation());
    if (found && module)
      module->setAttr(tfc::rt::hasScalarLoops, UnitAttr::get(&getContext()));
  }

  /// Variables of an iteration, made where the function begins, are each
  /// thread's own.
  void takeSlots(OpBuilder &builder, scf::ForOp loop) {
    llvm::SetVector<Value> outside;
    getUsedValuesDefinedAbove(loop.getRegion(), outside);
    for (Value value : outside)
      if (auto slot = value.getDefiningOp<memref::AllocaOp>();
          slot && llvm::all_of(slot->getUsers(), [&](Operation *user) {
            return loop->isProperAncestor(user);
          }))
        slot->moveBefore(builder.getInsertionBlock(),
                         builder.getInsertionPoint());
  }

  /// Lets threads share a loop that is marked `independent`.
  void share(OpBuilder &builder, scf::ForOp loop) {
    double nanoseconds = cast<FloatAttr>(loop->removeAttr(tfc::rt::independent))
                             .getValueAsDouble();
    if (!parallel)
      return;
    builder.setInsertionPoint(loop);
    tfc::rt::buildParallel(
        builder, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(),
        {builder.getIndexAttr(1), nanoseconds}, [&](Value from, Value to) {
          if (builder.getInsertionBlock() != loop->getBlock())
            takeSlots(builder, loop);
          auto piece = scf::ForOp::create(builder, loop.getLoc(), from, to,
                                          loop.getStep());
          piece.getRegion().takeBody(loop.getRegion());
        });
    loop.erase();
  }

  /// Columns in pieces of the rows, if there is work for threads, or the op
  /// itself.
  SmallVector<LinalgOp> reduceColumns(OpBuilder &builder, LinalgOp op,
                                      MarginReaders &readers) {
    constexpr int64_t mostPieces = 32, leastRows = 64;
    constexpr double enough = 60000; // nanoseconds
    auto rows = tfc::rt::matchReducedRows(op, reassociate);
    if (!rows || readers.hasMargin(op, rows->loop))
      return {op};
    tfc::rt::RowPieces pieces = tfc::rt::cutRows(
        op, *rows, std::min(mostPieces, rows->count / leastRows),
        nanosecondsOf(op, *rows));
    double whole = pieces.nanoseconds * double(pieces.count);
    if (pieces.count < 2 || whole < enough)
      return {op};
    std::optional<Margins> margins = readers.take(op);
    return tfc::rt::reduceInPieces(
        builder, op, pieces,
        [&](LinalgOp part, OpFoldResult from, int64_t count) {
          if (!margins)
            return;
          OpBuilder::InsertionGuard guard(builder);
          builder.setInsertionPoint(part);
          Margins of = *margins;
          bool hasRows =
              part.getMatchingIndexingMap(&part->getOpOperand(of.operand))
                  .isFunctionOfDim(pieces.loop);
          if (hasRows)
            of.image = tfc::rt::outermostSlice(builder, op.getLoc(), of.image,
                                               from, count);
          readers.margins[part] = of;
        });
  }

  /// By its arithmetic, or by what it reads.
  double nanosecondsOf(LinalgOp op, const tfc::rt::ReducedRows &rows) {
    constexpr double ofByte = 0.03;
    int64_t widest = 8;
    double bytes = 0;
    for (Value input : op.getDpsInputs()) {
      auto type = cast<MemRefType>(input.getType());
      int64_t bits =
          std::max<int64_t>(8, tfc::loops::bitsOf(type.getElementType()));
      bytes += double(type.getNumElements() * bits) / 8;
      widest = std::max(widest, bits);
    }
    double body = tfc::rt::bodyNanoseconds(*op.getBlock(), vectorBits / widest);
    return std::max(bytes * ofByte,
                    double(rows.count) * double(rows.columns) * body);
  }

  /// A large network, of which most nests are about weights and statistics.
  bool hasManyNests() {
    constexpr int64_t many = 256;
    int64_t count = 0;
    getOperation()->walk([&](LinalgOp) { ++count; });
    return count > many;
  }

  void runOnOperation() override {
    WalkResult kept = getOperation()->walk([](LinalgOp op) {
      for (OpOperand &init : op.getDpsInitsMutable())
        for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
          if (op.getIteratorTypesArray()[dim] ==
                  utils::IteratorType::reduction &&
              op.getMatchingIndexingMap(&init).isFunctionOfDim(dim)) {
            op->emitOpError("expected results without the dimension of a "
                            "reduction, got dimension ")
                << dim;
            return WalkResult::interrupt();
          }
      return WalkResult::advance();
    });
    if (kept.wasInterrupted())
      return signalPassFailure();
    OpBuilder builder(&getContext());
    NestOptions nestOptions{vectorBits, reassociate, parallel, hasManyNests()};
    MarginReaders readers = takeMargins(builder, getOperation(), nestOptions);
    padByRows(builder, getOperation(), nestOptions);
    SmallVector<scf::ForOp> independent;
    getOperation()->walk<WalkOrder::PreOrder>([&](scf::ForOp loop) {
      if (loop->hasAttr(tfc::rt::independent))
        independent.push_back(loop);
    });
    for (scf::ForOp loop : independent)
      share(builder, loop);
    lowerRowScatters(builder, getOperation(), nestOptions);
    SmallVector<memref::CopyOp> copies;
    getOperation()->walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    for (memref::CopyOp copy : copies)
      copyByLoops(builder, copy);

    tfc::loops::ScanOptions options{vectorBits, reassociate, parallel};
    SmallVector<tfc::rt::ScanOp> scans;
    getOperation()->walk([&](tfc::rt::ScanOp scan) { scans.push_back(scan); });
    for (tfc::rt::ScanOp scan : scans)
      tfc::loops::lowerScan(builder, scan, options);

    SmallVector<LinalgOp> ops;
    WalkResult result = getOperation()->walk([&](LinalgOp op) {
      if (!op.hasPureBufferSemantics()) {
        op->emitOpError("expected buffers, got tensors; bufferize first");
        return WalkResult::interrupt();
      }
      if (!isa<linalg::FillOp>(op))
        ops.push_back(op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    if (failed(expandComplexBodies(ops)))
      return signalPassFailure();
    DenseSet<Operation *> followed;
    for (LinalgOp op : ops) {
      if (followed.contains(op))
        continue;
      SmallVector<LinalgOp> parts =
          parallel ? reduceColumns(builder, op, readers) : SmallVector{op};
      for (LinalgOp part : parts) {
        NestLowering nest(builder, part, nestOptions);
        if (auto margins = readers.take(part))
          nest.readWithin(*margins);
        nest.run();
        if (Operation *next = nest.followed())
          followed.insert(next);
      }
    }
    readers.eraseUnused();
    // Those that no sum has absorbed.
    SmallVector<linalg::FillOp> fills;
    getOperation()->walk([&](linalg::FillOp fill) { fills.push_back(fill); });
    for (linalg::FillOp fill : fills)
      NestLowering(builder, fill, nestOptions).run();
    noteScalarLoops();
  }
};

} // namespace
