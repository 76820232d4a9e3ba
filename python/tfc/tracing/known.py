"""Traces that outlive the process: what a trace did, op by op, and the same trace again without MLIR.

While a function is traced, its `Log` writes down each op: its name, operands (by number), attributes, and the user's
line; and of what type its results are, which only the dialect knows. What is written down is kept in the compilation
cache. A later process that traces the function runs its Python code all the same. As long as that does what the kept
trace did, results have the types that are written there, and nothing is built. Two traces that are equal in all of this
are the same function; so the code of a trace has its name from what is written, and is found without MLIR. As soon as
something differs, or somebody wants to see IR, what was traced so far is built, as it would have been.

Branches and loops are written down as they are traced: that an op has regions, then the ops in these, each with the
number of the scope that it belongs to, then what the regions give. The same holds for ops that are tried out (`trial`),
and whether they stay.

Kept are traces without lists, strings and functions of the host. Others are traced as always.
"""

import hashlib
import marshal
import struct

import numpy as np

from tfc.config import kept
from tfc.dtypes import DType, SpecList, TensorShape, TensorSpec, as_dtype
from tfc.ir import (
    block_begin,
    build,
    build_op,
    frame_text,
    insertion_point,
    kind_of,
    list_type,
    location,
    resource_type,
    tensor_type,
    token_type,
    type_spec,
)
from tfc.tracing.nested_types import Nested
from tfc.tracing.trace_type import Literal

_SUFFIX = ".tfctrace"
_FORMAT = "trace 3"
# Kinds of arguments whose values are a part of the name.
_SAID = bool, float, complex, str, bytes, type(None)
# Traces of one function for one kind of arguments (other values in its closure), and their bytes.
_TRACES, _BYTES = 8, 4 << 20


class Known:
    """A value of a trace that is not built: `kind` is "tensor", "resource" or "token". `real` is the MLIR value once it
    is.
    """

    __slots__ = ("dims", "dtype", "kind", "number", "real")

    def __init__(self, number: int, result: tuple):
        self.number = number
        self.real = None
        self.kind, dtype, self.dims = result
        self.dtype = None if dtype is None else as_dtype(dtype)


class KnownOp:
    """An op that is not built."""

    __slots__ = ("results",)

    def __init__(self, results: list):
        self.results = results

    @property
    def result(self):
        return self.results[0]


class Unkept(Exception):
    """Something of a trace that is not written down."""


class Log:
    """What one trace does. `following`: it is a kept one so far, and nothing is built."""

    def __init__(self, name: str, definition: tuple, candidates: list):
        # Numbers of places, by the identity of the code objects in them, which live as long.
        self._places: dict = {}
        self._stacks: list = []
        # (number, scope), by the identity of the scope, which is held here.
        self._scopes: dict = {}
        self._head = str(name), self._place(definition)
        self._candidates = [script for script in candidates if script[0] == self._head]
        self._script = self._candidates[0][1] if self._candidates else None
        # (what was done, of what type its results are) so far; the same, as it has to be built; numbers of MLIR values.
        self._records: list = []
        self._steps: list = []
        self._numbers: dict = {}
        # Of what type each value is, by its number.
        self._types: list = []
        self._digests: dict = {}
        self._values: list = []

    @property
    def following(self) -> bool:
        return self._script is not None

    # What is written down.

    def _place(self, stack: tuple):
        """A stack of the user's frames: its number, with the frames themselves when it is seen first."""
        key = tuple([(id(code), instruction) for code, instruction in stack])
        number = self._places.get(key)
        if number is not None:
            return number
        number = self._places[key] = len(self._places)
        self._stacks.append(stack)
        return number, tuple(map(frame_text, stack))

    def op(self, scope, name: str, operands: list, attrs: dict, stack: tuple, first: bool) -> tuple:
        """The record of an op of a scope; `first`: it is put before all others there. Raises `Unkept`."""
        numbers = tuple([self.number(v) for v in operands])
        values = tuple([(k, plain(v)) for k, v in attrs.items() if v is not None])
        return "op", name, numbers, values, self._place(stack), first, self._scope(scope)

    def regions(self, scope, name: str, operands: list, results: list, stack: tuple, inside: list, taken: list):
        """The record of an op whose regions are traced next, into the scopes `inside`, which take values of the types
        `taken`. Raises `Unkept`.
        """
        numbers = tuple([self.number(v) for v in operands])
        for type_ in (*results, *taken):
            check_kept(type_)
        where = tuple(map(self._scope, inside))
        return "regions", name, numbers, tuple(results), self._place(stack), where, tuple(taken), self._scope(scope)

    def joined(self, scope, operands: list, results: list, stack: tuple, inside: list) -> tuple:
        """The record of an op with the regions that were traced before, whose results are known now."""
        numbers = tuple([self.number(v) for v in operands])
        for type_ in results:
            check_kept(type_)
        return "joined", numbers, tuple(results), self._place(stack), self._scope(inside[0]), self._scope(scope)

    def tried(self, scope, what: str) -> tuple:
        """The record of the begin or the end of a trial."""
        return what, self._scope(scope), self._scope(scope.parent)

    def abandoned(self, inside: list) -> tuple:
        """The record of an op with regions that was not finished."""
        return "abandoned", tuple(map(self._scope, inside))

    def _scope(self, scope) -> int:
        """The number of a scope; the function itself is 0."""
        if scope.parent is None:
            return 0
        return self._scopes.setdefault(id(scope), (len(self._scopes) + 1, scope))[0]

    def number(self, value) -> int:
        if type(value) is Known:
            return value.number
        number = self._numbers.get(value)
        if number is None:
            raise Unkept
        return number

    def call(self, scope, callee: "Log | None", operands: list, passed: int, stack: tuple) -> tuple:
        """The record of a call of a function that is written down itself; `passed`: how many constants of that function
        are among the operands.
        """
        numbers = tuple([self.number(v) for v in operands])
        given = numbers[: len(numbers) - passed]
        if callee is None or callee.takes() != [self._types[n] for n in given]:
            raise Unkept
        return "call", callee.digest(None), numbers, passed, self._place(stack), self._scope(scope)

    def takes(self) -> list:
        """Of what types the arguments of a finished trace are."""
        (_, order, _, _), _ = self._records[-1]
        return [self._types[n] for n in order]

    def returned(self, order: list, results: list, names: list) -> tuple:
        """The record of the end."""
        named = tuple([None if n is None else str(n) for n in names])
        return "return", tuple(map(self.number, order)), tuple(map(self.number, results)), named

    def follow(self, record: tuple, step, scope) -> list | None:
        """The results of what a kept trace did as well; None if it did not, or nothing is followed."""
        if self._script is None:
            return None
        at = len(self._records)
        if (at >= len(self._script) or self._script[at][0] != record) and not self._another(at, record):
            return None
        entry = self._script[at]
        self._records.append(entry)
        made = [Known(len(self._types) + i, result) for i, result in enumerate(entry[1])]
        self._note_types(*entry)
        self._values += made
        self._steps.append((step, made, scope))
        return made

    def _another(self, at: int, record: tuple) -> bool:
        """Goes over to a kept trace that did the same up to here, and does this now."""
        for _, script in self._candidates:
            if at < len(script) and script[at][0] == record and script[:at] == self._script[:at]:
                self._script = script
                return True
        return False

    def note(self, record: tuple, values: list) -> None:
        """Something that was built, and its results. Raises `Unkept`."""
        results = tuple(map(_described, values))
        self._records.append((record, results))
        for at, value in enumerate(values, len(self._types)):
            self._numbers[value] = at
        self._note_types(record, results)

    def _note_types(self, record, results) -> None:
        self._types += results
        if record[0] == "refined":
            _, number, dims = record
            self._types[number] = *self._types[number][:2], dims

    def forget(self) -> None:
        """The trace is finished: what else was kept is of no use any more. It may be megabytes."""
        self._candidates = []

    def diverge(self) -> None:
        """From now on everything is built: what was followed has been."""
        self._numbers = {value.real: value.number for value in self._values if value.real is not None}
        self._script, self._steps, self._values = None, [], []

    def replay(self, function) -> None:
        """Builds what was followed, so that each value has its MLIR value."""
        gone = {id(s) for step, _, scope in self._steps for s in _scopes_that_go(step, scope)}
        for step, made, scope in self._steps:
            if step is None or _is_inside(scope, gone):  # the end, or what was taken back
                continue
            make, *parts = step
            if make in (make_regions, make_abandoned) and id(_inside(step)[0]) in gone:
                continue
            for value, real in zip(made, make(function, scope, *parts), strict=True):
                value.real = real

    # What is kept.

    def digest(self, shapes) -> bytes:
        """What names the code of a finished trace for these shapes."""
        key = repr(shapes)
        if key not in self._digests:
            content = marshal.dumps((_FORMAT, self._head, self._records, key), 2)
            self._digests[key] = hashlib.sha256(content).digest()
        return self._digests[key]

    def keep(self, name: str, candidates: list) -> None:
        """Writes a finished trace down, before what is kept under a name already."""
        mine = self._head, self._records
        others = [c for c in candidates if c != mine]
        content = marshal.dumps([mine, *others[: _TRACES - 1]])
        while len(content) > _BYTES and others:
            others.pop()
            content = marshal.dumps([mine, *others[: _TRACES - 1]])
        kept.write(name + _SUFFIX, content)


def name_of(name: str, function_type, code, variant) -> str | None:
    """Where traces of a function for these types are kept; None if they are not. It need not be right: what is there
    is compared.
    """
    if code is None or kept.usable() is None:
        return None
    types = [(p.name, _type_in_words(p.type)) for p in function_type.parameters]
    said = repr((name, code.co_filename, code.co_firstlineno, types, variant))
    return hashlib.sha256(f"{_FORMAT} {said}".encode() + build()).hexdigest()


def _type_in_words(type_):
    """What tells types of arguments apart, without a word of the objects themselves: these may not have one, or take
    long to say it.
    """
    if isinstance(type_, Literal):
        kind = type(type_.value)
        # Long integers have no decimal text.
        return [kind.__qualname__, hex(type_.value) if kind is int else type_.value if kind in _SAID else None]
    inside = map(_type_in_words, type_.components) if isinstance(type_, Nested) else map(repr, type_.flatten())
    return [type(type_).__qualname__, *inside]


def candidates(name: str) -> list:
    """What is kept under a name."""
    content = kept.read(name + _SUFFIX)
    if content is None:
        return []
    try:
        return marshal.loads(content)
    except (ValueError, EOFError, TypeError):
        return []


def plain(value) -> tuple:
    """A value of an attribute: different for what becomes different attributes. Raises `Unkept`."""
    kind = type(value)
    if kind is bool:
        return "b", value
    if kind is int:
        return "i", value
    if kind is float:
        return "f", struct.pack("d", value)
    if kind is str:
        return "s", value
    if isinstance(value, DType):
        return "d", value.name
    if isinstance(value, TensorSpec):
        return "T", value.dtype.name, value.shape.dims
    if isinstance(value, TensorShape):
        return "t", value.dims
    if isinstance(value, SpecList):
        return "l", tuple(map(plain, value))
    if kind is tuple:
        return "t", tuple([None if v is None else int(v) for v in value])
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.kind == "O":
            raise Unkept
        return "a", array.dtype.str, array.dtype.name, array.shape, array.tobytes()
    raise Unkept


def _scopes_that_go(step, scope) -> list:
    """The scopes whose ops a step takes back."""
    if step is None or step[0] not in (make_dropped, make_abandoned):
        return []
    return [scope] if step[0] is make_dropped else _inside(step)


def _inside(step) -> list:
    """The scopes in the op of a step with regions."""
    return step[5] if step[0] is make_regions else step[2]


def _is_inside(scope, scopes: set) -> bool:
    while scope is not None:
        if id(scope) in scopes:
            return True
        scope = scope.parent
    return False


def described(value) -> tuple:
    """Of what type a value is: (kind, name of the dtype, dims). Of a list: of its elements."""
    if type(value) is Known:
        if value.real is None:
            return value.kind, None if value.dtype is None else value.dtype.name, value.dims
        value = value.real
    kind, inner = kind_of(value.type)
    if kind == "token":
        return TOKEN
    spec = type_spec(inner)
    return kind, spec.dtype.name, spec.shape.dims


TOKEN = "token", None, None


def type_from(described: tuple):
    """The MLIR type."""
    kind, dtype, dims = described
    if kind == "token":
        return token_type()
    if kind == "resource":
        return resource_type(as_dtype(dtype), dims)
    tensor = tensor_type(as_dtype(dtype), dims)
    return list_type(tensor) if kind == "list" else tensor


def check_kept(described: tuple) -> None:
    """Raises `Unkept` for types that are not written down."""
    kind, dtype, _ = described
    if kind not in ("tensor", "resource", "token") or dtype == "string":
        raise Unkept


def _described(value) -> tuple:
    """Of what type an MLIR value is. Raises `Unkept`."""
    kind, _ = kind_of(value.type)
    if kind not in ("tensor", "resource", "token"):
        raise Unkept
    found = described(value)
    check_kept(found)
    return found


def real(value):
    """The MLIR value of one that is built."""
    return value.real if type(value) is Known else value


def present(value):
    """The MLIR value if it is built, else what stands for it."""
    return value if real(value) is None else real(value)


# What a step builds: values, from a function, the scope that its ops go to, and the parts of the step.


def make_op(function, scope, name, operands, attrs, stack, first):
    where = block_begin(scope.raw_block) if first else scope.raw_point
    results = [] if name == "yield" else None
    return build_op(name, [real(v) for v in operands], attrs, location(stack), where, results).results


def make_call(function, scope, callee, operands, stack):
    types = [v.type for v in callee.function.returned()]
    given = [real(v) for v in operands]
    return function.call(callee.function, given, types, location(stack), scope.raw_point).results


def make_argument(function, scope, kind, dtype, dims):
    type_ = resource_type(dtype, dims) if kind == "resource" else tensor_type(dtype, dims)
    return [function.add_argument(type_)]


def make_refined(function, scope, value, dtype, dims):
    real(value).set_type(tensor_type(dtype, dims))
    return []


def make_regions(function, scope, name, operands, results, stack, inside, taken):
    """An op with a block in each region, which take values of these types: its results, and these values."""
    given, types = [real(v) for v in operands], list(map(type_from, results))
    op = build_op(name, given, {}, location(stack), scope.raw_point, types, len(inside))
    made = list(op.results)
    types = list(map(type_from, taken))
    for region, one in zip(op.regions, inside, strict=True):
        block = region.blocks.append(*types, arg_locs=[function.loc] * len(types))
        one.enter(block, insertion_point(block))
        made += block.arguments
    return made


def make_joined(function, scope, holder, operands, results, stack, inside):
    """An op that takes over the regions of another one, which goes away: its results."""
    given, types = [real(v) for v in operands], list(map(type_from, results))
    op = build_op("if", given, {}, location(stack), scope.raw_point, types, len(inside))
    for region, one in zip(op.regions, inside, strict=True):
        one.raw_block.append_to(region)
    owner_of(holder).erase()
    return op.results


def make_abandoned(function, scope, holder, inside):
    owner_of(holder).erase()
    return []


def make_trial(function, scope):
    scope.enter(scope.parent.raw_block, scope.parent.raw_point)
    return []


def make_kept(function, scope):
    return []


def make_dropped(function, scope):
    return []


def owner_of(op):
    """The MLIR op of one that has results."""
    return real(op.results[0]).owner
