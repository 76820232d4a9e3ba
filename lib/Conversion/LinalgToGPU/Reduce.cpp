//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Reductions: what partial results are, by one thread, by the threads of a
// block, by several blocks.
//
// A thread adds up floats in blocks of 32, then blocks of such blocks, so that
// a term is rounded a few times only, however many there are.
//===----------------------------------------------------------------------===//

#include "Writer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tfc::device;
using linalg::LinalgOp;

//===----------------------------------------------------------------------===//
// What can be combined
//===----------------------------------------------------------------------===//

/// Is the value made of `leaves` alone, by ops of the block?
static bool dependsOnlyOn(Value value, ArrayRef<Value> leaves) {
  if (llvm::is_contained(leaves, value))
    return true;
  Operation *op = value.getDefiningOp();
  return op && op->getNumRegions() == 0 &&
         isa<arith::ArithDialect>(op->getDialect()) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return dependsOnlyOn(operand, leaves);
         });
}

/// The element that is never better than another one.
static TypedAttr worstOf(Operation *compare, Type type) {
  Builder b(type.getContext());
  if (auto floats = dyn_cast<arith::CmpFOp>(compare)) {
    bool greatest = floats.getPredicate() == arith::CmpFPredicate::OGT;
    if (!greatest && floats.getPredicate() != arith::CmpFPredicate::OLT)
      return {};
    return b.getFloatAttr(
        type,
        APFloat::getInf(cast<FloatType>(type).getFloatSemantics(), greatest));
  }
  auto integers = dyn_cast<arith::CmpIOp>(compare);
  if (!integers)
    return {};
  unsigned width = type.getIntOrFloatBitWidth();
  switch (integers.getPredicate()) {
  case arith::CmpIPredicate::sgt:
    return b.getIntegerAttr(type, APInt::getSignedMinValue(width));
  case arith::CmpIPredicate::slt:
    return b.getIntegerAttr(type, APInt::getSignedMaxValue(width));
  case arith::CmpIPredicate::ugt:
    return b.getIntegerAttr(type, APInt::getMinValue(width));
  case arith::CmpIPredicate::ult:
    return b.getIntegerAttr(type, APInt::getMaxValue(width));
  default:
    return {};
  }
}

/// select(better(x, best), x, best), select(better(x, best), index, place): the
/// first position of an extreme.
static std::optional<Combiner> matchExtreme(LinalgOp op) {
  OperandRange yields = op.getBlock()->getTerminator()->getOperands();
  auto best = yields[0].getDefiningOp<arith::SelectOp>(),
       place = yields[1].getDefiningOp<arith::SelectOp>();
  Value bestBefore = op.getMatchingBlockArgument(op.getDpsInitOperand(0)),
        placeBefore = op.getMatchingBlockArgument(op.getDpsInitOperand(1));
  if (!best || !place || best.getCondition() != place.getCondition() ||
      best.getFalseValue() != bestBefore ||
      place.getFalseValue() != placeBefore || !placeBefore.hasOneUse() ||
      !isa<IntegerType>(placeBefore.getType()) ||
      !bestBefore.getType().isIntOrFloat())
    return std::nullopt;
  Value x = best.getTrueValue();
  Operation *compare = best.getCondition().getDefiningOp();
  if (auto either = dyn_cast_or_null<arith::OrIOp>(compare)) // NaN counts, too
    compare = either.getLhs().getDefiningOp();
  auto compares = [&](unsigned i, Value element) { // halves as floats
    Value value = compare->getOperand(i);
    auto widen = value.getDefiningOp<arith::ExtFOp>();
    return (widen ? widen.getIn() : value) == element;
  };
  if (!compare || compare->getNumOperands() != 2 || !compares(0, x) ||
      !compares(1, bestBefore) ||
      !dependsOnlyOn(best.getCondition(), {x, bestBefore}))
    return std::nullopt;
  TypedAttr worst = worstOf(compare, bestBefore.getType());
  if (!worst)
    return std::nullopt;
  Combiner combiner;
  combiner.better = best.getCondition();
  combiner.x = x;
  combiner.best = bestBefore;
  combiner.neutral = {
      worst, Builder(op.getContext()).getIntegerAttr(placeBefore.getType(), 0)};
  return combiner;
}

std::optional<Combiner> tfc::device::matchCombiner(LinalgOp op) {
  if (op.getNumDpsInits() == 2 && op.getNumReductionLoops() == 1)
    return matchExtreme(op);
  if (op.getNumDpsInits() != 1)
    return std::nullopt;
  Combiner combiner;
  Value out = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  Value last = op.getBlock()->getTerminator()->getOperand(0);
  auto isCast = [](Operation *cast) {
    return isa_and_present<arith::ExtFOp, arith::TruncFOp, arith::ExtUIOp,
                           arith::TruncIOp>(cast);
  };
  if (!out.hasOneUse())
    return std::nullopt;
  if (Operation *cast = last.getDefiningOp(); isCast(cast)) {
    combiner.narrow = cast;
    last = cast->getOperand(0);
  }
  Operation *user = *out.getUsers().begin();
  if (isCast(user) && user->getResult(0).hasOneUse()) {
    combiner.widen = user;
    out = user->getResult(0);
    user = *out.getUsers().begin();
  }
  if (bool(combiner.narrow) != bool(combiner.widen) ||
      user->getNumOperands() != 2 || last.getDefiningOp() != user ||
      user->getOperand(0) == user->getOperand(1))
    return std::nullopt;
  // A sum in another order is another sum.
  if (auto fast = dyn_cast<arith::ArithFastMathInterface>(user);
      fast && isa<arith::AddFOp, arith::MulFOp>(user) &&
      !bitEnumContainsAll(fast.getFastMathFlagsAttr().getValue(),
                          arith::FastMathFlags::reassoc))
    return std::nullopt;
  if (!isa<arith::ArithDialect>(user->getDialect()))
    return std::nullopt;
  std::optional<TypedAttr> neutral = arith::getNeutralElement(user);
  if (!neutral)
    return std::nullopt;
  combiner.op = user;
  combiner.accumulated = user->getOperand(0) == out ? 0 : 1;
  combiner.neutral = {*neutral};
  return combiner;
}

bool Combiner::isFloatSum() const { return op && isa<arith::AddFOp>(op); }

Values Writer::neutralOf(const Combiner &combiner) {
  Values values;
  for (TypedAttr value : combiner.neutral)
    values.push_back(arith::ConstantOp::create(b, value));
  return values;
}

/// Computes a value again for other leaves.
static Value cloneFor(ImplicitLocOpBuilder &b, Value value,
                      IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    cloneFor(b, operand, mapping);
  return b.clone(*op, mapping)->getResult(0);
}

Values Writer::combine(const Combiner &combiner, ValueRange x, ValueRange y) {
  if (combiner.op) {
    Operation *clone = b.clone(*combiner.op);
    clone->setOperand(combiner.accumulated, x[0]);
    clone->setOperand(1 - combiner.accumulated, y[0]);
    return {clone->getResult(0)};
  }
  // Of two that are equally good, the one that comes first.
  auto isBetter = [&](Value a, Value than) {
    IRMapping mapping;
    mapping.map(combiner.x, a);
    mapping.map(combiner.best, than);
    return cloneFor(b, combiner.better, mapping);
  };
  Value wins = isBetter(x[0], y[0]), loses = isBetter(y[0], x[0]);
  Value isFirst =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x[1], y[1]);
  // wins or (not loses and first)
  Value no = arith::ConstantOp::create(b, b.getBoolAttr(false));
  Value among = arith::SelectOp::create(b, loses, no, isFirst);
  Value takes = arith::OrIOp::create(b, wins, among);
  return {arith::SelectOp::create(b, takes, x[0], y[0]),
          arith::SelectOp::create(b, takes, x[1], y[1])};
}

//===----------------------------------------------------------------------===//
// One thread
//===----------------------------------------------------------------------===//

Values Writer::update(Step &step, const Combiner &combiner, ArrayRef<Value> ivs,
                      ValueRange accumulators) {
  Values arguments = loadInputs(step, ivs);
  if (!combiner.widen) {
    llvm::append_range(arguments, accumulators);
    return body(step, arguments, ivs);
  }
  // The body works on the accumulator in the type of the buffer; the casts
  // there and back are left out.
  arguments.push_back(Value());
  IRMapping mapping;
  Block &block = *step.op.getBlock();
  for (auto [argument, value] : llvm::zip(block.getArguments(), arguments))
    if (value)
      mapping.map(argument, value);
  mapping.map(combiner.widen->getResult(0), accumulators[0]);
  for (Operation &nested : block.without_terminator()) {
    if (&nested == combiner.widen || &nested == combiner.narrow)
      continue;
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      mapping.map(index.getResult(), ivs[index.getDim()]);
      continue;
    }
    Operation *clone = b.clone(nested, mapping);
    rewriteLoads(clone);
  }
  return {mapping.lookup(combiner.op->getResult(0))};
}

constexpr int64_t blockTerms = 32; ///< that are added up one after the other

Values Writer::inBlocks(const Combiner &combiner, Value from, Value to,
                        Value stride, ValueRange start, int64_t trips,
                        llvm::function_ref<Values(Value, ValueRange)> each) {
  int64_t width = 1; // iterations of a step of the outermost loop
  if (combiner.isFloatSum()) {
    if (trips < 0)
      width = blockTerms * blockTerms; // not known
    while (width * blockTerms < trips)
      width *= blockTerms;
  }
  if (width == 1)
    return loop(from, to, stride, start, each);
  Value step = mul(stride, constant(width));
  return loop(from, to, step, start, [&](Value i, ValueRange now) {
    Value end = arith::MinUIOp::create(b, add(i, step), to);
    Values part =
        inBlocks(combiner, i, end, stride, neutralOf(combiner), width, each);
    return combine(combiner, now, part);
  });
}

/// All of a reduction's loops from `position` on.
Values Writer::reduceInBlocks(Step &step, const Combiner &combiner,
                              unsigned position, ArrayRef<Value> sizes,
                              Values &ivs, ValueRange start) {
  if (position == sizes.size())
    return update(step, combiner, ivs, start);
  Value &iv = ivs[step.loops.order[position]];
  int64_t trips = getConstantIntValue(sizes[position]).value_or(-1);
  bool isLast = position + 1 == sizes.size();
  if (trips == 1) {
    iv = constant(0);
    return reduceInBlocks(step, combiner, position + 1, sizes, ivs, start);
  }
  return inBlocks(combiner, constant(0), sizes[position], constant(1), start,
                  trips, [&](Value i, ValueRange now) {
                    iv = i;
                    if (isLast)
                      return update(step, combiner, ivs, now);
                    Values part =
                        reduceInBlocks(step, combiner, position + 1, sizes, ivs,
                                       neutralOf(combiner));
                    return combine(combiner, now, part);
                  });
}

Values Writer::reduce(Step &step, unsigned position, ArrayRef<Value> sizes,
                      Values &ivs, ValueRange carried) {
  if (position == sizes.size()) {
    Values arguments = loadInputs(step, ivs);
    llvm::append_range(arguments, carried);
    return body(step, arguments, ivs);
  }
  return loop(constant(0), sizes[position], constant(1), carried,
              [&](Value i, ValueRange now) {
                ivs[step.loops.order[position]] = i;
                return reduce(step, position + 1, sizes, ivs, now);
              });
}

/// How often the loops run, -1 if that is not known.
static int64_t countOf(ArrayRef<Value> sizes) {
  int64_t count = 1;
  for (Value size : sizes) {
    std::optional<int64_t> number = getConstantIntValue(size);
    if (!number)
      return -1;
    count *= *number;
  }
  return count;
}

void Writer::point(Step &step, ArrayRef<Value> sizes, Values ivs) {
  unsigned numParallel = step.loops.numParallel;
  bool reduces = sizes.size() > numParallel;
  int64_t terms = countOf(sizes.drop_front(numParallel));
  if (reduces && (terms < 0 || terms > blockTerms))
    if (std::optional<Combiner> combiner = matchCombiner(step.op);
        combiner && combiner->isFloatSum()) {
      Values sum = reduceInBlocks(step, *combiner, numParallel, sizes, ivs,
                                  neutralOf(*combiner));
      return addToResult(step, *combiner, ivs, sum);
    }
  Values inits;
  for (OpOperand &init : step.op.getDpsInitsMutable())
    inits.push_back(reduces || step.op.payloadUsesValueFromOperand(&init)
                        ? load(step, init, ivs)
                        : Value());
  Values results = reduce(step, numParallel, sizes, ivs, inits);
  for (auto [init, value] : llvm::zip(step.op.getDpsInitsMutable(), results))
    store(step, init, ivs, value);
}

void Writer::addToResult(Step &step, const Combiner &combiner,
                         ArrayRef<Value> ivs, ValueRange sums) {
  Values before;
  for (OpOperand &init : step.op.getDpsInitsMutable())
    before.push_back(load(step, init, ivs));
  IRMapping mapping;
  if (combiner.widen) {
    mapping.map(combiner.widen->getOperand(0), before[0]);
    before[0] = b.clone(*combiner.widen, mapping)->getResult(0);
  }
  Values after = combine(combiner, before, sums);
  if (combiner.narrow) {
    mapping.map(combiner.narrow->getOperand(0), after[0]);
    after[0] = b.clone(*combiner.narrow, mapping)->getResult(0);
  }
  for (auto [init, value] : llvm::zip(step.op.getDpsInitsMutable(), after))
    store(step, init, ivs, value);
}

//===----------------------------------------------------------------------===//
// A block
//===----------------------------------------------------------------------===//

Values Writer::accumulate(Step &step, const Combiner &combiner,
                          ArrayRef<Value> sizes, Values &ivs, Value first,
                          Value stride) {
  ArrayRef<Value> reduced = sizes.drop_front(step.loops.numParallel);
  Value count = reduced.front();
  for (Value size : reduced.drop_front())
    count = outer.createOrFold<arith::MulIOp>(count, size);
  auto each = [&](Value i, ValueRange now) {
    for (auto [k, iv] : llvm::enumerate(delinearize(i, reduced)))
      ivs[step.loops.order[step.loops.numParallel + k]] = iv;
    return update(step, combiner, ivs, now);
  };
  std::optional<int64_t> all = getConstantIntValue(count),
                         by = getConstantIntValue(stride);
  int64_t trips = all && by ? llvm::divideCeil(*all, *by) : -1;
  return inBlocks(combiner, first, count, stride, neutralOf(combiner), trips,
                  each);
}

Values Writer::addPartials(Step &step, const Combiner &combiner,
                           ArrayRef<Value> sizes, ArrayRef<Value> ivs) {
  const Partials &made = partials.find(step.op)->second;
  Value at = constant(0);
  for (unsigned i = 0; i < step.loops.numParallel; ++i)
    at = add(mul(at, sizes[i]), ivs[step.loops.order[i]]);
  at = mul(at, constant(made.number));
  return loop(thread(), constant(made.number), constant(numThreads),
              neutralOf(combiner), [&](Value i, ValueRange now) {
                Values values;
                for (Value buffer : made.buffers)
                  values.push_back(
                      memref::LoadOp::create(b, buffer, add(at, i)));
                return combine(combiner, now, values);
              });
}

/// Registers are exchanged within subgroups, then one value of each goes
/// through shared memory; without subgroups, all do.
Values Writer::combineThreads(const Combiner &combiner, Values mine) {
  bool shuffles = subgroup > 1 && numThreads % subgroup == 0 &&
                  llvm::all_of(mine, [](Value value) {
                    Type type = value.getType();
                    return type.isF32() || type.isInteger(32);
                  });
  Values rooms;
  for (auto [i, value] : llvm::enumerate(mine)) {
    Scratch &pieces = scratch[{value.getType(), unsigned(i)}];
    Value &room = pieces.rooms[pieces.next];
    pieces.next ^= 1;
    if (!room && !(shuffles && numThreads == subgroup))
      room = shared(shuffles ? numThreads / subgroup : numThreads,
                    value.getType());
    rooms.push_back(room);
  }
  auto put = [&](ValueRange values, Value at) {
    for (auto [value, room] : llvm::zip(values, rooms))
      memref::StoreOp::create(b, value, room, at);
  };
  auto get = [&](Value at) {
    Values values;
    for (Value room : rooms)
      values.push_back(memref::LoadOp::create(b, room, at));
    return values;
  };
  if (!shuffles) {
    put(mine, thread());
    barrier();
    for (int64_t half = numThreads / 2; half > 0; half /= 2) {
      when(less(thread(), constant(half)), [&] {
        Values low = get(thread());
        Values high = get(add(thread(), constant(half)));
        put(combine(combiner, low, high), thread());
      });
      barrier();
    }
    return get(constant(0));
  }
  // After this, each of `width` neighbours has what all of them had.
  auto exchange = [&](Values values, int64_t width) {
    for (int64_t offset = width / 2; offset > 0; offset /= 2) {
      Values theirs;
      for (Value value : values)
        theirs.push_back(gpu::ShuffleOp::create(b, value,
                                                static_cast<int32_t>(offset),
                                                static_cast<int32_t>(subgroup),
                                                gpu::ShuffleMode::XOR)
                             .getShuffleResult());
      values = combine(combiner, values, theirs);
    }
    return values;
  };
  Values values = exchange(mine, subgroup);
  for (int64_t left = numThreads / subgroup; left > 1;) {
    // One of each subgroup writes; threads beyond `left` subgroups have copies.
    Value isFirst = arith::CmpIOp::create(
        b, arith::CmpIPredicate::eq,
        b.createOrFold<arith::RemUIOp>(thread(), constant(subgroup)),
        constant(0));
    Value writes = arith::AndIOp::create(
        b, isFirst, less(thread(), constant(left * subgroup)));
    Value at = b.createOrFold<arith::DivUIOp>(thread(), constant(subgroup));
    when(writes, [&] { put(values, at); });
    barrier();
    values = get(b.createOrFold<arith::RemUIOp>(thread(), constant(left)));
    int64_t width = std::min(left, subgroup);
    values = exchange(values, width);
    left /= width;
    if (left > 1)
      barrier();
  }
  return values;
}

void Writer::together(Step &step, const Combiner &combiner,
                      ArrayRef<Value> sizes, Values ivs) {
  Values mine = partials.contains(step.op)
                    ? addPartials(step, combiner, sizes, ivs)
                    : accumulate(step, combiner, sizes, ivs, thread(),
                                 constant(numThreads));
  Values sums = combineThreads(combiner, mine);
  when(less(thread(), constant(1)),
       [&] { addToResult(step, combiner, ivs, sums); });
  barrier();
}
