//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Algorithms on matrices, written as they stand in a book: loops, elements of
// arrays, arithmetic on scalars. A kernel builds the body of one
// `tfcrt.compute`.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_KERNEL_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_KERNEL_H

#include "Lowering.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include <optional>

namespace tfc::lowering {

class Kernel;

/// A scalar of a kernel: an index, a real or a complex number, or a truth
/// value. A real and a complex number may meet.
struct Num {
  Kernel *kernel = nullptr;
  mlir::Value value;
};
Num operator+(Num, Num);
Num operator-(Num, Num);
Num operator*(Num, Num);
Num operator/(Num, Num);
Num operator-(Num);
Num operator+(Num, int64_t);
Num operator-(Num, int64_t);
Num operator<(Num, Num);
Num operator<=(Num, Num);
Num operator>(Num, Num);
Num operator>=(Num, Num);
Num operator==(Num, Num);
Num operator!=(Num, Num);
Num operator&&(Num, Num);
Num operator||(Num, Num);

/// A tensor's memory, at one place of its leading dimensions.
class Array {
public:
  Array() = default;
  Array(Kernel &kernel, mlir::Value memref) : kernel(&kernel), memref(memref) {}

  /// The part at these first indices.
  Array at(llvm::ArrayRef<Num> first) const;
  /// The element at this place, where all indices are given.
  Num value() const { return load({}); }
  void setValue(Num x) const { store({}, x); }
  Num operator()(Num i) const { return load({i}); }
  Num operator()(Num i, Num j) const { return load({i, j}); }
  void set(Num i, Num x) const { store({i}, x); }
  void set(Num i, Num j, Num x) const { store({i, j}, x); }
  /// Elements that follow each other in the last dimension, from this place on.
  Num vector(Num from, int64_t lanes) const;
  void setVector(Num from, Num x) const;
  /// Only lanes that are chosen.
  void setVector(Num from, Num x, Num mask) const;
  /// Elements of the last dimension at these numbers.
  Num gather(Num places) const;
  /// Rows and columns from this place on, as a matrix.
  mlir::Value block(Num row, Num column, mlir::OpFoldResult rows,
                    mlir::OpFoldResult columns) const;

private:
  Num load(llvm::ArrayRef<Num> last) const;
  void store(llvm::ArrayRef<Num> last, Num x) const;

  Kernel *kernel = nullptr;
  mlir::Value memref;
  llvm::SmallVector<mlir::Value> first;
};

/// A scalar that changes.
class Cell {
public:
  /// A truth value is a byte in memory, which has no single bits.
  Cell(Kernel &kernel, mlir::Value slot, bool isTruth)
      : kernel(&kernel), slot(slot), isTruth(isTruth) {}
  Cell(const Cell &) = default;
  operator Num() const;
  const Cell &operator=(Num x) const;
  const Cell &operator=(const Cell &x) const { return *this = Num(x); }

private:
  Kernel *kernel;
  mlir::Value slot;
  bool isTruth;
};

class Kernel {
public:
  using Body = llvm::function_ref<void()>;
  using Step = llvm::function_ref<void(Num)>;

  /// What the innermost loops go over: LLVM makes vectors of those over
  /// elements.
  enum class Loops { ofElements, ofVectors };

  /// A result (or scratch memory) of these dimensions; it starts as `initial`
  /// where that is given.
  struct Output {
    Dims dims;
    mlir::Type element;
    mlir::Value initial = {};
  };
  /// The inputs are values of the tfc dialect, and after them the constants,
  /// which are lowered; `element` is what arithmetic works on.
  Kernel(Lowering &l, llvm::ArrayRef<mlir::Value> inputs,
         llvm::ArrayRef<Output> outputs, mlir::Type element,
         Loops loops = Loops::ofElements,
         llvm::ArrayRef<mlir::Value> constants = {});
  /// The values of the outputs; building goes on after the kernel.
  llvm::SmallVector<mlir::Value> finish();

  Array input(unsigned i) { return {*this, op.getBody().getArgument(i)}; }
  Array output(unsigned i) {
    return {*this, op.getBody().getArgument(op.getInputs().size() + i)};
  }

  // Control.
  void loop(Num from, Num to, Step body);
  /// From `to - 1` down to `from`.
  void loopDown(Num from, Num to, Step body);
  /// Over all indices of some dimensions.
  void loops(llvm::ArrayRef<Dim> extents,
             llvm::function_ref<void(llvm::ArrayRef<Num>)> body);
  /// The same, in pieces that threads share: no iteration depends on another,
  /// each takes about so many nanoseconds.
  void independent(llvm::ArrayRef<Dim> extents, double nanoseconds,
                   llvm::function_ref<void(llvm::ArrayRef<Num>)> body);
  /// From `from` on in steps.
  void loopBy(Num from, Num to, int64_t step, Step body);
  void when(Num condition, Body then, Body otherwise = nullptr);
  void repeatWhile(llvm::function_ref<Num()> condition, Body body);
  /// `initial` after `next(i, so far)` for each i.
  Num fold(Num from, Num to, Num initial,
           llvm::function_ref<Num(Num, Num)> next);
  /// The same of several at once, from `from` on in steps.
  llvm::SmallVector<Num>
  folds(Num from, Num to, int64_t step, llvm::ArrayRef<Num> initial,
        llvm::function_ref<llvm::SmallVector<Num>(Num, llvm::ArrayRef<Num>)>
            next);
  /// A new variable, for use inside of the loops that are open now.
  Cell cell(Num initial);
  /// Memory for use inside of the loops that are open now.
  Array scratch(llvm::ArrayRef<Dim> dims, mlir::Type type);

  /// result += left right, of blocks of real matrices that share no element:
  /// a product like any other, with kernels and threads.
  void addProduct(mlir::Value left, bool transposeLeft, mlir::Value right,
                  mlir::Value result);

  // Vectors: what works on numbers works on several at once.
  Num splat(Num x, int64_t lanes);
  Num anyOf(Num mask);
  /// The sum of the lanes, in any order.
  Num sumOf(Num x);
  /// Lanes of x, then of y.
  Num shuffle(Num x, Num y, llvm::ArrayRef<int64_t> lanes);
  /// Lanes that are chosen, one after the other; what is in those behind them
  /// means nothing.
  Num compress(Num x, Num mask);
  /// How many lanes are chosen, an index.
  Num countOf(Num mask);
  /// 0, 1, 2, ...
  Num lanesFromZero(mlir::VectorType type);

  // Scalars.
  Num num(mlir::Value value) { return {this, value}; }
  Num index(int64_t n);
  Num size(Dim dim) { return num(l.size(dim)); }
  Num real(double x) { return realLike(x, realType()); }
  Num realLike(double x, mlir::Type type);
  Num zero(); // of the element type
  Num one();
  Num truth(bool x);
  Num choose(Num condition, Num x, Num y);
  Num no(Num condition);
  Num smaller(Num i, Num j);
  Num larger(Num x, Num y);
  Num remainder(Num i, Num j);
  Num toReal(Num index);
  Num abs(Num x);
  Num sqrt(Num x);
  Num hypot(Num x, Num y);
  Num conj(Num x);
  Num realPart(Num x);
  Num imagPart(Num x);
  Num complex(Num re, Num im);
  Num squared(Num x);  // |x|^2
  Num widen(Num real); // as an element
  /// The distance from 1 to the next number.
  Num epsilon();
  Num isNan(Num x);
  /// |x| with the sign of another real number.
  Num withSign(Num x, Num sign);

  bool isComplexKernel() const { return isComplex(element); }
  mlir::Type realType() const {
    auto type = mlir::dyn_cast<mlir::ComplexType>(element);
    return type ? type.getElementType() : element;
  }

  Lowering &l;
  const mlir::Type element;
  mlir::OpBuilder &b;
  const mlir::Location loc;

private:
  rt::ComputeOp op;
};

/// Rows i and j of `x`, of `count` elements: c x_i + s x_j and c x_j - s x_i.
void rotateRows(Kernel &k, const Array &x, Num i, Num j, Num c, Num s,
                Num count);
void swapRows(Kernel &k, const Array &x, Num i, Num j, Num count);
/// Puts real numbers in order; `exchanged(i, j)` says which two change places.
void sortRows(Kernel &k, const Array &x, Num count, bool descending,
              llvm::function_ref<void(Num, Num)> exchanged);

/// The smaller and the larger of two sizes.
Dim minimumDim(Lowering &l, Dim x, Dim y);
Dim maximumDim(Lowering &l, Dim x, Dim y);
/// The results of an op are the first of these values.
void setResults(Lowering &l, mlir::Operation *op,
                llvm::ArrayRef<mlir::Value> values);

/// A Householder reflection H = 1 - tau v v^H, where v starts with 1.
struct Reflection {
  Num tau, beta;
};
/// The one for which H^H x = (beta, 0, ...) with a real beta; `get` and `set`
/// are x's elements from `start` to `end`. The rest of v replaces that of x.
Reflection reflect(Kernel &k, Num start, Num end,
                   llvm::function_ref<Num(Num)> get,
                   llvm::function_ref<void(Num, Num)> set);
/// Rows from `start` on, columns [from, to): x := x - factor v (v^H x). `v(i)`
/// for rows after the first.
void reflectRows(Kernel &k, const Array &x, Num start, Num end, Num from,
                 Num to, Num factor, llvm::function_ref<Num(Num)> v,
                 const Array &scratch);

/// X := A^-1 X for one triangle of A.
void solveTriangle(Kernel &k, const Array &a, const Array &x, Num n,
                   Num columns, bool lower, bool unit);

/// Do matrices of this order pay for blocks, whose updates are products? The
/// one or the other, which run time decides where the order is not known.
void chooseBlocks(Kernel &k, Dim order, Kernel::Body inBlocks,
                  Kernel::Body plain);
/// x = L L^T, of whose lower triangle L is the factor.
void factorCholeskyInBlocks(Kernel &k, const Array &x, const Array &result,
                            Dim order);
/// L below the diagonal, U above; `exchanged` rows.
void factorLUInBlocks(Kernel &k, const Array &x, const Array &result, Dim order,
                      llvm::function_ref<void(Num, Num)> exchanged);
/// X := A^-1 X.
void solveInBlocks(Kernel &k, const Array &a, const Array &x, Dim order,
                   Num columns);
void solveTriangleInBlocks(Kernel &k, const Array &a, const Array &x, Dim order,
                           Num columns, bool lower, bool unit);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_KERNEL_H
