"""One variable of a traced loop: its type, its placeholder, and what it may be after an iteration."""

from .. import nests, seam
from . import merge
from .state import RETURN_VALUE, UNDEFINED, NoReturn, phrase


def dims(shape):
    dims = getattr(shape, "dims", shape)
    if getattr(shape, "rank", 0) is None or dims is None:
        return ...
    return tuple(d if d is None else int(d) for d in (shape.as_list() if hasattr(shape, "as_list") else shape))


def type_of(leaf):
    """(dtype or Python type, shape) of a leaf; None for one that cannot be a tensor."""
    if not seam.tensorable(leaf):
        return None
    if seam.is_tensor(leaf):
        return seam.dtype(leaf), seam.shape(leaf)
    if seam.is_list(leaf):
        return leaf.element, leaf.dynamic_size
    if seam.is_array(leaf):
        return leaf, leaf.shape
    return type(leaf), ()


class ReadFirst(Exception):
    """A tf.Variable or a string before the loop is another tensor after one iteration: the loop must start with a
    tensor.
    """

    def __init__(self, variable, at):
        super().__init__()
        self.variable, self.at = variable, at


class NoneBefore(Exception):
    """A variable is None before the loop, and something else after one iteration."""

    def __init__(self, variable):
        super().__init__(f"{phrase(variable.symbol)} is not allowed to be None before the loop.")
        self.variable = variable


class Widened(Exception):
    """The shape of a leaf changes, in a loop that may say by itself what stays of it."""

    def __init__(self, variable, at, shape):
        super().__init__()
        self.variable, self.at, self.shape = variable, at, shape

    def apply(self):
        """The variable has from the start what both shapes have in common."""
        before, after = seam.shape(self.variable.start[self.at]), self.shape
        if before is None or after is None or len(before) != len(after):
            common = ...
        else:
            common = tuple(a if a == b else None for a, b in zip(before, after, strict=True))
        known = self.variable.invariants[self.at]
        if common is not ... and known is not None and known is not ...:
            common = tuple(a if a == b else None for a, b in zip(common, known, strict=True))
        self.variable.invariants[self.at] = common


class Variable:
    """One loop variable: a nest whose leaves are loop values (tensors) or fixed Python objects."""

    def __init__(self, symbol, value, invariant=None):
        self.symbol, self.structure = symbol, value
        self.leaves = seam.flatten(value)
        self.dynamic = [seam.tensorable(leaf) for leaf in self.leaves]
        self.start = [merge.as_value(leaf) for leaf, d in zip(self.leaves, self.dynamic, strict=True) if d]
        self.invariants = [invariant] * len(self.start)
        self.created = False
        # Whether shapes that change become unknown, rather than an error.
        self.relaxes = False
        if invariant is not None:
            for tensor in self.start:
                _check_invariant(symbol, seam.shape(tensor), invariant, "before the loop")

    @classmethod
    def placeholder(cls, symbol, value, invariant=None):
        """A variable without a value before the loop, that will be like `value`."""
        return cls.of_types(symbol, [type_of(leaf) for leaf in seam.flatten(value)], value, invariant)

    @classmethod
    def of_types(cls, symbol, types, value, invariant):
        start, invariants = [], []
        for leaf, kind in zip(seam.flatten(value), types, strict=True):
            if kind is None:
                start.append(leaf)
                continue
            dtype, shape = kind
            if isinstance(dtype, type):
                start.append(dtype(0))
            elif seam.is_array(dtype):
                start.append(dtype)
            elif seam.is_list(leaf):
                start.append(seam.empty_list(dtype, shape))
            else:
                start.append(seam.zeros(dtype, shape))
                known = shape is not None and None not in shape
                invariants.append(invariant if known or invariant is not None else (... if shape is None else shape))
                continue
            invariants.append(invariant)
        made = cls(symbol, seam.pack(value, start))
        made.invariants, made.created = invariants, True
        return made

    def load(self, flat):
        return seam.pack(
            self.structure,
            [next(flat) if d else leaf for leaf, d in zip(self.leaves, self.dynamic, strict=True)],
        )

    def store(self, value, entry):
        """The flat values after an iteration; raises where they do not fit the ones at its start."""
        name = phrase(self.symbol)
        if value is UNDEFINED:
            raise ValueError(f"{name} must be defined at the end of each iteration: it was deleted in the loop")
        if isinstance(value, NoReturn) or (value is None and self.symbol == RETURN_VALUE):
            raise NotImplementedError(
                "a return statement cannot be placed inside this TensorFlow loop; this may happen if a "
                "return statement depends on a "
                "static Python condition such as a hyperparameter"
            )
        if self.structure is None and value is not None:
            raise NoneBefore(self)
        if value is None and self.structure is not None:
            raise ValueError(f"{name} is None at the end of the iteration.")
        difference = nests.difference(self.structure, value)
        if difference:
            raise TypeError(f"{name} does not have the same nested structure after one iteration: {difference}")
        out, entry = [], iter(entry)
        parts = zip(self._leaf_invariants(), self.leaves, seam.flatten(value), self.dynamic, strict=True)
        for at, (invariant, before, after, dynamic) in enumerate(parts):
            if dynamic:
                out.append(self._leaf(name, next(entry), after, invariant, len(out)))
            elif seam.is_variable(before) and seam.tensorable(after):
                raise ReadFirst(self, at)
            elif not merge.same(before, after):
                if seam.is_text(before) and merge.is_text(after):
                    raise ReadFirst(self, at)
                raise self._not_fixed(name, before, after)
        return out

    def _leaf_invariants(self):
        invariants = iter(self.invariants)
        return [next(invariants) if d else None for d in self.dynamic]

    @staticmethod
    def _not_fixed(name, before, after):
        if before is None:
            return ValueError(f"{name} is not allowed to be None before the loop.")
        return TypeError(
            f"{name} must be a tensor or a number to change in a tensor loop, but is a "
            f"{type(before).__name__} before the loop and "
            f"a {type(after).__name__} after one iteration"
        )

    def _leaf(self, name, entry, after, invariant, at):
        if after is None:
            raise ValueError(f"{name} is None at the end of the iteration.")
        if merge.is_text(after) and merge.dtype_of(entry) == "string":
            after = merge.as_value(after)
        if not seam.tensorable(after):
            if self.symbol == RETURN_VALUE:
                raise NotImplementedError(
                    "the return value from a TensorFlow loop may only be a Tensor, int, float, bool or a "
                    "list, tuple or dict thereof, "
                    f"but is a {type(after).__name__}"
                )
            raise TypeError(f"{name} is a tensor before the loop, but a {type(after).__name__} after one iteration")
        before_dtype, after_dtype = merge.dtype_of(entry), merge.dtype_of(after)
        if before_dtype != after_dtype:
            raise TypeError(
                f"{name} has dtype {before_dtype} before the loop, but dtype {after_dtype} after one iteration"
            )
        after = merge.as_value(after)
        if seam.is_list(after):
            return after
        shape = seam.shape(after)
        if self.relaxes and not merge.subshape(shape, seam.shape(entry)) and seam.shape(entry) is not None:
            raise Widened(self, at, shape)
        if invariant is not None:
            _check_invariant(self.symbol, shape, invariant, "after one iteration")
        elif not merge.subshape(shape, seam.shape(entry)):
            raise ValueError(
                f"{name} has shape {_shape_text(seam.shape(entry))} before the loop, but shape "
                f"{_shape_text(shape)} after one iteration. "
                "Use tf.autograph.experimental.set_loop_options to set shape invariants."
            )
        return after


def _check_invariant(symbol, shape, invariant, when):
    if invariant is not ... and not merge.subshape(shape, invariant):
        raise ValueError(
            f"{phrase(symbol)} has shape {_shape_text(shape)} {when}, which does not conform with the shape "
            f"invariant "
            f"{_shape_text(invariant)}."
        )


def _shape_text(shape):
    return "<unknown>" if shape is None or shape is ... else str(shape)
