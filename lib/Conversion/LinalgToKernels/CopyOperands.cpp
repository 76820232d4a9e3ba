//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Copies of the operands of a product: panels of the right one, and rows of the
// left one where k is not contiguous, or its type is not that of the sums.
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "Emitter.h"
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
  return b.load(p.right.memory, b.add(move, b.at(p.right, step, column)));
}

/// For each k of one tap the columns from `column`, `width` of them, then
/// zeros.
void Emitter::packTap(Value panels, Value start, Value column, Value width,
                      const DepthBlock &block, Value move, int64_t group) {
  Shape tile = blocks().shape;
  Value zero = b.constant(0), rowLength = b.constant(tile.width());
  bool contiguous = getConstantIntValue(p.right.columnStride) == 1;
  auto byVectors = [&](ArrayRef<Value> masks) {
    b.loop(zero, block.depth, 1, [&](Value step) {
      Value to = b.add(start, b.mul(step, rowLength));
      for (int64_t i = 0; i < group * tile.vectors; ++i) {
        int64_t panel = i / tile.vectors, v = i % tile.vectors;
        Value vector = rightVector(
            b.add(block.first, step), offset(column, i * tile.lanes), move,
            tile.lanes, masks.empty() ? Value() : masks[v]);
        b.store(vector, panels,
                offset(to, panel * blocks().panelSize() + v * tile.lanes));
      }
    });
  };
  auto store = [&](Value element, Value j, Value step) {
    b.store(element, panels, b.add(b.add(start, j), b.mul(step, rowLength)));
  };
  auto byElements = [&](Value from, Value to, Value firstStep, bool zeros) {
    b.loop(from, to, 1, [&](Value j) {
      b.loop(firstStep, block.depth, 1, [&](Value step) {
        store(zeros ? b.zero()
                    : rightElement(b.add(block.first, step), b.add(column, j),
                                   move),
              j, step);
      });
    });
  };
  auto slow = [&] {
    byElements(zero, b.min(width, rowLength), zero, false);
    byElements(b.min(width, rowLength), rowLength, zero, true);
  };
  // Squares of one vector by one vector; what is left of the depth by elements.
  auto bySquares = [&] {
    Value whole = b.roundDown(block.depth, tile.lanes);
    b.loop(zero, rowLength, tile.lanes, [&](Value j) {
      b.loop(zero, whole, tile.lanes, [&](Value step) {
        Values square;
        for (int64_t i = 0; i < tile.lanes; ++i) {
          Value from = b.at(p.right, b.add(block.first, step),
                            offset(b.add(column, j), i));
          square.push_back(
              b.load(p.right.memory, b.add(move, from), tile.lanes));
        }
        for (auto [i, row] : llvm::enumerate(b.transpose(square)))
          b.store(row, panels,
                  b.add(b.add(start, j), b.mul(offset(step, i), rowLength)));
      });
    });
    byElements(zero, rowLength, whole, false);
  };
  if (!contiguous) {
    bool downwards = known(p.right.rowStrides[0]) == 1 && tile.lanes > 1;
    return downwards ? b.branch(b.atLeast(width, rowLength), bySquares, slow)
                     : slow();
  }
  bool whole = group > 1 || (isKnown(n) && n % tile.width() == 0);
  auto edge = [&] {
    if (options.unit.masks()) {
      Values masks;
      for (int64_t v = 0; v < tile.vectors; ++v)
        masks.push_back(
            b.mask(b.sub(width, b.constant(v * tile.lanes)), tile.lanes));
      return byVectors(masks);
    }
    if (!p.producer)
      return slow();
    // A producer makes vectors; of the last columns one at a time.
    b.loop(zero, rowLength, 1, [&](Value j) {
      b.loop(zero, block.depth, 1, [&](Value step) {
        b.branch(
            b.atLeast(j, width), [&] { store(b.zero(1), j, step); },
            [&] {
              store(rightVector(b.add(block.first, step), b.add(column, j),
                                move, 1, {}),
                    j, step);
            });
      });
    });
  };
  if (whole)
    return byVectors({});
  b.branch(b.atLeast(width, rowLength), [&] { byVectors({}); }, edge);
}

/// Neighbouring panels; all of them at once if they have all their columns.
void Emitter::packGroup(Value panels, Value start, Value column, Value width,
                        Value count, const DepthBlock &block) {
  Blocks blocks = this->blocks();
  auto one = [&](Value panel) {
    Value at = b.mul(panel, b.constant(blocks.shape.width()));
    packPanel(panels,
              b.add(start, b.mul(panel, b.constant(blocks.panelSize()))),
              b.add(column, at), b.sub(width, at), block);
  };
  auto each = [&] { b.loop(b.constant(0), count, 1, one); };
  if (blocks.group == 1 || getConstantIntValue(p.right.columnStride) != 1)
    return each();
  Value all = b.constant(blocks.group * blocks.shape.width());
  b.branch(
      b.atLeast(width, all),
      [&] { packPanel(panels, start, column, width, block, blocks.group); },
      each);
}

void Emitter::packPanel(Value panels, Value start, Value column, Value width,
                        const DepthBlock &block, int64_t group) {
  Value rowLength = b.constant(blocks().shape.width());
  std::function<void(size_t, Value, Value)> over = [&](size_t level, Value to,
                                                       Value move) {
    if (level == block.taps.size())
      return packTap(panels, to, column, width, block, move, group);
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

//===----------------------------------------------------------------------===//
// The left operand
//===----------------------------------------------------------------------===//

bool Emitter::needsLeftCopy() const {
  bool narrow =
      cast<MemRefType>(p.left.memory.getType()).getElementType() != b.type;
  // Taps walk over the operand; copies for all of them would be as large as all
  // windows.
  return p.taps.empty() && (narrow || known(p.left.columnStride) != 1);
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
  if (!squares)
    return b.parallelLoop(zero, rows, 1, work,
                          [&](Value row) { elements(row, zero, p.depth); });
  Value wholeRows = b.roundDown(rows, lanes);
  b.parallelLoop(
      zero, wholeRows, lanes, b.mul(work, b.constant(lanes)), [&](Value row) {
        b.loop(zero, whole, lanes, [&](Value step) {
          Values square;
          for (Value each : offsets(step, lanes))
            square.push_back(b.load(p.left.memory,
                                    b.at(p.left, b.add(firstRow, row), each),
                                    lanes));
          for (auto [i, vector] : llvm::enumerate(b.transpose(square)))
            b.store(vector, memory,
                    b.add(b.mul(offset(row, i), p.depth), step));
        });
        b.loop(row, offset(row, lanes), 1,
               [&](Value each) { elements(each, whole, p.depth); });
      });
  b.loop(wholeRows, rows, 1, [&](Value row) { elements(row, zero, p.depth); });
}
