"""Panels of variables that stay between calls: never those of a value that the variable no longer has."""

import ctypes
import gc
import os
import threading

import ml_dtypes
import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(11)
ENOUGH = 4  # calls after which panels are there


def small(*shape, dtype=np.float32):
    """Integers: sums of products are exact in any order."""
    return RNG.integers(-2, 3, shape).astype(dtype)


def traced(function, **options):
    return tf.function(function, autograph=False, **options)


def code_of(function, *arguments):
    concrete = function.get_concrete_function(*arguments)
    shapes = [tuple(a.shape) for a in [*arguments, *concrete._graph.captured] if not isinstance(a, tf.Variable)]
    return concrete.executable_for(shapes)


def exact(x, w):
    return (x.astype(np.float64) @ w.astype(np.float64)).astype(x.dtype)


class Layer:
    """A product with a variable that has panels when this is made."""

    def __init__(self, m=16, k=700, n=500, dtype=np.float32, fill=True, **options):
        self.x, self.w = small(m, k, dtype=dtype), small(k, n, dtype=dtype)
        self.v = tf.Variable(self.w)
        self.function = traced(lambda x: tf.matmul(x, self.v), **options)
        self.code = code_of(self.function, tf.constant(self.x))
        if fill:
            self.fill()

    def fill(self):
        for _ in range(100):
            self.check()
            if self.code.panel_bytes:
                return
        raise AssertionError("no panels")

    def check(self, w=None):
        got = self.function(tf.constant(self.x)).numpy()
        np.testing.assert_array_equal(got, exact(self.x, self.w if w is None else w))

    def checks(self, w=None):
        """Before panels are kept again, where they are filled, and where they are used."""
        for _ in range(ENOUGH):
            self.check(w)


@pytest.fixture(params=[1, 2])
def threads(request):
    tf.config.threading.set_intra_op_parallelism_threads(request.param)
    yield request.param
    tf.config.threading.set_intra_op_parallelism_threads(0)


SIZES = [(7, 700, 300), (16, 512, 1024), (23, 1000, 777), (64, 385, 513), (150, 512, 1152), (256, 2000, 130)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
def test_values_are_the_same_with_copies_that_stay_and_those_that_do_not(size, dtype, threads):
    layer = Layer(*size, dtype=dtype)
    for _ in range(2):
        layer.x = small(*layer.x.shape, dtype=dtype)
        layer.check()
    assert layer.code.panel_bytes >= layer.w.nbytes
    layer.w = small(*layer.w.shape, dtype=dtype)
    layer.v.assign(layer.w)
    assert layer.code.panel_bytes == 0
    layer.checks()


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16])
def test_other_types(dtype):
    Layer(20, 700, 400, dtype=dtype).check()


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
def test_transposed_and_sliced_reads_of_one_variable_each_have_their_panels(dtype, threads):
    w, x = small(800, 800, dtype=dtype), small(20, 800, dtype=dtype)
    v = tf.Variable(w)

    @traced
    def forms(x):
        return (
            tf.matmul(x, v),
            tf.matmul(x, v, transpose_b=True),
            tf.matmul(x[:, :600], v[100:700]),
            tf.matmul(x, v[:, 64:600]),
            tf.matmul(x, tf.transpose(v)),
        )

    for _ in range(3):
        for _ in range(ENOUGH):
            expected = [x @ w, x @ w.T, x[:, :600] @ w[100:700], x @ w[:, 64:600], x @ w.T]
            expected = [
                exact(x, w), exact(x, w.T), exact(x[:, :600], w[100:700]), exact(x, w[:, 64:600]), exact(x, w.T)
            ]  # fmt: skip
            for got, want in zip(forms(tf.constant(x)), expected, strict=True):
                np.testing.assert_array_equal(got.numpy(), want)
        w = small(800, 800, dtype=dtype)
        v.assign(w)


def test_slices_at_places_that_change_are_those_of_the_call():
    w, x = small(4, 700, 500), small(16, 700)
    v, c = tf.Variable(w), tf.constant(w)
    of_variable = traced(lambda x, i: tf.matmul(x, v[i]))
    of_constant = traced(lambda x, i: tf.matmul(x, c[i]))
    for i in (0, 1, 2, 2, 3, 3, 0, 0):
        for function in (of_variable, of_constant):
            np.testing.assert_array_equal(function(tf.constant(x), tf.constant(i)).numpy(), x @ w[i])


@pytest.mark.parametrize("window, strides", [((3, 3), 1), ((1, 5), 2), ((2, 2), 1)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
def test_filters_of_convolutions(window, strides, dtype, threads):
    w, x = small(*window, 200, 170, dtype=dtype), small(1, 9, 8, 200, dtype=dtype)
    v = tf.Variable(w)
    read = traced(lambda x: tf.nn.conv2d(x, v, strides, "SAME"))
    given = traced(lambda x, w: tf.nn.conv2d(x, w, strides, "SAME"))
    for _ in range(2):
        for _ in range(ENOUGH):
            want = given(tf.constant(x), tf.constant(w)).numpy()
            np.testing.assert_array_equal(read(tf.constant(x)).numpy(), want)
        w = small(*w.shape, dtype=dtype)
        v.assign(w)


def test_tiles_that_many_products_share(threads):
    sizes = [(600, 700), (700, 513), (513, 900), (900, 400), (400, 650)]
    vs = [tf.Variable(small(*size)) for size in sizes]
    x = small(30, 600)

    @traced
    def layers(x):
        for v in vs:
            x = tf.sign(tf.matmul(x, v) + 1)
        return x

    for step in range(12):
        expected = x
        for v in vs:
            expected = np.sign(expected @ v.numpy() + 1)
        np.testing.assert_array_equal(layers(tf.constant(x)).numpy(), expected)
        if step == 5:
            vs[2].assign(small(*sizes[2]))  # the others have theirs


# ---- assignments

ASSIGNMENTS = {
    "assign": lambda v, w: v.assign(w + 1),
    "a number of it": lambda v, w: v.assign_add(tf.ones_like(v)),
    "subtraction": lambda v, w: v.assign_sub(2 * tf.ones_like(v)),
    "a slice": lambda v, w: v[3:90, 5].assign(tf.fill([87], 2.0)),
    "an element": lambda v, w: v[0, 0].assign(9.0),
    "scatter_add": lambda v, w: v.scatter_add(tf.IndexedSlices(tf.ones([2, v.shape[1]]), tf.constant([1, 650]))),
    "scatter_nd": lambda v, w: v.scatter_nd_update([[1, 2], [699, 499]], [7.0, 5.0]),
    "compiled": lambda v, w: traced(lambda: v.assign(v * 2.0 + 1.0))(),
    "compiled by reference": lambda v, w: traced(lambda u: u.assign_add(tf.ones_like(u)))(v),
    "compiled slice": lambda v, w: traced(lambda: v[:, 3].assign(tf.zeros([700])))(),
    "compiled scatter": lambda v, w: traced(
        lambda: v.scatter_sub(tf.IndexedSlices(tf.ones([1, 500]), tf.constant([5])))
    )(),
    "a loop": lambda v, w: tf.function(_in_a_loop)(v),
    "a branch": lambda v, w: traced(lambda c: tf.cond(c, lambda: v.assign(v + 3.0), lambda: v.read_value()))(
        tf.constant(True)
    ),
    "host": lambda v, w: traced(lambda: tf.py_function(lambda: v.assign(w * 3), [], []))(),
    "numpy": lambda v, w: v.assign(np.asarray(w) - 1),
    "itself": lambda v, w: v.assign(v),
    "twice": lambda v, w: (v.assign(w + 1), v.assign(w - 3)),
}


def _in_a_loop(v):
    for _ in tf.range(3):
        v.assign_add(tf.ones_like(v))


@pytest.mark.parametrize("how", ASSIGNMENTS)
def test_every_assignment_is_seen(how):
    layer = Layer()
    for _ in range(2):
        ASSIGNMENTS[how](layer.v, layer.w)
        layer.checks(layer.v.numpy())


def test_code_that_reads_and_assigns_sees_what_program_order_says():
    layer = Layer()

    @traced
    def both(x):
        before = tf.matmul(x, layer.v)
        layer.v.assign_add(tf.ones_like(layer.v))
        middle = tf.matmul(x, layer.v)
        layer.v[5].assign(tf.zeros([500]))
        return before, middle, tf.matmul(x, layer.v)

    for _ in range(4):
        w = layer.v.numpy()
        got = [y.numpy() for y in both(tf.constant(layer.x))]
        np.testing.assert_array_equal(got[0], layer.x @ w)
        w += 1
        np.testing.assert_array_equal(got[1], layer.x @ w)
        w[5] = 0
        np.testing.assert_array_equal(got[2], layer.x @ w)
        layer.checks(w)
    assert code_of(both, tf.constant(layer.x)).panel_bytes == 0


def test_a_function_that_fails_has_changed_what_it_has_changed():
    layer = Layer()

    @traced
    def fails(limit):
        layer.v.assign_add(tf.ones_like(layer.v))
        tf.debugging.assert_less(tf.reduce_max(layer.v), limit)
        layer.v.assign_add(tf.ones_like(layer.v))

    with pytest.raises(tf.errors.InvalidArgumentError):
        fails(tf.constant(-100.0))
    layer.checks(layer.v.numpy())


def test_a_call_that_fails_keeps_no_copies_that_are_half_made():
    layer = Layer(fill=False)

    @traced
    def checked(x, limit):
        tf.debugging.assert_less(tf.reduce_max(x), limit)
        return tf.matmul(x, layer.v)

    x = tf.constant(layer.x)
    for _ in range(3):
        with pytest.raises(tf.errors.InvalidArgumentError):
            checked(x, tf.constant(-9.0))
    for _ in range(ENOUGH):
        np.testing.assert_array_equal(checked(x, tf.constant(9.0)).numpy(), layer.x @ layer.w)


def test_products_in_branches_that_are_not_taken_fill_nothing():
    w, x = small(600, 600), small(16, 600)
    v = tf.Variable(w)

    @traced
    def program(x, n):
        def more():
            return tf.while_loop(
                lambda i, y: i < n,
                lambda i, y: (i + 1, tf.clip_by_value(tf.matmul(y, v), -1.0, 1.0)),
                (tf.constant(0), x),
            )[1]

        return tf.cond(n > 0, more, lambda: x)

    for n in (0, 0, 0, 2, 1, 0, 3, 3):
        expected = x
        for _ in range(n):
            expected = np.clip(expected @ w, -1, 1)
        np.testing.assert_array_equal(program(tf.constant(x), tf.constant(n)).numpy(), expected)


def test_the_host_may_assign_while_code_runs():
    layer = Layer()
    values = iter(range(1, 100))

    @traced
    def program(x):
        before = tf.matmul(x, layer.v)
        tf.py_function(lambda: layer.v.assign(layer.w + next(values)), [], [])
        return before, tf.matmul(x, layer.v)

    for step in range(ENOUGH):
        before, after = program(tf.constant(layer.x))
        np.testing.assert_array_equal(before.numpy(), layer.x @ (layer.w + step))
        np.testing.assert_array_equal(after.numpy(), layer.x @ (layer.w + step + 1))
        layer.check(layer.w + step + 1)


def test_a_call_from_inside_of_one_that_writes_sees_what_is_written():
    layer = Layer()
    seen = []

    @traced
    def outer():
        for step in range(3):
            layer.v.assign(tf.fill([700, 500], float(step)))
            tf.py_function(lambda: seen.append(layer.function(tf.constant(layer.x)).numpy()), [], [])

    outer()
    for step, got in enumerate(seen):
        np.testing.assert_array_equal(got, layer.x @ np.full([700, 500], step, np.float32))
    layer.checks(np.full([700, 500], 2, np.float32))


def test_optimizers_and_steps_of_training():
    v, x = tf.Variable(small(600, 500)), tf.constant(small(16, 600))
    optimizer = tf.optimizers.SGD(1.0) if hasattr(tf, "optimizers") else None
    predict = traced(lambda x: tf.matmul(x, v))

    @traced
    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.matmul(x, v))
        (gradient,) = tape.gradient(loss, [v])
        if optimizer is None:
            v.assign_sub(gradient)
        else:
            optimizer.apply_gradients([(gradient, v)])

    for calls in (1, 3, 5, 1, 1, 4):
        step(x)
        for _ in range(calls):
            np.testing.assert_array_equal(predict(x).numpy(), x.numpy() @ v.numpy())
    with tf.GradientTape() as tape:
        y = predict(x)
    gradient = tape.gradient(y, v)
    np.testing.assert_array_equal(gradient.numpy(), x.numpy().T @ np.ones((16, 500), np.float32))
    v.assign_sub(gradient)
    np.testing.assert_array_equal(predict(x).numpy(), x.numpy() @ v.numpy())


def test_values_that_are_restored(tmp_path):
    layer = Layer()
    checkpoint = tf.train.Checkpoint(v=layer.v)
    path = checkpoint.save(str(tmp_path / "saved"))
    layer.v.assign(layer.w + 1)
    layer.checks(layer.w + 1)
    checkpoint.restore(path)
    layer.checks(layer.w)


# ---- memory that others have


def overwrite(shared, value):
    content = np.full(shared.shape, value, shared.dtype)
    ctypes.memmove(shared.ctypes.data, content.ctypes.data, content.nbytes)


@pytest.mark.parametrize("filled", [False, True])
def test_memory_that_other_libraries_were_given_is_copied_by_each_call(filled):
    layer = Layer(fill=filled)
    shared = np.from_dlpack(layer.v.read_value())
    for value in (1.0, 2.0, 3.0):
        overwrite(shared, value)
        layer.check(np.full_like(layer.w, value))
    layer.v.assign(layer.w)  # new memory
    layer.fill()


def test_values_that_were_read_do_not_change():
    layer = Layer()
    before, view = layer.v.read_value(), memoryview(layer.v.read_value())
    layer.v.assign_add(tf.ones_like(layer.v))
    layer.checks(layer.w + 1)
    np.testing.assert_array_equal(before.numpy(), layer.w)
    np.testing.assert_array_equal(np.asarray(view), layer.w)


def test_a_value_whose_memory_was_changed_before_it_was_assigned():
    layer = Layer()
    array = small(700, 500)
    layer.v.assign(array)
    array += 1
    layer.checks(array - 1)


# ---- lives


def test_panels_go_with_the_variable():
    layer = Layer()
    held = layer.v
    layer.v = None
    code = layer.code
    assert code.panel_bytes
    del held, layer
    gc.collect()
    assert code.panel_bytes == 0


def test_panels_go_with_the_function():
    layer = Layer()
    v, w, x = layer.v, layer.w, layer.x
    del layer
    gc.collect()
    product = traced(lambda x: tf.matmul(x, v))
    for _ in range(ENOUGH):
        np.testing.assert_array_equal(product(tf.constant(x)).numpy(), x @ w)


def test_variables_that_come_one_after_the_other_have_panels_of_their_own():
    x = small(16, 700)
    product = traced(lambda x, v: tf.matmul(x, v))
    kept = [(tf.Variable(w), w) for w in (small(700, 500) for _ in range(3))]
    for _ in range(6):  # in memory, and at addresses, of those before
        w = small(700, 500)
        v = tf.Variable(w)
        for _ in range(ENOUGH):
            np.testing.assert_array_equal(product(tf.constant(x), v).numpy(), x @ w)
            for other, value in kept:
                np.testing.assert_array_equal(product(tf.constant(x), other).numpy(), x @ value)
        del v
        gc.collect()


def test_two_variables_that_change_places():
    a, b, x = small(700, 500), small(700, 500), small(16, 700)
    v, u = tf.Variable(a), tf.Variable(b)
    product = traced(lambda x, v, u: (tf.matmul(x, v), tf.matmul(x, u)))
    for step in range(10):
        (p, q), (x_p, x_q) = ((v, u), (a, b)) if step % 3 else ((u, v), (b, a))
        got = product(tf.constant(x), p, q)
        np.testing.assert_array_equal(got[0].numpy(), x @ x_p)
        np.testing.assert_array_equal(got[1].numpy(), x @ x_q)
        if step == 5:
            swap = v.read_value()
            v.assign(u)
            u.assign(swap)
            a, b = b, a
    for _ in range(3):
        np.testing.assert_array_equal(product(tf.constant(x), v, v)[1].numpy(), x @ a)


def test_variables_that_change_their_size():
    v = tf.Variable(small(600, 500), shape=tf.TensorShape([None, 500]))
    product = traced(lambda x: tf.matmul(x, v))
    for k in (600, 700, 700, 600):
        w, x = small(k, 500), small(16, k)
        v.assign(w)
        for _ in range(ENOUGH):
            np.testing.assert_array_equal(product(tf.constant(x)).numpy(), x @ w)


def test_several_functions_of_one_variable():
    layer, other = Layer(), traced(lambda x: tf.nn.relu(tf.matmul(x, layer.v)))
    for step in range(3):
        w = layer.w + step
        layer.v.assign(w)
        for _ in range(ENOUGH):
            layer.check(w)
            np.testing.assert_array_equal(other(tf.constant(layer.x)).numpy(), np.maximum(layer.x @ w, 0))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_has_variables_of_its_own():
    layer = Layer()
    child = os.fork()
    if child == 0:
        try:
            layer.v.assign(layer.w + 1)
            layer.checks(layer.w + 1)
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    layer.checks()


# ---- threads


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
def test_threads_that_call_first_at_once_see_whole_panels(dtype, threads):
    layer = Layer(32, 800, 900, dtype=dtype, fill=False)
    wrong, start = [], threading.Barrier(4)

    def call():
        start.wait()
        for _ in range(8):
            try:
                layer.check()
            except AssertionError as e:
                wrong.append(e)

    workers = [threading.Thread(target=call) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_threads_that_assign_while_others_call():
    layer = Layer(32, 900, 900)
    x = layer.x
    ones = x @ np.ones((900, 900), np.float32)
    layer.v.assign(tf.zeros([900, 900]))
    set_to = traced(lambda value: layer.v.assign(tf.fill([900, 900], value)))
    wrong, done = [], threading.Event()

    def call():
        while not done.is_set():
            got = layer.function(tf.constant(x)).numpy()
            factor = got[0, 0] / ones[0, 0] if ones[0, 0] else 0
            if ones[0, 0] and not np.array_equal(got, ones * factor):
                wrong.append(factor)

    x[0, 0] = 1 - x[0, 1:].sum()  # so that the first sum is 1
    ones = x @ np.ones((900, 900), np.float32)
    workers = [threading.Thread(target=call) for _ in range(3)]
    for worker in workers:
        worker.start()
    for step in range(60):
        if step % 2:
            set_to(tf.constant(float(step)))
        else:
            layer.v.assign(tf.fill([900, 900], float(step)))
        got = layer.function(tf.constant(x)).numpy()
        if not np.array_equal(got, ones * step):
            wrong.append(("after", step))
    done.set()
    for worker in workers:
        worker.join()
    assert not wrong


# ---- when


@pytest.mark.parametrize("m", [1, 6, 257])
def test_products_that_gain_little_keep_nothing(m):
    layer = Layer(m, 600, 500, fill=False)
    layer.checks()
    assert layer.code.panel_bytes == 0


def test_nothing_is_kept_between_calls_that_each_find_another_value():
    layer = Layer(fill=False)
    for step in range(6):
        layer.v.assign(layer.w + step)
        layer.check(layer.w + step)
        assert layer.code.panel_bytes == 0


def test_copies_that_few_calls_use_make_the_next_ones_wait():
    layer = Layer()
    waited = []
    for step in range(4):
        layer.v.assign(layer.w + step)
        calls = 0
        while not layer.code.panel_bytes:
            layer.check(layer.w + step)
            calls += 1
        waited.append(calls)
    assert waited == sorted(waited) and waited[-1] > waited[0]
    for _ in range(10):
        layer.check(layer.w + 3)
    layer.v.assign(layer.w)
    calls = 0
    while not layer.code.panel_bytes:
        layer.check()
        calls += 1
    assert calls == 2


def test_the_option_turns_it_off():
    layer = Layer(fill=False, experimental_attributes={"compile_options": {"keep_panels": False}})
    layer.checks()
    assert layer.code.panel_bytes == 0
    tf.config.optimizer.set_experimental_options({"keep_panels": False})
    try:
        weights = tf.constant(layer.w)
        captured = traced(lambda x: tf.matmul(x, weights))
        np.testing.assert_array_equal(captured(tf.constant(layer.x)).numpy(), layer.x @ layer.w)
        assert code_of(captured, tf.constant(layer.x)).panel_bytes == 0
    finally:
        tf.config.optimizer.set_experimental_options({"keep_panels": True})


def test_compiled_tells_the_memory_and_what_is_kept():
    layer = Layer(fill=False)
    compiled = layer.function.get_concrete_function(tf.constant(layer.x)).compiled()
    assert compiled.panel_bytes >= layer.w.nbytes
    assert any("kept until the variable is assigned" in remark for remark in compiled.remarks)
