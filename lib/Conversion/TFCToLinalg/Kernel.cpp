//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Kernel.h"
#include "Planes.h"
#include "Windows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/IR/Remark.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

template <typename IntOp, typename FloatOp, typename ComplexOp>
static Num binary(Num x, Num y) {
  Kernel &k = *x.kernel;
  Type type = getElementTypeOrSelf(x.value.getType());
  if (isComplex(type))
    return k.num(ComplexOp::create(k.b, k.loc, x.value, y.value));
  if (isFloat(type))
    return k.num(FloatOp::create(k.b, k.loc, x.value, y.value));
  return k.num(IntOp::create(k.b, k.loc, x.value, y.value));
}

/// A real number that meets a complex one becomes one too.
static void meet(Num &x, Num &y) {
  Kernel &k = *x.kernel;
  if (isComplex(x.value.getType()) && isFloat(y.value.getType()))
    y = k.complex(y, k.realLike(0, y.value.getType()));
  else if (isComplex(y.value.getType()) && isFloat(x.value.getType()))
    x = k.complex(x, k.realLike(0, x.value.getType()));
}

Num lowering::operator+(Num x, Num y) {
  meet(x, y);
  return binary<arith::AddIOp, arith::AddFOp, complex::AddOp>(x, y);
}
Num lowering::operator-(Num x, Num y) {
  meet(x, y);
  return binary<arith::SubIOp, arith::SubFOp, complex::SubOp>(x, y);
}

/// By components: upstream's product repairs infinities, which loops cannot be
/// vectorized with.
Num lowering::operator*(Num x, Num y) {
  Kernel &k = *x.kernel;
  bool left = isComplex(x.value.getType()),
       right = isComplex(y.value.getType());
  if (!left && !right)
    return binary<arith::MulIOp, arith::MulFOp, complex::MulOp>(x, y);
  if (!left)
    return y * x;
  Num a = k.realPart(x), b = k.imagPart(x);
  if (!right)
    return k.complex(a * y, b * y);
  Num c = k.realPart(y), d = k.imagPart(y);
  return k.complex(a * c - b * d, a * d + b * c);
}
Num lowering::operator/(Num x, Num y) {
  Kernel &k = *x.kernel;
  if (isComplex(x.value.getType()) && isFloat(y.value.getType()))
    return k.complex(k.realPart(x) / y, k.imagPart(x) / y);
  meet(x, y);
  return binary<arith::DivSIOp, arith::DivFOp, complex::DivOp>(x, y);
}
Num lowering::operator-(Num x) {
  Kernel &k = *x.kernel;
  if (isComplex(x.value.getType()))
    return k.num(complex::NegOp::create(k.b, k.loc, x.value));
  return k.num(arith::NegFOp::create(k.b, k.loc, x.value));
}
Num lowering::operator+(Num x, int64_t n) { return x + x.kernel->index(n); }
Num lowering::operator-(Num x, int64_t n) { return x - x.kernel->index(n); }

static Num compareNums(Num x, Num y, arith::CmpIPredicate onInts,
                       arith::CmpFPredicate onFloats) {
  Kernel &k = *x.kernel;
  if (isFloat(getElementTypeOrSelf(x.value.getType())))
    return k.num(arith::CmpFOp::create(k.b, k.loc, onFloats, x.value, y.value));
  return k.num(arith::CmpIOp::create(k.b, k.loc, onInts, x.value, y.value));
}
Num lowering::operator<(Num x, Num y) {
  return compareNums(x, y, arith::CmpIPredicate::slt,
                     arith::CmpFPredicate::OLT);
}
Num lowering::operator<=(Num x, Num y) {
  return compareNums(x, y, arith::CmpIPredicate::sle,
                     arith::CmpFPredicate::OLE);
}
Num lowering::operator>(Num x, Num y) { return y < x; }
Num lowering::operator>=(Num x, Num y) { return y <= x; }
Num lowering::operator==(Num x, Num y) {
  return compareNums(x, y, arith::CmpIPredicate::eq, arith::CmpFPredicate::OEQ);
}
Num lowering::operator!=(Num x, Num y) {
  return compareNums(x, y, arith::CmpIPredicate::ne, arith::CmpFPredicate::UNE);
}
Num lowering::operator&&(Num x, Num y) {
  Kernel &k = *x.kernel;
  return k.num(arith::AndIOp::create(k.b, k.loc, x.value, y.value));
}
Num lowering::operator||(Num x, Num y) {
  Kernel &k = *x.kernel;
  return k.num(arith::OrIOp::create(k.b, k.loc, x.value, y.value));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Array Array::at(ArrayRef<Num> more) const {
  Array part(*this);
  for (Num i : more)
    part.first.push_back(i.value);
  return part;
}
/// The parts of the element at this place of memory that has them apart.
static std::pair<SmallVector<Value>, SmallVector<Value>>
partsAt(Kernel &k, ArrayRef<Value> place) {
  SmallVector<Value> real{k.index(0).value}, imag{k.index(1).value};
  llvm::append_range(real, place);
  llvm::append_range(imag, place);
  return {real, imag};
}

Num Array::load(ArrayRef<Num> last) const {
  Array place = at(last);
  if (hasPlanes(memref)) {
    Kernel &k = *kernel;
    auto [real, imag] = partsAt(k, place.first);
    return k.complex(k.num(memref::LoadOp::create(k.b, k.loc, memref, real)),
                     k.num(memref::LoadOp::create(k.b, k.loc, memref, imag)));
  }
  return kernel->num(
      memref::LoadOp::create(kernel->b, kernel->loc, memref, place.first));
}
void Array::store(ArrayRef<Num> last, Num x) const {
  Array place = at(last);
  if (hasPlanes(memref)) {
    Kernel &k = *kernel;
    auto [real, imag] = partsAt(k, place.first);
    Num re = k.realPart(x), im = k.imagPart(x);
    memref::StoreOp::create(k.b, k.loc, re.value, memref, real);
    memref::StoreOp::create(k.b, k.loc, im.value, memref, imag);
    return;
  }
  memref::StoreOp::create(kernel->b, kernel->loc, x.value, memref, place.first);
}

Num Array::vector(Num from, int64_t lanes) const {
  Array place = at({from});
  auto type = VectorType::get(
      lanes, cast<MemRefType>(memref.getType()).getElementType());
  return kernel->num(vector::LoadOp::create(kernel->b, kernel->loc, type,
                                            memref, place.first));
}
void Array::setVector(Num from, Num x) const {
  Array place = at({from});
  vector::StoreOp::create(kernel->b, kernel->loc, x.value, memref, place.first);
}
void Array::setVector(Num from, Num x, Num mask) const {
  Array place = at({from});
  vector::MaskedStoreOp::create(kernel->b, kernel->loc, memref, place.first,
                                mask.value, x.value);
}
Num Array::gather(Num places) const {
  Kernel &k = *kernel;
  Array place = at({k.index(0)});
  auto type = cast<VectorType>(places.value.getType())
                  .clone(cast<MemRefType>(memref.getType()).getElementType());
  Value all = arith::ConstantOp::create(
      k.b, k.loc,
      DenseElementsAttr::get(cast<VectorType>(type.clone(k.b.getI1Type())),
                             true));
  Value none = arith::ConstantOp::create(k.b, k.loc, k.b.getZeroAttr(type));
  return k.num(vector::GatherOp::create(k.b, k.loc, type, memref, place.first,
                                        places.value, all, none));
}

Value Array::block(Num row, Num column, OpFoldResult rows,
                   OpFoldResult columns) const {
  OpBuilder &b = kernel->b;
  auto type = cast<MemRefType>(memref.getType());
  OpFoldResult one = b.getIndexAttr(1);
  SmallVector<OpFoldResult> starts, sizes(first.size(), one),
      steps(type.getRank(), one);
  for (Value index : first)
    starts.push_back(index);
  starts.append({row.value, column.value});
  SmallVector<int64_t> shape;
  for (OpFoldResult size : {rows, columns}) {
    std::optional<int64_t> known = getConstantIntValue(size);
    shape.push_back(known.value_or(ShapedType::kDynamic));
    sizes.push_back(known ? OpFoldResult(b.getIndexAttr(*known)) : size);
  }
  auto view = cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(
      shape, type, starts, sizes, steps));
  return memref::SubViewOp::create(b, kernel->loc, view, memref, starts, sizes,
                                   steps);
}

Cell::operator Num() const {
  OpBuilder &b = kernel->b;
  Value value = memref::LoadOp::create(b, kernel->loc, slot, ValueRange());
  if (isTruth)
    value = arith::TruncIOp::create(b, kernel->loc, b.getI1Type(), value);
  return kernel->num(value);
}
const Cell &Cell::operator=(Num x) const {
  OpBuilder &b = kernel->b;
  Value value = x.value;
  if (isTruth)
    value = arith::ExtUIOp::create(b, kernel->loc, b.getI8Type(), value);
  memref::StoreOp::create(b, kernel->loc, value, slot, ValueRange());
  return *this;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

/// The memref that a body sees of a tensor: of its shape, neighbours in the
/// last dimension side by side.
static MemRefType viewOf(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> strides(type.getRank(), ShapedType::kDynamic);
  if (!strides.empty())
    strides.back() = 1;
  auto layout = StridedLayoutAttr::get(tensor.getContext(),
                                       ShapedType::kDynamic, strides);
  return MemRefType::get(type.getShape(), type.getElementType(), layout);
}

Kernel::Kernel(Lowering &l, ArrayRef<Value> inputs, ArrayRef<Output> outputs,
               Type element, Loops loops, ArrayRef<Value> constants)
    : l(l), element(element), b(l.b), loc(l.loc) {
  SmallVector<Value> ins, outs;
  for (Value input : inputs)
    ins.push_back(l.tensorOf(input, l.tensorType(input)));
  llvm::append_range(ins, constants);
  for (const Output &output : outputs)
    outs.push_back(output.initial ? output.initial
                                  : l.empty(output.dims, output.element));
  op = rt::ComputeOp::create(b, loc, TypeRange(ValueRange(outs)), ins, outs);
  // Loops over single elements: LLVM makes vectors of them.
  if (auto module = op->getParentOfType<ModuleOp>();
      module && loops == Loops::ofElements)
    module->setAttr(rt::hasScalarLoops, b.getUnitAttr());
  Block *body = b.createBlock(&op.getBody());
  for (Value operand : op->getOperands())
    body->addArgument(viewOf(operand), loc);
  b.setInsertionPointToStart(body);
}

SmallVector<Value> Kernel::finish() {
  b.setInsertionPointAfter(op);
  return llvm::to_vector(
      llvm::map_range(op.getResults(), [](OpResult r) { return Value(r); }));
}

void Kernel::loop(Num from, Num to, Step body) {
  auto loop = scf::ForOp::create(b, loc, from.value, to.value, index(1).value);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(num(loop.getInductionVar()));
}

void Kernel::loopBy(Num from, Num to, int64_t step, Step body) {
  auto loop =
      scf::ForOp::create(b, loc, from.value, to.value, index(step).value);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(num(loop.getInductionVar()));
}

void Kernel::independent(ArrayRef<Dim> extents, double nanoseconds,
                         function_ref<void(ArrayRef<Num>)> body) {
  SmallVector<Num> sizes;
  Num count = index(1);
  for (Dim dim : extents) {
    sizes.push_back(size(dim));
    count = count * sizes.back();
  }
  auto loop =
      scf::ForOp::create(b, loc, index(0).value, count.value, index(1).value);
  loop->setAttr(rt::independent, b.getF64FloatAttr(nanoseconds));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Num> at(extents.size());
  Num rest = num(loop.getInductionVar());
  for (size_t i = extents.size(); i-- > 0;) {
    at[i] = i == 0 ? rest : remainder(rest, sizes[i]);
    if (i != 0)
      rest = rest / sizes[i];
  }
  body(at);
}

void Kernel::loopDown(Num from, Num to, Step body) {
  loop(from, to, [&](Num i) { body(to - 1 - (i - from)); });
}

void Kernel::loops(ArrayRef<Dim> extents,
                   function_ref<void(ArrayRef<Num>)> body) {
  SmallVector<Value> sizes;
  for (Dim dim : extents)
    sizes.push_back(l.size(dim));
  l.loopNest(sizes, {}, [&](ValueRange ivs, ValueRange) -> SmallVector<Value> {
    SmallVector<Num> at;
    for (Value iv : ivs)
      at.push_back(num(iv));
    body(at);
    return {};
  });
}

void Kernel::when(Num condition, Body then, Body otherwise) {
  auto branch =
      scf::IfOp::create(b, loc, TypeRange(), condition.value, bool(otherwise));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  then();
  if (!otherwise)
    return;
  b.setInsertionPointToStart(branch.elseBlock());
  otherwise();
}

void Kernel::repeatWhile(function_ref<Num()> condition, Body body) {
  auto loop = scf::WhileOp::create(b, loc, TypeRange(), ValueRange());
  OpBuilder::InsertionGuard guard(b);
  b.createBlock(&loop.getBefore());
  Num test = condition();
  scf::ConditionOp::create(b, loc, test.value, ValueRange());
  b.createBlock(&loop.getAfter());
  body();
  scf::YieldOp::create(b, loc);
}

Num Kernel::fold(Num from, Num to, Num initial,
                 function_ref<Num(Num, Num)> next) {
  auto loop = scf::ForOp::create(b, loc, from.value, to.value, index(1).value,
                                 ValueRange{initial.value});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Num result = next(num(loop.getInductionVar()), num(loop.getRegionIterArg(0)));
  scf::YieldOp::create(b, loc, result.value);
  return num(loop.getResult(0));
}

SmallVector<Num>
Kernel::folds(Num from, Num to, int64_t step, ArrayRef<Num> initial,
              function_ref<SmallVector<Num>(Num, ArrayRef<Num>)> next) {
  auto values = [](ArrayRef<Num> numbers) {
    return llvm::map_to_vector(numbers, [](Num x) { return x.value; });
  };
  auto numbers = [&](ValueRange values) {
    return llvm::map_to_vector(values, [&](Value x) { return num(x); });
  };
  auto loop = scf::ForOp::create(b, loc, from.value, to.value,
                                 index(step).value, values(initial));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Num> results =
      next(num(loop.getInductionVar()), numbers(loop.getRegionIterArgs()));
  scf::YieldOp::create(b, loc, values(results));
  return numbers(loop.getResults());
}

Cell Kernel::cell(Num initial) {
  Type type = initial.value.getType();
  bool isTruth = type.isInteger(1);
  Value slot;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&op.getBody().front());
    slot = memref::AllocaOp::create(
        b, loc, MemRefType::get({}, isTruth ? Type(b.getI8Type()) : type));
  }
  Cell cell(*this, slot, isTruth);
  cell = initial;
  return cell;
}

Array Kernel::scratch(ArrayRef<Dim> dims, Type type) {
  SmallVector<int64_t> shape;
  SmallVector<Value> sizes;
  for (Dim dim : dims) {
    shape.push_back(dim >= 0 ? dim : ShapedType::kDynamic);
    if (dim < 0)
      sizes.push_back(l.size(dim));
  }
  return {*this, memref::AllocOp::create(b, loc, MemRefType::get(shape, type),
                                         sizes, b.getI64IntegerAttr(64))};
}

void Kernel::addProduct(Value left, bool transposeLeft, Value right,
                        Value result) {
  AffineExpr row = b.getAffineDimExpr(0), column = b.getAffineDimExpr(1),
             inner = b.getAffineDimExpr(2);
  auto map = [&](AffineExpr first, AffineExpr second) {
    return AffineMap::get(3, 0, {first, second}, b.getContext());
  };
  auto parallel = utils::IteratorType::parallel;
  linalg::GenericOp::create(
      b, loc, TypeRange(), ValueRange{left, right}, result,
      ArrayRef<AffineMap>{transposeLeft ? map(inner, row) : map(row, inner),
                          map(inner, column), map(row, column)},
      ArrayRef<utils::IteratorType>{parallel, parallel,
                                    utils::IteratorType::reduction},
      [&](OpBuilder &nested, Location at, ValueRange x) {
        linalg::YieldOp::create(
            nested, at, multiplyAdd(nested, at, realType(), x[0], x[1], x[2]));
      });
}

Num Kernel::splat(Num x, int64_t lanes) {
  auto type = VectorType::get(lanes, x.value.getType());
  return num(vector::BroadcastOp::create(b, loc, type, x.value));
}
Num Kernel::anyOf(Num mask) {
  return num(vector::ReductionOp::create(b, loc, vector::CombiningKind::OR,
                                         mask.value));
}
Num Kernel::sumOf(Num x) {
  return num(vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD,
                                         x.value,
                                         arith::FastMathFlags::reassoc));
}
Num Kernel::shuffle(Num x, Num y, ArrayRef<int64_t> lanes) {
  return num(vector::ShuffleOp::create(b, loc, x.value, y.value, lanes));
}
// An instruction of AVX-512; elsewhere LLVM stores lane after lane, without
// branches.
Num Kernel::compress(Num x, Num mask) {
  Value unused = ub::PoisonOp::create(b, loc, x.value.getType());
  return num(LLVM::CallIntrinsicOp::create(
                 b, loc, x.value.getType(),
                 b.getStringAttr("llvm.experimental.vector.compress"),
                 ValueRange{x.value, mask.value, unused})
                 .getResult(0));
}
Num Kernel::countOf(Num mask) {
  int64_t lanes = cast<VectorType>(mask.value.getType()).getNumElements();
  Type bits = b.getIntegerType(lanes);
  Value word =
      vector::BitCastOp::create(b, loc, VectorType::get(1, bits), mask.value);
  word = vector::ExtractOp::create(b, loc, word, 0);
  if (lanes < 32)
    word = arith::ExtUIOp::create(b, loc, b.getI32Type(), word);
  Value count = math::CtPopOp::create(b, loc, word);
  return num(arith::IndexCastUIOp::create(b, loc, b.getIndexType(), count));
}
Num Kernel::lanesFromZero(VectorType type) {
  SmallVector<APInt> numbers;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    numbers.push_back(APInt(type.getElementTypeBitWidth(), i));
  return num(
      arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, numbers)));
}

Num Kernel::index(int64_t n) {
  return num(arith::ConstantIndexOp::create(b, loc, n));
}
Num Kernel::realLike(double x, Type type) {
  return num(arith::ConstantOp::create(b, loc, b.getFloatAttr(type, x)));
}
Num Kernel::zero() { return num(numberScalar(b, loc, element, 0)); }
Num Kernel::one() { return num(numberScalar(b, loc, element, 1)); }
Num Kernel::truth(bool x) {
  return num(arith::ConstantIntOp::create(b, loc, b.getI1Type(), x));
}
Num Kernel::choose(Num condition, Num x, Num y) {
  meet(x, y);
  return num(
      arith::SelectOp::create(b, loc, condition.value, x.value, y.value));
}
Num Kernel::no(Num condition) {
  return num(arith::XOrIOp::create(b, loc, condition.value, truth(true).value));
}
Num Kernel::smaller(Num i, Num j) { return choose(i < j, i, j); }
Num Kernel::larger(Num x, Num y) { return choose(x < y, y, x); }
Num Kernel::remainder(Num i, Num j) {
  return num(arith::RemSIOp::create(b, loc, i.value, j.value));
}
Num Kernel::toReal(Num index) {
  Value wide = arith::IndexCastOp::create(b, loc, b.getI64Type(), index.value);
  return num(arith::SIToFPOp::create(b, loc, b.getF64Type(), wide));
}
Num Kernel::abs(Num x) {
  if (isComplex(x.value.getType()))
    return hypot(realPart(x), imagPart(x));
  return num(math::AbsFOp::create(b, loc, x.value));
}
Num Kernel::sqrt(Num x) { return num(math::SqrtOp::create(b, loc, x.value)); }
/// Without overflow of the squares.
Num Kernel::hypot(Num x, Num y) {
  Num a = abs(x), b = abs(y), big = larger(a, b), small = choose(a < b, a, b);
  Num nothing = realLike(0, big.value.getType()),
      unit = realLike(1, big.value.getType());
  Num ratio = small / choose(big == nothing, unit, big);
  return big * sqrt(unit + ratio * ratio);
}
Num Kernel::conj(Num x) {
  return isComplex(x.value.getType()) ? complex(realPart(x), -imagPart(x)) : x;
}
Num Kernel::realPart(Num x) {
  if (!isComplex(x.value.getType()))
    return x;
  return num(complex::ReOp::create(b, loc, x.value));
}
Num Kernel::imagPart(Num x) {
  if (!isComplex(x.value.getType()))
    return realLike(0, x.value.getType());
  return num(complex::ImOp::create(b, loc, x.value));
}
Num Kernel::complex(Num re, Num im) {
  Type type = ComplexType::get(re.value.getType());
  return num(complex::CreateOp::create(b, loc, type, re.value, im.value));
}
Num Kernel::squared(Num x) {
  Num re = realPart(x);
  if (!isComplex(x.value.getType()))
    return re * re;
  Num im = imagPart(x);
  return re * re + im * im;
}
Num Kernel::widen(Num x) {
  return isComplexKernel() && isFloat(x.value.getType())
             ? complex(x, realLike(0, x.value.getType()))
             : x;
}
Num Kernel::epsilon() { return real(realType().isF64() ? 0x1p-52 : 0x1p-23); }
Num Kernel::isNan(Num x) {
  return num(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x.value,
                                   x.value));
}
Num Kernel::withSign(Num x, Num sign) {
  return num(math::CopySignOp::create(b, loc, x.value, sign.value));
}

//===----------------------------------------------------------------------===//
// Steps that factorizations share
//===----------------------------------------------------------------------===//

void lowering::rotateRows(Kernel &k, const Array &x, Num i, Num j, Num c, Num s,
                          Num count) {
  k.loop(k.index(0), count, [&](Num at) {
    Num a = x(i, at), b = x(j, at);
    x.set(i, at, a * c + b * s);
    x.set(j, at, b * c - a * s);
  });
}

void lowering::swapRows(Kernel &k, const Array &x, Num i, Num j, Num count) {
  k.loop(k.index(0), count, [&](Num at) {
    Num a = x(i, at), b = x(j, at);
    x.set(i, at, b);
    x.set(j, at, a);
  });
}

void lowering::sortRows(Kernel &k, const Array &x, Num count, bool descending,
                        function_ref<void(Num, Num)> exchanged) {
  Cell best = k.cell(k.index(0));
  k.loop(k.index(0), count, [&](Num i) {
    best = i;
    k.loop(i + 1, count, [&](Num j) {
      Num a = x(j), b = x(best);
      k.when(descending ? a > b : a < b, [&] { best = j; });
    });
    k.when(Num(best) != i, [&] {
      Num j = best, a = x(i), b = x(j);
      x.set(i, b);
      x.set(j, a);
      exchanged(i, j);
    });
  });
}

Dim lowering::minimumDim(Lowering &l, Dim x, Dim y) {
  if (x == y || (x >= 0 && y >= 0))
    return std::min(x, y);
  return l.dimOf(arith::MinSIOp::create(l.b, l.loc, l.size(x), l.size(y)));
}
Dim lowering::maximumDim(Lowering &l, Dim x, Dim y) {
  if (x == y || (x >= 0 && y >= 0))
    return std::max(x, y);
  return l.dimOf(arith::MaxSIOp::create(l.b, l.loc, l.size(x), l.size(y)));
}

void lowering::setResults(Lowering &l, Operation *op, ArrayRef<Value> values) {
  for (auto [result, value] : llvm::zip(op->getResults(), values))
    l.set(result, l.convert(value, l.loweredType(result.getType())));
}

Reflection lowering::reflect(Kernel &k, Num start, Num end,
                             function_ref<Num(Num)> get,
                             function_ref<void(Num, Num)> set) {
  Num nothing = k.real(0), unit = k.real(1), alpha = get(start);
  auto size = [&](Num x) {
    return k.larger(k.abs(k.realPart(x)), k.abs(k.imagPart(x)));
  };
  Num most = k.fold(start + 1, end, size(alpha),
                    [&](Num i, Num so) { return k.larger(so, size(get(i))); });
  // Squares of scaled elements neither overflow nor vanish, and a column of
  // what rounding left of a matrix without full rank may have no reciprocals.
  double limit = k.realType().isF64() ? 0x1p400 : 0x1p40;
  Num isSafe = most > k.real(1 / limit) && most < k.real(limit);
  Num divisor = k.choose(isSafe || most == nothing, unit, most);
  Num head = alpha / divisor;
  Num sum = k.fold(start + 1, end, nothing, [&](Num i, Num so) {
    return so + k.squared(get(i) / divisor);
  });
  Num none = sum == nothing && k.imagPart(head) == nothing;
  Num beta = -k.withSign(k.hypot(k.abs(head), k.sqrt(sum)), k.realPart(head));
  Num safe = k.choose(none, unit, beta);
  Num tau = k.choose(none, k.zero(), k.widen(k.widen(beta) - head) / safe);
  Num factor = k.choose(none, k.one(), k.one() / (head - k.widen(safe)));
  k.loop(start + 1, end, [&](Num i) { set(i, get(i) / divisor * factor); });
  return {tau, k.choose(none, k.realPart(alpha), beta * divisor)};
}

void lowering::reflectRows(Kernel &k, const Array &x, Num start, Num end,
                           Num from, Num to, Num factor,
                           function_ref<Num(Num)> v, const Array &scratch) {
  k.loop(from, to, [&](Num j) { scratch.set(j, x(start, j)); });
  if (k.isComplexKernel())
    addRows(k, scratch, x, start + 1, end, from, to,
            [&](Num i) { return k.conj(v(i)); });
  else
    k.loop(start + 1, end, [&](Num i) {
      Num c = k.conj(v(i));
      k.loop(from, to,
             [&](Num j) { scratch.set(j, scratch(j) + c * x(i, j)); });
    });
  k.loop(from, to,
         [&](Num j) { x.set(start, j, x(start, j) - factor * scratch(j)); });
  k.loop(start + 1, end, [&](Num i) {
    Num c = factor * v(i);
    k.loop(from, to, [&](Num j) { x.set(i, j, x(i, j) - c * scratch(j)); });
  });
}
