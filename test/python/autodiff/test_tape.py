"""GradientTape: what it watches, answers and refuses."""

import numpy as np
import pytest
import tfc as tf
from tfc.core import VariableStorage


class Variable(VariableStorage):
    """The least that tapes need of a variable."""

    trainable = True

    def __init__(self, value):
        value = tf.constant(value)
        super().__init__(value.dtype, value.shape_tuple, value)


def gradient(f, *xs, **kwargs):
    with tf.GradientTape() as tape:
        for x in xs:
            tape.watch(x)
        y = f(*xs)
    return tape.gradient(y, list(xs), **kwargs)


def test_gradient_of_a_product():
    x, y = tf.constant(3.0), tf.constant(4.0)
    assert [g.numpy() for g in gradient(lambda x, y: x * y, x, y)] == [4, 3]


def test_only_watched_tensors_have_gradients():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x) is None


def test_gradient_has_the_structure_of_the_sources():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    grads = tape.gradient(y, {"a": [x, x], "b": x})
    assert grads["a"][1].numpy() == 6 and list(grads) == ["a", "b"]


def test_targets_are_summed():
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = {"a": x * 2, "b": [x * x]}
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), [4, 6])


def test_output_gradients_weigh_the_target():
    x = tf.constant([1.0, 2.0])
    (g,) = gradient(lambda x: x * x, x, output_gradients=tf.constant([10.0, 1.0]))
    np.testing.assert_allclose(g.numpy(), [20, 4])


def test_second_use_of_a_tape_is_refused():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="non-persistent GradientTape can only be used to compute one set"):
        tape.gradient(y, x)


def test_persistent_tape_answers_often():
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    assert [tape.gradient(z, x).numpy(), tape.gradient(y, x).numpy(), tape.gradient(z, y).numpy()] == [
        108,
        6,
        18,
    ]


def test_unconnected_gradients():
    x, y = tf.constant([1.0]), tf.constant(2.0)
    assert gradient(lambda x: y * 2, x) == [None]
    assert gradient(lambda x: y * 2, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)[0].numpy() == [0]
    with pytest.raises(ValueError, match="Unknown value for unconnected_gradients: 'nonsense'"):
        gradient(lambda x: y, x, unconnected_gradients="nonsense")


def test_trainable_variables_are_watched():
    v = Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.convert_to_tensor(v) * tf.convert_to_tensor(v))
    assert tape.watched_variables() == (v,)
    np.testing.assert_allclose(tape.gradient(y, v).numpy(), [2, 4])


def test_watch_accessed_variables_can_be_switched_off():
    v, w = Variable(1.0), Variable(2.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v)
        y = tf.multiply(v, w)
    assert [g and g.numpy() for g in tape.gradient(y, [v, w])] == [2, None]


def test_untrainable_variables_are_not_watched():
    v = Variable(1.0)
    v.trainable = False
    with tf.GradientTape() as tape:
        y = tf.multiply(v, 2.0)
    assert tape.gradient(y, v) is None


def test_gradient_is_that_of_the_value_read():
    v = Variable(3.0)
    with tf.GradientTape() as tape:
        y = tf.square(v)
        v._assign(tf.constant(100.0))
    assert tape.gradient(y, v).numpy() == 6


def test_stop_recording():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with tape.stop_recording():
            y = x * x
        z = x * y
    assert tape.gradient(z, x).numpy() == 9


def test_reset_forgets():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        tape.reset()
        tape.watch(x)
        z = y * x
    assert tape.gradient(z, x).numpy() == 9


def test_entering_twice_is_refused():
    with tf.GradientTape() as tape, pytest.raises(ValueError, match="still recording"), tape:
        pass


def test_gradient_inside_the_block():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        g = tape.gradient(y, x)
        z = x + 1
    assert g.numpy() == 6 and z.numpy() == 4


def test_watching_something_else_is_refused():
    with tf.GradientTape() as tape, pytest.raises(ValueError, match="ndarray"):
        tape.watch(np.ones(2))


def test_integers_have_no_gradient():
    x = tf.constant(3)
    assert gradient(lambda x: x * x, x) == [None]


def test_third_derivative():
    x = tf.constant(2.0)
    with tf.GradientTape() as t3:
        t3.watch(x)
        with tf.GradientTape() as t2:
            t2.watch(x)
            with tf.GradientTape() as t1:
                t1.watch(x)
                y = x**4.0
            d1 = t1.gradient(y, x)
        d2 = t2.gradient(d1, x)
    assert t3.gradient(d2, x).numpy() == pytest.approx(48)


def test_jacobian():
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.stack([x[0] * x[1], x[0], x[1] ** 2])
    np.testing.assert_allclose(tape.jacobian(y, x).numpy(), [[2, 1], [1, 0], [0, 4]])


def test_batch_jacobian():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    want = [np.diag([2.0, 4.0]), np.diag([6.0, 8.0])]
    np.testing.assert_allclose(tape.batch_jacobian(y, x).numpy(), want)


def test_batch_jacobian_needs_one_batch():
    x = tf.ones([3, 2])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x[:2] * 2
    with pytest.raises(ValueError, match="Need first dimension of target shape .* and source shape .* to match"):
        tape.batch_jacobian(y, x)


def test_gradient_through_a_list():
    x = tf.constant([1.0, 2.0, 3.0])

    def f(x):
        source = tf.TensorArray(tf.float32, 3, clear_after_read=False).unstack(x)
        result = tf.TensorArray(tf.float32, 3)
        for i in range(3):
            result = result.write(i, source.read(i) * source.read(2 - i))
        return result.stack()

    np.testing.assert_allclose(gradient(f, x)[0].numpy(), [6, 4, 2])


def test_stop_gradient():
    x = tf.constant(3.0)
    assert gradient(lambda x: tf.stop_gradient(x) * x, x)[0].numpy() == 3


def test_equal_constants_are_different_sources():
    x, y = tf.constant(1.0), tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = y * 2.0
    assert tape.gradient(z, x) is None


def test_second_derivative_of_the_size_of_a_complex_number():
    z = tf.constant([1 + 2j, 3 - 1j], tf.complex128)
    with tf.GradientTape() as outer:
        outer.watch(z)
        with tf.GradientTape() as inner:
            inner.watch(z)
            size = tf.abs(z)
        slope = tf.math.real(inner.gradient(size, z))
    # The slope is x / |z|, which grows with x by y**2 / |z|**3 and with y by -x y / |z|**3.
    x, y, r = np.real(z), np.imag(z), np.abs(z)
    np.testing.assert_allclose(outer.gradient(slope, z), (y * y - 1j * x * y) / r**3)


def test_a_jacobian_of_many_elements_is_a_loop():
    w = np.random.default_rng(0).normal(size=(30, 3))

    def jacobian(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.tanh(tf.linalg.matvec(tf.constant(w), x))
        return tape.jacobian(y, x)

    x = tf.constant([0.1, -0.2, 0.3], tf.float64)
    compiled = tf.function(jacobian)
    np.testing.assert_allclose(compiled(x), jacobian(x))
    assert "= tfc.while" in str(compiled.get_concrete_function(x).mlir())


def test_a_jacobian_in_a_loop_has_a_gradient():
    @tf.function
    def second(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = x * x * x
            total = tf.reduce_sum(tape.jacobian(y, x))
        return outer.gradient(total, x)

    x = np.linspace(0, 1, 20)
    np.testing.assert_allclose(second(tf.constant(x)), 6 * x)
