"""In large programs loop nests that are equal but for sizes, strides, offsets and factors are one function, which is told
these numbers. Values are those that the same program has without it, bit by bit."""

import numpy as np
import pytest
import tfc as tf

# Empty, one, below, at and above vectors and several of them, one and more dimensions, short rows; enough for a program
# that is large.
SHAPES = [
    *((n,) for n in (*range(0, 36), 63, 64, 65, 100, 129, 1000, 1023, 4097)),
    *((rows, columns) for rows in (0, 1, 2, 3, 9, 16) for columns in (1, 2, 3, 4, 5, 8, 15, 16, 17, 33, 50)),
    *((2, 3, n) for n in (4, 5, 7, 16, 40)),
    *((size, size, n, 24) for size in (1, 2, 3) for n in (1, 3, 8)),
]
# Images of several sizes with few and many channels, for rows of reductions and views of margins.
IMAGES = [(n, size, size, channels) for n in (1, 2) for size in (4, 7, 8) for channels in (3, 16, 33)]


def numbers(shapes, dtype):
    rng = np.random.default_rng(5)
    made = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    for each in made:
        special = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-40], dtype)
        each.reshape(-1)[: special.size * (each.size > 20)][:] = special[: each.size] if each.size > 20 else []
    return made


def adam(values, gradients):
    results = []
    for step, (value, gradient) in enumerate(zip(values, gradients, strict=True)):
        mean, square = 0.9 * value + 0.1 * gradient, 0.999 * tf.abs(value) + 0.001 * gradient * gradient
        results += [value - (0.001 + step * 0.0625) * mean / (tf.sqrt(square) + 1e-8), mean, square]
    return results


def normalized(images):
    results = []
    for x in images:
        count = float(np.prod(x.shape[:-1]))
        mean = tf.reduce_sum(x, axis=[0, 1, 2]) / count
        variance = tf.reduce_sum(tf.square(x - mean), axis=[0, 1, 2]) / count
        y = tf.nn.relu((x - mean) * tf.math.rsqrt(variance + 1e-3))
        padded = tf.pad(y, [[0, 0], [1, 2], [2, 1], [0, 0]])
        results += [y, padded, tf.transpose(padded, [0, 3, 1, 2]), tf.reduce_max(padded[:, 1:, :-1], axis=[1, 2])]
    return results


PROGRAMS = {"adam": adam, "normalized": normalized}


def arguments(program, dtype):
    if program == "normalized":
        return [numbers(IMAGES, dtype)]
    return [numbers(SHAPES, dtype), numbers(SHAPES[::-1], dtype)[::-1]]


def run(program, args, **options):
    function = tf.function(PROGRAMS[program], experimental_attributes={"compile_options": options}, autograph=False)
    given = [[tf.constant(each) for each in arg] for arg in args]
    return function, [np.asarray(each) for each in function(*given)], given


@pytest.mark.parametrize("options", [{}, {"strict": True, "parallel": False}], ids=["plain", "strict"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_shared_nests_have_the_values_of_nests_of_their_own(program, options):
    args = arguments(program, np.float32)
    _, shared, _ = run(program, args, **options)
    _, own, _ = run(program, args, disable=("tfc-share-loops",), **options)
    for got, want in zip(shared, own, strict=True):
        assert np.array_equal(got.view(np.uint32), want.view(np.uint32))


@pytest.mark.parametrize("program", PROGRAMS)
def test_shared_nests_of_float64_have_the_values_of_numpy(program):
    _, shared, given = run(program, arguments(program, np.float64))
    for got, want in zip(shared, PROGRAMS[program](*given), strict=True):
        np.testing.assert_allclose(got, np.asarray(want), rtol=1e-12, atol=1e-12)


def test_updates_of_many_sizes_are_one_function():
    function, _, given = run("adam", arguments("adam", np.float32))
    compiled = function.get_concrete_function(*given).compiled()
    assert str(compiled.llvm_ir).count("define internal void @tfc.loops.") < len(SHAPES) // 2
