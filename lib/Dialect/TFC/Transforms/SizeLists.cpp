//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Lists that a counted loop fills, made in their final length.
//
// Of a loop that runs a number of times which is known before it, and of a list
// that is empty before it, gets element n in iteration n, is not looked at
// inside and not changed behind it, the length is the number of iterations.
// Made in that length, it does not grow, and the loop can stay a counted one.
// Gradients of loops collect the values of their iterations in such lists.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_TFCSIZELISTSPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

static std::optional<int64_t> constantScalar(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!constant || type.getRank() != 0 ||
      !type.getElementType().isSignlessInteger())
    return std::nullopt;
  return cast<DenseIntElementsAttr>(constant.getValue())
      .getSplatValue<APInt>()
      .getSExtValue();
}

namespace {
/// A variable of a loop to which a constant is added in each iteration.
struct Counter {
  unsigned number;
  Value start;
  int64_t step;
};

class Sizer {
public:
  explicit Sizer(WhileOp loop)
      : loop(loop), condition(loop.getConditionRegion().front()),
        body(loop.getBodyRegion().front()), yield(body.getTerminator()),
        b(loop), loc(loop.getLoc()) {}
  void run();

private:
  std::optional<Counter> counterOf(unsigned number);
  Value outside(Value value);
  bool findTrips();
  Value trips();
  ListSetOp onlySetOf(unsigned number);

  WhileOp loop;
  Block &condition, &body;
  Operation *yield;
  OpBuilder b;
  Location loc;
  /// What the condition compares, and with what: it goes on while the counter
  /// is less than `limit`, or (`down`) at least 0.
  Counter tested;
  Value limit;
  bool down = false;
  Value made;
};
} // namespace

std::optional<Counter> Sizer::counterOf(unsigned number) {
  Value argument = body.getArgument(number);
  Operation *next = yield->getOperand(number).getDefiningOp();
  if (!isa_and_nonnull<AddOp, SubOp>(next) || next->getBlock() != &body)
    return std::nullopt;
  Value x = next->getOperand(0), y = next->getOperand(1);
  if (isa<AddOp>(next) && y == argument)
    std::swap(x, y);
  std::optional<int64_t> step =
      x == argument ? constantScalar(y) : std::nullopt;
  if (!step)
    return std::nullopt;
  return Counter{number, loop.getInits()[number],
                 isa<SubOp>(next) ? -*step : *step};
}

/// What a value of the condition is outside of the loop; null if it is
/// something else in each iteration.
Value Sizer::outside(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value);
      argument && argument.getOwner() == &condition) {
    unsigned number = argument.getArgNumber();
    return yield->getOperand(number) == body.getArgument(number)
               ? loop.getInits()[number]
               : Value();
  }
  if (!loop->isAncestor(value.getParentBlock()->getParentOp()))
    return value;
  if (auto constant = value.getDefiningOp<ConstantOp>())
    return b.clone(*constant)->getResult(0);
  return {};
}

bool Sizer::findTrips() {
  Operation *test = condition.getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<LessOp, GreaterEqualOp>(test) ||
      test->getBlock() != &condition)
    return false;
  auto argument = dyn_cast<BlockArgument>(test->getOperand(0));
  if (!argument || argument.getOwner() != &condition)
    return false;
  std::optional<Counter> counter = counterOf(argument.getArgNumber());
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  bool isSigned = type && (type.getElementType().isSignlessInteger(32) ||
                           type.getElementType().isSignlessInteger(64));
  if (!counter || !isSigned)
    return false;
  tested = *counter;
  down = isa<GreaterEqualOp>(test);
  if (down)
    return tested.step == -1 && constantScalar(test->getOperand(1)) == 0;
  limit = tested.step > 0 ? outside(test->getOperand(1)) : Value();
  return bool(limit);
}

/// How often the loop runs.
Value Sizer::trips() {
  if (made)
    return made;
  Type type = tested.start.getType();
  auto number = [&](int64_t value) -> Value {
    Type element = cast<RankedTensorType>(type).getElementType();
    auto attribute = DenseElementsAttr::get(cast<ShapedType>(type),
                                            b.getIntegerAttr(element, value));
    return ConstantOp::create(b, loc, attribute);
  };
  Value count;
  if (down) {
    count = AddOp::create(b, loc, type, tested.start, number(1));
  } else {
    count = limit;
    if (constantScalar(tested.start) != 0)
      count = SubOp::create(b, loc, type, count, tested.start);
    if (tested.step != 1) {
      count = AddOp::create(b, loc, type, count, number(tested.step - 1));
      count = FloorDivOp::create(b, loc, type, count, number(tested.step));
    }
  }
  return made = MaximumOp::create(b, loc, type, count, number(0));
}

/// The op that sets an element of a list of the loop in the body, if nothing
/// else looks at the list in the loop, and nothing sets elements of it
/// afterwards.
ListSetOp Sizer::onlySetOf(unsigned number) {
  BlockArgument argument = body.getArgument(number);
  if (!argument.hasOneUse() || !condition.getArgument(number).use_empty())
    return {};
  auto set = dyn_cast<ListSetOp>(*argument.getUsers().begin());
  if (!set || set.getList() != argument || set->getBlock() != &body ||
      !set.getResult().hasOneUse() ||
      yield->getOperand(number) != set.getResult())
    return {};
  bool onlyRead =
      llvm::all_of(loop->getResult(number).getUsers(), [](Operation *user) {
        return isa<ListGetOp, ListLengthOp, ListStackOp>(user);
      });
  return onlyRead ? set : ListSetOp();
}

void Sizer::run() {
  if (!findTrips())
    return;
  for (unsigned number = 0; number < loop.getInits().size(); ++number) {
    auto create = loop.getInits()[number].getDefiningOp<ListCreateOp>();
    if (!create || !create.getDynamicSize() ||
        constantScalar(create.getSize()) != 0)
      continue;
    ListSetOp set = onlySetOf(number);
    auto index =
        set ? dyn_cast<BlockArgument>(set.getIndex()) : BlockArgument();
    if (!index || index.getOwner() != &body)
      continue;
    std::optional<Counter> counter = counterOf(index.getArgNumber());
    if (!counter || counter->step != 1 || constantScalar(counter->start) != 0)
      continue;
    // The same number as the one that is compared, which is known to be in
    // range.
    bool same = tested.step == 1 && constantScalar(tested.start) == 0;
    if (same)
      set.getIndexMutable().assign(body.getArgument(tested.number));
    Value sized = ListCreateOp::create(b, create.getLoc(), create.getType(),
                                       trips(), create.getElementType(),
                                       /*dynamic_size=*/false);
    loop->setOperand(number, sized);
    if (create->use_empty())
      create->erase();
  }
}

namespace {
struct TFCSizeListsPass
    : public tfc::impl::TFCSizeListsPassBase<TFCSizeListsPass> {
  void runOnOperation() override {
    getOperation().walk([](WhileOp loop) { Sizer(loop).run(); });
  }
};
} // namespace
