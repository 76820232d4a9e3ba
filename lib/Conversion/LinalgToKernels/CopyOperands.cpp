//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Copies of the operands of a product: panels of the right one, and rows of the
// left one where k is not contiguous, or its type is not that of the sums.
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "Emitter.h"
#include "Routine.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <functional>

using namespace mlir;
using namespace tfc::kernels;

/// Elements of a copy of the left operand: some rows of it.
static constexpr int64_t leftElements = 1024 * 1024;
/// So many rows that are neighbours are read as they are, where a copy would
/// have several pieces: with more of them, which are far apart, the copy is
/// faster.
static constexpr int64_t mostNeighbours = 64;

//===----------------------------------------------------------------------===//
// The right operand
//===----------------------------------------------------------------------===//

Value Emitter::rightVector(Value step, Value column, Value move, int64_t width,
                           Value mask) {
  if (p.producer)
    return p.producer->produce(b, p.producerOperands, step, column, width,
                               mask);
  return b.load(p.right.memory, b.add(move, b.at(p.right, step, column)), width,
                mask);
}

Value Emitter::rightElement(Value step, Value column, Value move) {
  if (p.producer)
    return rightVector(step, column, move, 1, {});
  return b.load(p.right.memory, b.add(move, b.at(p.right, step, column)));
}

/// Whole panels from `column`, `count` of them, one tap of each: row by row of
/// the right operand, in pieces as long as all of them.
void Emitter::packWhole(Value panels, Value start, Value column, Value count,
                        const DepthBlock &block, Value move) {
  Blocks blocks = this->blocks();
  Shape tile = blocks.shape;
  Value zero = b.constant(0), width = b.constant(tile.width()),
        next = panelStep();
  b.loop(zero, block.depth, 1, [&](Value step) {
    b.loop(zero, count, 1, [&](Value panel) {
      Value from = b.add(column, b.mul(panel, width)),
            to = b.add(b.add(start, b.mul(step, width)), b.mul(panel, next));
      for (int64_t at = 0; at < tile.width(); at += tile.lanes)
        b.store(rightVector(b.add(block.first, step), offset(from, at), move,
                            tile.lanes, {}),
                panels, offset(to, at));
    });
  });
}

/// Elements of one panel and tap: `width` columns, or all, then zeros.
void Emitter::packElements(Value panels, Value start, Value column, Value width,
                           const DepthBlock &block, Value move) {
  Value zero = b.constant(0), rowLength = b.constant(blocks().shape.width());
  auto over = [&](Value from, Value to,
                  llvm::function_ref<Value(Value, Value)> element) {
    b.loop(from, to, 1, [&](Value j) {
      b.loop(zero, block.depth, 1, [&](Value step) {
        b.store(element(j, step), panels,
                b.add(b.add(start, j), b.mul(step, rowLength)));
      });
    });
  };
  Value filled = b.min(width, rowLength);
  over(zero, filled, [&](Value j, Value step) {
    return rightElement(b.add(block.first, step), b.add(column, j), move);
  });
  over(filled, rowLength, [&](Value, Value) { return b.zero(); });
}

/// One panel and tap of which there are `width` columns, not all.
void Emitter::packEdge(Value panels, Value start, Value column, Value width,
                       const DepthBlock &block, Value move) {
  Shape tile = blocks().shape;
  Value zero = b.constant(0), rowLength = b.constant(tile.width());
  if (options.unit.masks()) {
    Values masks;
    for (int64_t at = 0; at < tile.width(); at += tile.lanes)
      masks.push_back(b.mask(b.sub(width, b.constant(at)), tile.lanes));
    b.loop(zero, block.depth, 1, [&](Value step) {
      Value to = b.add(start, b.mul(step, rowLength));
      for (auto [v, mask] : llvm::enumerate(masks)) {
        int64_t at = v * tile.lanes;
        b.store(rightVector(b.add(block.first, step), offset(column, at), move,
                            tile.lanes, mask),
                panels, offset(to, at));
      }
    });
    return;
  }
  if (!p.producer)
    return packElements(panels, start, column, width, block, move);
  // A producer makes vectors; of the last columns one at a time.
  b.loop(zero, rowLength, 1, [&](Value j) {
    b.loop(zero, block.depth, 1, [&](Value step) {
      auto store = [&](Value element) {
        b.store(element, panels,
                b.add(b.add(start, j), b.mul(step, rowLength)));
      };
      b.branch(
          b.atLeast(j, width), [&] { store(b.zero(1)); },
          [&] {
            store(rightVector(b.add(block.first, step), b.add(column, j), move,
                              1, {}));
          });
    });
  });
}

/// `body` for vectors of k, of which the last may begin before the one before
/// it ends: both copy the same. `depth` is at least one vector.
void Emitter::overWholeVectors(Value depth, int64_t width,
                               llvm::function_ref<void(Value)> body) {
  Value last = b.sub(depth, b.constant(width));
  b.loop(b.constant(0), depth, width,
         [&](Value step) { body(b.min(step, last)); });
}

/// One panel and tap of a right operand whose columns are not neighbours, but
/// whose k are: squares of one vector by one vector. Where columns end, the
/// last one is copied to the other places of its vector.
void Emitter::packSquares(Value panels, Value start, Value column, Value width,
                          const DepthBlock &block, Value move) {
  Shape tile = blocks().shape;
  int64_t lanes = tile.lanes; // fewer than a vector's if there are few columns
  Value zero = b.constant(0), rowLength = b.constant(tile.width());
  Value filled = b.min(width, rowLength), whole = b.roundDown(filled, lanes);
  bool sameType =
      !p.producer &&
      cast<MemRefType>(p.right.memory.getType()).getElementType() == b.type;
  auto from = [&](Value step, Value j) {
    return b.add(move,
                 b.at(p.right, b.add(block.first, step), b.add(column, j)));
  };
  auto to = [&](Value step, Value j) {
    return b.add(b.add(start, j), b.mul(step, rowLength));
  };
  auto square = [&](Value j, llvm::function_ref<Value(int64_t)> columnOf) {
    overWholeVectors(block.depth, lanes, [&](Value step) {
      Values rows;
      for (int64_t i = 0; i < lanes; ++i)
        rows.push_back(rightVector(b.add(block.first, step),
                                   b.add(column, columnOf(i)), move, lanes,
                                   {}));
      for (auto [i, row] : llvm::enumerate(b.transpose(rows)))
        b.store(row, panels, to(offset(step, i), j));
    });
  };
  b.loop(zero, whole, lanes, [&](Value j) {
    if (!sameType)
      return square(j, [&](int64_t i) { return offset(j, i); });
    overWholeVectors(block.depth, lanes, [&](Value step) {
      emitSquareCopy(b,
                     {p.right.memory, from(step, j), p.right.columnStride,
                      panels, to(step, j), rowLength},
                     lanes);
    });
  });
  if (isKnown(n) && n % tile.width() == 0)
    return;
  Value rest = whole;
  if (!isKnown(n) || n % lanes) {
    b.branch(
        b.atLeast(whole, filled), [] {},
        [&] {
          Value last = b.sub(filled, b.constant(1));
          square(whole,
                 [&](int64_t i) { return b.min(offset(whole, i), last); });
        });
    rest = b.mul(b.ceilDiv(filled, lanes), b.constant(lanes));
  }
  b.loop(rest, rowLength, lanes, [&](Value j) {
    b.loop(zero, block.depth, 1,
           [&](Value step) { b.store(b.zero(lanes), panels, to(step, j)); });
  });
}

void Emitter::packTurned(Value panels, Value start, Value column, Value width,
                         const DepthBlock &block, Value move) {
  int64_t lanes = blocks().shape.lanes;
  auto slow = [&] { packElements(panels, start, column, width, block, move); };
  if (known(p.right.rowStrides[0]) != 1 || lanes == 1)
    return slow();
  b.branch(
      b.atLeast(block.depth, b.constant(lanes)),
      [&] { packSquares(panels, start, column, width, block, move); }, slow);
}

/// The taps of a block: where they go, and where they are in the right operand.
void Emitter::overBlock(Value start, const DepthBlock &block, ForTap body) {
  Value rowLength = b.constant(blocks().shape.width());
  std::function<void(size_t, Value, Value)> over = [&](size_t level, Value to,
                                                       Value move) {
    if (level == block.taps.size())
      return body(to, move);
    Value steps = block.depth;
    for (const Tap &inner : ArrayRef(block.taps).drop_front(level + 1))
      steps = b.mul(steps, inner.size);
    const Tap &tap = block.taps[level];
    b.loop(b.constant(0), tap.size, 1, [&](Value number) {
      over(level + 1, b.add(to, b.mul(number, b.mul(steps, rowLength))),
           b.add(move, b.mul(number, tap.rightStep)));
    });
  };
  over(0, start, block.right);
}

/// `count` neighbouring panels of a block of the depth: for each tap and k the
/// columns from `column`, `width` of them or all, then zeros.
void Emitter::packPanels(Value panels, Value start, Value column, Value width,
                         Value count, const DepthBlock &block) {
  Blocks blocks = this->blocks();
  Value panelWidth = b.constant(blocks.shape.width()), next = panelStep();
  auto one = [&](Value panel, auto pack) {
    Value at = b.mul(panel, panelWidth);
    overBlock(b.add(start, b.mul(panel, next)), block,
              [&](Value to, Value move) {
                pack(to, b.add(column, at), b.sub(width, at), move);
              });
  };
  if (getConstantIntValue(p.right.columnStride) != 1) {
    b.loop(b.constant(0), count, 1, [&](Value panel) {
      one(panel, [&](Value to, Value column, Value width, Value move) {
        packTurned(panels, to, column, width, block, move);
      });
    });
    return;
  }
  bool exact = isKnown(n) && n % blocks.shape.width() == 0;
  Value whole = exact ? count : b.min(count, b.divide(width, panelWidth));
  overBlock(start, block, [&](Value to, Value move) {
    packWhole(panels, to, column, whole, block, move);
  });
  if (exact)
    return;
  b.branch(
      b.atLeast(whole, count), [] {},
      [&] {
        one(whole, [&](Value to, Value column, Value width, Value move) {
          packEdge(panels, to, column, width, block, move);
        });
      });
}

//===----------------------------------------------------------------------===//
// The left operand
//===----------------------------------------------------------------------===//

bool Emitter::needsLeftCopy() const {
  bool narrow =
      cast<MemRefType>(p.left.memory.getType()).getElementType() != b.type;
  // Taps walk over the operand; copies for all of them would be as large as all
  // windows.
  if (!p.taps.empty() || (!narrow && known(p.left.columnStride) == 1))
    return false;
  // Rows that are neighbours share lines. Panels would be made anew for each
  // piece of a copy.
  bool deep =
      isKnown(m) && isKnown(k) && m * k > leftElements && m <= mostNeighbours;
  bool neighbours =
      p.left.rowStrides.size() == 1 && known(p.left.rowStrides[0]) == 1;
  return narrow || !deep || !neighbours;
}

/// How many rows are copied at once.
Value Emitter::leftRows() const {
  int64_t rows = blocks().shape.rows, least = 16 * rows;
  if (isKnown(k)) {
    int64_t most = llvm::alignTo(
        std::max(least, leftElements / std::max<int64_t>(k, 1)), rows);
    return isKnown(m) ? b.constant(std::min(m, most))
                      : b.min(p.rows, b.constant(most));
  }
  Value most =
      b.max(b.divide(b.constant(leftElements), b.max(p.depth, b.constant(1))),
            b.constant(least));
  return b.min(p.rows, most);
}

/// Rows from `firstRow`, contiguous along k; shared by threads.
void Emitter::copyLeft(Value memory, Value firstRow, Value rows) {
  Value zero = b.constant(0);
  Type stored = cast<MemRefType>(p.left.memory.getType()).getElementType();
  int64_t width =
      isKnown(k)
          ? std::min<int64_t>(
                lanes, llvm::bit_floor(uint64_t(std::max<int64_t>(k, 1))))
          : lanes;
  auto elements = [&](Value row, Value from, Value to) {
    b.loop(from, to, 1, [&](Value step) {
      b.store(b.load(p.left.memory, b.at(p.left, b.add(firstRow, row), step)),
              memory, b.add(b.mul(row, p.depth), step));
    });
  };
  Value whole = b.roundDown(p.depth, width);
  // Copying an element takes about as long as four operations.
  Value work = flops(b.constant(2), b.constant(1), p.depth);
  if (known(p.left.columnStride) == 1)
    return b.parallelLoop(zero, rows, 1, work, [&](Value row) {
      b.loop(zero, whole, width, [&](Value step) {
        Value from = b.at(p.left, b.add(firstRow, row), step);
        b.store(b.load(p.left.memory, from, width), memory,
                b.add(b.mul(row, p.depth), step));
      });
      elements(row, whole, p.depth);
    });
  // Columns of the left operand are contiguous: squares change sides.
  bool squares = p.left.rowStrides.size() == 1 &&
                 known(p.left.rowStrides[0]) == 1 && stored == b.type &&
                 width == lanes && lanes > 1;
  auto oneByOne = [&] {
    b.parallelLoop(zero, rows, 1, work,
                   [&](Value row) { elements(row, zero, p.depth); });
  };
  if (!squares)
    return oneByOne();
  auto squaresFrom = [&](Value row) {
    overWholeVectors(p.depth, lanes, [&](Value step) {
      emitSquareCopy(b,
                     {p.left.memory, b.at(p.left, b.add(firstRow, row), step),
                      p.left.columnStride, memory,
                      b.add(b.mul(row, p.depth), step), p.depth},
                     lanes);
    });
  };
  auto bySquares = [&] {
    Value wholeRows = b.roundDown(rows, lanes);
    b.parallelLoop(zero, wholeRows, lanes, b.mul(work, b.constant(lanes)),
                   squaresFrom);
    // By now nobody else writes what is copied once more here.
    b.branch(
        b.atLeast(wholeRows, rows), [] {},
        [&] { squaresFrom(b.sub(rows, b.constant(lanes))); });
  };
  Value least = b.constant(lanes);
  b.branch(b.both(b.atLeast(rows, least), b.atLeast(p.depth, least)), bySquares,
           oneByOne);
}
