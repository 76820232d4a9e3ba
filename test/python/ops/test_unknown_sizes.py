"""Compositions and gradients where no size is known: an interpreter that computes but hides every dimension.

This is what ops and tapes see in a trace of `TensorSpec([None, None])`, without a compiler.
"""

import numpy as np
import pytest
import tfc as tf
from tfc import core


class Hidden(core.Tensor):
    """A tensor of which only rank and dtype are known."""

    symbolic = True

    def __init__(self, value):
        self.value = value

    @property
    def dtype(self):
        return self.value.dtype

    @property
    def shape_tuple(self):
        return (None,) * len(self.value.shape_tuple)


class HiddenList(core.TensorList):
    symbolic = True
    count = None

    def __init__(self, value):
        self.value, self.element, self.dynamic_size = value, value.element, value.dynamic_size

    @property
    def dtype(self):
        return self.value.dtype


def shown(x):
    return x.value if isinstance(x, (Hidden, HiddenList)) else x


class Hiding(core.Interpreter):
    eager = False

    def run(self, prim, args, attrs):
        result = core.eager().run(prim, tuple(map(shown, args)), attrs)
        if isinstance(result, core.TensorList):
            return HiddenList(result)
        return result if result is None or prim.name == "constant" else Hidden(result)

    def cond(self, pred, true_fn, false_fn, name=None):
        return true_fn() if shown(pred) else false_fn()

    def while_loop(self, cond_fn, body_fn, init, *, shape_invariants=None, maximum_iterations=None, names=None):
        values = init
        while shown(cond_fn(*values)):
            values = body_fn(*values)
        return values

    def constant_value(self, tensor):
        return tensor._view() if isinstance(tensor, core.EagerTensor) else None


RNG = np.random.default_rng(0)
A, B = tf.constant(RNG.normal(size=(3, 4))), tf.constant(RNG.normal(size=(3, 4)))
C = tf.constant(RNG.normal(size=(2, 3, 4)))

PROGRAMS = {
    "arithmetic": lambda a, b, c: a * b + c / 2.0 - a,
    "matmul": lambda a, b, c: tf.matmul(c, b, transpose_b=True),
    "tensordot": lambda a, b, c: tf.tensordot(c, b, [[2, 1], [1, 0]]),
    "tensordot of one axis": lambda a, b, c: tf.tensordot(c, b, [[2], [1]]),
    "einsum": lambda a, b, c: tf.einsum("bij,kj->bik", c, a),
    "einsum of batches": lambda a, b, c: tf.einsum("...ij,...kj->...ik", c, b),
    "index": lambda a, b, c: a[0] + a[-1] + a[tf.constant(1)],
    "slice": lambda a, b, c: a[1:, ::2] * a[:-1, 1:3],
    "reversed slice": lambda a, b, c: c[:, ::-1, -1:0:-1],
    "slice to a tensor": lambda a, b, c: a[: tf.shape(a)[0] - 1, tf.newaxis],
    "tf.slice": lambda a, b, c: tf.slice(a, [1, 1], [2, -1]),
    "mask": lambda a, b, c: a[a > 0],
    "reductions": lambda a, b, c: tf.reduce_mean(c, [0, 2]) + tf.reduce_max(a, 1) + tf.reduce_logsumexp(b, 1),
    "product": lambda a, b, c: tf.reduce_prod(c, [0, 2]),
    "cumsum": lambda a, b, c: tf.cumsum(a, 1, exclusive=True) * tf.math.cumprod(b, 1),
    "reshape": lambda a, b, c: tf.reshape(c, [-1, tf.shape(c)[2]]) @ tf.transpose(a),
    "reshape to a shape": lambda a, b, c: tf.reshape(a, tf.shape(b)) * b,
    "concat": lambda a, b, c: tf.concat([a, b * 2.0, a], 1),
    "stack": lambda a, b, c: tf.stack([a, b], axis=1),
    "split": lambda a, b, c: tf.split(a, 2, 1)[1] * tf.split(b, [1, 2, 1], 1)[1],
    "tile": lambda a, b, c: tf.tile(a, [2, 3]),
    "repeat": lambda a, b, c: tf.repeat(a, 2, axis=1),
    "repeat of nothing": lambda a, b, c: tf.repeat(a, 0, axis=1),
    "repeat of no slices": lambda a, b, c: tf.repeat(a[:, :0], np.zeros(0, int), axis=1),
    "roll": lambda a, b, c: tf.roll(a, [1, -5], [0, 1]) * b,
    "pad": lambda a, b, c: tf.pad(a, [[1, 0], [0, 2]]) * 2.0,
    "broadcast": lambda a, b, c: tf.broadcast_to(a, tf.shape(c)) * c,
    "where": lambda a, b, c: tf.where(a > 0, a * b, 1.0),
    "gather": lambda a, b, c: tf.gather(a, [0, 2, 0]) @ tf.transpose(tf.gather(b, [1, 1], axis=1)[:, :1] * b),
    "gather in batches": lambda a, b, c: tf.gather(c, [[0, 1], [2, 0]], axis=1, batch_dims=1),
    "gather_nd": lambda a, b, c: tf.gather_nd(a, [[0, 1], [2, 3]]),
    "scatter": lambda a, b, c: tf.tensor_scatter_nd_add(a, [[0], [0]], b[:2]) * b,
    "sort": lambda a, b, c: tf.sort(a, axis=0) * b,
    "top_k": lambda a, b, c: tf.math.top_k(a, 2).values,
    "softmax": lambda a, b, c: tf.nn.softmax(a) * tf.nn.log_softmax(b, axis=0),
    "cross entropy": lambda a, b, c: tf.nn.sparse_softmax_cross_entropy_with_logits([0, 1, 3], a),
    "moments": lambda a, b, c: tf.nn.moments(c, [0, 1])[1],
    "clip_by_norm": lambda a, b, c: tf.clip_by_norm(a, 1.0),
    "zeros and ones": lambda a, b, c: a * tf.ones_like(a) + tf.zeros([tf.shape(a)[0], 4], tf.float64),
    "one_hot": lambda a, b, c: tf.one_hot(tf.argmax(a, 1), tf.shape(a)[1], dtype=tf.float64) * a,
    "band_part": lambda a, b, c: tf.linalg.band_part(c, 1, 0),
    "map_fn": lambda a, b, c: tf.map_fn(lambda r: r * r, a),
    "scan": lambda a, b, c: tf.scan(lambda s, r: s * r, a),
    "foldr": lambda a, b, c: tf.foldr(lambda s, r: s * r, a),
    "loop with TensorArray": lambda a, b, c: tf.while_loop(
        lambda i, ta: i < tf.shape(a)[0],
        lambda i, ta: (i + 1, ta.write(i, a[i] * 2.0)),
        (0, tf.TensorArray(tf.float64, tf.shape(a)[0])),
    )[1].stack(),
}  # fmt: skip


def run(program, a, b, c):
    """The values of a program and of its gradients."""
    with tf.GradientTape() as tape:
        tape.watch([a, b, c])
        out = program(a, b, c)
    grads = tape.gradient(out, [a, b, c])
    return [None if v is None else np.asarray(shown(v)) for v in (out, *grads)]


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_value_and_gradients_do_not_depend_on_what_is_known(program):
    want = run(program, A, B, C)
    with core.using(Hiding()):
        got = run(program, Hidden(A), Hidden(B), Hidden(C))
    for x, y in zip(want, got, strict=True):
        assert (x is None) == (y is None)
        if x is not None:
            np.testing.assert_allclose(x, y, rtol=1e-12)


@pytest.mark.parametrize(
    "use", [bool, iter, lambda x: list(x), lambda x: 1 if x else 0], ids=["bool", "iter", "list", "if"]
)
def test_symbolic_tensors_refuse_what_needs_a_value(use):
    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError, match="is not allowed") as info:
        use(Hidden(tf.ones([2])))
    assert "test_unknown_sizes.py" in str(info.value)


@pytest.mark.parametrize("mode", ["REFLECT", "SYMMETRIC"])
def test_mirrored_padding_of_unknown_sizes(mode):
    spec = tf.TensorSpec([None, None], tf.float32)
    f = tf.function(lambda x: tf.pad(x, [[1, 2], [0, 1]], mode), input_signature=[spec])
    for shape in ((3, 2), (4, 5)):
        x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        np.testing.assert_array_equal(f(x), np.pad(x, [[1, 2], [0, 1]], mode.lower()))
    with pytest.raises(tf.errors.InvalidArgumentError, match="no greater than the dimension size"):
        f(np.ones((1, 3), np.float32))
