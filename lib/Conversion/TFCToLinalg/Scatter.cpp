//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Writing where data says, one element after the other, so that duplicates add
// up in order.
//===----------------------------------------------------------------------===//

#include "Body.h"
#include "Kernel.h"
#include "Ordered.h"
#include "PoolGradient.h"
#include "Rows.h"
#include "Scalars.h"
#include "Slices.h"
#include "SortNetwork.h"
#include "TrueElements.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {
enum class Mode { Update, Add, Sub, Mul, Min, Max };
} // namespace

template <typename FloatOp, typename IntOp, typename UintOp, typename ComplexOp>
static Value applyUpdate(OpBuilder &b, Location loc, Type element, Value x,
                         Value y) {
  if (isComplex(element)) {
    if constexpr (std::is_void_v<ComplexOp>)
      return {};
    else
      return ComplexOp::create(b, loc, x, y);
  }
  if (isUnsigned(element))
    return UintOp::create(b, loc, x, y);
  if (!isFloat(element))
    return IntOp::create(b, loc, x, y);
  Type wide = isHalf(element) ? Type(b.getF32Type()) : element;
  Value result = FloatOp::create(b, loc, castScalar(b, loc, x, element, wide),
                                 castScalar(b, loc, y, element, wide));
  return castScalar(b, loc, result, wide, element);
}

static Value combineUpdate(OpBuilder &b, Location loc, Mode mode, Type element,
                           Value before, Value update) {
  using namespace arith;
  switch (mode) {
  case Mode::Update:
    return update;
  case Mode::Add:
    return applyUpdate<AddFOp, AddIOp, AddIOp, complex::AddOp>(b, loc, element,
                                                               before, update);
  case Mode::Sub:
    return applyUpdate<SubFOp, SubIOp, SubIOp, complex::SubOp>(b, loc, element,
                                                               before, update);
  case Mode::Mul:
    return applyUpdate<MulFOp, MulIOp, MulIOp, complex::MulOp>(b, loc, element,
                                                               before, update);
  case Mode::Min:
    return applyUpdate<MinimumFOp, MinSIOp, MinUIOp, void>(b, loc, element,
                                                           before, update);
  case Mode::Max:
    return applyUpdate<MaximumFOp, MaxSIOp, MaxUIOp, void>(b, loc, element,
                                                           before, update);
  }
  return {};
}

static Mode modeOf(ScatterOp op) {
  return llvm::StringSwitch<Mode>(op.getMode())
      .Case("add", Mode::Add)
      .Case("sub", Mode::Sub)
      .Case("mul", Mode::Mul)
      .Case("min", Mode::Min)
      .Case("max", Mode::Max)
      .Default(Mode::Update);
}

/// The place that the indices at `ivs` name, which are computed there if nobody
/// else needs them.
static FailureOr<SmallVector<Value>> placeOf(Lowering &l, ScatterOp op,
                                             ValueRange ivs) {
  Value indices = op.getIndices();
  int64_t depth =
      cast<RankedTensorType>(indices.getType()).getDimSize(rankOf(indices) - 1);
  Body body(l, {}, ivs);
  SmallVector<Value> numbers, to;
  for (int64_t i = 0; i < depth; ++i) {
    SmallVector<AffineExpr> at;
    for (size_t d = 0; d < ivs.size(); ++d)
      at.push_back(l.b.getAffineDimExpr(d));
    at.push_back(l.b.getAffineConstantExpr(i));
    numbers.push_back(body.element(indices, at));
    if (!numbers.back())
      return failure(); // the diagnostic is out
  }
  body.place();
  for (Value number : numbers)
    to.push_back(l.toIndex(number, elementOf(indices)));
  return to;
}

/// Do loops that read `x` compute it?
static bool isComputed(Lowering &l, Value x) {
  return x.getDefiningOp() && l.plan.isInline(x.getDefiningOp()) &&
         !l.isStored(x);
}

/// Is `x` computed where it is read, without reading a tensor?
static bool isMadeOfScalars(Lowering &l, Value x) {
  if (rankOf(x) == 0)
    return true;
  return isComputed(l, x) &&
         llvm::all_of(x.getDefiningOp()->getOperands(), [&](Value operand) {
           return isMadeOfScalars(l, operand);
         });
}

/// Lets a loop of its own compute what others would.
static LogicalResult storeComputed(Lowering &l, Value x) {
  if (!isComputed(l, x))
    return success();
  Value built = buildFused(l, x.getDefiningOp());
  if (built) // else the diagnostic is out
    l.set(x, built);
  return success(built);
}

/// What is stored before loops begin that compute other values themselves.
static void storeOutside(Lowering &l, Value x) {
  if (!x.getDefiningOp() || !l.plan.isInline(x.getDefiningOp()))
    l.value(x);
}

namespace {
/// The part of a tensor behind leading indices.
struct Row {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  RankedTensorType type;
};
} // namespace

static Row rowAt(Lowering &l, Value tensor, ValueRange at, ArrayRef<Dim> row) {
  Row result;
  Attribute zero = l.b.getIndexAttr(0), one = l.b.getIndexAttr(1);
  SmallVector<int64_t> shape;
  for (Value index : at) {
    result.offsets.push_back(index);
    result.sizes.push_back(one);
  }
  for (Dim dim : row) {
    result.offsets.push_back(zero);
    result.sizes.push_back(dim < 0 ? OpFoldResult(l.size(dim))
                                   : OpFoldResult(l.b.getIndexAttr(dim)));
    shape.push_back(dim < 0 ? ShapedType::kDynamic : dim);
  }
  result.strides.assign(result.offsets.size(), one);
  result.type = RankedTensorType::get(
      shape, cast<RankedTensorType>(tensor.getType()).getElementType());
  return result;
}

/// One loop over the indices; what belongs to one of them is combined row by
/// row, and computed there if nobody else needs it.
static Value scatterRows(Lowering &l, ScatterOp op, Mode mode,
                         ArrayRef<Value> extents, ArrayRef<Dim> space) {
  Type element = elementOf(op.getX());
  Value updates = op.getUpdates();
  storeOutside(l, updates);
  storeOutside(l, op.getIndices());
  bool isKnown = true;
  Value result = l.loopNest(
      extents, l.value(op.getX()),
      [&](ValueRange ivs, ValueRange carried) -> SmallVector<Value> {
        FailureOr<SmallVector<Value>> place = placeOf(l, op, ivs);
        if (failed(place)) {
          isKnown = false;
          return llvm::to_vector(carried);
        }
        Row to = rowAt(l, carried[0], *place, space);
        Value before = extractSlice(l, to.type, carried[0], to.offsets,
                                    to.sizes, to.strides);
        Body body(l, space, ivs);
        SmallVector<AffineExpr> at;
        for (size_t i = 0; i < ivs.size(); ++i)
          at.push_back(l.b.getAffineDimExpr(space.size() + i));
        llvm::append_range(at, body.identity());
        Value update = body.element(updates, at);
        if (!update) {
          isKnown = false; // the diagnostic is out
          return llvm::to_vector(carried);
        }
        Value old = toScalar(body.in, l.loc,
                             body.addOutput(before, body.identity()), element);
        Value after = combineUpdate(body.in, l.loc, mode, element, old, update);
        Value written =
            body.finish(toStorage(body.in, l.loc, after, element))[0];
        return {tensor::InsertSliceOp::create(
            l.b, l.loc, written, carried[0], to.offsets, to.sizes, to.strides)};
      })[0];
  return isKnown ? result : Value();
}

/// Is it fast enough to let each place look for the updates it gets?
static bool scattersByPlaces(Lowering &l, ScatterOp op) {
  constexpr int64_t most = int64_t(1) << 28;
  int64_t work = 1;
  Dims all(l.dims.of(op.getX()));
  llvm::append_range(all, l.dims.of(op.getIndices()).drop_back());
  for (Dim dim : all) {
    if (dim < 0 || work > most)
      return false;
    work *= std::max<int64_t>(dim, 1);
  }
  return work <= most && !isComplex(elementOf(op.getX()));
}

/// On a device: each place of the result takes the updates that name it, in
/// their order. What comes out is what one update after the other gives, to the
/// last bit.
static Value scatterByPlaces(Lowering &l, ScatterOp op, Mode mode) {
  Value x = op.getX(), indices = op.getIndices(), where = l.value(indices);
  Type element = elementOf(x);
  size_t rank = rankOf(x), outer = rankOf(indices) - 1;
  int64_t depth = l.dims.of(indices)[outer];
  Value given = op.getUpdates(), init = l.value(x);
  // Every place would compute what is inline.
  if (failed(storeComputed(l, given)))
    return {};
  l.value(given);
  Dims space(l.dims.of(x));
  llvm::append_range(space, l.dims.of(indices).take_front(outer));
  Body body(l, space);
  SmallVector<AffineExpr> all = body.identity();
  ArrayRef<AffineExpr> places = ArrayRef(all).take_front(rank),
                       updates = ArrayRef(all).drop_front(rank);
  Value isHere;
  for (int64_t i = 0; i < depth; ++i) {
    SmallVector<AffineExpr> at(updates);
    at.push_back(body.in.getAffineConstantExpr(i));
    Value index = body.load(where, at);
    Value place = arith::IndexCastOp::create(body.in, l.loc, index.getType(),
                                             body.iteration(i));
    Value same = arith::CmpIOp::create(body.in, l.loc, arith::CmpIPredicate::eq,
                                       index, place);
    isHere = isHere ? Value(arith::AndIOp::create(body.in, l.loc, isHere, same))
                    : same;
  }
  SmallVector<AffineExpr> at(updates);
  llvm::append_range(at, places.drop_front(depth));
  Value update = body.element(given, at);
  if (!update)
    return {};
  Value before = body.addOutput(init, places);
  Value after =
      combineUpdate(body.in, l.loc, mode, element,
                    toScalar(body.in, l.loc, before, element), update);
  after = toStorage(body.in, l.loc, after, element);
  if (isHere)
    after = arith::SelectOp::create(body.in, l.loc, isHere, after, before);
  SmallVector<int64_t> reduced =
      llvm::to_vector(llvm::seq<int64_t>(rank, space.size()));
  return body.finish(after, reduced)[0];
}

/// Updates that are looked at together. The four parts of a block do not begin
/// in the same sets of the first-level cache.
static constexpr int64_t updatesInBlock = 4160;

namespace {
/// Updates of single elements, and the places that they go to, as vectors.
struct Updates {
  Value places, values;
  /// Those of negative places are left out.
  bool dropsNegative = false;
};
} // namespace

/// The number that all elements of `x` are, if that is known.
static std::optional<TypedAttr> sameNumber(Value x) {
  while (auto broadcast = x.getDefiningOp<BroadcastToOp>())
    x = broadcast.getX();
  auto constant = x.getDefiningOp<ConstantOp>();
  auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue())
                           : DenseElementsAttr();
  if (!elements || !elements.isSplat())
    return std::nullopt;
  return elements.getSplatValue<TypedAttr>();
}

/// Does a combination with this number leave all numbers that it is combined
/// with, and that began with it, as they are?
static bool isNeutral(Mode mode, TypedAttr start) {
  auto real = dyn_cast<FloatAttr>(start);
  auto integer = dyn_cast<IntegerAttr>(start);
  switch (mode) {
  case Mode::Add:
  case Mode::Sub:
    return real ? real.getValue().isPosZero()
                : integer && integer.getValue().isZero();
  case Mode::Mul:
    return real ? real.getValue().isExactlyValue(1)
                : integer && integer.getValue().isOne();
  case Mode::Min:
  case Mode::Max:
    return true;
  case Mode::Update:
    return false;
  }
  return false;
}

/// What `select(places < 0, start, values)` adds to `select(places < 0, 0,
/// places)` of what is `start` at first changes nothing there where places are
/// negative: 0 and a sum that began with it, 1 and a product, the smallest
/// number and a maximum.
static std::optional<Updates> withoutNegative(ScatterOp op, Mode mode,
                                              Value places, Value values) {
  auto place = places.getDefiningOp<SelectOp>();
  auto value = values.getDefiningOp<SelectOp>();
  if (!place || !value || place.getCondition() != value.getCondition())
    return std::nullopt;
  auto absent = place.getCondition().getDefiningOp<LessOp>();
  auto isZero = [](Value x) {
    auto number = sameNumber(x);
    auto integer = number ? dyn_cast<IntegerAttr>(*number) : IntegerAttr();
    return integer && integer.getValue().isZero();
  };
  auto start = sameNumber(op.getX());
  if (!absent || absent.getX() != place.getY() || !isZero(absent.getY()) ||
      !isZero(place.getX()) || !start || !isNeutral(mode, *start) ||
      sameNumber(value.getX()) != start ||
      absent.getX().getType() != places.getType() ||
      value.getY().getType() != values.getType() ||
      isUnsigned(elementOf(places)))
    return std::nullopt;
  return Updates{place.getY(), value.getY(), /*dropsNegative=*/true};
}

/// What many updates of single elements are: nothing where their places are
/// computed one by one, or where there is nothing to gain.
static FailureOr<std::optional<Updates>> manyUpdates(Lowering &l, ScatterOp op,
                                                     Mode mode) {
  auto column = op.getIndices().getDefiningOp<ExpandDimsOp>();
  if (mode == Mode::Update || !column || rankOf(op.getX()) != 1 ||
      rankOf(op.getUpdates()) != 1 || isComplex(elementOf(op.getX())) ||
      !hasWideVectors(op))
    return std::optional<Updates>();
  Updates result{column.getX(), op.getUpdates()};
  if (rankOf(result.places) != 1 ||
      l.dims.of(result.places)[0] < updatesInBlock)
    return std::optional<Updates>();
  if (isComputed(l, result.places) && isComputed(l, result.values))
    if (auto others = withoutNegative(op, mode, result.places, result.values))
      result = *others;
  if (isComputed(l, result.places) || isMadeOfScalars(l, result.values))
    return std::optional<Updates>();
  // In vectors, which is worth storing them.
  if (failed(storeComputed(l, result.values)))
    return failure();
  return std::optional(result);
}

namespace {
/// Updates of single elements, one after the other. Where the places of a block
/// turn out to be in order, updates of one place are combined in a register,
/// and four parts of the block, each of which begins with another place than
/// the one before ends with, take turns, so that none waits for what was stored
/// last. Every place gets its updates in the same order either way.
///
/// The largest and smallest floats are found as integers of the same order,
/// which the result holds meanwhile: a comparison of floats that counts NaN and
/// signed zeros is several instructions, an integer's is one, and what becomes
/// of updates on the way is done in vectors.
class Runs {
public:
  Runs(Lowering &l, ScatterOp op, Mode mode, const Updates &given)
      : mode(mode), dropsNegative(given.dropsNegative),
        element(elementOf(op.getX())), placeElement(elementOf(given.places)),
        count(l.dims.of(given.places)[0]),
        k(l, {given.places, given.values},
          {{Dims(l.dims.of(op.getX())), storageType(element),
            l.value(op.getX())}},
          element, Kernel::Loops::ofVectors),
        places(k.input(0)), updates(k.input(1)), result(k.output(0)),
        lastPlace(k.size(l.dims.of(op.getX())[0]) - 1) {
    Dim room = l.dims.of(op.getX())[0];
    if ((mode == Mode::Min || mode == Mode::Max) &&
        (element.isF32() || element.isF64()) && room >= 0 && room <= count) {
      order = k.b.getIntegerType(element.getIntOrFloatBitWidth());
      size = room;
    }
  }

  Value build() {
    Num whole = k.index(count / block * block);
    if (order) {
      keys = k.scratch({block}, order);
      forResult([&](Num x) { return asFloat(keyOf(x)); });
    }
    if (count < leastOfParts) {
      updateBlocks(whole);
    } else {
      Num first = k.index(0);
      Cell ordered = k.cell(isThere(first) && isOrdered(first, lanes + 1));
      k.when(ordered, [&] { ordered = areOrdered(whole); });
      k.when(
          ordered, [&] { updateParts(whole); }, [&] { updateBlocks(whole); });
    }
    updateAll(whole, k.index(count));
    if (order)
      forResult([&](Num x) { return floatOf(asKey(x)); });
    return k.finish()[0];
  }

private:
  static constexpr int64_t block = updatesInBlock, chains = 4, lanes = 16;
  /// Threads share the parts of many updates that are in order.
  static constexpr int64_t leastOfParts = 16 * block, parts = 2;

  void updateBlocks(Num whole) {
    k.loopBy(k.index(0), whole, block, [&](Num begin) {
      if (order) {
        keysFrom = begin;
        k.loopBy(k.index(0), k.index(block), lanes, [&](Num i) {
          keys.setVector(i, keyOf(updates.vector(begin + i, lanes)));
        });
      }
      // Where places are in no order, most of a block need not be looked at.
      Cell ordered = k.cell(isThere(begin) && isOrdered(begin, lanes + 1));
      k.when(ordered, [&] { ordered = isOrdered(begin, block); });
      k.when(
          ordered, [&] { inOrder(begin, begin + block); },
          [&] { updateAll(begin, begin + block); });
    });
    keysFrom = Num();
  }

  /// Blocks, and where one goes on after another?
  Num areOrdered(Num whole) {
    Cell from = k.cell(k.index(0)), ordered = k.cell(k.truth(true));
    k.repeatWhile([&] { return Num(ordered) && Num(from) < whole; },
                  [&] {
                    Num begin = from, before = k.larger(begin - 1, k.index(0));
                    ordered = isOrdered(begin, block) &&
                              k.no(isLess(places(begin), places(before)));
                    from = begin + block;
                  });
    return ordered;
  }

  /// Each begins with another place than the one before ends with.
  void updateParts(Num whole) {
    k.independent({parts}, count / parts, [&](ArrayRef<Num> part) {
      auto start = [&](Num number) {
        Num from = k.smaller(number * k.index(count / parts), whole);
        Cell result = k.cell(k.index(0));
        k.when(k.index(0) < from, [&] { result = startFrom(from, whole); });
        return Num(result);
      };
      Num begin = start(part[0]), next = part[0] + 1;
      Cell end = k.cell(whole);
      k.when(next < k.index(parts), [&] { end = start(next); });
      inOrder(begin, end);
    });
  }

  /// What is between two starts goes to no other places than this.
  struct Chain {
    Num start, end;
    Cell place, value;
  };

  Num isLess(Num x, Num y) {
    auto order = isUnsigned(placeElement) ? arith::CmpIPredicate::ult
                                          : arith::CmpIPredicate::slt;
    return k.num(arith::CmpIOp::create(k.b, k.loc, order, x.value, y.value));
  }
  Num placeAt(Num i) {
    return k.num(k.l.toIndex(places(i).value, placeElement));
  }

  // Floats as integers of the same order, of vectors too.
  Type likeOf(Num x, Type type) {
    auto vector = dyn_cast<VectorType>(x.value.getType());
    return vector ? Type(vector.clone(type)) : type;
  }
  Num integerLike(Num key, APInt number) {
    auto attribute = IntegerAttr::get(order, number);
    if (auto vector = dyn_cast<VectorType>(key.value.getType()))
      return k.num(arith::ConstantOp::create(
          k.b, k.loc, DenseElementsAttr::get(vector, attribute.getValue())));
    return k.num(arith::ConstantOp::create(k.b, k.loc, attribute));
  }
  Num asKey(Num x) {
    return k.num(
        arith::BitcastOp::create(k.b, k.loc, likeOf(x, order), x.value));
  }
  Num asFloat(Num x) {
    return k.num(
        arith::BitcastOp::create(k.b, k.loc, likeOf(x, element), x.value));
  }
  /// Negative floats are ordered the other way round.
  Num turned(Num bits) {
    unsigned width = order.getIntOrFloatBitWidth();
    Value sign = arith::ShRSIOp::create(
        k.b, k.loc, bits.value,
        integerLike(bits, APInt(width, width - 1)).value);
    Value others = arith::AndIOp::create(
        k.b, k.loc, sign,
        integerLike(bits, APInt::getSignedMaxValue(width)).value);
    return k.num(arith::XOrIOp::create(k.b, k.loc, bits.value, others));
  }
  /// NaN is beyond all others, on the side that is looked for.
  Num keyOf(Num x) {
    Num key = turned(asKey(x));
    Num isNan = k.num(arith::CmpFOp::create(
        k.b, k.loc, arith::CmpFPredicate::UNO, x.value, x.value));
    return k.choose(isNan, keyOfNan(key), key);
  }
  Num floatOf(Num key) {
    auto type = cast<FloatType>(element);
    APInt nan = APFloat::getNaN(type.getFloatSemantics()).bitcastToAPInt();
    return asFloat(k.choose(
        k.num(arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::eq,
                                    key.value, keyOfNan(key).value)),
        integerLike(key, nan), turned(key)));
  }
  Num keyOfNan(Num like) {
    unsigned width = order.getIntOrFloatBitWidth();
    return integerLike(like, mode == Mode::Max
                                 ? APInt::getSignedMaxValue(width)
                                 : APInt::getSignedMinValue(width));
  }
  void forResult(llvm::function_ref<Num(Num)> change) {
    Num whole = k.index(size / lanes * lanes);
    k.loopBy(k.index(0), whole, lanes, [&](Num i) {
      result.setVector(i, change(result.vector(i, lanes)));
    });
    k.loop(whole, k.index(size),
           [&](Num i) { result.set(i, change(result(i))); });
  }

  Num keyAt(Num i) {
    return keysFrom.value ? keys(i - keysFrom) : keyOf(updates(i));
  }

  /// What the result holds, as it is combined.
  Num at(Num place) { return order ? asKey(result(place)) : result(place); }
  void set(Num place, Num x) { result.set(place, order ? asFloat(x) : x); }
  Num combined(Num before, Num i) {
    if (order) {
      return k.num(
          combineUpdate(k.b, k.loc, mode, order, before.value, keyAt(i).value));
    }
    Value after = combineUpdate(
        k.b, k.loc, mode, element, toScalar(k.b, k.loc, before.value, element),
        toScalar(k.b, k.loc, updates(i).value, element));
    return k.num(toStorage(k.b, k.loc, after, element));
  }
  Num isThere(Num i) {
    if (!dropsNegative)
      return k.truth(true);
    Num place = places(i);
    return k.no(isLess(place, place - place));
  }
  void updateAll(Num from, Num to) {
    k.loop(from, to, [&](Num i) {
      k.when(isThere(i), [&] {
        Num place = placeAt(i);
        set(place, combined(at(place), i));
      });
    });
  }

  Num isOrdered(Num begin, int64_t many) {
    auto falls = [&](Num at) {
      return isLess(places.vector(at + 1, lanes), places.vector(at, lanes));
    };
    // The last one overlaps, so that it ends with the block.
    Num any = falls(begin + (many - lanes - 1));
    if (many > lanes + 1)
      any = k.fold(k.index(0), k.index(many / lanes - 1), any,
                   [&](Num j, Num before) {
                     return before || falls(begin + j * k.index(lanes));
                   });
    return k.no(k.anyOf(any));
  }

  /// The first place from `from` on that the update before does not go to.
  Num startFrom(Num from, Num end) {
    Cell start = k.cell(from);
    Num last = end - 1;
    k.repeatWhile(
        [&] {
          Num at = start;
          return at < end && places(k.smaller(at, last)) == places(at - 1);
        },
        [&] { start = Num(start) + 1; });
    return start;
  }

  void advance(Chain &chain, Num i) {
    Num from = chain.start + i, to = placeAt(from),
        isSame = to == Num(chain.place);
    // What is loaded and not needed must not be what was just stored.
    Num stored = at(k.choose(isSame, lastPlace, to));
    Num after = combined(k.choose(isSame, chain.value, stored), from);
    set(to, after);
    chain.value = after;
    chain.place = to;
  }

  void inOrder(Num begin, Num end) {
    Num shared = end - begin, step = shared / k.index(chains);
    SmallVector<Num> starts{begin};
    for (int64_t i = 1; i < chains; ++i)
      starts.push_back(startFrom(
          k.smaller(k.larger(begin + step * k.index(i), begin + 1), end), end));
    starts.push_back(end);
    Num none = k.num(arith::ConstantOp::create(
        k.b, k.loc, k.b.getZeroAttr(order ? order : storageType(element))));
    SmallVector<Chain> all;
    for (int64_t i = 0; i < chains; ++i) {
      all.push_back(
          {starts[i], starts[i + 1], k.cell(k.index(-1)), k.cell(none)});
      shared = k.smaller(shared, starts[i + 1] - starts[i]);
    }
    k.loop(k.index(0), shared, [&](Num i) {
      for (Chain &chain : all)
        advance(chain, i);
    });
    for (Chain &chain : all)
      k.loop(shared, chain.end - chain.start,
             [&](Num i) { advance(chain, i); });
  }

  Mode mode;
  bool dropsNegative;
  Type element, placeElement;
  int64_t count;
  Kernel k;
  Array places, updates, result;
  Num lastPlace;
  Type order;       // of integers in the place of floats, if that is done
  int64_t size = 0; // of the result then
  Array keys;       // of a block's updates
  Num keysFrom;     // the block's first update, in a block
};
} // namespace

static LogicalResult lowerScatter(Lowering &l, ScatterOp op) {
  Value indices = op.getIndices(), x = op.getX();
  Type element = elementOf(x);
  Mode mode = modeOf(op);
  if (isComplex(element) && (mode == Mode::Min || mode == Mode::Max))
    return op.emitOpError("of complex numbers has no mode '")
           << op.getMode() << "'";
  if (rankOf(x) == 0)
    return op.emitOpError(
        "into a scalar has no lowering; reshape it to one element");
  if (lowerPoolGradient(l, op))
    return success();
  if (isForDevice(op) && scattersByPlaces(l, op)) {
    Value result = scatterByPlaces(l, op, mode);
    if (!result)
      return failure();
    l.set(op.getResult(), result);
    return success();
  }
  FailureOr<std::optional<Updates>> many = manyUpdates(l, op, mode);
  if (failed(many))
    return failure();
  if (*many) {
    l.set(op.getResult(), Runs(l, op, mode, **many).build());
    return success();
  }
  size_t outer = rankOf(indices) - 1;
  int64_t depth = cast<RankedTensorType>(indices.getType()).getDimSize(outer);
  SmallVector<Value> extents;
  for (Dim dim : l.dims.of(indices).take_front(outer))
    extents.push_back(l.size(dim));
  // Rows of both are of one size, which may be known of the updates only:
  // slices whose sizes become known later are taken for others where one of
  // them is 1.
  SmallVector<Dim> row(l.dims.of(x).drop_front(depth));
  for (auto [dim, other] :
       llvm::zip_equal(row, l.dims.of(op.getUpdates()).drop_front(outer)))
    if (dim < 0 && other >= 0)
      dim = other;
  if (scattersRows(op, l.dims)) {
    Value rows = scatterRows(l, op, mode, extents, row);
    if (!rows)
      return failure();
    l.set(op.getResult(), rows);
    return success();
  }
  for (Dim dim : row)
    extents.push_back(l.size(dim));
  Value updates = l.value(op.getUpdates());
  bool isKnown = true;
  SmallVector<Value> result = l.loopNest(
      extents, l.value(x),
      [&](ValueRange ivs, ValueRange carried) -> SmallVector<Value> {
        FailureOr<SmallVector<Value>> place =
            placeOf(l, op, ivs.take_front(outer));
        if (failed(place)) {
          isKnown = false;
          return llvm::to_vector(carried);
        }
        SmallVector<Value> to(*place);
        llvm::append_range(to, ivs.drop_front(outer));
        Value update = rankOf(op.getUpdates()) == 0
                           ? updates
                           : l.extract(updates, ivs, element);
        Value before =
            mode == Mode::Update ? Value() : l.extract(carried[0], to, element);
        return {
            l.insert(combineUpdate(l.b, l.loc, mode, element, before, update),
                     carried[0], to, element)};
      });
  if (!isKnown)
    return failure();
  l.set(op.getResult(), result[0]);
  return success();
}

void lowering::addScatterHandlers(Handlers &handlers) {
  addHandler<ScatterOp, lowerScatter>(handlers);
  addHandler<NonzeroOp, lowerNonzero>(handlers);
}
