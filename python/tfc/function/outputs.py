"""What a function returns: from any nest to flat tensors, and back."""

from tfc.autograph.operators.spoiled import Spoiled
from tfc.core import Tensor, TensorList, VariableStorage
from tfc.dtypes import TensorSpec
from tfc.errors import page, user_line
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor


class Outputs:
    """The structure of a function's results. `flat` are the tensors, one a leaf: what a function returns twice becomes
    two tensors, each with a gradient of its own.

    Leaves are tensors, None, and lists (of TensorArrays), which travel as one stacked tensor.
    """

    def __init__(self, function_name: str, value):
        if isinstance(value, range):
            value = list(value)
        self._structure = value
        self._slots: list = []
        self.specs: list = []
        self.flat: list = []
        leaves = nest.flatten(value, expand_composites=True)
        for leaf in leaves:
            self._slots.append(self._slot(function_name, leaf))
        # Only the form is kept, not the tensors of the trace.
        marks = [_Leaf(i, getattr(leaf, "element", None)) for i, leaf in enumerate(leaves)]
        self._structure = nest.pack_sequence_as(value, marks, expand_composites=True)

    @classmethod
    def restored(cls, structure, slots: list, specs: list) -> "Outputs":
        """What `parts` gave, put together again. Leaves of `structure` are their numbers."""
        made = cls.__new__(cls)
        made._structure = nest.map_structure(lambda number: _Leaf(number, None), structure)
        made._slots, made.specs = slots, specs
        made.flat = []
        return made

    def parts(self) -> tuple:
        """(the structure with numbers of leaves, for each leaf the number of its tensor or None); `TypeError` for
        results that are more than tensors in plain structures.
        """
        if any(type(slot) is tuple for slot in self._slots):
            raise TypeError("a TensorArray")
        return nest.map_structure(lambda mark: mark.index, self._structure), list(self._slots)

    def _slot(self, function_name, leaf):
        if leaf is None:
            return None
        if isinstance(leaf, TensorList):
            tensor = p.list_stack(leaf, element_type=leaf.element)
            return self._number(tensor), leaf.dynamic_size
        if isinstance(leaf, VariableStorage):
            leaf = p.read_variable(leaf)
        elif not isinstance(leaf, Tensor):
            try:
                leaf = convert_to_tensor(leaf)
            except (TypeError, ValueError):
                if type(leaf) is Spoiled:
                    raise  # says itself why it has no value
                raise TypeError(
                    page(
                        "To be compatible with tf.function, Python functions must return zero or more Tensors or "
                        f"ExtensionTypes or None values; in compilation of {function_name}, found return value of type "
                        f"{type(leaf).__name__}, which is not a Tensor or ExtensionType.",
                        got=repr(leaf),
                        where=user_line(),
                    )
                ) from None
        return self._number(leaf)

    def _number(self, tensor) -> int:
        self.flat.append(tensor)
        return len(self.flat) - 1

    def forget(self) -> None:
        """Drops the tensors of the trace; their specs stay."""
        if self.flat:
            self.specs = [TensorSpec(t.shape_tuple, t.dtype) for t in self.flat]
        self.flat = []

    def pack(self, results: list):
        """The user's structure with these results."""
        return self._fill([_result(slot, results) for slot in self._slots])

    def _fill(self, leaves):
        return nest.map_structure(lambda mark: leaves[mark.index], self._structure, expand_composites=True)

    @property
    def structure(self):
        """The structure with a TensorSpec for each tensor."""
        return self.pack_plain(self.specs)

    def pack_plain(self, results: list):
        """The structure with these, one also for each TensorArray."""
        return self._plain([_result(slot, results, lists=False) for slot in self._slots])

    def _plain(self, leaves):
        def fill(x):
            if isinstance(x, _Leaf):
                return leaves[x.index]
            inner = nest.flatten(x, expand_composites=True)
            if any(m.element is not None for m in inner):
                return leaves[inner[0].index]
            return nest.pack_sequence_as(x, [leaves[m.index] for m in inner], expand_composites=True)

        return nest.map_structure(fill, self._structure)

    def map_specs(self, function, none=None):
        """The structure with `function(spec)` for each tensor, and `none` for None."""
        made = [function(s) for s in self.specs]
        return self._plain([none if slot is None else _result(slot, made, lists=False) for slot in self._slots])

    def any(self) -> bool:
        """Whether there is any result besides None."""
        return any(slot is not None for slot in self._slots)

    def template(self):
        """The structure as `_native.Entry` takes it, or None if only `pack` can build it."""
        try:
            return _template(self._structure, self._slots)
        except TypeError:
            return None


class _Leaf:
    """The place of a leaf; `element` says what a list there holds."""

    __slots__ = ("element", "index")

    def __init__(self, index, element):
        self.index = index
        self.element = element


def _result(slot, results, lists=True):
    if slot is None:
        return None
    if type(slot) is int:
        return results[slot]
    number, dynamic = slot
    if not lists:
        return results[number]
    made = p.list_unstack(results[number])
    made.dynamic_size = dynamic
    return made


def _template(x, slots):
    if type(x) is _Leaf:
        slot = slots[x.index]
        if slot is not None and type(slot) is not int:
            raise TypeError("a list")
        return slot
    if type(x) in (list, tuple):
        return type(x)(_template(c, slots) for c in x)
    if isinstance(x, tuple) and isinstance(getattr(x, "_fields", None), tuple):
        return type(x)(*(_template(c, slots) for c in x))
    if type(x) is dict:
        return {k: _template(v, slots) for k, v in x.items()}
    raise TypeError("not a plain structure")
