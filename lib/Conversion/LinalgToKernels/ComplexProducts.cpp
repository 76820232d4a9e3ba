//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Complex contractions as real ones, on numbers as they lie in memory.
//
// With x = a + ib and y = c + id, a row of either is a, b, a, b, ... or c, d,
// c, d, ... There are two ways to leave most of it as it is:
//
// multiplyTwice   a times c, d, c, d, ..., and b times the same: the rows of
// the
//                 product are both, and what follows adds i times the second to
//                 the first.
// multiplyCopies  the right operand becomes two rows for each of its own, y and
//                 iy: c, d, c, d, ... and -d, c, -d, c, ... Its product with a,
//                 b, a, b, ... has the parts of the result one after the other.
//
// Three real products would be fewer operations than these four, but lose
// digits where parts differ in size.
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

namespace tfc {
#define GEN_PASS_DEF_REALPRODUCTSPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::kernels;
using linalg::LinalgOp;
using tfc::rt::PartsOp;

namespace {

/// Below so many multiplications, a copy takes longer.
constexpr int64_t leastMultiplications = 4096;

struct ComplexProduct {
  LinalgOp op;
  Operand left, right, result;
  unsigned inner, column; ///< the loops over k, and along the result
};

/// The operands of yield(add(out, mul(x, y))), in any order.
bool matchComplexBody(LinalgOp op, OpOperand *&x, OpOperand *&y) {
  OpOperand *result = op.getDpsInitOperand(0);
  Value out = op.getMatchingBlockArgument(result);
  auto add = op.getBlock()
                 ->getTerminator()
                 ->getOperand(0)
                 .getDefiningOp<complex::AddOp>();
  if (!add || (add.getLhs() != out) == (add.getRhs() != out))
    return false;
  auto multiply = (add.getLhs() == out ? add.getRhs() : add.getLhs())
                      .getDefiningOp<complex::MulOp>();
  if (!multiply)
    return false;
  auto operandOf = [&](Value value) -> OpOperand * {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && argument.getOwner() == op.getBlock()
               ? op.getMatchingOpOperand(argument)
               : nullptr;
  };
  x = operandOf(multiply.getLhs());
  y = operandOf(multiply.getRhs());
  return x && y && x != y && x != result && y != result;
}

/// The loop that the last index is.
std::optional<unsigned> lastLoop(const Operand &operand) {
  if (operand.map.getNumResults() == 0)
    return std::nullopt;
  auto dim = dyn_cast<AffineDimExpr>(operand.map.getResults().back());
  return dim ? std::optional(dim.getPosition()) : std::nullopt;
}

std::optional<ComplexProduct> match(LinalgOp op) {
  OpOperand *x, *y;
  if (!op.hasPureBufferSemantics() || op.getNumDpsInits() != 1 ||
      op.getNumDpsInputs() != 2 || op.getNumReductionLoops() != 1 ||
      isa<linalg::FillOp>(op) || !matchComplexBody(op, x, y))
    return std::nullopt;
  auto operandOf = [&](OpOperand *operand) {
    return Operand{operand->get(), op.getMatchingIndexingMap(operand)};
  };
  ComplexProduct product{
      op, operandOf(x), operandOf(y), operandOf(op.getDpsInitOperand(0)), 0, 0};
  for (const Operand *each : {&product.left, &product.right, &product.result})
    if (!isa<MemRefType>(each->memref.getType()) ||
        !each->map.isProjectedPermutation(/*allowZeroInResults=*/true))
      return std::nullopt;
  for (auto [dim, kind] : llvm::enumerate(op.getIteratorTypesArray()))
    if (kind == utils::IteratorType::reduction)
      product.inner = dim;
  std::optional<unsigned> column = lastLoop(product.result);
  if (!column || !PartsOp::partsOf(product.result.type()))
    return std::nullopt;
  product.column = *column;
  if (!product.right.uses(*column))
    std::swap(product.left, product.right);
  if (!product.right.uses(*column) || product.left.uses(*column) ||
      !product.right.uses(product.inner) || !product.left.uses(product.inner))
    return std::nullopt;
  int64_t multiplications = 1;
  for (int64_t size : op.getStaticLoopRanges()) {
    if (ShapedType::isDynamic(size))
      return product;
    multiplications *= size;
  }
  return multiplications < leastMultiplications
             ? std::nullopt
             : std::optional<ComplexProduct>(product);
}

bool isZero(linalg::FillOp fill) {
  auto value = fill.getInputs()[0].getDefiningOp<complex::ConstantOp>();
  return value && llvm::all_of(value.getValue(), [](Attribute part) {
           return cast<FloatAttr>(part).getValue().isPosZero();
         });
}

class Rewrite {
public:
  Rewrite(const ComplexProduct &product, bool parallel)
      : p(product), parallel(parallel), b(product.op),
        loc(LinalgOp(product.op).getLoc()) {}
  void run();

private:
  OpFoldResult size(Value memref, unsigned dim) {
    return memref::getMixedSize(b, loc, memref, dim);
  }
  Value allocate(Type element, ArrayRef<OpFoldResult> sizes);
  void copy(Value from, Value to, ArrayRef<unsigned> places, bool turned);
  Value withLast(const Operand &operand, unsigned last, AffineMap &map);
  Operand leftParts();
  Operand rightParts();
  Value resultParts(linalg::FillOp fill);
  bool copiesRight();
  void multiplyCopies();
  void multiplyParts(Value left, Value right, Value result,
                     ArrayRef<AffineMap> maps,
                     ArrayRef<utils::IteratorType> iterators);
  void multiplyTwice();

  ComplexProduct p;
  bool parallel; ///< threads may share loops
  OpBuilder b;
  Location loc;
};

Value Rewrite::allocate(Type element, ArrayRef<OpFoldResult> sizes) {
  SmallVector<int64_t> shape;
  SmallVector<Value> unknown;
  dispatchIndexOpFoldResults(sizes, unknown, shape);
  return memref::AllocOp::create(b, loc, MemRefType::get(shape, element),
                                 unknown, b.getI64IntegerAttr(64));
}

/// Dimension `places[i]` of `from` is dimension i of `to`; `turned`: times i.
void Rewrite::copy(Value from, Value to, ArrayRef<unsigned> places,
                   bool turned) {
  MLIRContext *context = b.getContext();
  unsigned rank = places.size();
  // Loops as `to` has them, since it is what is written.
  SmallVector<AffineExpr> read(rank);
  for (auto [loop, place] : llvm::enumerate(places))
    read[place] = getAffineDimExpr(loop, context);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  linalg::GenericOp::create(
      b, loc, TypeRange(), from, to,
      ArrayRef<AffineMap>{AffineMap::get(rank, 0, read, context),
                          b.getMultiDimIdentityMap(rank)},
      iterators, [&](OpBuilder &inside, Location at, ValueRange elements) {
        Value z = elements.front();
        if (turned) {
          Value imag = complex::ImOp::create(inside, at, z);
          z = complex::CreateOp::create(inside, at, z.getType(),
                                        arith::NegFOp::create(inside, at, imag),
                                        complex::ReOp::create(inside, at, z));
        }
        linalg::YieldOp::create(inside, at, z);
      });
}

/// The operand, or a copy, with loop `last` in the last dimension.
Value Rewrite::withLast(const Operand &operand, unsigned last, AffineMap &map) {
  map = operand.map;
  if (lastLoop(operand) == last && PartsOp::partsOf(operand.type()))
    return operand.memref;
  SmallVector<unsigned> places;
  SmallVector<AffineExpr> indices;
  SmallVector<OpFoldResult> sizes;
  unsigned moved = *operand.position(last);
  for (unsigned i = 0; i < map.getNumResults(); ++i)
    if (i != moved)
      places.push_back(i);
  places.push_back(moved);
  for (unsigned place : places) {
    sizes.push_back(size(operand.memref, place));
    indices.push_back(map.getResult(place));
  }
  Value room = allocate(operand.type().getElementType(), sizes);
  copy(operand.memref, room, places, /*turned=*/false);
  map = AffineMap::get(map.getNumDims(), 0, indices, b.getContext());
  return room;
}

Operand Rewrite::leftParts() {
  AffineMap map;
  Value left = withLast(p.left, p.inner, map);
  return {PartsOp::create(b, loc, left), map};
}

/// Rows of the right operand, and i times each of them.
Operand Rewrite::rightParts() {
  const Operand &right = p.right;
  unsigned inner = *right.position(p.inner), column = *right.position(p.column);
  SmallVector<unsigned> places;
  for (unsigned i = 0; i < right.map.getNumResults(); ++i)
    if (i != inner && i != column)
      places.push_back(i);
  places.append({inner, column});
  SmallVector<OpFoldResult> sizes;
  SmallVector<AffineExpr> indices;
  for (unsigned place : places) {
    sizes.push_back(size(right.memref, place));
    indices.push_back(right.map.getResult(place));
  }
  unsigned rank = places.size();
  SmallVector<OpFoldResult> twice(sizes);
  twice.insert(twice.end() - 1, b.getIndexAttr(2));
  Value room = allocate(right.type().getElementType(), twice);
  for (bool turned : {false, true}) {
    SmallVector<OpFoldResult> starts(rank + 1, b.getIndexAttr(0)),
        strides(rank + 1, b.getIndexAttr(1)), some(twice);
    starts[rank - 1] = b.getIndexAttr(turned);
    some[rank - 1] = b.getIndexAttr(1);
    SmallVector<int64_t> shape;
    SmallVector<Value> unknown;
    dispatchIndexOpFoldResults(sizes, unknown, shape);
    auto type = memref::SubViewOp::inferRankReducedResultType(
        shape, cast<MemRefType>(room.getType()), starts, some, strides);
    copy(right.memref,
         memref::SubViewOp::create(b, loc, cast<MemRefType>(type), room, starts,
                                   some, strides),
         places, turned);
  }
  SmallVector<ReassociationIndices> groups;
  for (unsigned i = 0; i + 2 < rank; ++i)
    groups.push_back({i});
  groups.push_back({rank - 2, rank - 1});
  groups.push_back({rank});
  Value rows = memref::CollapseShapeOp::create(
      b, loc, PartsOp::create(b, loc, room), groups);
  return {rows,
          AffineMap::get(right.map.getNumDims(), 0, indices, b.getContext())};
}

/// The result, set to zero as before, but where nothing comes between.
Value Rewrite::resultParts(linalg::FillOp fill) {
  Value parts = PartsOp::create(b, loc, p.result.memref);
  if (!fill || !isZero(fill))
    return parts;
  Type element = cast<MemRefType>(parts.getType()).getElementType();
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
  linalg::FillOp::create(b, fill.getLoc(), zero, parts);
  fill.erase();
  return parts;
}

void Rewrite::multiplyParts(Value left, Value right, Value result,
                            ArrayRef<AffineMap> maps,
                            ArrayRef<utils::IteratorType> iterators) {
  linalg::GenericOp::create(
      b, loc, TypeRange(), ValueRange{left, right}, result, maps, iterators,
      [](OpBuilder &inside, Location at, ValueRange elements) {
        Value product =
            arith::MulFOp::create(inside, at, elements[0], elements[1]);
        linalg::YieldOp::create(
            inside, at,
            arith::AddFOp::create(inside, at, elements[2], product)
                .getResult());
      });
}

void Rewrite::multiplyCopies() {
  // The copies come first: the fill belongs to the product.
  linalg::FillOp fill = lastFill(p.op, p.result.memref);
  Operand left = leftParts(), right = rightParts();
  multiplyParts(left.memref, right.memref, resultParts(fill),
                {left.map, right.map, p.result.map},
                p.op.getIteratorTypesArray());
  p.op.erase();
}

/// The copy of the right operand is worth it for few columns, of which vectors
/// along k are better than those of the result; and for many rows, where sums
/// would be larger, unless one thread would read what another has copied.
bool Rewrite::copiesRight() {
  constexpr int64_t fewRows = 16, fewColumns = 8;
  int64_t rows = 1, columns = 1;
  for (auto [dim, size] : llvm::enumerate(p.op.getStaticLoopRanges())) {
    if (dim == p.column)
      columns = size;
    else if (dim != p.inner && !p.right.uses(dim))
      rows = ShapedType::isDynamic(size) || ShapedType::isDynamic(rows)
                 ? ShapedType::kDynamic
                 : rows * size;
  }
  bool isNarrow = !ShapedType::isDynamic(columns) && columns <= fewColumns,
       isShort = !ShapedType::isDynamic(rows) && rows <= fewRows;
  return isNarrow || (!parallel && !isShort);
}

/// a times c, d, c, d, ..., and b times the same: then nothing but the left
/// operand, whose parts are rows, is anything else than it lies in memory.
void Rewrite::multiplyTwice() {
  MLIRContext *context = b.getContext();
  linalg::FillOp fill = lastFill(p.op, p.result.memref);
  AffineMap leftMap, rightMap;
  Value left = withLast(p.left, p.inner, leftMap),
        right = withLast(p.right, p.column, rightMap);
  unsigned loops = leftMap.getNumDims();
  AffineExpr part = getAffineDimExpr(loops, context);
  auto withPart = [&](AffineMap map, unsigned at) {
    SmallVector<AffineExpr> indices(map.getResults());
    indices.insert(indices.begin() + at, part);
    return AffineMap::get(loops + 1, 0, indices, context);
  };
  // The parts of the left operand as a dimension of their own.
  SmallVector<OpFoldResult> sizes;
  SmallVector<ReassociationIndices> groups;
  unsigned rank = leftMap.getNumResults();
  for (unsigned i = 0; i < rank; ++i) {
    sizes.push_back(size(left, i));
    groups.push_back({i});
  }
  sizes.push_back(b.getIndexAttr(2));
  groups.back().push_back(rank);
  Value parts = PartsOp::create(b, loc, left);
  SmallVector<int64_t> shape;
  SmallVector<Value> unknown;
  dispatchIndexOpFoldResults(sizes, unknown, shape);
  Value rows =
      memref::ExpandShapeOp::create(b, loc, shape, parts, groups, sizes);
  // Both sums of a row follow each other.
  rank = p.result.map.getNumResults();
  SmallVector<OpFoldResult> twice;
  for (unsigned i = 0; i < rank; ++i)
    twice.push_back(size(p.result.memref, i));
  SmallVector<OpFoldResult> one(twice);
  SmallVector<int64_t> shapeOfOne;
  unknown.clear();
  dispatchIndexOpFoldResults(one, unknown, shapeOfOne);
  twice.insert(twice.end() - 1, b.getIndexAttr(2));
  Value sums = allocate(p.result.type().getElementType(), twice);
  Value sumsParts = PartsOp::create(b, loc, sums);
  Type element = cast<MemRefType>(sumsParts.getType()).getElementType();
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
  linalg::FillOp::create(b, loc, zero, sumsParts);
  SmallVector<utils::IteratorType> iterators = p.op.getIteratorTypesArray();
  iterators.push_back(utils::IteratorType::parallel);
  multiplyParts(rows, PartsOp::create(b, loc, right), sumsParts,
                {withPart(leftMap, leftMap.getNumResults()),
                 AffineMap::get(loops + 1, 0, rightMap.getResults(), context),
                 withPart(p.result.map, rank - 1)},
                iterators);
  // The first one, and i times the second.
  SmallVector<Value> inputs;
  for (int64_t which : {0, 1}) {
    SmallVector<OpFoldResult> starts(rank + 1, b.getIndexAttr(0)),
        strides(rank + 1, b.getIndexAttr(1)), some(twice);
    starts[rank - 1] = b.getIndexAttr(which);
    some[rank - 1] = b.getIndexAttr(1);
    auto type = memref::SubViewOp::inferRankReducedResultType(
        shapeOfOne, cast<MemRefType>(sums.getType()), starts, some, strides);
    inputs.push_back(memref::SubViewOp::create(b, loc, cast<MemRefType>(type),
                                               sums, starts, some, strides));
  }
  if (fill)
    fill = isZero(fill) ? fill : linalg::FillOp();
  SmallVector<AffineMap> maps(3, b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> all(rank, utils::IteratorType::parallel);
  linalg::GenericOp::create(
      b, loc, TypeRange(), inputs, p.result.memref, maps, all,
      [&](OpBuilder &inside, Location at, ValueRange elements) {
        auto re = [&](Value z) -> Value {
          return complex::ReOp::create(inside, at, z);
        };
        auto im = [&](Value z) -> Value {
          return complex::ImOp::create(inside, at, z);
        };
        Value real = arith::SubFOp::create(inside, at, re(elements[0]),
                                           im(elements[1])),
              imag = arith::AddFOp::create(inside, at, im(elements[0]),
                                           re(elements[1]));
        if (!fill) {
          real = arith::AddFOp::create(inside, at, re(elements[2]), real);
          imag = arith::AddFOp::create(inside, at, im(elements[2]), imag);
        }
        Value z = complex::CreateOp::create(inside, at, elements[0].getType(),
                                            real, imag);
        linalg::YieldOp::create(inside, at, z);
      });
  if (fill)
    fill.erase();
  p.op.erase();
}

void Rewrite::run() {
  if (copiesRight())
    multiplyCopies();
  else
    multiplyTwice();
}

struct RealProductsPass
    : public tfc::impl::RealProductsPassBase<RealProductsPass> {
  using RealProductsPassBase::RealProductsPassBase;

  void runOnOperation() override {
    SmallVector<ComplexProduct> products;
    getOperation()->walk([&](LinalgOp op) {
      if (std::optional<ComplexProduct> product = match(op))
        products.push_back(*product);
    });
    for (const ComplexProduct &product : products)
      Rewrite(product, parallel).run();
  }
};

} // namespace
