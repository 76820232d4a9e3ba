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
