"""From a module to code in this process."""

import json
import warnings
from dataclasses import dataclass

from tfc._native import Executable, LoadedCode, has_tiles
from tfc.compiler import cache, code, lines, progress
from tfc.compiler.device_code import DeviceCode, device_code
from tfc.compiler.workshop import place
from tfc.config import compilation_cache, optimizer
from tfc.config.gpus import gpus, library
from tfc.errors import UnimplementedError, page
from tfc.ir import LOCK, canonical, compiler, run_passes


def load_kept(origin: bytes, name: str, options: dict | None = None, constants: tuple = ()) -> Executable | None:
    """The code of a function on disk, for the CPU; None if there is none. `origin` and `constants`: as `compile_entry`
    was given them.
    """
    chosen = options_for(options, None, constants)
    if compilation_cache.directory() is None or chosen.get("line_tables"):
        return None
    with LOCK:
        found = _load_cached(cache.digest(origin, chosen))
        if found is None:
            return None
        (entry,) = json.loads(found[0])["entries"]
        return _executable(entry, (found[1], ()), name, constants=constants)


def compile_entry(
    module,
    symbol: str,
    name: str,
    held: tuple = (),
    options: dict | None = None,
    gpu: int | None = None,
    origin: bytes | None = None,
    constants: tuple = (),
) -> Executable:
    """Compiles the function `symbol` of a module, or finds it on disk, and loads it, for the CPU or for a GPU of this
    machine. `held` lives as long as the code. `origin` names the function on disk, whatever it is; by default it is the
    module that does. `constants`: places of the arguments that are the same tensors in every call, of which the code
    may keep copies in another order.

    `options` are those of `tf.config.optimizer`, on top of what is set there.
    Raises `UnimplementedError` if the compiler cannot: with the op, the user's line and a file that reproduces it.
    """
    with LOCK:
        made, symbol = canonical(module, symbol)
        return compile_canonical(place(made), symbol, name, held, options_for(options, gpu, constants), gpu, origin)


def options_for(options: dict | None, gpu: int | None = None, constants: tuple = ()) -> dict:
    """What the compiler is given for the CPU, or for a GPU of this machine."""
    chosen = {**effective_options(options), "poll": True}
    if gpu is None and optimizer.keeps_panels(options):
        chosen["keep_variables"] = True
        if constants:
            chosen["constants"] = ",".join(map(str, constants))
    if gpu is not None:
        library()  # the symbols that the code needs
        chosen = {**chosen, **gpus()[gpu].compile_options}
    return chosen


def compile_canonical(
    module, symbol: str, name: str, held: tuple, chosen: dict, gpu: int | None, origin: bytes | None = None
) -> Executable:
    """The same for a module that nobody else uses, of any context, and options that are complete."""
    key = None
    if compilation_cache.directory() is not None:
        key = cache.key_of(module, chosen) if origin is None else cache.digest(origin, chosen)
    found = _load_cached(key) if key is not None else None
    if found is None:
        try:
            with progress.watch(name) as report:
                artifact = compiler.compile(module, {**chosen, "progress": report, "parts": True})
            image = code.link(artifact.object)
        except compiler.CompileError as e:
            raise failure(e, module, name) from None
        found = artifact.description, _loaded(image, name), artifact.object
        if gpu is not None:
            warn_of_refused(json.loads(found[0]), name)
        if key is not None:
            cache.write(key, artifact.description, image, artifact.object if chosen.get("line_tables") else b"")
    description, loaded, content = found
    if chosen.get("line_tables"):
        lines.remember(name, symbol, loaded, content)
    entry = next(e for e in json.loads(description)["entries"] if e["symbol"] == symbol)
    places = tuple(map(int, filter(None, chosen.get("constants", "").split(","))))
    return _executable(entry, (loaded, held), name, -1 if gpu is None else gpu, places)


def _loaded(image: bytes, name: str) -> LoadedCode:
    try:
        return LoadedCode(image)
    except OSError as e:
        reason = page(f"{name} could not be loaded: {e}", fix="tf.config.run_functions_eagerly(True)")
        raise UnimplementedError(None, None, reason) from None


def warn_of_refused(description: dict, name: str) -> None:
    """Says which kernels could not be compiled for a device. (Ops that it is known not to have are no surprise.)"""
    refused = [h for h in description["host"] if h["why"].startswith(REFUSED)]
    if refused:
        ops = "; ".join(f"{h['op']} ({h['location']}): {h['why'].removeprefix(REFUSED)}" for h in refused)
        warnings.warn(f"{name}: the host computes what has no kernel: {ops}", RuntimeWarning, stacklevel=2)


# How the reason begins where the compiler tried to make a kernel, and failed.
REFUSED = "no kernel: "


def _load_cached(key: str) -> tuple | None:
    """(description, loaded code, object if it has line tables) of an entry; None if there is none that can be
    loaded.
    """
    found = cache.read(key)
    if found is None:
        return None
    description, image, content = found
    try:
        return description, LoadedCode(image), content
    except OSError:
        return None


def effective_options(options: dict | None) -> dict:
    """What the compiler is given: what the process may use, its options, then those of a function."""
    chosen = {**({"tiles": True} if has_tiles() else {}), **optimizer.compiler_options(options)}
    return {**chosen, "runs_here": True} if "cpu" in chosen else chosen


@dataclass(frozen=True)
class CompiledCode:
    """What the compiler made of a function; `ConcreteFunction.compiled()` returns it.

    Attributes: `remarks` (what was fused, tiled, vectorized, shared by threads, and why not: one line each, with the
    user's line), `llvm_ir` (optimized), `assembly`, `arena_bytes` (memory for temporaries), `panel_bytes` (copies of
    captured weights, which are made by the first call and kept), `argument_bytes` (of arguments, variables and results
    of known size), `flops` (operations in ops of known size), `object_bytes`, `options`, `device`: the kernels, and
    what the host does itself and why, if the code is for a GPU (a `DeviceCode`, else None).
    """

    remarks: tuple
    llvm_ir: str
    assembly: str
    arena_bytes: int
    argument_bytes: int
    flops: float
    object_bytes: int
    options: dict
    device: DeviceCode | None = None
    panel_bytes: int = 0

    @property
    def peak_bytes(self) -> int:
        """Memory of one call: arguments, variables, results and temporaries of known size, and copies of weights."""
        return self.arena_bytes + self.panel_bytes + self.argument_bytes

    def __str__(self):
        lines = [
            f"{self.object_bytes} bytes of object code, {self.flops:.3g} operations",
            f"{self.peak_bytes} bytes of memory, {self.arena_bytes} of them temporaries",
        ]
        if self.panel_bytes:
            lines[-1] += f", {self.panel_bytes} copies of weights that are kept"
        if self.device is not None:
            lines.append(str(self.device))
        return "\n".join([*lines, *self.remarks])


def explain(
    module, symbol: str, name: str, options: dict | None = None, gpu: dict | None = None, constants: tuple = ()
) -> CompiledCode:
    """Compiles again, and tells what was done; with the options of a GPU in `gpu`, for that. Raises
    `UnimplementedError` like `compile_entry`.
    """
    chosen = {**effective_options(options), **gpu} if gpu else options_for(options, None, constants)
    with LOCK:
        module, symbol = canonical(module, symbol)
        try:
            artifact = compiler.compile(module, {**chosen, "remarks": True, "dump": ["llvm-ir-optimized", "asm"]})
        except compiler.CompileError as e:
            raise failure(e, module, name) from None
    description = json.loads(artifact.description)
    entry = next(e for e in description["entries"] if e["symbol"] == symbol)
    return CompiledCode(
        tuple(artifact.dump("remarks").splitlines()),
        artifact.dump("llvm-ir-optimized"),
        artifact.dump("asm"),
        int(entry["arena_bytes"]),
        int(entry["bytes"]),
        float(entry["flops"]),
        len(artifact.object),
        chosen,
        device_code(description, gpu["gpu"], gpu.get("gpu_chip", "")) if gpu else None,
        sum(entry["panel_bytes"]),
    )


def load_entry(content: bytes, entry: dict, target: dict, name: str) -> Executable | None:
    """Loads an entry of an object file that was compiled before, if it was for a machine like this one."""
    with LOCK:
        if not runs_here(target):
            return None
        return _executable(entry, (code.load(content), ()), name)


def load_object(content: bytes, triple: str):
    """The code of an object file in this process: `.address(symbol)`. `OSError` if it is for another machine."""
    with LOCK:
        host = compiler.host()[0]
        if triple.split("-")[0] != host.split("-")[0]:
            raise OSError(f"code for {triple} does not run on {host}")
        try:
            return code.load(content)
        except compiler.CompileError as e:
            raise OSError(str(e)) from None


def runs_here(target: dict) -> bool:
    """Whether this machine has what a target (triple, cpu, features) may use."""
    triple, cpu, features = compiler.host()
    if target["triple"].split("-")[0] != triple.split("-")[0]:
        return False
    wanted = {f for f in target["features"].split(",") if f.startswith("+")}
    return wanted <= set(features.split(",")) and target["cpu"] in ("", "generic", cpu)


def _executable(entry: dict, keepalive: tuple, name: str, device: int = -1, constants: tuple = ()) -> Executable:
    loaded = keepalive[0]
    args, variables, results = [], [], []
    for buffer in entry["buffers"]:
        shape = tuple(None if d < 0 else d for d in buffer["shape"])
        if buffer["kind"] == "argument":
            args.append((buffer["dtype"], shape))
        elif buffer["kind"] == "variable":
            variables.append((buffer["dtype"], shape, buffer["read"], buffer["written"]))
        else:
            results.append((buffer["dtype"], shape))
    return Executable(
        loaded.address(entry["symbol"]),
        keepalive,
        args,
        variables,
        results,
        arena_bytes=int(entry["arena_bytes"]),
        cost=_cost(entry),
        name=name,
        device=device,
        constants=constants,
        panels=entry.get("panel_bytes", ()),
        panel_sources=entry.get("panel_sources", ()),
    )


def _cost(entry: dict) -> int:
    """Nanoseconds, about: what decides whether a call releases the interpreter's lock."""
    return int(max(entry.get("flops", 0) / 4, entry.get("bytes", 0) / 8))


def failure(error, module, name) -> Exception:
    """What a compiler's error is for the user: a `ValueError` if it is about options, else `UnimplementedError`."""
    if error.stage == "options":
        return ValueError(
            page(
                f"{name} was not compiled: {error.message}",
                fix="tf.config.optimizer.set_experimental_options, or compile_options of the function",
            )
        )
    return UnimplementedError(
        None,
        None,
        page(
            f"{name} could not be compiled: {error.message}",
            got=f"stage {error.stage}" if error.stage else None,
            where=error.location or None,
            fix=f"tf.config.run_functions_eagerly(True); to report it: {error.reproducer}"
            if error.reproducer
            else "tf.config.run_functions_eagerly(True)",
        ),
    )


def specialize(module, symbol: str, types: list | None) -> None:
    """Gives a function of a module more specific argument types, if there are any, and works out what follows, in
    place.
    """
    passes = ["tfc-inline-calls", "canonicalize"]
    if types is not None:
        passes.append(f"tfc-specialize{{function={symbol} types={';'.join(map(str, types))}}}")
    else:
        passes.append("func.func(tfc-refine-shapes{refine-results=true})")
    with LOCK:
        run_passes(module, f"builtin.module({','.join(passes)})")


# The stage that makes what a stage takes; the others take a trace.
_BEFORE = {
    "tfc-to-linalg": "tfc-optimize",
    "tfc-pack": "tfc-to-linalg",
    "tfc-linalg-to-llvm": "tfc-to-linalg",
    "tfc-bufferization": "tfc-pack",
    "tfc-buffers-to-loops": "tfc-bufferization",
    "tfc-buffers-to-kernels": "tfc-bufferization",
    "tfc-kernels-to-spirv": "tfc-buffers-to-kernels",
    "tfc-kernels-to-nvptx": "tfc-buffers-to-kernels",
    "tfc-loops-to-llvm": "tfc-buffers-to-loops",
}


def run_stages(module, stage: str, options: dict | None = None, constants: tuple = ()) -> None:
    """Runs the pipeline on the module of a trace, in place, up to a stage and with it; `ValueError` if that fails.
    `constants`: as `compile_entry` is given them, and they are left out of code for GPUs as there.
    """
    before = _BEFORE.get(stage)
    if before is not None:
        run_stages(module, before, options, () if stage == "tfc-buffers-to-kernels" else constants)
        constants = ()  # they are marked
    with LOCK:
        try:
            compiler.run_pipeline(module, stage, options_for(options, None, constants))
        except compiler.CompileError as e:
            raise ValueError(str(e)) from None
