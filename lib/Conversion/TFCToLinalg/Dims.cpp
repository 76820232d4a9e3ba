//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Dims.h"
#include "mlir/IR/Matchers.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

static RankedTensorType rankedType(Value value) {
  return dyn_cast<RankedTensorType>(value.getType());
}

Dim DimAnalysis::symbolOf(Value value, int64_t axis) {
  Size size = sizes.dimension(value, axis);
  if (size.kind == Size::Dimension && size.value != value && has(size.value))
    return of(size.value)[size.index];
  Dim &symbol = names[{size.value, {size.index, int(size.kind)}}];
  if (!symbol)
    symbol = fresh();
  return symbol;
}

Dims DimAnalysis::ownDims(Value value) {
  Dims result;
  for (auto [axis, size] : llvm::enumerate(rankedType(value).getShape()))
    result.push_back(ShapedType::isDynamic(size) ? symbolOf(value, axis)
                                                 : size);
  return result;
}

void DimAnalysis::setOwn(Value value) {
  if (rankedType(value))
    dims[value] = ownDims(value);
}

void DimAnalysis::visit(Region &region) {
  for (Block &block : region) {
    for (BlockArgument argument : block.getArguments())
      if (!dims.contains(argument))
        setOwn(argument);
    for (Operation &op : block)
      visit(&op);
  }
}

/// Unknown sizes that a value keeps on its way from `from` to `to`, its own
/// ones else.
void DimAnalysis::setLike(Value to, Value from) {
  setOwn(to);
  if (!has(to) || !has(from) || of(from).size() != of(to).size())
    return;
  for (auto [t, f] : llvm::zip(dims[to], of(from)))
    if (t < 0 && f < 0)
      t = f;
}

/// Assumes that carried values keep their unknown sizes; if the body says
/// otherwise for one, that one is looked at as changing in a second visit.
void DimAnalysis::visitLoop(WhileOp loop) {
  Block &condition = loop.getConditionRegion().front(),
        &body = loop.getBodyRegion().front();
  size_t count = loop.getInits().size();
  llvm::SmallVector<bool> keeps(count, true);
  auto assume = [&] {
    for (size_t i = 0; i < count; ++i)
      for (Value to : {Value(condition.getArgument(i)),
                       Value(body.getArgument(i)), loop.getResult(i)})
        if (keeps[i])
          setLike(to, loop.getInits()[i]);
        else
          setOwn(to);
  };
  for (bool again = true; again;) {
    again = false;
    assume();
    visit(loop.getConditionRegion());
    visit(loop.getBodyRegion());
    for (size_t i = 0; i < count; ++i) {
      Value next = body.getTerminator()->getOperand(i),
            argument = body.getArgument(i);
      if (!keeps[i] || !has(next) || !has(argument) || next == argument)
        continue;
      for (auto [n, a] : llvm::zip(of(next), of(argument)))
        if (a < 0 && n != a)
          keeps[i] = false, again = true;
    }
  }
}

void DimAnalysis::visitBranch(IfOp branch) {
  visit(branch.getThenRegion());
  visit(branch.getElseRegion());
  Operation *then = branch.getThenRegion().front().getTerminator();
  Operation *other = branch.getElseRegion().front().getTerminator();
  for (auto [i, result] : llvm::enumerate(branch.getResults())) {
    Value x = then->getOperand(i), y = other->getOperand(i);
    setOwn(result);
    if (has(result) && has(x) && has(y) && of(x) == of(y))
      setLike(result, x);
  }
}

void DimAnalysis::visit(Operation *op) {
  if (auto loop = dyn_cast<WhileOp>(op))
    return visitLoop(loop);
  if (auto branch = dyn_cast<IfOp>(op))
    return visitBranch(branch);
  for (Region &region : op->getRegions())
    visit(region);
  if (op->getNumResults() != 1 || !rankedType(op->getResult(0))) {
    for (Value result : op->getResults())
      setOwn(result);
    return;
  }
  Value result = op->getResult(0);
  RankedTensorType type = rankedType(result);
  for (Value operand : op->getOperands())
    if (isa<TensorType>(operand.getType()) && !rankedType(operand))
      return setOwn(result);
  Dims inferred = infer(op);
  inferred.resize(type.getRank(), fresh());
  for (auto [dim, size] : llvm::zip(inferred, type.getShape()))
    if (!ShapedType::isDynamic(size))
      dim = size;
  dims[result] = std::move(inferred);
}

Dim DimAnalysis::stretch(Dim x, Dim y) {
  if (x == y || y == 1)
    return x;
  if (x == 1)
    return y;
  if (x >= 0)
    return x; // the other one is unknown: it is 1 or the same
  if (y >= 0)
    return y;
  Dim symbol = fresh();
  stretches[symbol] = {x, y};
  return symbol;
}

Dims DimAnalysis::broadcast(ValueRange operands) {
  Dims result;
  for (Value operand : operands) {
    ArrayRef<Dim> from = of(operand);
    if (from.size() > result.size())
      result.insert(result.begin(), from.size() - result.size(), 1);
    for (size_t i = 0; i < from.size(); ++i) {
      Dim &to = result[result.size() - from.size() + i];
      to = stretch(to, from[i]);
    }
  }
  return result;
}

/// The dimensions of the result as far as they follow from the operands';
/// numbers in the result's type win over what stands here.
Dims DimAnalysis::infer(Operation *op) {
  auto unknown = [&] { return ownDims(op->getResult(0)); };
  auto like = [&](Value x) { return Dims(of(x)); };

  if (op->hasTrait<TFCElementwise>())
    return broadcast(op->getOperands());
  if (op->hasTrait<TFCReduction>()) {
    auto axes = op->getAttrOfType<DenseI64ArrayAttr>("axes").asArrayRef();
    bool keep = op->getAttrOfType<BoolAttr>("keepdims").getValue();
    Dims result;
    for (auto [i, dim] : llvm::enumerate(of(op->getOperand(0)))) {
      bool reduced = llvm::is_contained(axes, static_cast<int64_t>(i));
      if (!reduced || keep)
        result.push_back(reduced ? 1 : dim);
    }
    return result;
  }
  return llvm::TypeSwitch<Operation *, Dims>(op)
      .Case<CumsumOp, CumprodOp, CumlogsumexpOp, SortOp, ArgsortOp, ReverseOp,
            UpdateSliceOp, ScatterOp, CholeskyOp, FFTOp>(
          [&](auto) { return like(op->getOperand(0)); })
      .Case<TriangularSolveOp, SolveOp, LinearRecurrenceOp>(
          [&](auto) { return like(op->getOperand(1)); })
      .Case([&](TransposeOp t) {
        Dims result;
        for (int64_t axis : t.getPerm())
          result.push_back(of(t.getX())[axis]);
        return result;
      })
      .Case([&](ExpandDimsOp e) {
        Dims result = like(e.getX());
        for (int64_t axis : e.getAxes())
          result.insert(result.begin() + axis, 1);
        return result;
      })
      .Case([&](SqueezeOp s) {
        Dims result;
        for (auto [i, dim] : llvm::enumerate(of(s.getX())))
          if (!llvm::is_contained(s.getAxes(), static_cast<int64_t>(i)))
            result.push_back(dim);
        return result;
      })
      .Case<ArgmaxOp, ArgminOp>([&](auto a) {
        Dims result = like(a.getX());
        result.erase(result.begin() + a.getAxis());
        return result;
      })
      .Case<DynamicBroadcastToOp, SumToOp, DynamicReshapeOp, ConvInputGradOp,
            ConvFilterGradOp, AvgPoolGradOp>([&](auto d) {
        if (auto shape = d.getShape().template getDefiningOp<ShapeOfOp>())
          if (rankedType(shape.getX()))
            return like(shape.getX());
        return unknown();
      })
      .Case([&](EnsureShapeOp e) { return like(e.getX()); })
      .Case([&](StopGradientOp s) { return like(s.getX()); })
      .Case([&](SliceOp s) {
        Dims result = unknown();
        for (auto [i, dim] : llvm::enumerate(of(s.getX())))
          if (s.getStarts()[i] == 0 && s.getStrides()[i] == 1 &&
              ShapedType::isDynamic(s.getSizes()[i]))
            result[i] = dim;
        return result;
      })
      .Case([&](GatherOp g) {
        ArrayRef<Dim> x = of(g.getX()), indices = of(g.getIndices());
        Dims result(x.take_front(g.getAxis()));
        result.append(indices.begin() + g.getBatchDims(), indices.end());
        result.append(x.begin() + g.getAxis() + 1, x.end());
        return result;
      })
      .Case([&](MatmulOp m) {
        ArrayRef<Dim> x = of(m.getX()), y = of(m.getY());
        size_t rows = m.getTransposeX() ? 1 : 2,
               columns = m.getTransposeY() ? 2 : 1;
        Dims result;
        size_t batch = std::max(x.size(), y.size()) - 2;
        for (size_t i = 0; i < batch; ++i) {
          auto at = [&](ArrayRef<Dim> of) -> Dim {
            size_t missing = batch - (of.size() - 2);
            return i < missing ? 1 : of[i - missing];
          };
          result.push_back(stretch(at(x), at(y)));
        }
        result.push_back(x[x.size() - rows]);
        result.push_back(y[y.size() - columns]);
        return result;
      })
      .Case([&](ConvOp c) {
        Dims result = unknown();
        result.front() = of(c.getX()).front();
        result.back() = of(c.getFilter()).back();
        return result;
      })
      .Case<MaxPoolOp, ArgmaxPoolOp, AvgPoolOp>([&](auto pool) {
        Dims result = unknown();
        result.front() = of(pool.getX()).front();
        result.back() = of(pool.getX()).back();
        return result;
      })
      .Case([&](ConcatOp c) {
        Dims result = like(c.getXs().front());
        result[c.getAxis()] = unknown()[c.getAxis()];
        return result;
      })
      .Case([&](ReshapeOp r) {
        Dims result = unknown();
        if (auto places = unitReshape(of(r.getX()), result))
          for (auto [i, place] : llvm::enumerate(*places))
            if (place >= 0)
              result[place] = of(r.getX())[i];
        return result;
      })
      .Default([&](Operation *) { return unknown(); });
}

std::optional<SmallVector<int64_t>> lowering::unitReshape(ArrayRef<Dim> from,
                                                          ArrayRef<Dim> to) {
  SmallVector<int64_t> places(from.size(), -1);
  size_t next = 0;
  int unknowns = 0;
  for (auto [i, dim] : llvm::enumerate(from)) {
    if (dim == 1)
      continue;
    while (next < to.size() && to[next] == 1)
      ++next;
    if (next == to.size())
      return std::nullopt;
    // One unknown size, where all others are equal, is the same on both sides.
    if (dim != to[next]) {
      if (dim >= 0 || to[next] >= 0)
        return std::nullopt;
      ++unknowns;
    }
    places[i] = next++;
  }
  for (; next < to.size(); ++next)
    if (to[next] != 1)
      return std::nullopt;
  if (unknowns > 1)
    return std::nullopt;
  return places;
}

bool lowering::isIndexOp(Operation *op) {
  return isa<BroadcastToOp, DynamicBroadcastToOp, TransposeOp, ExpandDimsOp,
             SqueezeOp, ReshapeOp, EnsureShapeOp, StopGradientOp>(op);
}

bool lowering::isFusible(Operation *op) {
  return op->hasTrait<TFCElementwise>() || isIndexOp(op);
}

/// Trailing dimensions against each other, as numpy does.
static Access accessByBroadcast(ArrayRef<Dim> from, ArrayRef<Dim> to) {
  Access access = from.size() < to.size() ? Access::Replicated : Access::Same;
  if (from.size() > to.size())
    return Access::Unknown;
  for (auto [x, y] : llvm::zip(from, to.take_back(from.size()))) {
    if (x == y)
      continue;
    if (x != 1)
      return Access::Unknown;
    access = Access::Replicated;
  }
  return access;
}

Access lowering::accessOf(const DimAnalysis &dims, Operation *op,
                          unsigned operand) {
  Value x = op->getOperand(operand), result = op->getResult(0);
  if (!dims.has(x) || !dims.has(result))
    return Access::Unknown;
  if (op->hasTrait<TFCReduction>())
    return Access::Same;
  if (operand > 0 && isIndexOp(op))
    return Access::Unknown; // a shape
  if (isa<TransposeOp, ExpandDimsOp, SqueezeOp, StopGradientOp>(op))
    return Access::Same;
  if (isa<ReshapeOp>(op))
    return unitReshape(dims.of(x), dims.of(result)) ? Access::Same
                                                    : Access::Unknown;
  if (isa<EnsureShapeOp>(op))
    return dims.of(x) == dims.of(result) ? Access::Same : Access::Unknown;
  if (!isFusible(op))
    return Access::Unknown;
  return accessByBroadcast(dims.of(x), dims.of(result));
}

SmallVector<AffineExpr> lowering::accessIndices(const DimAnalysis &dims,
                                                Operation *op, unsigned operand,
                                                ArrayRef<AffineExpr> indices) {
  Value x = op->getOperand(operand);
  MLIRContext *context = op->getContext();
  AffineExpr zero = getAffineConstantExpr(0, context);
  ArrayRef<Dim> from = dims.of(x), to = dims.of(op->getResult(0));
  SmallVector<AffineExpr> result(from.size(), zero);
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    for (auto [i, axis] : llvm::enumerate(transpose.getPerm()))
      result[axis] = indices[i];
  } else if (auto expand = dyn_cast<ExpandDimsOp>(op)) {
    result.clear();
    for (auto [i, index] : llvm::enumerate(indices))
      if (!llvm::is_contained(expand.getAxes(), static_cast<int64_t>(i)))
        result.push_back(index);
  } else if (auto squeeze = dyn_cast<SqueezeOp>(op)) {
    size_t next = 0;
    for (size_t i = 0; i < from.size(); ++i)
      if (!llvm::is_contained(squeeze.getAxes(), static_cast<int64_t>(i)))
        result[i] = indices[next++];
  } else if (isa<ReshapeOp>(op)) {
    for (auto [i, place] : llvm::enumerate(*unitReshape(from, to)))
      if (place >= 0)
        result[i] = indices[place];
  } else {
    for (size_t i = 0; i < from.size(); ++i)
      if (from[i] != 1)
        result[i] = indices[indices.size() - from.size() + i];
  }
  // The one element of a dimension of size 1 has index 0, whatever the loop
  // says.
  for (auto [index, dim] : llvm::zip(result, from))
    if (dim == 1)
      index = zero;
  return result;
}
