//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Loops over the same elements become one.
//
// A function of long vectors and its gradients are several results, of which
// none needs all that the others need: each is a loop that stores what the next
// ones go on with. Rows of matrices would share their outer loops and stay in
// the cache (FuseLoops.cpp); a vector has no outer loop. What one op has stored
// is a value of the other's body here, and memory that nobody else reads is
// gone.
//===----------------------------------------------------------------------===//

#include "MergeElements.h"
#include "Group.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

using namespace mlir;
using namespace tfc::fusion;
using linalg::GenericOp;

/// Fewer are in the first-level cache in any case.
static constexpr int64_t leastShared = 4096;
/// Operations of one body: registers are allocated for all of them at once.
static constexpr int64_t mostInOneBody = 500;
/// Buffers that one loop goes through: more are more than the processor
/// fetches ahead.
static constexpr size_t mostStreams = 16;

static int64_t operationsOf(GenericOp op) {
  int64_t count = 0;
  op.getRegion().walk([&](Operation *) { ++count; });
  return count;
}

static bool isVector(GenericOp op) {
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  return op.hasPureBufferSemantics() && op.getNumLoops() == 1 &&
         op.getNumParallelLoops() == 1 && sizes[0] >= leastShared &&
         llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
           return op.getMatchingIndexingMap(&init).isIdentity();
         });
}

namespace {

/// What an op reads or writes: an operand, or memory that its body looks up.
struct Touch {
  Value buffer;
  AffineMap map; // none: of the body
  bool writes;
};

class Merged {
public:
  bool add(GenericOp op);
  void finish();

private:
  bool agreesWith(ArrayRef<Touch> touches) const;
  bool isBetween(memref::AllocOp alloc) const;

  SmallVector<GenericOp> members;
  SmallVector<Touch> touched;
  int64_t operations = 0;
};

} // namespace

static SmallVector<Touch> touchesOf(GenericOp op) {
  SmallVector<Touch> touches;
  for (OpOperand &operand : op->getOpOperands())
    if (isa<MemRefType>(operand.get().getType()))
      touches.push_back({operand.get(), op.getMatchingIndexingMap(&operand),
                         op.isDpsInit(&operand)});
  op.getRegion().walk([&](memref::LoadOp load) {
    touches.push_back({load.getMemRef(), AffineMap(), false});
  });
  return touches;
}

/// Does each iteration touch only what the others' iterations with the same
/// number write, and no part of it by another name?
bool Merged::agreesWith(ArrayRef<Touch> touches) const {
  for (const Touch &x : touched)
    for (const Touch &y : touches) {
      if (!x.writes && !y.writes)
        continue;
      bool areSame =
          x.buffer == y.buffer && x.map && x.map == y.map && x.map.isIdentity();
      if (!areSame &&
          mayAlias(tfc::rt::rootOf(x.buffer), tfc::rt::rootOf(y.buffer)))
        return false;
    }
  return true;
}

bool Merged::add(GenericOp op) {
  if (!isVector(op))
    return false;
  SmallVector<Touch> touches = touchesOf(op);
  int64_t count = operationsOf(op);
  if (!members.empty()) {
    if (op.getStaticLoopRanges() != members.front().getStaticLoopRanges() ||
        operations + count > mostInOneBody || !agreesWith(touches))
      return false;
    bool shares = false;
    llvm::SmallDenseSet<Value> streams;
    for (const Touch &x : touched)
      streams.insert(x.buffer);
    for (const Touch &y : touches) {
      shares |= y.map && y.map.isIdentity() && streams.contains(y.buffer);
      streams.insert(y.buffer);
    }
    if (!shares || streams.size() > mostStreams)
      return false;
  }
  // What is read before anybody has written it, and is memory of its own, has
  // no value.
  for (OpOperand &init : op.getDpsInitsMutable())
    if (init.get().getDefiningOp<memref::AllocOp>() &&
        op.payloadUsesValueFromOperand(&init) &&
        llvm::none_of(touched,
                      [&](const Touch &touch) {
                        return touch.writes && touch.buffer == init.get();
                      }) &&
        llvm::all_of(init.get().getUsers(),
                     [](Operation *user) { return isa<GenericOp>(user); }))
      return false;
  members.push_back(op);
  llvm::append_range(touched, touches);
  operations += count;
  return true;
}

/// Do only the members use the memory?
bool Merged::isBetween(memref::AllocOp alloc) const {
  return llvm::all_of(alloc->getUsers(), [&](Operation *user) {
    return llvm::is_contained(members, user);
  });
}

void Merged::finish() {
  if (members.size() < 2) {
    *this = {};
    return;
  }
  GenericOp last = members.back();
  OpBuilder builder(last);
  Location loc = last.getLoc();

  // The operands: inputs by what is read, unless somebody writes it.
  SmallVector<Value> inputs, outputs;
  SmallVector<AffineMap> inputMaps, outputMaps;
  SmallVector<memref::AllocOp> between;
  auto isWritten = [&](Value buffer) {
    return llvm::any_of(touched, [&](const Touch &touch) {
      return touch.writes && touch.buffer == buffer;
    });
  };
  for (const Touch &touch : touched) {
    if (!touch.map)
      continue;
    if (isWritten(touch.buffer)) {
      auto alloc = touch.buffer.getDefiningOp<memref::AllocOp>();
      if (alloc && isBetween(alloc)) {
        if (!llvm::is_contained(between, alloc))
          between.push_back(alloc);
      } else if (!llvm::is_contained(outputs, touch.buffer)) {
        outputs.push_back(touch.buffer);
        outputMaps.push_back(touch.map);
      }
      continue;
    }
    bool isKnown = false;
    for (auto [input, map] : llvm::zip_equal(inputs, inputMaps))
      isKnown |= input == touch.buffer && map == touch.map;
    if (!isKnown) {
      inputs.push_back(touch.buffer);
      inputMaps.push_back(touch.map);
    }
  }
  if (outputs.empty()) {
    *this = {};
    return;
  }
  SmallVector<Value> numbers; // operands that are no memory
  for (GenericOp op : members)
    for (OpOperand *input : op.getDpsInputOperands())
      if (!isa<MemRefType>(input->get().getType()) &&
          !llvm::is_contained(numbers, input->get()))
        numbers.push_back(input->get());
  size_t firstNumber = inputs.size();
  for (Value number : numbers) {
    inputs.push_back(number);
    inputMaps.push_back(AffineMap::get(1, 0, builder.getContext()));
  }
  tfc::rt::remark(last, [&] {
    return "fused: " + std::to_string(members.size()) +
           " loops over the same elements are one; " +
           std::to_string(between.size()) + " buffers between them are gone";
  });

  SmallVector<AffineMap> maps(inputMaps);
  llvm::append_range(maps, outputMaps);
  auto build = [&](OpBuilder &b, Location, ValueRange arguments) {
    DenseMap<Value, Value> now; // of what has been written
    auto valueOf = [&](OpOperand &operand, AffineMap map) -> Value {
      Value value = operand.get();
      if (auto number = llvm::find(numbers, value); number != numbers.end())
        return arguments[firstNumber + (number - numbers.begin())];
      if (Value known = now.lookup(value))
        return known;
      if (auto output = llvm::find(outputs, value); output != outputs.end())
        return arguments[inputs.size() + (output - outputs.begin())];
      for (size_t i = 0; i < firstNumber; ++i)
        if (inputs[i] == value && inputMaps[i] == map)
          return arguments[i];
      return {}; // of memory between them that has not been written
    };
    for (GenericOp op : members) {
      IRMapping mapping;
      Block &body = *op.getBlock();
      for (OpOperand &operand : op->getOpOperands()) {
        BlockArgument argument = op.getMatchingBlockArgument(&operand);
        if (!argument.use_empty())
          mapping.map(argument,
                      valueOf(operand, op.getMatchingIndexingMap(&operand)));
      }
      for (Operation &nested : body.without_terminator())
        b.clone(nested, mapping);
      for (auto [init, value] : llvm::zip_equal(
               op.getDpsInits(), body.getTerminator()->getOperands()))
        now[init] = mapping.lookupOrDefault(value);
    }
    SmallVector<Value> results;
    for (Value output : outputs)
      results.push_back(now.lookup(output));
    linalg::YieldOp::create(b, loc, results);
  };
  GenericOp::create(builder, loc, TypeRange(), inputs, outputs, maps,
                    last.getIteratorTypesArray(), build);
  for (GenericOp op : llvm::reverse(members))
    op->erase();
  for (memref::AllocOp alloc : between)
    alloc->erase();
  *this = {};
}

static void mergeIn(Block &block) {
  Merged merged;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto generic = dyn_cast<GenericOp>(op)) {
      if (!merged.add(generic)) {
        merged.finish();
        merged.add(generic);
      }
      continue;
    }
    if (isa<memref::AllocOp>(op) ||
        (isMemoryEffectFree(&op) && op.getNumRegions() == 0))
      continue;
    merged.finish();
    for (Region &region : op.getRegions())
      for (Block &nested : region)
        mergeIn(nested);
  }
  merged.finish();
}

void tfc::fusion::mergeElements(Operation *root) {
  for (Region &region : root->getRegions())
    for (Block &block : region)
      mergeIn(block);
}
