//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// From loops to code a module is worked on by one thread, and that takes most
// of the time of a compilation. A large one is cut between its functions: each
// large function is in one part, from where the others call it; small ones that
// call no large one, and small constants, are copied to wherever they are used.
// The largest functions are dealt out first, each to the part that has least.
//
//===----------------------------------------------------------------------===//

#include "Parts.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/Threading.h"
#include <atomic>
#include <pthread.h>

using namespace mlir;
using namespace tfc;

namespace {
// In ops.
constexpr int64_t partSize = 1500; // takes about 50 ms to make code of
constexpr int64_t smallFunction = 200;
constexpr int64_t smallConstant = 4096; // bytes
constexpr size_t mostParts = 8;
constexpr int64_t largeModule = 50000;

/// A function or a constant of the module.
struct Symbol {
  int64_t size = 0;
  llvm::SetVector<Operation *> uses; ///< other symbols
};

/// What a part has of its own or as a copy, and what it only names.
struct Part {
  llvm::SetVector<Operation *> defined, named;
};

class Cutter {
public:
  explicit Cutter(ModuleOp module) : module(module) {}

  SmallVector<OwningOpRef<ModuleOp>> cut();

private:
  bool collect();
  void deal();
  void findCopied();
  void dealRest();
  Part find(size_t number);
  OwningOpRef<ModuleOp> make(const Part &part);

  ModuleOp module;
  llvm::MapVector<Operation *, Symbol> symbols;
  size_t count = 0;
  bool isLarge = false;
  llvm::DenseMap<Operation *, size_t> owners; ///< part of what is there once
  llvm::DenseSet<Operation *> copied;         ///< what is there several times
  llvm::DenseSet<Operation *> shared; ///< of these: named by other parts
};
} // namespace

static bool isDeclaration(Operation *op) {
  auto function = dyn_cast<func::FuncOp>(op);
  return function && function.isExternal();
}

/// Finds the symbols, and what each mentions. False if there is something else.
bool Cutter::collect() {
  SymbolTable table(module);
  for (Operation &op : *module.getBody()) {
    auto global = dyn_cast<memref::GlobalOp>(op);
    bool isConstant = global && global.getConstant() && !global.isExternal();
    if (!isConstant && !isa<func::FuncOp>(op))
      return false;
    Symbol &symbol = symbols[&op];
    op.walk([&](Operation *inside) {
      ++symbol.size;
      for (NamedAttribute attribute : inside->getAttrs())
        if (auto name = dyn_cast<FlatSymbolRefAttr>(attribute.getValue()))
          if (Operation *used = table.lookup(name.getAttr()))
            symbol.uses.insert(used);
    });
  }
  return true;
}

/// Deals out the large functions.
void Cutter::deal() {
  SmallVector<std::pair<Operation *, int64_t>> large;
  int64_t all = 0;
  for (auto &[op, symbol] : symbols)
    if (isa<func::FuncOp>(op)) {
      all += symbol.size;
      if (symbol.size > smallFunction)
        large.push_back({op, symbol.size});
    }
  isLarge = all >= largeModule;
  count = std::min({mostParts, large.size(), size_t(all / partSize)});
  if (count < 2)
    return;
  llvm::stable_sort(large,
                    [](auto &a, auto &b) { return a.second > b.second; });
  SmallVector<int64_t> sizes(count);
  for (auto [op, size] : large) {
    size_t least = llvm::min_element(sizes) - sizes.begin();
    owners[op] = least;
    sizes[least] += size;
  }
}

/// Says what each part that uses it has of its own: small symbols that nobody
/// else sees, unless they call a large function.
void Cutter::findCopied() {
  for (auto &[op, symbol] : symbols) {
    if (SymbolTable::getSymbolVisibility(op) !=
            SymbolTable::Visibility::Private ||
        isDeclaration(op))
      continue;
    auto global = dyn_cast<memref::GlobalOp>(op);
    bool isSmall = global
                       ? global.getType().getNumElements() * 8 <= smallConstant
                       : symbol.size <= smallFunction;
    if (isSmall && llvm::none_of(symbol.uses, [&](Operation *used) {
          return owners.contains(used);
        }))
      copied.insert(op);
  }
}

/// The other functions go where the first large one is that they call.
void Cutter::dealRest() {
  for (auto &[op, symbol] : symbols) {
    if (owners.contains(op) || copied.contains(op) || isDeclaration(op) ||
        !isa<func::FuncOp>(op))
      continue;
    size_t owner = 0;
    for (Operation *used : symbol.uses)
      if (auto known = owners.find(used); known != owners.end()) {
        owner = known->second;
        break;
      }
    owners[op] = owner;
  }
}

Part Cutter::find(size_t number) {
  Part part;
  for (auto &[op, symbol] : symbols)
    if (auto owner = owners.find(op);
        owner != owners.end() && owner->second == number)
      part.defined.insert(op);
  for (size_t i = 0; i < part.defined.size(); ++i)
    for (Operation *used : symbols[part.defined[i]].uses) {
      if (isDeclaration(used)) {
        part.named.insert(used);
      } else if (copied.contains(used) ||
                 // A large constant is in the first part that uses it.
                 owners.try_emplace(used, number).first->second == number) {
        part.defined.insert(used);
      } else {
        part.named.insert(used);
        shared.insert(used);
      }
    }
  return part;
}

/// Makes a symbol visible to other object files.
static void expose(Operation *op) {
  op->removeAttr("llvm.linkage");
  if (isa<memref::GlobalOp>(op))
    SymbolTable::setSymbolVisibility(op, SymbolTable::Visibility::Public);
}

OwningOpRef<ModuleOp> Cutter::make(const Part &part) {
  OwningOpRef<ModuleOp> made = ModuleOp::create(module.getLoc());
  (*made)->setAttrs(module->getAttrDictionary());
  if (isLarge)
    (*made)->setAttr(rt::isOfLargeModule, UnitAttr::get(module.getContext()));
  OpBuilder builder = OpBuilder::atBlockEnd(made->getBody());
  for (Operation &op : *module.getBody()) {
    if (part.defined.contains(&op)) {
      Operation *copy = builder.clone(op);
      if (shared.contains(&op))
        expose(copy);
    } else if (part.named.contains(&op)) {
      Operation *copy = builder.insert(op.cloneWithoutRegions());
      expose(copy);
      if (auto global = dyn_cast<memref::GlobalOp>(copy))
        global.removeInitialValueAttr();
      else
        SymbolTable::setSymbolVisibility(copy,
                                         SymbolTable::Visibility::Private);
    }
  }
  return made;
}

SmallVector<OwningOpRef<ModuleOp>> Cutter::cut() {
  SmallVector<OwningOpRef<ModuleOp>> made;
  if (!collect())
    return made;
  deal();
  if (count < 2)
    return made;
  findCopied();
  dealRest();
  // What is shared is known when all are found.
  SmallVector<Part> parts;
  for (size_t i = 0; i < count; ++i)
    parts.push_back(find(i));
  for (const Part &part : parts)
    made.push_back(make(part));
  return made;
}

SmallVector<OwningOpRef<ModuleOp>> tfc::cutIntoParts(ModuleOp module) {
  return Cutter(module).cut();
}

void tfc::runInThreads(unsigned count,
                       llvm::function_ref<void(unsigned)> work) {
  std::atomic<unsigned> next{0};
  auto workOn = [&] {
    for (unsigned i = next++; i < count; i = next++)
      work(i);
  };
  auto run = [](void *closure) -> void * {
    (*static_cast<decltype(workOn) *>(closure))();
    return nullptr;
  };
  // LLVM goes deep on long functions: as much stack as a main thread has. Where
  // a thread cannot be had, the others do its work.
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 8 << 20);
  unsigned threads =
      std::min(count, llvm::hardware_concurrency().compute_thread_count());
  SmallVector<pthread_t> others;
  for (unsigned i = 1; i < threads; ++i) {
    pthread_t other;
    if (pthread_create(&other, &attributes, run, &workOn))
      break;
    others.push_back(other);
  }
  pthread_attr_destroy(&attributes);
  workOn();
  for (pthread_t other : others)
    pthread_join(other, nullptr);
}
