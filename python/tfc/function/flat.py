"""`FlatFunction`: a traced function on flat lists, with its compiled code."""

import functools
import weakref

from tfc.compiler import (
    CompiledCode,
    DeviceCode,
    Job,
    compile_entry,
    compile_in_background,
    compile_kernels,
    explain,
    load_kept,
    run_stages,
    specialize,
)
from tfc.config import optimizer
from tfc.config.devices import current_gpu
from tfc.config.gpus import gpus, nvptx_options
from tfc.core import EagerTensor, TensorList, current, is_symbolic
from tfc.dtypes import TensorSpec
from tfc.errors import InvalidArgumentError, OutOfRangeError, page, user_line
from tfc.ir import (
    LOCK,
    BuildError,
    kind_of,
    location_text,
    mlir,
    python_value,
    strings_exist,
    tensor_type,
    type_spec,
    user_stack,
    walk,
)
from tfc.ops import primitives as p
from tfc.runtime import Executable
from tfc.tracing import FuncGraph, SymbolicTensor, replay

# Shapes for which one trace has code of its own; more of them run the code for unknown sizes.
SPECIALIZATIONS = 16

DELETED = (
    "Called a function referencing variables which have been deleted. This likely means that function-local "
    "variables were "
    "created and not referenced elsewhere in the program. This is generally a mistake; consider storing variables in "
    "an "
    "object attribute on first call."
)


class _Refuted(InvalidArgumentError):
    """Some op of a trace does not accept these shapes."""


class FlatFunction:
    """One trace. It takes tensors (parameters, then captured ones) and variables (parameters, then captured ones)."""

    def __init__(self, name: str, graph: FuncGraph):
        self._name = name
        self._graph = graph
        # Those of `tf.config.optimizer` that hold for this function.
        self.compile_options: dict = {}
        given = len(graph.variable_inputs)
        captured = graph.variables[given:]
        self._captured_variables = [weakref.ref(v) for v in captured]
        self._variable_names = [getattr(v, "name", "a variable") for v in captured]
        self._executables: dict = {}
        self._result_shapes: dict = {}
        self._rank_varies: dict = {}  # by shapes
        self._dynamic: dict = {}  # code for unknown sizes, by GPU (None: the CPU)
        # The GPU that a `tf.device` inside the function named.
        self.gpu: int | None = getattr(graph, "gpu", None)
        # Code that was compiled before, for any sizes: a function that gives an `Executable`, or None.
        self.stored = None
        # What `gradient` made of it: see there.
        self._pair = None
        # Whether it leaves something behind, once that is known: see `gradient`.
        self._changes: bool | None = None
        # The same without effects, once derivatives needed that: see `gradient`.
        self._pure: FlatFunction | None = None
        self._pure_of: FlatFunction | None = None
        # The function that this is the forward function of, if it has to run again for higher orders.
        self._forward_of: FlatFunction | None = None
        # The graph holds variables weakly from now on.
        graph.variables, graph.variable_refs = None, self._captured_variables
        graph.release()

    def live_variables(self) -> list:
        """The captured variables; `AssertionError` if one was deleted."""
        found = [ref() for ref in self._captured_variables]
        if None in found:
            name = self._variable_names[found.index(None)]
            raise AssertionError(page(DELETED, got=f"deleted: {name}", where=user_line()))
        return found

    def variable_names(self) -> list:
        """The names of the variables it takes, None for parameters."""
        given = len(self._graph.handles) - len(self._variable_names)
        return [None] * given + [name.removesuffix(":0") for name in self._variable_names]

    def call_flat(self, tensors: list, variables: list) -> list:
        """Flat results; in a trace, those of a call."""
        interpreter = current()
        if not interpreter.eager:
            stack = user_stack(2)
            results = interpreter.call(self._graph, [*tensors, *variables], variables, stack, self._name)
            results = self._refined(results, [getattr(t, "shape_tuple", None) for t in tensors])
            return self._refined_by_values(results, tensors, variables)
        for t in tensors:
            if type(t) is not EagerTensor and is_symbolic(t):
                raise _out_of_scope(t)
        shapes = [t.shape_tuple for t in tensors]
        if self.runs_op_by_op(shapes):
            return self.replayed(tensors, variables)
        executable = self.executable_for(shapes, wait=False)
        if executable is None:  # still being compiled
            return self.replayed(tensors, variables)
        return executable.call([*tensors, *variables])

    def runs_op_by_op(self, shapes: list) -> bool:
        """Whether a call with tensors of these shapes is interpreted: always (`is_replayed`), or because a rank in it
        depends on values.
        """
        if self.is_replayed:
            return True
        if not self._graph.has_unranked:
            return False
        key = tuple(shapes) if self._unknown else None
        with LOCK:
            if key not in self._rank_varies:
                if len(self._rank_varies) > 4 * SPECIALIZATIONS:
                    self._rank_varies.clear()
                self._rank_varies[key] = self._has_unranked_result(key)
            return self._rank_varies[key]

    def _has_unranked_result(self, shapes) -> bool:
        try:
            module = self.module_for(shapes)
        except _Refuted:
            return False
        symbol = self._graph.function.symbol
        entry = next(o for o in module.body.operations if mlir.StringAttr(o.attributes["sym_name"]).value == symbol)
        values = (r for op in walk(entry.operation) for r in op.results)
        return any(
            kind == "tensor" and type_spec(t).shape.rank is None for kind, t in (kind_of(v.type) for v in values)
        )

    @functools.cached_property
    def is_replayed(self) -> bool:
        """Whether the trace runs op by op: it uses strings, or calls a function of the host of which it is not known
        what it returns, or that may resize a variable.
        """
        if self._graph.kept is not None:
            return False
        function = self._graph.function
        if strings_exist() and "!tfc.string" in function.text():
            return True
        if not function.hosts:
            return False
        handles = [type_spec(kind_of(h.type)[1]) for h in self._graph.handles]
        if not all(s.shape.is_fully_defined() for s in handles):
            return True
        return any(
            s.shape.rank is None
            for op in walk(function.module.operation)
            if op.name == "tfc.host_call"
            for s in python_value(op.attributes["types"])
        )

    def replayed(self, tensors: list, variables: list) -> list:
        """Flat results, op by op: tapes see each."""
        overrides = {value: tensor for tensor, value in self._graph.constant_values()}
        try:
            results = replay(self._graph.function, [*tensors, *variables], overrides)
        except OutOfRangeError as error:
            if error.op not in ("list_get", "list_set"):
                raise
            # What a place outside of a list is in a function, however it runs.
            raise InvalidArgumentError(None, error.op, error.message) from None
        # Results are new objects, each of its own: tapes know values by identity.
        seen = set(map(id, [*tensors, *overrides.values()]))
        for at, result in enumerate(results):
            if id(result) in seen and not isinstance(result, TensorList):
                results[at] = p.ensure_shape(result, shape=result.shape_tuple)
            seen.add(id(results[at]))
        return results

    def _refined(self, results: list, shapes: list) -> list:
        """Results of a call in a trace, with what these shapes of the arguments say about theirs."""
        if not self._unknown or None in shapes or all(type_is_known(r) for r in results):
            return results
        key = tuple(shapes)
        if key not in self._result_shapes:
            self._result_shapes[key] = self._results_for(key)
        found = self._result_shapes[key]
        return [
            r if type_is_known(r) or dims is None or dims == r.shape_tuple else p.ensure_shape(r, shape=dims)
            for r, dims in zip(results, found, strict=True)
        ]

    def _refined_by_values(self, results: list, tensors: list, variables: list) -> list:
        """The same, where a size is a number that the caller knows."""
        graph = current()
        sizes = [t for t in tensors if getattr(t, "partial", None) or is_size(graph.constant_value(t))]
        if not sizes or all(map(type_is_known, results)) or self._graph.function.hosts or self._graph.written:
            return results
        try:
            with graph.trial():
                made = replay(self._graph.function, [*tensors, *variables])
                shapes = [getattr(r, "shape_tuple", None) for r in made]
        except (TypeError, ValueError, InvalidArgumentError):  # an error of the run, which it will say itself
            return results
        return [
            r if type_is_known(r) or dims is None or dims == r.shape_tuple else p.ensure_shape(r, shape=dims)
            for r, dims in zip(results, shapes, strict=True)
        ]

    def _results_for(self, shapes) -> list:
        none = [None] * len(self._graph.outputs)
        if any(None in s for s in shapes):
            return none
        try:
            module = self.module_for(shapes)
        except _Refuted:
            return none
        symbol = self._graph.function.symbol
        for op in module.body.operations:
            if mlir.StringAttr(op.attributes["sym_name"]).value == symbol:
                types = mlir.FunctionType(mlir.TypeAttr(op.attributes["function_type"]).value).results
                kinds = [kind_of(t) for t in types][: len(none)]
                return [type_spec(t).shape.dims if k == "tensor" else None for k, t in kinds]
        return none

    # Code.

    def executable_for(self, shapes: list, wait: bool = True) -> Executable | None:
        """Code for tensors of these shapes: made for them if the trace has unknown sizes, up to a number of shapes.

        For the GPU that `tf.device` names, or the CPU. None if it is still being compiled in the background, and is not
        to be waited for.
        """
        found = self._begun(shapes)
        if isinstance(found, Job):
            return found.result() if wait or found.done else None
        return found

    def _begun(self, shapes: list):
        """The code, or a job that makes it."""
        gpu = current_gpu()
        gpu = self.gpu if gpu is None else gpu
        with LOCK:
            if not self._unknown:
                return self._for_unknown_sizes(gpu)
            key = (gpu, tuple(shapes))
            found = self._executables.get(key)
            if found is None:
                found = self._for_new_shapes(key)
            return found

    def _for_unknown_sizes(self, gpu):
        if gpu not in self._dynamic:
            self._dynamic[gpu] = self._compile(None, gpu)
        return self._dynamic[gpu]

    def _for_new_shapes(self, key):
        gpu, shapes = key
        if len(self._executables) >= SPECIALIZATIONS:
            if self._ranked:
                return self._for_unknown_sizes(gpu)
            self._executables.pop(next(iter(self._executables)))
        try:
            found = self._compile(shapes, gpu)
        except _Refuted as e:
            # These shapes fail somewhere, maybe where it never runs: code for unknown sizes finds out.
            if not self._ranked:
                raise InvalidArgumentError(None, None, e.message) from None
            found = self._for_unknown_sizes(gpu)
        self._executables[key] = found
        return found

    @functools.cached_property
    def _ranked(self) -> bool:
        return all(s.shape.rank is not None for s in self.specs)

    @functools.cached_property
    def specs(self) -> list:
        """What is known of the tensors it takes."""
        return [TensorSpec(t.shape_tuple, t.dtype) for t in [*self._graph.inputs, *self._graph.capture_inputs]]

    @functools.cached_property
    def _unknown(self) -> bool:
        return not all(s.shape.is_fully_defined() for s in self.specs)

    def module_for(self, shapes: tuple | None):
        """The module to compile: the trace, or a copy of it for these shapes."""
        function = self._graph.function
        results = [kind_of(v.type)[1] for v in function.returned()]
        if shapes is None and all(type_spec(t).shape.is_fully_defined() for t in results):
            return function.module
        module = function.clone_module()
        types = None
        if shapes is not None:
            types = [tensor_type(s.dtype, d) for s, d in zip(self.specs, shapes, strict=True)]
            types += [h.type for h in self._graph.handles]
        try:
            specialize(module, function.symbol, types)
        except BuildError as e:
            raise _Refuted(None, None, page(f"{self._name}: {e}", where=location_text(e.location))) from None
        return module

    def module_text(self, stage: str | None = None) -> str:
        """The trace as MLIR text, lowered up to a stage of the pipeline if one is named."""
        if stage is None:
            return self._graph.function.text()
        with LOCK:
            module = self._graph.function.clone_module()
            run_stages(module, stage, self.compile_options, self._constants)
            return module.operation.get_asm()

    def optimized_module(self):
        """A copy of the trace after the passes on the dialect."""
        module = self._graph.function.clone_module()
        run_stages(module, "tfc-optimize", self.compile_options)
        return module

    def _compile(self, shapes, gpu=None):
        if shapes is None and gpu is None and self.stored is not None:
            found = self.stored()
            if found is not None:
                return found
        kept = self._graph.kept
        origin = None if kept is None else kept.digest(shapes)
        if origin is not None and gpu is None:
            found = load_kept(origin, self._name, self.compile_options, self._constants)
            if found is not None:
                return found
        held = tuple(self._graph.function.hosts.values())
        symbol = self._graph.function.symbol
        compile_ = compile_in_background if optimizer.in_background(self.compile_options) else compile_entry
        return compile_(
            self.module_for(shapes), symbol, self._name, held, self.compile_options, gpu, origin, self._constants
        )

    @functools.cached_property
    def _constants(self) -> tuple:
        """Places of the tensors that it takes which are the same in every call."""
        given = len(self._graph.inputs)
        return tuple(given + i for i, t in enumerate(self._graph.captured) if type(t) is EagerTensor)

    def compiled(self, *shapes) -> CompiledCode:
        """What the compiler makes of the trace: remarks, LLVM IR, assembly, memory.

        `shapes`: one for each tensor that it takes, where code for such sizes is wanted instead of that for unknown
        ones. For the GPU that `tf.device` names (around this call, or inside the function), else for the CPU.
        """
        gpu = current_gpu()
        gpu = self.gpu if gpu is None else gpu
        for_shapes = tuple(tuple(s) for s in shapes) if shapes else None
        if for_shapes is not None and len(for_shapes) != len(self.specs):
            raise ValueError(f"{self._name} takes {len(self.specs)} tensors, got {len(for_shapes)} shapes")
        with LOCK:
            symbol = self._graph.function.symbol
            target = None if gpu is None else gpus()[gpu].compile_options
            return explain(
                self.module_for(for_shapes), symbol, self._name, self.compile_options, target, self._constants
            )

    def compile_for(self, target: str, *shapes, format: str | None = None, toolkit: str = "") -> DeviceCode:
        """The kernels of the function for a kind of GPU, and what stays on the host. No such device is needed.

        `target`: "spirv" (Vulkan), "nvptx:sm_80" (or another architecture), or a device of this machine ("GPU:0" is
        number 0 of `tf.config.list_physical_devices("GPU")`). `shapes`: one for each tensor that it takes, where they
        are not known. `format` of nvptx: "isa" (PTX, the default) or "bin" (a cubin, which needs `ptxas`); `toolkit`:
        the folder of a CUDA toolkit, for `ptxas` and for libdevice, which some math functions need; by default one that
        is installed. What has no kernel stays on the host, and is listed with the reason.

        Raises `ValueError` for an unknown target, `UnimplementedError` if the code cannot be made.
        """
        options = _device_options(target, format, toolkit)
        for_shapes = tuple(tuple(s) for s in shapes) if shapes else None
        if for_shapes is not None and len(for_shapes) != len(self.specs):
            raise ValueError(f"{self._name} takes {len(self.specs)} tensors, got {len(for_shapes)} shapes")
        with LOCK:
            return compile_kernels(self.module_for(for_shapes), self._name, options)


def _device_options(target: str, format: str | None, toolkit: str) -> dict:
    kind, _, chip = target.partition(":")
    if kind in ("spirv", "vulkan") and not chip:
        return {"gpu": "spirv"}
    if kind == "nvptx" and (not chip or chip.startswith("sm_")):
        options = nvptx_options(chip or "sm_80", toolkit)
        return options if format is None else {**options, "gpu_format": format}
    if kind == "GPU" and chip.isdigit() and int(chip) < len(gpus()):
        return gpus()[int(chip)].compile_options
    raise ValueError(f"no target {target!r}: expected 'spirv', 'nvptx:sm_80' or a GPU of this machine such as 'GPU:0'")


def is_size(value) -> bool:
    """Whether a known value may be sizes of something."""
    return value is not None and value.dtype.kind in "iu" and value.size <= 16


def type_is_known(value) -> bool:
    """Whether a result is no tensor, or one of known shape."""
    dims = getattr(value, "shape_tuple", ())
    return dims is not None and None not in dims


def _out_of_scope(t):
    return TypeError(
        page(
            f"{t!r} is out of scope: a symbolic tensor of another function cannot be an argument here",
            want="an eager tensor",
            got=f"made at {t.where()}" if isinstance(t, SymbolicTensor) else repr(t),
            where=user_line(),
            fix="return it from the function that made it",
        )
    )
