//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Special functions and fixed points repeat a step on all elements of a tensor
// until none of them goes on:
//
//   while i < limit and reduce_any(goes_on):
//     i, x = i + 1, where(goes_on, step(x), x)
//     goes_on = goes_on and ...
//
// If an element that is done keeps what others see of it, it need not wait for
// others: the tensor's loop becomes one op whose body is a loop over scalars.
// What the step computes stays in registers then, and threads share elements.
//
// The loop's condition is a `reduce_any` of something elementwise, `mask` (or
// `not reduce_all`, of what is done), and conditions on scalars, which are the
// same for all elements. Of what the loop carries, a value is *kept* if it is
// the old one where an element is done. The mask has to stay: it depends on
// kept values only, or is carried and cannot become true again.
//===----------------------------------------------------------------------===//

#include "ElementLoop.h"
#include "Body.h"
#include "Rows.h"
#include "Scalars.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {

class ElementLoop {
public:
  ElementLoop(Lowering &l, WhileOp op)
      : l(l), op(op), condition(op.getConditionRegion().front()),
        body(op.getBodyRegion().front()) {}

  bool isOne();
  void lower();

private:
  bool splitCondition(Value value);
  bool isElementwise(Value value);
  bool isConstant(Value value) const {
    auto constant = value.getDefiningOp<ConstantOp>();
    return constant && constant.getValue().isSplat();
  }
  BlockArgument argumentOf(Value value, Block &block) const {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && argument.getOwner() == &block ? argument
                                                     : BlockArgument();
  }
  bool isOutside(Value value) const {
    return !op->isProperAncestor(value.getParentBlock()->getParentOp()) &&
           value.getParentBlock()->getParentOp() != op;
  }
  Value next(unsigned i) const { return body.getTerminator()->getOperand(i); }
  bool isInvariant(unsigned i) const { return next(i) == body.getArgument(i); }
  bool areEqual(Value ofCondition, Value ofBody) const;
  bool isWhereDone(Value value, bool truth) const;
  bool isKept(Value value, Value old) const;
  bool stays(Value value) const;
  bool ends();
  void need(Value value);
  Value build(Value value, Body &elements, OpBuilder &b,
              DenseMap<Value, Value> &known);

  Lowering &l;
  WhileOp op;
  Block &condition, &body;
  Value mask;                 // of the condition
  bool isDone = false;        // the mask is true for elements that are done
  SmallVector<Value> scalars; // conditions besides
  ArrayRef<Dim> space;
  llvm::DenseSet<Value> seen, visited;
  llvm::SetVector<unsigned> needed; // of what the loop carries
};

} // namespace

/// `reduce_any(mask)` or `not reduce_all(done)`, and conditions on scalars.
bool ElementLoop::splitCondition(Value value) {
  if (auto both = value.getDefiningOp<LogicalAndOp>())
    return splitCondition(both.getOperand(0)) &&
           splitCondition(both.getOperand(1));
  auto inverse = value.getDefiningOp<LogicalNotOp>();
  Operation *over = (inverse ? inverse.getOperand() : value).getDefiningOp();
  if (over && rankOf(over->getResult(0)) == 0 &&
      (inverse ? isa<ReduceAllOp>(over) : isa<ReduceAnyOp>(over))) {
    if (mask || rankOf(over->getOperand(0)) == 0)
      return false;
    mask = over->getOperand(0);
    isDone = bool(inverse);
    return true;
  }
  scalars.push_back(value);
  return true;
}

/// Is it computed element by element from what the loop carries, and from what
/// is known before?
bool ElementLoop::isElementwise(Value value) {
  if (!isa<TensorType>(value.getType()) || !l.dims.has(value) ||
      isComplex(elementOf(value)))
    return false;
  if (isConstant(value))
    return true;
  if (rankOf(value) > 0 && l.dims.of(value) != space)
    return false;
  if (argumentOf(value, condition) || argumentOf(value, body) ||
      isOutside(value) || !seen.insert(value).second)
    return true;
  Operation *made = value.getDefiningOp();
  return made && made->hasTrait<TFCElementwise>() && findScalarRow(made) &&
         !isa<FloorDivOp, FloorModOp, TruncDivOp, TruncModOp>(made) &&
         llvm::all_of(made->getOperands(),
                      [&](Value x) { return isElementwise(x); });
}

/// Is a value of the body what one of the condition is for the same values?
bool ElementLoop::areEqual(Value ofCondition, Value ofBody) const {
  if (ofCondition == ofBody)
    return true; // from outside
  auto x = argumentOf(ofCondition, condition), y = argumentOf(ofBody, body);
  if (x || y)
    return x && y && x.getArgNumber() == y.getArgNumber();
  Operation *a = ofCondition.getDefiningOp(), *b = ofBody.getDefiningOp();
  return a && b && a->getName() == b->getName() &&
         a->getAttrDictionary() == b->getAttrDictionary() &&
         a->getResultTypes() == b->getResultTypes() &&
         a->getNumOperands() == b->getNumOperands() &&
         a->getNumRegions() == 0 &&
         llvm::all_of(llvm::zip(a->getOperands(), b->getOperands()),
                      [&](auto pair) {
                        return areEqual(std::get<0>(pair), std::get<1>(pair));
                      });
}

/// Is a value of the body false, or true, for all elements that are done?
bool ElementLoop::isWhereDone(Value value, bool truth) const {
  if (truth == isDone && areEqual(mask, value))
    return true;
  Operation *made = value.getDefiningOp();
  if (auto inverse = dyn_cast_or_null<LogicalNotOp>(made))
    return isWhereDone(inverse.getOperand(), !truth);
  if (!isa_and_nonnull<LogicalAndOp, LogicalOrOp>(made))
    return false;
  bool x = isWhereDone(made->getOperand(0), truth),
       y = isWhereDone(made->getOperand(1), truth);
  return isa<LogicalOrOp>(made) == truth ? x || y : x && y;
}

/// Is it the old value for all elements that are done?
bool ElementLoop::isKept(Value value, Value old) const {
  if (value == old)
    return true;
  auto choice = value.getDefiningOp<SelectOp>();
  return choice && ((isWhereDone(choice.getOperand(0), false) &&
                     isKept(choice.getOperand(2), old)) ||
                    (isWhereDone(choice.getOperand(0), true) &&
                     isKept(choice.getOperand(1), old)));
}

/// Does a value of the condition stay as it is for elements that are done?
bool ElementLoop::stays(Value value) const {
  if (auto argument = argumentOf(value, condition)) {
    unsigned i = argument.getArgNumber();
    return isKept(next(i), body.getArgument(i));
  }
  if (isConstant(value) || isOutside(value))
    return true;
  return llvm::all_of(value.getDefiningOp()->getOperands(),
                      [&](Value x) { return stays(x); });
}

/// Does a counter end it soon, whatever the elements do?
bool ElementLoop::ends() {
  constexpr int64_t soon = int64_t(1) << 16;
  auto number = [&](Value value) -> std::optional<int64_t> {
    APInt known;
    if (!isConstant(value) ||
        !matchPattern(value.getDefiningOp<ConstantOp>().getValue(),
                      m_ConstantInt(&known)))
      return std::nullopt;
    return known.getSExtValue();
  };
  return llvm::any_of(scalars, [&](Value scalar) {
    auto less = scalar.getDefiningOp<LessOp>();
    auto counter =
        less ? argumentOf(less.getOperand(0), condition) : BlockArgument();
    if (!counter)
      return false;
    unsigned i = counter.getArgNumber();
    auto add = next(i).getDefiningOp<AddOp>();
    auto first = number(op.getInits()[i]), last = number(less.getOperand(1));
    return first && last && add && add.getOperand(0) == body.getArgument(i) &&
           number(add.getOperand(1)).value_or(0) > 0 && *first > -soon &&
           *last < soon;
  });
}

/// Notes what the loop has to carry for a value.
void ElementLoop::need(Value value) {
  if (isConstant(value) || isOutside(value) || !visited.insert(value).second)
    return;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    unsigned i = argument.getArgNumber();
    if (!isInvariant(i) && needed.insert(i))
      need(next(i));
    return;
  }
  for (Value operand : value.getDefiningOp()->getOperands())
    need(operand);
}

bool ElementLoop::isOne() {
  if (isForDevice(op) ||
      !splitCondition(condition.getTerminator()->getOperand(0)) || !mask)
    return false;
  space = l.dims.of(mask);
  auto hasEffects = [](Operation &nested) {
    return !isMemoryEffectFree(&nested) || nested.getNumRegions();
  };
  if (llvm::any_of(condition.without_terminator(), hasEffects) ||
      llvm::any_of(body.without_terminator(), hasEffects))
    return false;
  auto argument = argumentOf(mask, condition);
  if (!isElementwise(mask) || isConstant(mask) || isOutside(mask) ||
      !(argument ? isWhereDone(next(argument.getArgNumber()), isDone)
                 : stays(mask)))
    return false;
  for (Value scalar : scalars) {
    if (!isElementwise(scalar))
      return false;
    need(scalar);
  }
  need(mask);
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    if (result.use_empty())
      continue;
    if (!isa<TensorType>(result.getType()) || !l.dims.has(result) ||
        (!isInvariant(i) &&
         (rankOf(result) == 0 || !isKept(next(i), body.getArgument(i)))))
      return false;
    need(body.getArgument(i));
  }
  return llvm::all_of(needed, [&](unsigned i) {
    Value argument = body.getArgument(i), init = op.getInits()[i];
    return isElementwise(next(i)) && isElementwise(argument) &&
           isElementwise(init) && l.dims.has(init) &&
           l.dims.of(init) == l.dims.of(argument) &&
           l.dims.of(next(i)) == l.dims.of(argument);
  });
}

/// One element of a value of the loop.
Value ElementLoop::build(Value value, Body &elements, OpBuilder &b,
                         DenseMap<Value, Value> &known) {
  if (Value element = known.lookup(value))
    return element;
  if (isConstant(value))
    return constantScalar(b, l.loc, elementOf(value),
                          value.getDefiningOp<ConstantOp>()
                              .getValue()
                              .getSplatValue<Attribute>());
  if (auto argument = dyn_cast<BlockArgument>(value);
      argument && !isOutside(value))
    value = op.getInits()[argument.getArgNumber()];
  if (isOutside(value))
    return elements.element(value, elements.identity());
  SmallVector<Value> operands;
  for (Value operand : value.getDefiningOp()->getOperands())
    operands.push_back(build(operand, elements, b, known));
  return known[value] = buildScalar(b, value.getDefiningOp(), operands);
}

void ElementLoop::lower() {
  l.loc = op.getLoc();
  Body elements(l, space);
  OpBuilder &b = elements.in;
  // What does not change is loaded before.
  SmallVector<Value> inits;
  SmallVector<Type> types;
  for (unsigned i : needed) {
    inits.push_back(elements.element(op.getInits()[i], elements.identity()));
    types.push_back(inits.back().getType());
  }
  DenseMap<Value, Value> invariant;
  auto load = [&](Block &block) {
    for (Operation &nested : block)
      for (Value operand : nested.getOperands()) {
        auto argument = argumentOf(operand, block);
        Value from = operand;
        if (argument && isInvariant(argument.getArgNumber()))
          from = op.getInits()[argument.getArgNumber()];
        if (isOutside(from) && isa<TensorType>(from.getType()) &&
            visited.contains(operand))
          invariant[operand] = elements.element(from, elements.identity());
      }
  };
  for (Value value : llvm::to_vector(visited))
    if (Operation *made = value.getDefiningOp())
      for (Value operand : made->getOperands())
        visited.insert(operand);
  load(condition);
  load(body);
  auto loop = scf::WhileOp::create(b, l.loc, types, inits, nullptr, nullptr);
  if (!ends())
    loop->setAttr(rt::steps, b.getUnitAttr());
  {
    OpBuilder::InsertionGuard guard(b);
    DenseMap<Value, Value> known = invariant;
    Block *before = loop.getBeforeBody();
    b.setInsertionPointToEnd(before);
    for (auto [k, i] : llvm::enumerate(needed))
      known[condition.getArgument(i)] = before->getArgument(k);
    Value go = build(mask, elements, b, known);
    if (isDone)
      go = arith::XOrIOp::create(b, l.loc, go,
                                 numberScalar(b, l.loc, b.getI1Type(), 1));
    for (Value scalar : scalars)
      go = arith::AndIOp::create(b, l.loc, go,
                                 build(scalar, elements, b, known));
    scf::ConditionOp::create(b, l.loc, go, before->getArguments());

    known = invariant;
    Block *after = loop.getAfterBody();
    b.setInsertionPointToEnd(after);
    for (auto [k, i] : llvm::enumerate(needed))
      known[body.getArgument(i)] = after->getArgument(k);
    SmallVector<Value> values;
    for (unsigned i : needed)
      values.push_back(build(next(i), elements, b, known));
    scf::YieldOp::create(b, l.loc, values);
  }
  SmallVector<Value> stored, results;
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    if (result.use_empty() || isInvariant(i))
      continue;
    Value last = loop.getResult(
        std::distance(needed.begin(), llvm::find(needed, unsigned(i))));
    Type element = elementOf(result);
    stored.push_back(toStorage(b, l.loc, last, element));
    elements.addOutput(l.empty(l.dims.of(result), element),
                       elements.identity());
    results.push_back(result);
  }
  ValueRange made = elements.finish(stored);
  for (auto [result, value] : llvm::zip(results, made))
    l.set(result, value);
  for (auto [i, result] : llvm::enumerate(op.getResults()))
    if (!result.use_empty() && isInvariant(i))
      l.set(result, l.value(op.getInits()[i]));
}

bool lowering::lowerElementLoop(Lowering &l, WhileOp op) {
  ElementLoop loop(l, op);
  if (!loop.isOne())
    return false;
  loop.lower();
  return true;
}
