"""Public functions against numpy, and what they refuse."""

import collections.abc
import enum
import subprocess
import sys

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(3, 4)).astype(np.float32), RNG.normal(size=(3, 4)).astype(np.float32)
C = RNG.normal(size=(2, 3, 4)).astype(np.float32)
SQUARE = A @ A.T
a, b, c, square = (tf.constant(v) for v in (A, B, C, SQUARE))


INVALID = tf.errors.InvalidArgumentError


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


AGAINST_NUMPY = {
    "zeros": lambda: (tf.zeros([2, 3], tf.int32), np.zeros((2, 3), np.int32)),
    "fill": lambda: (tf.fill([2], 7), np.full(2, 7, np.int32)),
    "eye": lambda: (tf.eye(2, 3), np.eye(2, 3, dtype=np.float32)),
    "range": lambda: (tf.range(3, 10, 3), np.arange(3, 10, 3, np.int32)),
    "range backwards": lambda: (tf.range(5, 0, -2), np.arange(5, 0, -2, np.int32)),
    "range of floats": lambda: (tf.range(0.0, 1.0, 0.25), np.arange(0, 1, 0.25, np.float32)),
    "linspace": lambda: (tf.linspace(0.0, 1.0, 5), np.linspace(0, 1, 5, dtype=np.float32)),
    "one_hot": lambda: (tf.one_hot([0, 2, 5], 3), np.eye(6, 3, dtype=np.float32)[[0, 2, 5]]),
    "meshgrid": lambda: (
        tf.meshgrid([1, 2, 3], [4, 5])[0],
        np.meshgrid([1, 2, 3], [4, 5])[0].astype(np.int32),
    ),
    "sequence_mask": lambda: (tf.sequence_mask([1, 3]), np.array([[1, 0, 0], [1, 1, 1]], bool)),
    "reshape": lambda: (tf.reshape(a, (2, -1)), A.reshape(2, -1)),
    "transpose": lambda: (tf.transpose(c, [1, 0, 2]), C.transpose(1, 0, 2)),
    "squeeze": lambda: (tf.squeeze(tf.ones([1, 2, 1])), np.ones(2, np.float32)),
    "concat": lambda: (tf.concat([a, b], -1), np.concatenate([A, B], -1)),
    "stack": lambda: (tf.stack([a, b], axis=2), np.stack([A, B], 2)),
    "unstack": lambda: (tf.unstack(a, axis=1)[2], A[:, 2]),
    "split": lambda: (tf.split(a, [1, -1, 1], 1)[1], A[:, 1:3]),
    "tile": lambda: (tf.tile(a, [2, 1]), np.tile(A, (2, 1))),
    "repeat": lambda: (tf.repeat(a, [1, 0, 2], axis=0), np.repeat(A, [1, 0, 2], 0)),
    "pad": lambda: (tf.pad(a, [[1, 0], [0, 2]]), np.pad(A, [[1, 0], [0, 2]])),
    "pad reflect": lambda: (tf.pad(a, [[1, 2], [3, 0]], "REFLECT"), np.pad(A, [[1, 2], [3, 0]], "reflect")),
    "pad symmetric": lambda: (
        tf.pad(a, [[1, 2], [3, 4]], "SYMMETRIC"),
        np.pad(A, [[1, 2], [3, 4]], "symmetric"),
    ),
    "roll": lambda: (tf.roll(a, [1, -1], [0, 1]), np.roll(A, [1, -1], [0, 1])),
    "reverse": lambda: (tf.reverse(a, [0]), A[::-1]),
    "broadcast_to": lambda: (tf.broadcast_to(a, [2, 3, 4]), np.broadcast_to(A, (2, 3, 4))),
    "where": lambda: (tf.where(a > 0), np.argwhere(A > 0)),
    "boolean_mask": lambda: (tf.boolean_mask(a, [True, False, True, True], axis=1), A[:, [0, 2, 3]]),
    "gather": lambda: (tf.gather(a, [[2, 0]], axis=1), A[:, [[2, 0]]]),
    "gather in batches": lambda: (
        tf.gather(c, [[0, 1], [2, 0]], axis=1, batch_dims=1),
        np.take_along_axis(C, np.array([[0, 1], [2, 0]])[:, :, None], 1),
    ),
    "sort": lambda: (tf.sort(a, direction="DESCENDING"), -np.sort(-A)),
    "argsort": lambda: (tf.argsort(a), np.argsort(A, kind="stable").astype(np.int32)),
    "top_k": lambda: (tf.math.top_k(a, 2).values, -np.sort(-A)[:, :2]),
    "searchsorted": lambda: (
        tf.searchsorted([1, 3, 5], [0, 3, 9], side="right"),
        np.searchsorted([1, 3, 5], [0, 3, 9], "right").astype(np.int32),
    ),
    "segments": lambda: (
        tf.math.unsorted_segment_sum([1, 2, 3], [0, 0, 2], 3),
        np.array([3, 0, 3], np.int32),
    ),
    "mean": lambda: (tf.reduce_mean(c, [0, 2]), C.mean((0, 2))),
    "mean of integers": lambda: (tf.reduce_mean(tf.constant([1, 2])), np.int32(1)),
    "variance": lambda: (tf.math.reduce_variance(a, 0), A.var(0)),
    "std": lambda: (tf.math.reduce_std(a), A.std()),
    "logsumexp": lambda: (tf.reduce_logsumexp(a * 100, 1), np.logaddexp.reduce(A * 100, 1)),
    "count_nonzero": lambda: (tf.math.count_nonzero([[0, 1], [2, 0]]), np.int64(2)),
    "argmax": lambda: (tf.argmax(a, 1), A.argmax(1)),
    "cumsum": lambda: (tf.cumsum(a, 1, exclusive=True), np.cumsum(A, 1) - A),
    "norm": lambda: (tf.norm(c, axis=[1, 2]), np.linalg.norm(C, axis=(1, 2))),
    "norm of order 3": lambda: (tf.norm(a, ord=3, axis=1), np.linalg.norm(A, 3, 1)),
    "matvec": lambda: (tf.linalg.matvec(a, b[0]), A @ B[0]),
    "tensordot": lambda: (tf.tensordot(c, a, 2), np.tensordot(C, A, 2)),
    "einsum": lambda: (tf.einsum("bij,kj,i->bk", c, b, a[:, 0]), np.einsum("bij,kj,i->bk", C, B, A[:, 0])),
    "einsum diagonal": lambda: (tf.einsum("ii->i", square), np.diag(SQUARE)),
    "band_part": lambda: (tf.linalg.band_part(square, 0, -1), np.triu(SQUARE)),
    "diag": lambda: (tf.linalg.diag([1.0, 2.0]), np.diag([1, 2]).astype(np.float32)),
    "trace": lambda: (tf.linalg.trace(square), np.trace(SQUARE)),
    "cross": lambda: (tf.linalg.cross(a[:, :3], b[:, :3]), np.cross(A[:, :3], B[:, :3])),
    "clip": lambda: (tf.clip_by_value(a, -0.5, 0.5), A.clip(-0.5, 0.5)),
    "clip_by_norm": lambda: (tf.clip_by_norm(a, 1.0), A / np.linalg.norm(A)),
    "cast": lambda: (tf.cast([1.7, -1.7], tf.int32), np.array([1, -1], np.int32)),
    "saturate_cast": lambda: (tf.saturate_cast([300.0, -5.0], tf.uint8), np.array([255, 0], np.uint8)),
    "saturate_cast of wide": lambda: (
        tf.saturate_cast([1e20, -1e20], tf.int32),
        np.array([2147483520, -2147483648], np.int32),
    ),
    "divide_no_nan": lambda: (tf.math.divide_no_nan([1.0, 2.0], [0.0, 4.0]), np.float32([0, 0.5])),
    "xlogy": lambda: (tf.math.xlogy([0.0, 2.0], [0.0, 3.0]), np.float32([0, 2 * np.log(3)])),
    "truncatediv": lambda: (tf.truncatediv([-7, 7], [2, -2]), np.array([-3, -3], np.int32)),
    "relu": lambda: (tf.nn.relu(a), A.clip(0)),
    "elu": lambda: (tf.nn.elu(a), np.where(A > 0, A, np.expm1(A))),
    "softplus": lambda: (tf.nn.softplus(a * 50), np.logaddexp(A * 50, 0)),
    "softmax": lambda: (tf.nn.softmax(a * 100, axis=0), softmax(A * 100, 0)),
    "log_softmax": lambda: (tf.nn.log_softmax(a), np.log(softmax(A))),
    "sigmoid": lambda: (tf.sigmoid(tf.constant([-200.0, 0.0, 200.0])), np.float32([0, 0.5, 1])),
    "cross entropy": lambda: (
        tf.nn.sparse_softmax_cross_entropy_with_logits([0, 1, 3], a),
        -np.log(softmax(A))[[0, 1, 2], [0, 1, 3]],
    ),
    "sigmoid cross entropy": lambda: (
        tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.ones_like(a), logits=a),
        -np.log(sigmoid(A)),
    ),
    "bias_add": lambda: (tf.nn.bias_add(a, [1.0, 2.0, 3.0, 4.0]), A + np.float32([1, 2, 3, 4])),
    "moments": lambda: (tf.nn.moments(a, [0])[1], A.var(0)),
    "shifts": lambda: (tf.bitwise.left_shift([1, 2], [3, 40]), np.array([8, 0], np.int32)),
}


@pytest.mark.parametrize("case", AGAINST_NUMPY.values(), ids=AGAINST_NUMPY)
def test_function_agrees_with_numpy(case):
    got, want = case()
    want = np.asarray(want)
    assert got.dtype == want.dtype and got.shape == want.shape
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-5, atol=1e-6)


CONSTANTS = [
    (1, tf.int32),
    (2**40, tf.int64),
    (1.5, tf.float32),
    (True, tf.bool),
    (1j, tf.complex128),
    ([1, 2.5], tf.float32),
    ([], tf.float32),
    (np.float64(1), tf.float64),
    (np.arange(3), tf.int64),
    ([np.float32(1), 2], tf.float32),
    (range(3), tf.int32),
    (tf.TensorShape([1, 2]), tf.int32),
    (enum.IntEnum("E", "x").x, tf.int32),
]


@pytest.mark.parametrize("value,dtype", CONSTANTS, ids=lambda v: str(v)[:20])
def test_default_dtype_of_constants(value, dtype):
    assert tf.constant(value).dtype is dtype


def test_constants_with_tensors_inside_are_stacked():
    x = tf.convert_to_tensor([[tf.constant(1.0), 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(x.numpy(), [[1, 2], [3, 4]])


def test_constant_copies_arrays():
    array = np.ones(2)
    x = tf.constant(array)
    array[0] = 7
    assert x.numpy().tolist() == [1, 1]


def test_constant_keeps_the_sign_of_zero():
    assert np.signbit(tf.constant(-0.0).numpy()) and not np.signbit(tf.constant(0.0).numpy())


def test_constant_with_a_shape():
    assert tf.constant(3, shape=[2, 2]).numpy().tolist() == [[3, 3], [3, 3]]
    assert tf.constant([1, 2, 3, 4], shape=[2, 2]).numpy().tolist() == [[1, 2], [3, 4]]


REFUSED = {
    "ragged": (lambda: tf.constant([[1], [1, 2]]), ValueError, "non-rectangular"),
    "mixed": (lambda: tf.constant([True, 2]), ValueError, "mixed types"),
    "too large": (lambda: tf.constant(2**70), ValueError, "out-of-range integer"),
    "none": (lambda: tf.constant(None), ValueError, "unsupported type"),
    "float as int": (lambda: tf.constant(1.5, tf.int32), TypeError, "Cannot convert 1.5 to EagerTensor"),
    "other dtype": (lambda: tf.convert_to_tensor(a, tf.int32), ValueError, "requested dtype int32"),
    "integer sqrt": (lambda: tf.sqrt(tf.constant(4)), INVALID, "not in the list of allowed"),
    "matmul sizes": (lambda: tf.matmul(a, b), INVALID, r"In\[0\]: \[3,4\], In\[1\]: \[3,4\]"),
    "matmul ranks": (lambda: tf.matmul(a[0], b), INVALID, "ndims must be >= 2"),
    "reshape": (lambda: tf.reshape(a, [5, 2]), INVALID, "12 values, but the requested shape has 10"),
    "concat": (lambda: tf.concat([a, a[:, :2]], 0), INVALID, "Dimension 1 in both shapes"),
    "stack": (lambda: tf.stack([a, a[0]]), INVALID, "Shapes of all inputs must match"),
    "gather": (lambda: tf.gather(a, [0, 3]), INVALID, r"indices\[1\] = 3 is not in \[0, 3\)"),
    "axis": (lambda: tf.reduce_sum(a, 2), INVALID, "expected dimension in the range"),
    "axis twice": (lambda: tf.reduce_sum(a, [1, -1]), INVALID, "duplicate"),
    "squeeze": (lambda: tf.squeeze(a, 0), INVALID, "expected a dimension of 1, got 3"),
    "transpose": (lambda: tf.transpose(a, [0, 0]), INVALID, "not a permutation"),
    "range": (lambda: tf.range(0, 5, 0), INVALID, "delta != 0"),
    "ensure_shape": (lambda: tf.ensure_shape(a, [4, None]), INVALID, "not compatible"),
    "pow": (lambda: tf.pow(2, -1), INVALID, "negative integer powers"),
    "bool sum": (lambda: tf.reduce_sum(tf.constant([True])), INVALID, "allowed values"),
    "slice": (lambda: tf.slice(a, [0, 0], [5, 1]), INVALID, r"Expected size\[0\] in \[0, 3\]"),
    "split": (lambda: tf.split(a, 3, 1), INVALID, "evenly divide"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_bad_arguments_are_refused(case):
    call, error, match = case
    with pytest.raises(error, match=match):
        call()


@pytest.mark.parametrize("name,f", [("max", np.maximum), ("min", np.minimum), ("prod", np.multiply), ("sum", np.add)])
def test_unsorted_segments(name, f):
    ids = [0, 2, 0]
    out = getattr(tf.math, f"unsorted_segment_{name}")(a, ids, 3).numpy()
    np.testing.assert_allclose(out[0], f(A[0], A[2]), rtol=1e-6)
    np.testing.assert_allclose(out[2], A[1], rtol=1e-6)


def test_unsorted_segment_mean_of_nothing_is_zero():
    out = tf.math.unsorted_segment_mean(a, [0, 2, 0], 3).numpy()
    np.testing.assert_allclose(out, [(A[0] + A[2]) / 2, np.zeros(4), A[1]], rtol=1e-6)


def test_unravel_index():
    np.testing.assert_array_equal(tf.unravel_index([5, 7], [3, 4]).numpy(), np.unravel_index([5, 7], (3, 4)))


def test_normalize():
    unit, norm = tf.linalg.normalize(a, axis=1)
    np.testing.assert_allclose(norm.numpy(), np.linalg.norm(A, axis=1, keepdims=True), rtol=1e-6)
    np.testing.assert_allclose(unit.numpy() * norm.numpy(), A, rtol=1e-5)


@pytest.mark.parametrize("traced", [False, True])
def test_bad_indices_may_be_ignored(traced):
    wrap = (lambda f: tf.function(f, autograph=False)) if traced else (lambda f: f)
    at = tf.constant([[0], [5], [-1], [2]])
    got = wrap(lambda x: tf.gather_nd(x, at, bad_indices_policy="IGNORE"))(tf.constant([10, 11, 12]))
    assert got.numpy().tolist() == [10, 0, 0, 12]
    scattered = wrap(lambda u: tf.scatter_nd(at, u, [3], bad_indices_policy="IGNORE"))(tf.constant([1, 2, 3, 4]))
    assert scattered.numpy().tolist() == [1, 0, 4]
    with pytest.raises(ValueError, match="bad_indices_policy"):
        tf.gather_nd([1], [[0]], bad_indices_policy="SKIP")


def test_arrays_of_integers_index_as_numpy_does():
    x = tf.reshape(tf.range(24), (2, 3, 4))
    rows, columns = np.array([0, -1, 1]), np.array([[2], [0]])
    take = lambda x, i, j: (x[i], x[1, i], x[i, j, 0], x[0, 2, j])
    got = take(x, tf.constant(rows), tf.constant(columns))
    traced = tf.function(take, autograph=False)(x, tf.constant(rows), tf.constant(columns))
    for g, t, want in zip(got, traced, take(x.numpy(), rows, columns), strict=True):
        np.testing.assert_array_equal(g, want)
        np.testing.assert_array_equal(t, want)


def test_a_scalar_mask_keeps_everything_or_nothing():
    x = tf.constant([1, 2])
    assert x[tf.constant(True)].numpy().tolist() == [[1, 2]]
    assert x[tf.constant(False)].shape == (0, 2)


def test_a_shape_is_a_sequence_and_a_leaf():
    shape = tf.ones((2, 3)).shape
    assert isinstance(shape, collections.abc.Sequence) and not isinstance(shape, tuple)
    assert "%s" % shape == "(2, 3)"  # noqa: UP031
    assert tf.nest.flatten([shape]) == [shape]


SWITCHED = """
import numpy as np, tfc as tf
tf.experimental.numpy.experimental_enable_numpy_behavior(prefer_float32=True)
x, i = tf.constant([1.0, 2.0]), tf.constant([1, 2], tf.int8)
assert isinstance(x.shape, tuple) and not isinstance(tf.TensorShape(None), tuple) and tf.nest.flatten([x.shape]) == [x.shape]
assert "%s" % x.shape == "(2,)"
assert (i + tf.constant([1, 2])).dtype == tf.int32 and (i * x).dtype == tf.float32 and (i + 1.5).dtype == tf.float32
assert (2 ** i).dtype == tf.int8 and (x == i).numpy().all() and (tf.Variable(1.0) + np.float64(2)).dtype == tf.float64
f = tf.function(lambda a, b: (a + b, a.shape))
total, shape = f(x, i)
assert total.numpy().tolist() == [2, 4]
"""


def test_numpys_behaviour_promotes_and_makes_shapes_tuples():
    done = subprocess.run([sys.executable, "-c", SWITCHED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
