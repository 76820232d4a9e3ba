//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The loops of one linalg op on buffers: what is chosen, and what is emitted.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOLOOPS_NESTLOWERING_H
#define TFC_LIB_CONVERSION_LINALGTOLOOPS_NESTLOWERING_H

#include "Margins.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/DenseSet.h"
#include <memory>
#include <optional>

namespace tfc::loops {

/// Marks a loop over fewer iterations than a vector has lanes.
constexpr const char *isRemainder = "tfc.remainder";

/// A reduction that keeps the best element and its position.
struct ArgReduction {
  mlir::Value element;  // the new one
  mlir::Value isBetter; // than the best one so far
  mlir::vector::CombiningKind kind;
};

/// How an operand is read along a loop: in groups of so many elements, each of
/// them `stride` elements further on in memory than the one before; within a
/// group by `inner` (1 or -1).
struct Spread {
  /// More groups between two would be vectors of which little is used.
  static constexpr int64_t mostSteps = 4;
  int64_t group, stride, inner;
  int64_t place(int64_t element) const {
    return element / group * stride + element % group * inner;
  }
};

/// How one op is turned into loops.
struct Strategy {
  llvm::SmallVector<unsigned> order; // loops, outermost first
  unsigned accumulated =
      0; // innermost loops with the accumulators in registers
  bool jam =
      false; // unroll `jamParallel` and `jamReduction` around the innermost
  unsigned jamParallel = 0, jamReduction = 0;
  /// Other reductions that are short enough to be unrolled altogether, together
  /// with `jamReduction`, outermost first.
  llvm::SmallVector<unsigned> jamWhole;
  /// Of a window that is too large for that: how long its rows are, which are
  /// unrolled one by one; else 0.
  int64_t jamRow = 0;
  /// Sums over places for each element of a window: the loops over elements.
  /// Those before `tapLoop` go around, the last of them in steps of `tapStep`;
  /// the others are unrolled.
  llvm::SmallVector<unsigned> taps;
  unsigned tapLoop = 0;
  int64_t tapStep = 1;
  /// Of them: the loop over places that is cut into runs, and into how many
  /// iterations each.
  unsigned runLevel = 0;
  int64_t runStep = 1;
  int64_t lanes = 1;    // of vectors along the innermost loop
  int64_t unroll = 1;   // vectors an iteration works on
  bool tiled = false;   // the two innermost loops go over small squares
  bool squares = false; // `tiled`, and squares change sides in registers
  bool gathers = false; // inputs that are apart are loaded one by one, and put
                        // into vectors
  bool shortRows = false; // the loop around the innermost one is short, and
                          // unrolled inside of it
  bool rowTrees = false;  // lanes of as many rows are combined together
  bool spread = false;    // lanes are picked from rows in steps, or backwards
  bool columns = false;   // and from rows that have them in one place
  bool picks = false; // `shortRows`, whose body has all columns of the results
  bool writesRows =
      false; // `shortRows`, of results too: columns become rows in registers
  bool masks = false; // what is left of the loop is done under a mask
  mlir::Operation *combiner = nullptr; // of a reduction in vectors
  std::optional<ArgReduction> arg; // of one that keeps a position, in vectors
  // Of a long sum: the loop that is cut into blocks of partial sums, and how
  // many iterations each has.
  unsigned blockLevel = 0;
  int64_t blockStep = 0;    // 0: there are none
  bool compensated = false; // a long sum of columns
};

/// Bits of an element; of a complex number, those of both parts.
int64_t bitsOf(mlir::Type element);

/// How a value of the body differs from one iteration of the innermost loop to
/// the next.
enum class Shape { uniform, number, vector }; // not at all, by one, anyhow

struct NestOptions {
  int64_t vectorBits = 128;
  bool reassociate = true; ///< sums may be computed in another order
  bool parallel = true;
  /// Short nests are written as short as they can be: there are many, and what
  /// code generation takes for them is more than they ever will.
  bool compact = false;
};

/// Iterations of a loop that are unrolled and jammed.
constexpr int64_t jamFactor = 4;

/// Floats of a vector as integers of the same order, in which NaN is the
/// largest or smallest one: a comparison is one instruction, with signed zeros,
/// where LLVM has several for floats. And back, for vectors and scalars.
mlir::Value toOrder(mlir::OpBuilder &b, mlir::Location loc, bool isMax,
                    mlir::Value vector);
mlir::Value fromOrder(mlir::OpBuilder &b, mlir::Location loc,
                      mlir::Type element, mlir::Value order);

/// By how much an index changes with each iteration, if by the same in all.
std::optional<int64_t> factorOf(mlir::AffineExpr index, unsigned loop,
                                unsigned loops);

/// Do elements along the last dimension of a buffer follow each other?
bool isContiguous(mlir::Type type);

/// Do rows of a buffer begin at cache lines, if the buffer does?
bool hasWholeLines(mlir::Type type);

/// Is `result` larger than what a core keeps of the last cache, written by `op`
/// and not looked at by what shares a loop with it? Then stores had better go
/// around the caches: a line that is written whole is not read first.
bool isForMemory(mlir::Operation *op, mlir::Value result);

/// The loops of one linalg op.
class NestLowering {
public:
  NestLowering(mlir::OpBuilder &builder, mlir::linalg::LinalgOp op,
               const NestOptions &options)
      : builder(builder), options(options), op(op), loc(op.getLoc()),
        maps(op.getIndexingMapsArray()), iterators(op.getIteratorTypesArray()) {
  }

  void run();
  /// Reads the image itself in the place of a padded copy.
  void readWithin(const Margins &found) {
    margins = found;
    inside.assign(found.axes.size(), false);
  }
  /// Which loops are over places, if the op reads windows of this operand in
  /// vectors, and sums them in registers.
  std::optional<mlir::utils::IteratorType> placesOf(mlir::OpOperand &operand);
  /// The op that was built in the same loops, and is gone.
  mlir::Operation *followed() const { return followedOp; }
  /// Copies inputs in the order that vectors need, where that is what they
  /// lack; the op stays an op.
  void reorderOnly();
  /// Are all accesses of the innermost loop vectors?
  bool isVectorized() const { return strategy.lanes > 1; }

private:
  using Values = llvm::SmallVector<mlir::Value>;

  // Choices
  bool isReduction(unsigned dim) const {
    return iterators[dim] == mlir::utils::IteratorType::reduction;
  }
  bool uses(mlir::OpOperand &operand, unsigned dim) const;
  bool isAlong(mlir::AffineExpr index, unsigned dim) const;
  int64_t score(unsigned dim);
  void chooseOrder();
  void chooseStrategy();
  bool chooseJam();
  void chooseWhole();
  mlir::linalg::FillOp fillBefore();
  void addToFill();
  void absorbFill();

  void choose();
  void chooseTiles();
  void tiles(size_t level);

  // Operands that are contiguous across the innermost loop: Squares.cpp
  bool isAcross(mlir::OpOperand &operand, unsigned across);
  bool isRowOf(mlir::OpOperand &operand, unsigned across);
  bool chooseSquares(unsigned across);
  bool chooseShortRows(bool mayWriteRows = false);
  bool tryShortRows(unsigned across, unsigned inner);
  void squares(size_t level);
  void within(unsigned dim, int64_t size, mlir::ArrayRef<mlir::Value> ends);
  void linesOfSquares(size_t level);
  void square(unsigned across);
  void shortRows(size_t level);
  void rowsStep(mlir::ArrayRef<Values> columns);
  void storeRows(mlir::ArrayRef<Values> columns);
  Values columnsOf(mlir::OpOperand &operand, unsigned across);

  // Rows of a few vectors: RowTrees.cpp
  void chooseRowTrees();
  void rowTrees(size_t level);
  mlir::Value partialsOfRow(std::optional<bool> isMax);
  mlir::Value combineLanes(std::optional<bool> isMax, mlir::Value x,
                           mlir::Value y);
  mlir::Value combineRows(std::optional<bool> isMax, Values vectors);

  // Short loops: Collapse.cpp
  void collapseLoops();
  unsigned firstCollapsed(llvm::ArrayRef<int64_t> sizes);

  // Few channels: Repeat.cpp
  std::optional<unsigned> pixelsOf(unsigned channels);
  llvm::SmallVector<mlir::linalg::GenericOp> joinChannels();

  // Rows in steps, or backwards: Spread.cpp
  std::optional<Spread> spreadOf(mlir::OpOperand &operand);
  bool mayBeSpread(mlir::OpOperand &operand);
  bool isShort() const;
  bool unrollSpread(llvm::ArrayRef<mlir::OpOperand *> operands);
  mlir::Value loadSpread(mlir::OpOperand &operand);

  // One place of each row, and results whose columns the body picks:
  // Columns.cpp
  std::optional<int64_t> columnStride(mlir::OpOperand &operand);
  bool mayBeColumn(mlir::OpOperand &operand);
  mlir::Value loadColumn(mlir::OpOperand &operand);
  mlir::Value pickLanes(llvm::ArrayRef<int64_t> places, int64_t low,
                        int64_t high, mlir::Value memref, Values begin);
  void collapseRows();
  bool findPicked(unsigned across);
  bool choosePicked();
  void pickRows();

  // Inputs in another order: Reorder.cpp
  llvm::SmallVector<mlir::linalg::GenericOp> reorderInputs();
  llvm::SmallVector<unsigned> inputsToReorder(unsigned dim);
  mlir::linalg::GenericOp onReordered(unsigned dim,
                                      llvm::ArrayRef<unsigned> which);
  void use(mlir::linalg::LinalgOp other);

  // What threads share: Threads.cpp
  std::optional<unsigned> chooseParallel();
  double wasteOfVectors();
  double overheadOfElement();
  bool isWorthColumns();
  bool staysInPlace(unsigned shared);
  bool readsOthers();
  bool mayOverlap();
  double elementNanoseconds();
  bool emitPieces(unsigned shared, mlir::OpFoldResult others);
  bool share();
  std::string describe(bool isShared);

  int64_t numReductionPieces();
  void reduceInPieces();

  // Emission
  mlir::Value constant(int64_t value);
  mlir::Value size(unsigned dim);
  void emit();
  mlir::Value loop(unsigned dim, mlir::Value from, mlir::Value to, int64_t step,
                   mlir::ValueRange carried,
                   llvm::function_ref<Values(mlir::ValueRange)> body,
                   Values *results);
  Values load(mlir::OpOperand &operand);
  Values indices(mlir::OpOperand &operand);
  mlir::Value loadElement(mlir::OpOperand &operand);
  bool streams(mlir::OpOperand &operand);
  bool storesAround(mlir::OpOperand &operand);
  void fetchAhead(mlir::OpOperand &operand, mlir::ValueRange at, bool isWrite);
  Values vectorPlace(mlir::Value &memref, mlir::ValueRange at);
  void storeAt(mlir::Value memref, mlir::ValueRange at, mlir::Value value,
               bool nontemporal = false);
  void storeElement(mlir::OpOperand &operand, mlir::Value value);
  Values element(mlir::ValueRange operands);
  Values loadInits();
  void storeInits(mlir::ValueRange values);
  void nest(size_t level);
  Values accumulate(size_t level, mlir::ValueRange accumulators);
  void jamNest(size_t level);
  void jamSteps(int64_t rows);
  void jamBlock(int64_t rows, int64_t depth);
  void split(unsigned dim, int64_t factor,
             llvm::function_ref<void(int64_t)> body);

  // All elements of a window at once: Taps.cpp
  void chooseTaps();
  void chooseSums();
  void chooseRuns(llvm::ArrayRef<unsigned> places);
  int64_t windowSize() const;
  bool isOneLoop() const;
  bool readsTapsWithin() const;
  void tapNest(size_t level);
  void tapGroups(unsigned level);
  void tapColumns();
  void tapRun(int64_t vectors);
  Values tapPlaces(size_t level, Values carried,
                   llvm::function_ref<Values(mlir::ValueRange)> body);

  // Images with margins: Margins.cpp
  void throughMargins(unsigned dim, llvm::function_ref<void()> body);
  bool isAtMargin() const;
  mlir::Value loadWithin(mlir::OpOperand &operand);

  // An op that goes on with what is in registers: Follow.cpp
  void chooseFollower();
  bool follow(unsigned inner, const Strategy &leader);
  void storeFollowed(mlir::Value result);
  void eraseFollower();

  // Vectors: Vector.cpp
  void chooseVectors();
  void chooseGathers();
  bool tryVectors(std::optional<unsigned> across = std::nullopt,
                  bool gathers = false);
  mlir::Value gather(mlir::OpOperand &operand);
  bool isApart(mlir::OpOperand &operand);
  bool isVectorizable(mlir::Operation &nested,
                      llvm::DenseMap<mlir::Value, Shape> &shapes);
  bool canGather(mlir::MemRefType type) const;
  mlir::Value gatherAt(mlir::Value memref, mlir::ValueRange places);
  bool gathersWords(mlir::MemRefType type) const;
  mlir::Value gatherWords(mlir::Value memref, mlir::ValueRange begin,
                          mlir::Value offsets);
  bool matchReduction();
  bool matchArgReduction();
  void innerLoop(llvm::function_ref<void()> body);
  Values elementOfVectors(mlir::ValueRange operands);
  /// Builds the ops of a region with these arguments, then calls `end` with its
  /// terminator.
  using InRegion =
      llvm::function_ref<void(mlir::Region &region, mlir::ValueRange arguments,
                              llvm::function_ref<void(mlir::Operation *)> end)>;
  Values loopOfVectors(mlir::scf::WhileOp loop, mlir::ValueRange inits,
                       InRegion inside,
                       llvm::function_ref<mlir::Value(mlir::Value)> asVector);
  Values accumulateVectors(size_t level, mlir::ValueRange accumulators);
  Values accumulateLoops(size_t level, mlir::ValueRange accumulators);
  Values accumulateInner(mlir::ValueRange accumulators);
  Values inputs();
  using Step = llvm::function_ref<Values(Values carried, int64_t lanes,
                                         int64_t vectors, mlir::Value left)>;
  Values cutLoop(Values carried, Step step);
  Values forLoop(mlir::Value from, mlir::Value to, int64_t step,
                 mlir::ValueRange carried,
                 llvm::function_ref<Values(mlir::ValueRange)> body);
  void hoistLoads();
  Values accumulateArg(mlir::ValueRange inits);
  mlir::Value isBetter(mlir::Value x, mlir::Value best);
  mlir::Value neutral();
  mlir::Value combine(mlir::Value x, mlir::Value y);
  mlir::Value spread(mlir::Value value);
  mlir::Value maskOf(mlir::Value count);
  mlir::Value maskOfElements(mlir::Type vector);
  mlir::Value interleave(mlir::Value re, mlir::Value im);
  mlir::Value part(mlir::Value interleaved, bool imaginary);
  mlir::Value sumOfLanes(mlir::Value vector);
  mlir::Value loadVector(mlir::Value memref, mlir::ValueRange indices);

  // Long sums: BlockedSums.cpp
  struct Compensated {
    mlir::Value total, lost;
  };
  bool isSum();
  void chooseBlocks();
  Compensated twoSum(Compensated sum, mlir::Value x);
  mlir::Value settle(Compensated sum);
  mlir::Value sumOfBlock(size_t level);
  Compensated sumBlocks(size_t level, Compensated sum);
  mlir::Value blockedSum(size_t level, mlir::Value init);
  mlir::Value noSum();
  void addToColumn(mlir::OpOperand &init, mlir::Value x);
  Values reduceAll(size_t level, mlir::ValueRange inits);
  int64_t jamDepth() const;
  void withLostParts(llvm::function_ref<void()> body);

  mlir::OpBuilder &builder;
  const NestOptions &options;
  mlir::linalg::LinalgOp op;
  mlir::Location loc;
  llvm::SmallVector<mlir::AffineMap> maps;
  llvm::SmallVector<mlir::utils::IteratorType> iterators;
  Strategy strategy;
  std::unique_ptr<NestLowering> follower;
  llvm::SmallVector<unsigned>
      followerLoops; ///< the op's loops for those of the follower
  mlir::Operation *followedOp = nullptr;
  std::optional<Margins> margins;
  llvm::SmallVector<bool> inside; ///< by axis: is the whole window there?
  mlir::Value
      start; ///< what sums begin with, where that is no element of the result
  bool inLines = false; ///< squares, a line of each row at a time
  size_t reordered = 0; ///< inputs that are copied first
  llvm::SmallVector<mlir::Range> ranges;
  Values first, last; // of each loop: where it begins, and where it ends
  Values ivs;
  /// How many iterations of the innermost loop are built at once: 1 builds
  /// scalars.
  int64_t lanes = 1;
  mlir::Value mask;    ///< which of them there are; null: all
  int64_t present = 0; ///< with a mask: how many, if a vector of as many is one
                       ///< piece of memory; else 0
  int64_t knownLanes = 0; ///< with a mask: how many, if that is known; else 0
  int64_t behind =
      0; ///< iterations of the innermost loop that its body has built already
  /// Elements that the innermost loop does not change, by operand.
  llvm::DenseMap<unsigned, mlir::Value> hoisted;
  /// Rows of groups, by operand.
  llvm::DenseMap<unsigned, Spread> spreads;
  llvm::DenseMap<unsigned, bool> aroundCaches; ///< `isForMemory`, by operand
  /// With `picks`: values of the body, the columns of each result one after the
  /// other, and ops that only pick from them.
  Values picked;
  llvm::DenseSet<mlir::Operation *> picking;
  bool reducing =
      false; ///< the combiner is built apart from the rest of the body
  int64_t bodyOps = 0;
  int64_t tapCount =
      1; ///< elements of the window along the loop in steps of `tapStep`
  int64_t wholeBlock =
      0; ///< how many iterations the block at hand has, if that is known
  mlir::Value lost; ///< of sums of columns: what roundings took away
  llvm::DenseMap<mlir::Value, Shape>
      shapes; ///< of the body's values; others are uniform
  /// Loads of the body at places that lanes compute.
  llvm::SmallVector<mlir::memref::LoadOp, 4> elsewhere;
};

} // namespace tfc::loops

#endif // TFC_LIB_CONVERSION_LINALGTOLOOPS_NESTLOWERING_H
