//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The fast Fourier transform of any size, in Stockham's order: each pass takes
// one factor r of the size from the front and reads and writes whole rows.
//
//   y[q + s (r p + t)] = w^(s p t) sum over u of x[q + s (p + m u)] w^(u t N /
//   r)
//
// where s is the product of the factors before, N = s r m, q < s, p < m, t and
// u < r.
//===----------------------------------------------------------------------===//

#include "LargeFourier.h"
#include "Ordered.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "llvm/Support/MathExtras.h"
#include <complex>
#include <vector>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {

struct Transform {
  Kernel &k;
  Array roots; // w^i
  Num size;
  bool inverse;

  /// The roots of unity, each from an angle of at most pi / 4.
  void makeRoots() {
    Type f64 = k.b.getF64Type(), real = k.realType();
    Num turn = k.realLike((inverse ? 2 : -2) * llvm::numbers::pi, f64),
        n = k.toReal(size);
    Num eight = k.index(8);
    k.loop(k.index(0), size, [&](Num i) {
      // i / n is octant / 4 turns of a right angle, and the rest, which is
      // small.
      Num quarter = k.num(arith::DivSIOp::create(
          k.b, k.loc, (i * eight + size).value, (size + size).value));
      Num rest =
          k.toReal(i * k.index(4) - quarter * size) / (n * k.realLike(4, f64));
      Num angle = turn * rest;
      Num c = k.num(math::CosOp::create(k.b, k.loc, angle.value));
      Num s = k.num(math::SinOp::create(k.b, k.loc, angle.value));
      Num place = k.remainder(quarter, k.index(4));
      Num odd = k.remainder(place, k.index(2)) == k.index(1);
      // A quarter turn maps (c, s) to (-s, c), or to (s, -c).
      Num x = k.choose(odd, inverse ? -s : s, c),
          y = k.choose(odd, inverse ? c : -c, s);
      Num back = place >= k.index(2);
      x = k.choose(back, -x, x);
      y = k.choose(back, -y, y);
      roots.set(i, k.complex(narrow(x, real), narrow(y, real)));
    });
  }

  Num narrow(Num x, Type real) {
    return real.isF64()
               ? x
               : k.num(arith::TruncFOp::create(k.b, k.loc, real, x.value));
  }

  /// One pass with the factor r, from one row of memory to the other.
  void pass(const Array &x, const Array &y, Num r, Num s, Num m) {
    Num zero = k.index(0);
    auto body = [&](auto inner) { k.loop(zero, m, [&](Num p) { inner(p); }); };
    k.when(
        r == k.index(2), [&] { body([&](Num p) { two(x, y, s, m, p); }); },
        [&] {
          k.when(
              r == k.index(4),
              [&] { body([&](Num p) { four(x, y, s, m, p); }); },
              [&] { body([&](Num p) { any(x, y, r, s, m, p); }); });
        });
  }

  void two(const Array &x, const Array &y, Num s, Num m, Num p) {
    Num w = roots(s * p), from = s * p, to = s * p * k.index(2), half = s * m;
    k.loop(k.index(0), s, [&](Num q) {
      Num a = x(from + q), b = x(from + half + q);
      y.set(to + q, a + b);
      y.set(to + s + q, (a - b) * w);
    });
  }

  void four(const Array &x, const Array &y, Num s, Num m, Num p) {
    Num w1 = roots(s * p), w2 = w1 * w1, w3 = w2 * w1;
    Num from = s * p, to = s * p * k.index(4), quarter = s * m;
    k.loop(k.index(0), s, [&](Num q) {
      Num at = from + q;
      Num a = x(at), b = x(at + quarter), c = x(at + quarter + quarter),
          d = x(at + quarter + quarter + quarter);
      Num ac = a + c, bd = b + d, difference = a - c, turned = times_i(b - d);
      Num place = to + q;
      y.set(place, ac + bd);
      y.set(place + s, (difference + turned) * w1);
      y.set(place + s + s, (ac - bd) * w2);
      y.set(place + s + s + s, (difference - turned) * w3);
    });
  }

  /// w^(N/4) x: -i x, or i x for the inverse.
  Num times_i(Num x) {
    Num re = k.realPart(x), im = k.imagPart(x);
    return inverse ? k.complex(-im, re) : k.complex(im, -re);
  }

  void any(const Array &x, const Array &y, Num r, Num s, Num m, Num p) {
    Num zero = k.index(0), step = s * m;
    k.loop(zero, r, [&](Num t) {
      Num twiddle = roots(s * p * t), to = s * (r * p + t);
      k.loop(zero, s, [&](Num q) { y.set(to + q, x(s * p + q)); });
      k.loop(k.index(1), r, [&](Num u) {
        Num w = roots(k.remainder(u * t, r) * step), from = s * p + step * u;
        k.loop(zero, s,
               [&](Num q) { y.set(to + q, y(to + q) + x(from + q) * w); });
      });
      k.loop(zero, s, [&](Num q) { y.set(to + q, y(to + q) * twiddle); });
    });
  }

  /// The next factor of n: 4 and 2 first, then odd numbers.
  Num factor(Num n) {
    Cell r = k.cell(k.index(3));
    Num four = k.index(4), two = k.index(2), zero = k.index(0);
    Num even = k.remainder(n, two) == zero;
    k.when(
        even, [&] { r = k.choose(k.remainder(n, four) == zero, four, two); },
        [&] {
          k.repeatWhile(
              [&] {
                Num at = r;
                return at * at <= n && k.remainder(n, at) != zero;
              },
              [&] { r = Num(r) + 2; });
          Num at = r;
          k.when(at * at > n, [&] { r = n; });
        });
    return r;
  }

  /// Transforms row 0 of `memory`, which has two rows; the result is in the row
  /// that is returned.
  Num run(const Array &memory) {
    Cell s = k.cell(k.index(1)), n = k.cell(size), row = k.cell(k.index(0));
    k.repeatWhile([&] { return Num(n) > k.index(1); },
                  [&] {
                    Num r = factor(n), m = Num(n) / r, from = row,
                        to = k.index(1) - from;
                    pass(memory.at({from}), memory.at({to}), r, s, m);
                    s = Num(s) * r;
                    n = m;
                    row = to;
                  });
    return row;
  }
};

} // namespace

namespace {

/// Transforms rows of a size that is known. Threads share the rows, or each of
/// them where they are large.
class KnownRows {
public:
  KnownRows(Lowering &l, FFTOp op)
      : l(l), op(op), of(l.dims.of(op.getX())), element(elementOf(op.getX())),
        real(cast<ComplexType>(element).getElementType()), size(of.back()) {}

  /// Of other sizes: the size of the convolution.
  static int64_t convolved(int64_t size) {
    return llvm::PowerOf2Ceil(2 * size - 1);
  }
  /// The same, of large ones: the next product of 2, 3 and 5 that there is a
  /// transform for, or 0.
  static int64_t convolvedLarge(int64_t size, Type real) {
    int64_t least = 2 * size - 1, best = 0;
    for (int64_t odd : {1, 3, 5, 9, 15}) {
      int64_t length = odd * llvm::PowerOf2Ceil(llvm::divideCeil(least, odd));
      if ((!best || length < best) && RowTransform::isFor(length, real))
        best = length;
    }
    return best;
  }
  /// Does what it can: else only run time's algorithm is left.
  bool run() {
    if (size % 2 == 0 && size >= 32 && RowTransform::isFor(size / 2, real)) {
      if (isRealOutput() || realInput()) {
        runReal();
        return true;
      }
    }
    if (RowTransform::isFor(size, real))
      runComplex();
    else if (size > 1 && KnownTransform::isFor(convolved(size)))
      runConvolved();
    else if (size > 1 && convolvedLarge(size, real))
      runConvolvedLarge();
    else
      return false;
    return true;
  }

private:
  /// The real numbers that the input is made of, if it is.
  Value realInput() {
    auto made = op.getX().getDefiningOp<ComplexOp>();
    bool isReal = made && !op.getInverse() &&
                  matchPattern(made.getY(), m_AnyZeroFloat()) &&
                  l.dims.of(made.getX()) == of;
    return isReal ? made.getX() : Value();
  }
  bool isRealOutput() {
    return op.getInverse() && !op.getResult().use_empty() &&
           llvm::all_of(op.getResult().getUsers(),
                        [](Operation *user) { return isa<RealOp>(user); });
  }

  void runComplex();
  /// Are rows transformed several at once, an element of each in a vector?
  bool isTogether(const KnownTransform &transform) const;
  void runTogether(const KnownTransform &transform);
  /// The numbers up to the middle, if all others are made of them: the
  /// spectrum of real numbers.
  Value halfInput();
  /// Is nothing read of the result but the numbers up to the middle?
  bool isHalfOutput();
  void runReal();
  void runConvolved();
  void runConvolvedLarge();
  /// Half a transform: of the numbers at even places, with those at odd ones as
  /// imaginary parts.
  void forward(Kernel &k, const Array &x, const Array &result,
               const RowTransform &half, bool onlyHalf);
  void inverse(Kernel &k, const Array &x, const Array &result,
               const RowTransform &half, bool fromHalf);

  /// For each row.
  void overRows(Kernel &k, const RowTransform &transform, double nanoseconds,
                llvm::function_ref<void(const Array &, const Array &)> body) {
    auto each = [&](ArrayRef<Num> at) {
      body(k.input(0).at(at), k.output(0).at(at));
    };
    if (transform.isLarge())
      k.loops(of.drop_back(), each);
    else
      k.independent(of.drop_back(), nanoseconds, each);
  }
  /// Rows of a power of two would meet in the same sets of a cache.
  Array memory(Kernel &k, int64_t count) {
    return k.scratch({2, count + 16}, real);
  }
  /// Of the table of the whole transform's first half, which real numbers need.
  void eachRoot(Kernel &k, unsigned first, const RowTransform &half,
                llvm::function_ref<void(Num, Num, Num)> body);
  /// By 1 / size.
  Num scaled(Kernel &k, Num x) {
    if (llvm::isPowerOf2_64(size))
      return x * k.realLike(1.0 / size, real);
    return x / k.realLike(size, real);
  }
  Num scaledResult(Kernel &k, Num re, Num im) {
    return op.getInverse() ? k.complex(scaled(k, re), scaled(k, im))
                           : k.complex(re, im);
  }
  double nanoseconds() const { return 0.15 * size * llvm::Log2_64_Ceil(size); }

  Lowering &l;
  FFTOp op;
  ArrayRef<Dim> of;
  Type element, real;
  int64_t size;
};

bool KnownRows::isTogether(const KnownTransform &transform) const {
  constexpr int64_t longest = 1024; // several fit into a cache
  int64_t count = 1;
  for (Dim dim : of.drop_back()) {
    if (dim < 0)
      return false;
    count *= dim;
  }
  return size <= longest && count >= KnownTransform::lanesOf(real) &&
         transform.hasScalarPasses();
}

void KnownRows::runTogether(const KnownTransform &transform) {
  int64_t lanes = KnownTransform::lanesOf(real), count = 1;
  for (Dim dim : of.drop_back())
    count *= dim;
  Kernel k(l, {op.getX()}, {{Dims(of), element}}, element,
           Kernel::Loops::ofElements, {transform.roots(l.b, l.loc)});
  Num zero = k.index(0), one = k.index(1), n = k.index(size),
      together = k.index(lanes);
  k.independent({int64_t(llvm::divideCeil(count, lanes))},
                lanes * nanoseconds(), [&](ArrayRef<Num> group) {
                  Num from = group[0] * together;
                  // The last group may begin before the one before it has
                  // ended.
                  if (count % lanes)
                    from = k.smaller(from, k.index(count - lanes));
                  auto row = [&](const Array &array, Num lane) {
                    SmallVector<Num> at(of.size() - 1);
                    Num rest = from + lane;
                    for (size_t i = at.size(); i-- > 0;) {
                      at[i] = i == 0 ? rest : k.remainder(rest, k.index(of[i]));
                      if (i != 0)
                        rest = rest / k.index(of[i]);
                    }
                    return array.at(at);
                  };
                  Array memory = k.scratch({2, 2, size * lanes}, real),
                        start = memory.at({zero});
                  k.loop(zero, together, [&](Num lane) {
                    Array x = row(k.input(0), lane);
                    k.loop(zero, n, [&](Num i) {
                      Num value = x(i), at = i * together + lane;
                      start.set(zero, at, k.realPart(value));
                      start.set(one, at, k.imagPart(value));
                    });
                  });
                  Array end = transform.run(k, memory, k.input(1), lanes);
                  k.loop(zero, together, [&](Num lane) {
                    Array to = row(k.output(0), lane);
                    k.loop(zero, n, [&](Num i) {
                      Num at = i * together + lane;
                      to.set(i, scaledResult(k, end(zero, at), end(one, at)));
                    });
                  });
                });
  setResults(l, op, k.finish());
}

void KnownRows::runComplex() {
  if (KnownTransform::isFor(size)) {
    KnownTransform whole(size, real, op.getInverse());
    if (isTogether(whole))
      return runTogether(whole);
  }
  RowTransform transform(size, real, op.getInverse());
  Kernel k(l, {op.getX()}, {{Dims(of), element}}, element,
           Kernel::Loops::ofElements, transform.tables(l.b, l.loc));
  overRows(k, transform, nanoseconds(), [&](const Array &x, const Array &to) {
    transform.run(
        k, 1,
        [&](Num i) {
          Num value = x(i);
          return std::pair(k.realPart(value), k.imagPart(value));
        },
        [&](Num i, Num re, Num im) { to.set(i, scaledResult(k, re, im)); });
  });
  setResults(l, op, k.finish());
}

/// The transform of a few numbers at compile time; their count is a power of 2.
static std::vector<std::complex<double>>
transformNow(std::vector<std::complex<double>> x) {
  int64_t n = x.size(), half = n / 2;
  if (n == 1)
    return x;
  std::vector<std::complex<double>> even(half), odd(half);
  for (int64_t i = 0; i < half; ++i) {
    even[i] = x[2 * i];
    odd[i] = x[2 * i + 1];
  }
  even = transformNow(std::move(even));
  odd = transformNow(std::move(odd));
  for (int64_t i = 0; i < half; ++i) {
    std::complex<double> turned = KnownTransform::root(i, n, false) * odd[i];
    x[i] = even[i] + turned;
    x[i + half] = even[i] - turned;
  }
  return x;
}

/// Sizes with large prime factors, as convolutions of a power of 2 (Bluestein,
/// "A linear filtering approach to the computation of discrete Fourier
/// transform", 1970): with c[j] = w^(j^2 / 2), the transform is
/// c[k] sum over j of (x[j] c[j]) / c[k - j].
void KnownRows::runConvolved() {
  int64_t length = convolved(size);
  KnownTransform transform(length, real, /*inverse=*/false);
  std::vector<std::complex<double>> chirp(size), filter(length);
  double share = 1.0 / length / (op.getInverse() ? size : 1);
  for (int64_t j = 0; j < size; ++j) {
    chirp[j] =
        KnownTransform::root(j * j % (2 * size), 2 * size, op.getInverse());
    filter[j] = std::conj(chirp[j]) * share;
    if (j)
      filter[length - j] = filter[j];
  }
  filter = transformNow(std::move(filter));
  Kernel k(l, {op.getX()}, {{Dims(of), element}}, element,
           Kernel::Loops::ofElements,
           {transform.roots(l.b, l.loc),
            KnownTransform::table(l.b, l.loc, real, chirp),
            KnownTransform::table(l.b, l.loc, real, filter)});
  Num n = k.index(size), zero = k.index(0), one = k.index(1),
      end = k.index(length);
  Array roots = k.input(1), chirps = k.input(2), filters = k.input(3);
  k.independent(of.drop_back(), 4 * nanoseconds(), [&](ArrayRef<Num> at) {
    Array x = k.input(0).at(at), result = k.output(0).at(at);
    Array parts = k.scratch({2, 2, length + 16}, real),
          start = parts.at({zero});
    k.loop(zero, n, [&](Num j) {
      Num value = x(j), re = k.realPart(value), im = k.imagPart(value);
      Num c = chirps(zero, j), s = chirps(one, j);
      start.set(zero, j, re * c - im * s);
      start.set(one, j, re * s + im * c);
    });
    Num none = k.realLike(0, real);
    k.loop(n, end, [&](Num j) {
      start.set(zero, j, none);
      start.set(one, j, none);
    });
    Array y = transform.run(k, parts, roots);
    // The way back is the same transform, of numbers whose parts have changed
    // places.
    Array again = k.scratch({2, 2, length + 16}, real),
          product = again.at({zero});
    k.loop(zero, end, [&](Num j) {
      Num re = y(zero, j), im = y(one, j);
      Num c = filters(zero, j), s = filters(one, j);
      product.set(one, j, re * c - im * s);
      product.set(zero, j, re * s + im * c);
    });
    Array z = transform.run(k, again, roots);
    k.loop(zero, n, [&](Num j) {
      Num re = z(one, j), im = z(zero, j);
      Num c = chirps(zero, j), s = chirps(one, j);
      result.set(j, k.complex(re * c - im * s, re * s + im * c));
    });
  });
  setResults(l, op, k.finish());
}

/// The same; tables of all numbers would take most of an object, so the filter
/// is made, and transformed, when the code runs. Threads share each transform.
void KnownRows::runConvolvedLarge() {
  int64_t length = convolvedLarge(size, real);
  RowTransform transform(length, real, /*inverse=*/false);
  SmallVector<Value> tables = transform.tables(l.b, l.loc);
  RootTable roots(2 * size, op.getInverse());
  roots.tables(l.b, l.loc, real, tables);
  Kernel k(l, {op.getX()}, {{Dims(of), element}}, element,
           Kernel::Loops::ofElements, tables);
  unsigned first = 1, rootsAt = first + transform.tableCount();
  Num n = k.index(size), zero = k.index(0), one = k.index(1);
  Num none = k.realLike(0, real);
  double share = 1.0 / length / (op.getInverse() ? size : 1);

  Array chirps = memory(k, size);
  // Squares of places, by blocks that threads share.
  constexpr int64_t inBlock = 4096;
  k.independent({int64_t(llvm::divideCeil(size, inBlock))}, 2 * inBlock,
                [&](ArrayRef<Num> at) {
                  Num from = at[0] * k.index(inBlock);
                  k.loop(from, k.smaller(from + inBlock, n), [&](Num j) {
                    Num place = k.remainder(j * j, k.index(2 * size));
                    auto [c, s] =
                        roots.at(k.input(rootsAt), k.input(rootsAt + 1), place);
                    chirps.set(zero, j, c);
                    chirps.set(one, j, s);
                  });
                });
  Num last = n - 1, part = k.realLike(share, real);
  Array filters = transform.run(k, first, [&](Num i) {
    Num distance = k.smaller(i, k.index(length) - i), isThere = distance < n;
    Num j = k.smaller(distance, last);
    return std::pair(k.choose(isThere, chirps(zero, j) * part, none),
                     k.choose(isThere, none - chirps(one, j) * part, none));
  });
  k.loops(of.drop_back(), [&](ArrayRef<Num> at) {
    Array x = k.input(0).at(at), result = k.output(0).at(at);
    Array y = transform.run(k, first, [&](Num i) {
      Num isThere = i < n, j = k.smaller(i, last), value = x(j);
      Num re = k.realPart(value), im = k.imagPart(value);
      Num c = chirps(zero, j), s = chirps(one, j);
      return std::pair(k.choose(isThere, re * c - im * s, none),
                       k.choose(isThere, re * s + im * c, none));
    });
    // The way back is the same transform, of numbers whose parts have changed
    // places.
    transform.run(
        k, first,
        [&](Num j) {
          Num re = y(zero, j), im = y(one, j);
          Num c = filters(zero, j), s = filters(one, j);
          return std::pair(re * s + im * c, re * c - im * s);
        },
        [&](Num j, Num im, Num re) {
          k.when(j < n, [&] {
            Num c = chirps(zero, j), s = chirps(one, j);
            result.set(j, k.complex(re * c - im * s, re * s + im * c));
          });
        });
  });
  setResults(l, op, k.finish());
}

/// The first elements of the last dimension of something, and of others all.
static bool isFirstPart(SliceOp slice, int64_t from) {
  if (!slice)
    return false;
  ArrayRef<int64_t> starts = slice.getStarts();
  return llvm::all_of(starts.drop_back(), [](int64_t n) { return n == 0; }) &&
         starts.back() == from &&
         llvm::all_of(slice.getStrides(), [](int64_t n) { return n == 1; });
}

/// What these are the first elements of.
static Value wholeOf(Value part) {
  auto slice = part.getDefiningOp<SliceOp>();
  return isFirstPart(slice, 0) ? slice.getX() : part;
}

Value KnownRows::halfInput() {
  auto joined = op.getX().getDefiningOp<ConcatOp>();
  int64_t last = of.size() - 1;
  if (!op.getInverse() || !joined || joined.getXs().size() != 2 ||
      int64_t(joined.getAxis()) != last)
    return {};
  Value half = joined.getXs()[0];
  auto conj = joined.getXs()[1].getDefiningOp<ConjOp>();
  auto reverse = conj ? conj.getX().getDefiningOp<ReverseOp>() : ReverseOp();
  auto slice = reverse ? reverse.getX().getDefiningOp<SliceOp>() : SliceOp();
  bool isMirrored = isFirstPart(slice, 1) &&
                    reverse.getAxes() == ArrayRef<int64_t>(last) &&
                    wholeOf(slice.getX()) == wholeOf(half) &&
                    l.dims.of(half).drop_back() == of.drop_back() &&
                    l.dims.of(half).back() == size / 2 + 1 &&
                    l.dims.of(slice.getResult()).back() == size / 2 - 1;
  return isMirrored ? half : Value();
}

bool KnownRows::isHalfOutput() {
  return !op.getInverse() &&
         llvm::all_of(op.getResult().getUsers(), [&](Operation *user) {
           auto slice = dyn_cast<SliceOp>(user);
           return isFirstPart(slice, 0) &&
                  slice.getSizes().back() <= size / 2 + 1;
         });
}

void KnownRows::runReal() {
  RowTransform half(size / 2, real, op.getInverse());
  SmallVector<Value> tables = half.tables(l.b, l.loc);
  if (half.isLarge())
    RootTable(size, op.getInverse()).tables(l.b, l.loc, real, tables);
  else
    tables.push_back(
        KnownTransform(size, real, op.getInverse()).halfCircle(l.b, l.loc));
  Value mirrored = halfInput(), x = mirrored          ? mirrored
                                    : op.getInverse() ? op.getX()
                                                      : realInput();
  bool onlyHalf = isHalfOutput();
  Dims made(of);
  if (onlyHalf)
    made.back() = size / 2 + 1;
  Kernel k(l, {x}, {{made, element}}, element, Kernel::Loops::ofElements,
           tables);
  overRows(k, half, nanoseconds(), [&](const Array &from, const Array &to) {
    if (op.getInverse())
      inverse(k, from, to, half, bool(mirrored));
    else
      forward(k, from, to, half, onlyHalf);
  });
  SmallVector<Value> results = k.finish();
  if (onlyHalf) {
    // What nobody reads is not there.
    SmallVector<OpFoldResult> starts(of.size(), l.b.getIndexAttr(0)),
        strides(of.size(), l.b.getIndexAttr(1));
    results[0] = tensor::InsertSliceOp::create(l.b, l.loc, results[0],
                                               l.empty(Dims(of), element),
                                               starts, l.sizes(made), strides);
  }
  setResults(l, op, results);
}

void KnownRows::eachRoot(Kernel &k, unsigned first, const RowTransform &half,
                         llvm::function_ref<void(Num, Num, Num)> body) {
  Num zero = k.index(0), one = k.index(1), m = k.index(size / 2);
  Array roots = k.input(first);
  if (!half.isLarge()) {
    k.loop(one, m, [&](Num i) { body(i, roots(zero, i), roots(one, i)); });
    return;
  }
  RootTable powers(size, op.getInverse());
  Array fine = k.input(first + 1);
  Num step = k.index(powers.step);
  int64_t blocks = llvm::divideCeil(size / 2, powers.step);
  k.independent({blocks}, powers.step, [&](ArrayRef<Num> at) {
    Num begin = at[0] * step;
    Num count = k.smaller(step, m - begin);
    // The first place has no root of its own.
    Num start = k.choose(at[0] == zero, one, zero);
    k.loop(start, count, [&](Num j) {
      auto [c, s] = RootTable::product(roots, at[0], fine, j);
      body(begin + j, c, s);
    });
  });
}

// With m = size / 2, z = x[2 j] + i x[2 j + 1] and Z its transform, the even
// places have E = (Z[k] + Z*[m - k]) / 2 and the odd ones O = (Z[k] - Z*[m -
// k]) / 2 i; the transform is E + w^k O, and at k + m the other way round: the
// conjugate of what is at m - k.
void KnownRows::forward(Kernel &k, const Array &x, const Array &result,
                        const RowTransform &half, bool onlyHalf) {
  Num zero = k.index(0), one = k.index(1), m = k.index(size / 2);
  Array z = half.run(k, 1,
                     [&](Num j) { return std::pair(x(j + j), x(j + j + 1)); }),
        y = memory(k, size / 2);
  Num first = z(zero, zero), other = z(one, zero), none = k.realLike(0, real);
  y.set(zero, zero, first + other);
  y.set(one, zero, none);
  y.set(zero, m, first - other);
  y.set(one, m, none);
  Num part = k.realLike(0.5, real);
  eachRoot(k, 1 + half.tableCount(), half, [&](Num i, Num c, Num s) {
    Num re = z(zero, i), im = z(one, i), back = m - i;
    Num mirroredRe = z(zero, back), mirroredIm = z(one, back);
    Num evenRe = part * (re + mirroredRe), evenIm = part * (im - mirroredIm);
    Num oddRe = part * (im + mirroredIm), oddIm = part * (mirroredRe - re);
    y.set(zero, i, evenRe + (oddRe * c - oddIm * s));
    y.set(one, i, evenIm + (oddRe * s + oddIm * c));
  });
  k.loop(zero, m + one,
         [&](Num i) { result.set(i, k.complex(y(zero, i), y(one, i))); });
  if (onlyHalf)
    return;
  Num n = k.index(size);
  k.loop(m + one, n, [&](Num i) {
    result.set(i, k.complex(y(zero, n - i), -y(one, n - i)));
  });
}

// The real part is the inverse of H = (X[k] + X*[n - k]) / 2, of which
// Z = H[k] + H[k + m] + i w^k (H[k] - H[k + m]) has the even places as real
// parts and the odd ones as imaginary ones.
void KnownRows::inverse(Kernel &k, const Array &x, const Array &result,
                        const RowTransform &half, bool fromHalf) {
  Num zero = k.index(0), one = k.index(1), m = k.index(size / 2),
      n = k.index(size);
  Array start = memory(k, size / 2);
  Num part = k.realLike(0.5, real), none = k.realLike(0, real);
  using Parts = std::pair<Num, Num>;
  // Of H[i] and H[i + m].
  auto combine = [&](Num i, Parts x, Parts far, Num cosine, Num sine) {
    auto [re, im] = x;
    auto [farRe, farIm] = far;
    Num oddRe = re - farRe, oddIm = im - farIm;
    start.set(zero, i, re + farRe - (oddRe * sine + oddIm * cosine));
    start.set(one, i, im + farIm + (oddRe * cosine - oddIm * sine));
  };
  auto hermitian = [&](Num a, Num b) {
    return Parts(part * (k.realPart(a) + k.realPart(b)),
                 part * (k.imagPart(a) - k.imagPart(b)));
  };
  // The first and the middle place are their own mirrors.
  combine(zero, {k.realPart(x(zero)), none}, {k.realPart(x(m)), none},
          k.realLike(1, real), none);
  eachRoot(k, 1 + half.tableCount(), half, [&](Num i, Num c, Num s) {
    if (fromHalf) {
      Num near = x(i), mirror = x(m - i);
      combine(i, {k.realPart(near), k.imagPart(near)},
              {k.realPart(mirror), -k.imagPart(mirror)}, c, s);
    } else {
      combine(i, hermitian(x(i), x(n - i)), hermitian(x(m + i), x(m - i)), c,
              s);
    }
  });
  half.run(
      k, 1, [&](Num j) { return std::pair(start(zero, j), start(one, j)); },
      [&](Num j, Num re, Num im) {
        result.set(j + j, k.complex(scaled(k, re), none));
        result.set(j + j + 1, k.complex(scaled(k, im), none));
      });
}

} // namespace

static LogicalResult lowerFFT(Lowering &l, FFTOp op) {
  ArrayRef<Dim> of = l.dims.of(op.getX());
  if (!isForDevice(op) && KnownRows(l, op).run())
    return success();
  Type element = elementOf(op.getX());
  Kernel k(
      l, {op.getX()},
      {{Dims(of), element}, {{of.back()}, element}, {{2, of.back()}, element}},
      element);
  Num n = k.size(of.back()), zero = k.index(0);
  Transform transform{k, k.output(1), n, op.getInverse()};
  transform.makeRoots();
  Array memory = k.output(2);
  Num count = transform.narrow(k.toReal(n), k.realType());
  k.loops(of.drop_back(1), [&](ArrayRef<Num> at) {
    Array x = k.input(0).at(at), result = k.output(0).at(at);
    k.loop(zero, n, [&](Num i) { memory.set(zero, i, x(i)); });
    Num row = transform.run(memory);
    k.loop(zero, n, [&](Num i) {
      Num value = memory(row, i);
      result.set(i, op.getInverse() ? value / count : value);
    });
  });
  setResults(l, op, k.finish());
  return success();
}

void lowering::addFourierHandlers(Handlers &handlers) {
  addHandler<FFTOp, lowerFFT>(handlers);
}
