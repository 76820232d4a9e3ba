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

#include "KnownFourier.h"
#include "Ordered.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "llvm/Support/MathExtras.h"

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

/// Rows of a size that is known, which threads share.
static LogicalResult lowerKnown(Lowering &l, FFTOp op) {
  ArrayRef<Dim> of = l.dims.of(op.getX());
  Type element = elementOf(op.getX());
  Type real = cast<ComplexType>(element).getElementType();
  KnownTransform transform(of.back(), real, op.getInverse());
  Value roots = transform.roots(l.b, l.loc);
  Kernel k(l, {op.getX()}, {{Dims(of), element}}, element,
           Kernel::Loops::ofElements, {roots});
  Num n = k.size(of.back()), zero = k.index(0), one = k.index(1);
  double scale = op.getInverse() ? 1.0 / of.back() : 1.0;
  double nanoseconds = 0.3 * of.back() * llvm::Log2_64_Ceil(of.back());
  k.independent(of.drop_back(), nanoseconds, [&](ArrayRef<Num> at) {
    Array x = k.input(0).at(at), result = k.output(0).at(at);
    Array memory = k.scratch({2, 2, of.back()}, real), start = memory.at({zero});
    k.loop(zero, n, [&](Num i) {
      Num value = x(i);
      start.set(zero, i, k.realPart(value));
      start.set(one, i, k.imagPart(value));
    });
    Array end = transform.run(k, memory, k.input(1));
    Num factor = k.realLike(scale, real), count = k.realLike(of.back(), real);
    bool exact = llvm::isPowerOf2_64(of.back());
    auto scaled = [&](Num x) {
      return !op.getInverse() ? x : exact ? x * factor : x / count;
    };
    k.loop(zero, n, [&](Num i) {
      result.set(i, k.complex(scaled(end(zero, i)), scaled(end(one, i))));
    });
  });
  setResults(l, op, k.finish());
  return success();
}

static LogicalResult lowerFFT(Lowering &l, FFTOp op) {
  ArrayRef<Dim> of = l.dims.of(op.getX());
  if (KnownTransform::isFor(of.back()) && !isForDevice(op))
    return lowerKnown(l, op);
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
