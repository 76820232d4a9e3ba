"""Random Python programs whose variables are vectors: updates that no loop over elements can share out, gathers, reversals,
assertions on values that are known before or not, prints, branches and loops. All numbers are int32, so that results are exact
in any order of additions. The sizes of `u0` and `u1` are not known to the compiler once they have been resized.
"""

from python_programs import Source

VARIABLES = ("v0", "v1", "v2", "v3", "w")
UNSIZED = ("u0", "u1")
SIZES = (1, 5, 37, 64, 3_000, 20_011, 20_480)
_HEADER = """\
import sys
import tfc as tf
N = {size}
v0, v1, v2, v3 = (tf.Variable(tf.range(N, dtype=tf.int32) % (c + 1), name=f"v{{i}}") for i, c in enumerate((*INITIAL, 5)))
u0, u1 = (tf.Variable(tf.range(N, dtype=tf.int32) % c, shape=[None], name=f"u{{c}}") for c in (3, 4))
w = v0
g = tf.random.Generator.from_seed(SEED)
OBSERVED = ("v0", "v1", "v2", "v3", "u0", "u1")
"""


class ChainSource(Source):
    """The text of such a program."""

    simple = (
        *("scan", "scan", "scan", "scan", "scan_unsized", "scan_unsized", "resize", "mix", "move"),
        *("pick", "pick_at", "total", "compute", "print", "check", "check"),
    )
    nested = ("branch", "count")

    def __init__(self, choose):
        super().__init__(choose)
        self.lines = _HEADER.format(size=choose.pick(SIZES)).splitlines()

    def begin_function(self, name, parameters):
        super().begin_function(name, parameters)
        self.variables = VARIABLES

    def value(self):
        return self.choose.pick((self.name(), str(self.choose.integer(-3, 9))))

    def check(self):
        limit = self.choose.pick((4, 30, 89, 100, 100))
        self.emit(f'tf.debugging.Assert({self.name()} < {limit}, ["line {self.here}", {self.name()}])')

    def scanned(self, of):
        op = self.choose.pick(("cumsum", "cumsum", "cumsum", "cumprod"))
        how = self.choose.pick(("", "", "", ", reverse=True", ", exclusive=True"))
        scale = self.choose.pick(("", " % 1009", " * 3"))
        return f"tf.math.{op}({of} % 7 + {self.name()} % 5{how}){scale}"

    def scan(self):
        self.emit(f"{self.variable()}.assign({self.scanned(self.variable())})")

    def scan_unsized(self):
        target = self.choose.pick(UNSIZED)
        self.emit(f"{target}.assign({self.scanned(target)})")

    def resize(self):
        self.emit(
            f"{self.choose.pick(UNSIZED)}.assign(tf.range({self.name()} % 50 + {self.choose.pick((0, 1, 5000))}))"
        )

    def mix(self):
        self.emit(
            f"{self.variable()}.assign({self.variable()} % 89 + {self.variable()} * {self.choose.integer(-2, 3)})"
        )

    def move(self):
        self.emit(f"{self.variable()}.assign(tf.reverse({self.variable()}, [0]))")

    def pick(self):
        self.emit(f"{self.name()} = {self.variable()}[{self.choose.pick((0, -1))}] % 97")

    def pick_at(self):
        self.emit(f"{self.name()} = tf.gather({self.variable()}, {self.name()} % N) % 97")

    def total(self):
        self.emit(f"{self.name()} = tf.reduce_sum({self.choose.pick((*VARIABLES, *UNSIZED))} % 11) % 97")


def make_chain_source(choose, budget=10):
    """Most programs begin with what may run at the same time."""
    source = ChainSource(choose)
    source.begin_main()
    for _ in range(choose.integer(0, 3)):
        source.scan()
    source.block(budget)
    return source.finish()
