"""A compiled loop is stopped by what a signal's handler raises, as a Python loop is; the process goes on."""

import subprocess
import sys

import pytest

# What never ends is killed after a minute of the processor's: on a machine that has others to do it may take longer.
START = """
import os, resource, signal, sys, threading, time
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
import numpy as np
import tfc as tf

class Stop(Exception):
    pass

def stop(number, frame):
    raise Stop

def alarm(seconds):
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)

def compiled(function, *args):
    # What a signal finds is the loop then, and no line of ours that traces it, however slow the machine is.
    function.get_concrete_function(*args).executable_for([a.shape_tuple for a in args])
    return function

def stopped(function, *args):
    compiled(function, *args)
    alarm(0.3)
    try:
        function(*args)
    except Stop:
        return True
    return False
"""


@pytest.fixture
def run(tmp_path):
    """What a program prints, in a process of its own."""

    def run(program: str) -> str:
        file = tmp_path / "program.py"
        file.write_text(START + program)
        done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, timeout=1200)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


LOOPS = {
    "a while that never ends": """
@tf.function
def f(x):
    while x >= 0:
        x = x * 0
    return x
args = tf.constant(1),
""",
    "one in another": """
@tf.function
def f(x):
    n = tf.constant(0)
    while n >= 0:
        for _ in tf.range(3):
            while x > 1:
                x = x - 1
        x = x + 2
        n = n * 0
    return x
args = tf.constant(5),
""",
    "steps of an unknown number": """
@tf.function
def f(x, n):
    for _ in tf.range(n):
        x = tf.matmul(x, x)
    return x
args = tf.eye(64), tf.constant(1 << 40, tf.int64)
""",
    "on tensors of unknown size": """
@tf.function(input_signature=[tf.TensorSpec([None])])
def f(x):
    while tf.reduce_sum(x) > 0:
        x = x + 0
    return x
args = tf.ones([1000]),
""",
    "with a list that stays short": """
@tf.function
def f(x):
    a = tf.TensorArray(tf.float32, 2)
    while x >= 0:
        a = a.write(0, x)
        x = a.read(0)
    return a.stack()
args = tf.constant(1.0),
""",
    "a while that counts": """
@tf.function
def f(x):
    i = tf.constant(0, tf.int64)
    while i < 10**12:
        x = x * 0.5 + 1.0
        i += 1
    return x
args = tf.constant(1.0),
""",
    "short steps of an unknown number": """
@tf.function
def f(x, n):
    for _ in tf.range(n):
        x = x * 0.5 + 1.0
    return x
args = tf.constant(1.0), tf.constant(1 << 40, tf.int64)
""",
    "short steps in others": """
@tf.function
def f(x, n, m):
    for _ in tf.range(n):
        for _ in tf.range(m):
            x = x * 0.5 + 1.0
    return x
args = tf.constant(1.0), tf.constant(1 << 40, tf.int64), tf.constant(3)
""",
    "steps over elements": """
@tf.function
def f(x, n):
    for _ in tf.range(n):
        x = x * 0.5 + 1.0
    return x
args = tf.ones([16]), tf.constant(1 << 40, tf.int64)
""",
}


LOOPS |= {
    f"elements, {where} never ends": f"""
@tf.function
def f(x):
    while tf.reduce_any(x >= 0):
        x = tf.where(x >= 0, x * 3 % 7, x)
    return x
args = tf.constant({value}),
"""
    for where, value in {
        "a single one": "[1]",
        "the first": "np.r_[1, -np.ones(40000, np.int32)].astype(np.int32)",
        "the last": "np.r_[-np.ones(40000, np.int32), 1].astype(np.int32)",
        "all of them": "np.ones(40001, np.int32)",
    }.items()
}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("threads", [1, 2])
def test_is_stopped(run, loop, threads):
    assert (
        run(f"tf.config.threading.set_intra_op_parallelism_threads({threads})\n{LOOPS[loop]}print(stopped(f, *args))")
        == "True"
    )


OPS = {
    "a product": "tf.matmul(x, x)",
    "a convolution": "tf.nn.conv2d(tf.reshape(x, [1, 500, 500, 100]), tf.ones([11, 11, 100, 300]), 1, 'SAME')",
    "elements": "tf.math.betainc(x, 2.0, 0.5) + tf.math.betainc(x, 3.0, 0.5) + tf.math.betainc(x, 4.0, 0.5)",
    "running sums": "[x := tf.cumsum(tf.reshape(x, [-1])) for _ in range(20)][-1]",
    "ops one after the other": "[x := tf.sin(tf.matmul(x, x)) for _ in range(5)][-1]",
}


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("threads", [1, 2])
def test_an_op_that_takes_seconds_is_stopped_before_it_ends(run, op, threads):
    program = f"""
tf.config.threading.set_intra_op_parallelism_threads({threads})
first = tf.Variable(-1.0)

@tf.function
def f(x):
    y = {OPS[op]}
    first.assign(tf.abs(tf.reshape(y, [-1])[0]))
    return y

compiled(f, x := tf.ones([5000, 5000]))
signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    f(x)
except Stop:
    print(first.numpy())
"""
    assert run(program) == "-1.0"


def test_a_variable_is_written_by_an_op_as_a_whole(run):
    program = """
tf.config.threading.set_intra_op_parallelism_threads(2)
v = tf.Variable(tf.zeros([5000, 4000]))
@tf.function
def f(n):
    for _ in tf.range(n):
        v.assign(tf.math.pow(tf.abs(tf.sin(v)) + 1.5, 1.0) * 0 + tf.cast(tf.reduce_max(v) + 1, tf.float32))
n = tf.constant(1 << 40, tf.int64)
assert stopped(f, n)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
print((v.numpy() == v.numpy()[0, 0]).all())
"""
    assert run(program) == "True"


def test_by_a_key(run):
    """SIGINT is `KeyboardInterrupt`, where nothing else was said."""
    program = """
@tf.function
def f(x):
    while x >= 0:
        x = x * 0
    return x
compiled(f, tf.constant(1))
signal.signal(signal.SIGINT, signal.default_int_handler)  # Python's own, which it leaves out in a shell's background
try:
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    f(tf.constant(1))
except KeyboardInterrupt:
    print("stopped")
"""
    assert run(program) == "stopped"


def test_handlers_that_raise_nothing_let_it_go_on(run):
    program = """
seen = []
signal.signal(signal.SIGALRM, lambda *_: seen.append(1))

@tf.function
def f(n):
    i = tf.constant(0, tf.int64)
    while i * i < n:
        i = i + 1
    return i

n = tf.constant(10**17)
compiled(f, n)
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
result = f(n).numpy()
while not seen:
    time.sleep(0.01)
signal.setitimer(signal.ITIMER_REAL, 0)
print(result, seen[0])
"""
    assert run(program) == "316227767 1"


def test_the_function_can_be_called_again(run):
    program = """
@tf.function
def f(x, most):
    n = 0
    while n < most:
        n = n + 1 - tf.cast(n > 10, tf.int32)
        x = x + 1.0
    return x
assert stopped(f, tf.constant(0.0), tf.constant(100))
signal.signal(signal.SIGALRM, signal.SIG_IGN)
print(f(tf.constant(0.0), tf.constant(5)).numpy())
"""
    assert run(program) == "5.0"


def test_pieces_of_a_loop_do_all_its_steps(run):
    program = """
@tf.function
def f(first, last, k):
    total = tf.constant(0, tf.int64)
    for i in tf.range(first, last, 3):
        total = (total * 3 + i) % 1000003
        k = tf.bitwise.bitwise_xor(k, i)
    return total, k

def plain(first, last, k):
    total = 0
    for i in range(first, last, 3):
        total = (total * 3 + i) % 1000003
        k ^= i
    return total, k

for first, last in [(0, 0), (5, 1), (0, 1), (-4, 4), (7, 6_000_002), (0, 6_000_000), (2**63 - 3_000_001, 2**63 - 1)]:
    got = f(*(tf.constant(v, tf.int64) for v in (first, last, 1)))
    if last < 2**62:
        assert tuple(int(v) for v in got) == plain(first, last, 1), (first, last)
    else:
        assert int(got[1]) == plain(first, last, 1)[1]
"""
    run(program)


def test_variables_hold_values(run):
    """What was computed in place stays; no value is half of one."""
    program = """
v = tf.Variable(tf.zeros([1000]))
@tf.function
def f():
    while tf.reduce_max(v) >= 0:
        v.assign_add(tf.ones([1000]))
assert stopped(f)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
print((v.numpy() == v.numpy()[0]).all(), v.numpy()[0] >= 0)
"""
    assert run(program) == "True True"


@pytest.mark.parametrize("threads", [1, 2])
def test_variables_hold_values_while_several_ops_compute_one_in_place(run, threads):
    program = f"""
tf.config.threading.set_intra_op_parallelism_threads({threads})
rng = np.random.default_rng(0)
N = 900
X = tf.constant(rng.integers(-3, 3, (N, N)).astype(np.float32))
places = rng.integers(0, N, (30000, 1)).astype(np.int32)
updates = rng.integers(-3, 3, (30000, N)).astype(np.float32)
I, U = tf.constant(places), tf.constant(updates)
a, b, c, d = variables = [tf.Variable(X) for _ in range(4)]

@tf.function
def f(x):
    for _ in range(2):
        a.assign(tf.tensor_scatter_nd_add(a, I, U))
        b.assign(tf.tensor_scatter_nd_add(tf.zeros_like(b), I, U) + a)
        c.assign(tf.tensor_scatter_nd_add(c, I, U) + b)
        d.assign(tf.math.unsorted_segment_sum(U, I[:, 0], N) * 2.0 + c @ x)

sums = np.zeros((N, N), np.float32)
np.add.at(sums, places[:, 0], updates)
x = X.numpy()
p, r, chain = x, x, [[x], [x], [x], [x]]
for _ in range(2):
    p = p + sums
    q = sums + p
    r = r + sums + q
    for values, new in zip(chain, (p, q, r, sums * 2 + r @ x)):
        values.append(new)

f(X)
begin = time.monotonic()
f(X)
full = time.monotonic() - begin
signal.signal(signal.SIGALRM, stop)
for share in np.linspace(0.02, 1.0, 15):
    for v in variables:
        v.assign(X)
    try:
        signal.setitimer(signal.ITIMER_REAL, share * full)
        f(X)
        while True:
            time.sleep(0.001)
    except Stop:
        pass
    for v, values in zip(variables, chain):
        assert any(np.array_equal(v.numpy(), value) for value in values)
print("whole")
"""
    assert run(program) == "whole"


def test_a_long_loop_lets_other_threads_run(run):
    """Calls that are expected to be short keep the interpreter's lock, until they turn out not to be."""
    program = """
@tf.function
def f(n):
    i = tf.constant(0, tf.int64)
    while i * i < n:
        i = (i + 1) % 1000
    return i

def end():
    for _ in range(6):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGALRM)

n = tf.constant(10**18)
compiled(f, n)
signal.signal(signal.SIGALRM, stop)
try:
    # Without the lock it would neither end nor kill.
    threading.Thread(target=end, daemon=True).start()
    f(n)
except Stop:
    print("ended")
"""
    assert run(program) == "ended"


def test_another_thread_goes_on(run):
    """Signals are for the main thread: a loop in another one ends when it ends."""
    program = """
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)

@tf.function
def f(n):
    i = tf.constant(0, tf.int64)
    while i * i < n:
        i = i + 1
    return i

results = []
worker = threading.Thread(target=lambda: results.append(int(f(tf.constant(10**17)))))
worker.start()
worker.join()
signal.setitimer(signal.ITIMER_REAL, 0)
print(results)
"""
    assert run(program) == "[316227767]"


def test_a_signal_in_the_first_import_of_the_compiler_is_seen_when_it_is_there(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TFC_LOAD_AHEAD", "0")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    program = """
class Finder:
    asked = []
    def find_spec(self, name, path=None, target=None):
        if name.startswith("mlir") and name not in self.asked:
            self.asked.append(name)
            if len(self.asked) == number:
                signal.raise_signal(signal.SIGALRM)

signal.signal(signal.SIGALRM, stop)
sys.meta_path.insert(0, Finder())
results = []
for number in range(1, 9):
    child = os.fork()
    if not child:
        f = tf.function(lambda x: x + 1)
        try:
            f(tf.constant(1))
        except Stop:
            pass
        os._exit(0 if int(f(tf.constant(2))) == 3 else 1)
    results.append(os.waitpid(child, 0)[1])
print(set(results))
"""
    assert run(program) == "{0}"


def test_handlers_of_all_signals_in_the_first_import_are_called_if_one_raises(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TFC_LOAD_AHEAD", "0")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    program = """
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("mlir") and Finder in map(type, sys.meta_path):
            sys.meta_path.pop(0)
            for number in (signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1):
                signal.raise_signal(number)

seen = []

def note(number, frame):
    seen.append(number)
    if number != signal.SIGUSR2:
        raise Stop(number)

for number in (signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, note)
sys.meta_path.insert(0, Finder())
f = tf.function(lambda x: x + 1)
try:
    f(tf.constant(1))
except Stop as e:
    print([signal.Signals(n).name for n in seen], *(signal.Signals(x.args[0]).name for x in (e, e.__context__)), f(tf.constant(2)).numpy())
"""
    assert run(program) == "['SIGALRM', 'SIGUSR1', 'SIGUSR2'] SIGUSR1 SIGALRM 3"
