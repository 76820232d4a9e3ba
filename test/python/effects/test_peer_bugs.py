"""Silent errors that users of other compilers have met with state, each by the name of its rule."""

import numpy as np
import pytest
import tfc as tf
from python_programs import without_passes
from test_python_programs import OPTIONAL


@pytest.fixture(params=["all passes", "no passes"], autouse=True)
def passes(request):
    with without_passes(*(OPTIONAL if request.param == "no passes" else ())):
        yield


def test_a_mutation_before_a_cond_is_seen_in_its_branches():
    """PyTorch #169118: an ahead-of-time compiler moved a buffer's mutation behind the cond that reads it."""
    state = tf.Variable(tf.zeros([4]))

    @tf.function
    def f(x):
        state.assign_add(x)
        return tf.cond(tf.reduce_sum(x) > 0.0, lambda: state * 10.0, lambda: state - 1.0)

    np.testing.assert_array_equal(f(tf.ones([4])).numpy(), [10.0] * 4)
    np.testing.assert_array_equal(f(tf.ones([4])).numpy(), [20.0] * 4)
    np.testing.assert_array_equal(f(-tf.ones([4])).numpy(), [0.0] * 4)


def test_a_mutation_behind_a_cond_is_not_seen_in_its_branches():
    state = tf.Variable(tf.ones([4]))

    @tf.function
    def f(p):
        before = tf.cond(p, lambda: state * 10.0, lambda: state - 1.0)
        state.assign(state * 2.0)
        return before

    np.testing.assert_array_equal(f(tf.constant(True)).numpy(), [10.0] * 4)
    np.testing.assert_array_equal(f(tf.constant(False)).numpy(), [1.0] * 4)
    np.testing.assert_array_equal(state.numpy(), [4.0] * 4)


def test_a_mutation_inside_a_cond_is_kept():
    state = tf.Variable(tf.ones([4]))

    @tf.function
    def f(p):
        if p:
            state.assign(state + 1.0)
        else:
            state.assign(state * 10.0)
        return state.read_value()

    np.testing.assert_array_equal(f(tf.constant(True)).numpy(), [2.0] * 4)
    np.testing.assert_array_equal(f(tf.constant(False)).numpy(), [20.0] * 4)
    np.testing.assert_array_equal(state.numpy(), [20.0] * 4)


def test_a_loop_condition_that_mutates_leaves_its_state():
    """PyTorch #195327, #195393: state written by a while_loop's condition went stale, and later calls were wrong."""
    checks = tf.Variable(0)

    def more(i):
        checks.assign_add(1)
        return i < 3

    f = tf.function(lambda: tf.while_loop(more, lambda i: (i + 1,), (tf.constant(0),)))
    for call in (1, 2, 3):
        assert int(np.asarray(f()[0])) == 3
        assert int(checks.numpy()) == 4 * call


def test_a_loop_condition_that_mutates_is_run_once_without_iterations():
    checks = tf.Variable(0)

    @tf.function
    def f(n):
        i = tf.constant(0)
        while checks.assign_add(1) - checks + i < n:
            i += 1
        return i

    assert int(f(tf.constant(0)).numpy()) == 0 and int(checks.numpy()) == 1
    assert int(f(tf.constant(2)).numpy()) == 2 and int(checks.numpy()) == 4


def test_a_loop_condition_sees_what_its_body_mutates():
    level = tf.Variable(0.0)

    @tf.function
    def f(limit):
        steps = tf.constant(0)
        while level < limit:
            level.assign_add(1.5)
            steps += 1
        return steps

    assert int(f(tf.constant(4.0)).numpy()) == 3 and float(level.numpy()) == 4.5
    assert int(f(tf.constant(4.0)).numpy()) == 0
    assert int(f(tf.constant(6.0)).numpy()) == 1 and float(level.numpy()) == 6.0


@pytest.mark.parametrize("size", [(), (1,), (3,)])
def test_a_small_mutated_buffer_is_no_constant(size):
    """PyTorch #169347: small buffers were inlined as constants although the program writes them."""
    counter = tf.Variable(tf.zeros(size))

    @tf.function
    def f():
        counter.assign_add(tf.ones(size))
        return counter + 0.0

    for call in (1.0, 2.0, 3.0):
        np.testing.assert_array_equal(f().numpy(), np.full(size, call))
    counter.assign(tf.zeros(size) + 10.0)
    np.testing.assert_array_equal(f().numpy(), np.full(size, 11.0))


def test_a_variable_that_is_only_read_is_no_constant():
    scale = tf.Variable(2.0)
    f = tf.function(lambda x: x * scale)
    assert float(f(tf.constant(3.0)).numpy()) == 6.0
    scale.assign(5.0)
    assert float(f(tf.constant(3.0)).numpy()) == 15.0


class Counter(tf.Module):
    def __init__(self):
        super().__init__()
        self.total = tf.Variable(tf.zeros([2]), name="total")

    @tf.function
    def add(self, x):
        self.total.assign_add(x)

    @tf.function
    def read(self):
        return self.total + 0.0

    @tf.function
    def reset(self):
        self.total.assign(tf.zeros([2]))


def test_methods_share_their_state():
    """ExecuTorch: each method of a program got buffers of its own."""
    counter = Counter()
    counter.add(tf.constant([1.0, 2.0]))
    counter.add(tf.constant([1.0, 2.0]))
    np.testing.assert_array_equal(counter.read().numpy(), [2.0, 4.0])
    counter.reset()
    counter.add(tf.constant([5.0, 5.0]))
    np.testing.assert_array_equal(counter.read().numpy(), [5.0, 5.0])


def test_a_function_called_by_a_loop_condition_runs_once_a_test():
    """Found by the random programs: the test that is traced to see what it is left its calls behind."""
    calls = tf.Variable(0)

    @tf.function
    def count(x):
        calls.assign_add(1)
        return x

    @tf.function
    def f(n):
        i = tf.constant(0)
        while count(i) < n:
            i += 1
        return i

    assert int(f(tf.constant(2)).numpy()) == 2 and int(calls.numpy()) == 3
