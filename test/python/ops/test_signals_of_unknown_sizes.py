"""What is known of sizes while tracing changes no value and no gradient: signals, least squares and diagonals."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
SIGNAL, ROWS = RNG.normal(size=37), RNG.normal(size=(5, 37))
TALL, RIGHT = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))


def agree(program, *arguments):
    """Values and gradients of a program whose sizes are known, and of one that knows ranks only."""

    def derived(*args):
        with tf.GradientTape() as tape:
            tape.watch(args)
            out = program(*args)
            total = tf.reduce_sum(tf.abs(out) ** 2)
        return out, *tape.gradient(total, args)

    arguments = [tf.constant(a) for a in arguments]
    traced = tf.function(derived, input_signature=[tf.TensorSpec([None] * a.shape.rank, a.dtype) for a in arguments])
    for want, got in zip(derived(*arguments), traced(*arguments), strict=True):
        assert want.shape == got.shape
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 37])
@pytest.mark.parametrize("pad_end", [False, True])
def test_frames(size, pad_end):
    agree(lambda x: tf.signal.frame(x, 8, 3, pad_end=pad_end, pad_value=2), SIGNAL[:size])


@pytest.mark.parametrize("axis", [0, -1])
def test_frames_of_an_axis(axis):
    agree(lambda x: tf.signal.frame(x, 3, 2, axis=axis), ROWS)


@pytest.mark.parametrize("step", [0, 1, 3, 40])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_frames_that_are_added(count, step):
    agree(lambda x: tf.signal.overlap_and_add(x, step), ROWS[:count])
    agree(lambda x: tf.signal.overlap_and_add(x, step), np.stack([ROWS[:count], -ROWS[:count]]))


def test_short_time_transforms():
    agree(lambda x: tf.signal.stft(x, 16, 8), SIGNAL)
    agree(lambda x: tf.signal.stft(x, 16, 8, pad_end=True), ROWS)
    agree(lambda x: tf.signal.inverse_stft(tf.signal.stft(x, 16, 8), 16, 8), SIGNAL)
    agree(lambda x: tf.signal.inverse_mdct(tf.signal.mdct(x, 8)), SIGNAL[:32])


@pytest.mark.parametrize("size", [2, 3, 36, 37])
@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_cosine_transforms(kind, size):
    for norm in (None, "ortho") if kind > 1 else (None,):
        agree(lambda x, norm=norm: tf.signal.dct(x, type=kind, norm=norm), ROWS[:, :size])
    for n in (20, 50, 140):
        agree(lambda x, n=n: tf.signal.dct(x, type=kind, n=n), SIGNAL[:size])


@pytest.mark.parametrize(("kind", "least"), [(1, 2), (2, 1)])
def test_a_cosine_transform_of_nothing_is_an_error(kind, least):
    transform = tf.function(lambda x: tf.signal.dct(x, type=kind), input_signature=[tf.TensorSpec([None])])
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"n must be at least {least}"):
        transform(tf.zeros([least - 1]))


@pytest.mark.parametrize("regularizer", [0.0, 0.1])
@pytest.mark.parametrize("matrix", [TALL, TALL[:4], TALL[:3]], ids=lambda a: str(a.shape))
def test_least_squares_by_cholesky_factors(matrix, regularizer):
    right = RIGHT[: len(matrix)]
    agree(lambda a, b: tf.linalg.lstsq(a, b, l2_regularizer=regularizer), matrix, right)
    agree(
        lambda a, b: tf.linalg.lstsq(a, b, l2_regularizer=regularizer),
        np.stack([matrix, 2 * matrix]),
        np.stack([right] * 2),
    )


@pytest.mark.parametrize("k", [-2, -1, 0, 1, 3])
@pytest.mark.parametrize("matrix", [TALL, TALL.T], ids=lambda a: str(a.shape))
def test_diagonals(matrix, k):
    agree(lambda a: tf.linalg.diag_part(a, k=k), matrix)
    agree(lambda a: tf.linalg.diag(a, k=k), matrix)
    diagonal = np.diagonal(matrix, k) + 1
    agree(lambda a, d: tf.linalg.set_diag(a, d, k=k), matrix, diagonal)
    agree(lambda a, d: tf.linalg.set_diag(a, d, k=k), np.stack([matrix] * 2), np.stack([diagonal, -diagonal]))


def test_a_diagonal_of_another_size_is_an_error():
    put = tf.function(tf.linalg.set_diag, input_signature=[tf.TensorSpec([None, None]), tf.TensorSpec([None])])
    with pytest.raises(tf.errors.InvalidArgumentError, match="diagonals of size 2 wanted, got 3"):
        put(tf.zeros([2, 4]), tf.zeros([3]))
