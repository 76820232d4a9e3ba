"""Python's builtin functions in converted code: themselves for Python values, tensor operations for tensors.

`OVERLOADS` maps a builtin to the function called in its place. `ITERATED` is looked up first where a `for`
iterates over the result:
what it gives, the loop can step through without a tensor being made. Both do what the builtin does where no
tensor is involved.
"""

import builtins
import functools

from .. import seam
from .branch import as_condition
from .iterated import Enumerated, Range, Sequence, Zipped, remember, sequence
from .lists import GrownList
from .logical import and_, or_
from .spoiled import Spoiled

OVERLOADS: dict = {}
ITERATED: dict = {}


def _replaces(builtin, table=OVERLOADS):
    def register(function):
        table[builtin] = functools.wraps(builtin, updated=())(function)
        return function

    return register


def _symbolic(values):
    return any(map(seam.is_symbolic, values))


def _elements(value):
    """The elements of a Python collection in which a tensor is; None for everything else."""
    if isinstance(value, (list, tuple, set, frozenset)) and _symbolic(value):
        return list(value)
    return None


@_replaces(int)
def int_(*args, **kwargs):
    if args and seam.is_symbolic(args[0]):
        base = args[1] if len(args) > 1 else kwargs.get("base", 10)
        if base != 10:
            raise NotImplementedError(f"int(tensor, base={base}) is not supported, only base 10")
        return seam.number(args[0], "int32")
    return int(*args, **kwargs)


@_replaces(float)
def float_(*args):
    return seam.number(args[0], "float32") if args and seam.is_symbolic(args[0]) else float(*args)


@_replaces(hasattr)
def hasattr_(value, name):
    if not hasattr(value, name):
        return False
    if seam.tracing() and type(getattr(value, name)) is Spoiled:
        bool(getattr(value, name))  # nobody knows: raises the reason
    return True


@_replaces(len)
def len_(value):
    value = as_condition(value)
    if seam.is_tensor(value) and seam.tracing():
        shape = seam.shape(value)
        if shape is not None and shape != () and shape[0] is not None:
            return shape[0]
        return seam.length(value)
    if seam.is_tensor_array(value) and seam.tracing():
        return value.size()
    if _is_dataset(value):
        return value._traced_length()
    return len(value)


@_replaces(range)
def range_(*args):
    return seam.range_(*args) if _symbolic(args) else range(*args)


@_replaces(abs)
def abs_(value):
    return seam.absolute(value) if seam.is_symbolic(value) else abs(value)


@_replaces(sum)
def sum_(values, *start, **kwargs):
    if not seam.is_symbolic(values):
        return sum(values, *start, **kwargs)
    first = start[0] if start else kwargs.get("start", 0)
    total = seam.reduce_sum(values, axis=0)
    return total if first.__class__ is int and first == 0 else first + total


def _extreme(name, reduce, pair, builtin):
    def extreme(*args, **kwargs):
        values = args if len(args) > 1 else _elements(args[0]) if args else None
        if len(args) == 1 and seam.is_symbolic(args[0]):
            _no_key(name, kwargs)
            shape = seam.shape(args[0])
            if shape == ():
                return args[0]
            if shape is not None and len(shape) != 1:
                raise ValueError(
                    f"{name}(tensor) takes a scalar or a vector, got shape {shape}; tf.reduce_{name} takes any"
                )
            if shape == (0,):
                raise ValueError(f"{name}() arg is an empty sequence: a tensor of shape (0,)")
            return getattr(seam, reduce)(args[0])
        if values is None or not _symbolic(values):
            return builtin(*args, **kwargs)
        _no_key(name, kwargs)
        for value in values:
            if seam.is_tensor(value) and seam.shape(value) not in ((), None):
                raise ValueError(
                    f"{name} of several tensors takes scalars, got shape {seam.shape(value)}; see tf.{pair}"
                )
        return functools.reduce(getattr(seam, pair), values)

    _replaces(builtin)(extreme)


def _no_key(name, kwargs):
    if kwargs:
        raise NotImplementedError(f"{name} of tensors takes no {', '.join(kwargs)}")


_extreme("max", "reduce_max", "maximum", builtins.max)
_extreme("min", "reduce_min", "minimum", builtins.min)


def _is_dataset(value):
    return seam.tracing() and hasattr(value, "_traced_loop") and hasattr(value, "map")


def _quantifier(reduce, join, builtin):
    def quantifier(values):
        if seam.is_symbolic(values):
            return getattr(seam, reduce)(values)
        if _is_dataset(values):
            stops = builtin is builtins.any
            return values.reduce(seam.tensor(not stops), lambda truth, value: join(truth, lambda: value))
        elements = _elements(values)
        if elements is None:
            return builtin(values)
        first, *rest = elements
        truth = join(first, *(lambda value=value: value for value in rest))
        # Python's any and all give a bool, not the operand.
        return truth if seam.is_tensor(truth) else bool(truth)

    _replaces(builtin)(quantifier)


_quantifier("reduce_any", or_, builtins.any)
_quantifier("reduce_all", and_, builtins.all)


@_replaces(sorted)
def sorted_(values, **kwargs):
    if not seam.is_symbolic(values):
        return sorted(values, **kwargs)
    reverse, key = kwargs.pop("reverse", False), kwargs.pop("key", None)
    _no_key("sorted", kwargs)
    shape = seam.shape(values)
    if shape is not None and len(shape) != 1:
        raise ValueError(f"sorted(tensor) takes a vector, got shape {shape}; tf.sort takes any")
    direction = "DESCENDING" if reverse else "ASCENDING"
    if key is None:
        return seam.sort(values, direction=direction)
    return seam.gather(values, seam.argsort(seam.vectorized_map(key, values), direction=direction, stable=True))


@_replaces(map)
def map_(function, *iterables):
    if not iterables or not all(map(_is_dataset, iterables)):
        return map(function, *iterables)
    # Of one dataset, too: an element that is a tuple is one argument.
    return iterables[0].zip(iterables).map(function)


@_replaces(filter)
def filter_(function, iterable):
    if not _is_dataset(iterable):
        return filter(function, iterable)
    return iterable.filter(seam.as_bool if function is None else function)


def print_(*args, sep=" ", end="\n", file=None, flush=False):
    """`print` where the feature BUILTIN_FUNCTIONS is on: at run time, if there is a tensor to print."""
    if _symbolic(args):
        seam.print_(*args, sep=sep, end=end)
    else:
        print(*args, sep=sep, end=end, file=file, flush=flush)


@_replaces(range, ITERATED)
def iterated_range(*args):
    if not _symbolic(args):
        return range(*args)
    return _range(*args) or seam.range_(*args)


@_replaces(enumerate)
def enumerate_(iterable, start=0):
    inner = sequence(iterable)
    return enumerate(iterable, start) if inner is None else Enumerated(inner, start)


@_replaces(zip)
def zip_(*iterables, **kwargs):
    inners = [sequence(i) for i in iterables]
    if not inners or all(inner is None for inner in inners):
        return zip(*iterables, **kwargs)
    if None in inners and not any(seam.is_symbolic(i) or isinstance(i, Sequence) for i in iterables):
        return zip(*iterables, **kwargs)
    for iterable, inner in zip(iterables, inners, strict=True):
        if inner is None:
            raise NotImplementedError(
                f"zip of tensors and Python iterables in a traced loop: got a {type(iterable).__name__} "
                f"beside a tensor; convert it with "
                "tf.constant, or unstack the tensor with tf.unstack"
            )
    return Zipped(inners)


def _range(*args, **kwargs):
    """The Range of a call of `tf.range`, or None if it is not one of integers."""
    start, limit, delta = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
    parts = seam.integer_range(
        kwargs.get("start", start),
        kwargs.get("limit", limit),
        kwargs.get("delta", delta),
        kwargs.get("dtype"),
    )
    return parts and Range(*parts)


def tensor_range(*args, **kwargs):
    """`tf.range` in converted code: remembers what the tensor is a range of."""
    result = seam.range_(*args, **kwargs)
    if seam.is_symbolic(result):
        parts = _range(*args, **_renamed(kwargs))
        if parts:
            remember(result, parts)
    return result


def iterated_tensor_range(*args, **kwargs):
    """`tf.range` in the iterated position: no tensor is made."""
    made = _range(*args, **_renamed(kwargs)) if seam.tracing() and (args or "start" in kwargs) else None
    return made or seam.range_(*args, **kwargs)


def _renamed(kwargs):
    return {k: v for k, v in kwargs.items() if k != "name"}


def stack(values, *args, **kwargs):
    """`tf.stack` of a list that a traced loop has made."""
    if isinstance(values, GrownList) and not args and not kwargs.get("axis"):
        return values.stack()
    return seam.stack(values, *args, **kwargs)


def concat(values, *args, **kwargs):
    """`tf.concat` of a list that a traced loop has made."""
    if isinstance(values, GrownList) and (args[0] if args else kwargs.get("axis", 0)) == 0:
        return values.concat()
    return seam.concat(values, *args, **kwargs)


_OF_TENSORS = {seam.range_: tensor_range, seam.stack: stack, seam.concat: concat}


def overload(function, options):
    """What stands in for a builtin or for `tf.range` in converted code, or None."""
    if function is print:
        return print_ if options.has("BUILTIN_FUNCTIONS") else None
    return OVERLOADS.get(function) or _OF_TENSORS.get(function)


def iterated(function):
    """What stands in for a function whose result a `for` iterates over, or None."""
    if function is seam.range_:
        return iterated_tensor_range
    return ITERATED.get(function)
