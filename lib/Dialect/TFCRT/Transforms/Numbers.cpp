//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Layers of different sizes have loop nests that are equal but for numbers:
// bounds of loops, strides of memory, offsets of views.
//
// 1. Dense memory of known sizes is known by its address. What its type says
//    are strides, which are numbers of the ops that touch it; views of it that
//    only such ops use are their address and strides.
// 2. Ops of two lists are compared with other types of such memory and other
//    constants of the type `index`, unless those decide how good the code is:
//    lengths of short loops, divisors in loops, zero.
// 3. To take numbers as arguments, memory becomes flat, and places in it are
//    computed as they would be later.
//
//===----------------------------------------------------------------------===//

#include "Numbers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/OperationSupport.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

using namespace mlir;
using namespace tfc::rt;

using Ops = ArrayRef<Operation *>;

bool tfc::rt::isPointer(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.hasStaticShape() && memref.getLayout().isIdentity();
}

/// Loops of so many iterations become straight lines.
static constexpr int64_t fewIterations = 1;

static Attribute constantIn(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  return constant ? Attribute(constant.getValue()) : Attribute();
}

static std::optional<int64_t> indexIn(Value value) {
  return value.getType().isIndex() ? getConstantIntValue(value) : std::nullopt;
}

/// The bits of an ordinary number: what is multiplied by zero or one is
/// simpler. Half precision is no argument.
static std::optional<int64_t> floatIn(Value value) {
  auto constant = dyn_cast_or_null<FloatAttr>(constantIn(value));
  if (!constant || !(value.getType().isF32() || value.getType().isF64()))
    return std::nullopt;
  APFloat number = constant.getValue();
  bool isOrdinary = number.isFiniteNonZero() && !abs(number).isExactlyValue(1);
  return isOrdinary ? std::optional(number.bitcastToAPInt().getSExtValue())
                    : std::nullopt;
}

static std::optional<int64_t> numberIn(Value value) {
  std::optional<int64_t> index = indexIn(value);
  return index ? index : floatIn(value);
}

static bool isNumber(Operation &op) {
  return isa<arith::ConstantOp>(op) && numberIn(op.getResult(0));
}

/// The operand that is the memory; its indices follow.
static std::optional<unsigned> touchedOperand(Operation *op) {
  if (isa<memref::LoadOp, memref::PrefetchOp, vector::LoadOp,
          vector::MaskedLoadOp, vector::MaskedStoreOp>(op))
    return 0;
  if (isa<memref::StoreOp, vector::StoreOp>(op))
    return 1;
  return std::nullopt;
}

static bool isFlatVector(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return !vector || vector.getRank() == 1;
}

/// One element or neighbours of the last dimension.
static bool touchesNeighbours(Operation *op) {
  return llvm::all_of(op->getOperandTypes(), isFlatVector) &&
         llvm::all_of(op->getResultTypes(), isFlatVector);
}

static bool hasKnownStrides(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  SmallVector<int64_t> strides;
  int64_t offset;
  return memref && succeeded(memref.getStridesAndOffset(strides, offset)) &&
         !llvm::is_contained(strides, ShapedType::kDynamic);
}

static SmallVector<int64_t> stridesOf(Value memref) {
  return cast<MemRefType>(memref.getType()).getStridesAndOffset().first;
}

static Value sourceOf(Operation *op) {
  if (auto view = dyn_cast_if_present<memref::SubViewOp>(op))
    return !ShapedType::isDynamicShape(view.getStaticStrides()) &&
                   !ShapedType::isDynamicShape(view.getStaticSizes())
               ? view.getSource()
               : Value();
  if (auto view = dyn_cast_if_present<memref::CollapseShapeOp>(op))
    return view.getSrc();
  if (auto view = dyn_cast_if_present<memref::ExpandShapeOp>(op))
    return view.getOutputShape().empty() ? view.getSrc() : Value();
  return Value();
}

namespace {

/// Which memory of a list of ops is known by addresses and strides alone.
class FlatMemory {
public:
  explicit FlatMemory(Ops ops) {
    for (Operation *op : ops)
      op->walk([&](Operation *inside) { all.insert(inside); });
  }

  /// A view of the list, all users of which go by its strides.
  bool isView(Operation *op) {
    if (!op || !all.contains(op) || !sourceOf(op))
      return false;
    if (auto known = views.find(op); known != views.end())
      return known->second;
    bool is = isUsedByStrides(op) && isFlat(sourceOf(op));
    return views[op] = is;
  }

  bool isFlat(Value memref) {
    return isPointer(memref.getType()) ? !isOtherView(memref)
                                       : isView(memref.getDefiningOp());
  }

  /// Whether the op does not mind which sizes memory has.
  bool goesByStrides(Operation *op) {
    if (auto bind = dyn_cast<BindOp>(op))
      return isPointer(bind.getType());
    if (auto alloca = dyn_cast<memref::AllocaOp>(op))
      return isPointer(alloca.getType()) &&
             !op->getParentOfType<LoopLikeOpInterface>() &&
             llvm::all_of(op->getUses(), [&](OpOperand &use) {
               return touches(use) ||
                      (sourceOf(use.getOwner()) && isView(use.getOwner()));
             });
    if (isBase(op))
      return isFlat(op->getOperand(0));
    if (auto cast = dyn_cast<memref::ReinterpretCastOp>(op))
      return isPointer(cast.getSource().getType()) &&
             isFlat(cast.getSource()) && cast.getStaticOffset(0) == 0;
    std::optional<unsigned> place = touchedOperand(op);
    return place ? touchesNeighbours(op) && isFlat(op->getOperand(*place))
                 : isView(op);
  }

private:
  bool isUsedByStrides(Operation *view) {
    return hasKnownStrides(view->getResult(0).getType()) &&
           llvm::all_of(view->getUses(), [&](OpOperand &use) {
             Operation *user = use.getOwner();
             return touches(use) || isBase(user) ||
                    (sourceOf(user) && isUsedByStrides(user));
           });
  }

  /// The address of the memory, whatever part of it a view is.
  static bool isBase(Operation *op) {
    return isa<memref::ExtractStridedMetadataOp>(op) &&
           llvm::all_of(op->getResults().drop_front(),
                        [](Value value) { return value.use_empty(); });
  }

  /// Of the shape that a view gives it, which something else wants to know.
  bool isOtherView(Value memref) {
    Operation *op = memref.getDefiningOp();
    return op && sourceOf(op) && all.contains(op) && !isView(op);
  }

  bool touches(OpOperand &use) {
    std::optional<unsigned> place = touchedOperand(use.getOwner());
    return place && *place == use.getOperandNumber() &&
           touchesNeighbours(use.getOwner());
  }

  llvm::DenseSet<Operation *> all;
  llvm::DenseMap<Operation *, bool> views;
};

/// Numbers of one op after the other.
class NumberWalk {
public:
  explicit NumberWalk(Ops ops)
      : memory(ops), index(IndexType::get(ops.front()->getContext())) {}

  FlatMemory memory;

  void of(Operation *op, llvm::function_ref<void(Number)> visit) {
    for (OpOperand &use : op->getOpOperands())
      if (std::optional<int64_t> value = numberIn(use.get()))
        visit({op, Number::operand, use.getOperandNumber(), *value,
               use.get().getType()});
    if (auto alloca = dyn_cast<memref::AllocaOp>(op);
        alloca && memory.goesByStrides(op))
      return visit(
          {op, Number::elements, 0, alloca.getType().getNumElements(), index});
    if (isa<BindOp, memref::ExtractStridedMetadataOp,
            memref::ReinterpretCastOp>(op) ||
        !memory.goesByStrides(op))
      return;
    if (std::optional<unsigned> place = touchedOperand(op)) {
      for (auto [i, stride] :
           llvm::enumerate(stridesOf(op->getOperand(*place))))
        if (indexIn(op->getOperand(*place + 1 + i)) != 0)
          visit({op, Number::stride, unsigned(i), stride, index});
      return;
    }
    auto view = dyn_cast<memref::SubViewOp>(op);
    if (!view)
      return;
    for (auto [i, stride] : llvm::enumerate(stridesOf(view.getSource()))) {
      int64_t offset = view.getStaticOffset(i);
      if (offset == 0)
        continue;
      if (!ShapedType::isDynamic(offset))
        visit({op, Number::offset, unsigned(i), offset, index});
      visit({op, Number::stride, unsigned(i), stride, index});
    }
  }

private:
  Type index;
};

/// The same, but for sizes.
bool matches(Type x, Type y) {
  auto a = dyn_cast<MemRefType>(x), b = dyn_cast<MemRefType>(y);
  return x == y || (a && b && a.getRank() == b.getRank() &&
                    a.getElementType() == b.getElementType() &&
                    a.getMemorySpace() == b.getMemorySpace());
}

class NumberComparison {
public:
  NumberComparison(Ops x, Ops y) : ofX(x), ofY(y) {}

  bool equal(Ops x, Ops y) {
    return equalOps(llvm::make_pointee_range(x), llvm::make_pointee_range(y));
  }

private:
  /// Constants of the type `index` are compared where they are used.
  template <typename X, typename Y> bool equalOps(X &&x, Y &&y) {
    auto a = x.begin(), b = y.begin();
    for (;; ++a, ++b) {
      while (a != x.end() && isNumber(*a))
        ++a;
      while (b != y.end() && isNumber(*b))
        ++b;
      if (a == x.end() || b == y.end())
        return a == x.end() && b == y.end();
      if (!equal(&*a, &*b))
        return false;
    }
  }

  bool pair(Value x, Value y) {
    auto [there, isNew] = pairs.try_emplace(x, y);
    auto [back, isNewBack] = backwards.try_emplace(y, x);
    return there->second == y && back->second == x;
  }

  bool equal(Value x, Value y, bool byStrides) {
    Attribute constant = constantIn(x);
    if (constant || constantIn(y)) {
      bool areNumbers = numberIn(x) && numberIn(y);
      return x.getType() == y.getType() &&
             (areNumbers || constant == constantIn(y));
    }
    return (byStrides ? matches(x.getType(), y.getType())
                      : x.getType() == y.getType()) &&
           pair(x, y);
  }

  /// What calls cost has been used.
  static bool haveSameAttributes(Operation *x, Operation *y) {
    auto rest = [](Operation *op) {
      return llvm::make_filter_range(
          op->getDiscardableAttrs(), [](NamedAttribute attribute) {
            return attribute.getName() != SharedGroup::cost;
          });
    };
    return llvm::equal(rest(x), rest(y));
  }

  bool haveSameProperties(Operation *x, Operation *y, bool byStrides) {
    if (auto a = dyn_cast<memref::SubViewOp>(x); a && byStrides) {
      auto b = cast<memref::SubViewOp>(y);
      return a.getStaticStrides() == b.getStaticStrides() &&
             llvm::equal(a.getStaticOffsets(), b.getStaticOffsets(),
                         [](int64_t p, int64_t q) {
                           return ShapedType::isDynamic(p) ==
                                  ShapedType::isDynamic(q);
                         });
    }
    if (auto a = dyn_cast<memref::ExpandShapeOp>(x); a && byStrides)
      return a.getReassociation() ==
             cast<memref::ExpandShapeOp>(y).getReassociation();
    return x->getName().compareOpProperties(x->getPropertiesStorage(),
                                            y->getPropertiesStorage());
  }

  bool equal(Operation *x, Operation *y) {
    if (x->getName() != y->getName() ||
        x->getNumOperands() != y->getNumOperands() ||
        x->getNumRegions() != y->getNumRegions() ||
        x->getNumResults() != y->getNumResults() || !haveSameAttributes(x, y))
      return false;
    bool byStrides = ofX.memory.goesByStrides(x);
    if (byStrides != ofY.memory.goesByStrides(y) ||
        !haveSameProperties(x, y, byStrides) || !haveSameNumbers(x, y))
      return false;
    for (auto [a, b] : llvm::zip(x->getOperands(), y->getOperands()))
      if (!equal(a, b, byStrides))
        return false;
    for (auto [a, b] : llvm::zip(x->getResults(), y->getResults()))
      if (!(byStrides ? matches(a.getType(), b.getType())
                      : a.getType() == b.getType()) ||
          !pair(a, b))
        return false;
    for (auto [a, b] : llvm::zip(x->getRegions(), y->getRegions()))
      if (!equal(a, b))
        return false;
    return true;
  }

  bool equal(Region &x, Region &y) {
    if (x.getBlocks().size() != y.getBlocks().size())
      return false;
    for (auto [a, b] : llvm::zip(x, y)) {
      if (a.getArgumentTypes() != b.getArgumentTypes())
        return false;
      for (auto [p, q] : llvm::zip(a.getArguments(), b.getArguments()))
        if (!pair(p, q))
          return false;
      if (!equalOps(a, b))
        return false;
    }
    return true;
  }

  bool haveSameNumbers(Operation *x, Operation *y) {
    SmallVector<Number> a, b;
    ofX.of(x, [&](Number number) { a.push_back(number); });
    ofY.of(y, [&](Number number) { b.push_back(number); });
    if (a.size() != b.size())
      return false;
    for (auto [p, q] : llvm::zip(a, b))
      if (p.kind != q.kind || p.place != q.place ||
          (p.value != q.value && !mayDiffer(p, q)))
        return false;
    return true;
  }

  /// Of two loops that other loops are not in.
  static bool areFewIterations(scf::ForOp loop) {
    std::optional<APInt> count = loop.getStaticTripCount();
    return count && count->getSExtValue() <= fewIterations;
  }

  static bool mayDiffer(const Number &x, const Number &y) {
    if (x.value == 0 || y.value == 0)
      return false;
    if (x.kind == Number::elements || x.kind == Number::offset)
      return true;
    if (x.kind == Number::stride)
      return x.value != 1 && y.value != 1;
    if (auto loop = dyn_cast<scf::ForOp>(x.op)) {
      bool isInner =
          loop->getRegion(0)
              .walk([](LoopLikeOpInterface) { return WalkResult::interrupt(); })
              .wasInterrupted() == false;
      bool isBound = x.place < 2;
      return isBound &&
             !(isInner && (areFewIterations(loop) ||
                           areFewIterations(cast<scf::ForOp>(y.op))));
    }
    if (isa<arith::DivUIOp, arith::DivSIOp, arith::RemUIOp, arith::RemSIOp,
            arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp>(x.op))
      return x.place == 0 || !x.op->getParentOfType<LoopLikeOpInterface>();
    return isa<arith::ArithDialect, math::MathDialect>(x.op->getDialect()) ||
           isa<vector::BroadcastOp>(x.op) ||
           isa<func::CallOp, scf::YieldOp, memref::SubViewOp,
               vector::CreateMaskOp>(x.op) ||
           touchedOperand(x.op);
  }

  NumberWalk ofX, ofY;
  DenseMap<Value, Value> pairs, backwards;
};

} // namespace

SmallVector<Number> tfc::rt::numbersOf(Ops ops) {
  SmallVector<Number> numbers;
  NumberWalk walk(ops);
  for (Operation *op : ops)
    op->walk<WalkOrder::PreOrder>([&](Operation *inside) {
      walk.of(inside, [&](Number number) { numbers.push_back(number); });
    });
  return numbers;
}

size_t tfc::rt::hashWithoutNumbers(Ops ops) {
  llvm::hash_code hash = 0;
  for (Operation *op : ops)
    op->walk<WalkOrder::PreOrder>([&](Operation *inside) {
      if (isNumber(*inside))
        return;
      hash = llvm::hash_combine(hash, inside->getName().getAsOpaquePointer(),
                                inside->getNumOperands());
      for (Type type : inside->getResultTypes())
        if (!isa<MemRefType>(type))
          hash = llvm::hash_combine(hash, type);
    });
  return hash;
}

bool tfc::rt::areEqualButForNumbers(Ops x, Ops y) {
  return NumberComparison(x, y).equal(x, y);
}

SmallVector<bool> tfc::rt::areHot(ArrayRef<Number> numbers) {
  llvm::DenseMap<Operation *, bool> innermost;
  auto isInnermost = [&](LoopLikeOpInterface loop) {
    auto [known, isNew] = innermost.try_emplace(loop);
    if (isNew)
      known->second = !loop->walk([&](LoopLikeOpInterface inside) {
                             return inside == loop ? WalkResult::advance()
                                                   : WalkResult::interrupt();
                           })
                           .wasInterrupted();
    return known->second;
  };
  return llvm::map_to_vector(numbers, [&](const Number &number) {
    auto loop = number.op->getParentOfType<LoopLikeOpInterface>();
    return loop && isInnermost(loop);
  });
}

namespace {

/// Places in flat memory.
class Flattening {
public:
  Flattening(func::FuncOp function, Ops ops, ArrayRef<Number> numbers,
             ArrayRef<Value> values)
      : memory(ops), builder(function.getContext()) {
    for (auto [number, value] : llvm::zip_equal(numbers, values))
      if (value)
        given[{number.op, number.kind * 1024 + number.place}] = value;
  }

  bool isTouching(Operation *op) {
    return touchedOperand(op) && memory.goesByStrides(op);
  }

  void flatten(Operation *op) {
    unsigned place = *touchedOperand(op);
    Value memref = op->getOperand(place);
    unsigned rank = cast<MemRefType>(memref.getType()).getRank();
    View view = viewOf(memref);
    builder.setInsertionPoint(op);
    Value at = view.offset;
    for (unsigned i = 0; i < rank; ++i)
      at = add(at, op->getOperand(place + 1 + i), op, i, stridesOf(memref)[i]);
    SmallVector<Value> operands{view.base, at ? at : number(0)};
    op->setOperands(place, 1 + rank, operands);
  }

private:
  struct View {
    Value base, offset;
  };

  Value number(int64_t value) {
    return arith::ConstantIndexOp::create(builder, builder.getUnknownLoc(),
                                          value);
  }

  Value givenOr(Operation *op, Number::Kind kind, unsigned place,
                int64_t value) {
    Value argument = given.lookup({op, kind * 1024 + place});
    return argument ? argument : number(value);
  }

  /// `sum` and so many strides of a dimension.
  Value add(Value sum, Value index, Operation *op, unsigned i, int64_t stride) {
    if (indexIn(index) == 0)
      return sum;
    Location loc = op->getLoc();
    auto inside = arith::IntegerOverflowFlags::nsw;
    Value product = index;
    if (stride != 1) // which is no argument
      product = arith::MulIOp::create(
          builder, loc, index, givenOr(op, Number::stride, i, stride), inside);
    return sum ? arith::AddIOp::create(builder, loc, sum, product, inside)
               : product;
  }

  Value onStack(memref::AllocaOp op, Value count) {
    auto flat = MemRefType::get(
        {ShapedType::kDynamic}, op.getType().getElementType(),
        MemRefLayoutAttrInterface(), op.getType().getMemorySpace());
    return memref::AllocaOp::create(builder, op.getLoc(), flat, count,
                                    op.getAlignmentAttr());
  }

  /// Behind all elements that there are; the constant is that of kernels.
  View makeFlat(Value memref) {
    builder.setInsertionPointAfterValue(memref);
    Location loc = memref.getLoc();
    if (Value count = memref.getDefiningOp()
                          ? given.lookup({memref.getDefiningOp(),
                                          Number::elements * 1024})
                          : Value())
      return {onStack(memref.getDefiningOp<memref::AllocaOp>(), count),
              Value()};
    auto type = cast<MemRefType>(memref.getType());
    Value base = memref::ExtractStridedMetadataOp::create(builder, loc, memref)
                     .getBaseBuffer();
    auto flat =
        MemRefType::get({ShapedType::kDynamic}, type.getElementType(),
                        MemRefLayoutAttrInterface(), type.getMemorySpace());
    OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
    OpFoldResult size = number(int64_t(1) << 48);
    return {memref::ReinterpretCastOp::create(builder, loc, flat, base, zero,
                                              size, one),
            Value()};
  }

  View viewOf(Value memref) {
    if (auto known = views.find(memref); known != views.end())
      return known->second;
    Operation *op = memref.getDefiningOp();
    View view = memory.isView(op) ? viewOf(sourceOf(op)) : makeFlat(memref);
    if (auto slice = dyn_cast_if_present<memref::SubViewOp>(op);
        slice && memory.isView(op)) {
      builder.setInsertionPoint(op);
      SmallVector<int64_t> strides = stridesOf(slice.getSource());
      unsigned dynamic = 0;
      for (auto [i, offset] : llvm::enumerate(slice.getStaticOffsets())) {
        Value index = ShapedType::isDynamic(offset)
                          ? slice.getOffsets()[dynamic++]
                          : givenOr(op, Number::offset, i, offset);
        view.offset = add(view.offset, index, op, i, strides[i]);
      }
    }
    return views[memref] = view;
  }

  FlatMemory memory;
  OpBuilder builder;
  DenseMap<std::pair<Operation *, unsigned>, Value> given;
  DenseMap<Value, View> views;
};

} // namespace

void tfc::rt::takeNumbers(func::FuncOp function, ArrayRef<Value> values) {
  SmallVector<Operation *> ops, touching, views;
  for (Operation &op : function.getBody().front())
    ops.push_back(&op);
  SmallVector<Number> numbers = numbersOf(ops);
  Flattening flattening(function, ops, numbers, values);
  function.walk([&](Operation *op) {
    if (flattening.isTouching(op))
      touching.push_back(op);
    if (sourceOf(op) || isa<memref::AllocaOp>(op))
      views.push_back(op);
  });
  for (auto [number, value] : llvm::zip_equal(numbers, values))
    if (value && number.kind == Number::operand)
      number.op->setOperand(number.place, value);
  for (Operation *op : touching)
    flattening.flatten(op);
  for (Operation *op : llvm::reverse(views))
    if (op->use_empty())
      op->erase();
}
