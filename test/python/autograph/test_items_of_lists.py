"""Items of a list that a tensor loop updates by a key that changes in it: the list's items are loop variables."""

import numpy as np
import pytest
import tfc as tf

N = tf.constant(4)


@tf.function
def in_a_python_loop(n):
    counts = [0, 0, 0]
    for _ in tf.range(n):
        for k in range(3):
            counts[k] += k
    return counts


@tf.function
def in_a_while_loop(n):
    sums = [tf.constant(0.0), tf.zeros(2)]
    while n > 0:
        for k, x in enumerate([1.0, 2.0]):
            sums[k] += x
        n -= 1
    return sums


@tf.function
def by_keys_that_are_computed(n):
    counts = [0, 0, 0, 0]
    for i in tf.range(n):
        for k in range(2):
            counts[2 * k + 1] += i
    return counts


@tf.function
def in_two_tensor_loops(n):
    counts = [0, 0]
    for _ in tf.range(n):
        for j in tf.range(n):
            for k in range(2):
                counts[k] += j
    return counts


@tf.function
def beside_an_item_of_a_constant_key(n):
    counts = [0, 0]
    for _ in tf.range(n):
        counts[0] += 10
        for k in range(2):
            counts[k] += 1
    return counts


class Holder:
    def __init__(self):
        self.counts = [0, 0]


@tf.function
def of_an_attribute(n):
    holder = Holder()
    for _ in tf.range(n):
        for k in range(2):
            holder.counts[k] += 1
    return holder.counts


@tf.function
def by_an_alias(n):
    counts = [0, 0]
    same = counts
    for _ in tf.range(n):
        for k in range(2):
            same[k] += 1
    return counts


@tf.function
def in_no_iteration(n):
    counts = [5, 6]
    for _ in tf.range(n - n):
        for k in range(2):
            counts[k] += 1
    return counts


WANT = {
    in_a_python_loop: [0, 4, 8],
    in_a_while_loop: [4, [8, 8]],
    by_keys_that_are_computed: [0, 6, 0, 6],
    in_two_tensor_loops: [24, 24],
    beside_an_item_of_a_constant_key: [44, 4],
    of_an_attribute: [4, 4],
    by_an_alias: [4, 4],
    in_no_iteration: [5, 6],
}


@pytest.mark.parametrize("function", WANT, ids=lambda f: f.__name__)
def test_items_are_updated_in_each_iteration(function):
    for got, want in zip(function(N), WANT[function], strict=True):
        np.testing.assert_array_equal(got, want)


def test_gradients_go_through_updated_items():
    @tf.function
    def f(x):
        sums = [x, x]
        for _ in tf.range(3):
            for k in range(2):
                sums[k] *= x
        return sums[0] + sums[1]

    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert y.numpy() == 32 and tape.gradient(y, x).numpy() == 64


def test_numbers_of_a_list_are_tensors_of_their_type():
    @tf.function
    def f(n):
        sums = [0, 0]
        for _ in tf.range(n):
            for k in range(2):
                sums[k] += 0.5
        return sums

    with pytest.raises(TypeError, match="expected to be a int32 tensor"):
        f(N)


def test_lists_of_other_things_and_dictionaries_are_pythons():
    @tf.function
    def f(n):
        names, table = ["a", None], {"x": 0}
        total = 0
        for _ in tf.range(n):
            for k, key in enumerate(["x"]):
                names[k] += "b"
                table[key] += 1
            total += 1
        return total

    assert f(N).numpy() == 4


def test_a_list_that_items_are_assigned_to_is_the_programs_own_for_each_iteration():
    """They may have another type and shape than before the loop."""

    @tf.function
    def f(n):
        made = [0] * 2
        y = tf.zeros([3])
        for i in tf.range(n):
            for j in range(2):
                made[j] = tf.ones([3]) * tf.cast(i, tf.float32)
            for j in range(2):
                made[j] += 1.0
            y += made[0] * made[1]
        return y

    assert f(tf.constant(3)).numpy().tolist() == [14.0, 14.0, 14.0]
