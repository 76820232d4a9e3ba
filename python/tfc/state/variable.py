"""`Variable`: a named, mutable tensor."""

import enum

import numpy as np

from tfc._native import device_of
from tfc.config.devices import device_name, placed
from tfc.core import Tensor, VariableStorage, argument_error, current, executing_eagerly, outside
from tfc.dtypes import TensorShape, as_dtype, as_shape, string
from tfc.errors import page, user_line
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.state.creators import creators, current_name_scope
from tfc.state.string_variable import KEY_TAG, StringStorage
from tfc.tensor import Reference, attach_operators


class VariableSynchronization(enum.Enum):
    """Accepted for compatibility: there is one device."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """Accepted for compatibility: there is one device."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


# The bit of a variable's key for one that is not trainable.
_FIXED = 1


class _VariableMeta(type):
    """Lets creator scopes decide what `Variable(...)` makes."""

    def __call__(cls, *args, **kwargs):
        if cls is not Variable or not creators():
            return super().__call__(*args, **kwargs)
        given = dict(zip(_PARAMETERS, args, strict=False), **kwargs)

        def make(**final):
            return super(_VariableMeta, cls).__call__(**final)

        chain = make
        for creator in creators():
            chain = _link(creator, chain)
        return chain(**{**_DEFAULTS, **given})


def _link(creator, following):
    def made(**kwargs):
        return creator(following, **kwargs)

    return made


class Variable(VariableStorage, metaclass=_VariableMeta):
    """A mutable tensor: `Variable(initial_value, trainable=True, name=None, dtype=None, constraint=None, shape=None)`.

    `initial_value`: anything that converts to a tensor, or a function of no arguments that returns such (evaluated
    outside of
    functions being traced). `shape` may be less specific than the initial value's: later values may then have other
    sizes.
    Created while a function is traced, a variable gets its value when the function runs first.
    """

    def __init__(
        self,
        initial_value=None,
        trainable=None,
        validate_shape=True,
        caching_device=None,
        name=None,
        variable_def=None,
        dtype=None,
        import_scope=None,
        constraint=None,
        synchronization=VariableSynchronization.AUTO,
        aggregation=VariableAggregation.NONE,
        shape=None,
        experimental_enable_variable_lifting=True,
    ):
        if initial_value is None:
            raise ValueError(
                "The `initial_value` arg to `tf.Variable` must be specified except when you are not providing a "
                "`variable_def`. You provided neither."
            )
        if constraint is not None and not callable(constraint):
            raise ValueError(f"Argument `constraint` must be None or a callable. a callable. Got a {constraint!r}")
        value = _initial(initial_value, dtype)
        static = TensorShape(value.shape_tuple)
        declared = (static if validate_shape else TensorShape(None)) if shape is None else as_shape(shape)
        if not declared.is_compatible_with(static):
            raise ValueError(
                f"The initial value's shape ({static}) is not compatible with the explicitly supplied `shape` argument "
                f"({declared})."
            )
        on_read = synchronization is VariableSynchronization.ON_READ
        self.trainable = not on_read if trainable is None else bool(trainable)
        self.constraint = constraint
        self.synchronization, self.aggregation = synchronization, aggregation
        self._shared_name = f"{current_name_scope()}{name or 'Variable'}"
        self._created_at = user_line()
        if value.dtype is string:
            _hold_strings(self, declared.dims, value if executing_eagerly() else None)
        elif executing_eagerly():
            super().__init__(value.dtype, declared.dims, value)
            placed(self)
        else:
            super().__init__(value.dtype, declared.dims)
        if not executing_eagerly():
            current().create_variable(self, value)

    # What it is.

    @property
    def trainable(self) -> bool:
        return not self._key_tag & _FIXED

    @trainable.setter
    def trainable(self, value):
        # What a trace does for a variable depends on it: tapes do not watch others.
        self._key_tag = self._key_tag & ~_FIXED if value else self._key_tag | _FIXED

    @property
    def name(self) -> str:
        return self._shared_name + ":0"

    @property
    def shape(self) -> TensorShape:
        """The declared shape."""
        return TensorShape(self.shape_tuple)

    def get_shape(self) -> TensorShape:
        return self.shape

    @property
    def ndim(self) -> int | None:
        return self.shape.rank

    @property
    def device(self) -> str:
        """Where its value is: a GPU, once it was made or used there."""
        return device_name(device_of(self))

    @property
    def handle(self):
        return self

    @property
    def initial_value(self):
        raise RuntimeError("This property is not supported when eager execution is enabled.")

    @property
    def initializer(self):
        raise RuntimeError("This property is not supported when eager execution is enabled.")

    def is_initialized(self, name=None):
        """Whether it has a value."""
        return convert_to_tensor(self.initialized)

    def ref(self) -> Reference:
        return Reference(self)

    experimental_ref = ref

    # Its value.

    def value(self) -> Tensor:
        return p.read_variable(self)

    def read_value(self) -> Tensor:
        """The value now: a tensor that does not change when the variable does."""
        return p.read_variable(self)

    def numpy(self) -> np.ndarray:
        """A copy of the value; `NotImplementedError` while tracing."""
        if not executing_eagerly():
            raise NotImplementedError("numpy() is only available when eager execution is enabled.")
        return p.read_variable(self).numpy()

    def eval(self, session=None):
        return self.numpy()

    def assign(self, value, use_locking=False, name=None, read_value=True):
        """Sets the value, and returns the variable. Another shape or dtype raises `ValueError`."""
        value = self._operand(value)
        if not TensorShape(value.shape_tuple).is_compatible_with(self.shape_tuple):
            raise ValueError(
                page(
                    f"Cannot assign value to variable '{self.name}': Shape mismatch.The variable shape {self.shape}, "
                    f"and the "
                    f"assigned value shape {TensorShape(value.shape_tuple)} are incompatible.",
                    where=user_line(),
                    fix="tf.Variable(..., shape=tf.TensorShape(None)) for values of several shapes",
                )
            )
        p.assign_variable(self, _as_declared(value, self.shape_tuple))
        return self if read_value else None

    def assign_add(self, delta, use_locking=False, name=None, read_value=True):
        """Adds to the value, and returns the variable. `delta` has the variable's shape."""
        return self._update(p.add, delta, read_value, "AssignAddVariableOp")

    def assign_sub(self, delta, use_locking=False, name=None, read_value=True):
        """Subtracts from the value, and returns the variable. `delta` has the variable's shape."""
        return self._update(p.sub, delta, read_value, "AssignSubVariableOp")

    def _update(self, prim, delta, read_value, kind):
        delta = self._operand(delta)
        value = p.read_variable(self)
        if not TensorShape(delta.shape_tuple).is_compatible_with(value.shape_tuple):
            raise argument_error(
                None,
                None,
                page(
                    f"Cannot update variable '{self.name}' with shape {self.shape} using a Tensor with shape "
                    f"{TensorShape(delta.shape_tuple)}, shapes must be equal.",
                    where=user_line(),
                    fix="tf.broadcast_to",
                ),
            )
        p.assign_variable(self, prim(value, _as_declared(delta, value.shape_tuple)))
        current().note_update(kind)
        return self if read_value else None

    def _operand(self, value) -> Tensor:
        if isinstance(value, VariableStorage):
            value = p.read_variable(value)
        return convert_to_tensor(value, self.dtype)

    def initialized_value(self):
        return self.read_value()

    def count_up_to(self, limit):
        raise NotImplementedError("count_up_to is not supported: use assign_add and an assertion")

    def set_shape(self, shape) -> None:
        if not self.shape.is_compatible_with(shape):
            raise ValueError(f"Shape {as_shape(shape)} does not fit the variable's shape {self.shape}")

    # Python's protocols.

    def __array__(self, dtype=None, copy=None):
        return np.asarray(p.read_variable(self), dtype)

    def __dlpack__(self, **kwargs):
        return p.read_variable(self).__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return (1, 0)

    def __bool__(self):
        return bool(p.read_variable(self))

    def __int__(self):
        return int(p.read_variable(self))

    def __float__(self):
        return float(p.read_variable(self))

    def __complex__(self):
        return complex(p.read_variable(self))

    def __index__(self):
        return p.read_variable(self).__index__()

    def __len__(self):
        return len(p.read_variable(self))

    def __iter__(self):
        return iter(p.read_variable(self))

    def __hash__(self):
        raise TypeError("Variable is unhashable. Instead, use variable.ref() as the key.")

    def __deepcopy__(self, memo):
        if not executing_eagerly():
            raise NotImplementedError("__deepcopy__() is only available when eager execution is enabled.")
        made = _copy(self)
        memo[id(self)] = made
        return made

    def __reduce__(self):
        return _restore, (
            self.numpy(), self.trainable, self._shared_name, self.dtype.name, self.shape_tuple, self.constraint,
        )  # fmt: skip

    def __repr__(self):
        text = f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}"
        if executing_eagerly():
            shown = repr(self.numpy()) if self.initialized else "<uninitialized>"
            if self.initialized and not self.shape_tuple and self.shape_tuple is not None:
                shown = str(self.numpy())
            return f"{text}, numpy={chr(10) if chr(10) in shown else ''}{shown}>"
        return text + ">"

    def __str__(self):
        return repr(self)


_PARAMETERS = (
    "initial_value", "trainable", "validate_shape", "caching_device", "name", "variable_def", "dtype", "import_scope",
    "constraint", "synchronization", "aggregation", "shape", "experimental_enable_variable_lifting",
)  # fmt: skip
_DEFAULTS = dict(
    zip(
        _PARAMETERS,
        (
            None, None, True, None, None, None, None, None, None, VariableSynchronization.AUTO,
            VariableAggregation.NONE, None, True,
        ),
        strict=True,
    )
)  # fmt: skip


def _initial(initial_value, dtype) -> Tensor:
    if callable(initial_value) and not isinstance(initial_value, (Tensor, VariableStorage)):
        # A function is evaluated where its result is a number, as far as that is possible.
        with outside():
            initial_value = initial_value()
    dtype = None if dtype is None else as_dtype(dtype)
    if isinstance(initial_value, (Tensor, VariableStorage)):
        return convert_to_tensor(initial_value, dtype)
    if _has_symbolic(initial_value):
        return convert_to_tensor(initial_value, dtype)
    with outside():
        return convert_to_tensor(initial_value, dtype)


def _has_symbolic(value) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_has_symbolic, value))
    return isinstance(value, (Tensor, VariableStorage))


class StringVariable(StringStorage, Variable):
    """A variable with strings: `Variable` makes it."""


def _hold_strings(variable, dims, value) -> None:
    variable.__class__ = StringVariable
    VariableStorage.__init__(variable, StringStorage.STORED, dims)
    variable._key_tag |= KEY_TAG
    if value is not None:
        variable._assign(value)


def _as_declared(value, dims) -> Tensor:
    """A value of unknown sizes, checked when it runs: it has the sizes that the variable's shape knows."""
    if dims is None or value.shape_tuple == dims or TensorShape(value.shape_tuple).is_subtype_of(dims):
        return value
    return p.ensure_shape(value, shape=dims)


def _copy(variable) -> "Variable":
    return _restore(
        variable.numpy(), variable.trainable, variable._shared_name, variable.dtype.name, variable.shape_tuple,
        variable.constraint,
    )  # fmt: skip


def _restore(array, trainable, name, dtype, dims, constraint):
    made = Variable.__new__(Variable)
    if as_dtype(dtype) is string:
        _hold_strings(made, dims, array)
    else:
        VariableStorage.__init__(made, as_dtype(dtype), dims, array)
    made.trainable, made.constraint, made._shared_name = trainable, constraint, name
    made.synchronization, made.aggregation = VariableSynchronization.AUTO, VariableAggregation.NONE
    made._created_at = None
    return made


def stand_in(dtype, dims, trainable, name) -> Variable:
    """A variable without storage of its own: what an argument is while a function is traced."""
    made = Variable.__new__(Variable)
    if dtype is string:
        _hold_strings(made, dims, None)
    else:
        VariableStorage.__init__(made, dtype, dims)
    made.trainable, made.constraint, made._shared_name = trainable, None, name or "variable"
    made.synchronization, made.aggregation = VariableSynchronization.AUTO, VariableAggregation.NONE
    made._created_at = None
    return made


attach_operators(Variable)
