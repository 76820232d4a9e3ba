//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Gradients of maxima over windows: each window looks for the first of its
// elements that is like the largest, and adds to that element's gradient, which
// is in a near cache, since windows go row by row:
//
//   rest = share
//   for each element x of the window:
//     gradient of x += x == largest ? rest : 0
//     rest = x == largest ? 0 : rest
//
// on vectors of channels. Windows give in their order, so sums are rounded as
// those of a scatter are. Threads share blocks of rows of the image: windows
// that reach into two blocks are looked through for each of them.
//===----------------------------------------------------------------------===//

#include "PoolRows.h"
#include "Kernel.h"
#include "VectorBits.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

namespace {

/// Windows of more elements are loops.
constexpr int64_t mostUnrolled = 36;
/// So many images are enough for threads to share.
constexpr int64_t manyImages = 8;
/// Images that no second-level cache holds, whose elements are fetched a page
/// ahead: processors begin anew with each page.
constexpr int64_t largeBytes = 2 * 1024 * 1024, pageBytes = 4096;
/// Of a block, for each place whose windows reach into it from outside.
constexpr int64_t placesInBlock = 16;

/// One spatial dimension.
struct Axis {
  Num size, places, before;
  int64_t window, stride;
};

/// Where a window lies along one dimension.
struct Span {
  Num start;    ///< of the window, perhaps in the padding
  Num from, to; ///< its elements that are in the image
};

class PoolRows {
public:
  /// `ahead`: how many elements before they are needed those of the image are
  /// fetched; 0 if they are not.
  PoolRows(Kernel &k, SmallVector<Axis> axes, int64_t channels, int64_t lanes,
           int64_t ahead)
      : k(k), axes(std::move(axes)), image(k.input(0)), largest(k.input(1)),
        share(k.input(2)), result(k.output(0)), channels(channels),
        lanes(lanes), ahead(ahead) {}

  /// Rows of the image (or planes) from `first` to `last`.
  void addBlock(Num n, Num first, Num last);

private:
  Span spanOf(const Axis &axis, Num place);
  Num isInside(const Axis &axis, const Span &span, Num first, Num last);
  void addWindows(ArrayRef<Num> places, ArrayRef<Span> spans, Num isWhole);
  void addWindow(ArrayRef<Num> places, ArrayRef<Span> spans, Num isWhole);
  Num walk(ArrayRef<Span> spans, ArrayRef<Num> at, Num channel, Num most,
           Num rest);
  Num give(ArrayRef<Num> at, Num channel, Num found, Num rest);
  void fetchWindow(ArrayRef<Num> places, ArrayRef<Span> spans, Num channel);
  void clear(Num n, Num from, Num to);
  void clearInner(ArrayRef<Num> at);
  Num zeros(int64_t count) { return k.splat(k.zero(), count); }

  Kernel &k;
  const SmallVector<Axis> axes;
  const Array image, largest, share, result;
  const int64_t channels, lanes, ahead;
  Num first, last; // the block
};

} // namespace

/// How many steps reach at least so far.
static Num stepsTo(Kernel &k, Num distance, int64_t step) {
  Num none = k.index(0);
  return k.larger(distance + (step - 1), none) / k.index(step);
}

Span PoolRows::spanOf(const Axis &axis, Num place) {
  Num start = place * k.index(axis.stride) - axis.before;
  return {start, k.larger(k.index(0) - start, k.index(0)),
          k.smaller(axis.size - start, k.index(axis.window))};
}

Num PoolRows::isInside(const Axis &axis, const Span &span, Num first,
                       Num last) {
  return span.start >= first && span.start + axis.window <= last;
}

void PoolRows::addBlock(Num n, Num blockFirst, Num blockLast) {
  first = blockFirst;
  last = blockLast;
  const Axis &axis = axes.front();
  Num from = stepsTo(k, first + axis.before - (axis.window - 1), axis.stride),
      to = k.smaller(stepsTo(k, last + axis.before, axis.stride), axis.places);
  auto inBlock = [&](Num row) { return k.smaller(k.larger(row, first), last); };
  // Behind the last row of the window at a place.
  auto endOf = [&](Num place) {
    return place * k.index(axis.stride) - axis.before + axis.window;
  };
  k.loop(from, to, [&](Num place) {
    Num end = endOf(place);
    clear(n, k.choose(place == from, first, inBlock(end - axis.stride)),
          inBlock(end));
    Span span = spanOf(axis, place);
    addWindows({n, place}, {span}, isInside(axis, span, first, last));
  });
  clear(n, k.choose(from < to, inBlock(endOf(to - 1)), first), last);
}

void PoolRows::addWindows(ArrayRef<Num> places, ArrayRef<Span> spans,
                          Num isWhole) {
  if (spans.size() == axes.size())
    return addWindow(places, spans, isWhole);
  const Axis &axis = axes[spans.size()];
  k.loop(k.index(0), axis.places, [&](Num place) {
    Span span = spanOf(axis, place);
    SmallVector<Num> nextPlaces(places);
    SmallVector<Span> nextSpans(spans);
    nextPlaces.push_back(place);
    nextSpans.push_back(span);
    addWindows(nextPlaces, nextSpans,
               isWhole && isInside(axis, span, k.index(0), axis.size));
  });
}

void PoolRows::addWindow(ArrayRef<Num> places, ArrayRef<Span> spans,
                         Num isWhole) {
  int64_t elements = 1;
  for (const Axis &axis : axes)
    elements *= axis.window;
  Num n = places.front();
  auto step = [&](Num channel, int64_t count, bool unroll) {
    Num most = largest.at(places).vector(channel, count),
        mine = share.at(places).vector(channel, count);
    auto inLoops = [&] { walk(spans, {n}, channel, most, mine); };
    if (!unroll)
      return inLoops();
    if (ahead)
      fetchWindow(places, spans, channel);
    auto unrolled = [&] {
      Num rest = mine;
      for (int64_t i = 0; i < elements; ++i) {
        SmallVector<Num> at(axes.size() + 1, n);
        int64_t number = i;
        for (size_t d = axes.size(); d-- > 0; number /= axes[d].window)
          at[d + 1] = spans[d].start + number % axes[d].window;
        Num x = image.at(at).vector(channel, count);
        rest = give(at, channel, x == most, rest);
      }
    };
    // Where the largest one is a number, none is NaN.
    k.when(isWhole && k.no(k.anyOf(k.isNan(most))), unrolled, inLoops);
  };
  int64_t whole = channels / lanes * lanes;
  k.loopBy(k.index(0), k.index(whole), lanes, [&](Num channel) {
    step(channel, lanes, elements <= mostUnrolled);
  });
  if (whole < channels)
    step(k.index(whole), channels - whole, false);
}

/// Brings what is at a place closer.
static void bringCloser(const Array &array, Num at, bool isWrite) {
  Kernel &k = *at.kernel;
  // Where that is, is what a vector would be read from.
  auto read = array.vector(at, 1).value.getDefiningOp<vector::LoadOp>();
  memref::PrefetchOp::create(k.b, k.loc, read.getBase(), read.getIndices(),
                             isWrite, /*localityHint=*/3, /*isDataCache=*/true);
  read.erase();
}

/// What a window further on has that none before it had.
void PoolRows::fetchWindow(ArrayRef<Num> places, ArrayRef<Span> spans,
                           Num channel) {
  Num next = channel + ahead;
  bringCloser(largest.at(places), next, /*isWrite=*/false);
  bringCloser(share.at(places), next, /*isWrite=*/false);
  int64_t count = 1;
  for (const Axis &axis : axes)
    count *= std::min(axis.stride, axis.window);
  for (int64_t i = 0; i < count; ++i) {
    SmallVector<Num> at(axes.size() + 1, places.front());
    int64_t number = i;
    for (size_t d = axes.size(); d-- > 0;) {
      int64_t some = std::min(axes[d].stride, axes[d].window);
      at[d + 1] = spans[d].start + (axes[d].window - some + number % some);
      number /= some;
    }
    bringCloser(image.at(at), next, /*isWrite=*/false);
  }
}

/// The window's elements that are in the image, from `at` on; what is left to
/// give.
Num PoolRows::walk(ArrayRef<Span> spans, ArrayRef<Num> at, Num channel,
                   Num most, Num rest) {
  size_t d = at.size() - 1;
  if (d == axes.size()) {
    int64_t count = cast<VectorType>(most.value.getType()).getNumElements();
    Num x = image.at(at).vector(channel, count);
    Num found = x == most || k.isNan(x);
    k.when(at[1] >= first && at[1] < last,
           [&] { give(at, channel, found, rest); });
    return k.choose(found, zeros(count), rest);
  }
  return k.fold(spans[d].from, spans[d].to, rest, [&](Num i, Num so) {
    SmallVector<Num> next(at);
    next.push_back(spans[d].start + i);
    return walk(spans, next, channel, most, so);
  });
}

/// What is left after the element at this place got its part.
Num PoolRows::give(ArrayRef<Num> at, Num channel, Num found, Num rest) {
  int64_t count = cast<VectorType>(rest.value.getType()).getNumElements();
  Num none = zeros(count);
  Array to = result.at(at);
  to.setVector(channel,
               to.vector(channel, count) + k.choose(found, rest, none));
  return k.choose(found, none, rest);
}

void PoolRows::clear(Num n, Num from, Num to) {
  k.loop(from, to, [&](Num row) { clearInner({n, row}); });
}

void PoolRows::clearInner(ArrayRef<Num> at) {
  if (at.size() <= axes.size()) {
    k.loop(k.index(0), axes[at.size() - 1].size, [&](Num i) {
      SmallVector<Num> next(at);
      next.push_back(i);
      clearInner(next);
    });
    return;
  }
  int64_t whole = channels / lanes * lanes;
  Array to = result.at(at);
  k.loopBy(k.index(0), k.index(whole), lanes, [&](Num channel) {
    if (ahead)
      bringCloser(to, channel + ahead, /*isWrite=*/true);
    to.setVector(channel, zeros(lanes));
  });
  if (whole < channels)
    to.setVector(k.index(whole), zeros(channels - whole));
}

static int64_t lanesFor(Operation *op, Type element) {
  return std::clamp<int64_t>(vectorBits(op).value_or(256), 128, 512) /
         element.getIntOrFloatBitWidth();
}

bool lowering::hasPoolRows(Operation *op, const PooledImage &pooled) {
  return (pooled.element.isF32() || pooled.element.isF64()) &&
         pooled.imageDims.back() >= lanesFor(op, pooled.element);
}

Value lowering::sumPoolRows(Lowering &l, Operation *op, const Windows &windows,
                            ArrayRef<int64_t> window,
                            const PooledImage &pooled) {
  // Signals are images of one column.
  auto asImage = [&](ArrayRef<Dim> of) {
    Dims dims(of);
    if (windows.rank() == 1)
      dims.insert(dims.end() - 1, 1);
    return dims;
  };
  Dims dims = asImage(pooled.imageDims), places = asImage(pooled.placeDims);
  Value image = l.reshape(pooled.image, pooled.imageDims, dims),
        largest = l.reshape(pooled.largest, pooled.placeDims, places),
        share = l.reshape(pooled.share, pooled.placeDims, places);
  Kernel k(l, {}, {{dims, pooled.element}}, pooled.element,
           Kernel::Loops::ofVectors, {image, largest, share});
  SmallVector<Axis> axes;
  for (size_t i = 0; i < windows.rank(); ++i)
    axes.push_back({k.num(windows.sizes[i]), k.num(windows.places[i]),
                    k.num(windows.before[i]), window[i], windows.strides[i]});
  if (axes.size() == 1)
    axes.push_back({k.index(1), k.index(1), k.index(0), 1, 1});

  Dim rows = dims[1];
  const Axis &outer = axes.front();
  int64_t overlap = llvm::divideCeil(outer.window, outer.stride) - 1;
  int64_t block = outer.stride * placesInBlock * std::max<int64_t>(overlap, 1);
  if (rows >= 0 && (rows <= block || dims.front() >= manyImages))
    block = std::max<int64_t>(rows, 1);
  Dim blocks = rows >= 0 ? int64_t(llvm::divideCeil(rows, block))
                         : l.dimOf(stepsTo(k, k.size(rows), block).value);
  int64_t lanes = lanesFor(op, pooled.element), channels = dims.back();
  double vectors = double(block / outer.stride + 1) * channels / lanes,
         elements = 1;
  for (const Axis &axis : axes)
    elements *= axis.window;
  for (Dim size : ArrayRef(places).drop_front(2).drop_back())
    vectors *= size >= 0 ? size : 32;
  int64_t bytes = pooled.element.getIntOrFloatBitWidth() / 8, whole = bytes;
  for (Dim size : dims)
    whole *= std::max<int64_t>(size, 1); // of unknown ones the least
  PoolRows pool(k, axes, channels, lanes,
                whole > largeBytes ? pageBytes / bytes : 0);
  k.independent(
      {dims.front(), blocks}, vectors * (3 + elements), [&](ArrayRef<Num> at) {
        Num first = at[1] * k.index(block);
        pool.addBlock(at[0], first, k.smaller(first + block, outer.size));
      });
  return l.reshape(k.finish()[0], dims, pooled.imageDims);
}
