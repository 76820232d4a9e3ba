"""Branches and loops of kept traces: they are followed without MLIR as well, and built as they would have been."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tfc as tf
from tfc.dtypes import TensorSpec

X = np.array([1.0, 2.0, 3.0], np.float32)


@pytest.fixture(autouse=True)
def folder(tmp_path):
    before = tf.config.compilation_cache.directory()
    place = tmp_path / "cache"
    tf.config.compilation_cache.set_directory(place)
    yield place
    tf.config.compilation_cache.set_directory(before)


def branch(x):
    if tf.reduce_sum(x) > 3.0:
        y, z = x * 2.0, tf.constant(1)
    else:
        y, z = tf.exp(x), tf.constant(2)
    return y, z


def one_sided(x):
    y = x
    if tf.reduce_sum(x) > 3.0:
        y = x * 2.0
        if x[0] > 5.0:
            y = y + 1.0
    return y


def returning(x):
    if tf.reduce_sum(x) > 30.0:
        return x + 1.0
    return x - 1.0


def made_inside(x):
    i = 0
    while tf.reduce_sum(x) < 50.0:
        x = x * 1.5
        if tf.reduce_max(x) > 3.0:
            found = tf.reduce_min(x)
        else:
            found = tf.reduce_sum(x)
        i += 1
    return x, i, found


def over_a_range(x):
    total = 0.0
    for i in tf.range(5):
        total += tf.reduce_sum(x) * tf.cast(i, tf.float32)
        if total > 20.0:
            break
    for row in x:
        total += row
    return total


def nested_loops(x):
    for i in tf.range(3):
        for j in tf.range(i):
            x = x + tf.cast(j, tf.float32)
    return x


def by_functions(x):
    loop = tf.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, y + x), (tf.constant(0), x), maximum_iterations=3)
    return loop, tf.cond(x[0] > 0.0, lambda: x * 2.0, lambda: x / 2.0), tf.switch_case(loop[0], [lambda: x, lambda: -x])


def of_growing_shape(x):
    y = x
    i = tf.constant(0)
    while i < 3:
        tf.autograph.experimental.set_loop_options(shape_invariants=[(y, tf.TensorShape([None]))])
        y = tf.concat([y, x], 0)
        i += 1
    return y


def with_numbers_in_common(x):
    half = tf.constant(0.5)
    if x[0] > 0.0:
        x = x * 0.5 + half
    while tf.reduce_sum(x) < 20.0:
        x = x / 0.5 + half
    return x * 0.5


PROGRAMS = [
    branch, one_sided, returning, made_inside, over_a_range, nested_loops, by_functions, of_growing_shape,
    with_numbers_in_common,
]  # fmt: skip


def concrete(function):
    return tf.function(function).get_concrete_function(TensorSpec([3], tf.float32))


def flat(results):
    return [np.asarray(r).tolist() for r in tf.nest.flatten(results)]


def without(function):
    """The concrete function of a trace that nothing is known of."""
    before = tf.config.compilation_cache.directory()
    tf.config.compilation_cache.set_directory(None)
    try:
        return concrete(function)
    finally:
        tf.config.compilation_cache.set_directory(before)


def text(made):
    return made.mlir().replace(made._graph.symbol, "f")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_regions_are_followed_to_the_end(program):
    first, second = concrete(program), concrete(program)
    assert not first._graph.is_followed and second._graph.is_followed
    wanted = flat(without(program)(tf.constant(X)))
    assert flat(first(tf.constant(X))) == flat(second(tf.constant(X))) == wanted
    assert second._graph.is_followed


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_followed_regions_are_built_as_they_would_have_been(program):
    concrete(program)
    second = concrete(program)
    assert second._graph.is_followed
    assert text(second) == text(without(program))


@pytest.mark.parametrize("place", range(7))
def test_a_difference_in_any_region_is_seen(place):
    numbers = [1.0] * 7

    def f(x):
        n = list(numbers)
        x = x * n[0]
        if tf.reduce_sum(x) > 3.0:
            x = x + n[1]
            while tf.reduce_sum(x) < 40.0:
                x = x * 1.5 + n[2]
                if x[0] > 4.0:
                    x = x - n[3]
                else:
                    x = x + n[4]
        else:
            x = x - n[5]
        return x * n[6]

    concrete(f)
    assert concrete(f)._graph.is_followed
    numbers[place] = 1.25
    changed = concrete(f)
    assert not changed._graph.is_followed
    assert text(changed) == text(without(f))
    assert flat(changed(tf.constant(X))) == flat(without(f)(tf.constant(X)))
    assert concrete(f)._graph.is_followed


def test_a_trial_that_differs_after_a_branch_is_taken_back():
    number = [2.0]

    def f(x):
        while tf.cond(tf.reduce_sum(x) < 40.0, lambda: x[0] < 9.0, lambda: x[1] < 3.0) & (x[2] * number[0] < 50.0):
            x = x * 1.5
        return x

    concrete(f)
    assert concrete(f)._graph.is_followed
    number[0] = 2.5
    changed = concrete(f)
    assert text(changed) == text(without(f))


def test_an_error_in_a_branch_is_the_same_once_it_is_followed():
    wrong = [False]

    def f(x):
        if x[0] > 0.0:
            x = x + (tf.zeros([4]) if wrong[0] else 1.0)
        return x

    concrete(f)
    wrong[0] = True
    with pytest.raises(ValueError, match="broadcast") as followed:
        concrete(f)
    with pytest.raises(ValueError, match="broadcast") as built:
        without(f)
    assert str(followed.value) == str(built.value)


def test_branches_of_different_types_are_an_error_after_a_kept_trace():
    wrong = [False]

    def f(x):
        return tf.cond(x[0] > 0.0, lambda: x, lambda: tf.constant(1) if wrong[0] else x * 2.0)

    concrete(f)
    wrong[0] = True
    with pytest.raises(TypeError, match="true_fn and false_fn"):
        concrete(f)


def test_a_variable_in_a_loop_is_followed():
    v = tf.Variable(1.0)

    def f(x):
        for _ in tf.range(3):
            v.assign_add(tf.reduce_sum(x))
        return v * 1.0

    for _ in range(2):
        v.assign(1.0)
        made = concrete(f)
        assert made(tf.constant(X)).numpy() == 19.0 and v.numpy() == 19.0
    assert made._graph.is_followed


def test_a_gradient_of_a_followed_loop_is_right():
    def f(x):
        while tf.reduce_sum(x) < 50.0:
            x = x * 2.0
        return tf.reduce_sum(x * x)

    found = []
    for _ in range(2):
        made, x = concrete(f), tf.constant(X)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = made(x)
        found.append(tape.gradient(y, x).numpy())
    assert np.array_equal(*found) and np.allclose(found[0], 2 * X * 16 * 16)


def test_a_loop_under_a_tape_inside_is_built():
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in tf.range(3):
                y = y * x
        return tape.gradient(y, x)

    for _ in range(2):
        made = concrete(f)
        assert np.allclose(made(tf.constant(X)), 4 * X**3)
    assert not made._graph.is_followed


def test_a_loop_with_a_list_is_built():
    def f(x):
        made = tf.TensorArray(tf.float32, 3)
        for i in tf.range(3):
            made = made.write(i, x[i] * 2.0)
        return made.stack()

    for _ in range(2):
        made = concrete(f)
        assert np.allclose(made(tf.constant(X)), 2 * X)
    assert not made._graph.is_followed


def test_a_second_process_with_loops_does_without_mlir(folder):
    code = textwrap.dedent("""
        import sys
        import tfc as tf

        @tf.function
        def f(x):
            while tf.reduce_sum(x) < 50.0:
                x = x * 2.0
                if x[0] > 3.0:
                    x = x + 1.0
            return tf.cond(x[0] > 0.0, lambda: x, lambda: -x)

        print(f(tf.constant([1.0, 2.0])).numpy().tolist(), "mlir" in sys.modules)
    """)
    (folder.parent / "program.py").write_text(code)
    said = []
    for _ in range(2):
        command = [sys.executable, "-B", "-c", f"import tfc as tf; tf.config.compilation_cache.set_directory({str(folder)!r}); "
                   f"import runpy; runpy.run_path({str(folder.parent / 'program.py')!r})"]  # fmt: skip
        said.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.rpartition("]"))
    assert said[0][0] == said[1][0] and [s[2].strip() for s in said] == ["True", "False"]
