"""What compiled code asks of Python: printing, functions of the host. (Failed checks: see `runtime.failures`.)"""

from tfc.autodiff import run_host_function
from tfc.ops.printing import Output, tensor_text
from tfc.runtime import set_host_call, set_print_hook


def print_hook(text, tensors, summarize, stream) -> None:
    """`tf.print` of compiled code: the same text as eagerly."""
    Output(stream).write(text.format(*(tensor_text(t._view(), summarize) for t in tensors)))


def install() -> None:
    """Called once, at import."""
    set_print_hook(print_hook)
    set_host_call(run_host_function)
