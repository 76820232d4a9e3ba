"""Iterations go on after an element that failed, with the next one."""

import numpy as np
import pytest
import tfc as tf

CHANGES = {
    "map": (lambda d: d.map(lambda x: 2 * x), [2, 1, "E", 0.5, 0.4]),
    "filter": (lambda d: d.filter(lambda x: x < 1), [0.5, "E", 0.25, 0.2]),
    "batch": (lambda d: d.batch(2), [[1, 0.5], "E", [0.2]]),
    "take": (lambda d: d.take(3), [1, 0.5, "E", 0.25]),
    "skip": (lambda d: d.skip(1), [0.5, "E", 0.25, 0.2]),
    "shard": (lambda d: d.shard(2, 0), [1, "E", 0.25]),
    "repeat": (lambda d: d.repeat(2), [1, 0.5, "E", 0.25, 0.2, 1, 0.5, "E", 0.25, 0.2]),
    "concatenate": (lambda d: d.concatenate(d.take(1)), [1, 0.5, "E", 0.25, 0.2, 1]),
    "take_while": (lambda d: d.take_while(lambda x: x > 0.2), [1, 0.5, "E", 0.25]),
    "window": (lambda d: d.window(2).flat_map(lambda w: w.batch(2)), [[1, 0.5], "E", [0.2]]),
    "scan": (lambda d: d.scan(0.0, lambda s, x: (s + x, s + x)), [1, 1.5, "E", 1.75, 1.95]),
    "flat_map": (lambda d: d.flat_map(tf.data.Dataset.from_tensors), [1, 0.5, "E", 0.25, 0.2]),
    "unbatch": (lambda d: d.batch(1).unbatch(), [1, 0.5, "E", 0.25, 0.2]),
    "prefetch": (lambda d: d.prefetch(2), [1, 0.5, "E", 0.25, 0.2]),
    "ignore_errors": (lambda d: d.ignore_errors(), [1, 0.5, 0.25, 0.2]),
    "ignored batch": (lambda d: d.ignore_errors().batch(3), [[1, 0.5, 0.25], [0.2]]),
}


def failing():
    numbers = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 0.0, 4.0, 5.0])
    return numbers.map(lambda x: tf.debugging.check_numerics(1 / x, "bad"))


def outcomes(dataset):
    iterator, found = iter(dataset), []
    while True:
        try:
            found.append(np.round(next(iterator).numpy(), 3).tolist())
        except StopIteration:
            return found
        except tf.errors.InvalidArgumentError:
            found.append("E")


@pytest.mark.parametrize("change", CHANGES)
def test_an_iteration_goes_on_after_an_error(change):
    function, expected = CHANGES[change]
    assert outcomes(function(failing())) == [e if e == "E" else np.round(np.float32(e), 3).tolist() for e in expected]


def test_datasets_side_by_side_stay_together():
    pairs = tf.data.Dataset.zip(failing(), tf.data.Dataset.range(5)).ignore_errors()
    assert [int(i) for _, i in pairs] == [0, 1, 3, 4]


def test_a_cache_holds_what_did_not_fail():
    cached = failing().cache()
    assert outcomes(cached).count("E") == 1
    assert outcomes(cached) == outcomes(failing().ignore_errors())


@pytest.mark.parametrize(
    "raised, seen",
    [
        (ZeroDivisionError, tf.errors.UnknownError),
        (ValueError, tf.errors.InvalidArgumentError),
        (TypeError, tf.errors.InvalidArgumentError),
        (NotImplementedError, tf.errors.UnimplementedError),
        (MemoryError, tf.errors.ResourceExhaustedError),
    ],
)
def test_an_error_of_a_generator_is_that_of_a_python_call(raised, seen):
    def generator():
        yield 1
        raise raised

    iterator = iter(tf.data.Dataset.from_generator(generator, output_signature=tf.TensorSpec([], tf.int32)))
    assert next(iterator).numpy() == 1
    with pytest.raises(seen):
        next(iterator)
    with pytest.raises(StopIteration):
        next(iterator)
