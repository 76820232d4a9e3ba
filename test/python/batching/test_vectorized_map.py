"""`tf.vectorized_map`: all rows at once gives what a loop over them gives, eagerly and compiled."""

import numpy as np
import pytest
import tfc as tf
from tfc.ops import functional
from tfc.ops import primitives as p
from tfc.ops.table import OPS, OneByOne

rng = np.random.default_rng(0)
X = tf.constant(rng.normal(size=(5, 3)).astype("f"))
M = tf.constant(rng.normal(size=(5, 3, 4)).astype("f"))
S = tf.constant(rng.normal(size=5).astype("f"))
I = tf.constant([2, 0, 1, 2, 1])
W = tf.constant(rng.normal(size=(3, 4)).astype("f"))
V = tf.Variable(rng.normal(size=(3, 3)).astype("f"))
IMAGES = tf.constant(rng.normal(size=(3, 2, 6, 6, 2)).astype("f"))
FILTER = tf.constant(rng.normal(size=(3, 3, 2, 4)).astype("f"))
SPD = tf.constant((lambda a: a @ a.transpose(0, 2, 1) + 4 * np.eye(3))(rng.normal(size=(5, 3, 3))).astype("f"))


def _power(x):
    y = x
    while tf.reduce_sum(tf.abs(y)) < 20.0:
        y = y * 2.0
    return y


def _steps(x):
    n = 0
    while x > 0.05:
        x = x / 2.0
        n += 1
        if n > 3:
            break
    return n, x


def _written(x):
    ta = tf.TensorArray(tf.float32, 3)
    for i in tf.range(3):
        ta = ta.write(i, x * tf.cast(i, tf.float32))
    return ta.stack()


def _gradient(x):
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.tanh(tf.linalg.matvec(V, x)) ** 2)
    return tape.gradient(y, V)


def _fallible(x):
    return tf.cond(x > 0, lambda: tf.gather(W[0], tf.cast(x * 0, tf.int32)), lambda: x * 2.0)


def _filter_gradient(x):
    with tf.GradientTape() as tape:
        tape.watch(FILTER)
        y = tf.reduce_sum(tf.nn.conv2d(x, FILTER, 1, "SAME") ** 2)
    return tape.gradient(y, FILTER)


@tf.function
def _called(x):
    return tf.reduce_max(x) - tf.reduce_min(x), x[::-1]


CASES = {
    "scalars": (lambda x: x * 2.0 + 1.0, S),
    "broadcast": (lambda a: a[0] + a[1], (S, X)),
    "broadcast_ranks": (lambda a: a[0][:, None] * a[1] + W, (X, M)),
    "reductions": (lambda x: (tf.reduce_sum(x), tf.reduce_max(x, 0, keepdims=True), tf.argmax(x), tf.norm(x)), X),
    "softmax": (tf.nn.softmax, M),
    "scans": (lambda x: (tf.cumsum(x, reverse=True), tf.sort(x), tf.argsort(x, direction="DESCENDING")), X),
    "outer": (lambda x: tf.tensordot(x, x, 0), X),
    "matvec": (lambda x: tf.linalg.matvec(W, x, transpose_a=True), X),
    "matmul_shared": (lambda m: tf.matmul(W, m, transpose_a=True), M),
    "matmul_left": (lambda m: tf.transpose(m) @ W, M),
    "matmul_pairs": (lambda a: tf.einsum("i,ij->j", a[0], a[1]), (X, M)),
    "shapes": (lambda m: tf.reshape(tf.transpose(m), [2, -1])[:, 1:][..., tf.newaxis], M),
    "dynamic_shape": (lambda m: tf.reshape(m, [tf.shape(m)[1], -1]), M),
    "slices": (lambda m: (m[1], m[:, ::-1], m[0:2, 1:3], m[-1, -1]), M),
    "index_of_row": (lambda a: a[1][a[0]], (I, X)),
    "slice_of_row": (lambda a: tf.slice(a[1], [a[0], 0], [1, 2]), (I, M)),
    "concat": (lambda a: tf.concat([a[0], a[1][0], W[0]], 0), (X, M)),
    "stack": (lambda x: tf.stack([x, W[:, 0], x * 2.0], 1), X),
    "pad_tile": (lambda x: (tf.pad(x, [[1, 2]], constant_values=7.0), tf.tile(x, [2])), X),
    "gather_shared": (lambda i: tf.gather(W, i), I),
    "gather_axis": (lambda i: tf.gather(W, i, axis=1), I),
    "gather_both": (lambda a: tf.gather(a[1], [a[0], 0], axis=1), (I, M)),
    "gather_nd": (lambda a: tf.gather_nd(a[1], [[a[0], 1], [0, a[0]]]), (I, M)),
    "gather_nd_shared_indices": (lambda m: tf.gather_nd(m, [[0, 1], [2, 2]]), M),
    "scatter": (lambda a: tf.tensor_scatter_nd_add(a[1], [[a[0]], [a[0]]], [1.0, 2.0]), (I, X)),
    "scatter_shared": (lambda x: tf.scatter_nd([[1], [4]], x[:2], [6]), X),
    "one_hot": (lambda i: tf.one_hot(i, 4), I),
    "where": (lambda x: tf.where(x > 0, x, -1.0), X),
    "top_k": (lambda x: tf.math.top_k(x, 2), X),
    "cholesky": (lambda a: tf.linalg.cholesky(a), SPD),
    "solve": (lambda a: tf.linalg.solve(a, W), SPD),
    "eigh": (lambda a: tf.linalg.eigvalsh(a), SPD),
    "det_inv": (lambda a: (tf.linalg.det(a), tf.linalg.inv(a)), SPD),
    "fft": (lambda x: tf.signal.fft(tf.cast(x, tf.complex64)), X),
    "conv": (lambda x: tf.nn.conv2d(x, FILTER, 1, "SAME"), IMAGES),
    "avg_pool": (lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"), IMAGES),
    "conv_filter_gradient": (_filter_gradient, IMAGES),
    "max_pool": (lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME"), IMAGES),
    "cond_shared": (lambda x: tf.cond(tf.reduce_sum(W) > 0, lambda: x, lambda: -x), X),
    "cond_of_rows": (lambda x: tf.cond(x > 0, lambda: tf.sqrt(x), lambda: x - 1.0), S),
    "cond_fails_elsewhere": (_fallible, S),
    "switch": (lambda i: tf.switch_case(i, [lambda: 1.0, lambda: 2.0, lambda: 3.0]), I),
    "loop_shared": (lambda x: tf.while_loop(lambda i, v: i < 4, lambda i, v: (i + 1, v * x), (0, x))[1], S),
    "loop_of_rows": (_power, X),
    "loop_counts": (_steps, tf.abs(S)),
    "tensor_array": (_written, X),
    "map_fn_inside": (lambda x: tf.map_fn(lambda v: v * v, x), X),
    "nested": (lambda m: tf.vectorized_map(lambda x: tf.reduce_sum(x) * x, m), M),
    "gradient": (_gradient, X),
    "jacobian": (lambda x: _jacobian(x), X),
    "function": (_called, X),
    "unbatched_result": (lambda x: (tf.constant(3), V[0, 0], x), X),
    "integers": (lambda i: (i // 2, i % 2, tf.bitwise.bitwise_xor(i, 3), tf.cast(i, tf.float32)), I),
    "random_key_of_row": (lambda i: tf.random.stateless_uniform([2], tf.stack([i, 1])), I),
    "bools": (lambda x: tf.reduce_any(x > 0) & tf.reduce_all(x < 9), X),
    "clip_norm": (lambda x: tf.clip_by_norm(x, 1.0), X),
    "dict": (lambda d: {"s": d["a"] + tf.reduce_sum(d["b"]), "t": (d["b"],)}, {"a": S, "b": X}),
    "shared_row": (lambda a: a[0] + a[1], (X, tf.ones([1, 3]))),
    "segment": (lambda x: tf.math.unsorted_segment_sum(x, [0, 1, 0], 2), X),
    "searchsorted": (lambda x: tf.searchsorted(tf.sort(x), [0.0]), X),
}


def _jacobian(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x * tf.reduce_sum(x)
    return tape.jacobian(y, x)


def same(got, want):
    tf.nest.assert_same_structure(got, want)
    for g, w in zip(tf.nest.flatten(got), tf.nest.flatten(want), strict=True):
        assert g.dtype == w.dtype and g.shape == w.shape
        np.testing.assert_allclose(g.numpy(), w.numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_rows_at_once_give_what_a_loop_gives(name):
    fn, elems = CASES[name]
    same(tf.vectorized_map(fn, elems, fallback_to_while_loop=False), functional.looped_map(tf.function(fn), elems))


@pytest.mark.parametrize("name", CASES)
def test_in_a_function(name):
    fn, elems = CASES[name]
    want = tf.vectorized_map(fn, elems)
    same(
        tf.function(lambda *e: tf.vectorized_map(fn, tf.nest.pack_sequence_as(elems, e), False))(
            *tf.nest.flatten(elems)
        ),
        want,
    )
    if name in ("conv", "max_pool", "avg_pool", "conv_filter_gradient", "shared_row"):
        return
    # With an unknown number of rows.
    specs = [tf.TensorSpec([None, *e.shape[1:]], e.dtype) for e in tf.nest.flatten(elems)]
    some = tf.function(
        lambda *e: tf.vectorized_map(fn, tf.nest.pack_sequence_as(elems, e), False), input_signature=specs
    )
    same(some(*tf.nest.flatten(elems)), want)


def test_every_primitive_has_a_rule_or_says_why_not():
    for prim, op in OPS.items():
        assert op.batch is not None, prim
        assert callable(op.batch) or op.batch.reason


def test_gradients_go_through():
    with tf.GradientTape() as tape:
        tape.watch(S)
        y = tf.vectorized_map(lambda x: tf.cond(x > 0, lambda: tf.sqrt(x), lambda: x * x), S)
    got = tape.gradient(y, S).numpy()
    s = S.numpy()
    np.testing.assert_allclose(got, np.where(s > 0, 0.5 / np.sqrt(np.abs(s)), 2 * s), rtol=1e-4)


def _kept_if_positive(x, shared):
    if tf.reduce_sum(x) > 0:
        return x * shared
    return x


def _twice(x, shared):
    for _ in tf.range(2):
        x = x + x * shared
    return x


@pytest.mark.parametrize("size", [3, 70])  # small captured tensors are constants
@pytest.mark.parametrize("f", [lambda x, shared: x * shared, _kept_if_positive, _twice])
def test_gradients_go_to_what_all_rows_use(f, size):
    rng = np.random.default_rng(0)
    rows, shared = (tf.constant(rng.normal(size=s).astype(np.float32)) for s in ((4, size), (size,)))

    def gradients(map_rows):
        with tf.GradientTape() as tape:
            tape.watch([rows, shared])
            y = tf.reduce_sum(map_rows(lambda x: f(x, shared), rows) ** 2)
        return tape.gradient(y, [rows, shared])

    for got, want in zip(gradients(tf.vectorized_map), gradients(tf.map_fn), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


def test_a_function_is_traced_once_for_all_rows():
    calls = []
    tf.vectorized_map(lambda x: calls.append(1) or x, X)
    assert len(calls) == 1


def test_effects_run_row_by_row(capfd):
    v = tf.Variable(0.0)

    def f(x):
        v.assign_add(x)
        return v * 1.0

    with pytest.warns(UserWarning, match="assign_variable"):
        out = tf.vectorized_map(f, tf.constant([1.0, 2.0, 3.0]))
    assert out.numpy().tolist() == [1.0, 3.0, 6.0]
    with pytest.raises(ValueError, match="assign_variable"):
        tf.vectorized_map(f, tf.constant([1.0, 2.0]), fallback_to_while_loop=False)


def test_assertions_hold_for_all_rows():
    def f(x):
        tf.debugging.assert_positive(x, message="rows")
        return x

    assert tf.vectorized_map(f, tf.constant([1.0, 2.0])).shape == (2,)
    with pytest.raises(tf.errors.InvalidArgumentError, match="rows"):
        tf.vectorized_map(f, tf.constant([1.0, -2.0]))


def test_an_assertion_in_a_branch_is_of_its_rows():
    def f(x):
        if x > 0:
            tf.debugging.assert_less(x, 5.0)
            return x
        return -x

    assert tf.vectorized_map(f, tf.constant([1.0, -7.0])).numpy().tolist() == [1.0, 7.0]
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.vectorized_map(f, tf.constant([6.0, -7.0]))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_rows(count):
    out = tf.vectorized_map(lambda x: tf.linalg.matvec(W, x, transpose_a=True), X[:count])
    assert out.shape == (count, 4)


def test_a_row_is_one_op():
    f = tf.function(lambda x: tf.vectorized_map(lambda r: tf.linalg.matvec(W, r, transpose_a=True), x))
    text = f.get_concrete_function(X).mlir()
    assert "tfc.while" not in text and text.count("tfc.matmul") == 1


def test_one_by_one_says_why():
    assert isinstance(OPS[p.nonzero].batch, OneByOne)
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.vectorized_map(lambda x: tf.where(x > 0), tf.constant([[1.0, -1.0], [1.0, 1.0]]))
