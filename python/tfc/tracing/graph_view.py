"""The ops of a traced function as TensorFlow's graph of it: `graph.get_operations()`, `op.control_inputs`.

It is made from the MLIR when somebody looks. Where several ops of the dialect are one operation of TensorFlow (`Whole`,
the update of a variable), it shows that one; constants that nobody made by hand are shown beside the operation that
uses them, and attributes that are operands in TensorFlow as constants.
"""

import dataclasses

from tfc.core import EagerTensor, StringTensor
from tfc.ir import BuildError, kind_of, mlir, run_passes, walk
from tfc.tracing.op_names import argument_name, attribute_constants, default_name, operand_count, type_name
from tfc.tracing.operations import GraphTensor, Handle, Operation

_EFFECTS = frozenset({"tfc.read_variable", "tfc.assign_variable", "tfc.print", "tfc.assert", "tfc.host_call"})


@dataclasses.dataclass(frozen=True)
class Whole:
    """A public operation that TensorFlow has as one, and this dialect as several."""

    kind: str
    name: str
    inputs: list
    outputs: list


class GraphView:
    """The operations of a `FuncGraph`, with TensorFlow's types and names."""

    def __init__(self, graph):
        self.graph = graph
        self.operations: list = []
        # What is shown for each argument of the function.
        self.arguments: dict = {}
        self.identities: list = []
        self._names: dict = {}
        self._of: dict = {}
        self._ops = [o.operation for o in graph.function.entry.operations]
        # For each op of the function: the operation that is shown for it, or None.
        self._shown: list = [None] * len(self._ops)
        self._made_by = {v: i for i, op in enumerate(self._ops) for v in op.results}
        self._edges = None
        self._extra: dict = {}
        self._callees: dict = {}
        self._build()

    def _unique(self, name):
        count = self._names.get(name, 0)
        self._names[name] = count + 1
        return f"{name}_{count}" if count else name

    def _add(self, kind, name, operands, results, op=None, unique=True):
        made = Operation(self, kind, self._unique(name) if unique else name, operands, results, op)
        self.operations.append(made)
        for at, value in enumerate(results):
            if value is not None:
                self._of[value] = made, at
        return made

    # What several ops are.

    def _within(self, outputs, inputs) -> set | None:
        """The ops between values, without constants; None if they are more than values."""
        found, waiting = set(), list(outputs)
        while waiting:
            value = waiting.pop()
            at = self._made_by.get(value)
            if value in inputs or at is None or at in found or self._is_constant(at):
                continue
            op = self._ops[at]
            if op.name in _EFFECTS or op.name == "func.call" or len(op.regions):
                return None
            found.add(at)
            waiting += [v for v in op.operands if kind_of(v.type)[0] != "token"]
        return found

    def _is_constant(self, at) -> bool:
        return self._ops[at].name == "tfc.constant"

    def _value(self, tensor):
        """The value of this graph for a tensor that an operation took."""
        try:
            return self.graph.local(tensor).value
        except (TypeError, AttributeError):
            return None

    def _groups(self) -> tuple:
        """({position of the last op: (Whole, operands, outputs)}, {op that is part of another one: where that is})."""
        last, parts = {}, {}
        found = []
        for whole in self.graph.wholes:
            inputs = [v for v in map(self._value, whole.inputs) if v is not None]
            outputs = [t.value for t in whole.outputs]
            ops = self._within(outputs, inputs)
            if ops:
                found.append((len(ops), whole, inputs, outputs, ops))
        for _, whole, inputs, outputs, ops in sorted(found, key=lambda f: -f[0]):
            at = max(ops)
            if not ops & parts.keys():
                last[at] = whole, inputs, outputs
                parts.update(dict.fromkeys(ops, at))
        for at, op in enumerate(self._ops):
            kind = self.graph.updates.get(op.results[0]) if op.name == "tfc.assign_variable" else None
            if kind is not None:
                self._update(at, op, kind, last, parts)
        return last, parts

    def _update(self, at, op, kind, last, parts):
        """An assignment that adds to a variable, or takes away."""
        handle = op.operands[0]
        sum_ = self._made_by.get(op.operands[1])
        read = None if sum_ is None else self._made_by.get(self._ops[sum_].operands[0])
        if read is None or self._ops[read].name != "tfc.read_variable" or self._ops[read].operands[0] != handle:
            return
        delta = self._ops[sum_].operands[1]
        last[at] = Whole(kind, kind, [], []), [handle, delta], []
        parts.update({at: at, sum_: at})
        if len(list(self._ops[read].results[0].uses)) == 1:
            parts[read] = at

    # All operations.

    def _build(self):
        graph = self.graph
        tensors = [*graph.inputs, *getattr(graph, "capture_inputs", ())]
        known = {t.value: t.op_name for t in tensors}
        given = len(tensors) + len(graph.variable_inputs)
        for number, argument in enumerate(graph.function.entry.arguments):
            if argument in known or number < given:
                self.arguments[argument] = self._add("Placeholder", known.get(argument, "resource"), [], [argument])
        last, parts = self._groups()
        waiting = list(reversed(graph.no_ops))
        returned = []
        for number, op in enumerate(self._ops):
            while waiting and waiting[-1][0] <= number:
                self._add_no_op(waiting.pop()[1])
            if op.name == "func.return":
                returned = [v for v in op.operands if kind_of(v.type)[0] != "token"]
            elif number in last:
                whole, operands, outputs = last[number]
                name = whole.name
                if not outputs:
                    name = graph.op_names.get(op.results[0], (name, None))[0]
                    name = f"{name.rpartition('/')[0]}/{whole.kind}".lstrip("/")
                self._shown[number] = self._show(whole.kind, name, operands, outputs, op)
            elif number not in parts and not (self._is_constant(number) and self._is_beside(op)):
                self._shown[number] = self._one(op)
        for part, at in parts.items():
            self._shown[part] = self._shown[at]
        while waiting:
            self._add_no_op(waiting.pop()[1])
        for argument in graph.function.entry.arguments:
            self._placeholder(argument, "resource")
        self._finish(returned)

    def _is_beside(self, constant) -> bool:
        """Whether a constant is shown where it is used."""
        value = constant.results[0]
        if value in self.graph.explicit or value in self.graph.op_names:
            return False
        return any(use.owner.operation.name != "func.return" for use in value.uses)

    def _one(self, op):
        """One op of the dialect."""
        graph = self.graph
        mnemonic = op.name.removeprefix("tfc.").removeprefix("func.")
        operands = [v for v in op.operands if kind_of(v.type)[0] != "token"]
        results = [v for v in op.results if kind_of(v.type)[0] != "token"]
        kind = type_name(mnemonic, self._is_stateful(op))
        name = default_name(mnemonic) if mnemonic != "call" else kind
        key = op.results[0] if len(op.results) else None
        name, said = graph.op_names.get(key, (name, None))
        if mnemonic == "print":
            formatted = "StringFormat" if name.rpartition("/")[2].startswith("PrintV2") else f"{name}_format"
            operands = [self._add("StringFormat", formatted, operands, [None])]
        if mnemonic == "assert":
            operands = [operands[0], *operands]
            results = [None]
        if mnemonic in ("if", "while"):
            operands += [v for v in self._captured(op) if v not in operands]
        made = self._show(said or kind, name, operands, results, op)
        if mnemonic in ("assert", "if"):
            for at, value in enumerate(results):
                done = self._add("Identity", f"{made.name}/Identity", [(made, at)], [None])
                if value is not None:
                    self._of[value] = done, 0
        return made

    def _captured(self, op) -> list:
        """What the regions of an op use of the function around it, constants aside."""
        outer = {}
        for inner in walk(op):
            for value in inner.operands if inner != op else ():
                at = self._made_by.get(value)
                if kind_of(value.type)[0] == "token" or (at is not None and self._is_constant(at)):
                    continue
                if at is not None or value in self.graph.function.entry.arguments:
                    outer[value] = None
        return list(outer)

    def _show(self, kind, name, operands, results, op):
        """An operation, after what it takes that is not there yet."""
        name = self._unique(name)
        taken = []
        controls = self.graph.controlled.get(op.results[0]) if len(op.results) else None
        beside = []
        for at, value in enumerate(operands[: operand_count(kind)]):
            made_by = None if isinstance(value, Operation) else self._made_by.get(value)
            if made_by is not None and self._is_constant(made_by) and self._is_beside(self._ops[made_by]):
                label = argument_name(kind, at, len(operands))
                value = self._add("Const", f"{name}/{label}", [], [value], self._ops[made_by])
                beside.append(value)
            elif not isinstance(value, Operation):
                self._placeholder(value, f"{name}/resource")
            taken.append(value)
        for label, first in attribute_constants(kind, op):
            scope = name.rpartition("/")[0]
            full = f"{name}/{label}" if label else f"{scope}/Const".lstrip("/")
            made = self._add("Const", full, [], [None], None)
            beside.append(made)
            taken.insert(0 if first else len(taken), made)
        made = self._add(kind, name, taken, results, op, unique=False)
        if controls:
            self._control(made, beside, controls, [v for v in operands if not isinstance(v, Operation)])
        return made

    def _placeholder(self, value, name):
        if value in self._of or value in self.arguments or self._made_by.get(value) is not None:
            return
        if value in self.graph.function.entry.arguments:
            self.arguments[value] = self._add("Placeholder", name, [], [value])

    def _finish(self, returned):
        """What is returned, after everything that has to happen."""
        found = {}
        for op, shown in zip(self._ops, self._shown, strict=True):
            if shown is not None and id(shown) not in found and self._has_any_effect(op):
                found[id(shown)] = shown
        must = list(found.values())
        self.identities = [self._add("Identity", "Identity", [value], [None]) for value in returned]
        if must and self.identities:
            last = self._add("NoOp", "NoOp", [], [])
            self._extra[id(last)] = must
            self._extra.update((id(identity), [last]) for identity in self.identities)

    # Order.

    def _control(self, made, beside, controls, operands):
        """The operations of `tf.control_dependencies` around one: those that nothing it takes has waited for."""
        for op in beside:
            self._extra[id(op)] = self._operations(controls)
        waited = set()
        for value in operands:
            at = self._made_by.get(value)
            inner = () if at is None else self.graph.controlled.get(self._ops[at].results[0], ())
            waited.update(id(scope) for scope in inner)
        if beside:
            waited.update(id(scope) for scope in controls)
        self._extra[id(made)] = self._operations([scope for scope in controls if id(scope) not in waited])

    def _operations(self, scopes) -> list:
        """The operations that these scopes name: by their tensors, or themselves."""
        found = []
        for value in (v for scope in scopes for v in scope):
            op = self.operation_of(getattr(value, "value", None))
            if op is None:
                op = next((o for o in self.operations if o.name == getattr(value, "name", None)), None)
            if op is not None and op not in found:
                found.append(op)
        return found

    def _add_no_op(self, operation):
        made = self._add("NoOp", operation.name, [], [])
        self._extra[id(made)] = self._operations([operation.control_inputs])

    def _is_stateful(self, op) -> bool:
        """Whether there are effects in the regions of an op, or in the function that it calls."""
        return any(self._has_effect(o) for o in walk(op) if o != op or op.name == "func.call")

    def _has_any_effect(self, op) -> bool:
        return self._has_effect(op) or self._is_stateful(op)

    def _has_effect(self, op) -> bool:
        if op.name != "func.call":
            return op.name in _EFFECTS
        callee = mlir.FlatSymbolRefAttr(op.attributes["callee"]).value
        if callee not in self._callees:
            functions = self.graph.function.module.body.operations
            found = next(f for f in functions if mlir.StringAttr(f.attributes["sym_name"]).value == callee)
            self._callees[callee] = False
            self._callees[callee] = any(self._has_effect(o) for o in walk(found.operation))
        return self._callees[callee]

    def control_inputs(self, op) -> list:
        if self._edges is None:
            self._edges = self._order()
        found = list(self._extra.get(id(op), ()))
        return found + [o for o in self._edges.get(id(op), ()) if o not in found]

    def _order(self) -> dict:
        """The edges of the minimal order of effects: computed on a copy, whose ops are in the same order."""
        if not self.graph.finished:
            return {}
        module = self.graph.function.clone_module()
        try:
            run_passes(module, "builtin.module(tfc-order-effects)")
        except BuildError:
            return {}
        symbol = self.graph.function.symbol
        function = next(o for o in module.body.operations if mlir.StringAttr(o.attributes["sym_name"]).value == symbol)
        copies = [o.operation for o in function.regions[0].blocks[0].operations]
        makers, edges = {}, {}
        for op, copy in zip(self._shown, copies, strict=False):
            if op is None:
                continue
            tokens = [makers[v] for v in copy.operands if kind_of(v.type)[0] == "token" and v in makers]
            before = edges.setdefault(id(op), [])
            before += [o for o in dict.fromkeys(tokens) if o is not op and o not in before]
            makers.update((r, op) for r in copy.results if kind_of(r.type)[0] == "token")
        return edges

    # Values.

    def tensor(self, value):
        """A value as a tensor with the name of its op."""
        op, at = self._of[value] if value in self._of else (None, 0)
        name = f"{op.name if op else 'captured'}:{at}"
        return self._named(value, name, op)

    def output(self, op, at):
        """A result of an operation."""
        value = op._results[at]
        if value is None and op.type == "Identity":
            value = op._operands[0]
            if isinstance(value, tuple):
                value = value[0]._results[value[1]]
        if value is not None:
            return self._named(value, f"{op.name}:{at}", op)
        kind = {"StringFormat": "string", "If": "bool", "Identity": "bool"}.get(op.type, "int32")
        return Handle(f"{op.name}:{at}", kind, op)

    def _named(self, value, name, op):
        kind, _ = kind_of(value.type)
        if kind != "tensor":
            return Handle(name, "resource" if kind == "resource" else "variant", op)
        return GraphTensor(value, self.graph.root, name, op)

    def operation_of(self, value) -> Operation | None:
        found = self._of.get(value)
        return None if found is None else found[0]


def taken_tensors(leaves) -> list:
    """The tensors among the arguments of an operation."""
    return [t for t in leaves if isinstance(t, (EagerTensor, StringTensor)) or hasattr(t, "op_name")]
