"""Functions with gradients of their own."""

import functools
import types
from contextlib import nullcontext

from tfc.autodiff.tape import GradientTape
from tfc.core import (
    Tensor,
    TensorList,
    VariableStorage,
    current,
    executing_eagerly,
    is_symbolic,
    pop_recorder,
    push_recorder,
    record_operation,
    recorders,
    should_record,
    stop_recording,
    value_of,
)
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import reshape_like
from tfc.ops.indexed_slices import dense


def custom_gradient(f=None):
    """Decorator: `f(*args)` returns `(result, grad_fn)`, and `grad_fn(*upstream)` the gradients of the
    arguments.

    `grad_fn` gets one gradient for each tensor of the result. If `f` reads variables, it must accept
    `variables=`, and returns
    `(gradients of arguments, gradients of variables)`. Wrong numbers of gradients raise `ValueError`.
    """
    if f is None:
        return custom_gradient

    @functools.wraps(f)
    def decorated(*args, **kwargs):
        if executing_eagerly() or (recorders() and not current().in_region):
            return _call(f, args, kwargs)
        return _call_whole(f, args, kwargs)

    return decorated


def _call_whole(f, args, kwargs):
    """In a trace that no tape watches, and in regions: one operation, so that the gradient is there when the trace is
    differentiated.
    """
    leaves = nest.flatten(args, expand_composites=True)
    flat = [a if isinstance(a, (VariableStorage, TensorList)) else convert_to_tensor(a) for a in leaves]
    structure, used = None, []

    def whole(*values):
        nonlocal structure
        packed = nest.pack_sequence_as(args, list(values), expand_composites=True)
        structure = _call(f, packed, kwargs, used)
        return nest.flatten(structure, expand_composites=True)

    outputs = call_recorded(getattr(f, "__name__", "custom_gradient"), whole, flat, used)
    return nest.pack_sequence_as(structure, outputs, expand_composites=True)


def call_recorded(name: str, function, inputs: list, used=()) -> list:
    """A call of a Python function of its own in a trace, which it stays for tapes: for the gradient the function runs
    again. So do the regions that it is in, under other tapes, for the next order. `used`: variables that it has read
    then.
    """
    with stop_recording():
        outputs, python, given = current().call_python_as(name, function, inputs)
    sources = list({id(x): x for x in given}.values())
    for v in used:
        value = value_of(v)
        if not isinstance(value, VariableStorage):
            for recorder in recorders():
                recorder.note_read(v, value)
            sources += [] if any(value is x for x in sources) else [value]
    if not should_record(sources):
        return outputs

    def backward(*grads):
        tape = GradientTape(persistent=True, watch_accessed_variables=False)
        with tape:
            tape.watch([x for x in sources if x.dtype.is_differentiable])
            again = python(*given)
        found = {id(o): g for o, g in zip(again, grads, strict=True) if g is not None}
        return tape.propagate(found, sources)

    record_operation(name, sources, outputs, backward)
    return outputs


class VariableWatcher:
    """A recorder that only notes which trainable variables are used."""

    def __init__(self):
        self._variables: dict = {}

    @property
    def variables(self) -> list:
        return list(self._variables.values())

    def tracks(self, value) -> bool:
        return isinstance(value, VariableStorage) and getattr(value, "trainable", True) is True

    repeats = pushes = False

    def note_read(self, variable, value) -> None:
        if self.tracks(variable):
            self._variables[id(variable)] = variable

    def record(self, prim, args, attrs, results) -> None:
        for a in args:
            if self.tracks(a):
                self._variables[id(a)] = a


def _call(f, args, kwargs, used=None):
    """`used` gets the variables that are read."""
    # Variables among the arguments are sources themselves.
    flat_args = [
        a if isinstance(a, VariableStorage) else convert_to_tensor(a)
        for a in nest.flatten(args, expand_composites=True)
    ]
    watcher = VariableWatcher()
    push_recorder(watcher)
    try:
        # Tapes see what happens inside: `grad_fn` may use it, and be differentiated again.
        result, grad_fn = f(*nest.pack_sequence_as(args, flat_args, expand_composites=True), **kwargs)
    finally:
        pop_recorder(watcher)
    variables = [v for v in watcher.variables if all(v is not a for a in flat_args)]
    if used is not None:
        used += variables
        # What only the gradient uses has to come along: the call runs again where its values are others.
        with stop_recording():
            for t in _closed_over(grad_fn, set()):
                p.stop_gradient(t)
    outputs = [_fresh(convert_to_tensor(r)) for r in nest.flatten(result, expand_composites=True)]
    if not executing_eagerly():
        current().mark_custom(outputs)

    def backward(*upstream):
        filled = [_zero_if_none(g, o) for g, o in zip(upstream, outputs, strict=True)]
        if variables:
            try:
                grads, variable_grads = grad_fn(*filled, variables=variables)
            except TypeError as e:
                if "variables" in str(e):
                    raise TypeError(
                        "If using @custom_gradient with a function that uses variables, "
                        "then grad_fn must accept a "
                        "'variables' keyword argument."
                    ) from e
                raise
            variable_grads = nest.flatten(variable_grads)
            if len(variable_grads) != len(variables):
                raise ValueError("Must return gradient for each variable from @custom_gradient grad_fn.")
        else:
            grads, variable_grads = grad_fn(*filled), []
        grads = [None if g is None else convert_to_tensor(g) for g in nest.flatten(grads)]
        if len(grads) != len(flat_args):
            raise ValueError(
                f"custom_gradient function expected to return {len(flat_args)} gradients, "
                f"but returned {len(grads)} instead."
            )
        return (*grads, *variable_grads)

    if should_record([*flat_args, *variables]):
        record_operation("custom_gradient", [*flat_args, *variables], outputs, backward)
    return nest.pack_sequence_as(result, outputs, expand_composites=True)


def _closed_over(function, seen: set):
    """The tensors of a trace that a Python function closes over, in nests and by other functions too."""
    while isinstance(function, functools.partial):
        function = function.func
    if id(function) in seen:
        return
    seen.add(id(function))
    for cell in getattr(function, "__closure__", None) or ():
        try:
            held = cell.cell_contents
        except ValueError:  # not bound yet
            continue
        for v in nest.flatten(held):
            if isinstance(v, types.FunctionType):
                yield from _closed_over(v, seen)
            elif isinstance(v, Tensor) and is_symbolic(v):
                yield v


def _fresh(x):
    """The same value as another object, which no tape knows."""
    with stop_recording():
        return p.stop_gradient(x)


def _linked(x):
    """The same value as another object, whose gradient is that of `x`."""
    if getattr(x, "shape_tuple", None) is not None:
        # In a trace an op, for tapes that look at it later.
        return p.ensure_shape(x, shape=x.shape_tuple)
    fresh = _fresh(x)
    record_operation("identity", [x], [fresh], lambda g: [g])
    return fresh


def _zero_if_none(grad, output):
    if grad is not None:
        return grad
    with stop_recording():
        return p.mul(output, convert_to_tensor(0, output.dtype))


def recompute_grad(f):
    """Decorator: `f` keeps nothing of its forward pass for the gradient, and runs again when that is asked
    for.
    """

    @custom_gradient
    def inner(*args, **kwargs):
        tapes = [r for r in recorders() if not isinstance(r, VariableWatcher)]
        with stop_recording(*tapes) if tapes else nullcontext():
            result = f(*args, **kwargs)

        def grad(*upstream, variables=None):
            watched = list(variables or ())
            # New values, which outer tapes know as the old ones: a gradient of this gradient goes on to the arguments.
            again = [_linked(convert_to_tensor(a)) for a in nest.flatten(args)]
            with GradientTape() as tape:
                tape.watch(again)
                tape.watch(watched)
                out = f(*nest.pack_sequence_as(args, again), **kwargs)
            grads = tape.gradient(out, again + watched, output_gradients=nest.pack_sequence_as(out, list(upstream)))
            grads = [dense(g) for g in grads]
            if variables is None:
                return grads
            return grads[: len(again)], grads[len(again) :]

        return result, grad

    return functools.wraps(f)(inner)


def grad_pass_through(f):
    """Decorator: `f` forward, the identity backward."""

    @custom_gradient
    def wrapped(*args, **kwargs):
        def grad(*upstream, variables=None):
            grads = [reshape_like(g, convert_to_tensor(a)) for g, a in zip(upstream, args, strict=True)]
            if variables is not None:
                return grads, [None] * len(variables)
            return grads

        return f(*args, **kwargs), grad

    return functools.wraps(f)(wrapped)
