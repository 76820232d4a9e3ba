"""Making ops, blocks and functions."""

from tfc.ir.attributes import attribute, segment_sizes
from tfc.ir.context import BuildError, context, forget_diagnostics, take_error
from tfc.ir.lazy import mlir, passmanager

# Ops whose operands come in groups: how many groups follow the last variadic one, empty in a trace (tokens and the
# like);
# the number of operands before it, each a group of its own.
_SEGMENTS = {"print": (0, 3), "assert": (1, 3), "while": (0, 1), "host_call": (0, 1)}


def op_attributes(name: str, attrs: dict, count: int) -> dict:
    """MLIR attributes of an op with `count` operands, from Python values."""
    made = {k: v if isinstance(v, mlir.Attribute) else attribute(v) for k, v in attrs.items() if v is not None}
    segments = _SEGMENTS.get(name)
    if segments is not None:
        before, after = segments
        made["operandSegmentSizes"] = segment_sizes([*[1] * before, count - before, *[0] * after])
    return made


def build_op(name: str, operands: list, attrs: dict, loc, ip, results=None, regions: int = 0):
    """One op of the dialect, at an insertion point. Result types are inferred by the dialect unless given.

    Raises `BuildError` with the dialect's own words if it refuses.
    """
    made = op_attributes(name, attrs, len(operands))
    forget_diagnostics()
    try:
        return mlir.Operation.create(
            "tfc." + name,
            results=results,
            operands=operands,
            attributes=made,
            regions=regions,
            loc=loc,
            ip=ip,
            infer_type=results is None,
        )
    except mlir.MLIRError as e:
        raise _from_mlir(e) from None
    except ValueError as e:
        raise take_error(str(e)) from None


def token_type():
    with context():
        return mlir.Type.parse("!tfc.token")


class Function:
    """A `func.func` under construction, alone in a module of its own until it calls others.

    Arguments are appended as they are found out; `finish` puts them in order and returns.
    """

    def __init__(self, symbol: str, loc):
        self.symbol = symbol
        self.loc = loc
        with context(), loc:
            self.module = mlir.Module.create()
            self.op = mlir.Operation.create(
                "func.func",
                attributes={
                    "sym_name": mlir.StringAttr.get(symbol),
                    "function_type": mlir.TypeAttr.get(mlir.FunctionType.get([], [])),
                },
                regions=1,
                loc=loc,
                ip=mlir.InsertionPoint(self.module.body),
            )
            self.entry = self.op.regions[0].blocks.append()
        self.callees: set = set()
        # Callees whose gradient is a Python function's: symbol -> function of flat values.
        self.python: dict = {}
        # Functions of the host that this one calls: number -> function.
        self.hosts: dict = {}
        # Values of constants, of its own block, that are arguments where others call it.
        self.constants: list = []

    def annotate(self, name: str, value: str):
        """Something that others may want to know of the function."""
        with context():
            self.op.attributes[name] = mlir.StringAttr.get(value)

    def add_argument(self, type_):
        """A new argument at the end, as a value."""
        return self.entry.add_argument(type_, self.loc)

    def call(self, callee: "Function", operands: list, result_types: list, loc, ip):
        """A `func.call`, as an op, of operands of the types that are `taken`; the callee and what it calls are copied
        into this module.
        """
        self.include(callee)
        with context():
            op = mlir.Operation.create(
                "func.call",
                results=result_types,
                operands=operands,
                attributes={"callee": mlir.FlatSymbolRefAttr.get(callee.symbol)},
                loc=loc,
                ip=ip,
            )
        return op

    def include(self, callee: "Function") -> None:
        """Copies a function and its callees into this module, as private ones."""
        self.python.update(callee.python)
        self.hosts.update(callee.hosts)
        if callee.symbol in self.callees:
            return
        with context(), mlir.InsertionPoint(self.module.body):
            for op in callee.module.body.operations:
                name = mlir.StringAttr(op.attributes["sym_name"]).value
                if name in self.callees:
                    continue
                self.callees.add(name)
                copy = op.operation.clone()
                if "tfc.entry" in copy.attributes:
                    del copy.attributes["tfc.entry"]
                copy.attributes["sym_visibility"] = mlir.StringAttr.get("private")
                if name == callee.symbol:
                    callee._pass_constants(copy)

    def taken(self) -> list:
        """The types of the arguments that it has where others call it."""
        return [v.type for v in [*self.entry.arguments, *self.constants]]

    def _pass_constants(self, copy) -> None:
        """Gives a copy arguments in the place of its `constants`."""
        if not self.constants:
            return
        wanted = set(self.constants)
        block = copy.regions[0].blocks[0]
        pairs = list(zip(self.entry.operations, block.operations, strict=True))
        copies = {old.results[0]: new.operation for old, new in pairs if any(r in wanted for r in old.results)}
        for value in self.constants:
            copies[value].results[0].replace_all_uses_with(block.add_argument(value.type, self.loc))
            copies[value].erase()
        results = [v.type for v in self.returned()]
        copy.attributes["function_type"] = mlir.TypeAttr.get(mlir.FunctionType.get(self.taken(), results))
        if "arg_attrs" in copy.attributes:
            added = [mlir.DictAttr.get({})] * len(self.constants)
            copy.attributes["arg_attrs"] = mlir.ArrayAttr.get([*mlir.ArrayAttr(copy.attributes["arg_attrs"]), *added])

    def finish(self, order: list, results: list, names: list) -> list:
        """Returns `results`, and puts the arguments in `order` (values of this function).

        Returns the values that stand for them now. `names` (a str or None each) become `tfc.name` attributes.
        """
        with context(), self.loc:
            mlir.Operation.create("func.return", operands=results, loc=self.loc, ip=mlir.InsertionPoint(self.entry))
            order = self._reorder(order)
            types = [a.type for a in order]
            self.op.attributes["function_type"] = mlir.TypeAttr.get(
                mlir.FunctionType.get(types, [r.type for r in self.returned()])
            )
            if any(names):
                self.op.attributes["arg_attrs"] = mlir.ArrayAttr.get(
                    [mlir.DictAttr.get({"tfc.name": mlir.StringAttr.get(n)} if n else {}) for n in names]
                )
            self.op.attributes["tfc.entry"] = mlir.UnitAttr.get()
        return order

    def returned(self) -> list:
        """The values that the function returns."""
        return list(list(self.entry.operations)[-1].operands)

    def _reorder(self, order):
        count = len(self.entry.arguments)
        numbers = [a.arg_number for a in map(mlir.BlockArgument, order)]
        if sorted(numbers) != list(range(count)):
            raise BuildError(f"{self.symbol}: the order of {count} arguments is {numbers}")
        if numbers == list(range(count)):
            return list(order)
        made = []
        for old in order:
            new = self.entry.add_argument(old.type, self.loc)
            old.replace_all_uses_with(new)
            made.append(new)
        for _ in range(count):
            self.entry.erase_argument(0)
        return list(self.entry.arguments)

    def verify(self) -> None:
        """Raises `BuildError` if an op is wrong."""
        verify(self.module)

    def text(self, debug_info: bool = False) -> str:
        """The module as MLIR text."""
        return self.module.operation.get_asm(enable_debug_info=debug_info, pretty_debug_info=debug_info)

    def clone_module(self):
        """A copy of the module: what a pass may change."""
        with context(), self.loc:
            copy = mlir.Module.create()
            with mlir.InsertionPoint(copy.body):
                for op in self.module.body.operations:
                    op.operation.clone()
            return copy


def verify(module) -> None:
    """Raises `BuildError` if a module is wrong."""
    forget_diagnostics()
    try:
        good = module.operation.verify()
    except mlir.MLIRError as e:
        raise _from_mlir(e) from None
    if not good:
        raise take_error("the module is malformed")


def _from_mlir(error) -> BuildError:
    diagnostics = getattr(error, "error_diagnostics", None)
    if not diagnostics:
        return take_error(str(error))
    first = diagnostics[0]
    notes = [note.message for note in getattr(first, "notes", ())]
    return BuildError("; ".join([first.message, *notes]), first.location)


def insertion_point(block):
    """At the end of a block."""
    return mlir.InsertionPoint(block)


def block_begin(block):
    return mlir.InsertionPoint.at_block_begin(block)


def run_passes(module, pipeline: str) -> None:
    """Runs a textual pass pipeline on a module, in place; `BuildError` if a pass fails."""
    with context():
        forget_diagnostics()
        try:
            passmanager.PassManager.parse(pipeline).run(module.operation)
        except mlir.MLIRError as e:
            raise _from_mlir(e) from None


def walk(op):
    """An op and all ops in its regions, in program order."""
    yield op
    for region in op.regions:
        for block in region.blocks:
            for inner in block.operations:
                yield from walk(inner.operation)
