"""`tf.cond`, `tf.while_loop` and what is built on them: they flatten nests and hand flat lists to the
interpreter.
"""

import builtins
from contextlib import contextmanager

import numpy as np

from tfc.core import Tensor, TensorList, current, executing_eagerly
from tfc.dtypes import TensorShape, TensorSpec, as_shape, int32
from tfc.errors import InvalidArgumentError
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.array import shape, stack
from tfc.ops.convert import convert_to_tensor
from tfc.ops.tensor_array import TensorArray


class _Branch:
    """A function of a nest as a function of a flat list; remembers the structure of its last result."""

    def __init__(self, function):
        self.function = function
        self.structure = None
        self.absent: tuple | None = None

    def __call__(self, *args) -> list:
        self.structure = self.function(*args)
        leaves = nest.flatten(self.structure, expand_composites=True)
        # None is a legal result; it has no value to choose.
        self.absent = tuple(v is None for v in leaves)
        return [value_of(v) for v in leaves if v is not None]

    def pack(self, values):
        rest = iter(values)
        leaves = [None if gone else next(rest) for gone in self.absent]
        return nest.pack_sequence_as(self.structure, leaves, expand_composites=True)


def value_of(x):
    """A leaf as a value of the interpreter: a tensor or a list."""
    return x if isinstance(x, (Tensor, TensorList)) else convert_to_tensor(x)


def _predicate(pred, what="pred") -> Tensor:
    pred = convert_to_tensor(pred)
    if not pred.dtype.is_bool:
        raise TypeError(f"{what} must be a bool scalar, got {pred!r}: compare it, for instance with != 0")
    if pred.shape_tuple:
        raise InvalidArgumentError(None, "cond", f"{what} must be a scalar, got shape {list(pred.shape_tuple)}")
    return pred


def cond(pred, true_fn=None, false_fn=None, name=None):
    """`true_fn()` if the bool scalar `pred` holds, else `false_fn()`. Both return the same structure and
    dtypes.

    Eagerly only one runs; while tracing both are traced, and `TypeError` or `ValueError` says where they
    differ.
    """
    for what, function in (("true_fn", true_fn), ("false_fn", false_fn)):
        if not callable(function):
            raise TypeError(f"'{what}' must be callable.")
    if isinstance(pred, (bool, np.bool_)):
        return true_fn() if pred else false_fn()
    pred = _predicate(pred)
    if executing_eagerly():
        # One branch runs as plain Python and may return anything.
        return true_fn() if pred else false_fn()
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
    pairs = list(pred_fn_pairs.items()) if isinstance(pred_fn_pairs, dict) else list(pred_fn_pairs)
    if not pairs:
        raise ValueError("tf.case needs at least one (predicate, function) pair")
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not callable(pair[1]):
            raise TypeError(f"Each entry in pred_fn_pairs must be a (predicate, callable) 2-tuple. Received {pair}.")
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
    branches = list(branch_fns)
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
            result = type(structure)(result) if isinstance(result, list) else [result]
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


def _count(elems) -> tuple:
    """(static size or None, size as int32 scalar) of the first dimension of all leaves."""
    first = elems[0]
    if any(e.shape_tuple == () for e in elems):
        raise ValueError("Elements must be 1+ dimensional Tensors, not scalars")
    sizes = {e.shape_tuple[0] for e in elems if e.shape_tuple is not None} - {None}
    if len(sizes) > 1:
        raise ValueError(f"Elements must have the same size along the first dimension, got {sorted(sizes)}")
    if sizes:
        n = sizes.pop()
        return n, convert_to_tensor(n, int32)
    return None, p.squeeze(p.slice_(shape(first), starts=(0,), sizes=(1,), strides=(1,)), axes=(0,))


def _arrays(elems):
    return [
        TensorArray(
            e.dtype, size=0, dynamic_size=True, element_shape=None if e.shape_tuple is None else e.shape_tuple[1:]
        ).unstack(e)
        for e in elems
    ]


def map_fn(
    fn,
    elems,
    dtype=None,
    parallel_iterations=None,
    back_prop=True,
    swap_memory=False,
    infer_shape=True,
    name=None,
    fn_output_signature=None,
):
    """`fn` of each slice of `elems` (a nest) along the first dimension, stacked.

    `fn_output_signature` (a nest of dtypes or TensorSpecs) is needed if the result has another structure or
    dtype than `elems`.
    """
    signature = fn_output_signature if fn_output_signature is not None else dtype
    flat = [convert_to_tensor(e) for e in nest.flatten(elems)]
    size, n = _count(flat)
    sources = _arrays(flat)
    out_structure = elems if signature is None else signature
    types = [e.dtype for e in flat] if signature is None else nest.flatten(signature)
    outs = []
    for t in types:
        spec = t if isinstance(t, TensorSpec) else TensorSpec(None, t)
        outs.append(TensorArray(spec.dtype, size=n, element_shape=spec.shape, infer_shape=infer_shape))

    def step(i, arrays):
        slices = [s.read(i) for s in sources]
        result = fn(nest.pack_sequence_as(elems, slices))
        nest.assert_same_structure(out_structure, result)
        leaves = [
            convert_to_tensor(r, None if hasattr(r, "dtype") else a.dtype)
            for r, a in zip(nest.flatten(result), arrays, strict=True)
        ]
        for leaf, a in zip(leaves, arrays, strict=True):
            if leaf.dtype is not a.dtype:
                raise TypeError(
                    f"map_fn: fn returned a {leaf.dtype.name} where {a.dtype.name} was expected; say so in "
                    "fn_output_signature"
                )
        return i + 1, [a.write(i, leaf) for a, leaf in zip(arrays, leaves, strict=True)]

    zero = convert_to_tensor(0, int32)
    _, outs = while_loop(lambda i, _: p.less(i, n), lambda i, a: step(i, a), (zero, outs), maximum_iterations=n)
    return nest.pack_sequence_as(out_structure, [_stacked(o, size) for o in outs])


def _stacked(array, size) -> Tensor:
    """All elements of a TensorArray that is known to have `size` (None: it is not known)."""
    value = array.stack()
    if size is None or value.shape_tuple is None or value.shape_tuple[0] == size:
        return value
    return p.ensure_shape(value, shape=(size, *value.shape_tuple[1:]))


def scan(
    fn,
    elems,
    initializer=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    infer_shape=True,
    reverse=False,
    name=None,
):
    """The accumulator `a = fn(a, slice)` after each slice of `elems` along the first dimension, stacked.

    It starts with `initializer`, or with the first slice.
    """
    flat = [convert_to_tensor(e) for e in nest.flatten(elems)]
    size, n = _count(flat)
    sources = _arrays(flat)
    structure = elems if initializer is None else initializer
    one, zero = convert_to_tensor(1, int32), convert_to_tensor(0, int32)
    if initializer is None:
        if size == 0:
            raise ValueError("scan of no elements needs an initializer")
        first = p.sub(n, one) if reverse else zero
        start = [s.read(first) for s in sources]
    else:
        start = [convert_to_tensor(v) for v in nest.flatten(initializer)]
    outs = [
        TensorArray(v.dtype, size=n, element_shape=v.shape_tuple if infer_shape else None, infer_shape=infer_shape)
        for v in start
    ]
    done = zero
    if initializer is None:
        outs = [o.write(first, v) for o, v in zip(outs, start, strict=True)]
        done = one

    def step(k, acc, arrays):
        i = p.sub(p.sub(n, one), k) if reverse else k
        slices = nest.pack_sequence_as(elems, [s.read(i) for s in sources])
        result = fn(nest.pack_sequence_as(structure, acc), slices)
        nest.assert_same_structure(structure, result)
        acc = [convert_to_tensor(r, a.dtype) for r, a in zip(nest.flatten(result), acc, strict=True)]
        return p.add(k, one), acc, [a.write(i, v) for a, v in zip(arrays, acc, strict=True)]

    _, _, outs = while_loop(lambda k, *_: p.less(k, n), step, (done, start, outs), maximum_iterations=n)
    return nest.pack_sequence_as(structure, [_stacked(o, size) for o in outs])


def _fold(fn, elems, initializer, backwards):
    flat = [convert_to_tensor(e) for e in nest.flatten(elems)]
    size, n = _count(flat)
    sources = _arrays(flat)
    one, done = convert_to_tensor(1, int32), convert_to_tensor(0, int32)
    last = p.sub(n, one)
    structure = elems if initializer is None else initializer
    if initializer is None:
        if size == 0:
            raise ValueError("a fold of no elements needs an initializer")
        first = last if backwards else done
        start, done = [s.read(first) for s in sources], one
    else:
        start = [convert_to_tensor(v) for v in nest.flatten(initializer)]

    def step(k, acc):
        i = p.sub(last, k) if backwards else k
        slices = nest.pack_sequence_as(elems, [s.read(i) for s in sources])
        result = fn(nest.pack_sequence_as(structure, acc), slices)
        nest.assert_same_structure(structure, result)
        acc = [convert_to_tensor(r, a.dtype) for r, a in zip(nest.flatten(result), acc, strict=True)]
        return p.add(k, one), acc

    _, result = while_loop(lambda k, _: p.less(k, n), step, (done, start), maximum_iterations=n)
    return nest.pack_sequence_as(structure, result)


def foldl(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False, name=None):
    """The accumulator `a = fn(a, slice)` after all slices of `elems`, from the first to the last."""
    return _fold(fn, elems, initializer, backwards=False)


def foldr(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False, name=None):
    """The accumulator `a = fn(a, slice)` after all slices of `elems`, from the last to the first."""
    return _fold(fn, elems, initializer, backwards=True)


def vectorized_map(fn, elems, fallback_to_while_loop=True, warn=True):
    """`fn` of each slice of `elems` along the first dimension, stacked; results may have any structure and
    dtype.
    """
    flat = [convert_to_tensor(e) for e in nest.flatten(elems)]
    size, _ = _count(flat)
    if size is None:
        raise NotImplementedError("tf.vectorized_map needs to know the size of the first dimension while tracing")
    if size == 0:
        raise ValueError("tf.vectorized_map of no elements: the type of the result is not known")
    results = []
    for i in builtins.range(size):
        slices = [p.squeeze(_row(e, i), axes=(0,)) for e in flat]
        results.append(fn(nest.pack_sequence_as(elems, slices)))
    return nest.map_structure(lambda *rows: stack(rows), *results)


def _row(x, i):
    n = len(x.shape_tuple)
    starts = (i, *(0,) * (n - 1))
    return p.slice_(x, starts=starts, sizes=(1, *x.shape_tuple[1:]), strides=(1,) * n)


def group(*inputs, name=None):
    """Nothing: effects happen in program order."""


def no_op(name=None):
    """Nothing."""


@contextmanager
def control_dependencies(control_inputs):
    """Effects happen in program order, so there is nothing to add."""
    yield


def tuple_(tensors, name=None, control_inputs=None):
    """The tensors themselves."""
    return [None if t is None else convert_to_tensor(t) for t in tensors]
