//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Systems of one matrix, or of it and its adjoint (which gradients solve), are
// solved with the same LU factors. Where all that is asked of an orthogonal
// factor is its product with a few columns, reflections go through these, and
// the factor is not formed.
//===----------------------------------------------------------------------===//

#include "mlir/IR/Dominance.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_TFCSHAREFACTORSPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

namespace {

/// Smaller matrices are factorized in less time than factors are written.
constexpr int64_t leastSharedOrder = 96;

/// A matrix, or its conjugate transpose.
struct MaybeAdjoint {
  Value matrix;
  bool isAdjoint = false;
};

bool exchangesLastTwo(TransposeOp op) {
  ArrayRef<int64_t> perm = op.getPerm();
  int64_t rank = perm.size();
  if (rank < 2 || perm[rank - 1] != rank - 2 || perm[rank - 2] != rank - 1)
    return false;
  return llvm::all_of(llvm::enumerate(perm.drop_back(2)), [](auto at) {
    return at.value() == int64_t(at.index());
  });
}

/// Looks behind one transpose, and what conjugates complex numbers beside it.
MaybeAdjoint behindAdjoint(Value x) {
  Value now = x;
  bool isTransposed = false, isConjugate = false;
  while (Operation *op = now.getDefiningOp()) {
    auto transpose = dyn_cast<TransposeOp>(op);
    if (transpose && !isTransposed && exchangesLastTwo(transpose)) {
      isTransposed = true;
      now = transpose.getX();
    } else if (isa<ConjOp>(op) && !isConjugate) {
      isConjugate = true;
      now = op->getOperand(0);
    } else {
      break;
    }
  }
  bool isComplex = isa<ComplexType>(getElementTypeOrSelf(x.getType()));
  if (isTransposed && isConjugate == isComplex)
    return {now, true};
  return {x, false};
}

Value adjointOf(OpBuilder &b, Location loc, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<int64_t> perm =
      llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  std::swap(perm[perm.size() - 2], perm[perm.size() - 1]);
  // The matrices are square.
  Value turned = TransposeOp::create(b, loc, type, x, perm);
  if (isa<ComplexType>(type.getElementType()))
    turned = ConjOp::create(b, loc, type, turned);
  return turned;
}

/// What solves with the factors of one matrix.
struct SharedFactors {
  Value factors, permutation, adjoint, inverse;

  SharedFactors(SolveOp first, Value matrix) {
    OpBuilder b(first);
    auto type = cast<RankedTensorType>(matrix.getType());
    auto order = RankedTensorType::get(type.getShape().drop_back(),
                                       b.getI32Type(), type.getEncoding());
    auto lu = LUOp::create(b, first.getLoc(), TypeRange{type, order}, matrix);
    factors = lu.getFactors();
    permutation = lu.getPermutation();
    behind = lu;
  }

  void solve(SolveOp op, bool isAdjoint) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    if (isAdjoint && !adjoint) {
      OpBuilder early(b.getContext());
      early.setInsertionPointAfter(behind);
      adjoint = adjointOf(early, loc, factors);
      inverse = ArgsortOp::create(
          early, loc, permutation.getType(), permutation,
          b.getI64IntegerAttr(batchOf(permutation)), b.getBoolAttr(false));
    }
    Value x = op.getB();
    if (!isAdjoint)
      x = rows(b, loc, x, permutation);
    Value left = isAdjoint ? adjoint : factors;
    for (bool lower : {true, false})
      x = TriangularSolveOp::create(b, loc, x.getType(), left, x,
                                    b.getBoolAttr(lower),
                                    b.getBoolAttr(lower != isAdjoint));
    if (isAdjoint)
      x = rows(b, loc, x, inverse);
    op.replaceAllUsesWith(x);
    op.erase();
  }

private:
  Operation *behind;

  static int64_t batchOf(Value order) {
    return cast<RankedTensorType>(order.getType()).getRank() - 1;
  }
  static Value rows(OpBuilder &b, Location loc, Value x, Value order) {
    auto axis = b.getI64IntegerAttr(batchOf(order));
    return GatherOp::create(b, loc, x.getType(), x, order, axis, axis);
  }
};

void shareSystems(Operation *function) {
  DominanceInfo dominance(function);
  llvm::MapVector<Value, SmallVector<SolveOp>> systems;
  function->walk([&](SolveOp op) {
    auto type = dyn_cast<RankedTensorType>(op.getA().getType());
    bool isLarge = type && isa<RankedTensorType>(op.getB().getType()) &&
                   type.getDimSize(type.getRank() - 1) >= leastSharedOrder;
    if (isLarge)
      systems[behindAdjoint(op.getA()).matrix].push_back(op);
  });
  for (auto &[matrix, ops] : systems) {
    SolveOp first = ops.front();
    llvm::erase_if(ops, [&](SolveOp op) {
      return op != first && !dominance.properlyDominates(first.getOperation(),
                                                         op.getOperation());
    });
    if (ops.size() < 2)
      continue;
    SharedFactors shared(first, matrix);
    for (SolveOp op : ops)
      shared.solve(op, behindAdjoint(op.getA()).isAdjoint);
  }
}

/// All uses of `q` are products of its adjoint with the same columns: these,
/// and the products.
struct Projection {
  Value columns;
  SmallVector<MatmulOp> products;

  bool find(Value q) { return add(q, /*isAdjoint=*/false) && columns; }

private:
  bool add(Value x, bool isAdjoint);
};

bool Projection::add(Value x, bool isAdjoint) {
  bool isComplex = isa<ComplexType>(getElementTypeOrSelf(x.getType()));
  return llvm::all_of(x.getUsers(), [&](Operation *user) {
    if (isa<ConjOp, TransposeOp>(user)) {
      MaybeAdjoint found = behindAdjoint(user->getResult(0));
      // The first of two that make an adjoint is none yet.
      bool isHalf = isComplex && !found.isAdjoint && !isAdjoint;
      return found.isAdjoint ? add(user->getResult(0), true)
                             : isHalf && add(user->getResult(0), false);
    }
    auto product = dyn_cast<MatmulOp>(user);
    if (!product || product.getX() != x || product.getY() == x ||
        product.getTransposeY() ||
        (isAdjoint ? product.getTransposeX()
                   : isComplex || !product.getTransposeX()) ||
        (columns && columns != product.getY()))
      return false;
    columns = product.getY();
    products.push_back(product);
    return true;
  });
}

Value boxOf(OpBuilder &b, Location loc, Value x, ArrayRef<int64_t> sizes,
            int64_t column) {
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<int64_t> starts(sizes.size(), 0), strides(sizes.size(), 1);
  starts.back() = column;
  return SliceOp::create(b, loc, type.clone(sizes), x, starts, sizes, strides);
}

void projectColumns(QROp op, DominanceInfo &dominance) {
  auto type = dyn_cast<RankedTensorType>(op.getX().getType());
  Projection found;
  if (!type || !type.hasStaticShape() || op.getFull() ||
      op->hasAttr("tfc.reflected") || op.getQ().use_empty() ||
      !found.find(op.getQ()))
    return;
  ArrayRef<int64_t> shape = type.getShape();
  int64_t last = type.getRank() - 1, rows = shape[last - 1], n = shape[last];
  auto right = dyn_cast<RankedTensorType>(found.columns.getType());
  if (!right || !right.hasStaticShape() || right.getRank() != last + 1 ||
      right.getShape().drop_back() != shape.drop_back() || rows < n || n < 1)
    return;
  int64_t width = right.getShape().back();
  if (width < 1 || 2 * width > n ||
      !dominance.properlyDominates(found.columns, op.getOperation()))
    return;
  OpBuilder b(op);
  Location loc = op.getLoc();
  SmallVector<int64_t> sizes(shape);
  sizes[last] = n + width;
  Value both = ConcatOp::create(b, loc, type.clone(sizes),
                                ValueRange{op.getX(), found.columns},
                                b.getI64IntegerAttr(last));
  auto q = type.clone(sizes);
  sizes[last - 1] = std::min(rows, n + width);
  auto r = type.clone(sizes);
  SmallVector<int64_t> own(shape);
  own[last] = std::min(rows, n + width);
  auto joined = QROp::create(b, loc, TypeRange{q.clone(own), r}, both,
                             b.getBoolAttr(false));
  joined->setAttr("tfc.reflected", b.getI64IntegerAttr(n));
  own[last - 1] = own[last] = n;
  op.getR().replaceAllUsesWith(boxOf(b, loc, joined.getR(), own, 0));
  own[last] = width;
  Value product = boxOf(b, loc, joined.getR(), own, n);
  for (MatmulOp of : found.products)
    of.replaceAllUsesWith(product);
}

struct TFCShareFactorsPass
    : public tfc::impl::TFCShareFactorsPassBase<TFCShareFactorsPass> {
  void runOnOperation() override {
    Operation *function = getOperation();
    shareSystems(function);
    SmallVector<QROp> factors;
    function->walk([&](QROp op) { factors.push_back(op); });
    DominanceInfo dominance(function);
    for (QROp op : factors)
      projectColumns(op, dominance);
  }
};

} // namespace
