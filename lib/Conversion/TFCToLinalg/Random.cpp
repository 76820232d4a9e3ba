//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Philox4x32-10: each element computes its block of four words and takes its own.
//===----------------------------------------------------------------------===//

#include "Lowering.h"
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

  Value number(Type type, int64_t n) { return numberScalar(l.b, l.loc, type, n); }
  Value add(Value x, Value y) { return arith::AddIOp::create(l.b, l.loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulIOp::create(l.b, l.loc, x, y); }
  Value xorOf(Value x, Value y) { return arith::XOrIOp::create(l.b, l.loc, x, y); }
  Value low(Value x) { return arith::TruncIOp::create(l.b, l.loc, i32, x); }
  Value high(Value x) {
    return low(arith::ShRUIOp::create(l.b, l.loc, x, number(i64, 32)));
  }
  Value wide(Value x) { return arith::ExtUIOp::create(l.b, l.loc, i64, x); }
};

} // namespace

/// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
static SmallVector<Value> philox(Words &w, Value key, Value counterLow, Value counterHigh) {
  SmallVector<Value> c{w.low(counterLow), w.high(counterLow), w.low(counterHigh), w.high(counterHigh)};
  Value k0 = w.low(key), k1 = w.high(key);
  for (int round = 0; round < 10; ++round) {
    Value a = w.mul(w.wide(c[0]), w.number(w.i64, 0xD2511F53));
    Value b = w.mul(w.wide(c[2]), w.number(w.i64, 0xCD9E8D57));
    c = {w.xorOf(w.xorOf(w.high(b), c[1]), k0), w.low(b), w.xorOf(w.xorOf(w.high(a), c[3]), k1), w.low(a)};
    k0 = w.add(k0, w.number(w.i32, static_cast<int32_t>(0x9E3779B9)));
    k1 = w.add(k1, w.number(w.i32, static_cast<int32_t>(0xBB67AE85)));
  }
  return c;
}

static LogicalResult lowerRandomBits(Lowering &l, RandomBitsOp op) {
  Type element = elementOf(op.getResult());
  bool isWide = element.getIntOrFloatBitWidth() == 64;
  ArrayRef<Dim> shape = l.dims.of(op.getResult());
  Value key = l.extract(l.value(op.getKey()), l.constantIndex(0), elementOf(op.getKey()));
  Value counter = l.value(op.getCounter());
  Value low = l.extract(counter, l.constantIndex(0), elementOf(op.getCounter()));
  Value high = l.extract(counter, l.constantIndex(1), elementOf(op.getCounter()));
  Words w{l};

  auto element_ = [&](ValueRange ivs) -> Value {
    Value number = w.number(w.i64, 0);
    for (auto [iv, dim] : llvm::zip(ivs, shape))
      number = w.add(w.mul(number, w.number(w.i64, dim)), l.fromIndex(iv, w.i64));
    int64_t each = isWide ? 2 : 4; // elements in a block
    Value block = arith::ShRUIOp::create(l.b, l.loc, number, w.number(w.i64, isWide ? 1 : 2));
    Value lane = arith::AndIOp::create(l.b, l.loc, number, w.number(w.i64, each - 1));
    Value counterLow = w.add(low, block);
    Value carry = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::ult, counterLow, low);
    Value counterHigh = w.add(high, w.wide(arith::ExtUIOp::create(l.b, l.loc, w.i32, carry)));
    SmallVector<Value> words = philox(w, key, counterLow, counterHigh);
    if (isWide)
      for (int i = 0; i < 2; ++i) {
        Value upper = arith::ShLIOp::create(l.b, l.loc, w.wide(words[2 * i + 1]), w.number(w.i64, 32));
        words[i] = arith::OrIOp::create(l.b, l.loc, upper, w.wide(words[2 * i]));
      }
    Value result = words[0];
    for (int64_t i = 1; i < each; ++i) {
      Value mine = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq, lane, w.number(w.i64, i));
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

void lowering::addRandomHandlers(Handlers &handlers) { addHandler<RandomBitsOp, lowerRandomBits>(handlers); }
