//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Inputs that are contiguous across the innermost loop, in vectors.
//
// A transpose reads along one loop and writes along another one: squares of one
// vector by one vector are loaded as they lie, change sides in registers, and
// are stored as they lie. Where sizes are no multiple, the last square begins
// earlier.
//
// Rows of few elements (points, colours, scores of ten classes) are too short
// for vectors of their own: as many rows as a vector has lanes are loaded
// together and become one vector for each column. Results of few columns are
// written the same way: a scale of each pixel, an offset of each colour.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tfc/Dialect/TFCRT/IR/Square.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace tfc::loops;

/// Elements of a square's side, at most.
static constexpr int64_t largestSquare = 16;
static constexpr int64_t lineBits = 512; // of a cache
/// Rows of a large matrix whose pages a processor knows the addresses of, a
/// multiple of every square's side.
static constexpr int64_t blockOfPages = 256;
/// Rows that are short, and those whose columns are picked from their vectors
/// one by one.
static constexpr int64_t shortRow = 16, fewColumns = 4;
/// Operations for each row that is looked up, of which vectors take less.
static constexpr size_t workOfPlace = 6;

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

/// Is the operand contiguous along `across`, and the innermost loop one of its
/// other indices?
bool NestLowering::isAcross(OpOperand &operand, unsigned across) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  AffineMap map = maps[operand.getOperandNumber()];
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!type || !map.isProjectedPermutation() || map.getNumResults() < 2 ||
      !(type.getElementType().isIntOrFloat() ||
        isa<ComplexType>(type.getElementType())) ||
      failed(type.getStridesAndOffset(strides, offset)) || strides.back() != 1)
    return false;
  return map.getResults().back() == builder.getAffineDimExpr(across) &&
         uses(operand, strategy.order.back());
}

/// Do neighbours of the innermost loop follow each other, whole rows of
/// `across`?
bool NestLowering::isRowOf(OpOperand &operand, unsigned across) {
  auto type = cast<MemRefType>(operand.get().getType());
  AffineMap map = maps[operand.getOperandNumber()];
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!isAcross(operand, across) ||
      failed(type.getStridesAndOffset(strides, offset)))
    return false;
  size_t count = map.getNumResults();
  return map.getResult(count - 2) ==
             builder.getAffineDimExpr(strategy.order.back()) &&
         strides[count - 2] == type.getShape().back() &&
         type.getShape().back() == getConstantIntValue(ranges[across].size);
}

bool NestLowering::chooseSquares(unsigned across) {
  // The last square computes again what the one before it has written.
  bool readsResults =
      llvm::any_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
        return op.payloadUsesValueFromOperand(&init) ||
               llvm::is_contained(op.getDpsInputs(), init.get());
      });
  if (readsResults || !tryVectors(across))
    return false;
  int64_t width = *getConstantIntValue(ranges[across].size);
  strategy.lanes = std::min<int64_t>(
      {strategy.lanes, largestSquare,
       int64_t(llvm::bit_floor(static_cast<uint64_t>(width)))});
  // Whole numbers change sides: a vector of complex ones is one register.
  for (Value operand : op->getOperands())
    if (auto number = dyn_cast<ComplexType>(getElementTypeOrSelf(operand)))
      strategy.lanes =
          std::min(strategy.lanes, options.vectorBits / bitsOf(number));
  if (strategy.lanes < 2)
    return false;
  strategy.unroll = 1;
  return true;
}

/// Loops over rows, and inside of them over their columns: does that give
/// vectors?
bool NestLowering::tryShortRows(unsigned across, unsigned inner) {
  bool writesRows = llvm::any_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
    return uses(init, across) && uses(init, inner) &&
           maps[init.getOperandNumber()].getResults().back() ==
               builder.getAffineDimExpr(across);
  });
  strategy = Strategy();
  for (unsigned dim = 0; dim < iterators.size(); ++dim)
    if (dim != across && dim != inner)
      strategy.order.push_back(dim);
  strategy.order.append({across, inner});
  strategy.writesRows = writesRows;
  int64_t width = *getConstantIntValue(ranges[across].size);
  bool isGood = tryVectors(across) && strategy.lanes >= 4;
  // A row that is looked up is a few neighbours: one by one, they take less
  // than instructions that look up lanes do, unless there is work to do.
  if (isGood && writesRows && elsewhere.size() > 1)
    isGood = llvm::range_size(*op.getBlock()) >= workOfPlace * elsewhere.size();
  if (isGood && width > fewColumns) {
    strategy.lanes = std::min(strategy.lanes, largestSquare);
    isGood = width <= 2 * strategy.lanes && !writesRows;
  }
  for (OpOperand &other : op->getOpOperands()) {
    if (!isGood || !isa<MemRefType>(other.get().getType()) ||
        !uses(other, inner))
      continue;
    bool isRow = maps[other.getOperandNumber()].getResults().back() ==
                     builder.getAffineDimExpr(inner) &&
                 !(writesRows && op.isDpsInit(&other));
    if (isRow || isRowOf(other, across))
      continue;
    isGood = mayBeColumn(other);
    strategy.columns |= isGood;
  }
  if (!isGood)
    return false;
  strategy.shortRows = true;
  strategy.unroll = 1;
  return true;
}

/// The last dimension of an input is short, and results are contiguous along
/// the one before; with `mayWriteRows`, the same of results, if all else is
/// contiguous along one of the two.
bool NestLowering::chooseShortRows(bool mayWriteRows) {
  auto isComplex = [](Value operand) {
    return isa<ComplexType>(getElementTypeOrSelf(operand));
  };
  if (op.getNumLoops() < 2 || options.vectorBits < 256 ||
      llvm::any_of(op->getOperands(), isComplex))
    return false;
  Strategy before = strategy;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = maps[operand.getOperandNumber()];
    size_t count = map.getNumResults();
    bool isInit = op.isDpsInit(&operand);
    if (!isa<MemRefType>(operand.get().getType()) ||
        !map.isProjectedPermutation() || count < 2 ||
        (isInit && (!mayWriteRows || op.getNumReductionLoops() > 0)))
      continue;
    unsigned across = map.getDimPosition(count - 1),
             inner = map.getDimPosition(count - 2);
    int64_t width = getConstantIntValue(ranges[across].size).value_or(0);
    // Other reductions keep their accumulators in registers.
    bool isOnly = llvm::all_of(
        llvm::seq<unsigned>(0, iterators.size()),
        [&](unsigned dim) { return dim == across || !isReduction(dim); });
    // Inputs that are read many times are better copied first.
    bool isReadOften =
        !isInit &&
        llvm::any_of(
            llvm::seq<unsigned>(0, iterators.size()), [&](unsigned dim) {
              return !uses(operand, dim) &&
                     getConstantIntValue(ranges[dim].size).value_or(shortRow) >=
                         shortRow;
            });
    if (width < 2 || width > shortRow || isReduction(inner) || !isOnly ||
        isReadOften ||
        getConstantIntValue(ranges[inner].size).value_or(4 * shortRow) <
            4 * shortRow)
      continue;
    if (tryShortRows(across, inner) && (mayWriteRows || !strategy.writesRows))
      return true;
    strategy = before;
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Squares
//===----------------------------------------------------------------------===//

/// The square at hand, from the present iterations of both loops.
void NestLowering::square(unsigned across) {
  unsigned inner = strategy.order.back();
  Values base = ivs;
  SmallVector<Values> turned(op->getNumOperands());
  auto at = [&](unsigned dim, int64_t by) {
    return builder.createOrFold<arith::AddIOp>(loc, base[dim], constant(by));
  };
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (!isAcross(*input, across) || !op.payloadUsesValueFromOperand(input))
      continue;
    for (int64_t i = 0; i < lanes; ++i) {
      ivs[inner] = at(inner, i);
      turned[input->getOperandNumber()].push_back(
          loadVector(input->get(), indices(*input)));
    }
    ivs = base;
    Values &columns = turned[input->getOperandNumber()];
    bool isComplex = isa<ComplexType>(getElementTypeOrSelf(input->get()));
    columns = tfc::rt::transposeSquare(builder, loc, std::move(columns),
                                       isComplex ? 2 : 1);
  }
  for (int64_t i = 0; i < lanes; ++i) {
    ivs[across] = at(across, i);
    Values operands;
    for (OpOperand *input : op.getDpsInputOperands()) {
      const Values &columns = turned[input->getOperandNumber()];
      operands.push_back(!op.payloadUsesValueFromOperand(input) ? Value()
                         : columns.empty() ? loadElement(*input)
                                           : columns[i]);
    }
    operands.append(op.getNumDpsInits(), Value());
    storeInits(elementOfVectors(operands));
    // Rows that begin anywhere are stored to two lines at once, and processors
    // wait for the second one.
    for (OpOperand &init : op.getDpsInitsMutable()) {
      if (storesAround(init))
        continue;
      Values ahead = indices(init);
      ahead.back() = builder.createOrFold<arith::AddIOp>(loc, ahead.back(),
                                                         constant(3 * lanes));
      memref::PrefetchOp::create(builder, loc, init.get(), ahead,
                                 /*isWrite=*/true, /*localityHint=*/3,
                                 /*isDataCache=*/true);
    }
  }
  ivs = base;
}

void NestLowering::squares(size_t level) {
  unsigned across = strategy.order[level], inner = strategy.order[level + 1];
  int64_t side = strategy.lanes;
  // The last square ends where the loop does.
  auto place = [&](unsigned dim) {
    int64_t size = *getConstantIntValue(ranges[dim].size);
    if (size % side)
      ivs[dim] =
          arith::MinUIOp::create(builder, loc, ivs[dim], constant(size - side));
  };
  auto each = [&](unsigned dim, int64_t step, llvm::function_ref<void()> body) {
    loop(
        dim, first[dim], last[dim], step, {},
        [&](ValueRange) { return body(), Values(); }, nullptr);
  };
  auto all = [&] {
    each(across, side, [&] {
      place(across);
      each(inner, side, [&] {
        place(inner);
        lanes = side;
        square(across);
        lanes = 1;
      });
    });
  };
  // Rows of large matrices lie on pages of their own: a block of them is done
  // with before their addresses are forgotten.
  auto isLarge = [&](unsigned dim) {
    return *getConstantIntValue(ranges[dim].size) > blockOfPages;
  };
  if (!isLarge(across) || !isLarge(inner))
    return all();
  Values begins = first, ends = last;
  each(across, 4 * side, [&] {
    within(across, 4 * side, ends);
    each(inner, blockOfPages, [&] {
      within(inner, blockOfPages, ends);
      all();
      first[inner] = begins[inner];
      last[inner] = ends[inner];
    });
  });
  first = begins;
  last = ends;
}

/// The next so many iterations of a loop.
void NestLowering::within(unsigned dim, int64_t size, ArrayRef<Value> ends) {
  first[dim] = ivs[dim];
  Value end = arith::AddIOp::create(builder, loc, ivs[dim], constant(size));
  last[dim] = arith::MinUIOp::create(builder, loc, end, ends[dim]);
}

/// Inside of one more loop, rows of a square are lines of as many others: the
/// loop goes on with those of a line at a time, before they are forgotten. Rows
/// that are whole lines have none in common.
void NestLowering::linesOfSquares(size_t level) {
  unsigned across = strategy.order[level + 1],
           inner = strategy.order[level + 2];
  auto type = cast<MemRefType>(op.getDpsInits().front().getType());
  int64_t width = std::max<int64_t>(8, bitsOf(type.getElementType()));
  Values begins = first, ends = last;
  auto each = [&](unsigned dim, llvm::function_ref<void()> body) {
    int64_t count = std::max<int64_t>(strategy.lanes, lineBits / width);
    if (*getConstantIntValue(ranges[dim].size) <= count)
      return body();
    loop(
        dim, begins[dim], ends[dim], count, {},
        [&](ValueRange) {
          within(dim, count, ends);
          body();
          first[dim] = begins[dim];
          last[dim] = ends[dim];
          return Values();
        },
        nullptr);
  };
  auto isWhole = [&](unsigned dim) {
    return *getConstantIntValue(ranges[dim].size) * width % lineBits == 0;
  };
  inLines = true;
  if (isWhole(across) && isWhole(inner))
    nest(level);
  else
    each(across, [&] { each(inner, [&] { nest(level); }); });
  inLines = false;
}

//===----------------------------------------------------------------------===//
// Short rows
//===----------------------------------------------------------------------===//

/// The columns of the rows that begin at the present iteration of the innermost
/// loop.
NestLowering::Values NestLowering::columnsOf(OpOperand &operand,
                                             unsigned across) {
  unsigned inner = strategy.order.back();
  int64_t width = *getConstantIntValue(ranges[across].size);
  Values base = ivs, vectors;
  Type element = cast<MemRefType>(operand.get().getType()).getElementType();
  ivs[across] = constant(0);
  if (width <= fewColumns) {
    // Past the end of a row is the next one.
    for (int64_t i = 0; i < width; ++i) {
      ivs[across] = constant(i * lanes);
      vectors.push_back(loadVector(operand.get(), indices(operand)));
    }
    ivs = base;
    return tfc::rt::columnsOfRows(builder, loc, vectors);
  }
  Value columns = lanes <= width ? Value() : maskOf(constant(width));
  auto type = VectorType::get(lanes, element);
  Value none =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  // Of longer rows, the second square ends where they do.
  for (int64_t column = 0; column < width; column += lanes) {
    int64_t from = std::clamp<int64_t>(width - lanes, 0, column);
    ivs[across] = constant(from);
    Values square;
    for (int64_t row = 0; row < lanes; ++row) {
      ivs[inner] =
          builder.createOrFold<arith::AddIOp>(loc, base[inner], constant(row));
      Values at = indices(operand);
      square.push_back(
          columns ? vector::MaskedLoadOp::create(
                        builder, loc, type, operand.get(), at, columns, none)
                  : loadVector(operand.get(), at));
    }
    square = tfc::rt::transposeSquare(builder, loc, square);
    llvm::append_range(vectors, ArrayRef(square).drop_front(column - from));
  }
  ivs = base;
  vectors.truncate(width);
  return vectors;
}

/// Columns of short rows as the rows, one after the other: those whose numbers
/// have the same remainder are put together first.
static SmallVector<Value> rowsOfColumns(OpBuilder &builder, Location loc,
                                        ArrayRef<Value> columns) {
  int64_t width = columns.size(),
          lanes = cast<VectorType>(columns[0].getType()).getNumElements(),
          parts = 2;
  if (width == 1)
    return {columns[0]};
  while (width % parts)
    ++parts;
  SmallVector<SmallVector<Value>> groups;
  for (int64_t part = 0; part < parts; ++part) {
    SmallVector<Value> own;
    for (int64_t column = part; column < width; column += parts)
      own.push_back(columns[column]);
    groups.push_back(rowsOfColumns(builder, loc, own));
  }
  SmallVector<Value> rows;
  for (int64_t first = 0; first < width * lanes; first += lanes) {
    // Which vector each lane comes from.
    auto sourceOf = [&](int64_t lane) {
      return groups[(first + lane) % parts][(first + lane) / parts / lanes];
    };
    auto placeOf = [&](int64_t lane) { return (first + lane) / parts % lanes; };
    llvm::SmallSetVector<Value, 8> sources;
    for (int64_t lane = 0; lane < lanes; ++lane)
      sources.insert(sourceOf(lane));
    // (One column may stand for several.)
    Value row = sources[0];
    for (size_t next = 1; next < std::max<size_t>(2, sources.size()); ++next) {
      Value source = sources[std::min(next, sources.size() - 1)];
      SmallVector<int64_t> from;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        // The first step picks from both; later ones leave what is there.
        int64_t kept = next == 1 ? placeOf(lane) : lane;
        from.push_back(sourceOf(lane) == source ? lanes + placeOf(lane) : kept);
      }
      row = vector::ShuffleOp::create(builder, loc, row, source, from);
    }
    rows.push_back(row);
  }
  return rows;
}

/// `columns` of each result, of the rows that begin at the present iteration.
void NestLowering::storeRows(ArrayRef<Values> columns) {
  unsigned across = strategy.order[strategy.order.size() - 2];
  for (auto [init, own] : llvm::zip(op.getDpsInitsMutable(), columns))
    for (auto [i, row] : llvm::enumerate(rowsOfColumns(builder, loc, own))) {
      ivs[across] = constant(i * lanes); // past the end of a row is the next
      storeAt(init.get(), indices(init), row);
    }
}

/// All of the rows at hand: `columns` of the operands that have them.
void NestLowering::rowsStep(ArrayRef<Values> columns) {
  unsigned across = strategy.order[strategy.order.size() - 2];
  Value before = ivs[across];
  bool reduces = isReduction(across);
  bool writesRows = strategy.writesRows && lanes > 1;
  SmallVector<Values> rows(op.getNumDpsInits());
  Values carried;
  if (reduces)
    carried = loadInits();
  for (int64_t column = 0, width = *getConstantIntValue(ranges[across].size);
       column < width; ++column) {
    ivs[across] = constant(column);
    Values operands;
    for (OpOperand *input : op.getDpsInputOperands()) {
      const Values &own = columns[input->getOperandNumber()];
      operands.push_back(!op.payloadUsesValueFromOperand(input) ? Value()
                         : own.empty() ? loadElement(*input)
                                       : own[column]);
    }
    if (writesRows)
      for (OpOperand &init : op.getDpsInitsMutable()) {
        const Values &own = columns[init.getOperandNumber()];
        operands.push_back(own.empty() ? Value() : own[column]);
      }
    else
      llvm::append_range(operands, reduces ? carried : loadInits());
    Values results = element(operands);
    if (reduces)
      carried = results;
    else if (!writesRows)
      storeInits(results);
    else
      for (auto [row, result] : llvm::zip(rows, results))
        row.push_back(spread(result));
  }
  if (reduces)
    storeInits(carried);
  if (writesRows)
    storeRows(rows);
  ivs[across] = before;
}

void NestLowering::shortRows(size_t level) {
  unsigned across = strategy.order[level], inner = strategy.order[level + 1];
  int64_t side = strategy.lanes;
  Value count =
      builder.createOrFold<arith::SubIOp>(loc, last[inner], first[inner]);
  Value rest = builder.createOrFold<arith::RemUIOp>(loc, count, constant(side));
  Value whole = builder.createOrFold<arith::SubIOp>(loc, last[inner], rest);
  if (strategy.picks) {
    if (side > 1)
      forLoop(first[inner], whole, side, {}, [&](ValueRange) {
        lanes = side;
        pickRows();
        lanes = 1;
        return Values();
      });
    if (side == 1 || !isConstantIntValue(rest, 0))
      forLoop(side > 1 ? whole : first[inner], last[inner], 1, {},
              [&](ValueRange) { return pickRows(), Values(); });
    return;
  }
  forLoop(first[inner], whole, side, {}, [&](ValueRange) {
    lanes = side;
    SmallVector<Values> columns(op->getNumOperands());
    for (OpOperand &operand : op->getOpOperands())
      if (isa<MemRefType>(operand.get().getType()) &&
          op.payloadUsesValueFromOperand(&operand) &&
          isRowOf(operand, across) &&
          (strategy.writesRows || op.isDpsInput(&operand)))
        columns[operand.getOperandNumber()] = columnsOf(operand, across);
    rowsStep(columns);
    lanes = 1;
    return Values();
  });
  if (isConstantIntValue(rest, 0))
    return;
  forLoop(whole, last[inner], 1, {}, [&](ValueRange) {
    rowsStep(SmallVector<Values>(op->getNumOperands()));
    return Values();
  });
}
