"""Random Python programs with effects: source text that grows statement by statement.

All values are int32 scalars. Names `x0`..`x3` hold tensors, `v0`..`v2` are variables (`w` is `v0` under another name), `g` is
a random generator. What is printed and asserted says its line.
"""

import contextlib
import io
import linecache
import re

import tfc as tf
from effect_traces import Trace
from tfc.ops.primitives import read_variable

NAMES = ("x0", "x1", "x2", "x3")
VARIABLES = ("v0", "v1", "v2", "w")
_HEADER = """\
import sys
import tfc as tf
v0, v1, v2 = (tf.Variable(c, dtype=tf.int32, name=f"v{i}") for i, c in enumerate(INITIAL))
w = v0
g = tf.random.Generator.from_seed(SEED)
"""


class Source:
    """The text of a program under construction. `choose` has `pick(values)` and `integer(low, high)`."""

    simple = ("read", "compute", "compute", "assign", "assign", "update", "print", "check", "draw")
    nested = ("branch", "loop", "count", "call")

    def __init__(self, choose):
        self.choose = choose
        self.lines = _HEADER.splitlines()
        self.depth = 0
        self.counters = 0
        self.helpers = []  # names, and how many variables they take
        self.variables = VARIABLES
        self.open = []  # what the blocks around are: "if", "else", "loop"

    # Text

    def emit(self, text):
        self.lines.append("    " * self.depth + text)

    @property
    def here(self):
        return len(self.lines) + 1

    def name(self):
        return self.choose.pick(NAMES)

    def variable(self):
        return self.choose.pick(self.variables)

    def begin_function(self, name, parameters):
        self.emit("@tf.function")
        self.emit(f"def {name}({', '.join([*parameters, 'x0'])}):")
        self.depth += 1
        self.emit("x1, x2, x3 = x0 + 1, x0 - x0, x0 * 2")
        self.variables = (*VARIABLES, *parameters)

    def end_function(self, result):
        while self.open:
            self.close()
        self.emit(f"return {result}")
        self.depth = 0

    # Statements

    def value(self):
        kind = self.choose.pick(("name", "name", "variable", "number"))
        return {"name": self.name, "variable": self.variable, "number": lambda: str(self.choose.integer(-3, 9))}[kind]()

    def condition(self):
        return f"{self.name()} < {self.choose.integer(-2, 40)}"

    def read(self):
        self.emit(f"{self.name()} = {self.variable()}.read_value()")

    def compute(self):
        self.emit(f"{self.name()} = ({self.name()} {self.choose.pick('+-*')} {self.value()}) % 89")

    def assign(self):
        self.emit(f"{self.variable()}.assign({self.name()})")

    def update(self):
        self.emit(f"{self.variable()}.{self.choose.pick(('assign_add', 'assign_sub'))}({self.name()} % 31)")

    def print(self):
        self.emit(f'tf.print("line {self.here}:", {self.name()}, {self.value()}, output_stream=sys.stdout)')

    def check(self):
        limit = self.choose.pick((50, 60, 89, 100, 100))
        self.emit(f'tf.debugging.Assert({self.name()} < {limit}, ["line {self.here}", {self.name()}])')

    def draw(self):
        self.emit(f"{self.name()} = g.uniform([], 0, 50, dtype=tf.int32)")

    def call(self):
        if not self.helpers:
            return self.update()
        name, arity = self.choose.pick(self.helpers)
        self.emit(f"{self.name()} = {name}({', '.join([*(self.variable() for _ in range(arity)), self.name()])})")

    def begin_branch(self):
        self.emit(f"if {self.condition()}:")
        self._open("if")

    def turn_to_else(self):
        assert self.open[-1] == "if"
        self._end_block()
        self.emit("else:")
        self._open("else")

    def begin_loop(self):
        """A loop of a few iterations; its condition may write a variable."""
        counter, trips = f"n{self.counters}", self.choose.integer(0, 3)
        self.counters += 1
        self.emit(f"{counter} = tf.constant(0)")
        test = f"{counter} < {trips}"
        if self.helpers and self.choose.integer(0, 2) == 0:
            name, arity = self.choose.pick(self.helpers)
            operands = ", ".join([*(self.variable() for _ in range(arity)), self.name()])
            test = f"{name}({operands}) % 100 + 100 * {counter} < {100 * trips}"
        self.emit(f"while {test}:")
        self._open("loop")
        self.emit(f"{counter} += 1")

    def begin_count(self):
        self.emit(f"for i{self.counters} in tf.range({self.choose.integer(0, 3)}):")
        self._open("loop")
        self.emit(f"{self.name()} += i{self.counters}")
        self.counters += 1

    def close(self):
        self._end_block()
        self.open.pop()

    def _open(self, kind):
        if kind == "else":
            self.open[-1] = kind
        else:
            self.open.append(kind)
        self.depth += 1
        self.emit("pass")

    def _end_block(self):
        self.depth -= 1

    # Whole programs

    def statement(self, budget):
        kind = self.choose.pick(self.simple if budget < 2 or len(self.open) > 2 else (*self.simple, *self.nested))
        if kind == "branch":
            self.begin_branch()
            self.block(budget // 2)
            if self.choose.integer(0, 1):
                self.turn_to_else()
                self.block(budget // 2)
            self.close()
        elif kind in ("loop", "count"):
            getattr(self, f"begin_{kind}")()
            self.block(budget // 2)
            self.close()
        else:
            getattr(self, kind)()

    def block(self, budget):
        for _ in range(self.choose.integer(1, max(budget, 1))):
            self.statement(budget - 1)

    def add_helper(self, budget=4):
        name, arity = f"f{len(self.helpers)}", self.choose.integer(0, 2)
        self.begin_function(name, [f"a{i}" for i in range(arity)])
        self.block(budget)
        self.end_function(self.name())
        self.helpers.append((name, arity))

    def begin_main(self):
        self.begin_function("main", [])

    def finish(self):
        self.end_function(", ".join(NAMES))
        return "\n".join(self.lines) + "\n"


def make_source(choose, budget=8):
    source = Source(choose)
    for _ in range(choose.integer(0, 2)):
        source.add_helper()
    source.begin_main()
    source.block(budget)
    return source.finish()


class Refused(Exception):
    """A console that takes no more."""


class Console(io.StringIO):
    """Keeps what is printed, and refuses what says `line` for the `times`-th time. Prints may be written together."""

    def __init__(self, line=None, times=1):
        super().__init__()
        self._text, self._left = f"line {line}:", times

    def write(self, text):
        self._left -= text.count(self._text)
        if self._left <= 0:
            raise Refused
        return super().write(text)


class Program:
    """A program's functions and variables, newly made."""

    count = 0

    def __init__(self, text, initial=(1, 2, 3), seed=7):
        Program.count += 1
        filename = f"<effects {Program.count}>"
        # Autograph reads source where tracebacks do.
        linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
        scope = {"INITIAL": initial, "SEED": seed, "__name__": "effects"}
        exec(compile(text, filename, "exec"), scope)
        self._filename = filename
        self.main = scope["main"]
        self.variables = [scope[name] for name in scope.get("OBSERVED", ("v0", "v1", "v2"))]
        self.generator = scope["g"]

    def forget(self):
        linecache.cache.pop(self._filename, None)

    def state(self):
        return [v.numpy().tolist() for v in self.variables], self.generator.state.numpy().tolist()

    def observe(self, x, console=None):
        """All that can be seen of a call: results or the assertion that failed, variables, the console."""
        console = Console() if console is None else console
        with contextlib.redirect_stdout(console):
            try:
                outcome = [t.numpy().tolist() for t in self.main(tf.constant(x))]
            except tf.errors.InvalidArgumentError as e:
                outcome = re.findall(r"line \d+", str(e))[:1]
            except Refused:
                outcome = "refused"
        return outcome, self.state(), console.getvalue()


@contextlib.contextmanager
def without_passes(*names):
    """What is compiled here is compiled without these passes."""
    tf.config.optimizer.set_experimental_options({"disable": names})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable": ()})


def run_eagerly(text, initial, x, console=None):
    """What Python itself does: every function runs as it is written."""
    tf.config.run_functions_eagerly(True)
    try:
        program = Program(text, initial)
        seen = program.observe(x, console)
        program.forget()
        return seen
    finally:
        tf.config.run_functions_eagerly(False)


def run_compiled(text, initial, x, *disabled, console=None):
    """The same of compiled code, without the passes `disabled`."""
    with without_passes(*disabled):
        program = Program(text, initial)
        seen = program.observe(x, console)
        program.forget()
        return seen


def run_in_orders(text, initial, x, seeds):
    """The same of the reference executor: one outcome for each random order that the trace's tokens allow (for None:
    program order).
    """
    program = Program(text, initial)
    trace = Trace(program.main)
    program.forget()
    names = {id(v): at for at, v in enumerate([*program.variables, program.generator.state])}
    before = [*initial, program.generator.state.numpy().tolist()]
    values = [read_variable(v) for v in trace.storages]
    for seed in seeds:
        outcome, after, console = trace.observe(x, values, seed)
        state = list(before)
        for storage, value in zip(trace.storages, after, strict=True):
            state[names[id(storage)]] = value
        yield outcome, (state[:3], state[3]), console
