//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// linalg on buffers becomes kernels.
//
// Each block of the program is read once, in order. An op joins the group
// before it if they can share a kernel; anything else that touches memory ends
// the group. What the device cannot do stays where it is, for the host, and is
// written down.
//===----------------------------------------------------------------------===//

#include "Support.h"
#include "Writer.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "tfc/Conversion/GPU/Passes.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

namespace tfc {
#define GEN_PASS_DEF_LINALGTOGPUPASS
#include "tfc/Conversion/GPU/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::device;
using linalg::LinalgOp;

namespace {

/// Forms the groups of one function.
class Former {
public:
  /// `refused`: groups that were tried before, and why they have no kernel.
  /// `order`: the number of each op in the program, which names groups: 2 n for
  /// several ops of which that is the first, 2 n + 1 for it alone.
  Former(const DeviceLimits &limits, const Support &support,
         const llvm::DenseMap<int64_t, std::string> &refused,
         const llvm::DenseMap<Operation *, int64_t> &order, bool reassociate)
      : limits(limits), support(support), refused(refused), order(order),
        reassociate(reassociate) {}

  void run(Block &block);
  SmallVector<Attribute> host; ///< what stays there, and why

private:
  void take(LinalgOp op);
  void add(Step step);
  void settle(Operation *before, const Step *reader);
  void flush();
  void write(Group &taken);
  bool takeBackLong(ArrayRef<Operation *> ops, int64_t group);
  void refuse(Operation *op, const Twine &why);
  bool startsProduct(Step &step);
  void take(tfc::rt::ScanOp scan);

  const DeviceLimits &limits;
  const Support &support;
  const llvm::DenseMap<int64_t, std::string> &refused;
  const llvm::DenseMap<Operation *, int64_t> &order;
  bool reassociate;
  std::optional<Group> group;
  SmallVector<linalg::FillOp> fills; ///< not yet needed
};

void Former::refuse(Operation *op, const Twine &why) {
  Builder b(op->getContext());
  host.push_back(b.getDictionaryAttr(
      {b.getNamedAttr("op", b.getStringAttr(op->getName().getStringRef())),
       b.getNamedAttr("why", b.getStringAttr(why)),
       b.getNamedAttr("loc", op->getLoc())}));
}

/// The kernel of the group so far. A group that was refused before is tried op
/// by op; an op that was refused alone stays.
void Former::flush() {
  if (!group)
    return;
  Group taken = std::move(*group);
  group.reset();
  int64_t first = order.lookup(taken.steps.front().op);
  if (taken.steps.size() == 1) {
    taken.number = 2 * first + 1;
    if (auto found = refused.find(taken.number); found != refused.end())
      refuse(taken.steps.front().op, found->second);
    else
      write(taken);
    return;
  }
  taken.number = 2 * first;
  if (!refused.contains(taken.number))
    return write(taken);
  for (auto [i, step] : llvm::enumerate(taken.steps)) {
    group.emplace();
    group->prefix = step.loops.numParallel;
    if (i == 0) {
      group->product = taken.product;
      group->fill = taken.fill;
    }
    group->steps.push_back(step);
    flush();
  }
}

/// Steps of all loops of a thread, as far as they are known.
static int64_t stepsOf(Block &block) {
  int64_t steps = 0;
  for (Operation &op : block) {
    int64_t inside = 0;
    for (Region &region : op.getRegions())
      for (Block &nested : region)
        inside = std::max(inside, stepsOf(nested));
    int64_t trips = 1;
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      auto to = getConstantIntValue(loop.getUpperBound()),
           by = getConstantIntValue(loop.getStep());
      // Of a block of terms: from i to at most i + width.
      if (auto end = loop.getUpperBound().getDefiningOp<arith::MinUIOp>())
        if (auto reach = end.getLhs().getDefiningOp<arith::AddIOp>();
            reach && reach.getLhs() == loop.getLowerBound())
          to = getConstantIntValue(reach.getRhs());
      if (to && by && *by > 0)
        trips = llvm::divideCeil(std::max<int64_t>(*to, 0), *by);
      inside += 1;
    }
    steps += trips * inside;
  }
  return steps;
}

/// Some devices end loops that take too many steps, without a word: removes the
/// kernels that were made for these ops, which have the number `group`, if one
/// has such loops.
bool Former::takeBackLong(ArrayRef<Operation *> ops, int64_t group) {
  if (!limits.steps)
    return false;
  SmallVector<gpu::LaunchOp> launches;
  for (Operation &op : *ops.back()->getBlock())
    if (auto launch = dyn_cast<gpu::LaunchOp>(op))
      if (auto number = launch->getAttrOfType<IntegerAttr>("tfc.group");
          number && number.getInt() == group)
        launches.push_back(launch);
  if (llvm::all_of(launches, [&](gpu::LaunchOp launch) {
        return stepsOf(launch.getBody().front()) <= limits.steps;
      }))
    return false;
  for (gpu::LaunchOp launch : launches)
    launch.erase();
  for (Operation *op : ops)
    refuse(op, "more than " + std::to_string(limits.steps) +
                   " steps of a thread, which the device does not take");
  return true;
}

/// Does a thread take as many steps as only the running program knows?
static bool mayBeLong(Group &taken) {
  const Loops &loops = taken.steps.front().loops;
  return taken.mapping() == Group::Mapping::threadPerPoint &&
         llvm::any_of(ArrayRef(loops.sizes).drop_front(loops.numParallel),
                      ShapedType::isDynamic);
}

void Former::write(Group &taken) {
  if (limits.steps && mayBeLong(taken))
    return refuse(taken.steps.front().op,
                  "loops of any length, which the device does not take");
  auto mapping = taken.mapping();
  if (mapping == Group::Mapping::tiles && fitsWarpgroups(taken, limits))
    writeWarpgroups(taken, limits);
  else if (mapping == Group::Mapping::tiles && fitsAsyncTiles(taken, limits))
    writeAsyncTiles(taken, limits);
  else if (mapping == Group::Mapping::tiles && fitsTensorCores(taken, limits))
    writeTensorCores(taken, limits);
  else if (mapping == Group::Mapping::tiles)
    writeTiles(taken, limits);
  else if (mapping == Group::Mapping::blockPerPoint)
    writeByBlock(taken, limits);
  else
    writeByThread(taken, limits);
  SmallVector<Operation *> ops;
  for (Step &step : taken.steps)
    ops.push_back(step.op);
  if (takeBackLong(ops, taken.number))
    return;
  for (Operation *op : ops)
    op->erase();
  if (taken.fill)
    taken.fill->erase();
}

/// Fills wait for whoever needs them: a product starts its sums there instead.
void Former::settle(Operation *before, const Step *reader) {
  auto isNeeded = [&](linalg::FillOp fill) {
    Value root = rootOf(fill.getOutputs()[0]);
    return !reader || llvm::any_of(reader->accesses, [&](const Access &access) {
      return mayAlias(access.root, root);
    });
  };
  for (linalg::FillOp &fill : fills) {
    if (!isNeeded(fill))
      continue;
    fill->moveBefore(before);
    add(Step(fill));
    fill = {};
  }
  llvm::erase(fills, linalg::FillOp());
}

bool Former::startsProduct(Step &step) {
  std::optional<Product> product = matchProduct(step);
  if (!product)
    return false;
  linalg::FillOp first;
  auto found = llvm::find_if(fills, [&](linalg::FillOp fill) {
    return fill.getOutputs()[0] == product->result->get();
  });
  if (found != fills.end()) {
    first = *found;
    fills.erase(found);
  }
  settle(step.op, &step);
  flush();
  group.emplace();
  group->product = product;
  group->fill = first;
  group->prefix = step.loops.numParallel;
  group->steps.push_back(step);
  return true;
}

void Former::add(Step step) {
  if (group && group->tryAppend(step, limits))
    return;
  flush();
  group.emplace();
  group->prefix = step.loops.numParallel;
  group->steps.push_back(step);
}

void Former::take(LinalgOp op) {
  Step step(op);
  // Nothing to do.
  if (step.loops.isStatic() &&
      step.loops.count(0, step.loops.numParallel) == 0) {
    op->erase();
    return;
  }
  if (std::string why = support.refusal(op); !why.empty()) {
    settle(op, nullptr);
    flush();
    refuse(op, why);
    return;
  }
  if (auto fill = dyn_cast<linalg::FillOp>(op.getOperation())) {
    settle(op, &step); // of the same buffer
    fills.push_back(fill);
    return;
  }
  if (startsProduct(step))
    return;
  if (reassociate)
    reorderProducts(step);
  settle(op, &step);
  add(step);
}

void Former::take(tfc::rt::ScanOp scan) {
  auto type = cast<MemRefType>(scan.getInput().getType());
  std::string why = support.refusal(type);
  int64_t number = 2 * order.lookup(scan) + 1;
  if (auto found = refused.find(number); found != refused.end())
    why = found->second;
  if (!why.empty())
    return refuse(scan, why);
  writeScan(scan, number, limits, reassociate);
  if (!takeBackLong(scan.getOperation(), number))
    scan->erase();
}

/// Is the op a loop that writes elements itself, and has nothing in it that
/// could be a kernel?
static bool isElementLoop(Operation *op) {
  if (!isa<LoopLikeOpInterface>(op))
    return false;
  bool stores = false;
  WalkResult result = op->walk([&](Operation *nested) {
    stores |= isa<memref::StoreOp>(nested);
    return isa<LinalgOp>(nested) ? WalkResult::interrupt()
                                 : WalkResult::advance();
  });
  return stores && !result.wasInterrupted();
}

void Former::run(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto linalgOp = dyn_cast<LinalgOp>(op)) {
      take(linalgOp);
      continue;
    }
    // Views, allocations and arithmetic do not touch what kernels compute.
    if (isa<ViewLikeOpInterface, memref::AllocOp, memref::GetGlobalOp,
            tfc::rt::BindOp>(op) ||
        (op.getNumRegions() == 0 && isMemoryEffectFree(&op) &&
         !op.hasTrait<OpTrait::IsTerminator>()))
      continue;
    settle(&op, nullptr);
    flush();
    if (auto scan = dyn_cast<tfc::rt::ScanOp>(op)) {
      take(scan);
      continue;
    }
    if (isElementLoop(&op)) {
      refuse(&op, "elements that are computed one after the other");
      continue;
    }
    for (Region &region : op.getRegions())
      for (Block &nested : region)
        run(nested);
  }
}

/// The name of a kernel: of its entry, and its number.
std::string kernelName(func::FuncOp function, int64_t number) {
  std::string name = function.getName().str();
  if (StringRef(name).ends_with(".body"))
    name.resize(name.size() - 5);
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  return name + "_kernel_" + std::to_string(number);
}

struct LinalgToGPU : public tfc::impl::LinalgToGPUPassBase<LinalgToGPU> {
  using LinalgToGPUPassBase::LinalgToGPUPassBase;

  void runOnOperation() override {
    OpBuilder builder(&getContext());
    SmallVector<memref::CopyOp> copies;
    getOperation()->walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    for (memref::CopyOp copy : copies) {
      builder.setInsertionPoint(copy);
      if (copy.getSource() != copy.getTarget())
        linalg::makeMemRefCopyOp(builder, copy.getLoc(), copy.getSource(),
                                 copy.getTarget());
      copy.erase();
    }
    DeviceLimits limits;
    limits.maxThreads = maxThreads;
    limits.sharedBytes = sharedBytes;
    limits.subgroup = subgroup;
    int64_t architecture = 0;
    if (StringRef name(chip); target == "nvptx" && name.consume_front("sm_"))
      name.consumeInteger(10, architecture);
    limits.tensorCores = architecture >= 80;
    limits.warpgroups = StringRef(chip) == "sm_90a";
    limits.tf32 = StringRef(features).contains("tf32");
    if (StringRef(features).contains("short-loops"))
      limits.steps = 60000; // Mesa's llvmpipe counts to 65535
    llvm::DenseMap<int64_t, std::string> refused;
    if (auto list = getOperation()->getAttrOfType<ArrayAttr>("tfc.refused"))
      for (auto entry : list.getAsRange<DictionaryAttr>())
        refused[entry.getAs<IntegerAttr>("group").getInt()] =
            entry.getAs<StringAttr>("why").str();
    llvm::DenseMap<Operation *, int64_t> order;
    getOperation()->walk([&](Operation *op) {
      int64_t number = order.size();
      if (isa<LinalgOp, tfc::rt::ScanOp>(op))
        order[op] = number;
    });
    Support support(target, features);
    SmallVector<Attribute> host;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      Former former(limits, support, refused, order, reassociate);
      for (Block &block : function.getBody())
        former.run(block);
      llvm::append_range(host, former.host);
    }
    getOperation()->setAttr("tfc.host", builder.getArrayAttr(host));
    nameKernels();
    getOperation().walk(sinkConstants);
  }

  /// Numbers are part of a kernel, not arguments of it.
  static void sinkConstants(gpu::LaunchOp launch) {
    // Complex ones first: the floats that they are made of come then.
    sink(launch, [](Operation *op) {
      return isa<complex::ConstantOp, complex::CreateOp>(op);
    });
    sink(launch, [](Operation *op) { return isa<arith::ConstantOp>(op); });
  }

  static void sink(gpu::LaunchOp launch,
                   llvm::function_ref<bool(Operation *)> isNumber) {
    OpBuilder b = OpBuilder::atBlockBegin(&launch.getBody().front());
    DenseMap<Operation *, Value> inside;
    launch.getBody().walk([&](Operation *op) {
      for (OpOperand &operand : op->getOpOperands()) {
        Operation *number = operand.get().getDefiningOp();
        if (!number || !isNumber(number) || launch->isAncestor(number))
          continue;
        Value &copy = inside[number];
        if (!copy)
          copy = b.clone(*number)->getResult(0);
        operand.set(copy);
      }
    });
  }

  /// Names launches, and lists them in the module's attribute `tfc.kernels`.
  void nameKernels() {
    Builder b(&getContext());
    SmallVector<Attribute> kernels;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      int64_t number = 0;
      function.walk([&](gpu::LaunchOp launch) {
        auto name = FlatSymbolRefAttr::get(
            b.getStringAttr(kernelName(function, number++)));
        launch.setModuleAttr(name);
        launch.setFunctionAttr(name);
        kernels.push_back(b.getDictionaryAttr(
            {b.getNamedAttr("name", name.getAttr()),
             b.getNamedAttr("kind", launch->getAttr("tfc.kind")),
             b.getNamedAttr("group", launch->getAttr("tfc.group")),
             b.getNamedAttr("loc", launch.getLoc())}));
      });
    }
    getOperation()->setAttr("tfc.kernels", b.getArrayAttr(kernels));
  }
};

} // namespace
