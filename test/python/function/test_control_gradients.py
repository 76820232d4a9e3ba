"""Gradients through branches and loops of traced functions agree with eager ones."""

import numpy as np
import pytest
import tfc as tf

SINE = np.sin(np.arange(12)).reshape(3, 4).astype(np.float32)


def gradients(f, xs, variables=()):
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = f(*xs)
    return [None if g is None else np.asarray(g) for g in tape.gradient(y, [*xs, *variables])]


def check(f, *values, variables=(), specs=None):
    xs = [tf.constant(v, tf.float32) for v in values]
    want = gradients(f, xs, variables)
    got = gradients(tf.function(f, input_signature=specs), xs, variables)
    for a, b in zip(want, got, strict=True):
        np.testing.assert_allclose(np.zeros_like(b) if a is None and b is not None else a, b, rtol=1e-4, atol=1e-6)
    return got


def branch(x, y):
    if tf.reduce_sum(x) > 0:
        z = x * y
    else:
        z = x * x * 3.0
    return tf.reduce_sum(z)


@pytest.mark.parametrize("x", [2.0, -2.0])
def test_both_sides_of_a_branch(x):
    check(branch, x, 5.0)


def test_inputs_that_no_branch_uses_are_none():
    f = tf.function(lambda x, y: tf.cond(x > 0, lambda: x * 2, lambda: x))
    with tf.GradientTape() as tape:
        x, y = tf.constant(1.0), tf.constant(1.0)
        tape.watch([x, y])
        z = f(x, y)
    assert tape.gradient(z, y) is None


def power(x):
    for _ in tf.range(5):
        x = x * x
    return x


def test_a_counted_loop():
    check(power, 1.1)


def test_a_loop_without_iterations():
    f = lambda x: tf.while_loop(lambda v: v > 10.0, lambda v: v * 2.0, [x])[0]
    assert check(f, 3.0)[0] == 1


def test_what_a_loop_starts_with_may_be_used_beside_it():
    def f(x):
        y = x
        for _ in tf.range(2):
            y = tf.sin(y)
        return y * x

    check(f, 0.3)


def test_a_data_dependent_loop():
    def f(x):
        while tf.reduce_sum(x) > 1.0:
            x = tf.tanh(x) * 0.9
        return tf.reduce_sum(x)

    check(f, [5.0, 3.0])


def test_break_and_continue():
    def f(x):
        total = x
        for i in tf.range(10):
            if i == 2:
                continue
            if total > 20.0:
                break
            total = total * x + 1.0
        return total

    check(f, 1.5)


def rnn(xs, h, w):
    outputs = tf.TensorArray(tf.float32, size=tf.shape(xs)[0])
    for t in tf.range(tf.shape(xs)[0]):
        h = tf.tanh(tf.matmul(tf.concat([xs[t], h], 1), w))
        outputs = outputs.write(t, h)
    return tf.reduce_sum(outputs.stack() ** 2) + tf.reduce_sum(h)


W = np.linspace(-0.5, 0.5, 24).reshape(6, 4)


@pytest.mark.parametrize("sizes", ["known", "unknown"])
def test_a_recurrent_network(sizes):
    specs = None
    if sizes == "unknown":
        specs = [tf.TensorSpec([None, None, 2]), tf.TensorSpec([None, 4]), tf.TensorSpec([6, 4])]
    check(rnn, np.linspace(-1, 1, 30).reshape(5, 3, 2), SINE, W, specs=specs)


def test_elements_of_a_list_that_comes_from_outside():
    def f(x):
        array = tf.TensorArray(tf.float32, size=3).unstack(x)
        total = tf.zeros([4])
        for i in tf.range(3):
            total = total * 0.5 + array.read(i) ** 2
        return tf.reduce_sum(total)

    check(f, SINE)


def test_elements_written_before():
    def f(x):
        array = tf.TensorArray(tf.float32, size=4, clear_after_read=False).write(0, x)
        for i in tf.range(3):
            array = array.write(i + 1, array.read(i) * x)
        return array.read(3)

    check(f, 1.5)


def test_nested_loops_and_branches():
    def f(x):
        for _ in tf.range(2):
            for _ in tf.range(3):
                if x > 2.0:
                    x = x * 0.5
                else:
                    x = x * 1.5 + tf.sin(x)
        return x

    check(f, 1.1)


def test_variables_that_are_read_inside():
    v, w = tf.Variable(2.0), tf.Variable(3.0)

    def f(x):
        for _ in tf.range(3):
            if x > 5.0:
                x = x * 0.1 + w
            else:
                x = x * v
        return x

    check(f, 1.5, variables=[v, w])


def outside(f, x, variable):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return [float(g) for g in tape.gradient(y, [x, variable])]


def inside(f, x, variable):
    """The same with the tape in a function."""

    @tf.function
    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, [x, variable])

    return [float(g) for g in both(x)]


@pytest.mark.parametrize("how", [outside, inside])
def test_a_loop_may_write_a_variable(how):
    v = tf.Variable(1.0)

    @tf.function
    def f(x):
        for _ in tf.range(3):
            x = x * v
            v.assign_add(1.0)
        return x

    assert how(f, tf.constant(2.0), v) == [6.0, 22.0] and v.numpy() == 4


@pytest.mark.parametrize("how", [outside, inside])
def test_a_branch_may_write_a_variable_and_gradients_flow_to_what_is_read(how):
    v = tf.Variable(3.0)

    @tf.function
    def f(x):
        if x > 0:
            y = x * v
            v.assign(x * 10.0)
            y = y * v
        else:
            y = x
        return y

    assert how(f, tf.constant(2.0), v) == [60.0, 46.0] and v.numpy() == 20


@pytest.mark.parametrize("how", [outside, inside])
def test_nested_regions_may_write_a_variable(how):
    v = tf.Variable(1.0)

    @tf.function
    def f(x):
        y = x
        for i in tf.range(4):
            if i % 2 == 0:
                y = y * v
                v.assign_add(1.0)
            else:
                for _ in tf.range(2):
                    y = y + v * x
        return y

    assert how(f, tf.constant(2.0), v) == [16.0, 26.0] and v.numpy() == 3


def test_a_function_called_in_a_loop_may_write_a_variable():
    v = tf.Variable(2.0)

    @tf.function
    def g(x):
        v.assign_add(1.0)
        return x * v

    @tf.function
    def f(x):
        for _ in tf.range(2):
            x = g(x)
        return x

    assert outside(f, tf.constant(1.0), v) == [12.0, 7.0]


def test_a_loop_may_count_in_an_integer_variable():
    n = tf.Variable(0)

    @tf.function
    def f(x):
        while x < 100.0:
            x = x * 2.0
            n.assign_add(1)
        return x

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert tape.gradient(y, x).numpy() == 64 and n.numpy() == 6


def test_prints_inside_happen_once(capfd):
    @tf.function
    def f(x):
        for i in tf.range(2):
            tf.print("step", i)
            x = x * x
        return x

    assert gradients(f, [tf.constant(2.0)]) == [32]
    assert capfd.readouterr().err == "step 0\nstep 1\n"


def test_a_tape_inside_the_function():
    @tf.function
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = power(x)
        return tape.gradient(y, x)

    assert f(tf.constant(1.1)).numpy() == pytest.approx(32 * 1.1**31, rel=1e-4)


def test_the_second_derivative_of_a_loop():
    f = tf.function(lambda x: tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * x), [0, x])[1])
    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        first = inner.gradient(y, x)
    assert first.numpy() == pytest.approx(32) and outer.gradient(first, x).numpy() == pytest.approx(48)


def test_maximum_iterations():
    f = lambda x: tf.while_loop(lambda v: v < 100.0, lambda v: v * v, [x], maximum_iterations=2)[0]
    check(f, 2.0)


def test_loop_variables_may_grow():
    def f(x):
        i, y = tf.constant(0), x
        shapes = [tf.TensorShape([]), tf.TensorShape([None])]
        _, y = tf.while_loop(
            lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, x * y[:2]], 0)), [i, y], shape_invariants=shapes
        )
        return tf.reduce_sum(y * y)

    check(f, [1.0, 2.0])


def test_loop_variables_may_shrink():
    def f(x):
        shapes = [tf.TensorShape([None, 2])]
        (y,) = tf.while_loop(lambda y: tf.shape(y)[0] > 1, lambda y: y[:-1] * y[1:], [x], shape_invariants=shapes)
        return tf.reduce_sum(y)

    check(f, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def test_map_and_scan():
    check(lambda x: tf.reduce_sum(tf.map_fn(lambda r: r * r, x)), SINE)
    check(lambda x: tf.reduce_sum(tf.scan(lambda a, r: a * 0.5 + r * r, x)), SINE)


def test_training_a_recurrent_network():
    w = tf.Variable(W.astype(np.float32))
    xs, h = tf.constant(np.linspace(-1, 1, 30).reshape(5, 3, 2), tf.float32), tf.constant(SINE)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = rnn(xs, h, w)
        w.assign_sub(0.01 * tape.gradient(loss, w))
        return loss

    losses = [step().numpy() for _ in range(20)]
    assert losses[-1] < losses[0] - 1


def test_the_second_and_third_gradient_of_a_loop_see_the_values_of_its_iterations():
    def derivatives(power, x):
        with tf.GradientTape() as third:
            third.watch(x)
            with tf.GradientTape() as second:
                second.watch(x)
                with tf.GradientTape() as first:
                    first.watch(x)
                    y = power(x)
                dy = first.gradient(y, x)
            d2y = second.gradient(dy, x)
        return dy, d2y, third.gradient(d2y, x)

    def looped(x):
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.sin(y) * x), (tf.constant(0), x * x))[1]

    def unrolled(x):
        y = x * x
        for _ in range(3):
            y = tf.sin(y) * x
        return y

    x = tf.constant(0.7)
    got = tf.function(derivatives)(looped, x)
    np.testing.assert_allclose(got, derivatives(unrolled, x), rtol=1e-4)


def test_loops_in_loops_on_sizes_that_are_not_known():
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            a, b = x, x * 1.0
            for _ in tf.range(2):
                for _ in tf.range(2):
                    a, b = tf.where(a > 0.0, b, a * a), tf.sin(b)
            y = tf.reduce_sum(a * b)
        return tape.gradient(y, x)

    x = tf.constant(SINE)
    got = tf.function(gradient, input_signature=[tf.TensorSpec([None, None])])(x)
    np.testing.assert_allclose(got, gradient(x), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", [[None, 4], [3, None], [None, None]], ids=str)
def test_a_variable_of_a_loop_is_joined_with_another_one_along_a_size_that_is_not_known(shape):
    def gradient(n, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            a, b = x, x * 2.0
            for _ in tf.range(n):
                a, b = tf.math.squared_difference(x, a), b * a
            y = tf.concat([a, b], 0)
            loss = tf.reduce_sum(y * y)
        return tape.gradient(loss, x)

    n, x = tf.constant(2), tf.constant(SINE)
    specs = [tf.TensorSpec([], tf.int32), tf.TensorSpec(shape)]
    got = tf.function(gradient, input_signature=specs)(n, x)
    np.testing.assert_allclose(got, gradient(n, x), rtol=1e-4, atol=1e-6)
