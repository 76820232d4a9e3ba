"""`tf.py_function` and `tf.numpy_function`: a Python function as an operation.

Eagerly the function is simply called. In a trace it becomes a `host_call`, an effect on everything, that compiled
code makes where the program has it. Under a tape a `py_function` runs under a tape of its own, kept until its
gradient is asked for: a number that is one more result of the call says which one. Derivatives of higher order
continue that tape.
"""

import collections
import functools
import itertools
import threading
import weakref

import numpy as np

from tfc import _native
from tfc.autodiff.tape import GradientTape
from tfc.core import (
    HostFunction,
    current,
    eager_tensor,
    executing_eagerly,
    host_function,
    outside,
    record_operation,
    should_record,
    stop_recording,
)
from tfc.dtypes import SpecList, TensorSpec, as_dtype, int64
from tfc.errors import (
    InvalidArgumentError,
    OpError,
    OutOfRangeError,
    ResourceExhaustedError,
    UnimplementedError,
    UnknownError,
    page,
)
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import zeros_like

# Calls under a tape whose gradient was not asked for yet; more of them make the oldest ones forget.
KEPT_TAPES = 65536

_ERRORS = (
    ((ValueError, TypeError), InvalidArgumentError),
    (StopIteration, OutOfRangeError),
    (MemoryError, ResourceExhaustedError),
    (NotImplementedError, UnimplementedError),
)


def error_class(error: Exception) -> type:
    """What an error of the user's Python is, where the runtime called it."""
    return next((made for kinds, made in _ERRORS if isinstance(error, kinds)), UnknownError)


def py_function(func=None, inp=None, Tout=None, name=None):
    """`func(*inp)` on eager tensors, when the program runs; the result has the dtype(s) or specs `Tout`.

    `Tout`: one, or a nest; `[]` for a function that returns nothing. Where only dtypes are given, the rank of the
    result is not known while tracing: `set_shape` says what it is, and makes the code around faster. Differentiable, as
    often as the operations of `func` are: derivatives of any order run `func` once.
    A Python error becomes an error of `tf.errors`: ValueError and TypeError an `InvalidArgumentError`, others mostly
    an `UnknownError`.
    """
    if func is None:
        return functools.partial(_decorated, py_function, Tout=Tout)
    inputs = [convert_to_tensor(x) for x in inp]
    specs = _specs(Tout)

    def run(tensors):
        with _explained(func):
            return _converted(func(*tensors), specs, convert_to_tensor)

    if executing_eagerly():
        return _packed(run(inputs), Tout)
    return _packed(_Differentiable(_name_of(func, name), run, specs).call(inputs), Tout)


def numpy_function(func=None, inp=None, Tout=None, stateful=True, name=None):
    """`func(*inp)` on numpy arrays, when the program runs; the result has the dtype(s) `Tout`. No gradient flows.

    See `tf.py_function`.
    """
    if func is None:
        return functools.partial(_decorated, numpy_function, Tout=Tout)
    inputs = [convert_to_tensor(x) for x in inp]
    specs = _specs(Tout)

    def run(tensors):
        return _converted(func(*(t.numpy() for t in tensors)), specs, _array)

    def explained(tensors):
        with _explained(func):
            return run(tensors)

    if executing_eagerly():
        with stop_recording():
            return _packed(run(inputs), Tout)
    kind = _Once if getattr(func, "once", False) else _Opaque
    made = kind(_name_of(func, name), explained, specs)
    rows = getattr(func, "rows", 0)
    if rows:
        _native.set_rows_function(made.number, rows)
        weakref.finalize(made, _native.set_rows_function, made.number, 0)
    return _packed(made.call(inputs), Tout)


def _decorated(call, func, Tout):
    @functools.wraps(func)
    def wrapper(*inp):
        return call(func, inp, Tout)

    return wrapper


def _name_of(func, name):
    return name or getattr(func, "__name__", type(func).__name__)


# Results.


def _specs(Tout) -> tuple:
    """A TensorSpec for each result."""
    leaves = [] if Tout is None else nest.flatten(Tout)
    return tuple(t if isinstance(t, TensorSpec) else TensorSpec(None, as_dtype(t)) for t in leaves)


def _packed(results, Tout):
    if Tout is None:
        return None
    made = nest.pack_sequence_as(Tout, list(results))
    # Several results are a list, as in TensorFlow, also where `Tout` is a tuple.
    return list(made) if type(made) is tuple else made


def _converted(value, specs: tuple, convert) -> list:
    """What a function returned as tensors of these specs."""
    if not specs:
        return []
    leaves = list(value) if isinstance(value, (list, tuple)) else [value] if len(specs) == 1 else nest.flatten(value)
    if len(leaves) < len(specs) or (convert is _array and len(leaves) > len(specs)):
        raise InvalidArgumentError(
            None, None, f"the Python function returned {len(leaves)} values, expected {len(specs)} as in Tout"
        )
    if any(leaf is None for leaf in leaves[: len(specs)]):
        raise InvalidArgumentError(None, None, f"the Python function returned None, expected {specs[0].dtype!r}")
    return [_checked(convert(leaf, spec.dtype), spec) for leaf, spec in zip(leaves, specs, strict=False)]


def _checked(tensor, spec):
    if tensor.dtype is not spec.dtype or not spec.shape.is_compatible_with(tensor.shape):
        raise InvalidArgumentError(
            None,
            None,
            page(
                "a Python function returned another type than Tout says",
                want=f"{spec.dtype.name} of shape {spec.shape}",
                got=f"{tensor.dtype.name} of shape {tensor.shape}",
            ),
        )
    return tensor


def _array(value, dtype):
    array = value if isinstance(value, (np.ndarray, np.generic)) else np.asarray(value)
    return eager_tensor(np.array(array))


class _explained:
    """Errors of the user's function become those of an operation."""

    def __init__(self, function):
        self._function = function

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if error is None or not isinstance(error, Exception):
            return
        if isinstance(error, OpError) and getattr(self._function, "ours", False):
            raise error
        if isinstance(error, InvalidArgumentError) and error.op is None and error.node_def is None:
            raise error
        where = _line_of(traceback)
        text = page(
            f"{type(error).__name__}: {error}", got=f"an error in {_name_of(self._function, None)}", where=where
        )
        raise error_class(error)(None, None, text) from error


def _line_of(traceback):
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return None
    return f"{traceback.tb_frame.f_code.co_filename}:{traceback.tb_lineno}"


# Calls.


class _Opaque(HostFunction):
    """A function that no gradient flows through."""

    __slots__ = ()
    is_opaque = True

    def call(self, inputs, specs=None):
        with stop_recording():
            return self.run(inputs) if executing_eagerly() else self.build(inputs, specs)

    def run(self, inputs) -> list:
        """The results, which are what `specs` say."""
        return [_checked(r, s) for r, s in zip(self.function(inputs), self.specs, strict=True)]

    def build(self, inputs, specs=None) -> list:
        """The call in the trace that is current."""
        current().hold(self)
        results = p.host_call(*inputs, id=self.number, types=SpecList(specs or self.specs))
        return [] if results is None else list(results)


class _Once(_Opaque):
    """A function that moves something on, such as an iterator."""

    __slots__ = ()
    once = True


class _Differentiable(_Opaque):
    """A function of eager tensors: tapes follow it."""

    __slots__ = ()
    is_opaque = False

    def call(self, inputs, specs=None):
        specs = specs or self.specs
        if not should_record(inputs) or not any(s.dtype.is_differentiable for s in specs):
            return super().call(inputs, specs)
        return self.taped(specs).call(inputs)[1:]

    def taped(self, specs) -> "_Taped":
        """The function under a tape that stays."""

        def run(tensors):
            tape = GradientTape(persistent=True)
            with tape:
                tape.watch([t for t in tensors if t.dtype.is_differentiable])
                results = self.function(tensors)
            return [_kept(tape, tensors, results), *results]

        return _Taped(self.name, run, (TensorSpec((), int64), *specs))


class _Taped(_Opaque):
    """A function whose first result is the number of a tape that knows how the others were made of the inputs."""

    __slots__ = ()
    is_opaque = False

    def call(self, inputs, specs=None):
        recording = should_record(inputs)
        token, *outputs = super().call(inputs, specs)
        if recording:
            self._record(inputs, token, outputs)
        return [token, *outputs]

    def _record(self, inputs, token, outputs):
        sources = [i for i, x in enumerate(inputs) if x.dtype.is_differentiable]

        def backward(*grads):
            targets = [i for i, g in enumerate(grads) if g is not None]
            wanted = [inputs[i] for i in sources]
            gradient = _Gradient(self.name, sources, targets, tuple(TensorSpec(x.shape_tuple, x.dtype) for x in wanted))
            found = gradient.call([token, *wanted, *(grads[i] for i in targets)])
            by_input = dict(zip(sources, found, strict=True))
            return [by_input.get(i) for i in range(len(inputs))]

        record_operation("py_function", inputs, outputs, backward)


class _Gradient(_Differentiable):
    """The gradient of a call: a function of the number of its tape, the differentiable inputs, and the gradients of
    some results.

    The inputs are there for tapes to follow: the values are those that the tape has seen. A tape that follows the
    gradient, too, is the same one going on: the user's function runs once, whatever the order of the derivative.
    """

    __slots__ = ("sources", "targets")

    def __init__(self, name, sources, targets, specs):
        self.sources, self.targets = sources, targets
        super().__init__(f"gradient of {name.removeprefix('gradient of ')}", self._of_call, specs)

    def _of_call(self, tensors):
        tape, inputs, results = self._found(tensors[0])
        return self._gradients(tape, inputs, results, tensors[1 + len(self.sources) :])

    def taped(self, specs):
        def run(tensors):
            tape, inputs, results = self._found(tensors[0])
            weights = tensors[1 + len(self.sources) :]
            with tape.resumed():
                tape.watch([g for g in weights if g.dtype.is_differentiable])
                made = self._gradients(tape, inputs, results, weights)
            # The inputs of this call, as the tape knows them.
            return [_kept(tape, [tensors[0], *(inputs[i] for i in self.sources), *weights], made), *made]

        return _Taped(self.name, run, (TensorSpec((), int64), *specs))

    def _gradients(self, tape, inputs, results, weights):
        wanted = [inputs[i] for i in self.sources]
        got = tape.gradient([results[i] for i in self.targets], wanted, output_gradients=weights)
        return [zeros_like(x) if g is None else convert_to_tensor(g) for x, g in zip(wanted, got, strict=True)]

    def _found(self, token):
        found = _tapes.get(int(token.numpy()))
        if found is None:
            text = f"the {self.name}: the call was too long ago, {KEPT_TAPES} are kept"
            raise UnknownError(None, None, text)
        return found


_tapes: collections.OrderedDict = collections.OrderedDict()
_tapes_lock = threading.Lock()
_numbers = itertools.count(1)


def _kept(tape, inputs, results):
    """The number under which a tape is found, with the inputs and results of a call."""
    number = next(_numbers)
    with _tapes_lock:
        _tapes[number] = tape, inputs, results
        while len(_tapes) > KEPT_TAPES:
            _tapes.popitem(last=False)
    return eager_tensor(np.array(number, np.int64))


def run_host_function(number: int, tensors: list) -> list:
    """What compiled code calls."""
    with outside():
        return host_function(number).run(tensors)
