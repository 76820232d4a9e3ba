//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A network of fifty equal layers has fifty equal loop nests, and code
// generation takes most of the time of a compilation: what is equal becomes one
// function and calls of it.
//
// 1. The outermost nests that may leave their function are compared
// (EqualOps.h).
// 2. Those that are equal become calls, where that saves enough.
// 3. Functions of nests and groups (`tfc-share-groups`) take pointers instead
// of
//    buffers of static size: memory is known by pointers now, and a buffer
//    would be seven values for each call.
// 4. Of the functions of pieces (`tfc-outline-parallel`) that are equal one
// stays.
//
// What is left of a large network's body are hundreds of nests that have no
// equal, and some of LLVM's loop passes look at the whole function for each
// loop: such a body is cut, neighbouring nests become functions together. So is
// one of many calls and few nests.
//
//===----------------------------------------------------------------------===//

#include "Numbers.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/EqualOps.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"
#include <map>

namespace tfc::rt {
#define GEN_PASS_DEF_TFCSHARELOOPSPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace tfc::rt;

/// A few numbers, or vectors of them: a function may return four in registers.
constexpr size_t mostInRegisters = 4, mostOfPart = 16;

static bool canBeReturned(ResultRange results, size_t most) {
  return results.size() <= most && llvm::all_of(results, [](Value value) {
           Type type = getElementTypeOrSelf(value.getType());
           return isa<VectorType, IndexType, IntegerType, FloatType>(
                      value.getType()) &&
                  type.isIntOrIndexOrFloat();
         });
}

/// Loops with few results, and nothing in them that needs the function around:
/// memory, exits, other threads.
static bool isShareable(scf::ForOp nest, size_t most = mostInRegisters) {
  if (!canBeReturned(nest.getResults(), most))
    return false;
  return !nest->walk([](Operation *op) {
                bool isCall =
                    isa<func::CallOp>(op) && !op->hasAttr(SharedGroup::cost);
                bool needsBody = isCall ||
                                 isa<memref::AllocOp, memref::DeallocOp>(op) ||
                                 isa<TFCRTDialect>(op->getDialect());
                return needsBody ? WalkResult::interrupt()
                                 : WalkResult::advance();
              })
              .wasInterrupted();
}

/// Numbers of half precision are no arguments: where no instruction converts
/// them, LLVM calls a function of its own library for each.
static bool canBePassed(ValueRange values) {
  return llvm::none_of(values, [](Value value) {
    auto type = dyn_cast<FloatType>(getElementTypeOrSelf(value.getType()));
    return type && type.getWidth() < 32 && !isa<MemRefType>(value.getType());
  });
}

static int64_t sizeOf(Operation *nest) {
  int64_t size = 0;
  nest->walk([&](Operation *) { ++size; });
  return size;
}

/// The address of such a buffer. What bound it goes if nobody else needs it.
static Value addressOf(OpBuilder &builder, Location loc, Value memref) {
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  if (auto bind = memref.getDefiningOp<BindOp>())
    return bind.getPointer();
  Type descriptor =
      LLVMTypeConverter(builder.getContext()).convertType(memref.getType());
  Value fields =
      UnrealizedConversionCastOp::create(builder, loc, descriptor, memref)
          .getResult(0);
  return LLVM::ExtractValueOp::create(builder, loc, pointer, fields,
                                      ArrayRef<int64_t>{1});
}

namespace {

/// Bytes of what nothing else in the function points to: an argument, an
/// allocation, a constant; or the arena, of which each buffer has a range.
struct Memory {
  Value whole;
  int64_t begin = 0, end = ShapedType::kDynamic; ///< of a range

  bool overlaps(const Memory &other) const {
    bool areRanges =
        !ShapedType::isDynamic(end) && !ShapedType::isDynamic(other.end);
    return whole == other.whole &&
           (!areRanges || (begin < other.end && other.begin < end));
  }
};

} // namespace

/// The offset of a range of the arena.
static std::optional<int64_t> offsetOf(LLVM::GEPOp address) {
  if (address.getRawConstantIndices().size() != 1 ||
      !address.getElemType().isInteger(8))
    return std::nullopt;
  auto index = address.getIndices()[0];
  if (auto known = dyn_cast<IntegerAttr>(index))
    return known.getInt();
  APInt offset;
  if (!matchPattern(cast<Value>(index), m_ConstantInt(&offset)))
    return std::nullopt;
  return offset.getSExtValue();
}

/// The bytes of `whole` that the buffer is in, from an offset on.
static Memory rangeOf(BindOp bind, Value whole, int64_t offset) {
  Memory memory{whole, offset};
  MemRefType type = bind.getType();
  if (!type.hasStaticShape())
    return memory;
  int64_t element = DataLayout::closest(bind)
                        .getTypeSize(type.getElementType())
                        .getFixedValue();
  memory.end = offset + element * type.getNumElements();
  return memory;
}

static std::optional<Memory> identifiedMemory(Value memref) {
  Value root = rootOf(memref);
  if (isa_and_present<memref::AllocOp, memref::AllocaOp, memref::GetGlobalOp>(
          root.getDefiningOp()))
    return Memory{root};
  auto bind = root.getDefiningOp<BindOp>();
  if (!bind)
    return std::nullopt;
  Value pointer = bind.getPointer();
  if (auto address = pointer.getDefiningOp<LLVM::GEPOp>()) {
    std::optional<int64_t> offset = offsetOf(address);
    return offset ? std::optional(rangeOf(bind, address.getBase(), *offset))
                  : std::nullopt;
  }
  auto argument = dyn_cast<BlockArgument>(pointer);
  auto function =
      argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp())
               : func::FuncOp();
  bool isDistinct =
      function && function.getArgAttr(argument.getArgNumber(), "llvm.noalias");
  // The first range of the arena is at its own address.
  return isDistinct ? std::optional(rangeOf(bind, pointer, 0)) : std::nullopt;
}

/// Whether all buffers that a nest takes from outside are memory of their own.
/// Those that it needs one after the other may be in the same range of the
/// arena.
static bool takesDistinct(const OpList &nest) {
  SmallVector<Memory> memories;
  return llvm::all_of(capturesOf(nest), [&](Value value) {
    if (!isa<MemRefType>(value.getType()))
      return !isa<LLVM::LLVMPointerType>(value.getType());
    std::optional<Memory> memory = identifiedMemory(value);
    if (!memory || llvm::any_of(memories, [&](const Memory &other) {
          return memory->overlaps(other);
        }))
      return false;
    memories.push_back(*memory);
    return true;
  });
}

static void takePointers(func::FuncOp function) {
  auto pointer = LLVM::LLVMPointerType::get(function.getContext());
  OpBuilder builder = OpBuilder::atBlockBegin(&function.getBody().front());
  for (BlockArgument argument : function.getArguments()) {
    bool isDistinct = function.removeArgAttr(argument.getArgNumber(),
                                             SharedGroup::distinct) != nullptr;
    Type type = argument.getType();
    if (!isPointer(type))
      continue;
    if (isDistinct)
      function.setArgAttr(argument.getArgNumber(), "llvm.noalias",
                          builder.getUnitAttr());
    argument.setType(pointer);
    auto bind = BindOp::create(builder, function.getLoc(), type, argument,
                               ValueRange());
    argument.replaceAllUsesExcept(bind.getMemref(), bind);
  }
  function.setFunctionType(
      builder.getFunctionType(function.getBody().getArgumentTypes(),
                              function.getFunctionType().getResults()));
}

/// What its last op gives is what the function does.
static void returnResults(func::FuncOp function) {
  Operation *end = function.getBody().front().getTerminator();
  end->setOperands(end->getPrevNode()->getResults());
  function.setFunctionType(FunctionType::get(
      function.getContext(), function.getFunctionType().getInputs(),
      end->getOperandTypes()));
}

static void passPointers(func::CallOp call) {
  OpBuilder builder(call);
  for (OpOperand &operand : call->getOpOperands()) {
    Value memref = operand.get();
    if (!isPointer(memref.getType()))
      continue;
    operand.set(addressOf(builder, call.getLoc(), memref));
    if (auto bind = memref.getDefiningOp<BindOp>(); bind && bind->use_empty())
      bind.erase();
  }
  call->removeAttr(SharedGroup::cost);
  call->removeAttr(SharedGroup::writes);
}

/// The list of what a function does, for a comparison.
static OpList bodyOf(func::FuncOp function) {
  OpList ops;
  for (Operation &op : function.getBody().front())
    ops.push_back(&op);
  return ops;
}

/// Of functions with equal bodies: whether their arguments correspond in order,
/// too.
static bool takesTheSame(func::FuncOp x, func::FuncOp y) {
  auto numbers = [](func::FuncOp function) {
    return llvm::map_to_vector(capturesOf(bodyOf(function)), [](Value value) {
      return cast<BlockArgument>(value).getArgNumber();
    });
  };
  return x.getFunctionType() == y.getFunctionType() &&
         x.getArgAttrsAttr() == y.getArgAttrsAttr() && numbers(x) == numbers(y);
}

/// What only says where memory is: a function may say it again.
static bool isAddress(Operation *op) {
  return isa<BindOp, LLVM::GEPOp, LLVM::ConstantOp, memref::CastOp,
             memref::CollapseShapeOp, memref::ExpandShapeOp,
             memref::ExtractStridedMetadataOp, memref::GetGlobalOp,
             memref::ReinterpretCastOp, memref::SubViewOp>(op);
}

/// Neighbouring nests, and the addresses of the same block that they need, in
/// the order of the block.
static OpList withAddresses(const OpList &nests) {
  llvm::SetVector<Operation *> all(nests.begin(), nests.end());
  Block *home = nests.front()->getBlock();
  SmallVector<Value> open = llvm::to_vector(capturesOf(nests));
  while (!open.empty()) {
    Operation *definition = open.pop_back_val().getDefiningOp();
    if (definition && definition->getBlock() == home && isAddress(definition) &&
        all.insert(definition))
      llvm::append_range(open, definition->getOperands());
  }
  OpList ops(all.begin(), all.end());
  llvm::sort(ops,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return ops;
}

/// The memory that a buffer or a pointer is in: an argument, an allocation, a
/// constant; null if that is not known.
static Value wholeOf(Value value) {
  if (isa<MemRefType>(value.getType())) {
    value = rootOf(value);
    if (auto bind = value.getDefiningOp<BindOp>())
      value = bind.getPointer();
  }
  while (auto address = value.getDefiningOp<LLVM::GEPOp>())
    value = address.getBase();
  auto argument = dyn_cast<BlockArgument>(value);
  bool isKnown =
      argument ? isa<func::FuncOp>(argument.getOwner()->getParentOp())
               : isa<memref::AllocOp, memref::AllocaOp, memref::GetGlobalOp>(
                     value.getDefiningOp());
  return isKnown ? value : Value();
}

/// Whether none of the others that a part takes may be in the same memory:
/// addresses of other blocks do not go along.
static bool isAlone(Value value, ArrayRef<Value> captures) {
  return llvm::all_of(captures, [&](Value other) {
    if (other == value ||
        !isa<MemRefType, LLVM::LLVMPointerType>(other.getType()))
      return true;
    Value whole = wholeOf(other);
    return whole && whole != value;
  });
}

/// Arguments of a part are what those of the function are.
static void keepAttributes(func::FuncOp part, ArrayRef<Value> captures) {
  for (auto [number, value] : llvm::enumerate(captures)) {
    if (value.getDefiningOp<memref::AllocOp>() && isPointer(value.getType()) &&
        isAlone(value, captures))
      part.setArgAttr(number, SharedGroup::distinct,
                      UnitAttr::get(part.getContext()));
    auto argument = dyn_cast<BlockArgument>(value);
    auto function =
        argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp())
                 : func::FuncOp();
    if (!function || !isa<LLVM::LLVMPointerType>(value.getType()))
      continue;
    DictionaryAttr attributes =
        function.getArgAttrDict(argument.getArgNumber());
    if (!attributes)
      continue;
    for (NamedAttribute attribute : attributes)
      if (attribute.getName().strref().starts_with("llvm.") &&
          (attribute.getName() != "llvm.noalias" || isAlone(value, captures)))
        part.setArgAttr(number, attribute.getName(), attribute.getValue());
  }
}

/// A nest behind views that only it uses: of which part of which memory they
/// are, functions of several nests may say themselves.
static OpList withViews(scf::ForOp nest) {
  OpList ops{nest};
  OpBuilder builder(nest);
  llvm::SetVector<Operation *> copied;
  SmallVector<Value> open = llvm::to_vector(capturesOf({nest}));
  while (!open.empty()) {
    Value value = open.pop_back_val();
    Operation *view = value.getDefiningOp();
    if (!isa_and_present<memref::SubViewOp, memref::CollapseShapeOp,
                         memref::ExpandShapeOp>(view))
      continue;
    builder.setInsertionPoint(ops.front());
    Operation *own = builder.clone(*view);
    value.replaceUsesWithIf(own->getResult(0), [&](OpOperand &use) {
      return llvm::any_of(
          ops, [&](Operation *op) { return op->isAncestor(use.getOwner()); });
    });
    copied.insert(view);
    ops.insert(ops.begin(), own);
    llvm::append_range(open, own->getOperands());
  }
  for (Operation *view : copied)
    if (view->use_empty())
      view->erase();
  return ops;
}

namespace {

struct ShareLoops : public tfc::rt::impl::TFCShareLoopsPassBase<ShareLoops> {
  using tfc::rt::impl::TFCShareLoopsPassBase<ShareLoops>::TFCShareLoopsPassBase;

  void shareNests() {
    EqualOps nests;
    getOperation()->walk<WalkOrder::PreOrder>([&](scf::ForOp nest) {
      if (!isShareable(nest))
        return WalkResult::advance();
      nests.add(sharesSizes ? withViews(nest) : OpList{nest});
      return WalkResult::skip();
    });
    int64_t number = 0;
    for (const Kind &kind :
         kindsOf(nests.take(), [](auto &, auto &) { return true; })) {
      ArrayRef<Operation *> first = kind.classes.front().front();
      size_t count = 0;
      for (ArrayRef<OpList> equal : kind.classes)
        count += equal.size();
      int64_t saved = int64_t(count - 1) * sizeOf(first.back());
      if (saved < (sharesSizes ? minSaved / 4 : minSaved) ||
          !canBePassed(capturesOf(first).getArrayRef()) ||
          !canBePassed(first.back()->getResults()))
        continue;
      std::string name = "tfc.loops." + std::to_string(number++);
      func::FuncOp function = makeFunction(getOperation(), name, first);
      returnResults(function);
      functions.insert({function.getSymNameAttr(), function});
      if (llvm::all_of(kind.classes, [](ArrayRef<OpList> equal) {
            return llvm::all_of(equal, takesDistinct);
          }))
        for (BlockArgument argument : function.getArguments())
          if (isPointer(argument.getType()))
            function.setArgAttr(argument.getArgNumber(), SharedGroup::distinct,
                                UnitAttr::get(&getContext()));
      takeArguments(function, kind);
      for (auto [equal, numbers] : llvm::zip_equal(kind.classes, kind.numbers))
        for (const OpList &nest : equal) {
          OpBuilder builder(nest.back());
          SmallVector<Value> operands =
              llvm::to_vector(capturesOf(nest).getArrayRef());
          Location loc = nest.back()->getLoc();
          passNumbers(builder, loc, kind, numbers, operands);
          auto call = func::CallOp::create(builder, loc, function, operands);
          nest.back()->replaceAllUsesWith(call.getResults());
          for (Operation *op : llvm::reverse(nest))
            op->erase();
        }
    }
  }

  /// What becomes one function: lists of ops that are equal, and those that
  /// are equal to them but for numbers.
  struct Kind {
    SmallVector<SmallVector<OpList>> classes;
    SmallVector<SmallVector<Number>> found;
    SmallVector<bool> hot; ///< of the numbers of each
    /// Of each class, those that are arguments.
    SmallVector<SmallVector<int64_t>> numbers;
    /// Which argument each of the numbers of the ops is, or -1.
    SmallVector<int> places;
    SmallVector<Type> types; ///< of the arguments
  };

  /// Numbers that differ, as few arguments as possible: those that are the same
  /// in each class share one. False if they are too many for a function.
  bool findArguments(Kind &kind) {
    constexpr size_t most = 24, mostHot = 8;
    ArrayRef<SmallVector<Number>> all = kind.found;
    kind.types.clear();
    std::map<std::pair<const void *, SmallVector<int64_t>>, int> arguments;
    llvm::DenseSet<int> hot;
    kind.places.assign(all.front().size(), -1);
    kind.numbers.assign(all.size(), {});
    for (auto [i, number] : llvm::enumerate(all.front())) {
      SmallVector<int64_t> values;
      for (ArrayRef<Number> of : all)
        values.push_back(of[i].value);
      if (llvm::all_equal(values))
        continue;
      auto [entry, isNew] = arguments.try_emplace(
          {number.type.getAsOpaquePointer(), values}, arguments.size());
      kind.places[i] = entry->second;
      if (kind.hot[i])
        hot.insert(entry->second);
      if (isNew)
        kind.types.push_back(number.type);
      if (isNew)
        for (auto [of, value] : llvm::zip_equal(kind.numbers, values))
          of.push_back(value);
    }
    return arguments.size() <= most && hot.size() <= mostHot;
  }

  static bool isRepeated(const OpList &ops) {
    return ops.front()->getParentOfType<LoopLikeOpInterface>() ||
           ops.front()->getParentOfType<ParallelOp>();
  }

  /// Joins classes that are equal but for numbers where a module has so much
  /// code that it pays to have less. What a loop repeats keeps its numbers.
  std::vector<Kind>
  kindsOf(SmallVector<SmallVector<OpList>> classes,
          llvm::function_ref<bool(const OpList &, const OpList &)> mayJoin) {
    std::vector<Kind> kinds;
    llvm::DenseMap<size_t, SmallVector<size_t>> byHash;
    auto join = [&](ArrayRef<OpList> equal) {
      if (!sharesSizes || llvm::any_of(equal, isRepeated))
        return false;
      SmallVector<size_t> &candidates =
          byHash[hashWithoutNumbers(equal.front())];
      for (size_t candidate : candidates) {
        Kind &kind = kinds[candidate];
        if (!areEqualButForNumbers(kind.classes.front().front(),
                                   equal.front()) ||
            !mayJoin(kind.classes.front().front(), equal.front()))
          continue;
        if (kind.hot.empty())
          kind.hot = areHot(kind.found.front());
        kind.classes.emplace_back(equal);
        kind.found.push_back(numbersOf(equal.front()));
        if (findArguments(kind))
          return true;
        kind.classes.pop_back();
        kind.found.pop_back();
        (void)findArguments(kind);
      }
      candidates.push_back(kinds.size());
      return false;
    };
    for (ArrayRef<OpList> equal : classes)
      if (!join(equal)) {
        kinds.emplace_back().classes.emplace_back(equal);
        kinds.back().found.push_back(numbersOf(equal.front()));
      }
    return kinds;
  }

  /// Of a function that was made of the first class.
  void takeArguments(func::FuncOp function, const Kind &kind) {
    if (kind.classes.size() == 1)
      return;
    SmallVector<Value> arguments, values;
    for (Type type : kind.types) {
      unsigned number = function.getNumArguments();
      (void)function.insertArgument(number, type, {}, function.getLoc());
      arguments.push_back(function.getArgument(number));
    }
    for (int place : kind.places)
      values.push_back(place < 0 ? Value() : arguments[place]);
    takeNumbers(function, values);
  }

  static Value constantOf(OpBuilder &builder, Location loc, int64_t number,
                          Type type) {
    if (type.isIndex())
      return arith::ConstantIndexOp::create(builder, loc, number);
    unsigned width = type.getIntOrFloatBitWidth();
    APFloat value(cast<FloatType>(type).getFloatSemantics(),
                  APInt(width, number, /*isSigned=*/true));
    return arith::ConstantOp::create(builder, loc, FloatAttr::get(type, value));
  }

  static void passNumbers(OpBuilder &builder, Location loc, const Kind &kind,
                          ArrayRef<int64_t> numbers,
                          SmallVectorImpl<Value> &operands) {
    if (kind.classes.size() == 1)
      return;
    for (auto [number, type] : llvm::zip_equal(numbers, kind.types))
      operands.push_back(constantOf(builder, loc, number, type));
  }

  /// Whether a function of a large module is little more than calls. Without
  /// loops LLVM need not look at what is left (`Glue.cpp`).
  bool isMostlyCalls(func::FuncOp function) {
    constexpr int64_t least = 32;
    int64_t calls = 0;
    function.walk(
        [&](Operation *op) { calls += isa<func::CallOp, LaunchOp>(op); });
    return sharesSizes && calls >= least;
  }

  /// Nests that are neighbours: nothing between them does anything. Those that
  /// give something are alone.
  SmallVector<OpList> neighbours(func::FuncOp function) {
    SmallVector<OpList> all;
    int64_t size = 0, whole = 0;
    bool isOpen = false;
    function.walk<WalkOrder::PreOrder>([&](Operation *op) {
      auto nest = dyn_cast<scf::ForOp>(op);
      if (!nest || !isShareable(nest, mostOfPart) ||
          !canBePassed(nest.getResults())) {
        isOpen &= isMemoryEffectFree(op);
        return WalkResult::advance();
      }
      int64_t added = sizeOf(nest);
      whole += added;
      bool isAlone = nest.getNumResults() != 0;
      if (!isOpen || isAlone ||
          all.back().back()->getBlock() != nest->getBlock() ||
          size + added > partSize) {
        all.emplace_back();
        size = 0;
      }
      size += added;
      isOpen = !isAlone;
      all.back().push_back(nest);
      return WalkResult::skip();
    });
    if (whole < mostInOne && !isMostlyCalls(function))
      all.clear();
    return all;
  }

  void cut(func::FuncOp function) {
    int64_t number = 0;
    for (const OpList &nests : neighbours(function)) {
      OpList ops = withAddresses(nests);
      SmallVector<Value> captures = llvm::to_vector(capturesOf(ops));
      if (!canBePassed(captures))
        continue;
      std::string name =
          (function.getSymName() + ".part" + Twine(number++)).str();
      func::FuncOp part = makeFunction(getOperation(), name, ops);
      functions.insert({part.getSymNameAttr(), part});
      keepAttributes(part, captures);
      returnResults(part);
      OpBuilder builder(nests.back());
      auto call =
          func::CallOp::create(builder, nests.back()->getLoc(), part, captures);
      nests.back()->replaceAllUsesWith(call.getResults());
      for (Operation *op : llvm::reverse(ops))
        if (llvm::is_contained(nests, op) || op->use_empty())
          op->erase();
    }
  }

  static func::FuncOp functionOf(const OpList &ops) {
    return ops[0]->getParentOfType<func::FuncOp>();
  }

  SmallVector<SmallVector<OpList>> equalBodies(StringRef attribute) {
    EqualOps bodies;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(attribute))
        bodies.add(bodyOf(function));
    return bodies.take();
  }

  /// Pieces first, then their entries, which call them.
  void sharePieces() {
    SymbolTableCollection tables;
    SymbolUserMap users(tables, getOperation());
    for (StringRef attribute : {Body::piece, Body::pieceEntry})
      for (ArrayRef<OpList> equal : equalBodies(attribute)) {
        func::FuncOp kept = functionOf(equal[0]);
        for (const OpList &other : equal.drop_front()) {
          func::FuncOp function = functionOf(other);
          if (!takesTheSame(kept, function))
            continue;
          users.replaceAllUsesWith(function, kept.getSymNameAttr());
          function.erase();
        }
      }
  }

  /// Of pieces of loops of several sizes one stays, which their entries tell
  /// the sizes.
  void shareSizesOfPieces() {
    SmallVector<SmallVector<OpList>> single;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(Body::piece))
        single.emplace_back().push_back(bodyOf(function));
    SymbolTableCollection tables;
    SymbolUserMap users(tables, getOperation());
    auto isCalled = [&](func::FuncOp function) {
      return llvm::all_of(users.getUsers(function),
                          llvm::IsaPred<func::CallOp>);
    };
    auto mayJoin = [&](const OpList &kept, const OpList &other) {
      return takesTheSame(functionOf(kept), functionOf(other)) &&
             isCalled(functionOf(kept)) && isCalled(functionOf(other));
    };
    for (const Kind &kind : kindsOf(single, mayJoin)) {
      func::FuncOp kept = functionOf(kind.classes.front().front());
      if (int64_t(kind.classes.size() - 1) * sizeOf(kept) < minSaved / 4 ||
          kind.classes.size() == 1)
        continue;
      takeArguments(kept, kind);
      kept->setAttr("passthrough",
                    Builder(&getContext()).getStrArrayAttr({"noinline"}));
      for (auto [each, numbers] : llvm::zip_equal(kind.classes, kind.numbers)) {
        func::FuncOp function = functionOf(each.front());
        for (Operation *user : users.getUsers(function)) {
          auto call = cast<func::CallOp>(user);
          OpBuilder builder(call);
          SmallVector<Value> operands = llvm::to_vector(call.getOperands());
          passNumbers(builder, call.getLoc(), kind, numbers, operands);
          call->setOperands(operands);
          call.setCallee(kept.getSymName());
        }
        if (function != kept)
          function.erase();
      }
    }
  }

  void runOnOperation() override {
    functions.clear();
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isDeclaration() &&
          (function->hasAttr(SharedGroup::function) ||
           function->hasAttr(SharedGroup::routine)))
        functions.insert({function.getSymNameAttr(), function});
    sharePieces();
    sharesSizes = sizeOf(getOperation()) >= leastToShareSizes;
    if (sharesSizes)
      shareSizesOfPieces();
    shareNests();
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (!function.isDeclaration())
        cut(function);
    if (functions.empty())
      return;
    SmallVector<func::CallOp> calls;
    getOperation()->walk([&](func::CallOp call) {
      if (functions.contains(call.getCalleeAttr().getAttr()))
        calls.push_back(call);
    });
    llvm::for_each(calls, passPointers);
    for (auto &[name, function] : functions)
      takePointers(function);
  }

  bool sharesSizes = false;
  /// Those that are called with pointers, by name.
  llvm::MapVector<StringAttr, func::FuncOp> functions;
};

} // namespace
