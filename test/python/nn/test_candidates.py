"""Losses by a sample of classes, and what draws the sample."""

import numpy as np
import pytest
import tfc as tf

DRAW = np.random.default_rng(0)
WEIGHTS = DRAW.normal(size=(20, 4)).astype(np.float32)
BIASES = DRAW.normal(size=20).astype(np.float32)
INPUTS = DRAW.normal(size=(3, 4)).astype(np.float32)
LABELS = np.array([[1, 5], [7, 7], [2, 19]], np.int64)
SAMPLED = np.array([5, 0, 7, 2, 11], np.int64)
COUNTS = [DRAW.uniform(0.1, 1, size).astype(np.float32) for size in ((3, 2), (5,))]
SAMPLE = (SAMPLED, *COUNTS)


def logits(remove):
    """(Logits of true and sampled classes, their labels), by the definition."""
    true = np.einsum("bd,btd->bt", INPUTS, WEIGHTS[LABELS]) + BIASES[LABELS] - np.log(COUNTS[0])
    other = INPUTS @ WEIGHTS[SAMPLED].T + BIASES[SAMPLED] - np.log(COUNTS[1])
    if remove:
        other = np.where((LABELS[:, :, None] == SAMPLED).any(1), -np.inf, other)
    labels = np.concatenate([np.full(true.shape, 0.5), np.zeros(other.shape)], 1)
    return np.concatenate([true, other], 1).astype(np.float64), labels


@pytest.mark.parametrize("how", ["eager", "function"])
@pytest.mark.parametrize("remove", [False, True])
def test_the_sampled_softmax_is_the_cross_entropy_over_the_sample(remove, how):
    f = lambda x: tf.nn.sampled_softmax_loss(WEIGHTS, BIASES, LABELS, x, 5, 20, 2, SAMPLE, remove)
    z, labels = logits(remove)
    logs = z - np.log(np.exp(z).sum(1, keepdims=True))
    want = -(labels[:, :2] * logs[:, :2]).sum(1)
    np.testing.assert_allclose((tf.function(f) if how == "function" else f)(tf.constant(INPUTS)), want, rtol=1e-5)


@pytest.mark.parametrize("how", ["eager", "function"])
@pytest.mark.parametrize("remove", [False, True])
def test_the_noise_contrastive_loss_is_a_sum_of_logistic_losses(remove, how):
    f = lambda x: tf.nn.nce_loss(WEIGHTS, BIASES, LABELS, x, 5, 20, 2, SAMPLE, remove)
    z, labels = logits(remove)
    z = np.maximum(z, -700)
    want = (np.log1p(np.exp(z)) - labels * z).sum(1)
    np.testing.assert_allclose((tf.function(f) if how == "function" else f)(tf.constant(INPUTS)), want, rtol=1e-5)


def test_weights_may_be_parts_with_consecutive_rows():
    whole = tf.nn.nce_loss(WEIGHTS, BIASES, LABELS, INPUTS, 5, 20, 2, SAMPLE)
    parts = tf.nn.nce_loss([WEIGHTS[:9], WEIGHTS[9:]], [BIASES[:9], BIASES[9:]], LABELS, INPUTS, 5, 20, 2, SAMPLE)
    np.testing.assert_array_equal(whole, parts)


def test_only_rows_of_the_sample_have_gradients():
    weights = tf.Variable(WEIGHTS)
    with tf.GradientTape() as tape:
        loss = tf.nn.sampled_softmax_loss(weights, BIASES, LABELS, INPUTS, 5, 20, 2, SAMPLE)
    rows = np.any(tf.convert_to_tensor(tape.gradient(loss, weights)).numpy() != 0, axis=1)
    assert set(np.flatnonzero(rows)) == {*LABELS.flat, *SAMPLED}


def test_accidental_hits_are_where_a_sampled_class_is_true():
    found = tf.nn.compute_accidental_hits(LABELS, SAMPLED, 2)
    assert found.indices.numpy().tolist() == [0, 1, 1, 2] and found.ids.numpy().tolist() == [0, 2, 2, 3]
    assert (found.weights.numpy() == np.finfo(np.float32).min).all()


def test_of_a_class_drawn_twice_the_last_one_is_a_hit():
    found = tf.nn.compute_accidental_hits([[5]], np.array([5, 3, 5], np.int64), 1)
    assert found.ids.numpy().tolist() == [2]


UNIGRAMS = [float(i + 1) for i in range(20)]
SAMPLERS = {
    "uniform": (tf.random.uniform_candidate_sampler, {}, np.full(20, 0.05)),
    "log uniform": (tf.random.log_uniform_candidate_sampler, {}, np.log1p(1 / (np.arange(20) + 1)) / np.log(21)),
    "unigrams": (tf.random.fixed_unigram_candidate_sampler, {"unigrams": UNIGRAMS}, np.arange(1, 21) / 210),
}


@pytest.mark.parametrize("how", ["eager", "function"])
@pytest.mark.parametrize("name", SAMPLERS)
def test_classes_are_drawn_with_their_probabilities(name, how):
    sampler, options, chances = SAMPLERS[name]
    f = lambda: sampler(LABELS, 2, 4000, False, 20, seed=3, **options)
    sampled, of_true, of_sampled = (tf.function(f) if how == "function" else f)()
    assert sampled.dtype == tf.int64
    np.testing.assert_allclose(np.bincount(sampled, minlength=20) / 4000, chances, atol=0.03)
    np.testing.assert_allclose(of_true, chances[LABELS] * 4000, rtol=1e-5)
    np.testing.assert_allclose(of_sampled, chances[sampled.numpy()] * 4000, rtol=1e-5)


@pytest.mark.parametrize("how", ["eager", "function"])
@pytest.mark.parametrize("name", SAMPLERS)
def test_unique_classes_differ_and_are_expected_less_than_once(name, how):
    sampler, options, _ = SAMPLERS[name]
    f = lambda: sampler(LABELS, 2, 18, True, 20, seed=3, **options)
    sampled, of_true, of_sampled = (tf.function(f) if how == "function" else f)()
    assert len(set(sampled.numpy())) == 18 and sampled.shape == [18]
    assert (of_sampled.numpy() <= 1).all() and (of_true.numpy() <= 1).all()


def test_all_classes_are_each_expected_once():
    sampled, of_true, of_sampled = tf.random.all_candidate_sampler(LABELS, 2, 20, True)
    assert sampled.numpy().tolist() == list(range(20))
    assert (of_true.numpy() == 1).all() and (of_sampled.numpy() == 1).all()


def test_reserved_classes_are_never_drawn_and_shards_are_classes_of_one_remainder():
    options = {"unigrams": [1.0] * 8, "num_reserved_ids": 2}
    sampled, of_true, _ = tf.random.fixed_unigram_candidate_sampler([[0, 5]], 2, 100, False, 10, seed=1, **options)
    assert sampled.numpy().min() >= 2
    np.testing.assert_allclose(of_true, [[0, 12.5]])
    sampled, of_true, _ = tf.random.fixed_unigram_candidate_sampler(
        [[0, 9]], 2, 100, False, 10, unigrams=UNIGRAMS, num_shards=2, shard=1, seed=1
    )
    np.testing.assert_allclose(of_true, np.array([[2, 20]]) / 110 * 100, rtol=1e-6)


def test_weights_of_classes_are_the_last_column_of_a_file(tmp_path):
    (tmp_path / "vocab").write_text("a,1\nb,3\n")
    found = tf.random.fixed_unigram_candidate_sampler([[0, 1]], 2, 4, False, 2, vocab_file=str(tmp_path / "vocab"))
    np.testing.assert_allclose(found.true_expected_count, [[1, 3]])


ERRORS = [
    (lambda: tf.random.uniform_candidate_sampler(LABELS, 2, 40, True, 20), "got 40 of 20"),
    (lambda: tf.random.uniform_candidate_sampler(LABELS, 3, 4, True, 20), "num_true = 3 columns"),
    (lambda: tf.random.uniform_candidate_sampler(LABELS[0], 2, 4, True, 20), "num_true = 2 columns"),
    (lambda: tf.random.uniform_candidate_sampler(LABELS, 2, 0, True, 20), "num_sampled must be at least 1"),
    (lambda: tf.random.uniform_candidate_sampler(LABELS, 2, 4, True, 0), "range_max must be at least 1"),
    (lambda: tf.random.fixed_unigram_candidate_sampler(LABELS, 2, 4, True, 20), "exactly one of"),
    (lambda: tf.random.fixed_unigram_candidate_sampler(LABELS, 2, 4, True, 20, unigrams=[1.0]), "1 classes have weights"),
    (lambda: tf.nn.nce_loss(WEIGHTS, BIASES, LABELS, INPUTS[:, :3], 5, 20, 2), r"inputs \[batch, dim\]"),
    (lambda: tf.nn.nce_loss(WEIGHTS, WEIGHTS, LABELS, INPUTS, 5, 20, 2), r"want biases \[classes\]"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "message"), ERRORS)
def test_what_they_take(f, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        f()


@pytest.mark.parametrize("how", ["eager", "function"])
def test_a_learning_sampler_draws_what_was_true(how):
    tf.random.set_seed(3)

    def draw(true):
        return tf.random.learned_unigram_candidate_sampler(true, 1, 4000, False, 5)

    draw = tf.function(draw) if how == "function" else draw
    true = np.array([[1], [1], [3]] * 5)
    sampled, of_true, of_sampled = (v.numpy() for v in draw(true))
    np.testing.assert_allclose(of_true, np.full((15, 1), 800), rtol=1e-6)
    sampled, of_true, of_sampled = (v.numpy() for v in draw(true))
    weights = np.array([1, 11, 1, 6, 1]) / 20
    np.testing.assert_allclose(of_true[:, 0], 4000 * weights[true[:, 0]], rtol=1e-6)
    np.testing.assert_allclose(of_sampled, 4000 * weights[sampled], rtol=1e-6)
    np.testing.assert_allclose(np.bincount(sampled, minlength=5) / 4000, weights, atol=0.03)
