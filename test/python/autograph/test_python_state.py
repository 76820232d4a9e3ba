"""Python state that a loop or branch on tensors changes: eager Python's result, or an error while the function is traced."""

import logging

import numpy as np
import pytest
import state_programs
import state_programs_of_branches
import tfc as tf
from tfc.ops import nest

FOLLOWED = [p for p, followed in state_programs.PROGRAMS if followed]
REFUSED = [p for p, followed in state_programs.PROGRAMS if not followed]
DIFFERENTIATED = [
    "nested_lists",
    "state_of_an_attribute",
    "nested_loops",
    "branch_in_a_loop",
    "loop_with_jumps",
    "scratch_list",
]
X = 1.5


@pytest.fixture(autouse=True)
def module_state():
    state_programs.STACK[:] = [0.0, 0.0]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", FOLLOWED, ids=lambda p: p.__name__)
def test_what_is_followed_is_as_in_python(program):
    compiled = tf.function(program)
    for n in (4, 1, 0):
        x = tf.constant(X)
        want = nest.flatten(program(tf.constant(n), x))
        got = nest.flatten(compiled(tf.constant(n), x))
        for a, b in zip(got, want, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", REFUSED, ids=lambda p: p.__name__)
def test_what_is_not_followed_is_an_error_that_leaves_everything_as_it_was(program):
    compiled = tf.function(program)
    with pytest.raises((NotImplementedError, TypeError, ValueError)):
        compiled(tf.constant(4), tf.constant(X))
    assert state_programs.STACK == [0.0, 0.0]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_gradients_go_through_state(name):
    program = getattr(state_programs, name, None) or getattr(state_programs_of_branches, name)
    compiled = tf.function(program)

    def gradient(f, n):
        x = tf.constant(X)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.add_n([tf.reduce_sum(v) for v in nest.flatten(f(n, x))])
        return tape.gradient(y, x)

    for n in (3, 0):
        want = gradient(program, tf.constant(n))
        got = gradient(compiled, tf.constant(n))
        if want is None:
            assert got is None or got.numpy() == 0
        else:
            np.testing.assert_allclose(got, want, rtol=1e-6)


def test_the_error_has_the_line_that_changes():
    @tf.function
    def f(n):
        seen, push = [], None
        push = seen.extend
        for i in tf.range(n):
            push([i])  # this line
        return n

    with pytest.raises(NotImplementedError) as e:
        f(tf.constant(3))
    text = str(e.value)
    assert "push([i])  # this line" in text and "a list with 0 items before and 1 after" in text and "try:" in text


def test_what_a_function_that_is_not_converted_does_is_done_once():
    runs = []

    @tf.autograph.experimental.do_not_convert
    def note():
        runs.append(1)

    @tf.function
    def f(n):
        for _ in tf.range(n):
            note()
        return n

    f(tf.constant(3))
    assert runs == [1]


def test_objects_are_as_they_were_after_an_error():
    class Model:
        def __init__(self):
            self.h, self.log, self.cache = 1.0, [1], {"a": 2}

        def step(self, x):
            self.h = self.h + x
            self.cache["a"] = x
            self.log.append(x)

    model = Model()

    @tf.function
    def f(n, x):
        for _ in tf.range(n):
            model.step(x)
        return model.h

    with pytest.raises(NotImplementedError):
        f(tf.constant(3), tf.constant(1.0))
    assert model.h == 1.0 and model.log == [1] and model.cache == {"a": 2}


def test_what_is_built_in_the_first_iteration_is_built_once():
    class Layer:
        def __init__(self):
            self.built, self.w, self.weights = False, None, []

        def __call__(self, x):
            if not self.built:
                self.w = tf.Variable(2.0)
                self.weights.append(self.w)
                self.built = True
            return x * self.w

    layer = Layer()

    @tf.function
    def f(n, x):
        for _ in tf.range(n):
            x = layer(x)
        return x

    assert f(tf.constant(3), tf.constant(1.0)).numpy() == 8
    assert layer.built is True and len(layer.weights) == 1
    assert f(tf.constant(4), tf.constant(1.0)).numpy() == 16


def test_what_is_built_in_a_branch_is_built_once():
    made = {}

    def variable():
        if "w" not in made:
            made["w"] = tf.Variable(3.0)
        return made["w"]

    @tf.function
    def f(n, x):
        if n > 2:
            x = x * variable()
        else:
            x = x + variable()
        return x

    assert f(tf.constant(3), tf.constant(2.0)).numpy() == 6
    assert f(tf.constant(1), tf.constant(2.0)).numpy() == 5


def test_an_item_of_another_type_than_before_may_not_be_read_afterwards():
    @tf.function
    def f(n):
        made = [0, 0]
        for _ in tf.range(n):
            for j in range(2):
                made[j] = tf.ones([3])
        return made[0] + 1.0

    with pytest.raises((TypeError, ValueError), match="made"):
        f(tf.constant(3))


def test_what_a_library_does_to_its_own_objects_is_its_business():
    logger = logging.getLogger("tfc.test_python_state")
    logger.setLevel(logging.ERROR)
    logger._cache.clear()

    @tf.function
    def f(n):
        for _ in tf.range(n):
            logger.info("in a loop")
        return n

    assert f(tf.constant(3)).numpy() == 3
    assert not any(tf.is_tensor(v) for v in logger._cache.values())


def test_an_iterator_of_the_programs_class_is_followed():
    class Numbers:
        def __init__(self):
            self.at = 0

        def __iter__(self):
            return self

        def __next__(self):
            self.at = self.at + 1
            return self.at

    @tf.function
    def f(n):
        numbers, total = Numbers(), 0
        for _ in tf.range(n):
            total += next(numbers)
        return total

    assert f(tf.constant(4)).numpy() == 10


LOG = []


def test_a_log_of_what_is_traced_is_kept_with_a_warning():
    @tf.function
    def f(n):
        if n > 0:
            LOG.append("positive")
        return n

    with pytest.warns(tf.autograph.ConversionWarning, match="while it is traced"):
        f(tf.constant(3))
    assert LOG == ["positive"]
    f(tf.constant(-3))
    assert LOG == ["positive"]


def test_a_dictionary_that_one_branch_assigns_and_the_other_changes():
    @tf.function
    def f(x):
        d = {"a": x, "b": x}
        if x > 0:
            d = {"a": x + 1, "b": x + 2}
        else:
            d["a"] = x - 1
        return d

    assert {k: v.numpy() for k, v in f(tf.constant(-1)).items()} == {"a": -2, "b": -1}
