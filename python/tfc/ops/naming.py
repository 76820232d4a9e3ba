"""`name=` of public operations: in a function being traced, the name of the operation that makes the result."""

import inspect
import types

from tfc.core.state import STATE
from tfc.ops.refused import FROM_INSIDE, clear, guard_class, guarded

# Functions that call the user's: what is traced inside is not part of the operation.
_CALLING = frozenset(
    {
        "case", "cond", "foldl", "foldr", "map_fn", "numpy_function", "py_function", "scan", "switch_case",
        "vectorized_map", "while_loop",
    }
)  # fmt: skip
# Functions whose `name` means something else.
_EXCEPT = frozenset({"function", "device", "name_scope"})


# Public functions that are one operation in TensorFlow, and several here: type, name.
_WHOLE = {
    "relu": ("Relu", "Relu"), "relu6": ("Relu6", "Relu6"), "elu": ("Elu", "Elu"), "selu": ("Selu", "Selu"),
    "leaky_relu": ("LeakyRelu", "LeakyRelu"), "softplus": ("Softplus", "Softplus"),
    "softsign": ("Softsign", "Softsign"), "softmax": ("Softmax", "Softmax"),
    "log_softmax": ("LogSoftmax", "LogSoftmax"), "square": ("Square", "Square"),
    "reciprocal": ("Reciprocal", "Reciprocal"), "rint": ("Rint", "Rint"),
    "squared_difference": ("SquaredDifference", "SquaredDifference"),
    "divide_no_nan": ("DivNoNan", "div_no_nan"), "stack": ("Pack", "stack"), "unstack": ("Unpack", "unstack"),
    "split": ("Split", "split"), "add_n": ("AddN", "AddN"), "bias_add": ("BiasAdd", "BiasAdd"),
    "l2_loss": ("L2Loss", "L2Loss"), "einsum": ("Einsum", "einsum/Einsum"), "tile": ("Tile", "Tile"),
    "one_hot": ("OneHot", "one_hot"), "fill": ("Fill", "Fill"), "reduce_mean": ("Mean", "Mean"),
    "top_k": ("TopKV2", "TopKV2"),
}  # fmt: skip

# Functions of values that are no tensors, asked where an operation does not take its arguments.
_dispatchers: list = []


def register_dispatch(dispatch) -> None:
    """`dispatch(function, public name, args, kwargs)` gives a result, or NotImplemented."""
    _dispatchers.append(dispatch)


def publish(namespace: dict, names=None) -> None:
    """Makes the public functions of a module of the API (given as its `globals()`) obey their argument `name`, and what
    Python raises inside of public functions and methods an error of their arguments.

    Eager execution has no use for names, so only the API pays for looking at them: operations call each other directly.
    `names` are the public ones where not all names without an underscore are.
    """
    module = namespace["__name__"]
    for public, value in list(namespace.items()):
        if isinstance(value, types.SimpleNamespace):
            members = vars(value)
            members.update({name: published(member, name, f"{module}.{public}") for name, member in members.items()})
        elif not public.startswith("_") if names is None else public in names:
            namespace[public] = published(value, public, module)
    namespace.pop("publish", None)  # no name of the API


def published(value, public: str, module: str):
    """What stands for `value` under the name `public` in a module of the API: `publish` for one name."""
    if isinstance(value, type):
        guard_class(value, public, module)
        return value
    if not isinstance(value, types.FunctionType) or not value.__module__.startswith("tfc"):
        return value
    if hasattr(value, "__tfc_operation__"):
        return value
    code = (inspect.unwrap(value) if hasattr(value, "__wrapped__") else value).__code__
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if "name" not in parameters or public in _EXCEPT:
        takes = parameters or code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
        return guarded(value, public, module) if takes else value
    position = parameters.index("name")
    if position >= code.co_argcount:
        position = 2**31
    return _named(value, position, public, module)


def operation(function):
    """The operation behind a public function that `publish` made; other callables as they are."""
    return getattr(function, "__tfc_operation__", function) if type(function) is types.FunctionType else function


def _dispatched(function, public, args, kwargs):
    """What the first dispatcher that takes the arguments makes of them; NotImplemented if there is none."""
    for dispatch in _dispatchers:
        result = dispatch(function, public, args, kwargs)
        if result is not NotImplemented:
            return result
    return NotImplemented


def in_place_of(made, function):
    """`made`, which takes the place of a public function, for arguments that only `function` knows what to do with."""
    public = function.__qualname__
    calling = public in _CALLING
    kind, whole_name = _WHOLE.get(public, (None, None))

    def call(*args, **kwargs):
        # The user's functions run once: what they raise says nothing about the arguments.
        if calling:
            result = _dispatched(function, public, args, kwargs)
            return made(*args, **kwargs) if result is NotImplemented else result
        try:
            if kind is None or STATE.interpreter.eager:
                return made(*args, **kwargs)
            return STATE.interpreter.whole(kind, whole_name, made, args, kwargs)
        except (TypeError, ValueError, AttributeError) as error:
            refused = error
        try:
            result = _dispatched(function, public, args, kwargs)
            if result is NotImplemented:
                raise refused
            return result
        finally:
            del refused  # whose traceback knows this frame

    return call


# Where public functions of these names are TensorFlow's operations.
_OPERATIONS = frozenset({"tfc", "tfc.api.math", "tfc.api.nn"})


def _named(function, position: int, public: str, module: str):
    calling = public in _CALLING
    kind, whole_name = _WHOLE.get(public, (None, None)) if module in _OPERATIONS else (None, None)

    def run(args, kwargs):
        name = kwargs.get("name")
        if name is None and len(args) > position:
            name = args[position]
        if STATE.interpreter.eager or (name is None and kind is None):
            return function(*args, **kwargs)
        if name is None:
            return STATE.interpreter.whole(kind, whole_name, function, args, kwargs)
        return STATE.interpreter.named(name, calling, function, args, kwargs, kind)

    # How many arguments need no look at the name.
    usual = position if kind is None else -1

    def otherwise(refused, args, kwargs):
        """What a dispatcher makes of arguments that the operation refused."""
        try:
            try:
                result = NotImplemented if calling else _dispatched(function, public, args[:position], kwargs)
            except FROM_INSIDE as error:
                refused, result = error, NotImplemented
            if result is NotImplemented:
                raise clear(refused, public, module, args, kwargs)
            return result
        finally:
            # Its traceback knows this frame: a cycle would keep the arguments.
            del refused

    if calling:

        def call(*args, **kwargs):
            # The user's functions run once: what they raise says nothing about the arguments.
            try:
                result = _dispatched(function, public, args[:position], kwargs)
                return run(args, kwargs) if result is NotImplemented else result
            except FROM_INSIDE as error:
                refused = error
            try:
                return otherwise(refused, args, kwargs)
            finally:
                del refused

    else:

        def call(*args, **kwargs):
            # The usual call first: this runs before every operation.
            try:
                return function(*args) if not kwargs and len(args) <= usual else run(args, kwargs)
            except FROM_INSIDE as error:
                refused = error
            try:
                return otherwise(refused, args, kwargs)
            finally:
                del refused

    # What `functools.wraps` does, for hundreds of functions when a program begins.
    call.__dict__.update(function.__dict__, __wrapped__=function, __tfc_operation__=function)
    call.__name__, call.__doc__, call.__annotations__ = function.__name__, function.__doc__, function.__annotations__
    # Where pickle finds it.
    call.__module__, call.__qualname__ = module, public
    return call
