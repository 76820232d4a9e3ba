"""Rows of primitives with effects: variables, console, assertions."""

from tfc.config.devices import assigned, used_gpus
from tfc.core import host_function
from tfc.errors import FailedPreconditionError, error_of_status
from tfc.ops import primitives as p
from tfc.ops.printing import Output, formatted, tensor_text
from tfc.ops.table import HOST_SERVICE, NotDifferentiable, row


def _read(variable):
    try:
        return variable._read()
    except ValueError as e:
        if not variable.initialized:
            name = getattr(variable, "name", "a variable")
            raise FailedPreconditionError(None, "read_variable", f"{name} has no value yet: assign one first") from e
        raise


def _assign(variable, value):
    if used_gpus[0]:
        assigned(variable, variable._assign, value)
    else:
        variable._assign(value)


def _print(*xs, format, summarize, stream):
    Output(stream).write(formatted(format, [x._view() for x in xs], summarize))


def _assert(condition, *data, message, summarize, code=1):
    if condition:
        return
    texts = "".join(f"\n{tensor_text(x._view(), summarize)}" for x in data)
    raise error_of_status(code, message + texts, "assert")


def _host_call(*inputs, id, types):
    return tuple(host_function(id).run(list(inputs)))


row(p.read_variable, _read, (lambda g, out, variable: g,), raw=True)
row(p.assign_variable, _assign, NotDifferentiable, raw=True)
row(p.print_, _print, NotDifferentiable, raw=True, gpu=HOST_SERVICE)
row(p.assert_, _assert, NotDifferentiable, raw=True, gpu=HOST_SERVICE)
row(p.host_call, _host_call, NotDifferentiable, raw=True, gpu=HOST_SERVICE)
