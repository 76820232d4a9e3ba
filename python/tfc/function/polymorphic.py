"""`PolymorphicFunction`: what `tf.function` makes of a Python function."""

import collections
import functools
import inspect
import itertools
import threading
import weakref

from tfc import autograph as autograph_room
from tfc.config import knobs
from tfc.core import Tensor, VariableStorage, executing_eagerly, recorders
from tfc.dtypes import TensorSpec
from tfc.errors import filter_traceback, page, user_line
from tfc.function import retracing
from tfc.function.compiler_ir import compiler_ir
from tfc.function.concrete import ConcreteFunction
from tfc.function.entry_points import entry_point
from tfc.function.guards import Snapshot
from tfc.function.initial import Pending
from tfc.function.serving import entry_for
from tfc.function.trace import trace
from tfc.ir import LOCK
from tfc.ops import nest
from tfc.ops.nest import Composite
from tfc.ops.shapes import UnknownRankError
from tfc.runtime import Function, register_key_kind
from tfc.tracing import (
    Bound,
    FunctionType,
    Parameter,
    Signature,
    TracingContext,
    current_graph,
    is_symbolic,
    unwrap_partial,
)

register_key_kind(Composite, "slow")
# Traces kept for other values of attributes that a function reads of its arguments, for each type of arguments.
OTHERS = 8
# The newest traces, among which a new one looks for the one it differs least from.
COMPARED = 32
# After so many traces because of one attribute, changes of it are not looked at any more.
ATTRIBUTE_RETRACES = 10


class _Recent(threading.local):
    """The object that a method was taken from last, until the call."""

    instance = None


_recent = _Recent()


class PolymorphicFunction(Function):
    """A function that is traced and compiled once for each kind of arguments, and then runs as compiled code.

    Made by `tf.function`. `f.python_function` is the Python function; `f.get_concrete_function(...)` one trace.
    """

    def __init__(self, python_function, name=None, input_signature=None, **options):
        super().__init__()
        plain = unwrap_partial(python_function)
        self._python_function = python_function
        self._name = name or getattr(plain, "__name__", type(plain).__name__)
        self._options = options
        self._autograph = options.get("autograph", True)
        self._features = options.get("experimental_autograph_options")
        self._reduce_retracing = bool(options.get("reduce_retracing"))
        self._input_signature = input_signature
        self._instance = options.get("instance")
        self._lazy_signature = None
        self._converted = None
        self._concretes: collections.OrderedDict = collections.OrderedDict()
        self._traces = 0
        self._seen_hits = 0
        self._why: list = []
        # Variables that traces captured: id -> weakref.
        self._captured = {}
        self._in_progress: list = []
        # Traces that were right for other values of attributes: type -> concrete functions, the newest last.
        self._others: dict = {}
        # How often an attribute made a trace necessary: (class, name) -> number; and those not looked at any more.
        self._changes: collections.Counter = collections.Counter()
        self._unguarded: set = set()
        self._per_rank = False
        if input_signature is not None:
            self._scalars_by_type = True
            if self._instance is None and not _takes_self(plain):
                # A bad input_signature is an error of the decorator.
                self._lazy_signature = Signature(python_function, input_signature)
        functools.update_wrapper(self, plain, updated=())
        self.__wrapped__ = python_function
        self.__name__ = self._name

    # What it is.

    @property
    def python_function(self):
        """The Python function."""
        instance = self._self()
        if instance is not None:
            return self._python_function.__get__(instance)
        return self._python_function

    @property
    def input_signature(self):
        return None if self._input_signature is None else tuple(self._input_signature)

    @property
    def function_spec(self):
        return self._signature

    @property
    def function_type(self):
        return self._signature.given

    @property
    def name(self) -> str:
        return self._name

    @property
    def _signature(self) -> Signature:
        if self._lazy_signature is None:
            self._lazy_signature = Signature(
                self._python_function, self._input_signature, skip_first=self._instance is not None
            )
        return self._lazy_signature

    @property
    def __signature__(self):
        return inspect.signature(self._python_function) if self._instance is None else self._signature.python

    def __repr__(self):
        return f"<tfc.function.PolymorphicFunction {self._name}{self.__signature__}>"

    def __reduce__(self):
        if self._instance is not None:
            return getattr, (self._self(), self._name)
        options = {k: v for k, v in self._options.items() if k != "instance"}
        return _rebuild, (self._python_function, self._name, self._input_signature, options)

    # Methods of instances.

    def _self(self):
        if self._instance is None:
            return None
        found = self._instance()
        if found is None:
            raise ReferenceError(f"the object whose method {self._name} is was deleted")
        return found

    def _bind(self, instance):
        try:
            reference = weakref.ref(instance)
        except TypeError:
            reference = lambda: instance
        # `Model().call(x)`: nobody else holds the object until the call.
        _recent.instance = instance
        options = {**self._options, "instance": reference}
        return type(self)(self._python_function, self._name, self._input_signature, **options)

    # Calls.

    def _call_slow(self, args, kwargs):
        held = _recent.instance  # until the end: calls inside make it forget
        try:
            return self._call_traced(args, kwargs)
        except Exception as e:
            # The outermost call shows the user's frames only; inside a trace all are kept for it.
            if knobs.filter_tracebacks and executing_eagerly():
                raise e.with_traceback(filter_traceback(e.__traceback__))
            raise
        finally:
            del held
            _recent.instance = None

    def _call_traced(self, args, kwargs):
        if knobs.run_functions_eagerly:
            return self.python_function(*args, **kwargs)
        if not executing_eagerly():
            with LOCK:
                concrete, bound = self._select(args, kwargs)
                return concrete.call_bound(bound)
        with LOCK:
            concrete, bound = self._select(args, kwargs)
            if concrete._pending is not None:
                return concrete.call_bound(bound)
        result = concrete.call_bound(bound)
        if not recorders():
            entry = entry_for(self, args, kwargs, concrete, bound)
            if entry is not None:
                self._insert(args, kwargs, entry)
        return result

    def _call_python(self, args, kwargs):
        """The Python function, converted by autograph, on placeholders."""
        if self._converted is None:
            self._converted = self._convert()
        instance = self._self()
        if instance is not None:
            args = [instance, *args]
        try:
            with autograph_room.apart(self._python_function, instance, args, kwargs):
                return self._converted(*args, **kwargs)
        except UnboundLocalError as e:
            autograph_room.name_unbound(e)
            raise

    @entry_point
    def get_initialization_function(self, *args, **kwargs):
        """A function of no arguments that gives the variables made on the first call their values.

        Traces for these arguments. Raises `RuntimeError` once the function has been called or traced; the result
        raises `ValueError` if an initial value depends on the arguments.
        """
        if self._concretes:
            raise RuntimeError("get_initialization_function cannot be called after the function has been used")
        concrete = self.get_concrete_function(*args, **kwargs)
        pending = concrete._pending

        def initialize():
            if pending is not None and not pending.try_lift():
                raise ValueError(
                    page(
                        f"the variables of {self._name} cannot be initialized before it is called: their initial "
                        "values depend on its arguments",
                        fix=f"call {self._name}",
                    )
                )

        return initialize

    def _convert(self):
        if not self._autograph:
            return self._python_function
        return autograph_room.convert(self._python_function, features=self._features or ())

    # Which trace.

    def _select(self, args, kwargs, specs: bool = False) -> tuple:
        """(concrete function, arguments in order) for a call; traces if there is none yet."""
        signature = self._signature
        bound = signature.bind(args, kwargs)
        for b in bound:
            if executing_eagerly() and is_symbolic(b.value):
                raise TypeError(
                    page(
                        f"{b.value!r} is out of scope: it is a symbolic tensor of a function that was traced",
                        got=f"made at {b.value.where()}",
                        where=user_line(),
                        fix="return it from the function that made it",
                    )
                )
        if signature.given is not None:
            bound = self._cast(bound)
            type_ = self._ranked(bound) if self._per_rank else signature.given
            return self._find(type_, bound, TracingContext()), bound
        context = TracingContext(specs)
        context.captured = self._captured
        return self._find(signature.types(bound, context), bound, context), bound

    def _cast(self, bound):
        given = self._signature.given
        names = [p.name for p in given.parameters]
        if [b.name for b in bound] != names:
            raise TypeError(
                f"Binding inputs to tf.function failed due to `the arguments {[b.name for b in bound]} do not match "
                f"input_signature`. Received {len(bound)} arguments for signature: {given}."
            )
        try:
            return given.cast(bound)
        except TypeError as e:
            raise TypeError(
                page(f"Binding inputs to tf.function failed due to `{e}`", want=str(given), where=user_line())
            ) from None

    def _find(self, type_, bound, context) -> ConcreteFunction:
        concretes = self._here()
        found = concretes.get(type_)
        if found is not None and not found.is_current():
            other = next((c for c in self._others.get(type_, ()) if c.is_current()), None)
            if other is None:
                return self._trace(type_, bound, context, self._note_changed(found))
            self._others[type_].remove(other)
            found = self._store(type_, other)
        if found is None:
            fitting = [
                (t, c) for t, c in concretes.items() if not t.exact and t.is_supertype_of(type_) and c.is_current()
            ]
            if fitting:
                best = fitting[0]
                for candidate in fitting[1:]:
                    if best[0].is_supertype_of(candidate[0]) and best[0] != candidate[0]:
                        best = candidate
                type_, found = best
        if found is not None:
            if concretes is self._concretes:
                concretes.move_to_end(type_)
            if executing_eagerly():
                retracing.called(self._python_function)
            return found
        return self._trace(type_, bound, context)

    def _ranked(self, bound):
        """The types of input_signature with the ranks that these arguments have."""
        given = self._signature.given
        actual = self._signature.types(bound, TracingContext())
        ranked = [
            Parameter(p.name, p.kind, p.type.with_rank_of(a.type))
            for p, a in zip(given.parameters, actual.parameters, strict=True)
        ]
        return FunctionType(ranked)

    def _here(self) -> dict:
        """The traces that may be used now: those of the graph around come first."""
        graph = current_graph()
        local = graph.local_traces(self) if graph is not None else None
        if not local:
            return self._concretes
        return {**local, **self._concretes}

    # Tracing.

    def _trace(self, type_, bound, context, why: str | None = None) -> ConcreteFunction:
        if self._reduce_retracing and self._signature.given is None:
            general = self._generalised(type_)
            if general.has_unknown_rank() and not type_.has_unknown_rank():
                try:
                    return self._trace_as(general, bound, context, why)
                except UnknownRankError:
                    # The function needs to know ranks.
                    general = self._generalised(type_, ranks=False)
            type_ = general
        return self._trace_as(type_, bound, context, why)

    def _trace_as(self, type_, bound, context, why: str | None) -> ConcreteFunction:
        if type_ in self._in_progress:
            raise RecursionError(
                page(
                    f"{self._name} calls itself with arguments of the same types while it is traced: the recursion "
                    f"never ends",
                    got=str(type_),
                    where=user_line(),
                    fix="recurse on a Python value, or use tf.while_loop",
                )
            )
        why = why or self._reason(type_)
        self._in_progress.append(type_)
        owners = self._owners(bound)
        try:
            concrete, before = self._trace_twice(type_, owners)
        except UnknownRankError:
            # The function needs to know ranks: one trace for each.
            if type_ != self._signature.given or self._per_rank or all(b.value is None for b in bound):
                raise
            ranked = self._ranked(bound)
            if ranked == type_:
                raise
            self._per_rank = True
            return self._find(ranked, bound, context)
        finally:
            self._in_progress.pop()
        self._note_traced(why)
        clash = [
            v
            for v in concrete.live_variables()
            if id(v) not in self._captured and any(v is a for a in context.variables)
        ]
        if clash and self._signature.given is None:
            # An argument is also used by its own name: this trace is for that variable alone.
            self._note_captured(concrete)
            again = TracingContext(context.specs)
            again.captured = self._captured
            return self._find(self._signature.types(bound, again), bound, again)
        self._note_captured(concrete)
        concrete.guard = Snapshot(owners).unchanged_since(before, self._unguarded)
        return self._store(type_, concrete)

    def _owners(self, bound) -> list:
        """The objects whose attributes a trace may have read: arguments, and the object whose method this is."""
        code = getattr(unwrap_partial(self._python_function), "__code__", None)
        if code is None:
            return []
        # Values whose trace type says what they hold need no guard.
        owners = [
            (b.value, code, b.name)
            for b in bound
            if b.name in code.co_varnames
            and not isinstance(b.value, (Tensor, VariableStorage, Composite))
            and not hasattr(b.value, "__tf_flatten__")
            and not hasattr(b.value, "__tf_tracing_type__")
        ]
        instance = self._instance() if self._instance is not None else None
        if instance is None:
            instance = getattr(self._python_function, "__self__", None)
        if instance is not None and code.co_argcount:
            owners.append((instance, code, code.co_varnames[0]))
        return owners

    def _store(self, type_, concrete):
        graph = current_graph()
        if any(is_symbolic(c) for c in concrete._graph.captured):
            graph.local_traces(self)[type_] = concrete
            return concrete
        before = self._concretes.get(type_)
        if before is not None and before is not concrete:
            others = self._others.setdefault(type_, [])
            others.append(before)
            del others[:-OTHERS]
        self._concretes[type_] = concrete
        while len(self._concretes) > knobs.trace_cache_limit:
            gone, _ = self._concretes.popitem(last=False)
            self._others.pop(gone, None)
        return concrete

    def _note_changed(self, concrete) -> str:
        """An attribute made another trace necessary: says which. If that happens again and again, it is not looked at
        any more.
        """
        changed = []
        for owner, name, then, now in concrete.guard.changed():
            changed.append(f"{owner.__name__}.{name}: {then!r} -> {now!r}")
            self._changes[owner, name] += 1
            if self._changes[owner, name] == ATTRIBUTE_RETRACES:
                self._unguarded.add((owner, name))
                retracing.fixed(self._name, f"{owner.__name__}.{name}", then, now)
        return "; ".join(changed)

    def _note_captured(self, concrete):
        for ref in concrete._captured_variables:
            variable = ref()
            if variable is not None and id(variable) not in self._captured:
                key = id(variable)
                self._captured[key] = weakref.ref(variable, lambda _, k=key: self._captured.pop(k, None))

    def _trace_twice(self, type_, owners: list) -> tuple:
        """(trace, attributes before it); if variables came into being, the trace in which they are there already."""
        before = Snapshot(owners)
        first, outputs = self._trace_once(type_, may_create=True)
        if not first.created:
            return self._made(ConcreteFunction(self._name, first, type_, outputs)), before
        pending = Pending(first, list(first.variables), list(first.created))
        before = Snapshot(owners)
        second, outputs = self._trace_once(type_, may_create=False)
        return self._made(ConcreteFunction(self._name, second, type_, outputs, pending)), before

    def _made(self, concrete: ConcreteFunction) -> ConcreteFunction:
        implements = self._options.get("experimental_implements")
        if implements is not None:
            concrete._graph.annotate("implements", str(implements))
        concrete.compile_options = (self._options.get("experimental_attributes") or {}).get("compile_options", {})
        return concrete

    def _trace_once(self, type_, may_create):
        code = getattr(unwrap_partial(self._python_function), "__code__", None)
        made = trace(
            self._name,
            self._call_python,
            type_,
            autograph=bool(self._autograph),
            may_create=may_create,
            code=code,
        )
        self._traces += 1
        return made

    def _generalised(self, type_, ranks: bool = True):
        """What this type and those of the other traces have in common; with `ranks` also of tensors of other ranks."""
        best = type_
        for other in reversed(self._concretes):
            common = best.common_supertype([other])
            if common is not None and (ranks or best.has_unknown_rank() or not common.has_unknown_rank()):
                best = common
        return best

    def _reason(self, type_) -> str | None:
        """What makes a trace for these types necessary, when there are others."""
        old = retracing.nearest(type_, list(itertools.islice(reversed(self._concretes), COMPARED)))
        return None if old is None else retracing.difference(type_, old)

    def _note_traced(self, why: str | None) -> None:
        line = user_line()
        self._why.append((why, str(line) if line else None))
        del self._why[:-20]
        if executing_eagerly():
            hits, self._seen_hits = self._hits - self._seen_hits, self._hits
            if why is None:
                why = retracing.NEW if self._instance is None else retracing.NEW_INSTANCE
            retracing.traced(self._python_function, repr(self._python_function), hits, why)

    # Public methods.

    @entry_point
    def compile_for(self, target: str, *args, **kwargs):
        """The kernels of the trace for these arguments, for a kind of GPU ("spirv", "nvptx:sm_90"): see
        `ConcreteFunction.compile_for`.
        """
        return self.get_concrete_function(*args, **kwargs).compile_for(target)

    @entry_point
    def get_concrete_function(self, *args, **kwargs) -> ConcreteFunction:
        """The trace for these arguments: tensors, Python values, or TensorSpecs in their place. Makes variables,
        too.
        """
        with LOCK:
            if self._signature.given is not None and not args and not kwargs:
                type_ = self._signature.given
                bound = [Bound(p.name, p.kind, None) for p in type_.parameters]
                concrete = self._find(type_, bound, TracingContext())
            else:
                concrete, _ = self._select(args, kwargs, specs=True)
            if concrete._pending is not None and executing_eagerly() and concrete._pending.try_lift():
                concrete._pending = None
        return concrete

    @entry_point
    def experimental_get_compiler_ir(self, *args, **kwargs):
        """A function of `stage` that gives the text of the trace for these arguments: tensors, or TensorSpecs.

        Stages: "hlo" and "optimized_hlo" (a listing in the notation of HLO), "stablehlo" (the trace in MLIR, in the tfc
        dialect), these with "_serialized", "optimized_hlo_dot", or a stage of the pipeline.
        Needs `jit_compile=True` and known shapes; `ValueError` otherwise.
        """
        if not self._options.get("jit_compile"):
            raise ValueError(
                "Compiler IR can only be returned for functions marked with 'jit_compile=True', "
                f"{self._name} is not: add it to the tf.function"
            )
        if not executing_eagerly():
            raise TypeError("experimental_get_compiler_ir cannot be called inside a function being traced")
        leaves = nest.flatten([args, kwargs])
        specs = [isinstance(x, TensorSpec) for x in leaves]
        if any(specs) and not all(specs):
            raise ValueError("experimental_get_compiler_ir takes either tensors or TensorSpecs, and not both")
        concrete = self.get_concrete_function(*args, **kwargs)
        unknown = next((s for s in concrete.specs if not s.shape.is_fully_defined()), None)
        if unknown is not None:
            raise ValueError(f"Only support static input shape but got: {unknown}")

        def text(stage="hlo", device_name=None, platform_name=None):
            return compiler_ir(concrete, stage)

        return text

    def experimental_get_tracing_count(self) -> int:
        """How often the Python function was traced: attempts that raised do not count."""
        return self._traces

    def pretty_printed_concrete_signatures(self, verbose: bool = True) -> str:
        """The signatures of all traces."""
        return "\n\n".join(c.pretty_printed_signature(verbose) for c in self._concretes.values())

    def explain_retracing(self) -> str:
        """One line for each of the last traces: what made it necessary."""
        lines = []
        for at, (why, line) in enumerate(self._why):
            lines.append(f"trace {at + 1}{f' at {line}' if line else ''}: {why or 'the first call'}")
        return "\n".join(lines) or f"{self._name} has not been traced"

    def clear_cache(self) -> None:
        """Forgets all traces. Variables stay."""
        self._concretes.clear()
        self._others.clear()
        self._clear_cache()

    def _decorate(self, decorator):
        if self._concretes:
            raise ValueError("Functions cannot be decorated after they have been traced.")
        self._python_function = decorator(self._python_function)
        self._lazy_signature = self._converted = None


def _rebuild(python_function, name, input_signature, options):
    return PolymorphicFunction(python_function, name, input_signature, **options)


def _takes_self(function) -> bool:
    """Whether it looks like a method that is not bound yet."""
    code = getattr(function, "__code__", None)
    return code is not None and code.co_argcount > 0 and code.co_varnames[0] == "self"
