"""Positions, divisors and exponents are checked block by block, beside what is done with them."""

import numpy as np
import pytest
import tfc as tf

COUNTS = [1, 4096, 16383, 16384, 100_003, 1 << 18]


@pytest.fixture(params=[1, 2])
def threads(request):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(request.param)
    yield
    tf.config.threading.set_intra_op_parallelism_threads(before)


def whole(count, low, high, dtype=np.int32):
    return np.random.default_rng(count).integers(low, high, count).astype(dtype)


def fails(function, *arguments):
    with pytest.raises(tf.errors.InvalidArgumentError) as raised:
        function(*arguments)
    return str(raised.value)


@pytest.mark.parametrize("count", COUNTS)
def test_quotients_remainders_and_powers(threads, count):
    x, y = whole(count, -50, 50), whole(count, 1, 9)
    f = tf.function(lambda x, y: (x // y, x % y, x**y, (x // y) * y))
    for got, want in zip(f(x, y), (x // y, x % y, x**y, (x // y) * y), strict=True):
        assert np.array_equal(got, want)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_powers_wrap_around_as_products_do(dtype):
    x, y = whole(20_000, 0, 120, dtype), whole(20_000, 0, 127, dtype)
    with np.errstate(all="ignore"):
        assert np.array_equal(tf.function(lambda x, y: x**y)(x, y), x**y)


def test_exponents_of_all_lengths():
    x, y = np.full(31, 3, np.int64), 1 << np.arange(31)
    assert np.array_equal(tf.function(lambda x, y: x**y)(x, y), x**y)
    x, y = np.full(63, -1, np.int64), np.int64(1) << np.arange(63)
    assert np.array_equal(tf.function(lambda x, y: x**y)(x, y - 1), [1] + 62 * [-1])


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.complex64])
def test_elements_at_places(threads, count, dtype):
    table = whole(70_001, -99, 99, dtype)
    i, j = whole(count, 0, 70_001), whole(count + 1, 0, 70_001)[:count]
    f = tf.function(lambda t, i, j: (tf.gather(t, i), tf.gather(t, i) + tf.gather(t, j)))
    one, both = f(table, i, j)
    assert np.array_equal(one, table[i]) and np.array_equal(both, table[i] + table[j])


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("at", [0, -1, 0.5])
@pytest.mark.parametrize("wrong", [-1, 70_001])
def test_a_wrong_place_is_found_wherever_it_is(threads, count, at, wrong):
    table, i = whole(70_001, -99, 99, np.float32), whole(count, 0, 70_001)
    i[int(count * at) if at == 0.5 else at] = wrong
    assert "is not in [0, 70001)" in fails(tf.function(lambda t, i: tf.gather(t, i)), table, i)


@pytest.mark.parametrize("at", [0, 99_999])
def test_the_first_of_two_checks_speaks(threads, at):
    table, places, divisors = whole(50, 0, 9, np.float32), whole(100_000, 0, 50), whole(100_000, 1, 50)
    f = tf.function(lambda t, i, j: tf.gather(t, i) * tf.cast(i // j, tf.float32))
    divisors[99_999 - at] = 0
    assert "division by zero" in fails(f, table, places, divisors)
    places[at] = 77
    assert "is not in [0, 50)" in fails(f, table, places, divisors)


def test_places_of_rows(threads):
    table, places = whole(300 * 50, 0, 99, np.float32).reshape(300, 50), whole(300 * 700, 0, 50).reshape(300, 700)
    f = tf.function(lambda t, p: tf.gather(t, p, batch_dims=1))
    assert np.array_equal(f(table, places), np.take_along_axis(table, places, 1))
    places[299, 699] = 50
    assert "is not in [0, 50)" in fails(f, table, places)


def test_places_in_another_order_than_they_are_checked(threads):
    """What is looked up for a block need not be what was checked for it."""
    table, places = whole(100, 0, 99, np.float32), whole(400 * 400, 0, 100).reshape(400, 400)
    f = tf.function(lambda t, p: tf.gather(t, tf.transpose(p)) * tf.cast(p, tf.float32))
    assert np.array_equal(f(table, places), table[places.T] * places.astype(np.float32))
    places[399, 0] = 1 << 30
    assert "is not in [0, 100)" in fails(f, table, places)


def test_places_for_rows_and_columns(threads):
    table, places = whole(100, 0, 99, np.float32), whole(600, 0, 100)
    f = tf.function(lambda t, p: tf.gather(t, p)[:, None] + tf.gather(t, p)[None])
    assert np.array_equal(f(table, places), table[places][:, None] + table[places][None])
    places[599] = 1 << 30
    assert "is not in [0, 100)" in fails(f, table, places)


def test_variables_stay_as_they_were(threads):
    x = whole(100_000, 1, 9)
    v, w = tf.Variable(x), tf.Variable(x)

    @tf.function
    def f(y):
        w.assign(w + 1)
        v.assign(v // y)

    f(tf.constant(x))
    assert np.array_equal(v, x // x) and np.array_equal(w, x + 1)
    y = x.copy()
    y[99_999] = 0
    assert "division by zero" in fails(f, y)
    assert np.array_equal(v, x // x) and np.array_equal(w, x + 2)


def test_divisors_that_are_overwritten_by_the_quotients(threads):
    x, y = whole(100_000, -99, 99), whole(100_000, 1, 9)
    f = tf.function(lambda x, y: x // (y + y) + 1)
    assert np.array_equal(f(x, y), x // (y + y) + 1)
    y[50_000] = 0
    assert "division by zero" in fails(f, x, y)


@pytest.mark.parametrize("count", [0, *COUNTS])
def test_unknown_numbers_of_places(threads, count):
    f = tf.function(
        lambda t, i: tf.gather(t, i),
        input_signature=[tf.TensorSpec([None], tf.float32), tf.TensorSpec([None], tf.int32)],
    )
    table, i = whole(70_001, -99, 99, np.float32), whole(count, 0, 70_001)
    assert np.array_equal(f(table, i), table[i])
    if count:
        i[-1] = 70_001
        assert "is not in [0, 70001)" in fails(f, table, i)


def test_checks_in_loops(threads):
    x, y = whole(50_000, 1, 99), whole(50_000, 1, 9)

    @tf.function
    def f(x, y, n):
        for i in tf.range(n):
            x = (x * 7 + i) // (y - i)
        return x

    want = x
    for i in range(1):
        want = (want * 7 + i) // (y - i)
    assert np.array_equal(f(x, y, tf.constant(1)), want)
    assert "division by zero" in fails(f, x, y, tf.constant(10))


def test_remarks_say_so():
    f = tf.function(lambda t, i: tf.gather(t, i))
    spec = tf.TensorSpec([100_000], tf.float32), tf.TensorSpec([100_000], tf.int32)
    remarks = str(f.get_concrete_function(*spec).compiled().remarks)
    assert "elements are checked in blocks of" in remarks
