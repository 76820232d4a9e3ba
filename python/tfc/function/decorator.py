"""`tf.function`: the decorator."""

import logging

from tfc.config import optimizer
from tfc.function.polymorphic import PolymorphicFunction
from tfc.tracing import current_graph

_LOG = logging.getLogger("tfc")
_ATTRIBUTES = frozenset(
    {"_disable_acd", "_implements", "_noinline", "_OutputsOnOpDevice", "_tf_data_function", "api_implements",
     "api_preferred_device", "compile_options", "disable_summaries_at_runtime", "experimental_ints_on_device",
     "function_runs_at_most_once", "go_backwards", "runtime_constant_optimization", "time_major"}
)  # fmt: skip


def function(
    func=None,
    input_signature=None,
    autograph=True,
    jit_compile=None,
    reduce_retracing=False,
    experimental_implements=None,
    experimental_autograph_options=None,
    experimental_attributes=None,
    experimental_relax_shapes=None,
    experimental_compile=None,
    experimental_follow_type_hints=None,
) -> PolymorphicFunction:
    """Compiles a Python function of tensors. A decorator, with or without arguments, or a plain call.

    Args:
      func: the function, method, lambda, partial or callable object. `TypeError` if it is not callable.
      input_signature: TensorSpecs (nested) of the parameters: there is one trace, and arguments must fit it.
      autograph: whether `if`, `while`, `for` on tensors are converted.
      jit_compile: accepted; everything is compiled.
      reduce_retracing: after a second kind of arguments, trace for what they have in common.
      experimental_autograph_options: optional `tf.autograph.experimental.Feature`s.
      experimental_implements: a name that the function has in its MLIR (`implements`); it changes nothing.
      experimental_attributes: `{"compile_options": {...}}` sets options of `tf.config.optimizer` for this function;
        TensorFlow's other attributes are accepted, unknown ones raise `ValueError`. A function that another one calls
        is compiled with that one's options.
    """
    if experimental_follow_type_hints is not None:
        _LOG.warning("experimental_follow_type_hints has no effect: use input_signature")
    if jit_compile is None and experimental_compile is not None:
        jit_compile = experimental_compile
    for name in experimental_attributes or ():
        if name not in _ATTRIBUTES:
            raise ValueError(f"Attribute `{name}` is not supported by tf.function.")
    if experimental_attributes and "compile_options" in experimental_attributes:
        options = optimizer.checked(experimental_attributes["compile_options"])
        experimental_attributes = {**experimental_attributes, "compile_options": options}

    def decorated(inner):
        if not callable(inner) and not hasattr(inner, "__get__"):
            raise TypeError(f"{inner!r} is not a callable object")
        return PolymorphicFunction(
            inner,
            None,
            input_signature,
            autograph=autograph,
            jit_compile=jit_compile,
            reduce_retracing=bool(reduce_retracing or experimental_relax_shapes),
            experimental_implements=experimental_implements,
            experimental_autograph_options=experimental_autograph_options,
            experimental_attributes=experimental_attributes,
        )

    return decorated if func is None else decorated(func)


def inside_function() -> bool:
    """Whether a function is being traced (`tf.inside_function`)."""
    return current_graph() is not None
