//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Checks of ops whose shapes must fit: what inference could not decide.
//===----------------------------------------------------------------------===//

#include "CheckBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tfc;

/// Operands of an elementwise op: pairs of neighbours would not do, since the
/// one between two may stretch, so that each operand is compared with each.
static void checkElementwise(Operation *op, CheckBuilder &build) {
  unsigned count = op->getNumOperands();
  for (unsigned i = 0; i < count; ++i)
    for (unsigned j = i + 1; j < count; ++j) {
      Value a = op->getOperand(i), b = op->getOperand(j);
      int64_t m = ranked(a).getRank(), n = ranked(b).getRank();
      Value fits;
      for (int64_t back = 1; back <= std::min(m, n); ++back)
        fits = build.both(fits, build.broadcast(a, m - back, b, n - back));
      if (fits)
        build.require(fits, "Incompatible shapes: {} vs. {}",
                      {build.shape(a), build.shape(b)});
    }
}

static void checkConcat(ConcatOp op, CheckBuilder &build) {
  Value first = op.getXs().front();
  for (auto [index, x] : llvm::drop_begin(llvm::enumerate(op.getXs()))) {
    Value fits;
    for (int64_t axis = 0; axis < ranked(x).getRank(); ++axis)
      if (axis != int64_t(op.getAxis()))
        fits = build.both(fits, build.sameDimension(first, axis, x, axis));
    if (fits)
      build.require(fits,
                    "ConcatOp : Dimensions of inputs should match: shape[0] = "
                    "{} vs. shape[" +
                        std::to_string(index) + "] = {}",
                    {build.shape(first), build.shape(x)});
  }
}

static void checkRecurrence(LinearRecurrenceOp op, CheckBuilder &build) {
  Value factor = op.getFactor(), x = op.getX(), fits;
  for (int64_t axis = 0; axis < ranked(x).getRank(); ++axis)
    fits = build.both(fits, build.sameDimension(factor, axis, x, axis));
  if (fits)
    build.require(fits, "expected operands of one shape, got {} and {}",
                  {build.shape(factor), build.shape(x)});
}

static void checkMatmul(MatmulOp op, CheckBuilder &build) {
  Value x = op.getX(), y = op.getY();
  int64_t m = ranked(x).getRank(), n = ranked(y).getRank();
  Value fits = build.sameDimension(x, m - (op.getTransposeX() ? 2 : 1), y,
                                   n - (op.getTransposeY() ? 1 : 2));
  if (fits)
    build.require(fits, "Matrix size-incompatible: In[0]: {}, In[1]: {}",
                  {build.shape(x), build.shape(y)});
  Value batch;
  for (int64_t back = 3; back <= std::min(m, n); ++back)
    batch = build.both(batch, build.broadcast(x, m - back, y, n - back));
  if (batch)
    build.require(
        batch,
        "In[0] and In[1] must have compatible batch dimensions: {} vs. {}",
        {build.shape(x), build.shape(y)});
}

/// Square matrices, and if there is an operand b, as many rows in it.
static void checkMatrices(Operation *op, CheckBuilder &build) {
  Value a = op->getOperand(0);
  int64_t rank = ranked(a).getRank();
  Value square = build.sameDimension(a, rank - 2, a, rank - 1);
  if (square)
    build.require(square, "Input matrix must be square, got shape {}",
                  {build.shape(a)});
  if (op->getNumOperands() < 2)
    return;
  Value b = op->getOperand(1), fits;
  for (int64_t axis = 0; axis + 1 < rank; ++axis)
    fits = build.both(fits, build.sameDimension(a, axis, b, axis));
  if (fits)
    build.require(fits,
                  "Input matrix and rhs are incompatible: shapes {} and {}",
                  {build.shape(a), build.shape(b)});
}

/// Three diagonals, as long as b has rows.
static void checkTridiagonal(TridiagonalSolveOp op, CheckBuilder &build) {
  Value a = op.getDiagonals(), b = op.getB();
  int64_t rank = ranked(a).getRank();
  Value fits = build.sameDimension(a, rank - 1, b, rank - 2);
  if (ranked(a).isDynamicDim(rank - 2))
    fits = build.both(fits, build.make<EqualOp>(build.dimension(a, rank - 2),
                                                build.scalar(3)));
  for (int64_t axis = 0; axis + 2 < rank; ++axis)
    fits = build.both(fits, build.sameDimension(a, axis, b, axis));
  if (fits)
    build.require(fits,
                  "expected three diagonals of as many elements as rhs has "
                  "rows, got shapes {} and {}",
                  {build.shape(a), build.shape(b)});
}

static void checkSqueeze(SqueezeOp op, CheckBuilder &build) {
  for (int64_t axis : op.getAxes())
    if (ranked(op.getX()).isDynamicDim(axis)) {
      Value size = build.dimension(op.getX(), axis);
      build.require(build.make<EqualOp>(size, build.scalar(1)),
                    "Can not squeeze dim[" + std::to_string(axis) +
                        "], expected a dimension of 1, got {}",
                    {size});
    }
}

static std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (auto [axis, size] : llvm::enumerate(shape)) {
    text += axis ? "," : "";
    text += ShapedType::isDynamic(size) ? "?" : std::to_string(size);
  }
  return text + "]";
}

static void checkEnsureShape(EnsureShapeOp op, CheckBuilder &build) {
  Value fits;
  for (auto [axis, size] : llvm::enumerate(op.getShape()))
    if (!ShapedType::isDynamic(size) && ranked(op.getX()).isDynamicDim(axis))
      fits =
          build.both(fits, build.make<EqualOp>(build.dimension(op.getX(), axis),
                                               build.scalar(size)));
  if (fits)
    build.require(fits,
                  "Shape of tensor {} is not compatible with expected shape " +
                      shapeText(op.getShape()) + ".",
                  {build.shape(op.getX())});
}

static void checkBroadcastTo(BroadcastToOp op, CheckBuilder &build) {
  int64_t rank = ranked(op.getX()).getRank();
  auto shape = op.getShape();
  Value fits;
  for (int64_t back = 1; back <= rank; ++back) {
    int64_t axis = rank - back, size = shape[shape.size() - back];
    if (!ranked(op.getX()).isDynamicDim(axis))
      continue;
    Value dim = build.dimension(op.getX(), axis);
    Value same = build.make<EqualOp>(dim, build.scalar(size));
    fits = build.both(
        fits, size == 1 ? same
                        : build.either(
                              same, build.make<EqualOp>(dim, build.scalar(1))));
  }
  if (fits)
    build.require(fits, "Incompatible shapes: {} vs. " + shapeText(shape),
                  {build.shape(op.getX())});
}

static void checkDynamicBroadcastTo(DynamicBroadcastToOp op,
                                    CheckBuilder &build, SizeAnalysis &sizes) {
  auto length = ranked(op.getShape());
  int64_t rank = ranked(op.getX()).getRank();
  if (length.isDynamicDim(0))
    return;
  int64_t extra = length.getDimSize(0) - rank;
  bool known = extra >= 0, negative = false;
  for (int64_t axis = 0; axis < rank && known; ++axis) {
    Size have = sizes.dimension(op.getX(), axis),
         want = sizes.element(op.getShape(), axis + extra);
    known = have == want ||
            (have.is(1) && (want.kind == Size::Element || want.index >= 0));
  }
  for (int64_t axis = 0; axis < length.getDimSize(0) && !negative; ++axis) {
    Size want = sizes.element(op.getShape(), axis);
    if (axis >= extra && want == sizes.dimension(op.getX(), axis - extra))
      continue;
    negative = want.kind == Size::Element || want.index < 0;
  }
  if (known && !negative)
    return;
  Value want = build.toI64(op.getShape());
  if (negative)
    build.require(build.make<GreaterEqualOp>(want, build.scalar(0)),
                  "all elements of broadcast shape must be non-negative, got "
                  "{}",
                  {op.getShape()});
  if (known)
    return;
  Value fits;
  if (extra < 0) {
    fits = build.make<LessOp>(build.scalar(1), build.scalar(0));
  } else if (rank > 0) {
    Value have = build.shape(op.getX());
    if (extra > 0)
      have = build.join({build.vector(SmallVector<int64_t>(extra, 1)), have});
    fits = build.either(build.make<EqualOp>(have, want),
                        build.make<EqualOp>(have, build.scalar(1)));
  }
  if (fits)
    build.require(fits, "Incompatible shapes: {} vs. {}",
                  {build.shape(op.getX()), op.getShape()});
}

/// The number of elements that `x` has, as a scalar.
static Value countOf(Value x, CheckBuilder &build) {
  return ranked(x).getRank() == 0 ? build.scalar(1)
                                  : build.product(build.shape(x));
}

static void checkReshape(ReshapeOp op, CheckBuilder &build) {
  auto type = ranked(op.getX());
  if (type.hasStaticShape())
    return;
  int64_t wanted = 1, unknown = 0;
  for (int64_t size : op.getShape()) {
    if (ShapedType::isDynamic(size))
      ++unknown;
    else
      wanted *= size;
  }
  // One unknown size that takes over one unknown size always fits.
  int64_t known = 1, sources = 0;
  for (int64_t size : type.getShape()) {
    if (ShapedType::isDynamic(size))
      ++sources;
    else
      known *= size;
  }
  if (unknown == 1 && wanted != 0 && known % wanted == 0)
    return;
  Value count = countOf(op.getX(), build);
  if (unknown == 0)
    return build.require(
        build.make<EqualOp>(count, build.scalar(wanted)),
        "Input to reshape is a tensor with {} values, but the requested "
        "shape has " +
            std::to_string(wanted),
        {count});
  Value fits = wanted == 0
                   ? build.make<NotEqualOp>(build.scalar(0), build.scalar(0))
                   : build.make<EqualOp>(
                         build.make<FloorModOp>(count, build.scalar(wanted)),
                         build.scalar(0));
  build.require(
      fits,
      "Input to reshape is a tensor with {} values, but the requested shape "
      "requires a multiple of " +
          std::to_string(wanted),
      {count});
}

/// Whether the shape asked for consists of the operand's sizes in some order,
/// besides ones, and at most one -1 beside them all.
static bool reshapeFits(DynamicReshapeOp op, SizeAnalysis &sizes) {
  SmallVector<Size> have, want;
  int64_t haveKnown = 1, wantKnown = 1;
  for (int64_t axis = 0; axis < ranked(op.getX()).getRank(); ++axis) {
    Size size = sizes.dimension(op.getX(), axis);
    if (size.isConstant())
      haveKnown *= size.index;
    else
      have.push_back(size);
  }
  bool inferred = false;
  for (int64_t i = 0; i < ranked(op.getShape()).getDimSize(0); ++i) {
    Size size = sizes.element(op.getShape(), i);
    if (size.is(-1)) {
      if (inferred)
        return false;
      inferred = true;
    } else if (size.isConstant()) {
      wantKnown *= size.index;
    } else {
      want.push_back(size);
    }
  }
  for (Size size : want) {
    auto *it = llvm::find(have, size);
    if (it == have.end())
      return false;
    have.erase(it);
  }
  // A size of 0 among the named ones would leave -1 undecided.
  if (inferred)
    return want.empty() && wantKnown > 0 && haveKnown % wantKnown == 0;
  return have.empty() && haveKnown == wantKnown && wantKnown >= 0;
}

static void checkDynamicReshape(DynamicReshapeOp op, CheckBuilder &build,
                                SizeAnalysis &sizes) {
  auto length = ranked(op.getShape());
  if (!length.isDynamicDim(0) && reshapeFits(op, sizes))
    return;
  Value shape = build.toI64(op.getShape()), count = countOf(op.getX(), build);
  // With one -1 the product is minus that of the others, which must divide the
  // number.
  Value product = build.product(shape);
  Value negative = build.make<LessOp>(shape, build.scalar(0));
  Value ones = build.countTrue(negative);
  Value exact = build.both(build.make<EqualOp>(ones, build.scalar(0)),
                           build.make<EqualOp>(product, count));
  Value divisor = build.make<MaximumOp>(build.negate(product), build.scalar(1));
  Value inferred =
      build.both(build.both(build.make<EqualOp>(ones, build.scalar(1)),
                            build.make<LessOp>(product, build.scalar(0))),
                 build.make<EqualOp>(build.make<FloorModOp>(count, divisor),
                                     build.scalar(0)));
  Value sane = build.allOf(build.make<GreaterEqualOp>(shape, build.scalar(-1)));
  build.require(build.both(sane, build.either(exact, inferred)),
                "Input to reshape is a tensor with {} values, but the "
                "requested shape is {}",
                {count, op.getShape()});
}

static void checkArgReduce(Value x, int64_t axis, CheckBuilder &build) {
  // A size of 0 is known where code is made for the sizes that arrived.
  if (ranked(x).isDynamicDim(axis) || ranked(x).getDimSize(axis) == 0)
    build.require(
        build.make<GreaterOp>(build.dimension(x, axis), build.scalar(0)),
        "Reduction axis " + std::to_string(axis) + " is empty in shape {}",
        {build.shape(x)});
}

void tfc::checkShapes(Operation *op, SizeAnalysis &sizes) {
  CheckBuilder build(op, sizes);
  if (op->hasTrait<TFCElementwise>())
    return checkElementwise(op, build);
  TypeSwitch<Operation *>(op)
      .Case([&](ConcatOp concat) { checkConcat(concat, build); })
      .Case([&](LinearRecurrenceOp op) { checkRecurrence(op, build); })
      .Case([&](MatmulOp matmul) { checkMatmul(matmul, build); })
      .Case<CholeskyOp, LUOp, EighOp, EigOp, SqrtmOp, LogmOp, TriangularSolveOp,
            SolveOp>([&](auto) { checkMatrices(op, build); })
      .Case([&](TridiagonalSolveOp solve) { checkTridiagonal(solve, build); })
      .Case([&](SqueezeOp squeeze) { checkSqueeze(squeeze, build); })
      .Case([&](EnsureShapeOp ensure) { checkEnsureShape(ensure, build); })
      .Case(
          [&](BroadcastToOp broadcast) { checkBroadcastTo(broadcast, build); })
      .Case([&](DynamicBroadcastToOp broadcast) {
        checkDynamicBroadcastTo(broadcast, build, sizes);
      })
      .Case([&](ReshapeOp reshape) { checkReshape(reshape, build); })
      .Case([&](DynamicReshapeOp reshape) {
        checkDynamicReshape(reshape, build, sizes);
      })
      .Case<ConvOp, ConvInputGradOp, ConvFilterGradOp, MaxPoolOp, ArgmaxPoolOp,
            AvgPoolOp, AvgPoolGradOp>(
          [&](auto) { checkWindows(op, build, sizes); })
      .Case<ArgmaxOp, ArgminOp>([&](auto reduce) {
        checkArgReduce(reduce.getX(), reduce.getAxis(), build);
      });
}
