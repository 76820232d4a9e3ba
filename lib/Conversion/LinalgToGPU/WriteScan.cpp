//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Running sums and products.
//
// byBlock   a block goes through its row chunk by chunk. Each thread adds up a
//           few neighbouring elements, the block scans the sums of its threads
//           in shared memory (Hillis and Steele), and the sum of all chunks
//           before is carried on.
// long rows of which there are few are cut into pieces: the sum of each piece,
//           a scan of these, and a scan of each piece that starts with what
//           came before it (reduce, then scan).
// byThread  a thread for each row: in strict order, and for many rows across
//           memory, which neighbouring threads read together.
//===----------------------------------------------------------------------===//

#include "Writer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc::device;
using tfc::rt::ScanOp;

namespace {

constexpr int64_t perThread = 4;     ///< elements of a thread in a chunk
constexpr int64_t mostPieces = 256;  ///< of a long row
constexpr int64_t leastPiece = 4096; ///< elements of a piece

/// What a kernel of a scan does.
struct Task {
  StringRef kind;
  Value input{}, output{};  ///< no output: only the sum of a piece, to `totals`
  int64_t piece = 0;        ///< elements of a piece, if rows are cut into such
  Value totals{}, starts{}; ///< one element for each piece of each row, or null
  bool exclusive = false;
};

class Scanner {
public:
  Scanner(ScanOp op, int64_t number, const DeviceLimits &limits)
      : op(op), number(number), limits(limits),
        type(cast<MemRefType>(op.getInput().getType())),
        axis(op.getDimension()), element(type.getElementType()),
        accumulator(element) {
    if (element.isF16() || element.isBF16())
      accumulator = Float32Type::get(op.getContext());
  }

  void run(bool reassociate);

private:
  void byThread();
  void byBlock(const Task &task);
  void measure(Writer &writer);
  Value neutral(Writer &writer);
  Value combine(Writer &writer, Value x, Value y);
  /// Prefixes of one value of each thread, itself included, and the whole.
  std::pair<Value, Value> scanThreads(Writer &writer, Value mine);
  Value read(Writer &writer, Value from, ArrayRef<Value> at);
  void write(Writer &writer, Value value, Value to, ArrayRef<Value> at);
  /// The indices of the element that comes `place`-th in a row.
  Values indices(Writer &writer, ArrayRef<Value> others, Value place);
  Value extent() { return sizes[axis]; }
  Values otherSizes() {
    Values result(sizes);
    result.erase(result.begin() + axis);
    return result;
  }

  ScanOp op;
  int64_t number;
  const DeviceLimits &limits;
  MemRefType type;
  int64_t axis;
  Type element, accumulator;
  Values sizes;          ///< of the host
  Value rows;            ///< how many there are
  int64_t numPieces = 1; ///< of each row
};

void Scanner::measure(Writer &writer) {
  sizes.clear();
  rows = arith::ConstantIndexOp::create(writer.outer, 1);
  for (int64_t i = 0; i < type.getRank(); ++i) {
    sizes.push_back(
        type.isDynamicDim(i)
            ? Value(memref::DimOp::create(writer.outer, op.getInput(), i))
            : Value(arith::ConstantIndexOp::create(writer.outer,
                                                   type.getDimSize(i))));
    if (i != axis)
      rows = writer.outer.createOrFold<arith::MulIOp>(rows, sizes.back());
  }
}

Value Scanner::neutral(Writer &writer) {
  auto &b = writer.b;
  double value = op.getProduct() ? 1 : 0;
  if (auto complex = dyn_cast<ComplexType>(accumulator)) {
    Type part = complex.getElementType();
    Value real = arith::ConstantOp::create(b, b.getFloatAttr(part, value));
    Value none = arith::ConstantOp::create(b, b.getFloatAttr(part, 0));
    return complex::CreateOp::create(b, complex, real, none);
  }
  if (isa<FloatType>(accumulator))
    return arith::ConstantOp::create(b, b.getFloatAttr(accumulator, value));
  return arith::ConstantOp::create(
      b, b.getIntegerAttr(accumulator, static_cast<int64_t>(value)));
}

Value Scanner::combine(Writer &writer, Value x, Value y) {
  auto &b = writer.b;
  if (isa<ComplexType>(accumulator))
    return op.getProduct() ? Value(complex::MulOp::create(b, x, y))
                           : Value(complex::AddOp::create(b, x, y));
  if (isa<FloatType>(accumulator))
    return op.getProduct() ? Value(arith::MulFOp::create(b, x, y))
                           : Value(arith::AddFOp::create(b, x, y));
  return op.getProduct() ? Value(arith::MulIOp::create(b, x, y))
                         : Value(arith::AddIOp::create(b, x, y));
}

Value Scanner::read(Writer &writer, Value from, ArrayRef<Value> at) {
  Value value = writer.loadAt(from, at);
  return value.getType() == accumulator
             ? value
             : Value(arith::ExtFOp::create(writer.b, accumulator, value));
}

void Scanner::write(Writer &writer, Value value, Value to, ArrayRef<Value> at) {
  if (cast<MemRefType>(to.getType()).getElementType() != accumulator)
    value = arith::TruncFOp::create(writer.b, element, value);
  writer.storeAt(value, to, at);
}

Values Scanner::indices(Writer &writer, ArrayRef<Value> others, Value place) {
  auto &b = writer.b;
  if (op.getReverse()) {
    Value last = b.createOrFold<arith::SubIOp>(extent(), writer.constant(1));
    place = b.createOrFold<arith::SubIOp>(last, place);
  }
  Values at(others);
  at.insert(at.begin() + axis, place);
  return at;
}

std::pair<Value, Value> Scanner::scanThreads(Writer &writer, Value mine) {
  auto &b = writer.b;
  // Two pieces in turn: one barrier a step.
  Value rooms[2] = {writer.sharedElements(writer.threads(), accumulator),
                    writer.sharedElements(writer.threads(), accumulator)};
  int at = 0;
  writer.storeTo(mine, rooms[at], writer.thread());
  writer.barrier();
  for (int64_t reach = 1; reach < writer.threads(); reach *= 2) {
    Value distance = writer.constant(reach);
    Value has = arith::CmpIOp::create(b, arith::CmpIPredicate::uge,
                                      writer.thread(), distance);
    Value before = arith::SelectOp::create(
        b, has, arith::SubIOp::create(b, writer.thread(), distance),
        writer.constant(0));
    Value theirs = writer.loadFrom(rooms[at], before, accumulator);
    mine = writer.select(has, combine(writer, theirs, mine), mine);
    at ^= 1;
    writer.storeTo(mine, rooms[at], writer.thread());
    writer.barrier();
  }
  Value isFirst = writer.less(writer.thread(), writer.constant(1));
  Value before = arith::SelectOp::create(
      b, isFirst, writer.constant(0),
      arith::SubIOp::create(b, writer.thread(), writer.constant(1)));
  Value prefix = writer.loadFrom(rooms[at], before, accumulator);
  prefix = writer.select(isFirst, neutral(writer), prefix);
  Value whole = writer.loadFrom(
      rooms[at], writer.constant(writer.threads() - 1), accumulator);
  writer.barrier(); // the next chunk uses the same memory
  return {prefix, whole};
}

void Scanner::byBlock(const Task &task) {
  int64_t longest = task.piece                ? task.piece
                    : type.isDynamicDim(axis) ? limits.maxThreads * perThread
                                              : type.getDimSize(axis);
  if (task.input != op.getInput())
    longest = numPieces;
  int64_t threads =
      std::clamp<int64_t>(llvm::PowerOf2Ceil(llvm::divideCeil(
                              std::max<int64_t>(longest, 1), perThread)),
                          32, limits.maxThreads);
  Writer writer(op, number, task.kind, threads);
  auto &b = writer.b;
  measure(writer);
  Value end = extent(), pieces = writer.constant(numPieces);
  Value count = rows;
  if (task.piece)
    count = writer.outer.createOrFold<arith::MulIOp>(
        rows, arith::ConstantIndexOp::create(writer.outer, numPieces));
  bool ofTotals = task.input != op.getInput();
  Value most = arith::ConstantIndexOp::create(writer.outer, limits.maxBlocks);
  Value blocks = writer.outer.createOrFold<arith::MinUIOp>(count, most);
  writer.setGrid(blocks);
  if (ofTotals)
    end = writer.constant(numPieces);
  auto run = [&](Value block) {
    Value row = block, from = writer.constant(0), to = end;
    if (task.piece) {
      row = b.createOrFold<arith::DivUIOp>(block, pieces);
      Value part = b.createOrFold<arith::RemUIOp>(block, pieces);
      from = writer.mul(part, writer.constant(task.piece));
      to = arith::MinUIOp::create(
          b, writer.add(from, writer.constant(task.piece)), end);
    }
    Values others = ofTotals ? Values() : writer.delinearize(row, otherSizes());
    auto at = [&](Value place) {
      return ofTotals ? Values{writer.add(
                            writer.mul(row, writer.constant(numPieces)), place)}
                      : indices(writer, others, place);
    };
    Value start =
        task.starts ? read(writer, task.starts, block) : neutral(writer);
    Value chunk = writer.constant(threads * perThread);
    auto each = [&](Value base, ValueRange carried) -> Values {
      Value first = writer.add(
          base, writer.mul(writer.thread(), writer.constant(perThread)));
      Values elements, places, inside;
      Value mine;
      for (int64_t i = 0; i < perThread; ++i) {
        Value place = writer.add(first, writer.constant(i));
        Value has = writer.less(place, to);
        Value value = writer.ifElse(
            has, accumulator,
            [&] { return read(writer, task.input, at(place)); },
            [&] { return neutral(writer); });
        mine = mine ? combine(writer, mine, value) : value;
        elements.push_back(value);
        places.push_back(place);
        inside.push_back(has);
      }
      auto [before, whole] = scanThreads(writer, mine);
      Value next = combine(writer, carried[0], whole);
      if (!task.output)
        return {next};
      Value now = combine(writer, carried[0], before);
      for (int64_t i = 0; i < perThread; ++i) {
        Value after = combine(writer, now, elements[i]);
        Value result = task.exclusive ? now : after;
        writer.when(inside[i],
                    [&] { write(writer, result, task.output, at(places[i])); });
        now = after;
      }
      return {next};
    };
    Value total = writer.loop(from, to, chunk, start, each).front();
    if (task.totals)
      writer.when(writer.less(writer.thread(), writer.constant(1)),
                  [&] { write(writer, total, task.totals, block); });
  };
  writer.loop(writer.block(), count, blocks, run);
}

void Scanner::byThread() {
  Writer writer(op, number, "scan-by-thread", 64);
  measure(writer);
  Value width = arith::ConstantIndexOp::create(writer.outer, 64);
  Value blocks = writer.outer.createOrFold<arith::CeilDivUIOp>(rows, width);
  Value most = arith::ConstantIndexOp::create(writer.outer, limits.maxBlocks);
  blocks = writer.outer.createOrFold<arith::MinUIOp>(blocks, most);
  writer.setGrid(blocks);
  Value stride = writer.outer.createOrFold<arith::MulIOp>(blocks, width);
  Value id = writer.add(writer.mul(writer.block(), writer.constant(64)),
                        writer.thread());
  writer.loop(id, rows, stride, [&](Value row) {
    Values others = writer.delinearize(row, otherSizes());
    writer.loop(writer.constant(0), extent(), writer.constant(1),
                neutral(writer), [&](Value place, ValueRange carried) {
                  Values at = indices(writer, others, place);
                  Value after = combine(writer, carried[0],
                                        read(writer, op.getInput(), at));
                  write(writer, op.getExclusive() ? carried[0] : after,
                        op.getInit(), at);
                  return Values{after};
                });
  });
}

void Scanner::run(bool reassociate) {
  int64_t count = 1;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (i != axis)
      count =
          type.isDynamicDim(i) || count < 0 ? -1 : count * type.getDimSize(i);
  int64_t length = type.getDimSize(axis);
  bool isLast = true;
  for (int64_t i = axis + 1; i < type.getRank(); ++i)
    isLast &= type.getDimSize(i) == 1;
  bool exact = isa<IntegerType>(element);
  bool shortRows = !ShapedType::isDynamic(length) && length <= 16;
  bool manyAcross = !isLast && (count < 0 || count >= 1024);
  if ((!reassociate && !exact) || shortRows || manyAcross)
    return byThread();
  Task whole{"scan", op.getInput(), op.getInit()};
  whole.exclusive = op.getExclusive();
  if (count < 0 || count > 64 || ShapedType::isDynamic(length) ||
      length < 4 * leastPiece)
    return byBlock(whole);
  // Pieces: their sums, a scan of these, and what is left.
  int64_t piece =
      std::max<int64_t>(leastPiece, llvm::divideCeil(length, mostPieces));
  numPieces = llvm::divideCeil(length, piece);
  ImplicitLocOpBuilder outer(op.getLoc(), op);
  auto type = MemRefType::get({count * numPieces}, accumulator);
  Value sums = memref::AllocOp::create(outer, type);
  Value starts = memref::AllocOp::create(outer, type);
  Task first{"scan-sums", op.getInput(), Value(), piece};
  first.totals = sums;
  byBlock(first);
  Task second{"scan", sums, starts};
  second.exclusive = true;
  byBlock(second);
  whole.piece = piece;
  whole.starts = starts;
  byBlock(whole);
}

} // namespace

void tfc::device::writeScan(ScanOp scan, int64_t number,
                            const DeviceLimits &limits, bool reassociate) {
  Scanner(scan, number, limits).run(reassociate);
}
