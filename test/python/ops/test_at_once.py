"""Compositions that are computed at once, without primitives, where nobody hears of those: the same bits as under a tape."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
X = tf.constant(RNG.standard_normal((6, 4, 4)), tf.float32)
IDS = tf.constant([0, 0, 2, 2, 2, 5])
RATES = tf.constant([0.5, 3.0, 40.0])
COMPOSITIONS = {
    "split": lambda: tf.split(X, 3),
    "split of sizes": lambda: tf.split(X, [1, 0, 3], axis=-1),
    "unstack": lambda: tf.unstack(X),
    "unstack of columns": lambda: tf.unstack(X, axis=2),
    "diagonal": lambda: tf.linalg.diag_part(X),
    "diagonal below": lambda: tf.linalg.diag_part(X[:, :3], k=-2),
    "det": lambda: tf.linalg.det(X),
    "poisson": lambda: tf.random.stateless_poisson([2, 3], [1, 2], RATES),
    "gamma": lambda: tf.random.stateless_gamma([2, 3], [1, 2], RATES),
    "binomial": lambda: tf.random.stateless_binomial([2, 3], [1, 2], 20.0, [0.1, 0.5, 0.9]),
}


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_a_tape_changes_nothing(name):
    at_once = COMPOSITIONS[name]()
    with tf.GradientTape() as tape:
        tape.watch(X)
        by_ops = COMPOSITIONS[name]()
    for a, b in zip(tf.nest.flatten(at_once), tf.nest.flatten(by_ops), strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        assert a.numpy().tobytes() == b.numpy().tobytes()


def test_parts_without_elements_have_their_shape():
    none = tf.zeros([0, 3])
    assert tf.unstack(none) == []
    assert [q.shape for q in tf.unstack(none, axis=1)] == [(0,)] * 3
    assert [q.shape for q in tf.split(none, [1, 2], axis=1)] == [(0, 1), (0, 2)]


def test_parts_of_a_variable_stay_when_it_is_assigned():
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    first, second = tf.unstack(v)
    left = tf.split(v, 2)[0]
    v.assign([[9.0, 9.0], [9.0, 9.0]])
    v.assign_add([[1.0, 1.0], [1.0, 1.0]])
    np.testing.assert_array_equal(first, [1, 2])
    np.testing.assert_array_equal(second, [3, 4])
    np.testing.assert_array_equal(left, [[1, 2]])


@pytest.mark.parametrize("op", ["sum", "prod", "max", "min", "mean"])
def test_segments_of_known_numbers_are_those_of_unknown_ones(op):
    function = getattr(tf.math, f"segment_{op}")
    compiled = tf.function(function)
    for x in (X, tf.cast(X * 10, tf.int32)):
        np.testing.assert_allclose(function(x, IDS), compiled(x, IDS), rtol=1e-6)
        np.testing.assert_allclose(tf.function(lambda x, f=function: f(x, IDS))(x), compiled(x, IDS), rtol=1e-6)


@pytest.mark.parametrize("ids", [[1, 0], [-1, 0]])
def test_numbers_of_segments_that_are_known_are_checked(ids):
    for function in (tf.math.segment_sum, tf.function(lambda x, ids: tf.math.segment_sum(x, ids))):
        with pytest.raises(tf.errors.InvalidArgumentError, match="not increasing"):
            function(tf.ones([2]), tf.constant(ids))


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("rows", [1, 5, 64, 65])
def test_triangular_systems_of_few_and_of_many_rows(rows, dtype):
    """Above 64 rows they are solved by products."""
    a = RNG.standard_normal((2, rows, rows)) + 1j * RNG.standard_normal((2, rows, rows)) * dtype.startswith("c")
    a = a if dtype.startswith("c") else a.real
    a = (a / rows + 2 * np.eye(rows)).astype(dtype)
    x = RNG.standard_normal((2, rows, 3)).astype(dtype)
    for lower, triangle in ((True, np.tril), (False, np.triu)):
        solved = tf.linalg.triangular_solve(a, triangle(a) @ x, lower=lower)
        np.testing.assert_allclose(solved, x, rtol=1e-4, atol=1e-4)


BOXES = RNG.random((40, 4))
OVERLAPS = (lambda m: np.maximum(m, m.T))(RNG.random((40, 40)))
SCORES = np.where(np.arange(40) % 7 == 0, 0.5, RNG.random(40))  # some are equal
CHOICES = {
    "boxes": lambda b, o, s: tf.image.non_max_suppression(b, s, 10, 0.3),
    "all boxes": lambda b, o, s: tf.image.non_max_suppression(b, s, 100, 0.7, 0.2),
    "soft": lambda b, o, s: tf.image.non_max_suppression_with_scores(b, s, 20, score_threshold=0.1, soft_nms_sigma=0.5),
    "overlaps": lambda b, o, s: tf.image.non_max_suppression_overlaps(o, s, 10, 0.6),
    "none": lambda b, o, s: tf.image.non_max_suppression(b, s, 0),
}


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("name", CHOICES)
def test_boxes_are_chosen_as_by_single_ops(name, dtype):
    boxes, overlaps, scores = (tf.constant(v, dtype) for v in (BOXES, OVERLAPS, SCORES))
    if name == "all boxes":  # corners in any order, boxes without an area, scores that are none
        boxes = tf.tensor_scatter_nd_update(boxes, [[0], [1]], tf.constant([[0.2, 0.2, 0.2, 0.9], [0, 0, 0, 0]], dtype))
        scores = tf.tensor_scatter_nd_update(scores, [[2], [3]], tf.constant([np.nan, np.inf], dtype))
    at_once = CHOICES[name](boxes, overlaps, scores)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        by_ops = CHOICES[name](boxes, overlaps, scores)
    for a, b in zip(tf.nest.flatten(at_once), tf.nest.flatten(by_ops), strict=True):
        assert a.dtype == b.dtype and a.numpy().tobytes() == b.numpy().tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32", "uint8"])
@pytest.mark.parametrize("size", [2047, 2048, 5000])
@pytest.mark.parametrize("k", [0, 1, 17, 250])
def test_the_first_of_long_rows_are_those_of_a_stable_sort(k, size, dtype):
    """From 2,048 elements on the others are not sorted."""
    x = RNG.integers(0, 100, (3, size)).astype(dtype)
    if np.dtype(dtype).kind == "f":
        x[0, ::9] = np.nan  # more than there is room for
        x[1, 5:9] = np.nan, np.inf, -np.inf, -0.0
    values, places = tf.math.top_k(x, k)
    wanted = tf.argsort(x, direction="DESCENDING", stable=True).numpy()[:, :k]
    np.testing.assert_array_equal(places, wanted)
    np.testing.assert_array_equal(values, np.take_along_axis(x, wanted, 1))


def test_gradients_go_to_the_first_of_long_rows():
    x = tf.constant(RNG.permutation(4096), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.math.top_k(x, 3).values)
    np.testing.assert_array_equal(tape.gradient(y, x), x.numpy() >= 4093)


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_places_of_a_sparse_tensor_are_in_order_where_python_says_so(rank):
    from tfc.ops.sparse import _in_order

    for count in (0, 1, 2, 3) * 20:
        rows = RNG.integers(-1, 2, (count, rank))
        listed = rows.tolist()
        assert _in_order(rows) == all(a < b for a, b in zip(listed[:-1], listed[1:], strict=True))
