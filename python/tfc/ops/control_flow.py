"""`tf.cond`, `tf.while_loop` and what is built on them: they flatten nests and hand flat lists to the
interpreter.
"""

import builtins
from contextlib import contextmanager

import numpy as np

from tfc.core import Tensor, TensorList, current, executing_eagerly
from tfc.dtypes import TensorShape, TensorSpec, as_shape, bool_, int32
from tfc.errors import InvalidArgumentError
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.array import stack
from tfc.ops.convert import convert_to_tensor, sequence
from tfc.ops.operation import Operation, done


class _Branch:
    """A function of a nest as a function of a flat list; remembers the structure of its last result."""

    def __init__(self, function):
        self.function = function
        self.structure = None
        self.absent: tuple | None = None

    def __call__(self, *args) -> list:
        self.structure = self.function(*args)
        leaves = nest.flatten(self.structure, expand_composites=True)
        # None and operations are legal results; they have no value to choose.
        self.absent = tuple(v is None or isinstance(v, Operation) for v in leaves)
        return [value_of(v) for v, gone in zip(leaves, self.absent, strict=True) if not gone]

    def pack(self, values):
        rest = iter(values)
        given = nest.flatten(self.structure, expand_composites=True)
        leaves = [leaf if gone else next(rest) for leaf, gone in zip(given, self.absent, strict=True)]
        return nest.pack_sequence_as(self.structure, leaves, expand_composites=True)


def value_of(x):
    """A leaf as a value of the interpreter: a tensor or a list."""
    return x if isinstance(x, (Tensor, TensorList)) else convert_to_tensor(x)


def _predicate(pred, what="pred") -> Tensor:
    if pred is None:
        raise TypeError(f"{what} must not be None")
    pred = convert_to_tensor(pred)
    if not pred.dtype.is_bool:
        raise InvalidArgumentError(
            None, "cond", f"{what} must be a bool scalar, got {pred!r}: compare it, for instance with != 0"
        )
    if pred.shape_tuple and any(d not in (None, 1) for d in pred.shape_tuple):
        raise InvalidArgumentError(None, "cond", f"{what} must be a scalar, got shape {list(pred.shape_tuple)}")
    return p.reshape(pred, shape=()) if pred.shape_tuple != () else pred


def cond(pred, true_fn=None, false_fn=None, name=None):
    """`true_fn()` if the bool scalar `pred` holds, else `false_fn()`. Both return the same structure and dtypes.

    Eagerly only one runs. While tracing both are traced; shapes that differ become unknown.

    Raises:
      TypeError: a function is not callable; dtypes or kinds of structures differ.
      ValueError: structures differ in their parts.
      InvalidArgumentError: `pred` is no bool scalar, while tracing.
    """
    for what, function in (("true_fn", true_fn), ("false_fn", false_fn)):
        if not callable(function):
            raise TypeError(f"'{what}' must be callable.")
    if isinstance(pred, (bool, np.bool_)):
        return true_fn() if pred else false_fn()
    if executing_eagerly():
        # One branch runs as plain Python and may return anything; any number is a predicate.
        if pred is None:
            raise TypeError("pred must not be None")
        return true_fn() if convert_to_tensor(pred) else false_fn()
    pred = _predicate(pred)
    yes, no = _Branch(true_fn), _Branch(false_fn)
    values = current().cond(pred, yes, no, name=name)
    if yes.absent is not None and no.absent is not None:
        _check_branches(yes, no)
    return (yes if yes.absent is not None else no).pack(values)


def _check_branches(yes, no):
    try:
        nest.assert_same_structure(yes.structure, no.structure, expand_composites=True)
    except (TypeError, ValueError) as e:
        raise TypeError(f"true_fn and false_fn arguments to tf.cond must have the same structure. {e}") from None
    if yes.absent != no.absent:
        raise ValueError("true_fn and false_fn arguments to tf.cond must return None at the same places")


def case(pred_fn_pairs, default=None, exclusive=False, strict=False, name="case"):
    """The function of the first (predicate, function) pair whose predicate holds, else `default`.

    Without `default`, or with `exclusive` and several predicates that hold, `InvalidArgumentError`.
    """
    pairs = list(pred_fn_pairs.items()) if isinstance(pred_fn_pairs, dict) else sequence(pred_fn_pairs, "pred_fn_pairs")
    if not pairs:
        raise ValueError("tf.case needs at least one (predicate, function) pair")
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not callable(pair[1]):
            raise TypeError(f"Each entry in pred_fn_pairs must be a (predicate, callable) 2-tuple. Received {pair}.")
        if getattr(convert_to_tensor(pair[0]), "dtype", None) is not bool_:
            raise TypeError(
                f"A predicate of tf.case is a bool scalar, got {pair[0]!r}: compare it, for instance with != 0"
            )
    preds = [_predicate(q) for q, _ in pairs]
    if exclusive and len(preds) > 1:
        count = p.reduce_sum(p.cast(stack(preds), dtype=int32), axes=(0,), keepdims=False)
        _assert(
            p.less_equal(count, convert_to_tensor(1, int32)),
            [stack(preds)],
            "Input error: more than one predicate of tf.case(exclusive=True) holds",
        )
    if default is None:
        any_holds = p.reduce_any(stack(preds), axes=(0,), keepdims=False)
        _assert(any_holds, [stack(preds)], "None of conditions evaluated as True.")
        default = pairs[-1][1]
        pairs, preds = pairs[:-1], preds[:-1]

    def chain(i):
        if i == len(pairs):
            return default()
        return cond(preds[i], pairs[i][1], lambda: chain(i + 1))

    return chain(0)


def _assert(condition, data, message):
    p.assert_(condition, *data, message=message, summarize=3)


def switch_case(branch_index, branch_fns, default=None, name="switch_case"):
    """`branch_fns[branch_index]()`; an index out of range runs `default`, or the last function."""
    if isinstance(branch_fns, dict):
        branch_fns = list(branch_fns.items())
    branches = sequence(branch_fns, "branch_fns")
    if not branches:
        raise ValueError("Must provide at least one branch function")
    if all(isinstance(b, (tuple, list)) for b in branches):
        branches = sorted(branches, key=lambda b: b[0])
        if [k for k, _ in branches] != list(builtins.range(len(branches))):
            raise ValueError(
                f"branch indices must form contiguous range of [0 to {len(branches)}) but found {branches}"
            )
        branches = [f for _, f in branches]
    for f in branches:
        if not callable(f):
            raise TypeError(f"branch_fns must be callables, got {f!r}")
    index = convert_to_tensor(branch_index)
    if not index.dtype.is_integer or index.shape_tuple:
        raise TypeError(f"branch_index must be an integer scalar, got {index!r}")
    last = branches[-1] if default is None else default
    if default is None:
        branches = branches[:-1]

    def chain(low, high):
        # Binary search keeps the nesting of tf.cond shallow.
        if low == high:
            return branches[low]()
        middle = (low + high) // 2
        return cond(
            p.less_equal(index, convert_to_tensor(middle, index.dtype)),
            lambda: chain(low, middle),
            lambda: chain(middle + 1, high),
        )

    if not branches:
        return last()
    zero, count = convert_to_tensor(0, index.dtype), convert_to_tensor(len(branches), index.dtype)
    inside = p.logical_and(p.greater_equal(index, zero), p.less(index, count))
    return cond(inside, lambda: chain(0, len(branches) - 1), last)


def while_loop(
    cond,
    body,
    loop_vars,
    shape_invariants=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    maximum_iterations=None,
    name=None,
):
    """`loop_vars` after `loop_vars = body(*loop_vars)` while `cond(*loop_vars)`, a bool scalar, holds.

    Types stay the same from one iteration to the next (`TypeError`), shapes too unless `shape_invariants` (a
    nest like
    `loop_vars` of TensorShapes) allows more (`ValueError`). Returns the same structure as `loop_vars`.
    """
    if not callable(cond):
        raise TypeError("'cond' must be callable.")
    if not callable(body):
        raise TypeError("'body' must be callable.")
    if not nest.is_nested(loop_vars):
        loop_vars = [loop_vars]
    if not nest.flatten(loop_vars):
        raise ValueError("'loop_vars' must be provided.")
    structure = nest.map_structure(value_of_leaf, loop_vars)
    init = [value_of(v) for v in nest.flatten(structure, expand_composites=True)]
    invariants = _flat_invariants(shape_invariants, structure)

    def unpack(values):
        return nest.pack_sequence_as(structure, values, expand_composites=True)

    def test(*values):
        return _condition(_spread(cond, unpack(values)))

    kind = type(structure)

    def step(*values):
        nonlocal structure, kind
        result = _spread(body, unpack(values))
        if type(result) in (list, tuple) and kind in (list, tuple):
            kind = type(result)
        if not nest.is_nested(result) or (isinstance(result, list) and isinstance(structure, tuple)):
            if not isinstance(result, list):
                result = [result]
            # A single value of several: another structure (ValueError), not another kind of sequence.
            result = type(structure)(result) if type(structure) in (list, tuple) else result
        if isinstance(result, tuple) and type(result) is tuple and isinstance(structure, list):
            result = list(result)
        nest.assert_same_structure(structure, result)
        structure = result
        return [value_of(v) for v in nest.flatten(result, expand_composites=True)]

    limit = None if maximum_iterations is None else convert_to_tensor(maximum_iterations)
    outs = current().while_loop(
        test, step, init, shape_invariants=invariants, maximum_iterations=limit, names=_names(loop_vars)
    )
    result = nest.pack_sequence_as(structure, outs, expand_composites=True)
    # What ran is the body's: a list or a tuple as it says.
    return kind(result) if executing_eagerly() and type(result) is not kind else result


def value_of_leaf(x):
    """A loop variable: composites as they are, everything else as a tensor."""
    return x if isinstance(x, nest.Composite) else value_of(x)


def _spread(function, loop_vars):
    if isinstance(loop_vars, dict):
        return function(**loop_vars)
    return function(*loop_vars)


def _condition(result) -> Tensor:
    if isinstance(result, (list, tuple)) and len(result) == 1:
        result = result[0]
    return _predicate(result, "the condition of tf.while_loop")


def _names(loop_vars) -> list[str]:
    paths = nest.flatten_with_paths(loop_vars, expand_composites=True)
    return ["loop_vars" + "".join(f"[{k!r}]" for k in path) for path, _ in paths]


def _flat_invariants(shape_invariants, structure):
    if shape_invariants is None:
        return None
    flat = []
    shapes = _leaves_of(shape_invariants)
    leaves = nest.flatten(structure)
    if len(shapes) != len(leaves):
        raise ValueError(
            f"shape_invariants has {len(shapes)} entries, expected one for each of the {len(leaves)} loop variables"
        )
    for given, leaf in zip(shapes, leaves, strict=True):
        if isinstance(leaf, nest.Composite):
            flat.append(None)
        else:
            flat.append(given.shape if isinstance(given, TensorSpec) else as_shape(given))
    return flat


def _leaves_of(shapes) -> list:
    if isinstance(shapes, (TensorShape, TensorSpec)) or shapes is None:
        return [shapes]
    if isinstance(shapes, (list, tuple)) and shapes and all(isinstance(s, (int, type(None))) for s in shapes):
        return [TensorShape(shapes)]
    values = [shapes[k] for k in sorted(shapes)] if isinstance(shapes, dict) else shapes
    return [leaf for s in values for leaf in _leaves_of(s)]


def group(*inputs, name=None):
    """An operation that is done when all `inputs` are: effects happen in program order. Eagerly None."""
    return done("group", nest.flatten(inputs))


def no_op(name=None):
    """An operation that does nothing. Eagerly None."""
    return done("no_op")


@contextmanager
def control_dependencies(control_inputs):
    """Effects happen in program order, so there is nothing to add: only graphs show it."""
    with current().controlled_by(control_inputs):
        yield


def tuple_(tensors, control_inputs=None, name=None):
    """The tensors themselves."""
    return [None if t is None else convert_to_tensor(t) for t in sequence(tensors, "tensors")]
