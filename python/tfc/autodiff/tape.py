"""`GradientTape`: records the primitives that depend on what it watches."""

import logging
from contextlib import contextmanager

import numpy as np

from tfc.autodiff.backward import Entry, UnconnectedGradients, accumulate, backward
from tfc.core import Operation, Tensor, TensorList, VariableStorage, pop_recorder, push_recorder
from tfc.dtypes import int64
from tfc.errors import user_line
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.array import reshape, stack
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import broadcast_like, full_like, zeros_like
from tfc.ops.table import NotDifferentiable

_LOG = logging.getLogger("tfc")


class GradientTape:
    """Records operations for automatic differentiation.

    Operations are recorded if they run inside the block and one of their operands is watched. Trainable
    variables are
    watched when they are read (unless `watch_accessed_variables` is False), tensors by `watch`. A tape that
    is not `persistent`
    answers one `gradient` or `jacobian` call, then forgets.
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._watch_accessed = watch_accessed_variables
        self._recording = False
        self._start()

    def _start(self):
        self._entries: list[Entry] = []
        # By id; the values keep the objects alive, and so the ids unique.
        self._tracked: dict = {}
        self._variables: dict = {}

    # The block.

    def __enter__(self):
        if self._recording:
            raise ValueError(
                "Tape is still recording, This can happen if you try to re-enter an already-active tape."
            )
        if self._entries is None:
            self._start()
        self._push()
        return self

    def __exit__(self, exc_type, exc, traceback):
        if self._recording:
            self._pop()

    def _push(self):
        push_recorder(self)
        self._recording = True

    def _pop(self):
        if not self._recording:
            raise ValueError("Tape is not recording.")
        pop_recorder(self)
        self._recording = False

    # What recorders do.

    def tracks(self, value) -> bool:
        if id(value) in self._tracked:
            return True
        return (
            self._watch_accessed
            and isinstance(value, VariableStorage)
            and getattr(value, "trainable", True) is True
        )

    def record(self, prim, args, attrs, results) -> None:
        if prim is p.read_variable:
            self._record_read(args[0], results)
            return
        if prim.vjp is NotDifferentiable or results is None:
            return
        if type(prim) is Operation:
            for a in args:
                if isinstance(a, VariableStorage) and self.tracks(a):
                    self._watch_variable(a)
        tracked = self._tracked
        for a in args:
            if id(a) in tracked:
                break
        else:
            return
        outs = results if isinstance(results, tuple) else (results,)
        live = [r for r in outs if r.dtype.is_differentiable]
        if not live:
            return
        self._entries.append(Entry(prim, args, attrs, outs))
        for r in live:
            tracked[id(r)] = r

    def _record_read(self, variable, value):
        if not self.tracks(variable):
            return
        self._watch_variable(variable)
        if not value.dtype.is_differentiable:
            return
        self._entries.append(Entry(p.read_variable, (variable,), {}, (value,)))
        self._tracked[id(value)] = value

    def _watch_variable(self, variable):
        self._tracked[id(variable)] = variable
        self._variables[id(variable)] = variable

    def mark(self) -> int:
        """How much is recorded so far, for `rewind`."""
        return len(self._entries)

    def rewind(self, mark: int) -> None:
        """Forgets what was recorded since."""
        del self._entries[mark:]

    def propagate(self, gradients: dict, sources) -> list:
        """The gradients of `sources`, None where there is none, from gradients by id of a value; the tape stays as it is."""
        backward(self._entries, gradients, self._tracked)
        return [gradients.get(id(s)) for s in sources]

    # Control.

    def watch(self, tensor) -> None:
        """Records what becomes of these tensors or variables (a nest of them). Others raise `ValueError`."""
        for t in nest.flatten(tensor, expand_composites=True):
            if not isinstance(t, (Tensor, VariableStorage, TensorList)):
                raise ValueError(
                    f"Passed in object {t!r} of type '{type(t).__name__}', not tf.Tensor or "
                    f"tf.Variable or ExtensionType."
                )
            if not t.dtype.is_differentiable:
                _LOG.warning(
                    "The dtype of the watched tensor must be floating (e.g. tf.float32), got %r (%s)",
                    t.dtype,
                    user_line(),
                )
            elif isinstance(t, VariableStorage):
                self._watch_variable(t)
            else:
                self._tracked[id(t)] = t

    def watched_variables(self) -> tuple:
        """The variables that were read or watched, in order."""
        return tuple(self._variables.values())

    @contextmanager
    def stop_recording(self):
        """Nothing is recorded inside the block."""
        if not self._recording:
            raise ValueError("Tape is not recording.")
        self._pop()
        try:
            yield
        finally:
            self._push()

    def reset(self) -> None:
        """Forgets everything recorded and watched so far."""
        self._start()

    def _reset_for_reuse(self):
        self._entries = None
        self._tracked = {}

    # Answers.

    def gradient(
        self, target, sources, output_gradients=None, unconnected_gradients=UnconnectedGradients.NONE
    ):
        """The derivative of the sum of `target`s with respect to each of `sources` (a nest; the result has
        its structure). That of a variable of which only rows are gathered is `tf.IndexedSlices`.

        `output_gradients` weighs the targets. Where a source does not influence the target, the result is
        None, or zeros with
        `tf.UnconnectedGradients.ZERO`. Raises `RuntimeError` at the second call on a tape that is not
        persistent.
        """
        if self._entries is None:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of "
                "gradients (or jacobians)"
            )
        unconnected = _unconnected(unconnected_gradients)
        if self._recording:
            if not self._persistent:
                self._pop()
            else:
                _LOG.warning(
                    "Calling GradientTape.gradient on a persistent tape inside its context "
                    "is significantly less efficient "
                    "than calling it outside the context (it causes the gradient ops to be "
                    "recorded on the tape). (%s)",
                    user_line(),
                )
        flat_sources = nest.flatten(sources)
        for s in flat_sources:
            _check_source(s)
        targets = []
        for t in nest.flatten(target, expand_composites=True):
            if not isinstance(t, TensorList) and not _dtype_of(t).is_differentiable:
                _LOG.warning(
                    "The dtype of the target tensor must be floating (e.g. tf.float32) "
                    "when calling GradientTape.gradient, "
                    "got %r",
                    _dtype_of(t),
                )
            else:
                targets.append(t)
        weights = None
        if output_gradients is not None:
            weights = [
                g if g is None or isinstance(g, TensorList) else convert_to_tensor(g)
                for g in nest.flatten(output_gradients)
            ]
        flat = self._gradients(targets, flat_sources, weights, unconnected, sparse=True)
        if not self._persistent:
            # The variables stay known, as in TensorFlow.
            self._reset_for_reuse()
        return nest.pack_sequence_as(sources, flat)

    def _gradients(self, targets, sources, weights, unconnected, sparse=False):
        gradients: dict = {}
        for i, target in enumerate(targets):
            weight = weights[i] if weights is not None else None
            if isinstance(target, VariableStorage):
                grad = full_like(p.read_variable(target), 1) if weight is None else weight
            elif isinstance(target, TensorList) and weight is not None:
                grad = weight
            elif weight is None:
                grad = full_like(target, 1)
            else:
                grad = weight if weight.dtype is target.dtype else convert_to_tensor(weight, target.dtype)
                grad = broadcast_like(grad, target)
            gradients[id(target)] = accumulate(gradients.get(id(target)), grad)
        backward(self._entries, gradients, self._tracked, sparse)
        results = []
        for source in sources:
            known = id(source) in self._tracked or (isinstance(source, VariableStorage) and self.tracks(source))
            grad = gradients.get(id(source)) if known else None
            if grad is None and unconnected is UnconnectedGradients.ZERO:
                value = p.read_variable(source) if isinstance(source, VariableStorage) else source
                grad = zeros_like(value)
            results.append(grad)
        return results

    def jacobian(
        self,
        target,
        sources,
        unconnected_gradients=UnconnectedGradients.NONE,
        parallel_iterations=None,
        experimental_use_pfor=True,
    ):
        """The derivative of each element of `target` by each of `sources`: shape `target.shape +
        source.shape`.
        """
        if self._entries is None:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of "
                "gradients (or jacobians)"
            )
        unconnected = _unconnected(unconnected_gradients)
        target = convert_to_tensor(target)
        flat_sources = nest.flatten(sources)
        elements = [self._flat_element(target, i) for i in range(_elements(target, "jacobian"))]
        rows = [self._gradients([target], flat_sources, [weight], unconnected) for weight in elements]
        if not self._persistent:
            self._stop()
        results = []
        for k, source in enumerate(flat_sources):
            column = [row[k] for row in rows]
            if not column or any(c is None for c in column):
                results.append(None)
            else:
                rows_of = stack(column)
                sizes = p.constant(value=np.array(target.shape_tuple, np.int64))
                sizes = p.concat(sizes, p.shape_of(convert_to_tensor(source), dtype=int64), axis=0)
                results.append(reshape(rows_of, sizes))
        return nest.pack_sequence_as(sources, results)

    def _flat_element(self, target, index):
        one = np.zeros(_elements(target, "jacobian"), target.dtype.np_dtype)
        one[index] = 1
        return p.constant(value=one.reshape(target.shape_tuple))

    def batch_jacobian(
        self,
        target,
        source,
        unconnected_gradients=UnconnectedGradients.NONE,
        parallel_iterations=None,
        experimental_use_pfor=True,
    ):
        """The jacobian of each example by itself: `[b, m...]` by `[b, n...]` gives `[b, m..., n...]`.

        Row i of `target` must depend on row i of `source` alone.
        """
        if self._entries is None:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of "
                "gradients (or jacobians)"
            )
        unconnected = _unconnected(unconnected_gradients)
        target = convert_to_tensor(target)
        if None in (target.shape_tuple, source.shape_tuple) or not (
            target.shape_tuple and source.shape_tuple
        ):
            raise ValueError("batch_jacobian needs a target and a source of rank at least 1")
        batch = source.shape_tuple[0]
        if batch != target.shape_tuple[0]:
            raise ValueError(
                f"Need first dimension of target shape ({target.shape}) and source shape "
                f"({source.shape}) to match."
            )
        count = _elements(target, "batch_jacobian") // batch if batch else 0
        if None in source.shape_tuple:
            raise NotImplementedError("batch_jacobian needs a source whose shape is known while tracing")
        rows = []
        for i in range(count):
            one = np.zeros((batch, count), target.dtype.np_dtype)
            one[:, i] = 1
            weight = p.constant(value=one.reshape(target.shape_tuple))
            rows.append(self._gradients([target], [source], [weight], unconnected)[0])
        if not self._persistent:
            self._stop()
        if not rows or rows[0] is None:
            if unconnected is UnconnectedGradients.ZERO:
                dims = (*target.shape_tuple, *source.shape_tuple[1:])
                return p.broadcast_to(p.constant(value=np.array(0, target.dtype.np_dtype)), shape=dims)
            return None
        return p.reshape(stack(rows, axis=1), shape=(*target.shape_tuple, *source.shape_tuple[1:]))

    def _stop(self):
        if self._recording:
            self._pop()
        self._reset_for_reuse()


def _dtype_of(value):
    if not isinstance(value, (Tensor, VariableStorage)):
        raise TypeError(f"the target of a gradient is a tensor or variable, got {value!r}")
    return value.dtype


def _check_source(source):
    if not isinstance(source, (Tensor, VariableStorage, TensorList)):
        raise TypeError(
            f"a source of a gradient is a tensor or variable, got {source!r} of type {type(source).__name__}"
        )
    if not source.dtype.is_differentiable:
        _LOG.warning(
            "The dtype of the source tensor must be floating (e.g. tf.float32) when "
            "calling GradientTape.gradient, got %r",
            source.dtype,
        )


def _unconnected(value) -> UnconnectedGradients:
    try:
        return UnconnectedGradients(value)
    except ValueError:
        raise ValueError(f"Unknown value for unconnected_gradients: '{value}'") from None


def _elements(target, what) -> int:
    dims = target.shape_tuple
    if dims is None or None in dims:
        raise NotImplementedError(
            f"{what} needs a target whose shape is known while tracing, got shape {target.shape}"
        )
    return int(np.prod(dims, dtype=np.int64))
