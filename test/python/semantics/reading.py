"""What the programs of `programs/` use to say what came out: `show`, `raises`, `attempt`."""

import numpy as np
import tfc as tf


def _numbers(array) -> str:
    array = np.asarray(array)
    if array.dtype.kind == "f" or str(array.dtype) == "bfloat16":
        texts = ["nan" if v != v else f"{float(v) + 0.0:.5g}" for v in array.astype(np.float64).ravel()]
        return str(texts) if array.ndim else texts[0]
    if array.dtype.kind == "c":
        return str([f"{v.real:.4g}{v.imag:+.4g}j" for v in array.ravel()])
    return str(array.tolist())


def text(value) -> str:
    """A value with its dtype, shape and numbers of five digits; nests as Python writes them."""
    if isinstance(value, tf.Tensor):
        if hasattr(value, "numpy"):
            return f"T<{value.dtype.name} {tuple(value.shape)} {_numbers(value.numpy())}>"
        return f"S<{value.dtype.name} {value.shape}>"
    if isinstance(value, tf.Variable):
        return f"V<{value.dtype.name} {tuple(value.shape)} {_numbers(value.numpy())}>"
    if isinstance(value, tf.DType):
        return f"D<{value.name}>"
    if isinstance(value, np.ndarray):
        return f"N<{value.dtype} {value.shape} {_numbers(value)}>"
    if isinstance(value, np.generic):
        return f"n<{value.dtype} {_numbers(value)}>"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return f"{type(value).__name__}({','.join(f'{n}={text(getattr(value, n))}' for n in value._fields)})"
    if isinstance(value, list):
        return f"[{','.join(map(text, value))}]"
    if isinstance(value, tuple):
        return f"({','.join(map(text, value))})"
    if isinstance(value, dict):
        return "{" + ",".join(f"{k!r}:{text(value[k])}" for k in sorted(value, key=str)) + "}"
    return f"f{value:.5g}" if isinstance(value, float) else repr(value)


def show(*values) -> None:
    """Prints values; strings as they are."""
    print(*[v if isinstance(v, str) else text(v) for v in values], flush=True)


def raises(call, *args, has=(), **kwargs):
    """Prints the type of what the call raises, and which of the fragments `has` its message contains."""
    try:
        result = call(*args, **kwargs)
    except Exception as e:
        print("raises", type(e).__name__, [f in str(e) for f in ([has] if isinstance(has, str) else has)], flush=True)
        return e
    show("no error:", "callable" if callable(result) else result)


def attempt(call, *args, **kwargs) -> None:
    """Prints what the call returns, or the type of what it raises."""
    try:
        show(call(*args, **kwargs))
    except Exception as e:
        print("raises", type(e).__name__, flush=True)
