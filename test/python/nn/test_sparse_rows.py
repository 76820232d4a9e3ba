"""`tf.sparse` row by row, and rows of tables named by sparse tensors: eagerly and in a function."""

import numpy as np
import pytest
import tfc as tf

A = lambda: tf.SparseTensor([[0, 1], [0, 2], [2, 0]], [1.0, 2.0, 3.0], [4, 3])
B = lambda: tf.SparseTensor([[0, 1], [1, 2]], [5.0, -2.0], [4, 3])
IDS = lambda: tf.SparseTensor([[0, 0], [0, 1], [2, 1]], tf.constant([3, 1, 0], tf.int64), [4, 2])
WEIGHTS = lambda: tf.SparseTensor([[0, 0], [0, 1], [2, 1]], [1.0, 2.0, 0.5], [4, 2])
TABLE = np.arange(12, dtype=np.float32).reshape(4, 3)
dense = tf.sparse.to_dense
E = 1 / (1 + np.exp(1))

CASES = {
    "eye": (lambda: dense(tf.sparse.eye(2, 3)), np.eye(2, 3)),
    "softmax": (lambda: dense(tf.sparse.softmax(A())), [[0, E, 1 - E], [0] * 3, [1, 0, 0], [0] * 3]),
    "maximum": (lambda: dense(tf.sparse.maximum(A(), B())), [[0, 5, 2], [0] * 3, [3, 0, 0], [0] * 3]),
    "maximum names what either names": (lambda: tf.sparse.maximum(A(), B()).indices, [[0, 1], [0, 2], [1, 2], [2, 0]]),
    "minimum": (lambda: dense(tf.sparse.minimum(A(), B())), [[0, 1, 0], [0, 0, -2], [0] * 3, [0] * 3]),
    "reset_shape": (lambda: tf.sparse.reset_shape(A()).dense_shape, [3, 3]),
    "reset_shape to a larger one": (lambda: tf.sparse.reset_shape(A(), [5, 6]).dense_shape, [5, 6]),
    "fill_empty_rows": (
        lambda: dense(tf.sparse.fill_empty_rows(A(), 9.0)[0]),
        [[0, 1, 2], [9, 0, 0], [3, 0, 0], [9, 0, 0]],
    ),
    "fill_empty_rows says which": (lambda: tf.sparse.fill_empty_rows(A(), 9.0)[1], [False, True, False, True]),
    "segment_sum": (lambda: tf.sparse.segment_sum(TABLE, [0, 2, 3], [0, 0, 1]), [[6, 8, 10], [9, 10, 11]]),
    "segment_mean": (
        lambda: tf.sparse.segment_mean(TABLE, [0, 2, 3], [0, 0, 1], num_segments=3),
        [[3, 4, 5], [9, 10, 11], [0, 0, 0]],
    ),
    "segment_sqrt_n": (
        lambda: tf.sparse.segment_sqrt_n(TABLE, [0, 2, 3], [0, 0, 1]),
        [np.array([6, 8, 10]) / 2**0.5, [9, 10, 11]],
    ),
    "split": (lambda: dense(tf.sparse.split(A(), 2, 1)[0]), [[0, 1], [0, 0], [3, 0], [0, 0]]),
    "split of the rest": (lambda: dense(tf.sparse.split(A(), 2, 1)[1]), [[2], [0], [0], [0]]),
    "mask": (
        lambda: tf.sparse.mask(tf.IndexedSlices(tf.constant(TABLE), tf.constant([4, 5, 6, 7])), [5, 7]).values,
        TABLE[[0, 2]],
    ),
    "to_indicator": (
        lambda: tf.sparse.to_indicator(IDS(), 4),
        [[False, True, False, True], [False] * 4, [True, False, False, False], [False] * 4],
    ),
    "embedding_lookup_sparse": (
        lambda: tf.nn.embedding_lookup_sparse(TABLE, IDS(), None),
        [[6, 7, 8], [0, 0, 0], [0, 1, 2]],
    ),
    "embedding_lookup_sparse with weights": (
        lambda: tf.nn.embedding_lookup_sparse(TABLE, IDS(), WEIGHTS(), "sqrtn"),
        [np.array([15, 18, 21]) / 5**0.5, [0, 0, 0], [0, 1, 2]],
    ),
    "safe_embedding_lookup_sparse": (
        lambda: tf.nn.safe_embedding_lookup_sparse(TABLE, IDS(), WEIGHTS(), "sum"),
        [[15, 18, 21], [0, 0, 0], [0, 0.5, 1], [0, 0, 0]],
    ),
    "safe_embedding_lookup_sparse with a default": (
        lambda: tf.nn.safe_embedding_lookup_sparse(TABLE, IDS(), default_id=1),
        [[6, 7, 8], [3, 4, 5], [0, 1, 2], [3, 4, 5]],
    ),
}


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize("name", CASES)
def test_value(name, traced):
    f, want = CASES[name]
    np.testing.assert_allclose((tf.function(f) if traced else f)(), want, rtol=1e-6)


def test_the_gradient_of_rows_named_by_a_sparse_tensor_is_that_of_the_table():
    table = tf.Variable(TABLE)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.nn.embedding_lookup_sparse(table, IDS(), WEIGHTS(), "sum"))
    want = np.array([0.5, 2.0, 0.0, 1.0])[:, None] * np.ones(3)
    np.testing.assert_allclose(tf.convert_to_tensor(tape.gradient(y, table)), want)


def test_a_smaller_shape_is_refused():
    with pytest.raises(ValueError, match="Requested dense_shape should be >= "):
        tf.sparse.reset_shape(A(), [3, 3])
    with pytest.raises(ValueError, match="combiner must be one of"):
        tf.nn.embedding_lookup_sparse(TABLE, IDS(), None, "most")


@pytest.mark.parametrize("name", ["reduce_sum", "reduce_max"])
def test_reductions_of_sparse_tensors_may_be_sparse(name):
    x = tf.sparse.from_dense([[0, -1, 0], [2, -2, 0]])
    reduce = getattr(tf.sparse, name)
    for options in ({"axis": 0}, {"axis": 1, "keepdims": True}, {"axis": [-1, 0], "keepdims": True}):
        sparse = reduce(x, output_is_sparse=True, **options)
        np.testing.assert_array_equal(tf.sparse.to_dense(sparse), reduce(x, **options))
