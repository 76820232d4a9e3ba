"""`tf.sets`, `tf.edit_distance` and `tf.sparse.bincount`: values of TensorFlow, and errors."""

import numpy as np
import pytest
import tfc as tf

A = [[1, 2, 2, 9], [5, 4, 5, 6]]
B = [[2, 3, 1, 1], [6, 6, 6, 4]]
SPARSE_A = [[0, 0], [0, 2], [2, 1]], [3, 1, 7], [3, 4]
SPARSE_B = [[0, 0], [1, 2], [2, 1]], [3, 1, 8], [3, 5]


def sparse(parts):
    return tf.SparseTensor(*parts)


def parts(x):
    return x.indices.numpy().tolist(), x.values.numpy().tolist(), x.dense_shape.numpy().tolist()


def dense(x):
    """The sets as lists."""
    rows = {}
    for at, value in zip(*parts(x)[:2], strict=True):
        rows.setdefault(tuple(at[:-1]), []).append(value)
    return rows, parts(x)[2]


OPERATIONS = [
    (tf.sets.difference, A, B, {(0,): [9], (1,): [5]}, [2, 1]),
    (tf.sets.intersection, A, B, {(0,): [1, 2], (1,): [4, 6]}, [2, 2]),
    (tf.sets.union, A, B, {(0,): [1, 2, 3, 9], (1,): [4, 5, 6]}, [2, 4]),
    (lambda a, b: tf.sets.difference(a, b, aminusb=False), A, B, {(0,): [3]}, [2, 1]),
    (tf.sets.difference, SPARSE_A, SPARSE_B, {(0,): [1], (2,): [7]}, [3, 1]),
    (tf.sets.intersection, SPARSE_A, SPARSE_B, {(0,): [3]}, [3, 1]),
    (tf.sets.union, SPARSE_A, SPARSE_B, {(0,): [1, 3], (1,): [1], (2,): [7, 8]}, [3, 2]),
    (tf.sets.union, A, ([[0, 0], [1, 1]], [7, 8], [2, 3]), {(0,): [1, 2, 7, 9], (1,): [4, 5, 6, 8]}, [2, 4]),
    (tf.sets.union, ([[0, 0], [1, 1]], [7, 8], [2, 3]), A, {(0,): [1, 2, 7, 9], (1,): [4, 5, 6, 8]}, [2, 4]),
    (tf.sets.union, [[[1, 2], [3, 4]]], [[[1, 5], [3, 3]]], {(0, 0): [1, 2, 5], (0, 1): [3, 4]}, [1, 2, 3]),
    (tf.sets.intersection, [[1], [2]], [[3], [4]], {}, [2, 0]),
]  # fmt: skip


def given(x):
    return sparse(x) if isinstance(x, tuple) else tf.constant(x)


@pytest.mark.parametrize("how", ["eager", "function"])
@pytest.mark.parametrize(("op", "a", "b", "want", "shape"), OPERATIONS)
def test_sets_are_rows_in_order(op, a, b, want, shape, how):
    op = tf.function(op) if how == "function" else op
    assert dense(op(given(a), given(b))) == (want, shape)


def test_sets_of_strings_are_in_order_eagerly():
    a, b = tf.constant([["b", "a", "c"]]), tf.constant([["c", "b", "d"]])
    assert dense(tf.sets.intersection(a, b)) == ({(0,): [b"b", b"c"]}, [1, 2])
    with pytest.raises(NotImplementedError, match="sets of strings works eagerly"):
        tf.function(tf.sets.intersection)(a, b)


@pytest.mark.parametrize("how", ["eager", "function"])
def test_the_size_of_a_set_counts_different_elements(how):
    size = tf.function(tf.sets.size) if how == "function" else tf.sets.size
    x = sparse(([[0, 0], [0, 2], [0, 3], [2, 1]], [3, 1, 3, 7], [3, 4]))
    assert size(x).numpy().tolist() == [2, 0, 1] and size(x).dtype == tf.int32


@pytest.mark.parametrize(
    ("a", "b", "error", "message"),
    [
        (A, [[1], [2], [3]], tf.errors.InvalidArgumentError, "Mismatched shapes"),
        ([1, 2], [1, 2], tf.errors.InvalidArgumentError, "rank 1 < 2"),
        (A, [[1.0], [2.0]], TypeError, "don't match, int32 vs float32"),
        ([[1.0]], [[1.0]], TypeError, "dtype float32, expected one of"),
        (([[0, 3], [0, 2]], [3, 1], [2, 4]), SPARSE_B, tf.errors.InvalidArgumentError, r"indices\[1\] = \[0, 2\]"),
    ],
)
def test_sets_say_what_they_take(a, b, error, message):
    with pytest.raises(error, match=message):
        tf.sets.union(given(a), given(b))


def test_the_size_of_a_dense_tensor_is_refused():
    with pytest.raises(TypeError, match="expected a SparseTensor"):
        tf.sets.size(tf.constant(A))


def levenshtein(x, y):
    rows = list(range(len(y) + 1))
    for i, a in enumerate(x, 1):
        above, rows[0] = rows[0], i
        for j, b in enumerate(y, 1):
            above, rows[j] = rows[j], min(rows[j] + 1, rows[j - 1] + 1, above + (a != b))
    return rows[-1]


def sequences(rows):
    flat = [((i, j), v) for i, row in enumerate(rows) for j, v in enumerate(row)]
    at = np.array([a for a, _ in flat], np.int64).reshape(-1, 2)
    return tf.SparseTensor(at, np.array([v for _, v in flat], np.int64), [len(rows), max(map(len, rows))])


@pytest.mark.parametrize("how", ["eager", "function"])
def test_the_distance_of_sequences_is_levenshteins(how):
    draw = np.random.default_rng(0)
    x = [draw.integers(0, 4, draw.integers(1, 9)).tolist() for _ in range(20)]
    y = [draw.integers(0, 4, draw.integers(1, 9)).tolist() for _ in range(20)]
    f = tf.function(tf.edit_distance) if how == "function" else tf.edit_distance
    want = np.array([levenshtein(a, b) for a, b in zip(x, y, strict=True)], np.float32)
    np.testing.assert_array_equal(f(sequences(x), sequences(y), normalize=False), want)
    np.testing.assert_array_equal(f(sequences(x), sequences(y)), want / np.float32([len(b) for b in y]))


def test_the_distance_to_an_empty_sequence_is_infinite_and_of_one_is_1():
    x = tf.SparseTensor([[0, 0, 0], [1, 0, 0]], ["a", "b"], (2, 1, 1))
    y = tf.SparseTensor([[0, 1, 0], [1, 0, 0], [1, 0, 1], [1, 1, 0]], ["a", "b", "c", "a"], (2, 2, 2))
    assert tf.edit_distance(x, y).numpy().tolist() == [[np.inf, 1], [0.5, 1]]
    assert tf.edit_distance(x, y, normalize=False).numpy().tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        ([1], SPARSE_A, TypeError, "Hypothesis must be a SparseTensor"),
        (SPARSE_A, ([[0, 0, 0]], [2], [2, 3, 1]), tf.errors.InvalidArgumentError, "matching ranks"),
        (([[0]], [1], [2]), ([[0]], [1], [2]), tf.errors.InvalidArgumentError, "rank at least 2"),
        (SPARSE_A, ([[0, 0]], [2.0], [3, 3]), TypeError, "int32 and float32"),
    ],
)
def test_the_distance_says_what_it_takes(x, y, error, message):
    with pytest.raises(error, match=message):
        tf.edit_distance(given(x), given(y))


MATRIX = [[1, 2, 2], [0, 5, 5]]
COUNTS = [
    ({}, [[0], [1], [2], [5]], [1, 1, 2, 2], [6]),
    ({"axis": -1}, [[0, 1], [0, 2], [1, 0], [1, 5]], [1, 2, 1, 2], [2, 6]),
    ({"minlength": 10}, [[0], [1], [2], [5]], [1, 1, 2, 2], [10]),
    ({"maxlength": 3}, [[0], [1], [2]], [1, 1, 2], [3]),
    ({"binary_output": True}, [[0], [1], [2], [5]], [1, 1, 1, 1], [6]),
    ({"axis": -1, "maxlength": 3}, [[0, 1], [0, 2], [1, 0]], [1, 2, 1], [2, 3]),
    ({"weights": [[0.5, 1, 2], [3, 4, 5]]}, [[0], [1], [2], [5]], [3, 0.5, 3, 9], [6]),
]


@pytest.mark.parametrize("how", ["eager", "function"])
@pytest.mark.parametrize(("options", "indices", "values", "shape"), COUNTS)
def test_numbers_are_counted(options, indices, values, shape, how):
    count = lambda x: tf.sparse.bincount(x, **options)
    found = (tf.function(count) if how == "function" else count)(tf.constant(MATRIX))
    assert parts(found) == (indices, values, shape)


def test_numbers_of_sparse_and_ragged_tensors_are_counted():
    x = sparse(([[0, 0], [0, 3], [2, 1]], [7, 7, 0], [3, 4]))
    assert parts(tf.sparse.bincount(x)) == ([[0], [7]], [1, 2], [8])
    assert parts(tf.sparse.bincount(x, axis=-1)) == ([[0, 7], [2, 0]], [2, 1], [3, 8])
    ragged = tf.ragged.constant([[1, 2, 2], [], [4]])
    assert parts(tf.sparse.bincount(ragged, axis=-1)) == ([[0, 1], [0, 2], [2, 4]], [1, 2, 1], [3, 5])


def test_weights_of_counted_numbers_have_gradients():
    weights = tf.constant([[0.5, 1, 2], [3, 4, 5]])
    with tf.GradientTape() as tape:
        tape.watch(weights)
        y = tf.reduce_sum(tf.sparse.bincount(MATRIX, weights=weights).values ** 2)
    np.testing.assert_allclose(tape.gradient(y, weights), [[1, 6, 6], [6, 18, 18]])


@pytest.mark.parametrize(
    ("values", "options", "error", "message"),
    [
        (MATRIX, {"axis": 1}, ValueError, "Only 0 and -1"),
        ([-1], {}, tf.errors.InvalidArgumentError, "non-negative"),
        ([[[1]]], {}, tf.errors.InvalidArgumentError, "1 or 2-dimensional"),
        ([1.0], {}, TypeError, "dtype float32"),
        (MATRIX, {"weights": [1.0, 2.0]}, tf.errors.InvalidArgumentError, "Weight shape"),
        (MATRIX, {"weights": MATRIX, "binary_output": True}, ValueError, "binary_output"),
    ],
)
def test_counting_says_what_it_takes(values, options, error, message):
    with pytest.raises(error, match=message):
        tf.sparse.bincount(values, **options)


@pytest.mark.parametrize(
    ("op", "want"),
    [("intersection", [[2, 3], [5]]), ("union", [[1, 2, 3, 9], [4, 5]]), ("difference", [[1], [4]])],
)
def test_a_sparse_and_a_dense_set_go_together(op, want):
    a = tf.sparse.from_dense(tf.constant([[1, 2, 3], [4, 5, 0]]))
    found = getattr(tf.sets, op)(a, tf.constant([[2, 3, 9], [5, 5, 5]]))
    assert dense(found)[0] == {(0,): want[0], (1,): want[1]}


@pytest.mark.parametrize("op", ["intersection", "union", "difference"])
def test_a_batch_without_sets_has_none(op):
    nothing, f = tf.zeros([0, 3], tf.int64), getattr(tf.sets, op)
    for found in (f(nothing, nothing), tf.function(f)(nothing, nothing)):
        assert parts(found) == ([], [], [0, 0])
