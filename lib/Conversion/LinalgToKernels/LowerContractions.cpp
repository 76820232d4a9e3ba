//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The pass: contractions become matrix products, one for each index of the
// batch.
//===----------------------------------------------------------------------===//

#include "ContractionLowering.h"
#include "DeepProducts.h"
#include "KeptPanels.h"
#include "PairProducts.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

namespace tfc {
#define GEN_PASS_DEF_LOWERCONTRACTIONSPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::kernels;

Buffer ContractionLowering::open(const Operand &operand) {
  MemRefType type = operand.type();
  auto [strides, offset] = type.getStridesAndOffset();
  auto data = memref::ExtractStridedMetadataOp::create(b.builder, b.loc,
                                                       operand.memref);
  auto pick = [&](int64_t known, Value value) {
    return ShapedType::isDynamic(known) ? value : b.constant(known);
  };
  Buffer buffer;
  buffer.offset = pick(offset, data.getOffset());
  for (auto [known, value] : llvm::zip(strides, data.getStrides()))
    buffer.strides.push_back(pick(known, value));
  for (auto [known, value] : llvm::zip(type.getShape(), data.getSizes()))
    buffer.sizes.push_back(pick(known, value));
  for (auto [index, stride] : llvm::zip(operand.start(), buffer.strides))
    if (index)
      buffer.offset = b.add(buffer.offset, b.mul(stride, b.constant(index)));
  // The size of the flat view is never asked for.
  auto flat =
      MemRefType::get(ShapedType::kDynamic, type.getElementType(),
                      MemRefLayoutAttrInterface(), type.getMemorySpace());
  buffer.memory = memref::ReinterpretCastOp::create(
      b.builder, b.loc, flat, data.getBaseBuffer(),
      OpFoldResult(b.builder.getIndexAttr(0)),
      {OpFoldResult(b.constant(int64_t(1) << 48))},
      {OpFoldResult(b.builder.getIndexAttr(1))});
  return buffer;
}

Value ContractionLowering::stride(const Operand &operand, const Buffer &buffer,
                                  unsigned dim) {
  Value total = b.constant(0);
  for (auto [step, stride] : llvm::zip(operand.steps(dim), buffer.strides))
    if (step)
      total = b.add(total, b.mul(stride, b.constant(step)));
  return total;
}

Value ContractionLowering::size(unsigned dim) {
  if (int64_t known = c.size(dim); !ShapedType::isDynamic(known))
    return b.constant(known);
  for (auto [operand, buffer] :
       {std::pair(&c.result, &result), std::pair(&c.left, &left),
        std::pair(&c.right, &right)})
    if (std::optional<unsigned> at = operand->position(dim))
      return buffer->sizes[*at];
  llvm_unreachable("every loop belongs to an operand");
}

/// How many elements the right operand has for one product, at most.
std::optional<int64_t> ContractionLowering::mostOfRight() {
  int64_t elements = 1;
  SmallVector<unsigned> dims{c.column, c.inner};
  llvm::append_range(dims, c.taps);
  for (unsigned dim : dims) {
    int64_t most = ShapedType::kDynamic;
    for (const Operand *operand : {&c.result, &c.left, &c.right})
      if (std::optional<unsigned> at =
              operand->memref ? operand->position(dim) : std::nullopt) {
        int64_t here = mostOf(operand->memref, *at);
        if (!ShapedType::isDynamic(here))
          most = ShapedType::isDynamic(most) ? here : std::min(most, here);
      }
    if (ShapedType::isDynamic(most) ||
        llvm::MulOverflow(elements, most, elements))
      return std::nullopt;
  }
  return elements;
}

/// The product of this number in the batch: what the loops of the batch add to
/// where the operands begin.
Product ContractionLowering::member(Product product, Value number) {
  for (unsigned dim : llvm::reverse(c.batch)) {
    Value index = number;
    if (dim != c.batch.front()) {
      index = b.builder.createOrFold<arith::RemUIOp>(b.loc, number, size(dim));
      number = b.divide(number, size(dim));
    }
    auto move = [&](Matrix &matrix, const Operand &operand,
                    const Buffer &buffer) {
      if (matrix.memory)
        matrix.offset =
            b.add(matrix.offset, b.mul(index, stride(operand, buffer, dim)));
    };
    move(product.left, c.left, left);
    move(product.right, c.right, right);
    move(product.result, c.result, result);
    for (size_t i = 0; i < product.epilogueOperands.size(); ++i)
      move(product.epilogueOperands[i], epilogue->operands[i],
           epilogueBuffers[i]);
    for (size_t i = 0; i < product.producerOperands.size(); ++i)
      move(product.producerOperands[i], producer->operands[i],
           producerBuffers[i]);
  }
  return product;
}

/// Has each group so few channels that sums along them are hardly vectors?
bool ContractionLowering::isShallow(const Product &product) {
  constexpr int64_t fewChannels = 16, manyRows = 128;
  auto atMost = [](Value value, int64_t most) {
    std::optional<int64_t> size = getConstantIntValue(value);
    return size && *size <= most;
  };
  return atMost(product.depth, fewChannels) &&
         getConstantIntValue(product.left.columnStride) == 1 &&
         !atMost(product.rows, manyRows) &&
         getConstantIntValue(product.right.columnStride) == 1 &&
         atMost(product.columns, fewChannels);
}

/// The gradient of a group's filter goes over the places of an image, a few
/// channels of each, which are on as many lines of a few sets of the caches: a
/// block of them at a time stays there.
bool ContractionLowering::packsGroups(const Product &product) {
  constexpr int64_t leastRows = 24, leastPlaces = 512;
  std::optional<int64_t> rows = getConstantIntValue(product.rows),
                         places = getConstantIntValue(product.depth);
  for (const Tap &tap : product.taps) {
    std::optional<int64_t> size = getConstantIntValue(tap.size);
    places = places && size ? std::optional(*places * *size) : std::nullopt;
  }
  return rows && *rows >= leastRows && places && *places >= leastPlaces &&
         c.left.stride(c.inner) != 1 && c.left.stride(c.rows.back()) == 1;
}

/// The batch, if its products are those of groups of channels.
std::optional<SideBySide>
ContractionLowering::groupsOf(const Product &product) {
  if (c.batch.size() != 1 || c.rows.empty() || product.producer ||
      product.panels || c.widensIntegers())
    return std::nullopt;
  unsigned dim = c.batch.front();
  SideBySide batch{c.size(dim),
                   c.left.stride(dim),
                   c.right.stride(dim),
                   c.result.stride(dim),
                   {},
                   [&](Value number) { return member(product, number); }};
  auto isLess = [](int64_t step, int64_t stride) {
    return !ShapedType::isDynamic(step) && !ShapedType::isDynamic(stride) &&
           step > 0 && step < stride;
  };
  auto isBetweenRows = [&](const Operand &operand, int64_t step) {
    return llvm::all_of(c.rows, [&](unsigned row) {
      return isLess(step, operand.stride(row));
    });
  };
  bool lies = isBetweenRows(c.result, batch.resultStep) &&
              (isBetweenRows(c.left, batch.leftStep) ||
               isLess(batch.leftStep, c.left.stride(c.inner)));
  if (!lies || ShapedType::isDynamic(batch.count) || batch.count < 2 ||
      ShapedType::isDynamic(batch.rightStep))
    return std::nullopt;
  if (product.epilogue)
    for (const Operand &operand : epilogue->operands)
      batch.epilogueSteps.push_back(operand.memref ? operand.stride(dim) : 0);
  return batch;
}

/// Products of a batch are shared out among threads, if none of them is shared.
void ContractionLowering::overBatch(
    const Product &product, bool shared,
    llvm::function_ref<void(const Product &)> body) {
  if (c.batch.empty())
    return body(product);
  Value count = b.constant(1);
  for (unsigned dim : c.batch)
    count = b.mul(count, size(dim));
  auto one = [&](Value number) { body(member(product, number)); };
  if (shared)
    return b.loop(b.constant(0), count, 1, one);
  Value flops = b.mul(b.mul(product.rows, product.columns),
                      b.mul(product.depth, b.constant(2)));
  for (const Tap &tap : product.taps)
    flops = b.mul(flops, tap.size);
  b.parallelLoop(b.constant(0), count, 1, flops, one);
}

//===----------------------------------------------------------------------===//
// Parts of the product
//===----------------------------------------------------------------------===//

/// Neighbouring loops over rows become one where all operands allow it.
void ContractionLowering::groupRows() {
  SmallVector<const Operand *> operands{&c.left, &c.result};
  if (epilogue)
    for (const Operand &operand : epilogue->operands)
      if (operand.memref)
        operands.push_back(&operand);
  rowGroups.clear();
  for (unsigned dim : c.rows) {
    auto isOne = [&](const Operand *operand) {
      return operand->canMerge(rowGroups.back().back(), dim, c.size(dim));
    };
    if (!rowGroups.empty() && llvm::all_of(operands, isOne))
      rowGroups.back().push_back(dim);
    else
      rowGroups.push_back({dim});
  }
}

Values ContractionLowering::groupSizes() {
  Values sizes;
  for (ArrayRef<unsigned> group : rowGroups) {
    Value total = b.constant(1);
    for (unsigned dim : group)
      total = b.mul(total, size(dim));
    sizes.push_back(total);
  }
  return sizes;
}

Matrix ContractionLowering::matrix(const Operand &operand,
                                   const Buffer &buffer) {
  Matrix matrix{buffer.memory,
                buffer.offset,
                stride(operand, buffer, c.column),
                groupSizes(),
                {},
                {}};
  for (ArrayRef<unsigned> group : rowGroups)
    matrix.rowStrides.push_back(stride(operand, buffer, group.back()));
  return matrix;
}

Product ContractionLowering::makeProduct() {
  groupRows();
  Value one = b.constant(1), zero = b.constant(0);
  Product product;
  product.rows = one;
  for (Value size : groupSizes())
    product.rows = b.mul(product.rows, size);
  product.columns = size(c.column);
  product.depth = size(c.inner);
  product.fresh = bool(c.fill);
  product.mostRight = mostOfRight();
  for (unsigned dim : c.taps)
    product.taps.push_back({size(dim), stride(c.left, left, dim),
                            producer ? zero : stride(c.right, right, dim)});
  product.left = matrix(c.left, left);
  product.left.isUnsigned = c.left.isUnsigned;
  product.left.columnStride = stride(c.left, left, c.inner);
  product.result = matrix(c.result, result);
  product.result.columnStride = one;
  product.right = {right.memory,    right.offset, one,
                   {product.depth}, {zero},       {}};
  if (producer && producer->alongDepth) {
    product.right.columnStride = product.depth;
    product.right.rowStrides = {one};
  }
  if (producer) {
    product.producer = &*producer;
    for (auto [operand, buffer] :
         llvm::zip(producer->operands, producerBuffers)) {
      Matrix part;
      if (operand.memref)
        part = {buffer.memory,
                buffer.offset,
                stride(operand, buffer, c.column),
                {product.depth},
                {stride(operand, buffer, c.inner)},
                {}};
      product.producerOperands.push_back(part);
    }
  } else {
    product.right.columnStride = stride(c.right, right, c.column);
    product.right.rowStrides = {stride(c.right, right, c.inner)};
  }
  product.right.isUnsigned = c.right.isUnsigned;
  if (epilogue) {
    product.epilogue = &*epilogue;
    for (auto [operand, buffer] :
         llvm::zip(epilogue->operands, epilogueBuffers))
      product.epilogueOperands.push_back(
          operand.memref ? matrix(operand, buffer) : Matrix());
  }
  return product;
}

/// A right operand that is read once is made while it is copied to panels. An
/// epilogue may be done later than the product is now, and may overwrite what
/// the operand is made from.
void ContractionLowering::findProducer(
    const std::optional<Elementwise> &epilogue) {
  auto size = [&](unsigned dim) { return c.size(dim); };
  int64_t n = size(c.column), k = size(c.inner);
  bool few = !ShapedType::isDynamic(n) && !ShapedType::isDynamic(k) &&
             n * k < fewElements;
  bool repeats = llvm::any_of(c.batch, [&](unsigned dim) {
    return size(dim) != 1 && !c.right.uses(dim);
  });
  bool inVectors = c.right.stride(c.column) == 1 ||
                   (c.right.stride(c.inner) == 1 && options.unit.masks());
  if (few || repeats || !c.taps.empty() || !inVectors)
    return;
  Operation *end = c.op;
  if (epilogue)
    end = epilogue->op->getNextNode();
  producer = Elementwise::matchProducer(c, end);
}

/// Sums along k read a copy of the right operand, in which k is contiguous and
/// begins at a multiple of a vector, so that none lies in two cache lines.
/// Groups read one in which their own part is contiguous, as it is else.
void ContractionLowering::turnRight(bool along) {
  SmallVector<unsigned> loops;
  for (unsigned dim : c.batch)
    if (c.right.uses(dim))
      loops.push_back(dim);
  llvm::append_range(loops, c.taps);
  if (along)
    loops.append({c.column, c.inner});
  else
    loops.append({c.inner, c.column});
  MLIRContext *context = b.builder.getContext();
  SmallVector<AffineExpr> indices(c.right.map.getNumDims(),
                                  b.builder.getAffineConstantExpr(0));
  SmallVector<int64_t> shape;
  Values sizes;
  for (auto [number, dim] : llvm::enumerate(loops)) {
    indices[dim] = b.builder.getAffineDimExpr(number);
    shape.push_back(c.size(dim));
    if (ShapedType::isDynamic(shape.back()))
      sizes.push_back(size(dim));
  }
  unsigned rank = loops.size();
  AffineMap from = c.right.map.replaceDimsAndSymbols(indices, {}, rank, 0),
            to = AffineMap::getMultiDimIdentityMap(rank, context);
  SmallVector<int64_t> padded = shape;
  if (along)
    padded.back() = llvm::alignTo(
        shape.back(), options.unit.bits / c.type.getIntOrFloatBitWidth());
  Value copy =
      memref::AllocOp::create(b.builder, b.loc, MemRefType::get(padded, c.type),
                              sizes, b.builder.getI64IntegerAttr(64));
  if (padded != shape) {
    SmallVector<OpFoldResult> starts(rank, b.builder.getIndexAttr(0)),
        steps(rank, b.builder.getIndexAttr(1));
    copy = memref::SubViewOp::create(b.builder, b.loc, copy, starts,
                                     getMixedValues(shape, sizes, b.builder),
                                     steps);
  }
  linalg::GenericOp::create(
      b.builder, b.loc, c.right.memref, copy, ArrayRef{from, to},
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        Value element = arguments[0];
        if (element.getType() != c.type)
          element = arith::ExtFOp::create(nested, loc, c.type, element);
        linalg::YieldOp::create(nested, loc, element);
      });
  SmallVector<AffineExpr> dims;
  for (unsigned dim : loops)
    dims.push_back(b.builder.getAffineDimExpr(dim));
  c.right = {copy, AffineMap::get(c.right.map.getNumDims(), 0, dims, context)};
  right = open(c.right);
}

/// The epilogue that there may be, if the algorithm has tiles that end with
/// one.
void ContractionLowering::takeEpilogue(Algorithm algorithm) {
  bool keepsTiles =
      algorithm != Algorithm::rowTimes && algorithm != Algorithm::dotProducts;
  if (!keepsTiles)
    epilogue.reset();
  if (!epilogue)
    return;
  b.builder.setInsertionPoint(epilogue->op);
  for (const Operand &operand : epilogue->operands)
    epilogueBuffers.push_back(operand.memref ? open(operand) : Buffer());
}

/// Erases an allocation or a reference to a global if nothing but views, and
/// indices that are not needed, are left of it.
static void eraseUnused(Value memref) {
  Operation *definition = memref.getDefiningOp();
  if (!isa_and_present<memref::AllocOp, memref::GetGlobalOp>(definition))
    return;
  llvm::SetVector<Operation *> views;
  views.insert(definition);
  for (size_t i = 0; i < views.size(); ++i)
    for (Operation *user : views[i]->getUsers())
      if (llvm::all_of(
              user->getResultTypes(),
              [](Type type) { return isa<MemRefType, IndexType>(type); }) &&
          user->getNumResults() && user->getNumRegions() == 0 &&
          isMemoryEffectFree(user))
        views.insert(user);
  auto isUnused = [&](Operation *op) {
    return llvm::all_of(op->getUsers(),
                        [&](Operation *user) { return views.contains(user); });
  };
  if (!llvm::all_of(views, isUnused))
    return;
  for (Operation *op : views)
    op->dropAllUses();
  for (Operation *op : llvm::reverse(views))
    op->erase();
}

/// What the kernel has done, too.
void ContractionLowering::eraseDone() {
  linalg::LinalgOp(c.op)->erase();
  if (c.fill)
    linalg::FillOp(c.fill)->erase();
  if (epilogue)
    epilogue->op.erase();
  if (producer)
    producer->op.erase();
  eraseUnused(c.result.memref);
  if (producer || packedConstant)
    eraseUnused(c.right.memref);
  if (packedConstant && SymbolTable::symbolKnownUseEmpty(
                            packedConstant, packedConstant->getParentOp()))
    packedConstant.erase();
}

/// Bytes that no instruction multiplies in fours are widened in memory.
void ContractionLowering::widen(Operand &operand) {
  MemRefType from = operand.type();
  Values sizes;
  for (auto [dim, size] : llvm::enumerate(from.getShape()))
    if (ShapedType::isDynamic(size))
      sizes.push_back(memref::DimOp::create(b.builder, b.loc, operand.memref,
                                            int64_t(dim)));
  Value copy = memref::AllocOp::create(b.builder, b.loc,
                                       MemRefType::get(from.getShape(), c.type),
                                       sizes, b.builder.getI64IntegerAttr(64));
  auto same = b.builder.getMultiDimIdentityMap(from.getRank());
  linalg::GenericOp::create(
      b.builder, b.loc, operand.memref, copy, ArrayRef{same, same},
      SmallVector<utils::IteratorType>(from.getRank(),
                                       utils::IteratorType::parallel),
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        Value element = arguments[0];
        if (operand.isUnsigned)
          element = arith::ExtUIOp::create(nested, loc, c.type, element);
        else
          element = arith::ExtSIOp::create(nested, loc, c.type, element);
        linalg::YieldOp::create(nested, loc, element);
      });
  operand.memref = copy;
  operand.isUnsigned = false;
}

/// The operands as memory, and the product of them.
Product ContractionLowering::openOperands() {
  left = open(c.left);
  result = open(c.result);
  if (producer)
    for (const Operand &operand : producer->operands)
      producerBuffers.push_back(operand.memref ? open(operand) : Buffer());
  else
    right = open(c.right);
  if (producer)
    right.offset = b.constant(0);
  return makeProduct();
}

void ContractionLowering::run() {
  // Before there are more users of the result. Only known sums have a last tap.
  std::optional<Elementwise> candidate =
      c.fill ? Elementwise::matchEpilogue(c) : std::nullopt;
  b.builder.setInsertionPoint(c.op);
  findProducer(candidate);
  Product product = openOperands();
  if (c.widensIntegers() && !canMultiplyPairs(product, c.type, options)) {
    producer.reset();
    producerBuffers.clear();
    widen(c.left);
    widen(c.right);
    product = openOperands();
  }
  std::optional<SideBySide> groups = groupsOf(product);
  bool shares = groups && sharesVectors(b, product, *groups, options);
  bool merged = shares || (groups && isShallow(product));
  if (!merged && chooseAlgorithm(b, product, options) == Algorithm::rowSums &&
      getConstantIntValue(product.right.rowStrides[0]) != 1) {
    turnRight(/*along=*/true);
    product = makeProduct();
  }
  // Of rows of all groups, each reads lines of a few sets of the caches.
  bool takes = groups && !shares && takesTurns(b, product, options);
  if (takes &&
      (merged || chooseAlgorithm(b, product, options) == Algorithm::direct)) {
    turnRight(/*along=*/false);
    product = makeProduct();
  }
  if (!merged && chooseAlgorithm(b, product, options) == Algorithm::packed) {
    packConstantOperand(product);
    if (!product.panels)
      keepPanels(product, /*onPairs=*/false);
  }
  Algorithm algorithm =
      merged ? Algorithm::direct : chooseAlgorithm(b, product, options);
  if (algorithm == Algorithm::pairs) {
    keepPanels(product, /*onPairs=*/true);
    if (!product.pairPanels)
      packOutside(product, /*onPairs=*/true);
  }
  bool mayBePacked = algorithm != Algorithm::pairs &&
                     algorithm != Algorithm::rowSums &&
                     algorithm != Algorithm::rowLanes;
  if (!product.panels && mayBePacked && !merged) {
    packOutside(product, /*onPairs=*/false);
    algorithm = chooseAlgorithm(b, product, options);
  }
  if (algorithm == Algorithm::direct && groups && !merged &&
      packsGroups(product))
    algorithm = Algorithm::packed;
  Value panels = product.panels, pairPanels = product.pairPanels,
        copies = product.copies, streams = product.streams;
  epilogue = candidate;
  takeEpilogue(algorithm);
  if (epilogue)
    product = makeProduct();
  product.panels = panels;
  product.pairPanels = pairPanels;
  product.copies = copies;
  product.streams = streams;
  tfc::rt::remark(c.op,
                  [&] { return describe(b, product, algorithm, options); });
  if (algorithm == Algorithm::direct)
    if (std::optional<SideBySide> groups = groupsOf(product);
        groups && emitSideBySide(b, product, *groups, options))
      return eraseDone();
  Workspace workspace = allocateWorkspace(b, product, algorithm, options);
  // A batch of few products is not shared out, but each of them.
  int64_t batch = 1;
  for (unsigned dim : c.batch)
    batch = ShapedType::isDynamic(c.size(dim)) || ShapedType::isDynamic(batch)
                ? ShapedType::kDynamic
                : batch * c.size(dim);
  bool ownsMemory = (workspace.panels && (!panels || copies)) || workspace.left;
  bool shared = ownsMemory || (!ShapedType::isDynamic(batch) && batch < 8);
  overBatch(product, shared, [&](const Product &each) {
    emitProduct(b, each, algorithm, workspace, options);
  });
  KeptPanels::setMade(b.builder, b.loc, kept);
  eraseDone();
}

namespace {

struct LowerContractions
    : public tfc::impl::LowerContractionsPassBase<LowerContractions> {
  using tfc::impl::LowerContractionsPassBase<
      LowerContractions>::LowerContractionsPassBase;

  void runOnOperation() override {
    KernelOptions options;
    options.unit.bits = vectorBits;
    options.unit.registers = vectorRegisters;
    options.unit.pairs = llvm::StringSwitch<PairUnit>(bf16Pairs)
                             .Case("vectors", PairUnit::vectors)
                             .Case("tiles", PairUnit::tiles)
                             .Default(PairUnit::none);
    options.reassociate = reassociate;
    options.parallel = parallel;
    KeptPanels kept;
    if (isa<ModuleOp>(getOperation()))
      options.kept = &kept;
    OpBuilder builder(&getContext());
    // Only contractions are looked at, which no kernel of another one erases.
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      std::optional<Contraction> contraction = matchContraction(op);
      if (contraction && !isOneOfMany(*contraction))
        ops.push_back(op);
    });
    constexpr size_t manyProducts = 4, network = 24;
    bool isModule = isa<ModuleOp>(getOperation());
    options.routines = ops.size() >= manyProducts && isModule;
    options.routinesOfRows = ops.size() >= network && isModule;
    for (size_t number = 0; number < ops.size();) {
      if (size_t done = ContractionLowering::runTogether(
              builder, ArrayRef(ops).drop_front(number), options)) {
        number += done;
        continue;
      }
      for (linalg::LinalgOp part : splitDeep(builder, ops[number], options))
        if (std::optional<Contraction> contraction = matchContraction(part))
          ContractionLowering(builder, *contraction, options).run();
      ++number;
    }
  }
};

} // namespace
