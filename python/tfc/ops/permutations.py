"""Random permutations as functions of a seed: whole ones, and single positions of very large ones."""

import numpy as np

from tfc.core import EagerTensor, Tensor, argument_error
from tfc.dtypes import float64, uint64
from tfc.ops import primitives as p
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor, integer
from tfc.ops.distributions import key_and_counter
from tfc.ops.random import shuffled
from tfc.ops.random_state import algorithm_number
from tfc.ops.sizes import sizes_of_tensor

_ROUNDS = 4
# The first word of the cipher's key; the seed has the other two.
_KEY = 498247692
_CONSTANT, _SEQUENCE = 0xFFFFFFFC, 0x7369F885192C0EF5
_PHILOX_ONLY = "stateless_shuffle of the algorithm 'threefry' is not supported: 'philox' is"


def stateless_shuffle(value, seed, alg="auto_select", name=None) -> Tensor:
    """The slices along the first dimension in an order that is a function of `seed` (two integers)."""
    value = convert_to_tensor(value)
    n = (*sizes_of_tensor(value, "stateless_shuffle"), 1)[0]
    if algorithm_number(alg) == algorithm_number("threefry"):
        raise NotImplementedError(_PHILOX_ONLY)
    one = isinstance(n, int) and n <= 1
    return value if one else p.gather(value, shuffled(*key_and_counter(seed), n), axis=0, batch_dims=0)


def _u64(value) -> Tensor:
    return p.constant(value=np.array(value, np.uint64))


class _Words:
    """Arithmetic on words of `width` bits, kept in uint64; the width is data too."""

    def __init__(self, width):
        self.width = width
        self.mask = p.sub(p.left_shift(_u64(1), width), _u64(1))

    def cut(self, x):
        return p.bitwise_and(x, self.mask)

    def left(self, x, by):
        kept = p.right_shift(x, p.sub(self.width, _u64(by)))
        return self.cut(p.bitwise_or(p.left_shift(x, _u64(by)), kept))

    def right(self, x, by):
        moved = p.left_shift(x, p.sub(self.width, _u64(by)))
        return self.cut(p.bitwise_or(p.right_shift(x, _u64(by)), moved))

    def round_keys(self, words, rounds):
        keys = [self.cut(w) for w in words]
        constant = self.cut(_u64(_CONSTANT))
        for i in range(3, rounds):
            turned = p.bitwise_xor(self.right(keys[i - 1], 3), self.right(keys[i - 1], 4))
            bit = _u64(_SEQUENCE >> (i - 3) & 1)
            keys.append(p.bitwise_xor(p.bitwise_xor(constant, bit), p.bitwise_xor(keys[i - 3], turned)))
        return keys

    def mixed(self, x):
        both = p.bitwise_and(self.left(x, 1), self.left(x, 8))
        return p.bitwise_xor(both, self.left(x, 2))

    def encrypt(self, x, keys):
        left, right = self.cut(p.right_shift(x, self.width)), self.cut(x)
        for first, second in zip(keys[::2], keys[1::2], strict=True):
            left = p.bitwise_xor(p.bitwise_xor(left, self.mixed(right)), first)
            right = p.bitwise_xor(p.bitwise_xor(right, self.mixed(left)), second)
        return p.bitwise_or(p.left_shift(left, self.width), right)


def _walk(parts) -> Tensor:
    """The walk on numbers that are known: thousands of steps, if few of 2^16 numbers are in range. Where so many are
    not, all of them are encrypted at once.
    """
    start, limit, bits, *keys = np.broadcast_arrays(*parts)
    now = start.copy()
    ciphers = np.stack([bits, *keys], -1).reshape(-1, 1 + len(keys))
    all_numbers = np.arange(1 << 16, dtype=np.uint64)
    for row in np.unique(ciphers, axis=0):
        mine = np.flatnonzero((ciphers == row).all(-1))
        width, *words = (p.constant(value=word) for word in row)
        cipher = _Words(p.right_shift(width, _u64(1)))

        def encrypt(x, cipher=cipher, words=words):
            return cipher.encrypt(p.constant(value=x), words).numpy()

        table = encrypt(all_numbers) if row[0] == 16 else None
        flat, most = now.reshape(-1)[mine], limit.reshape(-1)[mine]
        while len(outside := np.flatnonzero(flat > most)):
            x = flat[outside]
            flat[outside] = encrypt(x) if table is None else table[x]
        now.reshape(-1)[mine] = flat
    return p.constant(value=now)


def index_shuffle(index, seed, max_index) -> Tensor:
    """The place of `index` in a random permutation of the numbers up to `max_index`, which is never made.

    `index` and `max_index` are integers of one dtype, scalars or vectors; `seed` is `[2]` or `[n, 2]`. The result has
    the dtype of `index`; vectors and scalars broadcast. A block cipher (Simon, of four rounds) is walked until it stays
    in range; the numbers are TensorFlow's. Sources: Black and Rogaway, "Ciphers with arbitrary finite domains", 2002;
    Beaulieu et al., "The SIMON and SPECK families of lightweight block ciphers", 2013.
    """
    return _index_shuffle("index_shuffle", index, seed, max_index, 2, _ROUNDS)


def random_index_shuffle(index, seed, max_index, rounds=4, name=None) -> Tensor:
    """`tf.random.experimental.index_shuffle` with a seed of three integers, and any even number of rounds from 4 on."""
    rounds = integer(rounds, "rounds")
    if rounds < 4 or rounds % 2:
        raise argument_error(None, "random_index_shuffle", f"Rounds must be even and at least 4, got {rounds}")
    return _index_shuffle("random_index_shuffle", index, seed, max_index, 3, rounds)


def _index_shuffle(op, index, seed, max_index, size, rounds) -> Tensor:
    """`size`: of the seed, whose numbers are the last words of the key."""
    index = convert_to_tensor(index)
    most = convert_to_tensor(max_index, index.dtype)
    seed = convert_to_tensor(seed)
    if not (index.dtype.is_integer and seed.dtype.is_integer):
        raise argument_error(None, op, f"index and seed are integers, got {index!r} and {seed!r}")
    if seed.shape_tuple is None or len(seed.shape_tuple) not in (1, 2) or seed.shape_tuple[-1] != size:
        raise argument_error(None, op, f"seed has the shape [{size}] or [n, {size}], got {seed.shape}")
    rank = len(seed.shape_tuple)
    low = [p.cast(seed, dtype=uint64)]
    parts = [
        p.squeeze(
            p.slice_(low[0], starts=(0,) * (rank - 1) + (i,), sizes=(*seed.shape_tuple[:-1], 1), strides=(1,) * rank),
            axes=(rank - 1,),
        )
        for i in range(size)
    ]
    words = [*[_u64(_KEY)] * (3 - size), *(p.bitwise_and(w, _u64(0xFFFFFFFF)) for w in parts)]
    fine = p.less_equal(index, most)
    fine = p.reduce_all(fine, axes=tuple(range(len(fine.shape_tuple))), keepdims=False)
    p.assert_(fine, most, index, message="max_index must be >= index:", summarize=8)
    x, limit = p.cast(index, dtype=uint64), p.cast(most, dtype=uint64)
    # An even number of bits that hold the largest index, at least 16.
    bits = p.log(p.cast(p.maximum(limit, _u64(1)), dtype=float64))
    bits = p.ceil(p.div(bits, p.constant(value=np.log(2.0))))
    exact = p.cast(bits, dtype=uint64)
    # Logarithms are not exact at powers of two: 2^exact is the first one that is not below.
    one = _u64(1)
    half = p.left_shift(one, p.sub(p.maximum(exact, one), one))
    exact = p.select(p.logical_and(p.greater_equal(half, limit), p.greater(exact, one)), p.sub(exact, one), exact)
    exact = p.select(p.less(p.left_shift(one, exact), limit), p.add(exact, one), exact)
    bits = p.maximum(p.add(exact, p.bitwise_and(exact, one)), _u64(16))
    cipher = _Words(p.right_shift(bits, one))
    keys = cipher.round_keys(words, rounds)
    single = p.equal(limit, _u64(0))

    def step(now):
        after = cipher.encrypt(now, keys)
        return p.select(p.less_equal(now, limit), now, after)

    def going(now):
        outside = p.greater(now, limit)
        return p.reduce_any(outside, axes=tuple(range(len(outside.shape_tuple))), keepdims=False)

    start = p.select(single, _u64(0), cipher.encrypt(x, keys))
    parts = [start, limit, bits, *keys]
    if all(type(part) is EagerTensor for part in parts):
        return p.cast(_walk([part.numpy() for part in parts]), dtype=index.dtype)
    found = while_loop(going, lambda now: (step(now),), (start,))
    return p.cast(found[0] if isinstance(found, (list, tuple)) else found, dtype=index.dtype)
