//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What the algorithms for contractions are written with: index arithmetic that
// folds, loops, matrices as flat memory with strides, and the register tile.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_KERNELBUILDER_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_KERNELBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <functional>
#include <optional>
#include <vector>

namespace tfc::kernels {

/// What the machine multiplies pairs of bfloat16, and four bytes, with.
enum class PairUnit {
  none,
  vectors, ///< AVX-512's VDPBF16PS and VPDPBUSD
  tiles    ///< and AMX's TDPBF16PS and TDPBSSD
};

/// The machine's vector unit.
struct VectorUnit {
  int64_t bits = 128;
  int64_t registers = 16;
  PairUnit pairs = PairUnit::none;
  /// Loads and stores under a mask cost about as much as others.
  bool masks() const { return bits >= 256; }
};

using Values = llvm::SmallVector<mlir::Value>;

/// Element (i, j) is element `offset + row(i) + j * columnStride` of `memory`,
/// which has rank 1. `row(i)` splits i into the indices of one or several
/// loops, of these sizes, outermost first, each with its stride; if there is a
/// `firstRow`, i counts from there.
struct Matrix {
  mlir::Value memory, offset, columnStride;
  Values rowSizes, rowStrides;
  mlir::Value firstRow;
  /// Integers that are narrower than sums are widened with zeros.
  bool isUnsigned = false;
};

/// A vector of neighbouring columns. The mask may be null.
struct Columns {
  mlir::Value first;
  int64_t lanes;
  mlir::Value mask;
};

/// A loop outside of k that is summed up, too: elements of a convolution's
/// window.
struct Tap {
  mlir::Value size, leftStep, rightStep;
};

/// sum over taps and k < depth of left[tap, k] * right[tap, k], for a block of
/// the result that fits the registers.
struct Tile {
  mlir::Value left; ///< flat memory
  Values leftStart; ///< where each row begins
  /// If not 0, each row begins so far behind the one before it: addresses that
  /// differ by constants need one register together.
  int64_t leftRowStep = 0;
  mlir::Value leftStep;  ///< from one k to the next
  mlir::Value right;     ///< flat memory
  Values rightStart;     ///< where each vector of columns begins
  mlir::Value rightStep; ///< from one k to the next
  /// Both steps may be unknown: offsets are carried from one k to the next.
  bool carriesSteps = false;
  bool rightMasked = false; ///< apply the columns' masks to loads of `right`
  /// Where elements lie that are needed after this tile, or null; and how many
  /// are fetched with each k, if there are no taps.
  mlir::Value ahead;
  int64_t aheadStep = 0;
  /// Where those are parts of rows: so many cache lines of each row, which are
  /// so far apart, one line with every so many k.
  mlir::Value aheadMemory, aheadRow, aheadLines;
  int64_t aheadEvery = 0;
  /// Vectors of `right` are fetched into the first-level cache so many k before
  /// they are needed; 0: the processor does it.
  int64_t near = 0;
  /// Sums begin with zero, and what `result` has is added at the end, so that
  /// nothing waits for it: it is fetched meanwhile.
  bool resultLast = false;
  /// A copy of the vectors of `right`, if there are no taps: where it goes, and
  /// from one k to the next.
  mlir::Value copy, copyStart;
  int64_t copyStep = 0;
  /// Products side by side in one vector: each has so many lanes, and so many
  /// neighbouring elements of the left operand, which are its k (then the depth
  /// is as many), or its next rows. 0: all lanes are of one product.
  int64_t lanesEach = 0, leftEach = 0;
  bool leftRows = false;
  llvm::SmallVector<Tap> taps; ///< outermost first
  Matrix result;
  Values rows;                        ///< of the result; may repeat
  llvm::SmallVector<Columns> columns; ///< of the result; may overlap
  mlir::Value depth;
  mlir::Value fresh; ///< i1: start from zero, not from what `result` has
  mlir::Value last;  ///< i1: these are the sums, of which `finish` makes the
                     ///< result; else they are stored as they are
  /// Stores what becomes of the sums, row by row; null: the sums themselves.
  std::function<void(llvm::ArrayRef<mlir::Value> rows,
                     llvm::ArrayRef<Columns> columns, mlir::ValueRange sums)>
      finish;
};

class KernelBuilder {
public:
  KernelBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
                mlir::arith::FastMathFlags product,
                mlir::arith::FastMathFlags sum)
      : builder(builder), loc(loc), type(type), product(product), sum(sum) {}

  // Index arithmetic, folded where the operands are constants.
  mlir::Value constant(int64_t value);
  mlir::Value boolean(bool value);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  mlir::Value max(mlir::Value x, mlir::Value y);
  mlir::Value divide(mlir::Value x,
                     mlir::Value y); ///< rounds down; y is positive
  mlir::Value ceilDiv(mlir::Value x, int64_t y);
  mlir::Value roundDown(mlir::Value x, int64_t y);
  mlir::Value atLeast(mlir::Value x, mlir::Value y); ///< i1, signed
  mlir::Value both(mlir::Value x, mlir::Value y);
  mlir::Value choose(mlir::Value condition, mlir::Value yes, mlir::Value no);
  /// One of two buffers of one dimension.
  mlir::Value chooseMemory(mlir::Value condition, mlir::Value yes,
                           mlir::Value no);
  mlir::Value at(const Matrix &matrix, mlir::Value row, mlir::Value column);

  /// `body` for each multiple of `step` from `from` below `to`; without a loop
  /// if that is one, or none.
  void loop(mlir::Value from, mlir::Value to, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);
  mlir::scf::ForOp
  loop(mlir::Value from, mlir::Value to, int64_t step, mlir::ValueRange carried,
       llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);
  /// `body` for ranges of at most `step`: where they begin, and how long they
  /// are.
  void loopInSteps(mlir::Value from, mlir::Value to, mlir::Value step,
                   llvm::function_ref<void(mlir::Value, mlir::Value)> body);
  /// `body` from `from` on until `to`; it says where the next one begins.
  void loopUntil(mlir::Value from, mlir::Value to,
                 llvm::function_ref<mlir::Value(mlir::Value)> body);
  /// As `loop`, for iterations that do not depend on each other, of so many
  /// multiplications and additions each; on several threads if that pays.
  void parallelLoop(mlir::Value from, mlir::Value to, int64_t step,
                    mlir::Value flops,
                    llvm::function_ref<void(mlir::Value)> body);
  /// The same for a body that gets the limits of the iterations it has to do.
  void parallelRanges(mlir::Value from, mlir::Value to, mlir::Value flops,
                      llvm::function_ref<void(mlir::Value, mlir::Value)> body);
  /// Only one of them is made if the condition is a constant.
  void branch(mlir::Value condition, llvm::function_ref<void()> yes,
              llvm::function_ref<void()> no);

  // Memory. Elements are widened to the type of sums.
  mlir::Value load(mlir::Value memory, mlir::Value index);
  mlir::Value load(mlir::Value memory, mlir::Value index, int64_t lanes,
                   mlir::Value mask = {});
  /// A vector of elements as they are stored.
  mlir::Value loadAs(mlir::Value memory, mlir::Value index, int64_t lanes,
                     mlir::Value mask = {});
  void store(mlir::Value value, mlir::Value memory, mlir::Value index,
             mlir::Value mask = {});
  mlir::Value allocate(int64_t elements);
  mlir::Value allocate(mlir::Value elements);
  mlir::Value zero(int64_t lanes);
  mlir::Value zero();
  /// Lanes below `count`.
  mlir::Value mask(mlir::Value count, int64_t lanes);
  mlir::Value spread(mlir::Value element, int64_t lanes);
  /// As many vectors as each has lanes, a power of two: lane j of vector i
  /// changes place with lane i of j.
  Values transpose(Values vectors);
  mlir::Value multiplyAdd(mlir::Value x, mlir::Value y, mlir::Value to);
  /// Of two sums.
  mlir::Value plus(mlir::Value x, mlir::Value y);

  void tile(const Tile &tile);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type type; ///< of sums
  mlir::arith::FastMathFlags product, sum;
  bool parallel = true;          ///< parallel loops may be made
  double flopsPerNanosecond = 1; ///< of the machine

private:
  mlir::Value rowOf(const Matrix &matrix, mlir::Value row);
  void fetchAhead(const Tile &tile, mlir::Value k);
  void fetchRowsAhead(const Tile &tile, mlir::Value k);
  void fetchNear(const Tile &tile, mlir::ValueRange starts, mlir::Value move);
  void fetchResult(const Tile &tile);
  Values zeros(const Tile &tile);
  Values loadTile(const Tile &tile);
  Values addTile(const Tile &tile, mlir::ValueRange sums);
  Values unlessFresh(const Tile &tile, mlir::ValueRange fresh,
                     llvm::function_ref<Values()> others);
  Values sumTaps(const Tile &tile, size_t level, mlir::Value left,
                 mlir::Value right, mlir::ValueRange sums);
  Values sumDepth(const Tile &tile, mlir::Value left, mlir::Value right,
                  mlir::ValueRange sums);
  Values sumSideBySide(const Tile &tile, mlir::Value left, mlir::Value right,
                       mlir::ValueRange sums);

  /// Where rows begin that a tile has asked for. With several levels that takes
  /// quotients, and every vector of a row asks.
  std::optional<std::vector<std::pair<Values, mlir::Value>>> knownRows;
};

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_KERNELBUILDER_H
