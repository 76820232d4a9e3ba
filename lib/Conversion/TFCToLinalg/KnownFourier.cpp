//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Transforms of a size that is known and has small factors only: the passes of
// Fourier.cpp, each a loop over vectors. Real and imaginary parts are apart;
// roots of unity are constants, in the order in which a pass reads them.
//
// With i = s p + q, a pass reads x[i + s m u] and writes y[i + s p (r - 1) + s
// t]: what it reads are vectors whatever s is; what it writes, too, where s has
// as many elements as a vector. Before that, r vectors together are r vectors
// of the result, in another order.
//===----------------------------------------------------------------------===//

#include "KnownFourier.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <complex>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// A butterfly of r elements takes r^2 operations where r is odd.
static constexpr int64_t largestFactor = 13;
/// Larger tables of roots would take most of an object.
static constexpr int64_t largestSize = 1 << 15;

static SmallVector<int64_t> factorsOf(int64_t n) {
  SmallVector<int64_t> factors;
  for (int64_t factor : {4, 2, 5, 3, 7, 11, 13})
    for (; n % factor == 0; n /= factor)
      factors.push_back(factor);
  if (n != 1)
    factors.clear();
  return factors;
}

bool KnownTransform::isFor(Dim size) {
  return size > 1 && size <= largestSize && !factorsOf(size).empty();
}

KnownTransform::KnownTransform(int64_t size, Type real, bool inverse)
    : size(size), real(real), inverse(inverse) {
  int64_t s = 1, rest = size, at = 0;
  for (int64_t factor : factorsOf(size)) {
    rest /= factor;
    passes.push_back({factor, s, rest, at});
    at += (factor - 1) * rest;
    s *= factor;
  }
}

std::complex<double> KnownTransform::root(int64_t i, int64_t size,
                                          bool inverse) {
  // Angles of at most pi / 4.
  i %= size;
  int64_t octant = i * 8 / size;
  auto angle = [&](int64_t eighths) {
    return 2 * llvm::numbers::pi *
           (double(8 * i - eighths * size) / (8.0 * size));
  };
  int64_t quarter = (octant + 1) / 2;
  double rest = angle(2 * quarter), c = std::cos(rest), s = std::sin(rest);
  static const std::complex<double> turns[] = {
      {1, 0}, {0, 1}, {-1, 0}, {0, -1}};
  std::complex<double> turn = turns[quarter % 4];
  double re = turn.real() != 0 ? turn.real() * c : -turn.imag() * s;
  double im = turn.real() != 0 ? turn.real() * s : turn.imag() * c;
  return {re, inverse ? im : -im};
}

Value KnownTransform::table(OpBuilder &b, Location loc, Type real,
                            ArrayRef<std::complex<double>> numbers) {
  auto type =
      RankedTensorType::get({2, static_cast<int64_t>(numbers.size())}, real);
  SmallVector<APFloat> parts;
  auto add = [&](double x) {
    APFloat part(x);
    bool lost;
    part.convert(cast<FloatType>(real).getFloatSemantics(),
                 APFloat::rmNearestTiesToEven, &lost);
    parts.push_back(part);
  };
  for (std::complex<double> x : numbers)
    add(x.real());
  for (std::complex<double> x : numbers)
    add(x.imag());
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, parts));
}

Value KnownTransform::roots(OpBuilder &b, Location loc) const {
  SmallVector<std::complex<double>> numbers;
  for (const Pass &pass : passes)
    for (int64_t t = 1; t < pass.factor; ++t)
      for (int64_t p = 0; p < pass.rest; ++p)
        numbers.push_back(root(pass.stride * p * t, size, inverse));
  return table(b, loc, real, numbers);
}

Value KnownTransform::halfCircle(OpBuilder &b, Location loc) const {
  SmallVector<std::complex<double>> numbers;
  for (int64_t i = 0; i < size / 2; ++i)
    numbers.push_back(root(i, size, inverse));
  return table(b, loc, real, numbers);
}

int64_t KnownTransform::lanesOf(Type real) {
  return 512 / real.getIntOrFloatBitWidth();
}

/// Are vectors of a pass made of whole groups?
static bool isMixed(int64_t s, int64_t m, int64_t lanes) {
  return lanes % s == 0 && s * m >= lanes;
}

bool KnownTransform::hasScalarPasses() const {
  int64_t lanes = lanesOf(real);
  return llvm::any_of(passes, [&](const Pass &pass) {
    return pass.stride < lanes && !isMixed(pass.stride, pass.rest, lanes);
  });
}

namespace {

/// A complex number, or as many as a vector has lanes.
struct Pair {
  Num re, im;
};
Pair operator+(Pair x, Pair y) { return {x.re + y.re, x.im + y.im}; }
Pair operator-(Pair x, Pair y) { return {x.re - y.re, x.im - y.im}; }
Pair operator*(Pair x, Pair y) {
  return {x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re};
}

/// One pass.
class Emitter {
public:
  Emitter(Kernel &k, const KnownTransform &transform,
          const KnownTransform::Pass &pass, const Array &roots,
          int64_t together)
      : k(k), transform(transform), pass(pass), roots(roots), r(pass.factor),
        s(pass.stride * together), m(pass.rest) {}

  void run(const Array &from, const Array &to);

private:
  using Parts = SmallVector<Pair>;
  void wholeVectors(const Array &from, const Array &to);
  void mixedVectors(const Array &from, const Array &to);
  void elements(const Array &from, const Array &to);

  int64_t lanesOf() const { return KnownTransform::lanesOf(transform.real); }
  Parts read(const Array &from, Num at, int64_t lanes) const;
  Num number(double x, Num like) const {
    Num scalar = k.realLike(x, transform.real);
    auto vector = dyn_cast<VectorType>(like.value.getType());
    return vector ? k.splat(scalar, vector.getNumElements()) : scalar;
  }
  Pair scaled(Pair x, double by) const {
    Num factor = number(by, x.re);
    return {x.re * factor, x.im * factor};
  }
  /// -i x, or i x for the inverse.
  Pair turned(Pair x) const {
    return transform.inverse ? Pair{-x.im, x.re} : Pair{x.im, -x.re};
  }
  Parts butterfly(const Parts &x) const;
  void store(const Array &to, Num at, Pair x) const {
    to.at({k.index(0)}).setVector(at, x.re);
    to.at({k.index(1)}).setVector(at, x.im);
  }

  Kernel &k;
  const KnownTransform &transform;
  const KnownTransform::Pass &pass;
  Array roots;
  int64_t r, s, m;
};

Emitter::Parts Emitter::read(const Array &from, Num at, int64_t lanes) const {
  Parts x;
  for (int64_t u = 0; u < r; ++u) {
    Num place = at + s * m * u;
    auto part = [&](int64_t i) {
      Array row = from.at({k.index(i)});
      return lanes == 1 ? row(place) : row.vector(place, lanes);
    };
    x.push_back({part(0), part(1)});
  }
  return x;
}

/// The transform of r elements.
Emitter::Parts Emitter::butterfly(const Parts &x) const {
  if (r == 2)
    return {x[0] + x[1], x[0] - x[1]};
  if (r == 4) {
    Pair even = x[0] + x[2], odd = x[1] + x[3], difference = x[0] - x[2],
         other = turned(x[1] - x[3]);
    return {even + odd, difference + other, even - odd, difference - other};
  }
  // Of x[u] and x[r - u], the sum takes the cosines and the difference the
  // sines.
  Parts sums, differences, y(r);
  Pair total = x[0];
  for (int64_t u = 1; u <= r / 2; ++u) {
    sums.push_back(x[u] + x[r - u]);
    differences.push_back(turned(x[u] - x[r - u]));
    total = total + sums.back();
  }
  y[0] = total;
  for (int64_t t = 1; t <= r / 2; ++t) {
    Pair even = x[0], odd{};
    for (int64_t u = 1; u <= r / 2; ++u) {
      double angle = 2 * llvm::numbers::pi * (t * u % r) / r;
      even = even + scaled(sums[u - 1], std::cos(angle));
      Pair part = scaled(differences[u - 1], std::sin(angle));
      odd = u == 1 ? part : odd + part;
    }
    y[t] = even + odd;
    y[r - t] = even - odd;
  }
  return y;
}

/// A vector lies in one group of s elements: they share their roots.
void Emitter::wholeVectors(const Array &from, const Array &to) {
  int64_t lanes = lanesOf();
  k.loop(k.index(0), k.index(m), [&](Num p) {
    Parts w(1);
    for (int64_t t = 1; t < r && m > 1; ++t) {
      auto part = [&](int64_t i) {
        return k.splat(roots(k.index(i), p + pass.roots + (t - 1) * m), lanes);
      };
      w.push_back({part(0), part(1)});
    }
    // The last vector may begin before the one before it has ended.
    k.loop(k.index(0), k.index(llvm::divideCeil(s, lanes)), [&](Num j) {
      Num q = j * k.index(lanes);
      if (s % lanes)
        q = k.smaller(q, k.index(s - lanes));
      Parts y = butterfly(read(from, p * k.index(s) + q, lanes));
      for (int64_t t = 0; t < r; ++t)
        store(to, p * k.index(s * r) + q + s * t,
              t > 0 && m > 1 ? y[t] * w[t] : y[t]);
    });
  });
}

/// A vector has several groups of s elements: r vectors of the result have
/// parts of r vectors of elements.
void Emitter::mixedVectors(const Array &from, const Array &to) {
  int64_t lanes = lanesOf(), groups = lanes / s, count = s * m;
  SmallVector<int64_t> spread;
  for (int64_t lane = 0; lane < lanes; ++lane)
    spread.push_back(lane / s);
  k.loop(k.index(0), k.index(llvm::divideCeil(count, lanes)), [&](Num j) {
    Num at = j * k.index(lanes);
    if (count % lanes)
      at = k.smaller(at, k.index(count - lanes));
    Num p = at / k.index(s);
    Parts y = butterfly(read(from, at, lanes));
    for (int64_t t = 1; t < r && m > 1; ++t) {
      auto part = [&](int64_t i) {
        Num few =
            roots.at({k.index(i)}).vector(p + pass.roots + (t - 1) * m, groups);
        return k.shuffle(few, few, spread);
      };
      y[t] = y[t] * Pair{part(0), part(1)};
    }
    auto mix = [&](llvm::function_ref<Num(Pair)> part, int64_t vector) {
      Num result;
      for (int64_t t = 0; t < r; ++t) {
        SmallVector<int64_t> order;
        bool any = false;
        for (int64_t lane = 0; lane < lanes; ++lane) {
          int64_t place = vector * lanes + lane;
          bool mine = place / s % r == t;
          any |= mine;
          order.push_back(mine ? lanes + place / (r * s) * s + place % s
                               : lane);
        }
        if (!any)
          continue;
        result = result.value ? k.shuffle(result, part(y[t]), order)
                              : k.shuffle(part(y[t]), part(y[t]), order);
      }
      return result;
    };
    for (int64_t v = 0; v < r; ++v)
      store(to, at * k.index(r) + v * lanes,
            {mix([](Pair x) { return x.re; }, v),
             mix([](Pair x) { return x.im; }, v)});
  });
}

void Emitter::elements(const Array &from, const Array &to) {
  k.loop(k.index(0), k.index(m), [&](Num p) {
    k.loop(k.index(0), k.index(s), [&](Num q) {
      Parts y = butterfly(read(from, p * k.index(s) + q, 1));
      for (int64_t t = 0; t < r; ++t) {
        Num place = p * k.index(s * r) + q + s * t;
        Pair x = y[t];
        if (t > 0 && m > 1) {
          Num at = p + pass.roots + (t - 1) * m;
          x = x * Pair{roots(k.index(0), at), roots(k.index(1), at)};
        }
        to.set(k.index(0), place, x.re);
        to.set(k.index(1), place, x.im);
      }
    });
  });
}

void Emitter::run(const Array &from, const Array &to) {
  int64_t lanes = lanesOf();
  if (s >= lanes)
    return wholeVectors(from, to);
  if (isMixed(s, m, lanes))
    return mixedVectors(from, to);
  elements(from, to);
}

} // namespace

Array KnownTransform::run(Kernel &k, const Array &memory, const Array &roots,
                          int64_t together) const {
  int64_t row = 0;
  for (const Pass &pass : passes) {
    Emitter(k, *this, pass, roots, together)
        .run(memory.at({k.index(row)}), memory.at({k.index(1 - row)}));
    row = 1 - row;
  }
  return memory.at({k.index(row)});
}
