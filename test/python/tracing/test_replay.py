"""Replay: traced programs mean what the Python program means, interpreted and compiled."""

import numpy as np
import pytest
import tfc as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tfc.tracing import replay

X = np.linspace(-1.5, 2.0, 12).reshape(3, 4).astype(np.float32)
Y = np.linspace(0.5, 1.5, 4).astype(np.float32)


def loop(x, y):
    i = tf.constant(0)
    while i < 5 and tf.reduce_sum(x) < 100.0:
        if tf.reduce_max(x) > 3.0:
            x = x / 2.0 + y
        else:
            x = x * 2.0
        i += 1
    return x, i


def arrays(x, y):
    ta = tf.TensorArray(tf.float32, size=3)
    for i in tf.range(3):
        ta = ta.write(i, x[i] * y)
    return ta.stack()


@tf.function
def helper(x):
    return tf.tanh(x) + 1.0


PROGRAMS = {
    "elementwise": lambda x, y: tf.tanh(x) * y - tf.exp(-x),
    "matmul": lambda x, y: tf.matmul(x, tf.transpose(x)) @ tf.ones([3, 2]),
    "reduce": lambda x, y: {"sum": tf.reduce_sum(x, 0), "max": tf.reduce_max(x), "mean": tf.reduce_mean(x, 1)},
    "shape": lambda x, y: tf.reshape(tf.concat([x, x[::-1]], 0), [-1, 8])[:, 1:5:2],
    "gather": lambda x, y: tf.gather(x, [2, 0]) + tf.one_hot([1, 2], 4),
    "cond": lambda x, y: tf.cond(tf.reduce_sum(x) > 0, lambda: x + y, lambda: x - y),
    "loop": loop,
    "arrays": arrays,
    "calls": lambda x, y: helper(x) * helper(y),
    "softmax": lambda x, y: tf.nn.softmax(x) @ tf.expand_dims(y, 1),
    "integers": lambda x, y: (tf.argmax(x, 1), tf.cast(x, tf.int32) // 2, tf.range(3) % 2),
}


def flat(structure):
    return [np.asarray(t) for t in tf.nest.flatten(structure)]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("dims", ["known", "unknown"])
def test_eager_replayed_and_compiled_agree(name, dims):
    program = PROGRAMS[name]
    args = tf.constant(X), tf.constant(Y)
    specs = [tf.TensorSpec(a.shape if dims == "known" else [None] * len(a.shape)) for a in args]
    concrete = tf.function(program).get_concrete_function(*specs)
    want = flat(program(*args))
    replayed = flat(replay(concrete._graph.function, list(args)))
    compiled = flat(concrete(*args))
    for a, b, c in zip(want, replayed, compiled, strict=True):
        assert a.dtype == b.dtype == c.dtype and a.shape == b.shape == c.shape
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(c, a, rtol=1e-5, atol=1e-6)


def test_lists_grow_in_loops():
    @tf.function
    def f(n):
        array = tf.TensorArray(tf.int32, size=0, dynamic_size=True)
        for i in tf.range(n):
            array = array.write(i, i * i)
        return array.stack()

    assert f(tf.constant(4)).numpy().tolist() == [0, 1, 4, 9]


def test_replay_runs_effects_on_the_variables_given():
    v, w = tf.Variable(1.0), tf.Variable(10.0)
    concrete = tf.function(lambda x: v.assign_add(x)).get_concrete_function(tf.constant(1.0))
    (out,) = replay(concrete._graph.function, [tf.constant(5.0), w])
    assert out.numpy() == 15 == w.numpy() and v.numpy() == 1


def test_replay_under_a_tape_is_the_gradient():
    concrete = tf.function(lambda x: helper(x) * x).get_concrete_function(tf.constant(1.0))
    x = tf.constant(0.5)
    with tf.GradientTape() as tape:
        tape.watch(x)
        (y,) = replay(concrete._graph.function, [x])
    t = np.tanh(0.5)
    assert tape.gradient(y, x).numpy() == pytest.approx(t + 1 + 0.5 * (1 - t * t), rel=1e-6)


def test_replay_into_a_graph_copies():
    concrete = tf.function(loop).get_concrete_function(tf.constant(X), tf.constant(Y))

    @tf.function
    def again(x, y):
        return replay(concrete._graph.function, [x, y])

    want = flat(loop(tf.constant(X), tf.constant(Y)))
    for a, b in zip(want, flat(again(tf.constant(X), tf.constant(Y))), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "mul", "tanh", "max", "sum", "where", "loop", "if", "assign"]), st.integers(0, 3)
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15, deadline=None)
@given(STEPS)
def test_random_programs(steps):
    v = tf.Variable(np.float32(0.5))

    def program(x):
        for name, k in steps:
            c = float(k) - 1.5
            if name == "add":
                x = x + c
            elif name == "mul":
                x = x * c + v
            elif name == "tanh":
                x = tf.tanh(x)
            elif name == "max":
                x = tf.maximum(x, c)
            elif name == "sum":
                x = x + tf.reduce_sum(x, axis=0, keepdims=True)
            elif name == "where":
                x = tf.where(x > c, x, -x)
            elif name == "loop":
                x = tf.while_loop(lambda i, a: i < k, lambda i, a: (i + 1, a * 0.5 + 1.0), [tf.constant(0), x])[1]
            elif name == "if":
                x = tf.cond(tf.reduce_sum(x) > c, lambda: x + 1.0, lambda: x * 2.0)
            else:
                v.assign(tf.reduce_mean(tf.tanh(x)) + c)
        return x

    x = tf.constant(np.linspace(-1, 1, 6).reshape(2, 3).astype(np.float32))
    want = program(x).numpy()
    after = v.numpy()
    v.assign(0.5)
    got = tf.function(program, autograph=False)(x).numpy()
    np.testing.assert_allclose(got, want, rtol=2e-5, atol=1e-5)
    np.testing.assert_allclose(v.numpy(), after, rtol=2e-5, atol=1e-5)


def test_replayed_ops_keep_their_locations():
    @tf.function
    def f(x):
        return tf.tanh(x)  # the line that the gradient's forward function has as well

    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        f(x)
    forward = f.get_concrete_function(x)._pair.forward._graph.function
    line = next(op.location for op in forward.entry.operations if op.operation.name == "tfc.tanh")
    assert line == next(
        op.location
        for op in f.get_concrete_function(x)._graph.function.entry.operations
        if op.operation.name == "tfc.tanh"
    )


def test_lists_made_in_loops_start_at_zero():
    @tf.function
    def f(x):
        source = tf.TensorArray(tf.float32, size=3).unstack(x)
        total = tf.TensorArray(tf.float32, size=3, element_shape=[4]).unstack(tf.zeros([3, 4]))
        for i in tf.range(3):
            one = tf.TensorArray(tf.float32, size=source.size(), element_shape=[4]).write(i, tf.ones([4]))
            total = total.unstack(total.stack() + one.stack())
        return total.stack()

    assert f(tf.ones([3, 4])).numpy().tolist() == np.ones((3, 4)).tolist()


def test_a_slice_set_in_a_loop_leaves_the_value_from_before_the_loop_as_it_is():
    @tf.function
    def f(x):
        total = tf.zeros([3, 4])
        for i in tf.range(3):
            total += tf.TensorArray(tf.float32, size=tf.shape(x)[0], element_shape=[4]).write(i, tf.ones([4])).stack()
        return total

    assert f(tf.zeros([3, 4])).numpy().tolist() == np.ones((3, 4)).tolist()
