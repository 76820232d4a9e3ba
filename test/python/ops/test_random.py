"""tf.random: TensorFlow's bits (the expected numbers were printed by TensorFlow 2.21), streams and seeds."""

import numpy as np
import pytest
import tfc as tf
from tfc.ops.rows.random import philox


def test_philox_is_the_published_generator():
    """The known-answer test of the authors' Random123."""
    key = 0xA4093822 | 0x299F31D0 << 32
    counter = 0x243F6A88 | 0x85A308D3 << 32 | 0x13198A2E << 64 | 0x03707344 << 96
    assert philox(key, counter, 1).tolist() == [[0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]]


def close(x, want):
    np.testing.assert_allclose(np.asarray(x), want, rtol=5e-6)


def test_stateless_uniform_has_tensorflows_bits():
    close(tf.random.stateless_uniform([5], [1, 2]), [0.84406042, 0.19204533, 0.99622321, 0.1603874, 0.27199018])
    close(tf.random.stateless_uniform([2], [7, -2], minval=-1, maxval=3), [0.14066505, -0.73037338])
    assert tf.random.stateless_uniform([5], [1, 2], 0, 10, tf.int32).numpy().tolist() == [0, 9, 4, 9, 7]
    assert tf.random.stateless_uniform([5], [1, 2], -5, 10, tf.int64).numpy().tolist() == [4, -2, -3, -2, -2]


def test_stateless_normal_has_tensorflows_bits():
    close(tf.random.stateless_normal([5], [1, 2]), [0.54411012, 0.20738031, 0.07356432, 0.04643455, -1.30158985])


def test_truncated_normal_has_tensorflows_bits():
    x = tf.random.stateless_truncated_normal([5], [1, 2])
    close(x, [0.54411012, 0.20738031, 0.07356432, 0.04643455, 0.16820592])
    assert np.abs(tf.random.stateless_truncated_normal([20000], [1, 2])).max() < 2


def test_generator_has_tensorflows_bits():
    g = tf.random.Generator.from_seed(1234)
    close(g.uniform([4]), [0.3581475, 0.11322761, 0.56670904, 0.67123687])
    assert g.state.numpy().tolist() == [1234 + 4 * 256, 0, 0]


def test_seed_of_the_process_has_tensorflows_bits():
    tf.random.set_seed(42)
    close(tf.random.uniform([3]), [0.66456211, 0.44100678, 0.3528825])
    close(tf.random.uniform([3]), [0.68789124, 0.48447883, 0.93099439])
    tf.random.set_seed(42)
    close(tf.random.uniform([3], seed=1), [0.15012848, 0.63992536, 0.81787777])
    close(tf.random.uniform([3], seed=1), [0.48287809, 0.20244026, 0.22027123])
    tf.random.set_seed(42)
    assert tf.random.shuffle(tf.range(5)).numpy().tolist() == [2, 0, 4, 3, 1]


def test_split_and_fold_in():
    assert tf.random.split([1, 2], 2).numpy().tolist() == [[1105988140, 1738052849], [-335576002, 370444179]]
    assert tf.random.fold_in([1, 2], 3).numpy().tolist() == [1105988140, 3]


def test_a_stream_in_parts_is_the_same_stream():
    one, other = (tf.random.Generator.from_seed(3) for _ in range(2))
    one.uniform([2])
    other.skip(2)
    np.testing.assert_array_equal(one.normal([3]).numpy(), other.normal([3]).numpy())


def test_counter_carries():
    g = tf.random.Generator.from_state([-1, 5, 7], "philox")
    g.uniform([1])
    assert g.state.numpy().tolist() == [255, 6, 7]


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32, tf.float64], ids=lambda d: d.name)
def test_uniform_numbers_are_uniform(dtype):
    x = tf.random.stateless_uniform([20000], [3, 4], 2, 6, dtype).numpy().astype(np.float64)
    assert x.min() >= 2 and x.max() <= 6
    assert x.mean() == pytest.approx(4, abs=0.05) and x.var() == pytest.approx(16 / 12, abs=0.05)


def test_normal_numbers_are_normal():
    x = tf.random.stateless_normal([20001], [3, 4], 1.0, 2.0).numpy()
    assert x.mean() == pytest.approx(1, abs=0.05) and x.std() == pytest.approx(2, abs=0.05)
    assert np.mean(np.abs(x - 1) < 2) == pytest.approx(0.6827, abs=0.01)


def test_dropout_scales_what_it_keeps():
    x = tf.nn.dropout(tf.ones([10000]), 0.25).numpy()
    np.testing.assert_allclose(np.unique(x), [0, 4 / 3], rtol=1e-6)
    assert x.mean() == pytest.approx(1, abs=0.05)
    with pytest.raises(ValueError, match="rate"):
        tf.nn.dropout(tf.ones([2]), 1.5)


def test_bad_requests():
    with pytest.raises(tf.errors.InvalidArgumentError, match="two integers"):
        tf.random.stateless_uniform([2], [1, 2, 3])
    with pytest.raises(tf.errors.InvalidArgumentError, match="minval < maxval"):
        tf.random.stateless_uniform([2], [1, 2], 5, 5, tf.int32)
    with pytest.raises(ValueError, match="maxval"):
        tf.random.uniform([2], dtype=tf.int32)


THREEFRY = {
    (5,): [629071667, 2343584484, 2271449651, 1211544305, 2527474599],
    (2, 3): [[629071667, 2271449651, 2527474599], [2343584484, 1211544305, 2772174290]],
    (3, 2): [[629071667, 2343584484], [2271449651, 1211544305], [2527474599, 2772174290]],
    (3, 3): [
        [629071667, 2271449651, 2527474599],
        [2343584484, 1211544305, 2772174290],
        [2392469163, 297241529, 4189447344],
    ],
}


@pytest.mark.parametrize("shape", THREEFRY)
def test_threefry_has_the_bits_of_xla(shape):
    draw = lambda: tf.random.stateless_uniform(shape, [1, 2], None, None, tf.uint32, alg="threefry")
    for got in (draw(), tf.function(draw)()):
        np.testing.assert_array_equal(got, THREEFRY[shape])


def test_threefry_floats_have_the_bits_of_xla():
    want = {
        tf.float32: [0.14646708965301514, 0.5456582307815552, 0.5288630723953247, 0.282084584236145],
        tf.float64: [0.5456582839010438, 0.28208464047146564, 0.6454471243984237, 0.2047234730695],
        tf.float16: [0.7998046875, 0.72265625, 0.5498046875, 0.7353515625],
        tf.bfloat16: [0.1455078125, 0.54296875, 0.52734375, 0.28125],
    }
    for dtype, numbers in want.items():
        got = tf.random.stateless_uniform([4], [1, 2], dtype=dtype, alg="threefry")
        np.testing.assert_array_equal(np.asarray(got).astype(np.float64), numbers)


def test_a_threefry_generator_moves_on():
    g = tf.random.Generator.from_seed(7, alg="threefry")
    np.testing.assert_array_equal(g.uniform_full_int([3], tf.uint32), [645374554, 1993301756, 755508351])
    np.testing.assert_array_equal(g.state, [775, 0])
    np.testing.assert_array_equal(g.uniform_full_int([3], tf.uint32), [3096210225, 414806948, 1070787762])
    assert g.algorithm == 2
    g = tf.random.Generator.from_seed(7, alg="threefry")
    np.testing.assert_allclose(g.normal([4]), [1.7397739, 0.87402725, -0.04044246, -1.2384133], rtol=1e-5)
    np.testing.assert_allclose(g.normal([3]), [-0.74086046, -1.5170153, 1.7122544], rtol=1e-5)
    np.testing.assert_allclose(g.truncated_normal([4]), [0.6803096, 0.30147186, -0.9570809, 1.15052], rtol=1e-5)
    np.testing.assert_array_equal(g.state, [7 + 11 * 256, 0])


# (numbers, shape, dtype) -> what XLA draws with the seed [3, 5].
THREEFRY_NUMBERS = {
    ("normal", (), "float32"): 0.195658013,
    ("normal", (3,), "float32"): [1.09869528, -0.388596237, -0.834398687],
    ("normal", (5,), "float32"): [0.195658013, 1.14884996, -0.47863847, 1.46685517, -0.560301483],
    ("normal", (2, 3), "float32"): [[0.195658013, -0.47863847, -0.560301483], [1.14884996, 1.46685517, 0.173072606]],
    ("normal", (3, 2), "float32"): [[0.195658013, 1.14884996], [-0.47863847, 1.46685517], [-0.560301483, 0.173072606]],
    ("normal", (3, 3), "float64"): [
        [1.457463854588761, -0.3176065695776112, -0.5940321984977351],
        [-2.2607397245445826, 0.046168129528558643, 0.3149859639537215],
        [0.34611599459577275, 2.349090818838452, -0.16629062601811007],
    ],
    ("normal", (3,), "float16"): [-1.08886719, -0.103942871, 0.3359375],
    ("normal", (3,), "bfloat16"): [1.09375, -0.38671875, -0.83203125],
    ("truncated_normal", (3,), "float32"): [0.0169613082, -1.66080499, -0.487310618],
    ("truncated_normal", (2, 2), "float64"): [
        [-1.6608048652860632, 1.4708562676846022],
        [0.7862429982669914, -0.21980901876718242],
    ],
    ("truncated_normal", (3,), "bfloat16"): [0.0168457031, -1.65625, -0.486328125],
}


@pytest.mark.parametrize("case", THREEFRY_NUMBERS, ids=str)
def test_threefry_has_the_numbers_of_xla(case):
    name, shape, dtype = case
    draw = lambda: getattr(tf.random, f"stateless_{name}")(shape, [3, 5], dtype=dtype, alg="threefry")
    tolerance = {"float64": 1e-14, "float32": 2e-6, "bfloat16": 1e-2, "float16": 1e-2}[dtype]
    for got in (draw(), tf.function(draw)()):
        assert got.dtype.name == dtype
        np.testing.assert_allclose(np.asarray(got).astype(np.float64), THREEFRY_NUMBERS[case], tolerance, tolerance)


def test_unknown_algorithms_are_refused():
    for alg in ("nonsense", 7):
        with pytest.raises(ValueError, match="`alg`"):
            tf.random.stateless_uniform([2], [1, 2], alg=alg)


def test_a_negative_number_of_samples_found_at_run_time_is_named():
    draw = tf.function(lambda n: tf.random.categorical(tf.ones([2, 3]), n))
    assert draw(tf.constant(4)).shape == [2, 4]
    with pytest.raises(tf.errors.InvalidArgumentError, match="num_samples should be non-negative"):
        draw(tf.constant(-2))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(), (1,), (7,), (1000,), (3, 5), (0,), (2, 0)])
def test_numbers_drawn_at_once_are_those_of_the_single_ops(shape, dtype):
    """Parameters that are tensors go op by op."""
    for first, second in ((0.0, 1.0), (1.5, 2)):
        tensors = tf.constant(first, dtype), tf.constant(second, dtype)
        for draw in (tf.random.stateless_normal, tf.random.stateless_uniform, tf.random.stateless_truncated_normal):
            at_once, by_ops = draw(shape, [1, -2], first, second, dtype), draw(shape, [1, -2], *tensors, dtype)
            assert at_once.shape == by_ops.shape and at_once.dtype == by_ops.dtype
            assert at_once.numpy().tobytes() == by_ops.numpy().tobytes()


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32", "uint64"])
def test_integers_drawn_at_once_are_those_of_the_single_ops(dtype):
    info = np.iinfo(dtype)
    for low, high in ((0, 10), (max(-5, info.min), 7), (info.min, info.max)):
        at_once = tf.random.stateless_uniform((33,), [1, 2], low, high, dtype)
        by_ops = tf.random.stateless_uniform((33,), [1, 2], tf.constant(low, dtype), tf.constant(high, dtype), dtype)
        assert at_once.dtype == by_ops.dtype
        np.testing.assert_array_equal(at_once, by_ops)


def test_a_state_moves_on_by_the_same_eagerly_and_in_a_function():
    """Also over the end of its lower word."""
    eager, traced = (tf.random.Generator.from_state([-5, 3, 7], "philox") for _ in range(2))
    draw = tf.function(lambda: traced.normal((3,)))
    for _ in range(3):
        np.testing.assert_allclose(eager.normal((3,)), draw(), rtol=1e-5)
        np.testing.assert_array_equal(eager.state, traced.state)


def test_blocks_are_counted_over_the_end_of_a_word():
    start = 2**64 - 1
    both = philox(5, start, 2)
    assert both[0].tolist() == philox(5, start, 1)[0].tolist()
    assert both[1].tolist() == philox(5, start + 1, 1)[0].tolist() != philox(5, 0, 1)[0].tolist()


@pytest.mark.parametrize("alpha", [-1.0, -np.inf, np.nan])
def test_there_are_no_gamma_numbers_of_a_negative_shape(alpha):
    draw = lambda a: tf.random.stateless_gamma([2], [1, 2], a)
    for function in (draw, tf.function(draw)):
        assert np.isnan(function(tf.constant(alpha))).all()
        assert np.array_equal(np.isnan(function(tf.constant([alpha, 2.0]))), [True, False])
