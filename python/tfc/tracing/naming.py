"""How the operations of a trace are called, and as what public operations are shown."""

from contextlib import contextmanager

from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.operation import Operation
from tfc.state import check_name, current_name_scope, root_name_scope
from tfc.tracing.graph_view import Whole, taken_tensors
from tfc.tracing.known import present
from tfc.tracing.tensors import SymbolicTensor


class Naming:
    """What a `FuncGraph` has of names: for `graph_view`, and for errors."""

    def _unique(self, name: str) -> str:
        """A name in the current name scope that no other tensor has."""
        return self.unique_name_of(current_name_scope() + name)

    def unique_name_of(self, full: str) -> str:
        """A name, scope included, that no other tensor or name scope has."""
        count = self._names.get(full, 0)
        self._names[full] = count + 1
        if not count:
            return full
        made = f"{full}_{count}"
        if made in self._names:
            return self.unique_name_of(full)
        self._names[made] = 1
        return made

    @contextmanager
    def controlled_by(self, operations):
        """What is built inside comes after these tensors and operations; after nothing, if it is None."""
        before = self._controls
        self._controls = () if operations is None else (*before, list(operations))
        try:
            yield
        finally:
            self._controls = before

    def note_update(self, kind: str) -> None:
        """The last op adds to a variable, or takes away."""
        if self._effect is not None and self.scope is self.root:
            self.updates[self._effect] = kind

    def note_constant(self, tensor) -> None:
        """The program asked for this constant."""
        if type(tensor) is SymbolicTensor:
            self.explicit.add(present(tensor.raw))

    def note_operation(self, operation: Operation) -> None:
        """An operation without tensors was built: it gets a name."""
        if operation.type == "NoOp":
            operation.name = self._unique(operation.name)
            operation.control_inputs += [value for scope in self._controls for value in scope]
            if self.scope is self.root:
                self.no_ops.append((self._root_count, operation))
        elif self._effect is not None:
            operation.name = self._effect_name

    def _call_operation(self, operation, name):
        operation.name = name
        if operation.type != "NoOp" and self._effect is not None:
            self.op_names[self._effect] = name, None

    def _record(self, tensor: SymbolicTensor, kind: str | None = None) -> None:
        """Remembers how the op that makes a tensor is called, which its kind and its place do not tell."""
        self.op_names[present(tensor.raw)] = tensor.op_name, kind

    def whole(self, kind, name, function, args, kwargs):
        """A public operation that is shown as one of this kind."""
        scope = current_name_scope()
        full = self.unique_name_of(scope + name)
        count = self.operation_count
        with root_name_scope(f"{full}/"):
            result = function(*args, **kwargs)
        if count == self.operation_count:
            return result
        tensors = (
            [result]
            if type(result) is SymbolicTensor
            else [t for t in nest.flatten(result) if type(t) is SymbolicTensor]
        )
        # Most calls take tensors and numbers only.
        leaves = (
            args
            if not kwargs and not any(map(nest.is_nested, args))
            else nest.flatten((args, kwargs), expand_composites=True)
        )
        if any(t is a for t in tensors for a in leaves):
            return result
        for at, tensor in enumerate(tensors):
            tensor.rename(full, at)
            self._record(tensor)
        if tensors and self.scope is self.root:
            # Their numbers are those of what is shown.
            self.wholes.append(Whole(kind, scope + name, taken_tensors(leaves), tensors))
        return result

    def _note_whole(self, kind, name, args, kwargs, tensors):
        if kind is not None and tensors and self.scope is self.root:
            inputs = taken_tensors(nest.flatten((args, kwargs), expand_composites=True))
            self.wholes.append(Whole(kind, name, inputs, tensors))

    def named(self, name, calling, function, args, kwargs, kind=None):
        check_name(name)
        full = self.unique_name_of(current_name_scope() + name)
        inside = current_name_scope() if calling else f"{full}/"
        count, self._effect = self.operation_count, None
        with root_name_scope(inside):
            result = function(*args, **kwargs)
        if isinstance(result, Operation):
            if result.type != "Assert":
                self._call_operation(result, full)
            elif function.__name__ == "Assert":
                self._call_operation(result, f"{full}/AssertGuard")
            return result
        tensors = [t for t in nest.flatten(result) if type(t) is SymbolicTensor]
        given = any(t is result for t in nest.flatten((args, kwargs)))
        if (given or count == self.operation_count) and len(tensors) == 1 and type(result) is SymbolicTensor:
            return self._identity(result, full)
        for at, tensor in enumerate(tensors):
            tensor.rename(full, at)
            self._record(tensor)
        self._note_whole(kind, full, args, kwargs, tensors)
        if not tensors and self._effect is not None:
            self.op_names[self._effect] = full, None
        return result

    def _identity(self, tensor, name):
        """A tensor that is there already, under another name."""
        made = p.ensure_shape(tensor, shape=tensor.shape_tuple)
        made.const, made.partial = tensor.const, tensor.partial
        made.rename(name, 0)
        self.op_names[made.raw] = name, "Identity"
        return made
