"""Iterations over datasets: what they hold, who shares them, and the errors they let through."""

import sys
import threading
import tracemalloc

import numpy as np
import pytest
import tfc as tf

D = tf.data.Dataset


@tf.function
def first_of(dataset):
    for x in dataset:
        if x >= 0:
            return x
    return tf.constant(-1.0)


@pytest.mark.parametrize("first", [lambda d: next(iter(d)), first_of], ids=["eager", "function"])
def test_an_iteration_copies_no_more_of_an_array_than_it_gives(first):
    dataset = D.from_tensor_slices(np.ones(2_000_000, np.float32))
    first(dataset)
    tracemalloc.start()
    try:
        assert first(dataset).numpy() == 1
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.fixture
def often_switched():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(take, count=4):
    """What calls of `take` give, in threads, until it gives nothing more."""
    got, failed = [], []

    def work():
        try:
            while (some := take()) is not None:
                got.extend(some)
        except Exception as e:
            failed.append(e)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
    return sorted(got)


SHARED = {"blocks": lambda n: D.range(n), "mapped": lambda n: D.range(n).map(lambda x: x)}


@pytest.mark.parametrize("name", SHARED)
def test_threads_that_share_an_iterator_get_every_element_once(name, often_switched):
    iterator = iter(SHARED[name](3000))

    def take():
        x = next(iterator, None)
        return None if x is None else [int(x)]

    assert in_threads(take) == list(range(3000))


@pytest.mark.parametrize("name", SHARED)
def test_functions_in_threads_that_share_an_iterator_get_every_element_once(name, often_switched):
    @tf.function
    def some(iterator):
        found = tf.TensorArray(tf.int64, 0, dynamic_size=True, element_shape=())
        for x in iterator:
            found = found.write(found.size(), x)
            if found.size() >= 20:
                break
        return found.stack()

    iterator, calls = iter(SHARED[name](10_000)), iter(range(40))
    some(iter(SHARED[name](40)))
    got = in_threads(lambda: None if next(calls, None) is None else some(iterator).numpy().tolist())
    assert got == list(range(40 * 20))


def uneven():
    arrays = [np.zeros(2, np.float32), np.zeros(3, np.float32)]
    return D.from_generator(lambda: iter(arrays), output_signature=tf.TensorSpec([None])).batch(2)


def looped(dataset):
    n = 0
    for _ in dataset:
        n += 1
    return n


@pytest.mark.parametrize("use", [looped, lambda d: next(iter(d))], ids=["loop", "next"])
def test_an_error_of_an_operation_of_a_dataset_keeps_its_class_in_a_function(use):
    dataset = uneven()
    with pytest.raises(tf.errors.InvalidArgumentError, match="Cannot batch tensors with different shapes"):
        tf.function(lambda: use(dataset))()


def test_an_error_of_a_generator_is_unknown_in_a_function():
    def broken():
        yield 1
        raise KeyError("q")

    dataset = D.from_generator(broken, output_signature=tf.TensorSpec([], tf.int32))
    with pytest.raises(tf.errors.UnknownError, match="KeyError"):
        tf.function(lambda: looped(dataset))()


def test_functions_of_datasets_are_traced_where_functions_run_eagerly():
    eager = []

    def double(x):
        eager.append(isinstance(x, tf.Tensor) and hasattr(x, "numpy"))
        return x * 2

    tf.config.run_functions_eagerly(True)
    try:
        found = [int(x) for x in D.range(5).map(double)]
    finally:
        tf.config.run_functions_eagerly(False)
    assert found == [0, 2, 4, 6, 8] and len(eager) == 1


def test_map_over_a_dataset_of_tuples_gives_the_function_the_tuple():
    dataset = D.from_tensor_slices(([1, 2, 3], [4, 5, 6]))

    @tf.function
    def total():
        s = 0
        for x in map(lambda pair: pair[0] * pair[1], dataset):
            s += x
        return s

    assert total().numpy() == 32


@tf.function
def length(dataset):
    return len(dataset)


@pytest.mark.parametrize(
    "dataset", [D.range(3).repeat(), D.range(3).filter(lambda x: x > 0)], ids=["infinite", "unknown"]
)
def test_len_in_a_function_wants_a_dataset_whose_size_is_known(dataset):
    with pytest.raises(tf.errors.InvalidArgumentError, match="len requires dataset with definitive cardinality"):
        length(dataset)


def test_len_in_a_function_is_known_when_the_function_runs():
    batches = tf.function(lambda n: len(D.range(7).batch(n)))
    assert length(D.range(7)).numpy() == 7 and batches(tf.constant(2, tf.int64)).numpy() == 4


def test_len_of_an_endless_dataset_is_no_error_where_the_function_does_not_go():
    @tf.function
    def some(endless):
        if endless:
            return len(D.range(3).repeat())
        return tf.constant(0, tf.int64)

    assert some(tf.constant(False)).numpy() == 0
