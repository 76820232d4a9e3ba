//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Philox4x32-10. Several blocks of four words at once, in vectors; where there
// are few numbers, or kernels are made of them, each element computes its block
// and takes its own.
//===----------------------------------------------------------------------===//

#include "Kernel.h"
#include "Ordered.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {

/// Arithmetic on words of 32 and 64 bits.
struct Words {
  Lowering &l;
  Type i32 = l.b.getI32Type(), i64 = l.b.getI64Type();

  Value number(Type type, int64_t n) {
    return numberScalar(l.b, l.loc, type, n);
  }
  Value add(Value x, Value y) {
    return arith::AddIOp::create(l.b, l.loc, x, y);
  }
  Value mul(Value x, Value y) {
    return arith::MulIOp::create(l.b, l.loc, x, y);
  }
  Value xorOf(Value x, Value y) {
    return arith::XOrIOp::create(l.b, l.loc, x, y);
  }
  Value low(Value x) { return arith::TruncIOp::create(l.b, l.loc, i32, x); }
  Value high(Value x) {
    return low(arith::ShRUIOp::create(l.b, l.loc, x, number(i64, 32)));
  }
  Value wide(Value x) { return arith::ExtUIOp::create(l.b, l.loc, i64, x); }
};

} // namespace

/// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
static SmallVector<Value> philox(Words &w, Value key, Value counterLow,
                                 Value counterHigh) {
  SmallVector<Value> c{w.low(counterLow), w.high(counterLow),
                       w.low(counterHigh), w.high(counterHigh)};
  Value k0 = w.low(key), k1 = w.high(key);
  for (int round = 0; round < 10; ++round) {
    Value a = w.mul(w.wide(c[0]), w.number(w.i64, 0xD2511F53));
    Value b = w.mul(w.wide(c[2]), w.number(w.i64, 0xCD9E8D57));
    c = {w.xorOf(w.xorOf(w.high(b), c[1]), k0), w.low(b),
         w.xorOf(w.xorOf(w.high(a), c[3]), k1), w.low(a)};
    k0 = w.add(k0, w.number(w.i32, static_cast<int32_t>(0x9E3779B9)));
    k1 = w.add(k1, w.number(w.i32, static_cast<int32_t>(0xBB67AE85)));
  }
  return c;
}

/// Lanes of x and y in turn.
static Num interleavePairs(Kernel &k, Num x, Num y) {
  int64_t lanes = cast<VectorType>(x.value.getType()).getNumElements();
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < lanes; ++i)
    llvm::append_values(order, i, lanes + i);
  return k.shuffle(x, y, order);
}

namespace {

/// A kernel that fills memory with the numbers of blocks that follow each
/// other.
class Stream {
public:
  Stream(Kernel &k, bool isWide) : k(k), isWide(isWide) {
    Num zero = k.index(0), one = k.index(1);
    key = k.input(0)(zero);
    low = k.splat(k.input(1)(zero), lanes);
    high = k.splat(k.input(1)(one), lanes);
  }
  static constexpr int64_t lanes = 8;
  int64_t each() const { return isWide ? 2 : 4; }

  /// Writes the numbers of `lanes` blocks, of which `from` is the first number.
  void fill(const Array &memory, Num from, Num to);

private:
  Type i64() const { return VectorType::get(lanes, k.b.getI64Type()); }
  Num number(int64_t n) const {
    return k.splat(k.num(numberScalar(k.b, k.loc, k.b.getI64Type(), n)), lanes);
  }
  Num upper(Num x) const {
    return k.num(arith::ShRUIOp::create(k.b, k.loc, x.value, number(32).value));
  }
  Num lower(Num x) const {
    return k.num(
        arith::AndIOp::create(k.b, k.loc, x.value, number(0xFFFFFFFF).value));
  }
  Num xorOf(Num x, Num y) const {
    return k.num(arith::XOrIOp::create(k.b, k.loc, x.value, y.value));
  }
  SmallVector<Num> block(Num counterLow, Num counterHigh) const;

  Kernel &k;
  bool isWide;
  Num key, low, high;
};

/// As `philox`; each word in the lower half of a lane, the upper one is not
/// used. So a round is two multiplications of lower halves, two shifts and four
/// exclusive ors.
SmallVector<Num> Stream::block(Num counterLow, Num counterHigh) const {
  SmallVector<Num> c{counterLow, upper(counterLow), counterHigh,
                     upper(counterHigh)};
  auto word = [&](int64_t n) {
    return k.num(numberScalar(k.b, k.loc, k.b.getI64Type(), n));
  };
  Num k0 = key,
      k1 = k.num(arith::ShRUIOp::create(k.b, k.loc, key.value, word(32).value));
  for (int round = 0; round < 10; ++round) {
    Num a = lower(c[0]) * number(0xD2511F53),
        b = lower(c[2]) * number(0xCD9E8D57);
    c = {xorOf(xorOf(upper(b), c[1]), k.splat(k0, lanes)), b,
         xorOf(xorOf(upper(a), c[3]), k.splat(k1, lanes)), a};
    k0 = k0 + word(0x9E3779B9);
    k1 = k1 + word(0xBB67AE85);
  }
  return c;
}

void Stream::fill(const Array &memory, Num from, Num to) {
  Value first = arith::IndexCastOp::create(k.b, k.loc, k.b.getI64Type(),
                                           (from / k.index(each())).value);
  auto numbers = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
  Value lane = arith::ConstantOp::create(
      k.b, k.loc,
      DenseElementsAttr::get(cast<VectorType>(i64()),
                             ArrayRef<int64_t>(numbers)));
  Num counterLow = low + k.splat(k.num(first), lanes) + k.num(lane);
  Value carry = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ult,
                                      counterLow.value, low.value);
  Num counterHigh =
      high + k.num(arith::ExtUIOp::create(k.b, k.loc, i64(), carry));
  SmallVector<Num> words = block(counterLow, counterHigh);
  auto write = [&](int64_t at, Num x) { memory.setVector(to + at, x); };
  auto half = [&](Num x, int64_t begin) {
    auto order = llvm::to_vector(llvm::seq<int64_t>(begin, begin + lanes));
    return k.shuffle(x, x, order);
  };
  if (isWide) {
    auto pair = [&](int i) {
      Num left = k.num(arith::ShLIOp::create(k.b, k.loc, words[i + 1].value,
                                             number(32).value));
      return k.num(
          arith::OrIOp::create(k.b, k.loc, left.value, lower(words[i]).value));
    };
    Num both = interleavePairs(k, pair(0), pair(2));
    write(0, half(both, 0));
    write(lanes, half(both, lanes));
    return;
  }
  auto type = VectorType::get(lanes, k.b.getI32Type());
  auto word = [&](int i) {
    return k.num(arith::TruncIOp::create(k.b, k.loc, type, words[i].value));
  };
  // Words 0 and 2 of each block, and 1 and 3: in turn they are whole blocks.
  Num even = interleavePairs(k, word(0), word(2)),
      odd = interleavePairs(k, word(1), word(3));
  write(0, interleavePairs(k, half(even, 0), half(odd, 0)));
  write(lanes * 2, interleavePairs(k, half(even, lanes), half(odd, lanes)));
}

} // namespace

/// Numbers of one piece of the work.
static constexpr int64_t pieceNumbers = 1024;

static LogicalResult lowerInVectors(Lowering &l, RandomBitsOp op) {
  Type element = elementOf(op.getResult());
  ArrayRef<Dim> shape = l.dims.of(op.getResult());
  int64_t count = 1;
  for (Dim dim : shape)
    count *= dim;
  Kernel k(l, {op.getKey(), op.getCounter()}, {{{count}, element}},
           storageType(element), Kernel::Loops::ofVectors);
  Stream stream(k, element.getIntOrFloatBitWidth() == 64);
  int64_t step = Stream::lanes * stream.each();
  Array result = k.output(0);
  Num zero = k.index(0);
  k.independent({count / pieceNumbers}, pieceNumbers, [&](ArrayRef<Num> at) {
    Num from = at[0] * k.index(pieceNumbers);
    k.loopBy(from, from + pieceNumbers, step,
             [&](Num i) { stream.fill(result, i, i); });
  });
  // The rest, and what lies after it, elsewhere.
  int64_t done = count / pieceNumbers * pieceNumbers;
  if (done < count) {
    int64_t padded = llvm::alignTo(count - done, step);
    Array rest = k.scratch({padded}, storageType(element));
    k.loopBy(zero, k.index(count - done), step,
             [&](Num i) { stream.fill(rest, i + done, i); });
    k.loop(zero, k.index(count - done),
           [&](Num i) { result.set(i + done, rest(i)); });
  }
  l.set(op.getResult(), l.reshape(k.finish()[0], {count}, shape));
  return success();
}

/// Fewer are not worth the code.
static constexpr int64_t leastInVectors = 256;

static LogicalResult lowerByElement(Lowering &l, RandomBitsOp op) {
  Type element = elementOf(op.getResult());
  bool isWide = element.getIntOrFloatBitWidth() == 64;
  ArrayRef<Dim> shape = l.dims.of(op.getResult());
  Value key = l.extract(l.value(op.getKey()), l.constantIndex(0),
                        elementOf(op.getKey()));
  Value counter = l.value(op.getCounter());
  Value low =
      l.extract(counter, l.constantIndex(0), elementOf(op.getCounter()));
  Value high =
      l.extract(counter, l.constantIndex(1), elementOf(op.getCounter()));
  Words w{l};

  auto element_ = [&](ValueRange ivs) -> Value {
    Value number = w.number(w.i64, 0);
    for (auto [iv, dim] : llvm::zip(ivs, shape))
      number =
          w.add(w.mul(number, w.number(w.i64, dim)), l.fromIndex(iv, w.i64));
    int64_t each = isWide ? 2 : 4; // elements in a block
    Value block = arith::ShRUIOp::create(l.b, l.loc, number,
                                         w.number(w.i64, isWide ? 1 : 2));
    Value lane =
        arith::AndIOp::create(l.b, l.loc, number, w.number(w.i64, each - 1));
    Value counterLow = w.add(low, block);
    Value carry = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::ult,
                                        counterLow, low);
    Value counterHigh =
        w.add(high, w.wide(arith::ExtUIOp::create(l.b, l.loc, w.i32, carry)));
    SmallVector<Value> words = philox(w, key, counterLow, counterHigh);
    if (isWide)
      for (int i = 0; i < 2; ++i) {
        Value upper = arith::ShLIOp::create(
            l.b, l.loc, w.wide(words[2 * i + 1]), w.number(w.i64, 32));
        words[i] =
            arith::OrIOp::create(l.b, l.loc, upper, w.wide(words[2 * i]));
      }
    Value result = words[0];
    for (int64_t i = 1; i < each; ++i) {
      Value mine = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq,
                                         lane, w.number(w.i64, i));
      result = arith::SelectOp::create(l.b, l.loc, mine, words[i], result);
    }
    return result;
  };
  if (shape.empty())
    l.set(op.getResult(), element_({}));
  else
    l.set(op.getResult(), l.generate(shape, element, element_));
  return success();
}

static LogicalResult lowerRandomBits(Lowering &l, RandomBitsOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  bool areMany =
      type.hasStaticShape() && type.getNumElements() >= leastInVectors;
  return areMany && !isForDevice(op) ? lowerInVectors(l, op)
                                     : lowerByElement(l, op);
}

void lowering::addRandomHandlers(Handlers &handlers) {
  addHandler<RandomBitsOp, lowerRandomBits>(handlers);
}
