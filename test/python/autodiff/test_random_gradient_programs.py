"""Derivatives of random programs: compiled as eagerly, against finite differences, of second order, forward as reverse.

`TFC_NIGHTLY=1` takes more seeds. As a script it goes on with others: `python test_random_gradient_programs.py START COUNT`.
"""

import os
import sys
import traceback

import numpy as np
import pytest
import tfc as tf
from gradient_programs import Program

# Their code is large: some take ten seconds to compile.
MORE = os.environ.get("TFC_NIGHTLY") == "1"
START = tf.constant([0.3, -0.7, 1.1], tf.float64)
TANGENT = tf.constant([1.0, 2.0, -0.5], tf.float64)


def slopes(f, sources):
    """The value and its gradients for x and some variables."""

    def g(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return [y, *tape.gradient(y, [x, *sources], unconnected_gradients="zero")]

    return g


def curvatures(f, sources):
    """Gradients of a weighted sum of gradients."""

    def along(x):
        _, *grads = slopes(f, sources)(x)
        return sum(tf.reduce_sum(tf.sin(tf.convert_to_tensor(g)) * (1.0 + k)) for k, g in enumerate(grads))

    return slopes(along, sources)


def evaluate(program, f, x=START):
    program.reset()
    return [np.asarray(tf.convert_to_tensor(v)) for v in f(x)]


def differences(program):
    """The gradients of an eager program for x, by central differences."""
    found = []
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-6
        ends = [evaluate(program, lambda x: [program(x)], START + sign * step)[0] for sign in (1, -1)]
        found.append((ends[0] - ends[1]) / 2e-6)
    return np.array(found)


def forward(program):
    def f(x):
        with tf.autodiff.ForwardAccumulator(x, TANGENT) as acc:
            y = program(x)
        return [acc.jvp(y, unconnected_gradients="zero")]

    return f


def agree(got, want, what, rtol=1e-7):
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-8, err_msg=what)


def check_first(program):
    sources = [program.table, program.weight]
    want = evaluate(program, slopes(program, sources))
    assert all(np.isfinite(w).all() for w in want)
    if program.exact:
        numeric = differences(program)
        np.testing.assert_allclose(want[1], numeric, rtol=1e-4, atol=1e-5, err_msg="eager against differences")
    agree(evaluate(program, tf.function(slopes(program, sources))), want, "a tape inside")
    agree(evaluate(program, slopes(tf.function(program), sources)), want, "a tape around")
    agree(evaluate(program, tf.function(slopes(tf.function(program), sources))), want, "a tape around, inside")


def check_second(program):
    sources = [program.table, program.weight]
    want = evaluate(program, curvatures(program, sources))
    agree(evaluate(program, tf.function(curvatures(program, sources))), want, "second order inside", 1e-6)
    agree(evaluate(program, curvatures(tf.function(program), sources)), want, "second order around", 1e-6)


def check_forward(program):
    want = evaluate(program, slopes(program, []))[1] @ np.asarray(TANGENT)
    for f in (forward(program), forward(tf.function(program)), tf.function(forward(program))):
        agree(evaluate(program, f), [want], "forward mode")


@pytest.mark.parametrize("seed", range(12 if MORE else 5))
def test_compiled_gradients_are_the_eager_ones(seed):
    check_first(Program(seed))


@pytest.mark.parametrize("seed", range(100, 106 if MORE else 102))
def test_second_derivatives_are_the_eager_ones(seed):
    check_second(Program(seed))


@pytest.mark.parametrize("seed", range(200, 206 if MORE else 204))
def test_forward_mode_agrees_with_reverse_mode(seed):
    check_forward(Program(seed))


def main(start, count, *checks):
    chosen = [globals()[f"check_{name}"] for name in checks] or [check_first, check_second, check_forward]
    for seed in range(start, start + count):
        for check in chosen:
            program = Program(seed)
            try:
                check(program)
            except Exception as e:
                print(
                    f"seed {seed} {check.__name__}: {type(e).__name__} {str(e).strip()[:600]}",
                    program.leaves,
                    flush=True,
                )
                if count == 1:
                    traceback.print_exc()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
