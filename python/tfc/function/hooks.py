"""What compiled code asks of Python: printing, functions of the host. (Failed checks: see `runtime.failures`.)"""

from tfc.autodiff import run_host_function
from tfc.ops.printing import Output, formatted
from tfc.runtime import set_host_call, set_print_hook


def print_hook(text, tensors, summarize, stream) -> None:
    """`tf.print` of compiled code: the same text as eagerly."""
    Output(stream).write(formatted(text, [t._view() for t in tensors], summarize))


def install() -> None:
    """Called once, at import."""
    set_print_hook(print_hook)
    set_host_call(run_host_function)
