"""Equal numbers of a trace are one value, and still two tensors to a tape: branches and loops tell them apart. Gradients of
one were None, or were those of all of them together.
"""

import pytest
import tfc as tf


def gradients(f, *sources):
    with tf.GradientTape() as tape:
        tape.watch(sources)
        y = f(*sources)
    return tape.gradient(y, sources, unconnected_gradients="zero")


def numbers(values):
    return [float(v) for v in values]


@pytest.mark.parametrize("condition", [True, False])
def test_in_one_branch(condition):
    @tf.function(autograph=False)
    def f(p):
        return gradients(
            lambda x, w: tf.cond(p, lambda: x * 2.0 + w * 3.0, lambda: x), tf.constant(1.0), tf.constant(1.0)
        )

    assert numbers(f(tf.constant(condition))) == ([2, 3] if condition else [1, 0])


@pytest.mark.parametrize("condition", [True, False])
def test_in_both_branches(condition):
    @tf.function(autograph=False)
    def f(p):
        return gradients(lambda x, w: tf.cond(p, lambda: x * 2.0, lambda: w * 3.0), tf.constant(1.0), tf.constant(1.0))

    assert numbers(f(tf.constant(condition))) == ([2, 0] if condition else [0, 3])


def test_in_a_loop():
    @tf.function
    def f(n):
        def total(x, w):
            s = tf.constant(1.0)
            for _ in tf.range(n):
                s = s * 1.0 + x * 2.0 + w * 3.0
            return s

        return gradients(total, tf.constant(1.0), tf.constant(1.0))

    assert numbers(f(tf.constant(2))) == [4, 6]


def test_that_were_computed_while_tracing():
    @tf.function(autograph=False)
    def f(p):
        def y(x, w):
            double = x * 2.0
            return tf.cond(p, lambda: double * double * w, lambda: w)

        return gradients(y, tf.constant(1.0), tf.constant(2.0))

    assert numbers(f(tf.constant(True))) == [16, 4]


def test_forward_mode_over_the_gradient_of_a_branch():
    # The weights of the results of the branch's gradient were one zero.
    c = tf.constant(0.5, tf.float64)

    @tf.function(autograph=False)
    def f(x):
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as acc:
            (slope,) = gradients(lambda x: tf.cond(x > 0.0, lambda: tf.sin(x * 0.7 + c), lambda: x), x)
        return acc.jvp(slope)

    x = tf.constant(0.3, tf.float64)
    assert float(f(x)) == pytest.approx(float(-0.49 * tf.sin(x * 0.7 + c)))
