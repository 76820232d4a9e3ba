"""Functions that take ragged tensors apart, count them, or run along their rows: eagerly and compiled."""

import numpy as np
import pytest
import tfc as tf

ROWS = [[3, 1], [4, 1, 5], [], [2]]


def both_ways(function, *args):
    """What `function` gives eagerly, which a traced function has to give as well."""
    eager, compiled = function(*args), tf.function(function)(*args)
    for a, b in zip(tf.nest.flatten(eager), tf.nest.flatten(compiled), strict=True):
        assert as_list(a) == as_list(b)
    return eager


def as_list(value):
    return value.to_list() if isinstance(value, tf.RaggedTensor) else value.numpy().tolist()


@pytest.fixture
def rows():
    return tf.ragged.constant(ROWS)


def test_split_gives_rows_to_parts(rows):
    assert [part.to_list() for part in tf.split(rows, [1, 3])] == [ROWS[:1], ROWS[1:]]
    assert [part.to_list() for part in tf.split(rows, 2)] == [ROWS[:2], ROWS[2:]]


def test_split_inside_of_rows_splits_their_values():
    rows = tf.RaggedTensor.from_row_lengths([[1, 2], [3, 4], [5, 6]], [1, 0, 2])
    left, right = both_ways(lambda r: tf.split(r, 2, axis=2), rows)
    assert left.to_list() == [[[1]], [], [[3], [5]]] and right.to_list() == [[[2]], [], [[4], [6]]]


@pytest.mark.parametrize("sizes", [3, [1, 2], [5, -1]])
def test_split_refuses_parts_that_do_not_fit(rows, sizes):
    with pytest.raises(tf.errors.InvalidArgumentError, match="num_or_size_split"):
        tf.split(rows, sizes)


def test_split_refuses_the_ragged_dimension(rows):
    with pytest.raises(ValueError, match="Cannot split a ragged dimension"):
        tf.split(rows, 2, axis=1)


@pytest.mark.parametrize("options", [{}, {"exclusive": True}, {"reverse": True}, {"exclusive": True, "reverse": True}])
def test_cumsum_runs_along_each_row(rows, options):
    expected = [tf.cumsum(tf.constant(row, tf.int32), **options).numpy().tolist() for row in ROWS]
    assert both_ways(lambda r: tf.cumsum(r, 1, **options), rows).to_list() == expected


def test_cumsum_down_the_rows_counts_what_is_missing_as_zero(rows):
    assert both_ways(lambda r: tf.cumsum(r, 0), rows).to_list() == [[3, 1], [7, 2, 5], [], [9]]


def test_gather_nd_takes_rows_and_values(rows):
    assert both_ways(lambda r: tf.gather_nd(r, [[1], [2]]), rows).to_list() == [[4, 1, 5], []]
    assert both_ways(lambda r: tf.gather_nd(r, [[1, 2], [0, 0]]), rows).numpy().tolist() == [5, 3]
    assert tf.gather_nd(rows, [1, 2]).numpy() == 5


def test_gather_nd_takes_ragged_lists_of_index_vectors(rows):
    at = tf.ragged.constant([[[0, 1]], [[1, 2], [3, 0]]], ragged_rank=1)
    assert both_ways(tf.gather_nd, rows, at).to_list() == [[1], [5, 2]]
    assert both_ways(tf.gather_nd, tf.constant([7, 8]), tf.ragged.constant([[[1]], []], ragged_rank=1)).to_list() == [
        [8],
        [],
    ]


def test_gather_nd_refuses_an_index_outside_of_its_row(rows):
    with pytest.raises(tf.errors.InvalidArgumentError, match="not inside of its row"):
        tf.gather_nd(rows, [[0, 2]])


def test_dynamic_partition_deals_out_rows(rows):
    none, some = both_ways(lambda r: tf.dynamic_partition(r, [0, 1, 0, 1], 2), rows)
    assert none.to_list() == [[3, 1], []] and some.to_list() == [[4, 1, 5], [2]]


def test_dynamic_partition_deals_out_values_by_ragged_numbers(rows):
    parts = both_ways(lambda r: tf.dynamic_partition(r, r // 3, 2), rows)
    assert [part.numpy().tolist() for part in parts] == [[1, 1, 2], [3, 4, 5]]


def test_bincount_counts_all_rows_or_each(rows):
    assert both_ways(tf.math.bincount, rows).numpy().tolist() == [0, 2, 1, 1, 1, 1]
    each = both_ways(lambda r: tf.math.bincount(r, axis=-1), rows).numpy()
    np.testing.assert_array_equal(each, [np.bincount(np.array(row, int), minlength=6) for row in ROWS])


def test_bincount_of_rows_leaves_out_numbers_that_are_too_large(rows):
    each = both_ways(lambda r: tf.math.bincount(r, axis=-1, maxlength=3), rows).numpy()
    np.testing.assert_array_equal(each, [[0, 1, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]])


def test_bincount_of_rows_adds_weights(rows):
    each = tf.math.bincount(rows, tf.cast(rows, tf.float32) / 2, axis=-1).numpy()
    np.testing.assert_array_equal(each[1], [0, 0.5, 0, 0, 2, 2.5])


def test_squeeze_takes_out_the_dimensions_that_are_named(rows):
    assert both_ways(lambda r: tf.squeeze(tf.expand_dims(r, 0), 0), rows).to_list() == ROWS
    assert both_ways(lambda r: tf.squeeze(tf.expand_dims(r, 1), 1), rows).to_list() == ROWS
    assert both_ways(lambda r: tf.squeeze(tf.expand_dims(r, -1), -1), rows).to_list() == ROWS
    with pytest.raises(ValueError, match="must have an axis"):
        tf.squeeze(rows)


def test_squeeze_refuses_rows_of_other_lengths(rows):
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have size 1"):
        tf.squeeze(rows, 1)


def test_many_rows_take_linear_time_and_memory():
    # The number of a value's row was looked for among all rows: 10^10 comparisons here.
    count = 100_000
    rows = tf.RaggedTensor.from_value_rowids(tf.range(count), tf.range(count, dtype=tf.int64))
    assert rows.value_rowids().numpy()[-1] == count - 1
    np.testing.assert_array_equal(tf.cumsum(rows, 1).flat_values, np.arange(count))


@pytest.mark.parametrize(
    "limits, deltas, dtype",
    [
        (np.array([3, 0], np.int64), 1, "int64"),
        (np.array([3, 0], np.int32), 1, "int32"),
        (np.array([3, 0], np.int32), np.array([2, 2], np.int64), "int64"),
        (np.array([2.5], np.float32), 1, "float32"),
        (np.array([2, 3]), 0.5, "float32"),
    ],
)
def test_limits_of_ranges_have_any_type_of_numbers(limits, deltas, dtype):
    f = lambda x: tf.ragged.range(x, deltas=deltas)
    for rows in (f(tf.constant(limits)), tf.function(f)(tf.constant(limits))):
        assert rows.dtype.name == dtype
        steps = np.broadcast_to(deltas, limits.shape)
        assert rows.to_list() == [np.arange(0, n, d).tolist() for n, d in zip(limits, steps, strict=True)]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("lengths", [[], [0], [0, 0], [3], [0, 2, 0, 0, 5, 1, 0], [4, 0], [1] * 40])
def test_positions_of_rows_are_running_sums(lengths, compiled):
    lengths = np.array(lengths, np.int64)
    starts = 100 - 7 * np.arange(len(lengths))
    for step in (1, 3, -2):

        def rows(starts, lengths):
            return tf.ragged.range(starts, starts + lengths * step, step)

        def part(values, splits, order):
            rt = tf.RaggedTensor.from_row_splits(values, splits)
            return tf.gather(rt, order), rt[:, ::step]

        want = [list(range(a, a + n * step, step)) for a, n in zip(starts, lengths, strict=True)]
        assert (tf.function(rows) if compiled else rows)(starts, lengths).to_list() == want
        splits = np.concatenate([[0], np.cumsum(lengths)])
        values = np.random.default_rng(0).normal(size=splits[-1])
        order = np.arange(len(lengths))[::-1].repeat(2)
        some, stepped = (tf.function(part) if compiled else part)(values, splits, order)
        of = [list(values[a:b]) for a, b in zip(splits[:-1], splits[1:], strict=True)]
        assert some.to_list() == [of[i] for i in order]
        assert stepped.to_list() == [row[::step] for row in of]
