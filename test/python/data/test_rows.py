"""Elements that come to a function in blocks are those that Python gets one by one."""

import subprocess
import sys

import numpy as np
import pytest
import tfc as tf
from tfc.runtime import set_host_call

D = tf.data.Dataset
X = np.arange(24, dtype=np.float32).reshape(8, 3)
PIPELINES = {
    "range": lambda: D.range(3, 40, 4),
    "range_down": lambda: D.range(10, 0, -3, output_type=tf.int32),
    "slices": lambda: D.from_tensor_slices(X),
    "nested": lambda: D.from_tensor_slices({"b": X, "a": (X[:, 0], np.arange(8))}),
    "batch": lambda: D.range(10).batch(4),
    "batch_remainder": lambda: D.range(10).batch(4, drop_remainder=True),
    "batch_of_batch": lambda: D.range(12).batch(2).batch(3),
    "skip_take": lambda: D.range(20).skip(3).take(9),
    "take_more": lambda: D.range(3).take(9),
    "shard": lambda: D.range(20).shard(3, 1),
    "shard_of_slices": lambda: D.from_tensor_slices(X).shard(2, 1).batch(3),
    "repeat": lambda: D.range(3).repeat(3).batch(2),
    "repeat_without_end": lambda: D.range(3).repeat().take(10),
    "enumerate": lambda: D.from_tensor_slices(X).batch(3).enumerate(5),
    "zip": lambda: D.zip((D.range(5), D.from_tensor_slices(X).batch(2))),
    "nothing": lambda: D.range(0),
    "nothing_left": lambda: D.range(3).skip(5),
    "concatenate": lambda: D.range(3).concatenate(D.range(7)),
    "map": lambda: D.range(9).map(lambda x: (x, x * 2)),
    "map_of_shapes": lambda: D.range(9).map(lambda x: tf.range(x)),
    "filter": lambda: D.range(20).filter(lambda x: x % 3 == 0).batch(2),
    "padded": lambda: D.range(6).map(lambda x: tf.range(x)).padded_batch(4),
    "strings": lambda: D.from_tensor_slices(["a", "bc", ""]),
    "cache": lambda: D.range(5).map(lambda x: -x).cache(),
    "window": lambda: D.range(7).window(3, shift=2).flat_map(lambda w: w.batch(3)),
    "bools": lambda: D.from_tensor_slices([True, False, True]),
}


def flat(element):
    return [np.asarray(t).tolist() for t in tf.nest.flatten(element)]


@pytest.mark.parametrize("name", PIPELINES)
def test_a_function_gets_the_elements_that_python_gets(name):
    seen = []

    @tf.function
    def through(ds):
        for element in ds:
            leaves = tf.nest.flatten(element)
            tf.numpy_function(lambda *leaves: seen.append([np.asarray(v).tolist() for v in leaves]), leaves, [])

    dataset = PIPELINES[name]()
    for _ in range(2):
        seen.clear()
        through(dataset)
        assert seen == [flat(e) for e in dataset]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 300])
def test_a_loop_that_is_left_starts_anew(count):
    @tf.function
    def first(ds, n):
        total, steps = tf.constant(0, tf.int64), tf.constant(0, tf.int64)
        for x in ds:
            if steps == n:
                break
            total, steps = total + x, steps + 1
        return total

    dataset = D.range(1000)
    for _ in range(2):
        assert first(dataset, tf.constant(count, tf.int64)).numpy() == sum(range(count))


def test_an_iterator_goes_on_where_a_function_left_it():
    @tf.function
    def two(it):
        total, steps = tf.constant(0, tf.int64), 0
        for x in it:
            total, steps = total + x, steps + 1
            if steps == 2:
                break
        return total

    it = iter(D.range(100).map(lambda x: x * 10))
    assert two(it).numpy() == 10 and next(it).numpy() == 20 and two(it).numpy() == 70 and next(it).numpy() == 50


def test_an_error_comes_with_its_element():
    done = tf.Variable(0, dtype=tf.int64)

    @tf.function
    def through(ds, n):
        for x in ds:
            if x == n:
                break
            done.assign_add(1)

    dataset = D.range(50).map(lambda x: 100 // (20 - x))
    through(dataset, tf.constant(100 // 5, tf.int64))
    assert done.numpy() == 15
    done.assign(0)
    with pytest.raises(tf.errors.InvalidArgumentError):
        through(dataset, tf.constant(-1000, tf.int64))
    assert done.numpy() == 20


def test_functions_with_effects_are_called_when_their_element_is_asked_for():
    v, order = tf.Variable(0, dtype=tf.int64), []

    def host(x):
        order.append(("made", int(x)))
        return x

    @tf.function
    def through(ds):
        for x in ds:
            v.assign_add(1)
            tf.numpy_function(lambda x: order.append(("used", int(x))), [x], [])

    through(D.range(3).map(lambda x: tf.numpy_function(host, [x], tf.int64)))
    assert order == [(what, n) for n in range(3) for what in ("made", "used")]
    v.assign(0)
    order.clear()
    through(D.range(3).map(lambda x: x * 10 + v))
    assert order == [("used", 0), ("used", 11), ("used", 22)]


def test_a_generator_runs_with_its_elements():
    order = []

    def numbers():
        for i in range(3):
            order.append(("made", i))
            yield i

    @tf.function
    def through(ds):
        for x in ds:
            tf.numpy_function(lambda x: order.append(("used", int(x))), [x], [])

    through(D.from_generator(numbers, output_signature=tf.TensorSpec([], tf.int32)))
    assert order == [(what, n) for n in range(3) for what in ("made", "used")]


def test_random_functions_of_elements_are_not_called_ahead():
    noisy = D.range(3).map(lambda x: tf.random.uniform([]))
    assert not noisy._runs_ahead() and D.range(3).map(lambda x: x + 1)._runs_ahead()


@pytest.fixture
def host_calls():
    """The numbers of the host functions that compiled code has called in Python."""
    calls = []

    def counted(number, tensors):
        calls.append(number)
        return before(number, tensors)

    before = set_host_call(counted)
    yield calls
    set_host_call(before)


@tf.function
def total(ds):
    s = tf.constant(0, tf.int64)
    for x in ds:
        s += tf.reduce_sum(tf.cast(x, tf.int64))
    return s


def test_an_element_of_a_generator_is_one_call_of_the_host(host_calls):
    dataset = D.from_generator(lambda: iter(range(10)), output_signature=tf.TensorSpec([], tf.int32))
    total(dataset)
    host_calls.clear()
    assert total(dataset).numpy() == 45 and len(host_calls) <= 10 + 2


def test_elements_that_are_array_work_come_many_at_once(host_calls):
    dataset = D.range(4000).batch(2)
    total(dataset)
    host_calls.clear()
    assert total(dataset).numpy() == 4000 * 3999 // 2 and len(host_calls) < 30


COLLECTED = """
import gc, weakref
import numpy as np
from tfc import _native
from tfc.core import eager_tensor

class Iteration:
    pass

gc.disable()
for number in range(10**9, 10**9 + 2):
    _native.put_rows(number, [eager_tensor(np.arange(8.0))], 8)
gone = Iteration()
gone.itself = gone
weakref.finalize(gone, _native.drop_rows, 10**9 + 1)
lists = [[] for _ in range(1000)]  # none is left for reuse
rows = []
del gone
gc.enable()
gc.set_threshold(1)  # the next list that is made collects
for _ in range(9):
    rows.append(_native.take_row(10**9))
assert rows.pop() is None
print([float(row[0]) for row in rows], _native.rows_left(10**9 + 1))
"""


def test_an_iteration_is_collected_while_another_gives_a_row():
    done = subprocess.run([sys.executable, "-c", COLLECTED], capture_output=True, text=True, timeout=120)
    assert done.stdout == f"{[float(i) for i in range(8)]} 0\n", done.stderr
