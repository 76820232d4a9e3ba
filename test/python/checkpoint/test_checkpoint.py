"""`tf.train.Checkpoint`: values come back by the names of attributes, now or when a variable comes into being."""

import gc
import logging

import numpy as np
import pytest
import tfc as tf
from tfc.checkpoint import pack_tensors, unpack_tensors


class Net(tf.Module):
    def __init__(self, width=2):
        super().__init__()
        self.w = tf.Variable(tf.ones([width]), name="w")
        self.layers = [tf.Variable(1), {"a": tf.Variable(2.0), "b": (tf.Variable(True),)}]


def test_save_and_restore(tmp_path):
    net = Net()
    checkpoint = tf.train.Checkpoint(net=net, step=tf.Variable(7, dtype=tf.int64))
    path = checkpoint.save(tmp_path / "ckpt")
    assert path == str(tmp_path / "ckpt-1")
    net.w.assign([5.0, 6.0])
    net.layers[1]["a"].assign(9.0)
    checkpoint.step.assign(0)
    status = checkpoint.restore(path).assert_consumed()
    assert status.assert_existing_objects_matched() is status
    np.testing.assert_array_equal(net.w.numpy(), [1, 1])
    assert net.layers[1]["a"].numpy() == 2 and checkpoint.step.numpy() == 7


@pytest.mark.parametrize(
    "dtype",
    [
        "bool",
        "int8",
        "uint16",
        "int64",
        "uint64",
        "float16",
        "bfloat16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    ],
)
def test_every_dtype_comes_back(tmp_path, dtype):
    value = np.array([[0, 1], [1, 1]]).astype(tf.as_dtype(dtype).as_numpy_dtype)
    v = tf.Variable(value)
    path = tf.train.Checkpoint(v=v).write(tmp_path / "c")
    w = tf.Variable(np.zeros_like(value))
    tf.train.Checkpoint(v=w).read(path).assert_consumed()
    np.testing.assert_array_equal(w.numpy(), value)
    assert tf.train.load_variable(path, "v/.ATTRIBUTES/VARIABLE_VALUE").dtype == value.dtype


def test_keys_are_paths_of_attributes(tmp_path):
    path = tf.train.Checkpoint(net=Net(3)).save(tmp_path / "ckpt")
    assert tf.train.list_variables(path) == [
        ("_CHECKPOINTABLE_OBJECT_GRAPH", []),
        ("net/layers/0/.ATTRIBUTES/VARIABLE_VALUE", []),
        ("net/layers/1/a/.ATTRIBUTES/VARIABLE_VALUE", []),
        ("net/layers/1/b/0/.ATTRIBUTES/VARIABLE_VALUE", []),
        ("net/w/.ATTRIBUTES/VARIABLE_VALUE", [3]),
        ("save_counter/.ATTRIBUTES/VARIABLE_VALUE", []),
    ]


def test_save_counts_and_names_the_latest(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(0))
    assert tf.train.latest_checkpoint(tmp_path) is None
    for number in (1, 2, 3):
        assert checkpoint.save(tmp_path / "c").endswith(f"c-{number}")
    assert checkpoint.save_counter.numpy() == 3
    assert tf.train.latest_checkpoint(tmp_path) == str(tmp_path / "c-3")
    state = tf.train.get_checkpoint_state(tmp_path)
    assert state.all_model_checkpoint_paths == [str(tmp_path / f"c-{n}") for n in (1, 2, 3)]


def test_write_does_not_count(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(0))
    assert checkpoint.write(tmp_path / "plain") == str(tmp_path / "plain")
    assert tf.train.latest_checkpoint(tmp_path) is None
    assert tf.train.checkpoint_exists(tmp_path / "plain")


def test_a_variable_that_comes_later_gets_its_value(tmp_path):
    path = tf.train.Checkpoint(net=Net()).save(tmp_path / "c")

    class Later(tf.Module):
        pass

    later = Later()
    status = tf.train.Checkpoint(net=later).restore(path)
    later.w = tf.Variable([0.0, 0.0])
    np.testing.assert_array_equal(later.w.numpy(), [1, 1])
    later.layers = []
    later.layers.append(tf.Variable(0))
    later.layers.append({})
    later.layers[1]["a"] = tf.Variable(0.0)
    later.layers[1]["b"] = (tf.Variable(False),)
    assert later.layers[0].numpy() == 1 and later.layers[1]["a"].numpy() == 2 and later.layers[1]["b"][0].numpy()
    status.assert_consumed()


def test_complete_lists_stay_plain_lists(tmp_path):
    net = Net()
    path = tf.train.Checkpoint(net=net).save(tmp_path / "c")
    layers = net.layers
    tf.train.Checkpoint(net=net).restore(path)
    assert net.layers is layers and type(net.layers) is list and "_restoring" not in vars(net)


def test_a_root_gets_what_comes_later(tmp_path):
    path = tf.train.Checkpoint(Net()).save(tmp_path / "c")
    later = tf.Module()
    tf.train.Checkpoint(root=later).restore(path).expect_partial()
    later.w = tf.Variable([0.0, 0.0])
    np.testing.assert_array_equal(later.w.numpy(), [1, 1])


def test_a_list_gets_what_it_lacks(tmp_path):
    m = tf.Module()
    m.l = [tf.Variable(1), [tf.Variable(2), tf.Variable(3)]]
    path = tf.train.Checkpoint(m=m).write(tmp_path / "c")
    n = tf.Module()
    n.l = [tf.Variable(0), [tf.Variable(0)]]
    status = tf.train.Checkpoint(m=n).read(path)
    n.l[1].append(tf.Variable(0))
    assert [n.l[0].numpy(), n.l[1][0].numpy(), n.l[1][1].numpy()] == [1, 2, 3]
    status.assert_consumed()


def test_a_variable_made_while_tracing_gets_its_value(tmp_path):
    path = tf.train.Checkpoint(net=Net()).save(tmp_path / "c")

    class Lazy(tf.Module):
        @tf.function
        def __call__(self, x):
            if not hasattr(self, "w"):
                self.w = tf.Variable([0.0, 0.0])
            return self.w * x

    lazy = Lazy()
    tf.train.Checkpoint(net=lazy).restore(path).expect_partial()
    np.testing.assert_array_equal(lazy(tf.constant(3.0)).numpy(), [3, 3])


def test_the_last_restore_counts_for_what_comes_later(tmp_path):
    v = tf.Variable(1.0)
    checkpoint = tf.train.Checkpoint(m=tf.Module())
    checkpoint.m.v = v
    first = checkpoint.save(tmp_path / "c")
    v.assign(2.0)
    second = checkpoint.save(tmp_path / "c")
    module = tf.Module()
    fresh = tf.train.Checkpoint(m=module)
    fresh.restore(first)
    fresh.restore(second)
    module.v = tf.Variable(0.0)
    assert module.v.numpy() == 2


def test_root_stands_for_the_checkpoint(tmp_path):
    net = Net()
    path = tf.train.Checkpoint(net).save(tmp_path / "c")
    assert ("w/.ATTRIBUTES/VARIABLE_VALUE", [2]) in tf.train.list_variables(path)
    other = Net()
    other.w.assign([0.0, 0.0])
    tf.train.Checkpoint(root=other).restore(path).assert_consumed()
    np.testing.assert_array_equal(other.w.numpy(), [1, 1])


def test_shared_objects_are_saved_once(tmp_path):
    v = tf.Variable(1.0)
    path = tf.train.Checkpoint(a=v, b=v).write(tmp_path / "c")
    assert len(tf.train.list_variables(path)) == 2
    w = tf.Variable(0.0)
    tf.train.Checkpoint(b=w).read(path).assert_existing_objects_matched()
    assert w.numpy() == 1


def test_value_without_object_fails_assert_consumed(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable(1), w=tf.Variable(2)).write(tmp_path / "c")
    status = tf.train.Checkpoint(v=tf.Variable(0)).read(path)
    status.assert_existing_objects_matched()
    with pytest.raises(AssertionError, match="Unresolved object in checkpoint.*w/"):
        status.assert_consumed()
    status.expect_partial()


def test_object_without_value_fails_assert_existing_objects_matched(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable(1)).write(tmp_path / "c")
    status = tf.train.Checkpoint(v=tf.Variable(0), w=tf.Variable(0)).read(path)
    with pytest.raises(AssertionError, match="Object not assigned a value from checkpoint"):
        status.assert_existing_objects_matched()
    status.assert_nontrivial_match()


def test_nothing_in_common_fails_assert_nontrivial_match(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable(1)).save(tmp_path / "c")
    status = tf.train.Checkpoint(w=tf.Variable(0)).restore(path).expect_partial()
    with pytest.raises(AssertionError, match="Nothing except the root object matched"):
        status.assert_nontrivial_match()


def test_unused_values_are_warned_of(tmp_path, caplog):
    path = tf.train.Checkpoint(v=tf.Variable(1), w=tf.Variable(1)).write(tmp_path / "c")
    with caplog.at_level(logging.WARNING, "tfc"):
        tf.train.Checkpoint(v=tf.Variable(1)).read(path)
        gc.collect()
    assert "w/.ATTRIBUTES/VARIABLE_VALUE" in caplog.text


def test_expect_partial_silences_the_warning(tmp_path, caplog):
    path = tf.train.Checkpoint(v=tf.Variable(1), w=tf.Variable(1)).write(tmp_path / "c")
    with caplog.at_level(logging.WARNING, "tfc"):
        tf.train.Checkpoint(v=tf.Variable(1)).read(path).expect_partial()
        gc.collect()
    assert "w/" not in caplog.text


def test_restore_of_none_changes_nothing():
    checkpoint = tf.train.Checkpoint(v=tf.Variable(3))
    status = checkpoint.restore(None)
    status.initialize_or_restore()
    assert checkpoint.v.numpy() == 3
    with pytest.raises(AssertionError, match="No checkpoint specified"):
        status.assert_consumed()


def test_another_shape_is_an_error(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0])).write(tmp_path / "c")
    with pytest.raises(ValueError, match=r"incompatible tensor with shape \(2,\)"):
        tf.train.Checkpoint(v=tf.Variable([1.0])).read(path)


def test_another_dtype_is_an_error(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable(1.0)).write(tmp_path / "c")
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="expected dtype int32 does not equal original dtype float32"
    ):
        tf.train.Checkpoint(v=tf.Variable(1)).read(path)


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(tf.errors.NotFoundError, match="Failed to find any matching files"):
        tf.train.Checkpoint(v=tf.Variable(1)).restore(tmp_path / "none")


@pytest.mark.parametrize("at", [0, 20, -1])
def test_a_damaged_file_is_data_loss(tmp_path, at):
    path = tf.train.Checkpoint(v=tf.Variable(np.arange(100))).write(tmp_path / "c")
    file = tmp_path / "c.safetensors"
    content = bytearray(file.read_bytes())
    content[at] ^= 4
    file.write_bytes(content)
    v = tf.Variable(np.zeros(100, np.int64))
    with pytest.raises(tf.errors.DataLossError):
        tf.train.Checkpoint(v=v).read(path)
    assert not v.numpy().any()


def test_a_truncated_file_is_data_loss(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable(np.arange(100))).write(tmp_path / "c")
    file = tmp_path / "c.safetensors"
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(tf.errors.DataLossError):
        tf.train.load_checkpoint(path)


def test_what_is_no_object_is_refused():
    with pytest.raises(ValueError, match="was expecting x to be a trackable object"):
        tf.train.Checkpoint(x=5)


def test_saving_in_a_function_is_refused(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(1))

    @tf.function
    def f():
        checkpoint.save(tmp_path / "c")
        return 1

    with pytest.raises(RuntimeError, match="while a tf.function is traced"):
        f()


def test_restored_values_are_seen_by_functions(tmp_path):
    v = tf.Variable(1.0)
    read = tf.function(lambda: v * 2.0)
    checkpoint = tf.train.Checkpoint(v=v)
    path = checkpoint.write(tmp_path / "c")
    v.assign(5.0)
    assert read().numpy() == 10
    checkpoint.read(path)
    assert read().numpy() == 2


def test_names_with_dots_and_slashes_do_not_collide(tmp_path):
    a, b = tf.Variable(1), tf.Variable(2)
    m = tf.Module()
    m.d = {"x/y": a, "x.Sy": b}
    path = tf.train.Checkpoint(m=m).write(tmp_path / "c")
    a.assign(0), b.assign(0)
    tf.train.Checkpoint(m=m).read(path).assert_consumed()
    assert (a.numpy(), b.numpy()) == (1, 2)


def test_random_generators_go_on_where_they_were(tmp_path):
    generator = tf.random.Generator.from_seed(3)
    generator.normal([2])
    path = tf.train.Checkpoint(g=generator).write(tmp_path / "c")
    want = generator.normal([2]).numpy()
    other = tf.random.Generator.from_seed(9)
    tf.train.Checkpoint(g=other).read(path).assert_consumed()
    np.testing.assert_array_equal(other.normal([2]).numpy(), want)


@pytest.mark.parametrize("built", [False, True], ids=["slots made later", "slots made before"])
def test_optimizers_go_on_where_they_were(tmp_path, built):
    def make():
        w = tf.Variable([1.0, -2.0])
        return w, tf.optimizers.Adam(0.1)

    def step(w, optimizer):
        optimizer.apply_gradients([(w * 2.0, w)])

    w, optimizer = make()
    step(w, optimizer), step(w, optimizer)
    path = tf.train.Checkpoint(w=w, optimizer=optimizer).save(tmp_path / "c")
    v, other = make()
    if built:
        step(v, other)
    status = tf.train.Checkpoint(w=v, optimizer=other).restore(path)
    step(w, optimizer), step(v, other)
    status.assert_consumed()
    np.testing.assert_array_equal(v.numpy(), w.numpy())
    assert other.iterations.numpy() == 3


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff\x00\xfe\x00",
        [b"", b"a", b"\x00"],
        [[b"x"], [b"\x80yy"]],
        np.zeros([2, 0], object),
        np.zeros([0], object),
        "h\u00e9",
    ],
)
def test_strings_come_back_byte_for_byte(tmp_path, value):
    v = tf.Variable(value, dtype=tf.string)
    number = tf.Variable([1 + 2j])
    path = tf.train.Checkpoint(v=v, number=number).write(tmp_path / "c")
    w = tf.Variable(np.full(v.shape.as_list(), b"?", object), dtype=tf.string)
    tf.train.Checkpoint(v=w, number=tf.Variable([0j])).read(path).assert_consumed()
    assert w.shape == v.shape and np.array_equal(w.numpy(), v.numpy())
    reader = tf.train.load_checkpoint(path)
    assert reader.get_variable_to_shape_map()["v/.ATTRIBUTES/VARIABLE_VALUE"] == v.shape.as_list()
    assert reader.get_variable_to_dtype_map()["v/.ATTRIBUTES/VARIABLE_VALUE"] == tf.string


def test_a_string_is_no_value_for_a_number(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable("1")).write(tmp_path / "c")
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected dtype float32 does not equal original dtype s"):
        tf.train.Checkpoint(v=tf.Variable(1.0)).read(path).expect_partial()


@pytest.mark.parametrize("offsets", [[0, 3, 2], [1, 2, 3], [0, 1, 9], [0, -1, 3], [0, 3]])
def test_offsets_of_strings_that_cannot_be_are_damage(offsets):
    packed = np.frombuffer(np.array(offsets, "<i8").tobytes() + b"abc", np.uint8)
    content = pack_tensors({"s": packed}, {"tfc.strings": '{"s": [2]}'})
    with pytest.raises(tf.errors.DataLossError):
        unpack_tensors(content, "file")
