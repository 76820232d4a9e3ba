"""Products together with what stands around them: values do not depend on what was fused, packed or shared."""

import numpy as np
import pytest
import tfc as tf
from tfc.ops import primitives as p

RNG = np.random.default_rng(3)
SWITCHES = [{}, {"disable": ("tfc-lower-contractions",)}, {"disable": ("tfc-fuse-loops",)}, {"parallel": False}]


def small(*shape):
    """Integers: sums of products are exact in any order."""
    return RNG.integers(-2, 3, shape).astype(np.float32)


def compile_with(function, options):
    return tf.function(function, autograph=False, experimental_attributes={"compile_options": options})


@pytest.fixture(params=[1, 3])
def threads(request):
    tf.config.threading.set_intra_op_parallelism_threads(request.param)
    yield request.param
    tf.config.threading.set_intra_op_parallelism_threads(0)


@pytest.mark.parametrize("options", SWITCHES, ids=str)
def test_bias_activation_and_residual_are_the_same_with_every_switch(options):
    x, w, bias, more = small(70, 300), small(300, 513), small(513), small(70, 513)
    got = compile_with(lambda x, w: tf.nn.relu(tf.matmul(x, w) + bias) + more, options)(x, w)
    np.testing.assert_array_equal(got.numpy(), np.maximum(x @ w + bias, 0) + more)


def test_products_shared_by_threads_are_those_of_one(threads):
    for m, k, n in [(64, 512, 1536), (700, 600, 130), (20, 1000, 3000), (3, 900, 2000)]:
        x, w = small(m, k), small(k, n)
        np.testing.assert_array_equal(tf.function(tf.matmul, autograph=False)(x, w).numpy(), x @ w)


@pytest.mark.parametrize("size", [(60, 400, 1500), (301, 800, 1000), (160, 900, 4000)], ids=str)
@pytest.mark.parametrize("weights", ["given", "transposed", "constant"])
def test_threads_that_share_parts_of_a_panel_copy_it_to_places_of_their_own(size, weights, threads):
    m, k, n = size
    x, w = small(m, k), small(k, n)
    programs = {
        "given": lambda x: tf.matmul(x, given),
        "transposed": lambda x: tf.matmul(x, given, transpose_b=True),
        "constant": lambda x: tf.matmul(x, tf.constant(w)),
    }
    given = tf.Variable(w.T if weights == "transposed" else w)
    product = tf.function(programs[weights], autograph=False)
    for _ in range(5):
        np.testing.assert_array_equal(product(x).numpy(), x @ w)


@pytest.mark.parametrize("columns", [256, 320, 701, 768, 1100])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_panels_in_the_middle_and_at_the_end_may_be_cut_between_threads(columns, count):
    tf.config.threading.set_intra_op_parallelism_threads(count)
    product = tf.function(tf.matmul, autograph=False)
    x, w = small(193, 500), small(500, columns)
    for _ in range(10):
        np.testing.assert_array_equal(product(x, w).numpy(), x @ w)
    tf.config.threading.set_intra_op_parallelism_threads(0)


@pytest.mark.parametrize("rows", [13, 31, 255, 256, 257])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_tiles_of_two_sizes_and_what_reads_the_product_are_shared_by_threads(rows, count):
    tf.config.threading.set_intra_op_parallelism_threads(count)
    function = tf.function(lambda x, w: tf.transpose(tf.reshape(tf.matmul(x, w), (rows, 4, 64)), (1, 0, 2)) * 2)
    x, w = small(rows, 130), small(130, 256)
    want = (x @ w).reshape(rows, 4, 64).transpose(1, 0, 2) * 2
    for _ in range(10):
        np.testing.assert_array_equal(function(x, w).numpy(), want)
    tf.config.threading.set_intra_op_parallelism_threads(0)


def test_variable_on_both_sides_of_its_update_is_read_before_it_is_written():
    v = tf.Variable(small(130, 130))
    before = v.numpy()

    @tf.function(autograph=False)
    def step():
        v.assign(tf.nn.relu(tf.matmul(v, v)) - 1)

    step()
    np.testing.assert_array_equal(v.numpy(), np.maximum(before @ before, 0) - 1)


def test_residual_in_the_place_of_the_result_is_read_first():
    v, w = tf.Variable(small(66, 200)), small(200, 200)
    before = v.numpy()

    @tf.function(autograph=False)
    def step(x):
        v.assign_add(tf.matmul(x, w))

    x = small(66, 200)
    step(x)
    np.testing.assert_array_equal(v.numpy(), before + x @ w)


def test_sums_needed_again_are_kept():
    x, w = small(40, 100), small(100, 200)

    @tf.function(autograph=False)
    def both(x, w):
        sums = tf.matmul(x, w)
        return tf.nn.relu(sums), tf.reduce_sum(sums, axis=0), sums

    relu, total, sums = both(x, w)
    np.testing.assert_array_equal(sums.numpy(), x @ w)
    np.testing.assert_array_equal(relu.numpy(), np.maximum(x @ w, 0))
    np.testing.assert_array_equal(total.numpy(), (x @ w).sum(0))


def test_widened_bytes_on_both_sides_are_the_same_bytes():
    q = RNG.integers(-3, 4, (200, 200)).astype(np.int8)

    def square(q):
        w = tf.cast(q, tf.float32)
        return tf.matmul(w, w)

    want = q.astype(np.float32) @ q.astype(np.float32)
    np.testing.assert_array_equal(tf.function(square, autograph=False)(q).numpy(), want)


@pytest.mark.parametrize("batch", [1, 4, 16])
def test_weights_of_a_loop_are_those_of_every_iteration(batch):
    w, u = small(256, 256) / 64, small(256, 256) / 64

    def run(x, count):
        def body(i, h):
            return i + 1, tf.clip_by_value(tf.matmul(h, w) + tf.matmul(h, u, transpose_b=True), -2.0, 2.0)

        return tf.while_loop(lambda i, h: i < count, body, (0, x))[1]

    x = small(batch, 256)
    got = tf.function(run, autograph=False)(x, tf.constant(7)).numpy()
    want = x.astype(np.float64)
    for _ in range(7):
        want = np.clip(want @ w + want @ u.T, -2, 2)
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


def test_weights_that_a_loop_changes_are_packed_in_every_iteration():
    w = small(256, 256) / 64

    def run(x, w):
        def body(i, x, w):
            return i + 1, tf.matmul(x, w), w + 1 / 64

        return tf.while_loop(lambda i, x, w: i < 3, body, (0, x, w))[1]

    x = small(16, 256)
    want, weights = x.astype(np.float64), w.astype(np.float64)
    for _ in range(3):
        want, weights = want @ weights, weights + 1 / 64
    np.testing.assert_allclose(tf.function(run, autograph=False)(x, w).numpy(), want, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("transposed", [False, True])
def test_weights_that_one_of_many_products_of_a_loop_makes_are_those_of_each_iteration(transposed):
    first, others, x = small(256, 256) / 16, [small(256, 256) / 16 for _ in range(4)], small(8, 256)

    def iteration(matmul, tanh, x, w):
        w = tanh(matmul(w, others[0]))
        for weights in (w, *others):
            x = tanh(matmul(x, weights))
        return x, w

    @tf.function
    def run(x, w):
        for _ in tf.range(3):
            x, w = iteration(lambda a, b: tf.matmul(a, b, transpose_b=transposed), tf.tanh, x, w)
        return x

    want, w = x.astype(np.float64), first.astype(np.float64)
    for _ in range(3):
        want, w = iteration(lambda a, b: a @ (b.T if transposed else b), np.tanh, want, w)
    np.testing.assert_allclose(run(x, first).numpy(), want, rtol=1e-4, atol=1e-4)


def test_variable_that_a_loop_assigns_is_not_packed_before_it():
    v = tf.Variable(np.eye(256, dtype=np.float32))

    @tf.function
    def run(x):
        for _ in tf.range(3):
            x = tf.matmul(x, v)
            v.assign(v * 2.0)
        return x

    x = small(16, 256)
    np.testing.assert_array_equal(run(x).numpy(), x * 8)


CONVOLUTIONS = [  # height, width, channels, window, features, stride, dilation, padding, groups
    (13, 11, 6, (3, 3), 20, 1, 1, "SAME", 1), (13, 11, 6, (3, 2), 20, 2, 1, "SAME", 1),
    (14, 10, 4, (3, 3), 8, 1, 2, "VALID", 1), (8, 9, 32, (5, 5), 70, 1, 1, "SAME", 1),
    (9, 8, 12, (3, 3), 12, 1, 1, "SAME", 2), (7, 7, 150, (1, 1), 33, 2, 1, "SAME", 1),
]  # fmt: skip


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_convolution_and_gradients_are_those_of_eager_execution(case):
    high, wide, channels, window, features, stride, dilation, padding, groups = case
    x, w = small(2, high, wide, channels), small(*window, channels // groups, features)

    def run(x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = tf.nn.convolution(x, w, strides=stride, padding=padding, dilations=dilation)
            loss = tf.reduce_sum(y * y)
        return y, *tape.gradient(loss, [x, w])

    args = tf.constant(x), tf.constant(w)
    for options in SWITCHES:
        for got, want in zip(compile_with(run, options)(*args), run(*args), strict=True):
            np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-5, atol=1e-3)


def test_memory_of_a_convolution_does_not_hold_its_windows():
    x = tf.constant(small(1, 56, 56, 64))
    w = tf.constant(small(3, 3, 64, 64))

    def gradients(x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            loss = tf.reduce_sum(tf.nn.conv2d(x, w, 1, "SAME") ** 2)
        return tape.gradient(loss, [x, w])

    forward = compile_with(lambda x, w: tf.nn.conv2d(x, w, 1, "SAME"), {"disable": ()})
    size = 4 * 56 * 56 * 64
    assert forward.get_concrete_function(x, w).compiled().arena_bytes < 2 * size
    backward = compile_with(gradients, {"disable": ()})
    assert backward.get_concrete_function(x, w).compiled().arena_bytes < 6 * size  # windows would be 9 times as large


def test_input_gradient_of_a_strided_convolution_is_summed_up_in_the_result():
    x, w, g = (tf.constant(small(*shape)) for shape in [(1, 56, 56, 64), (3, 3, 64, 64), (1, 28, 28, 64)])

    def gradient(x, w, g):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.nn.conv2d(x, w, 2, "SAME")
        return tape.gradient(y, x, output_gradients=g)

    compiled = compile_with(gradient, {}).get_concrete_function(x, w, g).compiled()
    padded, turned = 4 * 29 * 29 * 64, 4 * 9 * 64 * 64
    assert compiled.arena_bytes < 1.1 * (padded + turned)
    assert not any("fill over 1 x 28 x 28 x 64" in remark for remark in compiled.remarks)


def test_remarks_tell_what_a_product_absorbs():
    x, w, bias = small(64, 256), small(256, 512), small(512)
    function = compile_with(lambda x, w: tf.nn.relu(tf.matmul(x, w) + bias), {"disable": ()})
    remarks = "\n".join(function.get_concrete_function(tf.constant(x), tf.constant(w)).compiled().remarks)
    assert "kernel: product of 64 x 256 and 256 x 512" in remarks
    assert "what follows is done on the sums in registers" in remarks


def test_loop_that_only_a_dimension_of_size_one_measures_keeps_its_length():
    x = (np.arange(2 * 5 * 4 * 3).reshape(2, 5, 4, 3) % 7).astype(np.complex64)
    w = (np.arange(12).reshape(1, 1, 3, 4) - 5).astype(np.complex64)
    how = dict(strides=(2, 3), dilations=(1, 1), padding=(0, 0, 0, 0), groups=1)
    run = tf.function(lambda x, w: p.conv(x, w, **how), autograph=False)
    want = np.einsum("nhwc,cf->nhwf", x[:, ::2, ::3], w[0, 0])
    np.testing.assert_array_equal(run(tf.constant(x), tf.constant(w)).numpy(), want)


def test_products_with_tiles_in_common_have_their_own_sizes_epilogues_and_edges(threads):
    x, v, w, u = small(131, 300), small(300, 530), small(530, 900), small(900, 257)
    bias, more = small(530), small(131, 900)

    def network(x, v, w, u):
        y = tf.nn.relu(x @ v + bias)
        z = tf.matmul(y, w) + more
        back = tf.matmul(z, w, transpose_b=True)
        return y, z, z @ u, back, tf.matmul(y, back, transpose_a=True)

    y = np.maximum(x @ v + bias, 0)
    z = y @ w + more
    back = z.astype(np.float64) @ w.T
    want = y, z, z.astype(np.float64) @ u, back, y.T.astype(np.float64) @ back
    for got, right in zip(tf.function(network, autograph=False)(x, v, w, u), want, strict=True):
        np.testing.assert_allclose(got.numpy(), right, rtol=2e-5, atol=1e-4 * np.abs(right).max())


def test_equal_layers_are_one_function_with_other_weights():
    x, weights = small(5, 16), [small(16, 16) for _ in range(12)]

    def layers(lib, x):
        for w in weights:
            x = lib.minimum(lib.maximum(x @ w, -1.0), 2.0)
        return x

    got = tf.function(lambda x: layers(tf, x), autograph=False)(tf.constant(x))
    np.testing.assert_array_equal(got.numpy(), layers(np, x))


def test_equal_towers_run_beside_each_other(threads):
    x, variables = small(64, 96), [tf.Variable(small(96, 96)) for _ in range(6)]
    before = [v.numpy() for v in variables]

    @tf.function(autograph=False)
    def step(x):
        for v in variables:
            for _ in range(4):
                v.assign(
                    tf.clip_by_value(tf.matmul(x, tf.clip_by_value(x @ v, -1.0, 1.0), transpose_a=True), -2.0, 2.0)
                )

    step(tf.constant(x))
    for v, old in zip(variables, before, strict=True):
        for _ in range(4):
            old = np.clip(x.T @ np.clip(x @ old, -1, 1), -2, 2)
        np.testing.assert_array_equal(v.numpy(), old)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64], ids=lambda t: t.__name__)
@pytest.mark.parametrize("sizes", [(1, 65, 256), (256, 65, 1), (7, 3, 1), (4, 0, 1), (1, 1, 1)], ids=str)
def test_dot_products_of_integers_are_added_to_what_is_there(sizes, dtype):
    m, k, n = sizes
    x, y = RNG.integers(-9, 9, (m, k)).astype(dtype), RNG.integers(-9, 9, (n, k)).astype(dtype)

    @tf.function
    def total(x, y):
        sums = tf.zeros((m, n), tf.int32)
        for _ in tf.range(3):
            sums += tf.matmul(tf.cast(x, tf.int32), tf.cast(y, tf.int32), transpose_b=True)
        return sums

    np.testing.assert_array_equal(total(x, y).numpy(), 3 * (x.astype(np.int32) @ y.astype(np.int32).T))


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.uint64], ids=lambda t: t.__name__)
@pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True)], ids=str)
def test_products_of_integers_wrap_around(dtype, transposed):
    limits = np.iinfo(dtype)
    for m, k, n in [(1, 3, 1), (17, 33, 65), (64, 130, 96), (200, 300, 40), (5, 0, 4)]:
        shapes = [(k, m) if transposed[0] else (m, k), (n, k) if transposed[1] else (k, n)]
        x, y = (RNG.integers(limits.min, limits.max, s, dtype, endpoint=True) for s in shapes)
        product = tf.function(lambda x, y: tf.matmul(x, y, transpose_a=transposed[0], transpose_b=transposed[1]) + 1)
        want = (x.T if transposed[0] else x) @ (y.T if transposed[1] else y) + dtype(1)
        np.testing.assert_array_equal(product(x, y).numpy(), want)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128], ids=lambda t: t.__name__)
def test_complex_products_are_made_of_real_ones(dtype):
    def random(*shape):
        return (RNG.normal(size=shape) + 1j * RNG.normal(size=shape)).astype(dtype)

    product = tf.function(lambda x, y: tf.matmul(x, y, adjoint_b=True) * 2)
    unknown = tf.function(lambda x, y: tf.matmul(x, y), input_signature=[tf.TensorSpec([None, None], dtype)] * 2)
    for m, k, n in [(2, 2, 2), (17, 33, 65), (1, 300, 20), (50, 0, 4), (0, 3, 2)]:
        x, y = random(m, k), random(n, k)
        want = x @ y.conj().T
        tolerance = 8 * np.finfo(dtype).eps * (1 + np.abs(x) @ np.abs(y).T)
        assert np.all(np.abs(product(x, y).numpy() - 2 * want) <= 2 * tolerance)
        assert np.all(np.abs(unknown(x, y.conj().T).numpy() - want) <= tolerance)
    x, y = random(4, 1, 20, 30), random(3, 30, 25)
    np.testing.assert_allclose(tf.function(tf.matmul)(x, y).numpy(), x @ y, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("sizes", [(128, 40, 64), (3, 70, 50), (70, 200, 1), (70, 65, 5), (1, 5000, 1)], ids=str)
@pytest.mark.parametrize("turned", ["neither", "left", "right", "both"])
@pytest.mark.parametrize("parallel", [False, True])
def test_complex_products_read_operands_as_they_lie_or_turned(sizes, turned, parallel, threads):
    m, k, n = sizes
    left, right = turned in ("left", "both"), turned in ("right", "both")
    options = {"compile_options": {"parallel": parallel}}
    x = (RNG.normal(size=(2, m, k)) + 1j * RNG.normal(size=(2, m, k))).astype(np.complex64)
    y = (RNG.normal(size=(k, n)) + 1j * RNG.normal(size=(k, n))).astype(np.complex64)
    product = tf.function(
        lambda x, y: tf.matmul(x, y, transpose_a=left, transpose_b=right), experimental_attributes=options
    )
    got = product(np.swapaxes(x, 1, 2).copy() if left else x, y.T.copy() if right else y).numpy()
    want = x.astype(np.complex128) @ y
    assert np.all(np.abs(got - want) <= 1e-6 * (np.abs(x) @ np.abs(y)))


def test_a_complex_product_is_added_to_what_a_variable_has():
    x, y = ((RNG.normal(size=(40, 40)) + 1j * RNG.normal(size=(40, 40))).astype(np.complex64) for _ in range(2))
    v = tf.Variable(x)

    @tf.function
    def step():
        v.assign_add(v @ y)
        return v

    np.testing.assert_allclose(step().numpy(), x + x @ y, rtol=1e-4, atol=1e-4)


def test_infinite_parts_stay_in_their_row_of_a_complex_product():
    x, y = np.ones((20, 30), np.complex64), np.ones((30, 20), np.complex64)
    x[3, 4] = np.inf
    got = tf.function(tf.matmul)(x, y).numpy()
    np.testing.assert_array_equal(np.delete(got, 3, 0), np.full((19, 20), 30, np.complex64))
    assert np.all(np.isinf(got[3].real))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.float16], ids=lambda t: t.__name__)
@pytest.mark.parametrize("sizes", [(3, 3), (5, 3), (3, 5), (6, 6), (9, 4), (2, 40)], ids=str)
def test_a_small_matrix_for_each_vector(sizes, dtype, threads):
    m, k = sizes
    a, v = (RNG.integers(-3, 4, shape).astype(dtype) for shape in [(4, 333, m, k), (4, 333, k)])
    product = tf.function(lambda a, v: tf.nn.relu(tf.linalg.matvec(a, v) + 1))
    np.testing.assert_array_equal(product(a, v).numpy(), np.maximum(np.einsum("abij,abj->abi", a, v) + 1, 0))


def in_a_loop(step, x, n):
    return tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, step(y)), (tf.constant(0), x))[1]


@pytest.mark.parametrize("kind", ["matrix", "filter"])
def test_weights_that_a_loop_does_not_change_are_packed_before_it(kind, threads):
    shapes = {"matrix": [(16, 600), (600, 600)], "filter": [(1, 6, 5, 300), (3, 3, 300, 300)]}
    x, w = (tf.constant(small(*shape)) for shape in shapes[kind])
    weights = tf.Variable(w)
    product = tf.matmul if kind == "matrix" else lambda y, w: tf.nn.conv2d(y, w, 1, "SAME")
    loop = tf.function(lambda x, n: in_a_loop(lambda y: tf.sign(product(y, weights)), x, n), autograph=False)
    want = x
    for _ in range(3):
        want = tf.sign(product(want, w))
    np.testing.assert_array_equal(loop(x, tf.constant(3)).numpy(), want.numpy())
    remarks = loop.get_concrete_function(x, tf.constant(3)).compiled().remarks
    assert any("panels of the right operand, made before" in remark for remark in remarks)


def test_weights_that_a_loop_changes_are_packed_in_it():
    x, w = tf.constant(small(16, 600)), small(600, 600)
    weights = tf.Variable(w)

    def step(y):
        weights.assign_add(tf.ones((600, 600)))
        return tf.sign(tf.matmul(y, weights))

    loop = tf.function(lambda x, n: in_a_loop(step, x, n), autograph=False)
    remarks = loop.get_concrete_function(x, tf.constant(3)).compiled().remarks
    assert not any("made before" in remark for remark in remarks)
    got, want = loop(x, tf.constant(3)).numpy(), x.numpy()
    for i in range(3):
        want = np.sign(want @ (w + i + 1))
    np.testing.assert_array_equal(got, want)


# Rows on both sides of where the right operand is fetched while others of it are computed with; one and several panels
# in a group, depths that are no multiple of what a loop over them does at once.
@pytest.mark.parametrize("rows", [17, 18, 19, 24, 67, 128, 159, 160, 161])
@pytest.mark.parametrize("size", [(130, 2048), (771, 1024), (1003, 512), (480, 1152), (800, 3072)], ids=str)
def test_weights_that_are_fetched_ahead_are_copied_by_the_first_tile(rows, size, threads):
    k, n = size
    x, w, bias, more = small(rows, k), small(k, n), small(n), small(rows, n)
    f = tf.function(lambda x, w, more: tf.nn.relu(tf.matmul(x, w) + bias) + more, autograph=False)
    np.testing.assert_array_equal(f(x, w, more).numpy(), np.maximum(x @ w + bias, 0) + more)


# On both sides of where one to four columns behind whole vectors are worth sums of their own: 16 lanes, or 8 of float64;
# read as they are, and packed.
LAST_COLUMNS = [
    (7, 100, 33),
    (8, 100, 33),
    (50, 15, 33),
    (50, 23, 17),
    (50, 24, 17),
    (50, 100, 16),
    (50, 64, 18),
    (50, 173, 20),
]
LAST_COLUMNS += [(50, 174, 20), (50, 174, 21), (50, 1100, 129), (50, 1100, 212)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda d: d.__name__)
@pytest.mark.parametrize("size", LAST_COLUMNS, ids=str)
def test_last_columns_are_summed_along_k(size, dtype, threads):
    rows, k, n = size
    x, w, bias, more = (a.astype(dtype) for a in (small(rows, k), small(k, n), small(n), small(rows, n)))
    f = tf.function(lambda x, w, more: (tf.nn.relu(tf.matmul(x, w) + bias) + more, tf.matmul(x, w)), autograph=False)
    got, product = f(x, w, more)
    np.testing.assert_array_equal(got.numpy(), np.maximum(x @ w + bias, 0) + more)
    np.testing.assert_array_equal(product.numpy(), x @ w)


@pytest.mark.parametrize("options", SWITCHES + [{"reassociate": False}], ids=str)
def test_last_columns_of_batches_and_transposed_operands(options):
    x, w = small(9, 20, 100), small(9, 100, 35)
    turned = np.ascontiguousarray(w.swapaxes(1, 2))
    f = compile_with(lambda x, w: tf.matmul(x, w, transpose_b=True), options)
    np.testing.assert_array_equal(f(x, turned).numpy(), x @ w)
    f = compile_with(tf.matmul, options)
    np.testing.assert_array_equal(f(x, w).numpy(), x @ w)
    np.testing.assert_array_equal(f(x, w[0]).numpy(), x @ w[0])
    f = compile_with(lambda x, w: tf.matmul(x, w, transpose_a=True), options)
    np.testing.assert_array_equal(f(x.swapaxes(1, 2).copy(), w).numpy(), x @ w)


def test_last_columns_are_in_order_on_demand():
    x, w = small(40, 200), small(200, 33)

    def remarks(options):
        return "\n".join(compile_with(tf.matmul, options).get_concrete_function(x, w).compiled().remarks)

    assert "of the last columns sums along k" in remarks({})
    assert "of the last columns" not in remarks({"reassociate": False})


def test_last_columns_keep_what_is_not_finite_in_its_row_and_column():
    x, w = small(50, 100), small(100, 33)
    x[3, 5], w[7, 32] = np.inf, np.nan
    w[5] = 1
    got = tf.function(tf.matmul, autograph=False)(x, w).numpy()
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(got, x @ w)


# One to four vectors in the last panel, the last of them whole or not.
@pytest.mark.parametrize("n", [136, 144, 150, 160, 170, 176, 190, 192, 200])
@pytest.mark.parametrize("weights", ["given", "transposed", "captured", "constant", "shared"])
def test_last_panel_has_a_tile_of_its_own_width(n, weights, threads):
    x, w, bias = small(50, 1100), small(1100, n), small(n)
    kept = tf.constant(w)
    programs = {
        "given": lambda x, w: tf.nn.relu(tf.matmul(x, w) + bias),
        "transposed": lambda x, w: tf.nn.relu(tf.matmul(x, w, transpose_b=True) + bias),
        "captured": lambda x, _: tf.nn.relu(tf.matmul(x, kept) + bias),
        "constant": lambda x, _: tf.nn.relu(tf.matmul(x, tf.constant(w)) + bias),
        "shared": lambda x, w: sum(tf.nn.relu(tf.matmul(x + i, w) + bias) for i in range(4)),
    }
    want = np.maximum(x @ w + bias, 0)
    if weights == "shared":
        want = sum(np.maximum((x + i) @ w + bias, 0) for i in range(4))
    f = tf.function(programs[weights], autograph=False)
    for _ in range(2):
        np.testing.assert_array_equal(f(x, w.T.copy() if weights == "transposed" else w).numpy(), want)


# Blocks of the depth are added to the result at the end of a tile or, if sums are in order, begin with it; the right
# operand is packed, or on both sides of where it is fetched.
@pytest.mark.parametrize("options", [{}, {"reassociate": False}, {"strict": True}, {"parallel": False}], ids=str)
@pytest.mark.parametrize(
    "size", [(200, 1500, 300), (97, 100, 245), (97, 100, 247), (40, 63, 1100), (40, 64, 2100)], ids=str
)
def test_sums_of_blocks_of_the_depth_are_added_to_what_is_there(size, options):
    m, k, n = size
    x, w, start = small(m, k), small(k, n), small(m, n)
    f = compile_with(lambda x, w, start: tf.matmul(x, w) + start, options)
    np.testing.assert_array_equal(f(x, w, start).numpy(), x @ w + start)


def test_infinite_and_negative_zero_sums_of_several_blocks():
    x, w = small(200, 1000), small(1000, 600)
    x[:, 3], w[3, :] = 0, 1
    x[7, 3], x[8, 3] = np.inf, np.nan
    got = tf.function(tf.matmul, autograph=False)(x, w).numpy()
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(got, x @ w)


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16], ids=lambda d: d.__name__)
def test_weights_of_other_types_that_are_fetched_ahead(dtype):
    x, w = small(60, 800).astype(dtype), RNG.integers(-1, 2, (800, 1024)).astype(dtype)
    np.testing.assert_array_equal(tf.function(tf.matmul, autograph=False)(x, w).numpy(), x @ w)


def test_products_that_fetch_ahead_and_share_their_tile():
    x, ws = small(60, 512), [small(512, 512) for _ in range(5)]
    f = tf.function(lambda x, *ws: [tf.nn.relu(tf.matmul(x, w)) for w in ws], autograph=False)
    for got, w in zip(f(x, *ws), ws, strict=True):
        np.testing.assert_array_equal(got.numpy(), np.maximum(x @ w, 0))


@pytest.mark.parametrize("channels", [256, 512])
def test_filters_that_are_fetched_ahead(channels):
    x, w = small(1, 7, 7, channels), small(3, 3, channels, 128)
    whole = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    expected = sum(whole[:, i : i + 7, j : j + 7] @ w[i, j] for i in range(3) for j in range(3))
    got = tf.function(lambda x, w: tf.nn.conv2d(x, w, 1, "SAME"), autograph=False)(x, w)
    np.testing.assert_array_equal(got.numpy(), expected)


def train(options, order):
    """Two layers, whose variables change after all gradients are there; `order`: which product comes first."""
    first, second, x = (np.sign(small(*shape)) for shape in [(40, 130), (130, 60), (30, 40)])  # sums below 2**24
    v, w = tf.Variable(first), tf.Variable(second)

    def step(x):
        hidden = tf.matmul(x, v)
        out = tf.matmul(hidden, w)
        if order == "left first":
            back = tf.matmul(out, w, transpose_b=True)
            dw = tf.matmul(hidden, out, transpose_a=True)
        else:
            dw = tf.matmul(hidden, out, transpose_a=True)
            back = tf.matmul(out, w, transpose_b=True)
        dv = tf.matmul(x, back, transpose_a=True)
        tf.debugging.assert_less(tf.reduce_max(x), 10.0)
        v.assign_sub(0.5 * dv)
        w.assign_sub(0.5 * dw)
        return tf.reduce_sum(out)

    f = compile_with(step, options)
    hidden = x @ first
    out = hidden @ second
    want = first - 0.5 * (x.T @ (out @ second.T)), second - 0.5 * (hidden.T @ out)
    return f, x, (v, w), (first, second), want


@pytest.mark.parametrize("options", SWITCHES, ids=str)
@pytest.mark.parametrize("order", ["left first", "right first"])
def test_variables_that_change_after_all_gradients_have_their_values(options, order):
    f, x, variables, _, want = train(options, order)
    f(x)
    for variable, value in zip(variables, want, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


@pytest.mark.parametrize("order", ["left first", "right first"])
def test_variables_do_not_change_where_an_assertion_fails(order):
    f, x, variables, before, _ = train({}, order)
    with pytest.raises(tf.errors.InvalidArgumentError):
        f(x + 100)
    for variable, value in zip(variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_updates_are_done_on_the_sums_of_their_gradients():
    x, a, b = small(32, 64), small(32, 80), small(32, 96)
    v, w = tf.Variable(small(64, 80)), tf.Variable(small(64, 96))

    def step(x, a, b):
        first, second = tf.matmul(x, a, transpose_a=True), tf.matmul(x, b, transpose_a=True)
        v.assign_sub(0.5 * first)
        w.assign_sub(0.5 * second)

    compiled = tf.function(step, autograph=False).get_concrete_function(x, a, b).compiled()
    products = [remark for remark in compiled.remarks if "kernel: product" in remark]
    assert len(products) == 2 and all("on the sums in registers" in remark for remark in products)
    assert compiled.arena_bytes < 64 * 80 * 4
