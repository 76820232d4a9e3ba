"""`GradientTape`: records the primitives that depend on what it watches."""

import logging
from contextlib import contextmanager

import numpy as np

from tfc.autodiff import recompute
from tfc.autodiff.backward import Entry, UnconnectedGradients, accumulate, backward
from tfc.core import (
    Operation,
    Tensor,
    TensorList,
    VariableStorage,
    executing_eagerly,
    pop_recorder,
    push_recorder,
    value_of,
)
from tfc.dtypes import TensorSpec, int64
from tfc.errors import page, user_line
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.array import reshape, stack
from tfc.ops.convert import convert_to_tensor
from tfc.ops.functional import map_fn
from tfc.ops.gradients import broadcast_like, full_like, known, reshape_like, zeros_like
from tfc.ops.indexed_slices import dense
from tfc.ops.table import NotDifferentiable

_LOG = logging.getLogger("tfc")

# Rows of a jacobian that are traced one by one; more of them are a loop.
_UNROLLED = 16


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
        # Whether to say that gradients inside the block of a persistent tape are recorded.
        self._warn = True
        self._start()

    def _start(self):
        self._entries: list[Entry] = []
        # By id; the values keep the objects alive, and so the ids unique.
        self._tracked: dict = {}
        # Watched tensors of integers: their gradient is that by themselves.
        self._discrete: dict = {}
        self._variables: dict = {}

    # The block.

    def __enter__(self):
        if self._recording:
            raise ValueError("Tape is still recording, This can happen if you try to re-enter an already-active tape.")
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

    @contextmanager
    def resumed(self):
        """Goes on recording inside the block, what gradients are computed of included."""
        warn, self._warn = self._warn, False
        try:
            with self:
                yield
        finally:
            self._warn = warn

    # What recorders do.

    def tracks(self, value) -> bool:
        if id(value) in self._tracked:
            return True
        return self._watch_accessed and isinstance(value, VariableStorage) and getattr(value, "trainable", True) is True

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

    pushes = False

    @property
    def repeats(self) -> bool:
        return self._persistent

    def note_read(self, variable, value) -> None:
        if self._watch_accessed and getattr(variable, "trainable", True) is True and value.dtype.is_differentiable:
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
        """The gradients of `sources`, None where there is none, from gradients by id of a value; the tape stays as it
        is.
        """
        backward(self._entries, gradients, self._tracked)
        return [gradients.get(id(s)) for s in sources]

    def recomputing(self, captured, inputs):
        """(a tape of the same operations, of which cheap ones ran again now, new values by id of old ones), so that
        less of `captured` is needed; None if nothing is gained. See `autodiff.recompute`.
        """
        chosen = recompute.choose(self._entries, captured, inputs)
        if not chosen:
            return None
        made = GradientTape(persistent=True, watch_accessed_variables=False)
        made._entries, made._tracked, values = recompute.run(chosen, self._entries, self._tracked)
        return made, values

    # Control.

    def watch(self, tensor) -> None:
        """Records what becomes of these tensors or variables (a nest of them). Others raise `ValueError`."""
        for t in nest.flatten(_with_values(tensor), expand_composites=True):
            t = value_of(t)
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
                if isinstance(t, Tensor) and t.dtype.is_integer:
                    self._discrete[id(t)] = t
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
        self._discrete = {}

    # Answers.

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients=UnconnectedGradients.NONE):
        """The derivative of the sum of `target`s with respect to each of `sources` (a nest; the result has
        its structure). That of a variable of which only rows are gathered is `tf.IndexedSlices`.

        `output_gradients` weighs the targets. Where a source does not influence the target, the result is
        None, or zeros with
        `tf.UnconnectedGradients.ZERO`. Raises `RuntimeError` at the second call on a tape that is not
        persistent.
        """
        if self._entries is None:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        unconnected = _unconnected(unconnected_gradients)
        if self._recording:
            if not self._persistent:
                self._pop()
            elif self._warn:
                _LOG.warning(
                    "Calling GradientTape.gradient on a persistent tape inside its context "
                    "is significantly less efficient "
                    "than calling it outside the context (it causes the gradient ops to be "
                    "recorded on the tape). (%s)",
                    user_line(),
                )
        plain_sources = _with_values(sources)
        flat_sources = [value_of(s) for s in nest.flatten(plain_sources)]
        for s in flat_sources:
            _check_source(s)
        targets = []
        for t in nest.flatten(_with_values(target), expand_composites=True):
            if isinstance(t, TensorList) or _dtype_of(t).is_differentiable:
                targets.append(t)
            else:
                _LOG.warning(
                    "The dtype of the target tensor must be floating (e.g. tf.float32) "
                    "when calling GradientTape.gradient, "
                    "got %r",
                    _dtype_of(t),
                )
                if id(t) in self._discrete:
                    targets.append(t)
        weights = None
        if output_gradients is not None:
            weights = [
                g if g is None or isinstance(g, TensorList) else convert_to_tensor(g)
                for g in nest.flatten(_with_values(output_gradients))
            ]
        flat = self._gradients(targets, flat_sources, weights, unconnected, sparse=True)
        if not self._persistent:
            # The variables stay known, as in TensorFlow.
            self._reset_for_reuse()
        packed = nest.pack_sequence_as(plain_sources, flat)
        return packed if plain_sources is sources else _with_structures(sources, packed)

    def _gradients(self, targets, sources, weights, unconnected, sparse=False):
        gradients: dict = {}
        for i, target in enumerate(targets):
            weight = weights[i] if weights is not None and i < len(weights) else None
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
            known = id(source) in self._tracked or id(source) in self._discrete
            known = known or (isinstance(source, VariableStorage) and self.tracks(source))
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
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        unconnected = _unconnected(unconnected_gradients)
        target = convert_to_tensor(target)
        flat_sources = [value_of(s) for s in nest.flatten(sources)]
        for s in flat_sources:
            _check_source(s)
        columns = self._jacobian_rows(target, flat_sources, unconnected)
        if not self._persistent:
            self._stop()
        results = []
        for rows, source in zip(columns, flat_sources, strict=True):
            if rows is None:
                results.append(None)
                continue
            dims = target.shape_tuple, source.shape_tuple
            if None not in dims and known(dims[0] + dims[1]):
                results.append(p.reshape(rows, shape=dims[0] + dims[1]))
                continue
            sizes = [p.shape_of(convert_to_tensor(t), dtype=int64) for t in (target, source)]
            whole = reshape(rows, p.concat(*sizes, axis=0))
            results.append(whole if None in dims else p.ensure_shape(whole, shape=dims[0] + dims[1]))
        return nest.pack_sequence_as(sources, results)

    def _jacobian_rows(self, target, sources, unconnected) -> list:
        """For each source the gradients of all elements of the target, one below the other; None if there is none.

        One after the other while they are few, or while running eagerly; otherwise in a loop.
        """
        dims = target.shape_tuple
        count = int(np.prod(dims, dtype=np.int64)) if known(dims) else None

        def gradients(weight):
            return [dense(g) for g in self._gradients([target], sources, [weight], unconnected)]

        if count is not None and count and (executing_eagerly() or count <= _UNROLLED):
            rows = []
            for i in range(count):
                one = np.zeros(count, target.dtype.np_dtype)
                one[i] = 1
                rows.append(gradients(p.constant(value=one.reshape(dims))))
            columns = zip(*rows, strict=True)
            return [None if column[0] is None else stack(list(column)) for column in columns]
        if dims is None:
            raise NotImplementedError("jacobian needs a target whose rank is known while tracing")
        # Which sources there are gradients of does not depend on the weights.
        connected = [g is not None for g in gradients(zeros_like(target))]
        sources = [s for s, wanted in zip(sources, connected, strict=True) if wanted]
        size = p.reduce_prod(p.shape_of(target, dtype=int64), axes=(0,), keepdims=False)
        zero, step = (p.constant(value=np.array(v, np.int64)) for v in (0, 1))
        everything = p.range_(zero, size, step)

        def row(i):
            one = p.cast(p.equal(everything, i), dtype=target.dtype)
            return tuple(gradients(reshape_like(one, target)))

        specs = tuple(TensorSpec(s.shape_tuple, s.dtype) for s in sources)
        found = iter(map_fn(row, everything, fn_output_signature=specs) if sources else ())
        return [next(found) if wanted else None for wanted in connected]

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
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        unconnected = _unconnected(unconnected_gradients)
        target = convert_to_tensor(target)
        if None in (target.shape_tuple, source.shape_tuple) or not (target.shape_tuple and source.shape_tuple):
            raise ValueError("batch_jacobian needs a target and a source of rank at least 1")
        batch, inner = target.shape_tuple[0], target.shape_tuple[1:]
        if None not in (batch, source.shape_tuple[0]) and batch != source.shape_tuple[0]:
            raise ValueError(
                f"Need first dimension of target shape ({target.shape}) and source shape ({source.shape}) to match."
            )
        if None in inner or None in source.shape_tuple[1:]:
            raise NotImplementedError("batch_jacobian needs to know all dimensions but the first while tracing")
        count = int(np.prod(inner, dtype=np.int64))
        rows = []
        for i in range(count):
            one = np.zeros(count, target.dtype.np_dtype)
            one[i] = 1
            # The same element of each example: `_gradients` stretches it over the batch.
            weight = p.constant(value=one.reshape(1, *inner))
            rows.append(dense(self._gradients([target], [source], [weight], unconnected)[0]))
        if not self._persistent:
            self._stop()
        shape = (source.shape_tuple[0] if batch is None else batch, *inner, *source.shape_tuple[1:])
        if not rows or rows[0] is None:
            if unconnected is UnconnectedGradients.ZERO and None not in shape:
                return p.broadcast_to(p.constant(value=np.array(0, target.dtype.np_dtype)), shape=shape)
            return None
        return p.reshape(stack(rows, axis=1), shape=shape)

    def _stop(self):
        if self._recording:
            self._pop()
        self._reset_for_reuse()


def _values_of(leaf):
    """The values of a ragged or sparse tensor, which are what has a gradient of it."""
    if hasattr(leaf, "with_flat_values"):
        return leaf.flat_values
    return leaf.values if hasattr(leaf, "with_values") else leaf


def _with_values(structure):
    """A nest with the values of ragged and sparse tensors in the place of these."""
    leaves = nest.flatten(structure, nest.COMPOSITES_ARE_LEAVES)
    values = [_values_of(leaf) for leaf in leaves]
    if all(a is b for a, b in zip(leaves, values, strict=True)):
        return structure
    return nest.pack_sequence_as(structure, values, nest.COMPOSITES_ARE_LEAVES)


def _with_structures(structure, gradients):
    """Gradients of `_with_values(structure)`, those of ragged and sparse tensors as such."""
    leaves = nest.flatten(structure, nest.COMPOSITES_ARE_LEAVES)
    made = []
    for leaf, g in zip(leaves, nest.flatten(gradients, nest.COMPOSITES_ARE_LEAVES), strict=True):
        if g is None:
            made.append(None)
        elif hasattr(leaf, "with_flat_values"):
            made.append(leaf.with_flat_values(g))
        else:
            made.append(leaf.with_values(g) if hasattr(leaf, "with_values") else g)
    return nest.pack_sequence_as(structure, made, nest.COMPOSITES_ARE_LEAVES)


def _dtype_of(value):
    if not isinstance(value, (Tensor, VariableStorage)):
        raise not_a_tensor("the target of a gradient", value)
    return value.dtype


def not_a_tensor(what: str, value) -> Exception:
    """The error for a value that is no tensor: a number lacks its attributes, anything else is of the wrong type."""
    error = AttributeError if isinstance(value, (bool, int, float, complex, np.generic, np.ndarray)) else TypeError
    return error(
        page(
            f"{what} is a tensor or variable",
            got=f"{value!r} of type {type(value).__name__}",
            where=user_line(),
            fix="tf.constant before the tape's block, and tape.watch",
        )
    )


def _check_source(source):
    if not isinstance(source, (Tensor, VariableStorage, TensorList)):
        raise not_a_tensor("a source of a gradient", source)
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
