"""Functions that datasets call are traced once, for what elements are."""

import numpy as np
import pytest
import tfc as tf

R = tf.data.Dataset.range


@pytest.mark.parametrize("method", ["flat_map", "interleave"])
def test_a_function_that_makes_datasets_is_traced_once(method):
    traces = []

    def part(x):
        traces.append(x)
        return tf.data.Dataset.from_tensors(x).repeat(2)

    made = getattr(R(3), method)(part)
    assert sorted(made.as_numpy_iterator()) == sorted(made.as_numpy_iterator()) == [0, 0, 1, 1, 2, 2]
    assert len(traces) == 1


def test_a_generator_does_not_start_before_elements_are_asked_for():
    started = []

    def numbers():
        started.append(1)
        yield 1

    source = tf.data.Dataset.from_generator(numbers, output_signature=tf.TensorSpec([], tf.int64))
    made = source.flat_map(R).window(2).flat_map(lambda w: w.batch(2))
    assert not started
    assert [x.tolist() for x in made.as_numpy_iterator()] == [[0]] and len(started) == 1


@pytest.mark.parametrize(
    "made",
    [
        lambda d: d.flat_map(R),
        lambda d: d.interleave(R),
        lambda d: d.group_by_window(lambda x: x, lambda k, w: w.batch(2), 2),
    ],
)
def test_no_element_is_needed_to_make_datasets(made):
    assert list(made(R(0)).as_numpy_iterator()) == []


def test_sizes_that_differ_between_elements_are_not_known():
    rows = tf.data.Dataset.from_generator(
        lambda: iter([np.ones([2, 3], "f"), np.ones([1, 4], "f")]),
        output_signature=tf.TensorSpec([None, None], tf.float32),
    ).flat_map(tf.data.Dataset.from_tensor_slices)
    assert rows.element_spec == tf.TensorSpec([None], tf.float32)
    assert [x.shape for x in rows.as_numpy_iterator()] == [(3,), (3,), (4,)]


def test_what_makes_no_dataset_is_a_type_error():
    with pytest.raises(TypeError, match="Dataset"):
        R(3).flat_map(lambda x: x)


def test_parameters_are_called_args():
    names = []
    R(3).map(lambda number: names.append(number.name))
    assert names == ["args_0:0"]


def test_a_state_whose_size_changes_is_traced_twice():
    traces = []

    def joined(state, element):
        traces.append(1)
        return tf.concat([state, [element]], 0)

    assert R(5).reduce(np.zeros([0], np.int64), joined).numpy().tolist() == [0, 1, 2, 3, 4]
    assert len(traces) == 2


def test_a_state_may_grow_in_a_function():
    grown = tf.function(lambda d: d.reduce(tf.zeros([0], tf.int64), lambda s, x: tf.concat([s, [x]], 0)))
    assert grown(R(4)).numpy().tolist() == [0, 1, 2, 3]


def test_a_scan_may_grow_its_state():
    sizes = R(3).scan(tf.zeros([0], tf.int64), lambda s, x: (tf.concat([s, [x]], 0), tf.size(s)))
    assert list(sizes.as_numpy_iterator()) == [0, 1, 2]


def test_files_of_lines_are_named_by_elements(tmp_path):
    (tmp_path / "a").write_text("1\n2\n")
    (tmp_path / "b").write_text("3\n")
    names = tf.data.Dataset.from_tensor_slices([str(tmp_path / "a"), str(tmp_path / "b")])
    lines = names.interleave(lambda name: tf.data.TextLineDataset(name).skip(0), cycle_length=2)
    assert list(lines.as_numpy_iterator()) == [b"1", b"3", b"2"]


def test_windows_are_leaves_of_a_nest():
    windows = next(iter(tf.data.Dataset.from_tensor_slices({"a": [1, 2], "b": [3, 4]}).window(2)))
    assert tf.nest.map_structure(lambda d: [int(x) for x in d], windows) == {"a": [1, 2], "b": [3, 4]}
