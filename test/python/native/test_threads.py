"""parallel_for: the pool behind tfc_context."""

import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
import tfc as tf
from tfc import _native

LONG = 10**6  # nanoseconds: such a call gets parallel_for


@pytest.fixture(autouse=True)
def restored():
    yield
    tf.config.threading.set_intra_op_parallelism_threads(0)


@pytest.fixture
def squares(executable):
    return executable("parallel_squares", [(10000,)], results=[(10000,)], cost=LONG)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("symbol", ["parallel_squares", "nested_squares"])
def test_every_iteration_runs_once(executable, tensor, symbol, count):
    tf.config.threading.set_intra_op_parallelism_threads(count)
    x = np.arange(10000, dtype=np.float32)
    run = executable(symbol, [(10000,)], results=[(10000,)], cost=LONG)
    for _ in range(20):
        assert np.array_equal(run.call([tensor(x)])[0].numpy(), x * x)


@pytest.mark.parametrize("count", [2, 4, 8])
def test_short_jobs_that_follow_each_other_run_every_iteration(executable, tensor, count):
    # Short ones are in one piece for each thread, which the caller does where a thread comes too late.
    tf.config.threading.set_intra_op_parallelism_threads(count)
    x = np.arange(10000, dtype=np.float32)
    run = executable("parallel_squares", [(10000,)], results=[(10000,)], cost=LONG)
    for i in range(300):
        assert np.array_equal(run.call([tensor(x + i)])[0].numpy(), (x + i) ** 2)


def test_a_pool_may_grow_and_shrink(squares, tensor):
    x = np.arange(10000, dtype=np.float32)
    for count in (2, 8, 3, 1, 5, 2):
        tf.config.threading.set_intra_op_parallelism_threads(count)
        for _ in range(20):
            assert np.array_equal(squares.call([tensor(x)])[0].numpy(), x * x)


def test_empty_and_short_ranges(executable, tensor):
    assert executable("odd_ranges", [(1,)], results=[(1,)], cost=LONG).call([tensor([0])])[0].numpy()[0] == 1007


def test_the_status_of_a_piece_is_that_of_the_call(squares, tensor):
    x = np.ones(10000, np.float32)
    x[9000] = -1
    with pytest.raises(tf.errors.InvalidArgumentError, match="parallel_squares failed with status 1"):
        squares.call([tensor(x)])
    x[9000] = 3
    assert squares.call([tensor(x)])[0].numpy()[9000] == 9


def test_several_python_threads_at_once(squares, tensor):
    tf.config.threading.set_intra_op_parallelism_threads(3)
    wrong = []

    def work(seed):
        x = np.random.default_rng(seed).random(10000).astype(np.float32)
        for _ in range(50):
            if not np.array_equal(squares.call([tensor(x)])[0].numpy(), x * x):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_a_pool_of_its_own(squares, tensor):
    tf.config.threading.set_intra_op_parallelism_threads(3)
    x = np.arange(10000, dtype=np.float32)
    squares.call([tensor(x)])
    child = os.fork()
    if child == 0:
        good = all(np.array_equal(squares.call([tensor(x)])[0].numpy(), x * x) for _ in range(20))
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert np.array_equal(squares.call([tensor(x)])[0].numpy(), x * x)


def test_the_number_of_threads_is_kept():
    threading_ = tf.config.threading
    assert threading_.get_intra_op_parallelism_threads() == 0
    threading_.set_intra_op_parallelism_threads(3)
    assert threading_.get_intra_op_parallelism_threads() == 3 and _native.num_threads() == 3
    threading_.set_inter_op_parallelism_threads(2)
    assert threading_.get_inter_op_parallelism_threads() == 2
    threading_.set_inter_op_parallelism_threads(0)


@pytest.mark.parametrize("bad, error", [(-1, ValueError), (5000, ValueError), ("2", TypeError), (True, TypeError)])
def test_a_number_of_threads_is_checked(bad, error):
    with pytest.raises(error, match="number of threads"):
        tf.config.threading.set_intra_op_parallelism_threads(bad)
    assert tf.config.threading.get_intra_op_parallelism_threads() == 0


def test_the_environment_sets_the_number():
    code = textwrap.dedent("""
        import tfc as tf
        from tfc import _native
        assert tf.config.threading.get_intra_op_parallelism_threads() == _native.num_threads() == 2
    """)
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ, TFC_NUM_THREADS="2"))


PLACEMENT = """
import os, threading
import numpy as np
import tfc as tf

processors = os.sched_getaffinity(0)
tf.config.threading.set_intra_op_parallelism_threads(2)
x = tf.constant(np.ones(1 << 20, np.float32))
f = tf.function(tf.exp)
f(x), f(x)  # compiled; the pool's thread is there
def masks():
    return {int(t): os.sched_getaffinity(int(t)) for t in os.listdir("/proc/self/task")}
mine, one = threading.get_native_id(), {min(processors)}
others = [t for t in masks() if t != mine]
for attempt in range(100):
    # Everybody on one processor: the helper is seen there. Then this thread may leave, and does not yet.
    for t in [mine, *others]:
        os.sched_setaffinity(t, one)
    f(x)
    os.sched_setaffinity(mine, processors)
    f(x)
    if any(one.isdisjoint(mask) for mask in masks().values()):
        print("moved")
        break
"""


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="needs two processors"
)
def test_a_helper_on_the_caller_s_processor_is_moved_off_it():
    done = subprocess.run([sys.executable, "-c", PLACEMENT], capture_output=True, text=True)
    assert done.stdout == "moved\n", done.stderr
