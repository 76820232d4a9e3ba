"""`FuncGraph`: the interpreter that builds a function of the dialect."""

import itertools
import re

import numpy as np

from tfc.core import (
    EagerTensor,
    StringTensor,
    TensorList,
    VariableStorage,
    describe,
    eager_tensor,
    outside,
    recorders,
    stand_in_of,
    standing,
    stop_recording,
    using,
)
from tfc.dtypes import SpecList, TensorShape, TensorSpec
from tfc.errors import InaccessibleTensorError, page, user_line
from tfc.ir import (
    BuildError,
    attribute,
    block_begin,
    build_op,
    kind_of,
    location,
    mlir,
    python_value,
    tensor_type,
    type_spec,
    user_stack,
)
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.tracing import control, control_gradients, folding, known
from tfc.tracing.building import Building
from tfc.tracing.first_value import FirstValue
from tfc.tracing.graph_view import GraphView
from tfc.tracing.known import Known, KnownOp, present, real
from tfc.tracing.naming import Naming
from tfc.tracing.op_names import default_name
from tfc.tracing.python_call import PythonCall
from tfc.tracing.queries import GraphQueries
from tfc.tracing.tensors import Scope, SymbolicList, SymbolicTensor, is_symbolic
from tfc.tracing.wording import CREATED_AGAIN, in_words, is_of_dtypes

_counter = itertools.count()
# Captured tensors of at most so many elements become constants; bigger constants become captured tensors.
SMALL = 64
LARGE = 4096
# What a parameter may be called in a graph; others are "Placeholder" there.
_PARAMETER = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")


def _number_key(array) -> tuple:
    """What equal numbers of one type have in common."""
    return array.dtype.str, array[()] if array.dtype.kind == "O" else array.tobytes()


class FuncGraph(GraphQueries, Naming, Building):
    """Traces one function. Primitives become ops at the current insertion point.

    After `finish`: `captured` (eager tensors, or tensors of the outer graph) and `variables` are what the function
    takes after its `inputs`.
    """

    eager = False

    def __init__(
        self,
        name: str,
        parent: "FuncGraph | None" = None,
        autograph: bool = True,
        definition: tuple | None = None,
        candidates: list | None = None,
    ):
        self.name = name
        self.parent = parent
        self.autograph = autograph
        self.symbol = f"{re.sub(r'[^A-Za-z0-9_.$]', '_', name)}_{next(_counter)}"
        # Where the Python function is, as a stack.
        self.definition = user_stack(2) if definition is None else definition
        # The location of ops, in the place of the user's line: set while other ops are replayed.
        self.location = None
        # What is written down of the trace, in which it may follow one of the `candidates`; None: nothing is.
        self._log = None if candidates is None else known.Log(name, self.definition, candidates)
        self._function = self._handles = self._returned = None
        self.root = self.scope = Scope(self, None, None)
        if self._log is None or not self._log.following:
            self._begin()
        self.operation_count = 0
        self.inputs: list = []
        # What the program calls inputs that a graph calls something else, by their positions.
        self._given_names: dict = {}
        self.variable_inputs: list = []
        self.outputs: list = []
        self.captured: list = []
        self._constants: dict = {}
        self.call_time_values: dict = {}
        self.variable_refs: list = []
        self._captures: dict = {}
        self._resources: dict = {}
        # Variables written so far, and reads of a variable after such a write: what an initializer may not depend on.
        self.written: set = set()
        self.dirty_reads: set = set()
        # (variable, initial value) for each variable made by this trace; None: creation is not allowed.
        self.created: list | None = None
        self._journal: list | None = None
        self._names: dict = {}
        # (name, type) of ops that the user named, or made in a name scope, by their first result.
        self.op_names: dict = {}
        # A result of the last op without tensors: a name that it gets belongs to it.
        self._effect, self._effect_name = None, ""
        # (number of ops before it, operation) for each `tf.group` and `tf.no_op` of the function itself.
        self.no_ops: list = []
        # What `GraphView` shows as one operation: see there. By their effects, assignments that add to a variable.
        self.wholes: list = []
        self.updates: dict = {}
        # Constants that the program makes by name; the others are shown where they are used.
        self.explicit: set = set()
        # What `tf.control_dependencies` names around here, one list a scope; by first result, around each op.
        self._controls: tuple = ()
        self.controlled: dict = {}
        self._root_count = 0
        self._local_traces: dict = {}
        self.finished = False
        # Whether there are tensors whose rank is not known.
        self.has_unranked = False
        self._view = None

    # Ops.

    def run(self, prim, args, attrs):
        if prim is p.constant:
            return self._constant(attrs["value"])
        value = folding.fold(prim, args, attrs)
        if value is not None:
            return self._constant(value)
        sizes = folding.partial(prim, args, attrs)
        if sizes is not None and None not in sizes and prim is not p.shape_of:
            dims = () if prim in (p.squeeze, p.reshape) or (prim is p.gather and not args[1].shape_tuple) else None
            value = np.array(sizes, attrs.get("dtype", args[0].dtype).np_dtype)
            if dims is None or prim is not p.reshape:
                return self._constant(value.reshape(dims) if dims is not None else value)
        stack = user_stack(3)
        operands = [self._operand(a) for a in args]
        op = self._build(prim.name, operands, attrs, stack, args)
        if prim is p.assign_variable:
            self._note_written(args[0])
        elif prim is p.read_variable and id(args[0]) in self.written:
            self.dirty_reads.add(op.result if len(op.results) == 1 else op.results[0])
        results = self._results(prim, op, stack, args, attrs)
        if sizes is not None and type(results) is SymbolicTensor:
            results.partial = sizes
        refined = folding.refined_shape(prim, args)
        if refined is not None:
            self._set_dims(results, refined)
        return results

    def build(self, name, operands, attrs, stack, args=(), results=None, regions=0):
        """One op at the insertion point, of MLIR values; errors of the dialect are the user's."""
        self.show()
        return self._build(name, operands, attrs, stack, args, results, regions)

    def _build(self, name, operands, attrs, stack, args=(), results=None, regions=0):
        # What is done with a result once the function has returned has no line of its own.
        stack = stack or self.definition
        if self.location is not None:
            self.show()
        step = known.make_op, name, operands, attrs, stack, False
        record, made = self._written(lambda: self._log.op(self.scope, *step[1:]), step)
        op = KnownOp(made) if made is not None else None
        if op is None:
            try:
                loc = self.location or location(stack)
                op = build_op(name, [real(v) for v in operands], attrs, loc, self.scope.raw_point, results, regions)
            except BuildError as e:
                self.show()  # the program may go on, and this is not written down
                raise self._explain(name, args, attrs, e) from None
            self._built(record, op.results)
        self._note_op(op)
        return op

    def _note_op(self, op) -> None:
        self.operation_count += 1
        if self.scope is self.root:
            self._root_count += 1
            if self._controls and len(op.results):
                self.controlled[op.results[0]] = self._controls
        if self._journal is not None:
            self._journal.append((op, self.scope))

    # Ops with regions: `control` traces these.

    def open_regions(self, name: str, operands: list, results: list, stack, inside: list, taken=()) -> tuple:
        """An op whose regions are the scopes `inside`: (op, values that each of them takes). `results`, `taken`: their
        types, as `known.described` says them.
        """
        step = known.make_regions, name, operands, results, stack or self.definition, inside, taken
        record, made = self._written(lambda: self._log.regions(self.scope, *step[1:]), step)
        if made is None:
            made = self._made_regions(name, step)
            self._built(record, made)
        count = len(results)
        op = KnownOp(made[:count])
        self._note_op(op)
        size = len(taken)
        return op, [made[count + at * size : count + (at + 1) * size] for at in range(len(inside))]

    def join_regions(self, holder: KnownOp, operands: list, results: list, stack, inside: list) -> KnownOp:
        """`tfc.if` with results, in the place of one that held the regions until these were known."""
        stack = stack or self.definition
        step = known.make_joined, holder, operands, results, stack, inside
        record, made = self._written(lambda: self._log.joined(self.scope, *step[2:]), step)
        if made is None:
            made = self._made_regions("if", step)
            self._built(record, made)
        op = KnownOp(made)
        self._note_op(op)
        self.forget_op(holder)
        return op

    def abandon_regions(self, op, inside: list) -> None:
        """Takes back an op with regions that was not finished."""
        step = known.make_abandoned, op, inside
        record, made = self._written(lambda: self._log.abandoned(inside), step)
        if made is None:
            known.make_abandoned(self._function, self.scope, op, inside)
            self._built(record, ())
        self.forget_op(op)

    def _made_regions(self, name, step) -> list:
        make, *parts = step
        try:
            return list(make(self._function, self.scope, *parts))
        except BuildError as e:
            self.show()
            raise self._explain(name, (), {}, e) from None

    def yield_values(self, values: list, stack) -> None:
        """Ends a region, which gives these values."""
        self._build("yield", values, {}, stack, (), [])

    def forget_op(self, op) -> None:
        """It goes; `op` may be the MLIR op of one that was written down."""
        if self._journal is not None:
            first = real(op.results[0])
            is_same = lambda o: type(o) is KnownOp and o.results and real(o.results[0]) == first
            same = lambda o: o is op or (first is not None and is_same(o))  # none is built yet in a kept trace
            self._journal = [(o, s) for o, s in self._journal if not same(o)]
        self.operation_count -= 1

    def note_trial(self, scope, make) -> None:
        """A trial begins, or ends."""
        record, made = self._written(lambda: self._log.tried(scope, make.__name__), (make,), scope)
        if made is None:
            make(self._function, scope)
            self._built(record, ())

    def hold(self, host) -> None:
        """Keeps a function of the host that the trace calls."""
        self.function.hosts[host.number] = host

    def _note_written(self, variable):
        self.written.add(id(variable))
        for scope in self._open_scopes():
            scope.written.add(id(variable))

    def _explain(self, name, args, attrs, error):
        text = str(error)
        kind = TypeError if is_of_dtypes(text) else ValueError
        got = ", ".join(map(describe, args)) or None
        return kind(page(f"{in_words(text)} [Op:{name}]", got=got, where=user_line()))

    def _results(self, prim, op, stack, args, attrs):
        name = self._unique(default_name(prim.name))
        made = []
        for value in op.results:
            kind = value.kind if type(value) is Known else kind_of(value.type)[0]
            if kind == "tensor":
                made.append(SymbolicTensor(value, self.scope, stack, name))
                if "/" in name:
                    self._record(made[-1])
            elif kind == "list":
                dynamic = attrs.get("dynamic_size")
                if dynamic is None:
                    dynamic = next((a.dynamic_size for a in args if isinstance(a, TensorList)), False)
                elements = next((a.elements for a in args if type(a) is SymbolicList), None)
                if elements is not None and prim is p.list_set:
                    elements.note(TensorSpec(args[2].shape_tuple, args[2].dtype))
                made.append(SymbolicList(value, self.scope, stack, dynamic, elements))
        if prim.num_results == 1:
            return made[0]
        if not made and len(op.results):
            self._effect, self._effect_name = op.results[0], name
            if "/" in name:
                self.op_names[self._effect] = name, None
        return tuple(made) if made else None

    def _set_dims(self, tensor, dims):
        if dims is None or (tensor.shape_tuple is not None and len(tensor.shape_tuple) != len(dims)):
            return
        merged = TensorShape(tensor.shape_tuple).merge_with(dims).dims
        if merged != tensor.shape_tuple:
            step = known.make_refined, tensor.raw, tensor.dtype, merged
            record, made = self._written(lambda: ("refined", self._log.number(tensor.raw), merged), step)
            if made is None:
                tensor.raw = real(tensor.raw)  # the op that made it may have been followed
                tensor.raw.set_type(tensor_type(tensor.dtype, merged))
                self._built(record, ())
            else:
                tensor.raw.dims = merged
            tensor.shape_tuple = merged

    def refine(self, tensor, dims):
        """The tensor has this shape from here on (`set_shape`)."""
        if self._promised(tensor, dims):
            return
        made = p.ensure_shape(tensor, shape=dims)
        for at, parameter in enumerate(self.inputs):
            if parameter is tensor:
                # The parameter itself stays what it is.
                self.inputs[at] = SymbolicTensor(tensor.raw, tensor.scope, (), tensor.op_name)
        tensor.value, tensor.shape_tuple = made.raw, made.shape_tuple

    def _promised(self, tensor, dims) -> bool:
        """Says what a function of the host returns, where the rank of that is not known: the host checks it."""
        if tensor.shape_tuple is not None:
            return False
        owner = getattr(tensor.value.owner, "operation", tensor.value.owner)
        if getattr(owner, "name", None) != "tfc.host_call":
            return False
        at = list(owner.results).index(tensor.value)
        specs = list(python_value(owner.attributes["types"]))
        specs[at] = TensorSpec(dims, tensor.dtype)
        owner.attributes["types"] = attribute(SpecList(specs))
        self.function.hosts[python_value(owner.attributes["id"])].specs = tuple(specs)
        self._set_dims(tensor, dims)
        return True

    # Constants.

    def _constant(self, array):
        array = np.asarray(array)
        if array.size > LARGE:
            return self.capture(eager_tensor(array.copy()))
        if array.dtype.kind == "c":
            made = self.run(p.complex_, (self._constant(array.real), self._constant(array.imag)), {})
            made.const = array
            return made
        stack = user_stack(4)
        # A number is there once a block; each use is a tensor of its own, for tapes.
        key = _number_key(array) if array.ndim == 0 else None
        value = self.scope.numbers.get(key)
        if value is None:
            value = self._build("constant", [], {"value": array}, stack).results[0]
            if key is not None:
                self.scope.numbers[key] = value
        return SymbolicTensor(value, self.scope, stack, self._unique("Const"), const=array)

    def constant_value(self, tensor):
        return folding.known(tensor)

    # Operands: values of this graph, and what it captures.

    def operand(self, a):
        """The MLIR value of an operand; captures what is not of this graph."""
        self.show()
        return real(self._operand(a))

    def raw_operand(self, a):
        """The same, or what stands for it in a trace that is not built."""
        return present(self._operand(a))

    def _operand(self, a):
        kind = type(a)
        if kind is SymbolicTensor or kind is SymbolicList:
            if a.scope is self.scope:
                return a.raw
            found = stand_in_of(a) if standing() else a
            return self._outer(a).raw if found is a else self._operand(found)
        if kind is EagerTensor or kind is StringTensor:
            found = stand_in_of(a) if standing() else a
            return self.capture(a).raw if found is a else self._operand(found)
        if isinstance(a, VariableStorage):
            return self._resource(a)
        if isinstance(a, TensorList):
            return self.capture_list(a).value
        raise TypeError(f"an operand is a tensor, variable or list, got {a!r} of type {type(a).__name__}")

    def _outer(self, a):
        scope = a.scope
        while scope.merged is not None:
            scope = scope.merged
        if scope.graph is self:
            if not scope.open:
                raise self._inaccessible(a)
            self._note(a, scope)
            return a
        graph = self.parent
        while graph is not None and graph is not scope.graph:
            graph = graph.parent
        if graph is None or not scope.open:
            raise self._inaccessible(a)
        return self.capture(a)

    def _note(self, a, owner):
        """Tells the regions between here and where a value was made that they capture it."""
        scope = self.scope
        while scope is not owner and scope is not None:
            if scope.merged is not owner and id(a) not in scope.captures:
                self._tell_apart(a)
                scope.captures[id(a)] = a
            scope = scope.parent

    def _tell_apart(self, a):
        """Equal numbers are one value, but two tensors to a tape. Gradients run regions again by their values, so that
        numbers which they capture are values of their own.
        """
        if type(a) is not SymbolicTensor or a.const is None or a.shape_tuple != () or not a.dtype.is_differentiable:
            return
        shared = a.scope.numbers.get(_number_key(a.const))
        if shared is not None and present(shared) == present(a.raw):
            a.raw = self._constant_at_start(a.const, a.stack, a.scope)

    def _inaccessible(self, a):
        return InaccessibleTensorError(
            page(
                f"{a!r} is out of scope and cannot be used here. Use return values, explicit Python locals or "
                f"TensorFlow "
                f"collections to access it. It was defined here: {a.where()}, in the function {a.scope.graph.name!r}",
                got=f"a tensor of the function {a.scope.graph.name!r} in the function {self.name!r}"
                if a.scope.graph is not self
                else "a tensor of a branch or loop body outside of it",
                where=user_line(),
                fix="return it from that function, branch or loop, and use what comes back",
            )
        )

    def capture(self, a):
        """The tensor of this graph that stands for an eager tensor or a tensor of an outer graph."""
        found = self._captures.get(id(a)) or self._constants.get(id(a))
        if found is not None:
            made = found[1]
        elif type(a) in (EagerTensor, StringTensor) and a._view().size <= SMALL and not a.dtype.is_complex:
            value = self._constant_at_start(a._view(), user_stack(3))
            made = SymbolicTensor(value, self.root, (), self._unique("Const"), const=a._view())
            self._constants[id(a)] = a, made
        else:
            if isinstance(a, (SymbolicList, TensorList)):
                return self.capture_list(a)
            value = self._argument("tensor", a.dtype, a.shape_tuple)
            made = SymbolicTensor(value, self.root, (), self._unique("captured"), getattr(a, "const", None))
            self._captures[id(a)] = a, made
        if self.scope is not self.root:
            self._note(a, self.root)
        return made

    def _constant_at_start(self, array, stack, scope=None):
        scope = scope or self.root
        step = known.make_op, "constant", [], {"value": array}, stack, True
        record, made = self._written(lambda: self._log.op(scope, *step[1:]), step, scope)
        if made is None:
            made = known.make_op(self._function, scope, *step[1:])
            self._built(record, made)
        return made[0]

    def _argument(self, kind, dtype, dims):
        """A new argument of the function: a tensor, or a variable."""
        step = known.make_argument, kind, dtype, dims
        record, made = self._written(lambda: ("argument", kind, dtype.name, dims), step, self.root)
        if made is None:
            made = known.make_argument(self._function, None, *step[1:])
            self._built(record, made)
        return made[0]

    def local(self, a):
        """The value of this graph that stands for a value that it has captured, or the value itself."""
        if is_symbolic(a) and a.scope.graph is self:
            return a
        found = self._captures.get(id(a)) or self._constants.get(id(a))
        return found[1]

    def capture_list(self, a):
        """A list of the outer graph, or an eager one, passed as one tensor and taken apart at the start."""
        found = self._constants.get(id(a))
        if found is None:
            with outside() if type(a) is not SymbolicList else using(a.scope.graph):
                stacked = p.list_stack(a, element_type=a.element)
            inner = self.capture(stacked)
            self.show()
            op = build_op("list_unstack", [inner.value], {}, location(user_stack(3)), block_begin(self.root.block))
            if inner.value.owner != self.root.block:
                op.move_after(inner.value.owner)
            made = SymbolicList(op.results[0], self.root, (), a.dynamic_size, count=a.count)
            found = self._constants[id(a)] = (a, stacked), made
        if self.scope is not self.root:
            self._note(a, self.root)
        return found[1]

    def captured_lists(self) -> dict:
        """Lists of the outer graph that were captured, by the id of the stacked tensor in their place."""
        owners = (owner for owner, _ in self._constants.values() if isinstance(owner, tuple))
        return {id(stacked): a for a, stacked in owners}

    def resource(self, variable):
        """The handle of a variable: an argument of the function, one for each variable."""
        self.show()
        return self._resource(variable)

    def _resource(self, variable):
        found = self._resources.get(id(variable))
        if found is None:
            handle = self._argument("resource", variable.dtype, variable.shape_tuple)
            found = self._resources[id(variable)] = variable, handle
        for scope in self._open_scopes():
            scope.variables.setdefault(id(variable), variable)
        return found[1]

    def _open_scopes(self):
        scope = self.scope
        while scope is not None:
            yield scope
            scope = scope.parent

    # Inputs and outputs.

    def add_input(self, spec: TensorSpec, name: str | None = None) -> SymbolicTensor:
        """A new tensor parameter."""
        value = self._argument("tensor", spec.dtype, spec.shape.dims)
        tensor = SymbolicTensor(value, self.root, self.definition, name or spec.name)
        self.inputs.append(tensor)
        return tensor

    def add_variable_input(self, variable) -> None:
        """A new variable parameter, for which `variable` stands while tracing."""
        self._resource(variable)
        self.variable_inputs.append(variable)

    def finish(self, outputs: list) -> None:
        """Returns these tensors (of any graph that is in reach), and verifies the function."""
        outputs = [o if type(o) is SymbolicTensor and o.scope is self.root else self._here(o) for o in outputs]
        captured = list(self._captures.values())
        given = {id(v) for v in self.variable_inputs}
        resources = [self._resources[id(v)] for v in self.variable_inputs]
        resources += [pair for key, pair in self._resources.items() if key not in given]
        order = [t.raw for t in self.inputs] + [t.raw for _, t in captured] + [h for _, h in resources]
        # Of characters that every host language takes.
        names = [re.sub(r"[^A-Za-z0-9_.]", "_", t.op_name) for t in self.inputs] + [None for _ in captured]
        names += [getattr(v, "_shared_name", None) or getattr(v, "name", None) for v, _ in resources]
        self.capture_inputs = [t for _, t in captured]
        self._returned = order, [o.raw for o in outputs], names
        record, made = self._written(lambda: self._log.returned(*self._returned))
        if made is None:
            self._close(*self._returned)
            self._returned = None
            self._built(record, ())
        if self._log is not None:
            self._log.forget()
        self.outputs = outputs
        self.captured = [a for a, _ in captured]
        self.variables = [v for v, _ in resources]
        self.variable_ids = [id(v) for v in self.variables]
        self.root.open = False
        self.finished = True

    def release(self) -> None:
        """Lets go of variables: from now on they belong to whoever made them."""
        self._resources = {}
        self.variable_inputs = [None] * len(self.variable_inputs)
        self.created = None
        for scope in (self.root, self.scope):
            scope.variables = {}

    def _here(self, o):
        """A tensor of this graph for a result: captured tensors and tensors of kept trials as they are."""
        if type(o) in (EagerTensor, StringTensor):
            return self.capture(o)
        scope = o.scope
        while scope.merged is not None:
            scope = scope.merged
        return o if scope is self.root else self._outer(o)

    def add_parameter(self, spec: TensorSpec, name: str) -> SymbolicTensor:
        """A tensor parameter that the program calls `name`."""
        unique = self.unique_name(name)
        if not _PARAMETER.match(name):
            self._given_names[len(self.inputs)] = name
        return self.add_input(spec, unique)

    def input_names(self) -> list:
        """What the program calls the tensor parameters."""
        return [self._given_names.get(at, t.op_name) for at, t in enumerate(self.inputs)]

    def unique_name(self, name: str) -> str:
        """A name for a parameter that no other parameter has."""
        return self._unique(name if _PARAMETER.match(name) else "Placeholder")

    def constants(self) -> list:
        """The captured eager tensors that are constants here."""
        return [a for a, _ in self._constants.values() if type(a) is EagerTensor]

    def constant_values(self) -> list:
        """(eager tensor, its MLIR value) of the same."""
        return [(a, t.value) for a, t in self._constants.values() if type(a) is EagerTensor]

    def passed_constants(self) -> list:
        """The constants that other traces pass when they call this one, because gradients flow to them: there they are
        captured as well. They come behind all other arguments.
        """
        return [a for a in self.constants() if a.dtype.is_differentiable]

    # Calls.

    def call(self, callee: "FuncGraph", given: list, variables: list, stack, name: str) -> list:
        """A call of another traced function with these tensors and variables: its results as tensors of this graph."""
        constants = callee.passed_constants()
        operands = [self._operand(x) for x in [*given, *constants]]
        step = known.make_call, callee, operands, stack
        passed = len(constants)
        record, made = self._written(lambda: self._log.call(self.scope, callee.kept, operands, passed, stack), step)
        op = KnownOp(made) if made is not None else None
        if op is None:
            operands = list(map(real, operands))
            if record is None:
                takes = callee.function.taken()
                operands = [
                    v if v.type == t else self._widened(v, t, stack) for v, t in zip(operands, takes, strict=True)
                ]
            types = [v.type for v in callee.function.returned()]
            op = self._function.call(callee.function, operands, types, location(stack), self.scope.raw_point)
            self._built(record, op.results)
            if self._journal is not None:
                self._journal.append((op, self.scope))
        self.operation_count += 1
        if self._controls and self.scope is self.root and len(op.results):
            self.controlled[op.results[0]] = self._controls
        written = callee.written_positions()
        for at, variable in enumerate(variables):
            if at in written:
                self._note_written(variable)
        name = self._unique(name)
        return [SymbolicTensor(value, self.scope, stack, name) for value in op.results]

    def _widened(self, value, type_, stack):
        """A value as a value of a type that says less about its shape; any other type is an error of the call."""
        kind, inner = kind_of(type_)
        if kind != "tensor" or kind_of(value.type)[0] != "tensor":
            return value
        spec, given = type_spec(inner), type_spec(kind_of(value.type)[1])
        if spec.dtype is not given.dtype or not given.shape.is_compatible_with(spec.shape):
            return value
        dims = given.shape.dims if spec.shape.rank is None else spec.shape.dims
        return self.build("ensure_shape", [value], {"shape": dims}, stack, (), [type_]).result

    def call_python(self, name: str, function, inputs: list) -> list:
        """A call of a function of its own, which is the Python function again when this trace is replayed."""
        return self.call_python_as(name, function, inputs)[0]

    def call_python_as(self, name: str, function, inputs: list) -> tuple:
        """(The results of `call_python`, the function as one of all that it reads, the values of these here.)"""
        inner = FuncGraph(name, parent=self, autograph=self.autograph)
        inner.created = self.created
        tensors = [x for x in inputs if not isinstance(x, VariableStorage)]
        with using(inner), stop_recording():
            stand_ins = {id(t): inner.add_input(TensorSpec(t.shape_tuple, t.dtype)) for t in tensors}
            outputs = function(*[stand_ins.get(id(x), x) for x in inputs])
            inner.finish([inner.operand_tensor(o) for o in outputs])
        closure = [*inner.captured, *inner.variables]
        results = self.call(inner, [*tensors, *closure], inner.variables, user_stack(3), name)
        closure += inner.passed_constants()
        python = self.function.python[inner.symbol] = PythonCall(function, inputs, closure)
        return results, python, [*tensors, *closure]

    @property
    def in_region(self) -> bool:
        """Whether ops go to a branch or a loop."""
        return any(scope.region for scope in self._open_scopes())

    def mark_custom(self, outputs: list) -> None:
        """These results of a function with a gradient of its own are inlined here: a replay knows no gradient of
        them.
        """
        for out in outputs:
            op = getattr(out, "value", None)
            if op is not None and op.owner.name == "tfc.stop_gradient":
                op.owner.attributes["tfc.custom"] = mlir.UnitAttr.get(op.owner.context)

    def operand_tensor(self, value):
        """A value as a tensor."""
        return value if isinstance(value, (SymbolicTensor, EagerTensor, StringTensor)) else convert_to_tensor(value)

    def call_creating(self, callee, tensors, variables, created) -> list:
        """A call of a trace that gives variables their first values."""
        results = self.call(callee, [*tensors, *variables], variables, user_stack(3), callee.name)
        self.allow_creation(created[0])
        self.created += [(v, None) for v in created]
        return results

    def local_traces(self, function) -> dict:
        """Traces of a function that captured tensors of this graph: of no use elsewhere."""
        return self._local_traces.setdefault(id(function), {})

    def written_positions(self) -> set:
        """Which of `variables` this function may write."""
        return {at for at, key in enumerate(self.variable_ids) if key in self.written}

    # Control flow.

    def cond(self, pred, true_fn, false_fn, name=None):
        if recorders():
            self.show()
            return control_gradients.recorded_cond(self, pred, true_fn, false_fn)
        return control.build_cond(self, pred, true_fn, false_fn)[0]

    def while_loop(self, cond_fn, body_fn, init, *, shape_invariants=None, maximum_iterations=None, names=None):
        if recorders():
            self.show()
        build = control_gradients.recorded_while if recorders() else _plain_while
        return build(self, cond_fn, body_fn, init, shape_invariants, maximum_iterations, names)

    def trial(self):
        return control.trial(self)

    # Variables made while tracing.

    def allow_creation(self, variable) -> None:
        """Raises `ValueError` unless this is a trace that may make variables."""
        if self.created is None:
            made = getattr(variable, "_created_at", None)
            raise ValueError(
                page(
                    CREATED_AGAIN,
                    got="tf.function-decorated function tried to create variables on non-first call: another variable "
                    f"{getattr(variable, 'name', '')!r} when the function was traced again",
                    where=made or user_line(),
                    fix="keep the variable in an attribute or a global, and make it only if it is not there yet",
                )
            )

    def create_variable(self, variable, initial_value) -> None:
        """A variable comes into being here: its first value is assigned at this point of the program."""
        self.allow_creation(variable)
        is_inside = self.scope.parent is not None and type(initial_value) is SymbolicTensor
        self.created.append((variable, FirstValue(self, initial_value) if is_inside else initial_value))
        self._resource(variable)
        before = id(variable) in self.written
        p.assign_variable(variable, initial_value)
        if not before:
            self.written.discard(id(variable))

    def operation_of(self, tensor):
        """The op that makes a tensor, as `view` shows it."""
        if tensor.scope.gone():
            raise self._inaccessible(tensor)
        found = self.view().operation_of(tensor.value)
        if found is None:
            raise self._inaccessible(tensor)
        return found

    def view(self) -> GraphView:
        """The ops of the function, for inspection."""
        if not self.finished:
            return GraphView(self)
        if self._view is None:
            self._view = GraphView(self)
        return self._view


def _plain_while(*args) -> list:
    return control.build_while(*args)[0]
