"""Gamma, Poisson and binomial numbers by rejection: each draws from blocks of its own until one is accepted.

All numbers go on together, in a loop until the last is done. They are TensorFlow's numbers: computed in float64 with
the draws in its order (from each block, the second number first).
"""

import copy

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import bool_, float64, int64, uint64
from tfc.ops import philox
from tfc.ops import primitives as p
from tfc.ops.control_flow import while_loop
from tfc.ops.sizes import Size, counting, filled, product, reshaped, sizes_of_tensor

# Blocks between the streams of two numbers; of binomial numbers with a small mean.
_BLOCKS, _FEW_BLOCKS = 256, 42


def _f64(value) -> Tensor:
    return p.constant(value=np.array(value, np.float64))


def _full(count, value, dtype) -> Tensor:
    return filled(p.constant(value=np.array(value, dtype.np_dtype)), (count,))


class _Streams:
    """The streams of `count` numbers: where each stands, and the draws that are left of its last blocks.

    `state` is a flat list that a loop carries: steps; then, for uniform and for normal numbers, whether there is one
    left, and which.
    """

    def __init__(self, key, counter, count, spacing=None):
        self.key, self.counter = key, philox.ends(counter)
        # Where each begins: computed here, not in the loop, which only has what it does with each number by itself.
        self.first = p.mul(counting(count, uint64), philox.number(_BLOCKS, uint64) if spacing is None else spacing)
        empty = _full(count, False, bool_), _full(count, 0, float64)
        self._set((_full(count, 0, uint64), *empty, *empty))

    def _set(self, state):
        self.steps, *left = state
        self.left = {"uniform": left[:2], "normal": left[2:]}

    def at(self, state) -> "_Streams":
        """The same streams, further on."""
        other = copy.copy(self)
        other._set(state)
        return other

    @property
    def state(self) -> tuple:
        return (self.steps, *self.left["uniform"], *self.left["normal"])

    def draw(self, kind, active) -> Tensor:
        """The next number of each active stream (anything, of others)."""
        has, kept = self.left[kind]
        w = philox.blocks(self.key, *philox.moved(self.counter, p.add(self.first, self.steps)))
        pair = philox.unit_double(w[0], w[1]), philox.unit_double(w[2], w[3])
        pair = philox.box_muller(*pair) if kind == "normal" else pair
        fresh = p.logical_and(active, p.logical_not(has))
        value = p.select(has, kept, pair[1])
        self.left[kind] = (
            p.logical_or(fresh, p.logical_and(has, p.logical_not(active))),
            p.select(fresh, pair[0], kept),
        )
        self.steps = p.add(self.steps, p.cast(fresh, dtype=uint64))
        return value


def _until_accepted(streams, attempt, extra) -> tuple:
    """Repeats `attempt(streams, active, *extra)` -> (accepted, results, *extra) until all are; the results.

    `extra` starts with the results of what is accepted from the beginning and whether it is.
    """

    def body(done, results, *carried):
        n = len(streams.state)
        now = streams.at(carried[:n])
        active = p.logical_not(done)
        accepted, values, *rest = attempt(now, active, *carried[n:])
        accepted = p.logical_and(active, accepted)
        return (p.logical_or(done, accepted), p.select(accepted, values, results), *now.state, *rest)

    def going(done, *_):
        return p.logical_not(p.reduce_all(done, axes=(0,), keepdims=False))

    done, results, *others = extra
    return while_loop(going, body, (done, results, *streams.state, *others))[1]


def _layout(flat, samples: Size, parameters: Size) -> Tensor:
    """[parameters * samples] as [samples, parameters], flat."""
    table = reshaped(flat, (parameters, samples))
    return reshaped(p.transpose(table, perm=(1, 0)), (product(samples, parameters),))


def _length(vector) -> Size:
    return sizes_of_tensor(vector, "random numbers")[0]


def _each(parameter, samples: Size) -> Tensor:
    """A flat parameter in float64, for each of its samples."""
    x = parameter if parameter.dtype is float64 else p.cast(parameter, dtype=float64)
    n = _length(x)
    return reshaped(filled(p.expand_dims(x, axes=(1,)), (n, samples)), (product(n, samples),))


def gamma_numbers(key, counter, alpha, samples: Size) -> Tensor:
    """Float64 `[samples * alphas]`, gamma distributed for each of the flat `alpha`.

    Source: Marsaglia and Tsang, "A simple method for generating gamma variables", TOMS 2000.
    """
    n = _length(alpha)
    count = product(n, samples)
    alpha = _each(alpha, samples)
    one, third = _f64(1), _f64(1 / 3)
    below, exponential = p.less(alpha, one), p.equal(alpha, one)
    d = p.add(alpha, p.select(below, _f64(2 / 3), _f64(-1 / 3)))
    c = p.div(third, p.sqrt(d))
    streams = _Streams(p.squeeze(key, axes=(0,)), counter, count)
    start = p.neg(p.log1p(p.neg(streams.draw("uniform", exponential))))
    # Nothing would ever be accepted: there are no numbers to draw.
    never = p.logical_not(p.greater(d, _f64(0)))
    start = p.select(never, filled(_f64(np.nan), (count,)), start)

    def attempt(streams, active):
        x = streams.draw("normal", active)
        v = p.add(one, p.mul(c, x))
        possible = p.logical_and(active, p.greater(v, _f64(0)))
        v = p.select(possible, v, one)
        v = p.mul(p.mul(v, v), v)
        u = streams.draw("uniform", possible)
        square = p.mul(x, x)
        quick = p.less(u, p.sub(one, p.mul(p.mul(_f64(0.0331), square), square)))
        bound = p.add(p.mul(_f64(0.5), square), p.mul(d, p.add(p.sub(one, v), p.log(v))))
        accepted = p.logical_and(possible, p.logical_or(quick, p.less(p.log(u), bound)))
        # Numbers of alpha + 1, lowered.
        lower = p.pow_(streams.draw("uniform", p.logical_and(accepted, below)), p.div(one, alpha))
        value = p.mul(d, v)
        return accepted, p.select(below, p.mul(value, lower), value)

    return _layout(_until_accepted(streams, attempt, (p.logical_or(exponential, never), start)), samples, n)


def poisson_numbers(key, counter, rate, samples: Size) -> Tensor:
    """Float64 `[samples * rates]`, Poisson distributed for each of the flat `rate`.

    Sources: Knuth, "The art of computer programming", volume 2, for rates below 10; Hörmann, "The transformed rejection
    method for generating Poisson random variables", 1993.
    """
    n = _length(rate)
    count = product(n, samples)
    rate = _each(rate, samples)
    zero, half, one = _f64(0), _f64(0.5), _f64(1)
    small = p.less(rate, _f64(10))
    large = p.logical_not(small)
    limit, log_rate = p.exp(p.neg(rate)), p.log(rate)
    b = p.add(_f64(0.931), p.mul(_f64(2.53), p.sqrt(rate)))
    a = p.add(_f64(-0.059), p.mul(_f64(0.02483), b))
    inverse = p.add(_f64(1.1239), p.div(_f64(1.1328), p.sub(b, _f64(3.4))))
    hat = p.sub(_f64(0.9277), p.div(_f64(3.6224), p.sub(b, _f64(2))))
    # Of no rate, or an infinite one, there are no numbers to draw.
    known = p.logical_and(p.is_finite(rate), p.greater_equal(rate, zero))
    streams = _Streams(p.squeeze(key, axes=(0,)), counter, count)
    never = p.logical_not(known)
    start = p.select(known, filled(zero, (count,)), filled(_f64(np.nan), (count,)))

    def count_events(streams, active, product, x):
        product = p.mul(product, streams.draw("uniform", active))
        return p.less_equal(product, limit), x, product, p.add(x, one)

    def reject(streams, active):
        u, v = p.sub(streams.draw("uniform", active), half), streams.draw("uniform", active)
        shifted = p.sub(half, p.abs_(u))
        k = p.floor(p.add(p.add(p.mul(p.add(p.div(p.mul(_f64(2), a), shifted), b), u), rate), _f64(0.43)))
        quick = p.logical_and(p.greater_equal(shifted, _f64(0.07)), p.less_equal(v, hat))
        outside = p.logical_or(p.less(k, zero), p.logical_and(p.less(shifted, _f64(0.013)), p.greater(v, shifted)))
        s = p.log(p.div(p.mul(v, inverse), p.add(p.div(a, p.mul(shifted, shifted)), b)))
        t = p.sub(p.add(p.neg(rate), p.mul(k, log_rate)), p.lgamma(p.add(p.maximum(k, zero), one)))
        fits = p.logical_or(quick, p.logical_and(p.logical_not(outside), p.less_equal(s, t)))
        return fits, k

    # Each kind has a loop of its own: where there are none of it, it costs nothing.
    extra = p.logical_or(never, large), start, filled(one, (count,)), filled(zero, (count,))
    found = _until_accepted(streams, count_events, extra)
    return _layout(_until_accepted(streams, reject, (p.logical_or(never, small), found)), samples, n)


def _stirling_tail(k) -> Tensor:
    """log(k!) less Stirling's approximation of it."""
    one, after = _f64(1), p.add(k, _f64(1))
    square = p.mul(after, after)
    series = p.sub(_f64(1 / 360), p.div(_f64(1 / 1260), square))
    series = p.div(p.sub(_f64(1 / 12), p.div(series, square)), after)
    table = p.constant(value=_TAILS)
    inside = p.logical_and(p.greater_equal(k, _f64(0)), p.less_equal(k, _f64(len(_TAILS) - 1)))
    at = p.cast(p.select(inside, k, one), dtype=int64)
    return p.select(inside, p.gather(table, at, axis=0, batch_dims=0), series)


_TAILS = np.array(
    [
        0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.0207906721037650, 0.0166446911898211,
        0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.0092554621827127, 0.0083305634333594,
    ]
)  # fmt: skip


def binomial_numbers(key, counter, counts, probabilities, samples: Size) -> Tensor:
    """Float64 `[samples * counts]`, binomially distributed for each of the flat parameters.

    Geometric steps where less than 10 successes are expected; else by Hörmann, "The generation of binomial random
    variates", 1993.
    """
    n = _length(counts)
    total = product(n, samples)
    count, chance = _each(counts, samples), _each(probabilities, samples)
    zero, half, one = _f64(0), _f64(0.5), _f64(1)
    flipped = p.greater(chance, half)
    chance = p.select(flipped, p.sub(one, chance), chance)
    large = p.greater_equal(p.mul(count, chance), _f64(10))
    deviation = p.sqrt(p.mul(p.mul(count, chance), p.sub(one, chance)))
    b = p.add(_f64(1.15), p.mul(_f64(2.53), deviation))
    a = p.add(p.add(_f64(-0.0873), p.mul(_f64(0.0248), b)), p.mul(_f64(0.01), chance))
    c = p.add(p.mul(count, chance), half)
    tight = p.sub(_f64(0.92), p.div(_f64(4.2), b))
    odds = p.div(chance, p.sub(one, chance))
    alpha = p.mul(p.add(_f64(2.83), p.div(_f64(5.1), b)), deviation)
    m = p.floor(p.mul(p.add(count, one), chance))
    step = p.log1p(p.neg(chance))
    at_mode = p.mul(p.add(m, half), p.log(p.div(p.add(m, one), p.mul(odds, p.add(p.sub(count, m), one)))))
    at_mode = p.add(at_mode, p.add(_stirling_tail(m), _stirling_tail(p.sub(count, m))))
    nothing = p.logical_or(p.less_equal(chance, zero), p.less_equal(count, zero))
    bad = p.logical_not(p.logical_and(p.greater_equal(chance, zero), p.is_finite(count)))
    spacing = p.select(large, philox.number(_BLOCKS, uint64), philox.number(_FEW_BLOCKS, uint64))
    streams = _Streams(p.squeeze(key, axes=(0,)), counter, total, spacing=spacing)
    start = p.select(bad, filled(_f64(np.nan), (total,)), filled(zero, (total,)))

    def attempt(streams, active, reached, successes):
        first = streams.draw("uniform", active)
        reached = p.add(reached, p.ceil(p.div(p.log(first), step)))
        ended = p.greater(reached, count)
        u, v = p.sub(first, half), streams.draw("uniform", p.logical_and(active, large))
        us = p.sub(half, p.abs_(u))
        k = p.floor(p.add(p.mul(p.add(p.div(p.mul(_f64(2), a), us), b), u), c))
        quick = p.logical_and(p.greater_equal(us, _f64(0.07)), p.less_equal(v, tight))
        sane = p.logical_and(p.greater_equal(k, zero), p.less_equal(k, count))
        safe = p.select(sane, k, zero)
        rest, left = p.add(p.sub(count, m), one), p.add(p.sub(count, safe), one)
        bound = p.add(at_mode, p.mul(p.add(count, one), p.log(p.div(rest, left))))
        bound = p.add(bound, p.mul(p.add(safe, half), p.log(p.div(p.mul(odds, left), p.add(safe, one)))))
        bound = p.sub(bound, p.add(_stirling_tail(safe), _stirling_tail(p.sub(count, safe))))
        ratio = p.log(p.div(p.mul(v, alpha), p.add(p.div(a, p.mul(us, us)), b)))
        fits = p.logical_or(quick, p.logical_and(sane, p.less_equal(ratio, bound)))
        return p.select(large, fits, ended), p.select(large, k, successes), reached, p.add(successes, one)

    extra = (
        p.logical_or(nothing, bad),
        start,
        filled(zero, (total,)),
        filled(zero, (total,)),
    )
    found = _until_accepted(streams, attempt, extra)
    return _layout(p.select(flipped, p.sub(count, found), found), samples, n)
