"""Values of a function being traced: tensors and lists without numbers, and the scopes they live in."""

from tfc.core import Tensor, TensorList, current
from tfc.dtypes import TensorShape
from tfc.errors import OperatorNotAllowedInGraphError, page, user_line, why_plain
from tfc.ir import describe_type, kind_of, stack_text, type_spec
from tfc.tracing.known import Known, real


class Scope:
    """A block that ops are being put into. Its values are usable while it is open, there and in inner scopes.

    `captures`: values of outer scopes that were used inside, by id, in order. `variables`: those used inside, by id;
    `written`: the ids of those that may have been written.
    """

    __slots__ = (
        "captures",
        "erased",
        "graph",
        "merged",
        "numbers",
        "open",
        "parent",
        "raw_block",
        "raw_point",
        "region",
        "variables",
        "written",
    )

    def __init__(self, graph, block, point, parent=None, region=False):
        self.graph = graph
        # Whether it is a block of an op of the scope around it.
        self.region = region
        # None in a trace of which nothing is built.
        self.raw_block, self.raw_point = block, point
        self.parent = parent
        self.open = True
        self.merged = None
        # The ops inside are no more: values must not be looked at.
        self.erased = False
        self.captures: dict = {}
        self.variables: dict = {}
        self.written: set = set()
        # MLIR values of scalar constants, by dtype and bytes.
        self.numbers: dict = {}

    def enter(self, block, point) -> None:
        """The block exists now."""
        self.raw_block, self.raw_point = block, point

    @property
    def block(self):
        self.graph.show()
        return self.raw_block

    @property
    def point(self):
        self.graph.show()
        return self.raw_point

    @point.setter
    def point(self, point):
        self.raw_point = point

    def gone(self) -> bool:
        """Whether the ops inside were taken back."""
        scope = self
        while scope is not None and not scope.erased:
            scope = scope.parent
        return scope is not None

    def alive(self) -> bool:
        scope = self
        while scope.merged is not None:
            scope = scope.merged
        return scope.open


_NO_VALUE = {
    "numpy": "its value is known when the function runs, not while it is traced",
    "_view": "its value is known when the function runs, not while it is traced",
    "tolist": "its value is known when the function runs, not while it is traced",
    "item": "its value is known when the function runs, not while it is traced",
}


class SymbolicTensor(Tensor):
    """A tensor of a function being traced: an `mlir.ir.Value` with a dtype and a static shape. `raw` is the value, or
    what stands for it in a trace that is not built; `value` builds it.

    `const` is its value as a numpy array where tracing knows it, `partial` the known sizes in a vector of sizes.
    """

    __slots__ = (
        "__weakref__",
        "_name",
        "const",
        "dtype",
        "partial",
        "raw",
        "scope",
        "shape_tuple",
        "stack",
    )

    symbolic = True

    def __init__(self, value, scope, stack=(), name=None, const=None, partial=None):
        self.raw = value
        self.scope = scope
        if type(value) is Known:
            self.dtype, self.shape_tuple = value.dtype, value.dims
        else:
            self.dtype, self.shape_tuple = describe_type(value.type)
        if self.shape_tuple is None:
            scope.graph.has_unranked = True
        self.stack = stack
        self._name = name
        self.const = const
        self.partial = partial

    @property
    def value(self):
        self.scope.graph.show()
        self.raw = real(self.raw)
        return self.raw

    @value.setter
    def value(self, value):
        self.raw = value

    @property
    def graph(self):
        """The graph that it belongs to."""
        return self.scope.graph

    @property
    def name(self) -> str:
        """The name of the op that makes it, with the number of the result."""
        return self._name if self._name and ":" in self._name else f"{self.op_name}:0"

    def rename(self, name: str, output: int) -> None:
        """Calls it the result number `output` of the op `name`."""
        self._name = f"{name}:{output}" if output else name

    @property
    def op_name(self) -> str:
        return (self._name or "Placeholder").partition(":")[0]

    @property
    def op(self):
        """The operation that makes it, as `graph.get_operations()` shows it."""
        return self.scope.graph.operation_of(self)

    @property
    def device(self) -> str:
        return "/device:CPU:0"

    def set_shape(self, shape) -> None:
        """Adds what is known of the shape; `ValueError` if it contradicts."""
        want = TensorShape(self.shape_tuple).merge_with(shape)
        if want.dims != self.shape_tuple:
            self.scope.graph.refine(self, want.dims)

    def where(self) -> str | None:
        """The user's line that made it."""
        return stack_text(self.stack)

    def _refuse(self, what):
        graph, fix = self.scope.graph, None
        plain = why_plain() if graph.autograph else None
        if plain is not None:
            why = f"AutoGraph did not convert {plain[0]!r}, which runs as plain Python: {plain[1]}"
            fix = "tf.cond, tf.while_loop or tf.where there, or a function that can be converted"
        elif graph.autograph:
            why = (
                "AutoGraph did convert this function. This might indicate you are trying to use an unsupported feature."
            )
        else:
            why = "AutoGraph is disabled in this function. Try decorating it directly with @tf.function."
        return OperatorNotAllowedInGraphError(
            page(f"{what} is not allowed: {why}", got=repr(self), where=user_line(), fix=fix)
        )

    def __bool__(self):
        raise self._refuse("Using a symbolic `tf.Tensor` as a Python `bool`")

    def __iter__(self):
        raise self._refuse("Iterating over a symbolic `tf.Tensor`")

    def _number(self, kind):
        line = user_line()
        return TypeError(
            page(
                f"{kind}() argument must be a number, not a symbolic `tf.Tensor`: its value is known when the function "
                "runs, not while it is traced",
                got=repr(self),
                where=line,
                fix=f"tf.cast(x, tf.{ {'int': 'int32', 'float': 'float32'}.get(kind, 'complex64') })",
            )
        )

    def __int__(self):
        raise self._number("int")

    def __float__(self):
        raise self._number("float")

    def __complex__(self):
        raise self._number("complex")

    def __index__(self):
        if self.const is not None and self.const.ndim == 0 and self.dtype.is_integer:
            return int(self.const)
        raise TypeError(
            page(
                "a symbolic `tf.Tensor` cannot be used as a Python index: its value is known when the function runs",
                got=repr(self),
                where=user_line(),
                fix="tf.range instead of range, tf.gather instead of indexing a list",
            )
        )

    def __array__(self, *args, **kwargs):
        raise NotImplementedError(
            page(
                f"Cannot convert a symbolic tf.Tensor ({self.name}) to a numpy array. This error may indicate that "
                f"you're "
                "trying to pass a Tensor to a NumPy call, which is not supported.",
                got=repr(self),
                where=user_line(),
                fix="the function of the same name in tf or tf.math",
            )
        )

    def __getattr__(self, name):
        text = f"'{type(self).__name__}' object has no attribute '{name}'"
        if name in _NO_VALUE:
            text = page(f"{text}: {_NO_VALUE[name]}", got=repr(self), where=user_line(), fix="return the tensor")
        raise AttributeError(text)

    def __repr__(self):
        return f"<tf.Tensor '{self.name}' shape={TensorShape(self.shape_tuple)} dtype={self.dtype.name}>"

    def __str__(self):
        shape = "" if self.shape_tuple is None else f", shape={TensorShape(self.shape_tuple)}"
        return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name})'

    def __format__(self, spec):
        return str(self)

    def __reduce__(self):
        raise TypeError(f"{self!r} cannot be pickled: it has no value")

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def eval(self, *args, **kwargs):
        raise NotImplementedError("eval is not supported, tf.function returns values")


class Elements:
    """What a list and all lists made from it hold, through loops and branches: it is known only after a first write."""

    __slots__ = ("spec",)

    def __init__(self, spec):
        self.spec = spec

    def note(self, spec) -> None:
        """An element of this kind is set."""
        if self.spec.shape.rank is None:
            self.spec = type(spec)(spec.shape, self.spec.dtype)
        elif spec.shape.rank is not None:
            shape = self.spec.shape.most_specific_compatible_shape(spec.shape)
            self.spec = type(spec)(shape, self.spec.dtype)


class SymbolicList(TensorList):
    """A list value of a function being traced: what a TensorArray holds there."""

    __slots__ = ("__weakref__", "count", "dynamic_size", "elements", "scope", "stack", "value")

    symbolic = True

    def __init__(self, value, scope, stack=(), dynamic_size=False, elements=None, count=None):
        self.value = value
        self.scope = scope
        self.elements = elements or Elements(type_spec(kind_of(value.type)[1]))
        self.dynamic_size = dynamic_size
        self.count = count
        self.stack = stack

    @property
    def element(self):
        """What is known of each element: from how the list was made, and from the elements set so far."""
        return self.elements.spec

    @property
    def dtype(self):
        return self.element.dtype

    @property
    def raw(self):
        return self.value

    @property
    def is_unwritten(self) -> bool:
        return getattr(self.value.owner, "name", None) == "tfc.list_create"

    def created_with(self) -> SymbolicTensor:
        """The size of a list to which nothing was written."""
        return SymbolicTensor(self.value.owner.operands[0], self.scope, self.stack)

    def where(self) -> str | None:
        return stack_text(self.stack)

    def __repr__(self):
        return f"<list of tensors, each {self.element}>"


def is_symbolic(x) -> bool:
    """Whether `x` is a value of a function being traced."""
    return type(x) is SymbolicTensor or type(x) is SymbolicList


def current_graph():
    """The graph being traced by this thread, or None."""
    interpreter = current()
    return None if interpreter.eager else interpreter
