"""A matrix with NaN or infinities has factors that are NaN, and spoils no other matrix of its stack. LAPACK gives numbers
for some, and never ends for others, so each function runs in a process of its own.
"""

import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np
import tfc as tf

good = np.array([[2.0, 1.0], [1.0, 3.0]], np.float32)
for value in (np.inf, -np.inf, np.nan):
    for place in ((0, 0), (1, 0), (1, 1)):
        bad = good.copy()
        bad[place] = value
        stack = tf.constant(np.stack([bad, good, bad]))
        made, alone = ({call} for x in (stack, tf.constant(good)))
        assert np.isnan(made[0]).all() and np.isnan(made[2]).all(), (value, place, made)
        np.testing.assert_array_equal(made[1], alone)
print("fine")
"""


@pytest.mark.parametrize(
    "call", ["tf.linalg.svd(x)[0].numpy()", "tf.linalg.eigh(x).e.numpy()", "tf.linalg.pinv(x).numpy()"]
)
def test_factors_of_a_matrix_that_is_not_finite_are_nan(call):
    code = PROGRAM.replace("{call}", call)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == "fine", done.stderr


AGREE = """
import numpy as np
import tfc as tf

def f(x):
    return {call}

good = np.array([[4, 1, 0.5], [1, 3, 0.2], [0.5, 0.2, 2]], np.float32)
for value in (np.inf, -np.inf, np.nan):
    for place in ((0, 0), (1, 0), (2, 1), (2, 2)):
        bad = good.copy()
        bad[place] = value
        x = tf.constant(np.stack([bad, good, bad]))
        for a, b in zip(tf.nest.flatten(f(x)), tf.nest.flatten(tf.function(f)(x))):
            a, b = np.asarray(a), np.asarray(b)
            np.testing.assert_allclose(a[::2], b[::2], rtol=1e-5, atol=1e-6, err_msg=str((value, place)))
            np.testing.assert_allclose(np.abs(a[1]), np.abs(b[1]), rtol=1e-4, atol=1e-5)
print("fine")
"""


@pytest.mark.parametrize(
    "call",
    [
        "tf.linalg.svd(x)", "tf.linalg.eigh(x)", "tf.linalg.qr(x)", "tf.linalg.qr(x[:, :2], full_matrices=True)", "tf.linalg.lu(x)",
        "tf.linalg.inv(x)", "tf.linalg.solve(x, x[:, :, :2])", "tf.linalg.det(x)", "tf.linalg.expm(x)",
    ],
)  # fmt: skip
def test_compiled_factors_of_a_matrix_that_is_not_finite_are_the_eager_ones(call):
    code = AGREE.replace("{call}", call)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == "fine", done.stderr


def test_large_matrices_that_are_not_finite_end():
    # The iteration of LAPACK went on for ever.
    code = (
        "import numpy as np, tfc as tf\n"
        "for n in range(1, 8):\n"
        "    for seed in range(20):\n"
        "        r = np.random.default_rng(seed)\n"
        "        x = r.standard_normal((n, n)).astype('float32')\n"
        "        x[r.integers(n), r.integers(n)] = r.choice([np.inf, -np.inf, np.nan])\n"
        "        assert np.isnan(tf.linalg.pinv(x).numpy()).all()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
