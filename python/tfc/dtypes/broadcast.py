"""The shape that operands stretch to: numpy's rule, with unknown dimensions (None)."""

from tfc.dtypes.shape import TensorShape, as_shape


def broadcast_shape_tuples(a: tuple | None, b: tuple | None) -> tuple | None:
    """The broadcast of two shapes; None is an unknown rank or dimension.

    Raises `ValueError` if they cannot broadcast: `Incompatible shapes: [3] vs. [2]`.
    """
    if a == b:
        return a
    if a is None or b is None:
        return None
    rank = max(len(a), len(b))
    x_dims = (1,) * (rank - len(a)) + tuple(a)
    y_dims = (1,) * (rank - len(b)) + tuple(b)
    result = []
    for x, y in zip(x_dims, y_dims, strict=True):
        if x == y or y == 1:
            result.append(x)
        elif x == 1:
            result.append(y)
        # An unknown size is 1 or equals the known one, which is not 1.
        elif x is None or y is None:
            result.append(y if x is None else x)
        else:
            raise ValueError(f"Incompatible shapes: {_text(a)} vs. {_text(b)}")
    return tuple(result)


def broadcast_static_shape(shape_x, shape_y) -> TensorShape:
    """`tf.broadcast_static_shape`: the broadcast of two `TensorShape`s."""
    return TensorShape(broadcast_shape_tuples(as_shape(shape_x).dims, as_shape(shape_y).dims))


def _text(dims: tuple) -> str:
    return "[" + ",".join("?" if d is None else str(d) for d in dims) + "]"
