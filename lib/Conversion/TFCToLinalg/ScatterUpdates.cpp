//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Many updates of single elements, whose places may turn out to be in order, or
// which pieces of them add to tables of their own.
//===----------------------------------------------------------------------===//

#include "ScatterUpdates.h"
#include "Body.h"
#include "Kernel.h"
#include "Scalars.h"
#include "SortNetwork.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

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

Value lowering::combineUpdate(OpBuilder &b, Location loc, UpdateMode mode,
                              Type element, Value before, Value update) {
  using namespace arith;
  switch (mode) {
  case UpdateMode::Update:
    return update;
  case UpdateMode::Add:
    return applyUpdate<AddFOp, AddIOp, AddIOp, complex::AddOp>(b, loc, element,
                                                               before, update);
  case UpdateMode::Sub:
    return applyUpdate<SubFOp, SubIOp, SubIOp, complex::SubOp>(b, loc, element,
                                                               before, update);
  case UpdateMode::Mul:
    return applyUpdate<MulFOp, MulIOp, MulIOp, complex::MulOp>(b, loc, element,
                                                               before, update);
  case UpdateMode::Min:
    return applyUpdate<MinimumFOp, MinSIOp, MinUIOp, void>(b, loc, element,
                                                           before, update);
  case UpdateMode::Max:
    return applyUpdate<MaximumFOp, MaxSIOp, MaxUIOp, void>(b, loc, element,
                                                           before, update);
  }
  return {};
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

LogicalResult lowering::storeComputed(Lowering &l, Value x) {
  if (!isComputed(l, x))
    return success();
  Value built = buildFused(l, x.getDefiningOp());
  if (built) // else the diagnostic is out
    l.set(x, built);
  return success(built);
}

/// Updates that are looked at together. The four parts of a block do not begin
/// in the same sets of the first-level cache.
static constexpr int64_t updatesInBlock = 4160;

namespace {
/// Updates of single elements, and the places that they go to, as vectors.
struct Updates {
  Value places, values; // these are null if they are one number
  std::optional<TypedAttr> number = {};
  /// Threads share so many pieces, each of which has a table of its own; 1 if
  /// that is not worth it.
  int64_t pieces = 1;
  /// Those of negative places are left out.
  bool dropsNegative = false;
};
} // namespace

/// The number that all elements of `x` are, if that is known: ones are zeros
/// and one.
static std::optional<TypedAttr> sameNumber(Value x, int depth = 4) {
  while (Operation *op = x.getDefiningOp()) {
    if (!isa<BroadcastToOp, ReshapeOp, ExpandDimsOp, SqueezeOp>(op) &&
        !(isa<CastOp>(op) && elementOf(op->getOperand(0)) == elementOf(x)))
      break;
    x = op->getOperand(0);
  }
  auto sum = x.getDefiningOp<AddOp>();
  if (sum && depth > 0) {
    auto number = [&](Value part) {
      auto same = sameNumber(part, depth - 1);
      return same ? dyn_cast<IntegerAttr>(*same) : IntegerAttr();
    };
    IntegerAttr left = number(sum.getX()), right = number(sum.getY());
    if (left && right)
      return IntegerAttr::get(left.getType(),
                              left.getValue() + right.getValue());
    return std::nullopt;
  }
  auto constant = x.getDefiningOp<ConstantOp>();
  auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue())
                           : DenseElementsAttr();
  if (!elements || !elements.isSplat())
    return std::nullopt;
  return elements.getSplatValue<TypedAttr>();
}

/// Does a combination with this number leave all numbers that it is combined
/// with, and that began with it, as they are?
static bool isNeutral(UpdateMode mode, TypedAttr start) {
  auto real = dyn_cast<FloatAttr>(start);
  auto integer = dyn_cast<IntegerAttr>(start);
  switch (mode) {
  case UpdateMode::Add:
  case UpdateMode::Sub:
    return real ? real.getValue().isPosZero()
                : integer && integer.getValue().isZero();
  case UpdateMode::Mul:
    return real ? real.getValue().isExactlyValue(1)
                : integer && integer.getValue().isOne();
  case UpdateMode::Min:
  case UpdateMode::Max:
    return true;
  case UpdateMode::Update:
    return false;
  }
  return false;
}

/// What `select(places < 0, start, values)` adds to `select(places < 0, 0,
/// places)` of what is `start` at first changes nothing there where places are
/// negative: 0 and a sum that began with it, 1 and a product, the smallest
/// number and a maximum.
static std::optional<Updates> withoutNegative(ScatterOp op, UpdateMode mode,
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
  Updates result{place.getY(), value.getY()};
  result.dropsNegative = true;
  return result;
}

/// How many tables updates in any order are worth: those of one size are few
/// and long, whatever the number of threads is, since sums of floats depend on
/// where they are cut. Sums that keep their order have one.
static int64_t piecesOf(ScatterOp op, UpdateMode mode, int64_t count,
                        Dim room) {
  constexpr int64_t most = 16, shortest = 1 << 14, perPlace = 16;
  Type element = elementOf(op.getX());
  bool isInteger =
      element.isIntOrIndex() && element.getIntOrFloatBitWidth() > 1;
  bool isReal = element.isF32() || element.isF64();
  bool keepsOrder = op->getParentOfType<ModuleOp>()->hasAttr("tfc.keeps_order");
  bool anyOrder = mode == UpdateMode::Min || mode == UpdateMode::Max
                      ? isInteger || (isReal && room >= 0)
                      : isInteger || (isReal && !keepsOrder);
  if (!anyOrder || (mode != UpdateMode::Add && mode != UpdateMode::Min &&
                    mode != UpdateMode::Max))
    return 1;
  int64_t pieces = std::min(most, count / shortest);
  if (room > 0)
    pieces = std::min(pieces, count / (perPlace * room));
  return std::max<int64_t>(pieces, 1);
}

/// What many updates of single elements are: nothing where their places are
/// computed one by one, or where there is nothing to gain.
static FailureOr<std::optional<Updates>> manyUpdates(Lowering &l, ScatterOp op,
                                                     UpdateMode mode) {
  auto column = op.getIndices().getDefiningOp<ExpandDimsOp>();
  if (mode == UpdateMode::Update || !column || rankOf(op.getX()) != 1 ||
      rankOf(op.getUpdates()) != 1 || isComplex(elementOf(op.getX())) ||
      !hasWideVectors(op))
    return std::optional<Updates>();
  Updates result{column.getX(), op.getUpdates()};
  int64_t count = rankOf(result.places) == 1 ? l.dims.of(result.places)[0] : -1;
  if (count < updatesInBlock)
    return std::optional<Updates>();
  if (isComputed(l, result.places) && isComputed(l, result.values))
    if (auto others = withoutNegative(op, mode, result.places, result.values))
      result = *others;
  result.pieces = piecesOf(op, mode, count, l.dims.of(op.getX())[0]);
  if (mode == UpdateMode::Add && result.pieces > 1)
    result.number = sameNumber(result.values);
  if (!result.number && isMadeOfScalars(l, result.values))
    return std::optional<Updates>();
  if (isComputed(l, result.places) && result.pieces == 1)
    return std::optional<Updates>();
  // In vectors, which is worth storing them.
  if (failed(storeComputed(l, result.places)) ||
      (!result.number && failed(storeComputed(l, result.values))))
    return failure();
  if (result.number)
    result.values = {};
  return std::optional(result);
}

namespace {
/// Updates of single elements, one after the other. Where the places of a block
/// turn out to be in order, updates of one place are combined in a register,
/// and four parts of the block, each of which begins with another place than
/// the one before ends with, take turns, so that none waits for what was stored
/// last. Every place gets its updates in the same order either way.
///
/// Most of many updates of a few places change no maximum or minimum: a vector
/// of them is compared with what is there, and those that do change something
/// are looked at one by one. Tables of pieces begin with what the first updates
/// have found.
///
/// The largest and smallest floats are found as integers of the same order,
/// which the result holds meanwhile: a comparison of floats that counts NaN and
/// signed zeros is several instructions, an integer's is one, and what becomes
/// of updates on the way is done in vectors.
class Runs {
public:
  Runs(Lowering &l, ScatterOp op, UpdateMode mode, const Updates &given)
      : mode(mode), dropsNegative(given.dropsNegative),
        element(elementOf(op.getX())), placeElement(elementOf(given.places)),
        count(l.dims.of(given.places)[0]), pieces(given.pieces),
        room(l.dims.of(op.getX())[0]),
        k(l,
          given.values ? SmallVector<Value>{given.places, given.values}
                       : SmallVector<Value>{given.places},
          {{Dims(l.dims.of(op.getX())), storageType(element),
            l.value(op.getX())}},
          element, Kernel::Loops::ofVectors),
        places(k.input(0)), result(k.output(0)), lastPlace(k.size(room) - 1) {
    if (given.number)
      number = constantScalar(k.b, k.loc, element, *given.number);
    else
      updates = k.input(1);
    if ((mode == UpdateMode::Min || mode == UpdateMode::Max) &&
        (element.isF32() || element.isF64()) && room >= 0 && room <= count) {
      order = k.b.getIntegerType(element.getIntOrFloatBitWidth());
      size = room;
    }
    constexpr int64_t often = 2048;
    unsigned width =
        element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 0;
    looksFirst = (mode == UpdateMode::Min || mode == UpdateMode::Max) &&
                 (order || !isFloat(element)) && (width == 32 || width == 64) &&
                 room > 0 && room < (int64_t(1) << 30) && count / often >= room;
  }

  Value build() {
    Num whole = k.index(count / block * block);
    if (order) {
      keys = k.scratch({block}, order);
      forResult([&](Num x) { return asFloat(keyOf(x)); });
    }
    if (count < leastOfParts) {
      updateBlocks(k.index(0), whole);
    } else {
      Num first = k.index(0);
      Cell ordered = k.cell(isThere(first) && isOrdered(first, lanes + 1));
      k.when(ordered, [&] { ordered = areOrdered(whole); });
      k.when(
          ordered, [&] { updateParts(whole); },
          [&] { updateInAnyOrder(whole); });
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

  void updateInAnyOrder(Num whole) {
    auto all = [&] { updateBlocks(k.index(0), whole); };
    if (pieces == 1)
      return all();
    if (room >= 0)
      return updatePieces(whole);
    k.when(
        k.size(room) * k.index(16 * pieces) <= k.index(count),
        [&] { updatePieces(whole); }, all);
  }

  /// Each piece into a table that begins with what changes nothing; tables are
  /// put together in their order.
  void updatePieces(Num whole) {
    Type stored = storageType(element);
    Array into = result, before = keys,
          tables = k.scratch({pieces, room}, stored);
    int64_t seed = looksFirst ? count / block / 16 : 0;
    updateBlocks(k.index(0), k.index(seed * block));
    Num blocks = k.index(count / block - seed), size = k.size(room),
        inVectors = size / k.index(lanes) * k.index(lanes);
    k.independent({pieces}, double(count) / pieces, [&](ArrayRef<Num> piece) {
      auto start = [&](Num number) {
        return (number * blocks / k.index(pieces) + seed) * k.index(block);
      };
      result = tables.at({piece[0]});
      if (order)
        keys = k.scratch({block}, order);
      Num start0 = k.num(nothing());
      k.loopBy(k.index(0), inVectors, lanes, [&](Num i) {
        result.setVector(i,
                         seed ? into.vector(i, lanes) : k.splat(start0, lanes));
      });
      k.loop(inVectors, size,
             [&](Num i) { result.set(i, seed ? into(i) : start0); });
      updateBlocks(start(piece[0]), start(piece[0] + 1));
    });
    result = into;
    keys = before;
    auto merge = [&](Num x, Num y) {
      if (!order)
        return k.num(
            combineUpdate(k.b, k.loc, mode, element, x.value, y.value));
      return asFloat(k.num(combineUpdate(k.b, k.loc, mode, order,
                                         asKey(x).value, asKey(y).value)));
    };
    auto from = [&](int64_t piece) { return tables.at({k.index(piece)}); };
    k.loopBy(k.index(0), inVectors, lanes, [&](Num i) {
      Num all = result.vector(i, lanes);
      for (int64_t piece = 0; piece < pieces; ++piece)
        all = merge(all, from(piece).vector(i, lanes));
      result.setVector(i, all);
    });
    k.loop(inVectors, size, [&](Num i) {
      Num all = result(i);
      for (int64_t piece = 0; piece < pieces; ++piece)
        all = merge(all, from(piece)(i));
      result.set(i, all);
    });
  }

  /// What a combination with changes nothing, as a table holds it.
  Value nothing() {
    Type stored = storageType(element);
    auto constant = [&](TypedAttr x) -> Value {
      return arith::ConstantOp::create(k.b, k.loc, x);
    };
    if (isFloat(element) && !order)
      return constant(k.b.getFloatAttr(stored, -0.0)); // of sums
    if (mode == UpdateMode::Add)
      return constant(k.b.getZeroAttr(stored));
    unsigned width = stored.getIntOrFloatBitWidth();
    bool isLeast = mode == UpdateMode::Max;
    APInt bits = isUnsigned(element) ? (isLeast ? APInt::getMinValue(width)
                                                : APInt::getMaxValue(width))
                 : isLeast           ? APInt::getSignedMinValue(width)
                                     : APInt::getSignedMaxValue(width);
    Value number = constant(IntegerAttr::get(order ? order : stored, bits));
    return order ? asFloat(k.num(number)).value : number;
  }

  void updateBlocks(Num from, Num whole) {
    k.loopBy(from, whole, block, [&](Num begin) {
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
          [&] {
            if (looksFirst)
              updateChanges(begin, begin + block);
            else
              updateAll(begin, begin + block);
          });
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
    return integerLike(like, mode == UpdateMode::Max
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
        number ? number : toScalar(k.b, k.loc, updates(i).value, element));
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

  /// Places of a vector, as numbers that a gather takes.
  Num numbersOf(Num at) {
    Type wide = k.b.getI32Type();
    if (placeElement.getIntOrFloatBitWidth() >= 32)
      return at;
    Type type = likeOf(at, wide);
    return k.num(
        isUnsigned(placeElement)
            ? arith::ExtUIOp::create(k.b, k.loc, type, at.value).getResult()
            : arith::ExtSIOp::create(k.b, k.loc, type, at.value).getResult());
  }

  void updateChanges(Num from, Num to) {
    using Is = arith::CmpIPredicate;
    bool isMax = mode == UpdateMode::Max,
         isPlain = order || !isUnsigned(element);
    Is better =
        isMax ? (isPlain ? Is::sgt : Is::ugt) : (isPlain ? Is::slt : Is::ult);
    Array which = k.scratch({lanes}, k.b.getI32Type());
    Num all = k.lanesFromZero(VectorType::get(lanes, k.b.getI32Type()));
    k.loopBy(from, to, lanes, [&](Num i) {
      Num at = numbersOf(places.vector(i, lanes)), zero = at - at,
          isLeftOut = isLess(at, zero);
      if (dropsNegative)
        at = k.choose(isLeftOut, zero, at);
      Num there = result.gather(at), now = updates.vector(i, lanes);
      if (order) {
        there = asKey(there);
        now = keys.vector(i - keysFrom, lanes);
      }
      if (dropsNegative)
        now = k.choose(isLeftOut, there, now);
      Num changes = k.num(
          arith::CmpIOp::create(k.b, k.loc, better, now.value, there.value));
      k.when(k.anyOf(changes), [&] {
        which.setVector(k.index(0), k.compress(all, changes));
        k.loop(k.index(0), k.countOf(changes), [&](Num j) {
          Num update = i + k.num(arith::IndexCastOp::create(
                               k.b, k.loc, k.b.getIndexType(), which(j).value));
          updateAll(update, update + 1);
        });
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

  UpdateMode mode;
  bool dropsNegative, looksFirst = false;
  Type element, placeElement;
  int64_t count, pieces;
  Dim room;
  Kernel k;
  Array places, updates, result;
  Value number; // of all updates, if they are the same
  Num lastPlace;
  Type order;       // of integers in the place of floats, if that is done
  int64_t size = 0; // of the result then
  Array keys;       // of a block's updates
  Num keysFrom;     // the block's first update, in a block
};
} // namespace

FailureOr<Value> lowering::scatterMany(Lowering &l, ScatterOp op,
                                       UpdateMode mode) {
  FailureOr<std::optional<Updates>> many = manyUpdates(l, op, mode);
  if (failed(many))
    return failure();
  return *many ? Runs(l, op, mode, **many).build() : Value();
}
