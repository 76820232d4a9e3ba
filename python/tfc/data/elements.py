"""Elements of datasets: nests of tensors, ragged and sparse tensors, other structures of tensors, and datasets.

`Element specs` describe them. Structures of tensors (`__tf_flatten__`) are leaves of a spec, with a spec of their own.
"""

import builtins

import numpy as np

from tfc.core import Tensor, VariableStorage, outside
from tfc.data.holes import symbolic_in
from tfc.data.specs import NoneTensorSpec
from tfc.dtypes import TensorShape, TensorSpec, string
from tfc.errors import DataLossError, InvalidArgumentError, page, user_line
from tfc.ops import nest, sparse
from tfc.ops.array import stack
from tfc.ops.convert import convert_to_tensor
from tfc.ops.ragged_ops import RaggedTensor
from tfc.ops.ragged_ops import stack as stack_ragged
from tfc.ops.sparse_ops import SparseTensor
from tfc.tracing.ragged_spec import RaggedTensorSpec
from tfc.tracing.sparse_spec import SparseTensorSpec

_COMPOSITES = (RaggedTensor, SparseTensor)


def as_tensors(value):
    """A nest of tensors. Lists are tensors, as everywhere in `tf.data`."""
    if isinstance(value, dict):
        return type(value)((k, as_tensors(v)) for k, v in value.items())
    if isinstance(value, tuple):
        parts = [as_tensors(v) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if value is None or hasattr(value, "__tf_flatten__"):
        return value
    if symbolic_in([value]):
        return convert_to_tensor(value)
    with outside():
        return convert_to_tensor(value.read_value() if isinstance(value, VariableStorage) else value)


def eager(value):
    """A nest of eager tensors."""
    made = as_tensors(value)
    found = symbolic_in([made])
    if found:
        raise NotImplementedError(
            page(
                "the state of a Dataset is a value that is known, outside of a tf.function",
                got=repr(found[0]),
                where=user_line(),
                fix="make the dataset outside and pass it, or iterate over the tensor itself",
            )
        )
    return made


def leaves_of(value) -> list:
    """The leaves of a nest, where structures of tensors are leaves."""
    if isinstance(value, dict):
        return [leaf for k in sorted(value) for leaf in leaves_of(value[k])]
    if isinstance(value, (tuple, list)):
        return [leaf for v in value for leaf in leaves_of(v)]
    return [value]


def packed(like, leaves):
    """The nest `like` with other leaves (an iterator)."""
    if isinstance(like, dict):
        made = {k: packed(like[k], leaves) for k in sorted(like)}
        return type(like)((k, made[k]) for k in like)
    if isinstance(like, (tuple, list)):
        parts = [packed(v, leaves) for v in like]
        return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)
    return next(leaves)


def mapped(function, value):
    """`function` of each leaf."""
    return packed(value, iter([function(leaf) for leaf in leaves_of(value)]))


def spec_of(value):
    """What each leaf is: of values, and of nests of TensorSpecs that a trace gives."""
    return mapped(_leaf_spec, value)


def _leaf_spec(leaf):
    if isinstance(leaf, RaggedTensor):
        ragged, dims = 0, []
        while isinstance(leaf, RaggedTensor):
            splits = leaf.row_splits.shape
            rows = splits.dims[0] if splits.rank is not None else None
            dims.append(rows - 1 if ragged == 0 and rows is not None else None)
            leaf, ragged = leaf.values, ragged + 1
        tail = leaf.shape.dims
        return RaggedTensorSpec([*dims, None, *tail[1:]], leaf.dtype, ragged)
    if isinstance(leaf, SparseTensor):
        if isinstance(leaf.dense_shape, TensorSpec):
            return SparseTensorSpec([None] * leaf.dense_shape.shape.dims[0], leaf.values.dtype)
        return SparseTensorSpec.from_value(leaf)
    if leaf is None:
        return NoneTensorSpec()
    own = getattr(leaf, "_type_spec", None)
    if own is not None:
        return own
    return TensorSpec(leaf.shape_tuple if isinstance(leaf, Tensor) else leaf.shape, leaf.dtype)


def components(spec):
    """A spec as a nest of TensorSpecs."""
    return mapped(lambda s: s.components if hasattr(s, "components") else s, spec)


def batch_spec(spec, size):
    """The spec of `size` (None: some) elements stacked."""
    return mapped(lambda s: _batched(s, size), spec)


def _batched(spec, size):
    if isinstance(spec, TensorSpec):
        return TensorSpec(prepended(size, spec.shape), spec.dtype)
    if isinstance(spec, RaggedTensorSpec):
        return RaggedTensorSpec(prepended(size, spec.shape), spec.dtype, spec.ragged_rank + 1)
    if isinstance(spec, SparseTensorSpec):
        return SparseTensorSpec(prepended(size, spec.shape), spec.dtype)
    if hasattr(spec, "_batch"):
        return spec._batch(size)
    raise TypeError(f"elements that are {spec!r} cannot be batched")


def row_spec(spec):
    """The spec of a row of what `spec` says."""
    return mapped(_row, spec)


def _row(spec):
    dims = None if spec.shape.rank is None else spec.shape.dims[1:]
    if isinstance(spec, RaggedTensorSpec):
        return (
            RaggedTensorSpec(dims, spec.dtype, spec.ragged_rank - 1)
            if spec.ragged_rank
            else TensorSpec(dims, spec.dtype)
        )
    if isinstance(spec, SparseTensorSpec):
        return SparseTensorSpec(dims, spec.dtype)
    return TensorSpec(dims, spec.dtype)


def rows_of(leaf) -> tuple:
    """(number of rows, `row(i)`, spec of a row) of a leaf."""
    if isinstance(leaf, SparseTensor):
        dims = leaf.shape.dims
        rest = [1, *dims[1:]]

        def row(i):
            part = sparse.slice(leaf, [i] + [0] * len(dims[1:]), rest)
            return SparseTensor(part.indices[:, 1:], part.values, part.dense_shape[1:])

        return dims[0], row, SparseTensorSpec(dims[1:], leaf.dtype)
    if isinstance(leaf, RaggedTensor):
        spec = _row(_leaf_spec(leaf))
        return int(leaf.nrows()), lambda i: leaf[i], spec
    own = getattr(leaf, "_rows", None)
    if own is not None:
        return own()
    if not leaf.shape_tuple:
        raise ValueError("Unbatching a tensor is only supported for rank >= 1")
    return leaf.shape_tuple[0], lambda i: leaf[i], TensorSpec(leaf.shape_tuple[1:], leaf.dtype)


def stacked(elements: list, spec):
    """Elements as one, with a first dimension more."""
    columns = builtins.zip(*(leaves_of(e) for e in elements), strict=True)
    try:
        return packed(spec, iter([_stack(list(c), s) for c, s in builtins.zip(columns, leaves_of(spec), strict=True)]))
    except (ValueError, InvalidArgumentError):
        shapes = [[list(t.shape) for t in leaves_of(e)] for e in elements]
        other = next((s for s in shapes if s != shapes[0]), None)
        if other is None:
            raise
        raise InvalidArgumentError(
            None,
            "IteratorGetNext",
            f"Cannot batch tensors with different shapes. First element had shape {shapes[0]} and another had "
            f"shape {other}.",
        ) from None


def _stack(column: list, spec):
    if isinstance(spec, RaggedTensorSpec):
        return stack_ragged(column)
    if isinstance(spec, SparseTensorSpec):
        return sparse.sparse_concat(0, [sparse.expand_dims(s, 0) for s in column])
    if hasattr(spec, "_stack"):
        return spec._stack(column)
    return stack(column)


def ragged(elements: list, spec):
    """Elements as one: those of unknown shape become rows of a ragged tensor."""
    columns = builtins.zip(*(leaves_of(e) for e in elements), strict=True)
    specs = leaves_of(spec)
    made = [
        stack_ragged(list(c)) if isinstance(s, RaggedTensorSpec) else stack(list(c))
        for c, s in builtins.zip(columns, specs, strict=True)
    ]
    return packed(spec, iter(made))


def ragged_spec(spec, size):
    """The spec of what `ragged` makes."""

    def one(s):
        if isinstance(s, TensorSpec) and s.shape.rank and not s.shape.is_fully_defined():
            return RaggedTensorSpec(prepended(size, s.shape), s.dtype, s.shape.rank)
        return _batched(s, size)

    return mapped(one, spec)


def padded(elements: list, spec, shapes: list, values: list):
    """Elements as one, each leaf padded at its end to a shape (None: the longest of them)."""
    made = []
    columns = builtins.zip(*(leaves_of(e) for e in elements), strict=True)
    for column, dims, value in builtins.zip(columns, shapes, values, strict=True):
        arrays = [np.asarray(t) for t in column]
        sizes = [max(a.shape[i] for a in arrays) if d is None else d for i, d in enumerate(dims)]
        out = np.full([len(arrays), *sizes], value, arrays[0].dtype)
        for i, a in enumerate(arrays):
            if any(n > m for n, m in builtins.zip(a.shape, sizes, strict=True)):
                raise DataLossError(
                    None,
                    "IteratorGetNext",
                    "Attempted to pad to a smaller size than the input element: "
                    f"want at most {sizes}, got {list(a.shape)}",
                )
            out[(i, *(slice(n) for n in a.shape))] = a
        made.append(convert_to_tensor(out))
    return packed(spec, iter(made))


def padding(spec, padded_shapes, padding_values) -> tuple:
    """For each leaf, the shape to pad to and the value to pad with; and the spec of a padded element."""
    specs = leaves_of(spec)
    wanted = [s.shape for s in specs] if padded_shapes is None else shapes_like(spec, padded_shapes)
    shapes = []
    for s, given in builtins.zip(specs, wanted, strict=True):
        given = [int(d) for d in given.numpy()] if isinstance(given, Tensor) else given
        dims = [None if d == -1 else d for d in given] if isinstance(given, (list, tuple)) else given
        shape = TensorShape(dims)
        if shape.rank is None:
            raise ValueError("padded_batch needs `padded_shapes` where elements have an unknown rank")
        if s.shape.rank is not None and s.shape.rank != shape.rank:
            raise ValueError(
                f"The padded shape {shape} is not compatible with the corresponding input component shape {s.shape}."
            )
        if s.shape.rank is not None and any(
            n is not None and m is not None and n > m for n, m in builtins.zip(s.shape.dims, shape.dims, strict=True)
        ):
            raise ValueError(
                f"The padded shape {shape} is not compatible with the corresponding input component shape {s.shape}."
            )
        shapes.append(shape.dims)
    if padding_values is None or not isinstance(padding_values, (tuple, dict, list)):
        fill = [padding_values] * len(specs)
    else:
        fill = shapes_like(spec, padding_values)
    values = [
        (b"" if s.dtype is string else 0) if v is None else _number(v, s)
        for v, s in builtins.zip(fill, specs, strict=True)
    ]
    return (
        shapes,
        values,
        packed(spec, iter([TensorSpec(d, s.dtype) for d, s in builtins.zip(shapes, specs, strict=True)])),
    )


def _number(value, spec):
    made = convert_to_tensor(value, None if isinstance(value, Tensor) else spec.dtype)
    if made.dtype is not spec.dtype:
        raise TypeError(f"the padding value {value!r} has dtype {made.dtype.name}, the elements {spec.dtype.name}")
    return np.asarray(made)[()]


def prepended(size, shape: TensorShape):
    return None if shape.rank is None else (size, *shape.dims)


def shapes_like(types, shapes) -> list:
    """What `shapes` says for each leaf of `types`."""
    if not isinstance(types, (tuple, list, dict)):
        return [shapes]
    values = [shapes[k] for k in sorted(types)] if isinstance(types, dict) else list(shapes)
    return [s for part, v in builtins.zip(children(types), values, strict=True) for s in shapes_like(part, v)]


def children(nested) -> list:
    """What is in a tuple, list or dict, in the order of leaves."""
    return [nested[k] for k in sorted(nested)] if isinstance(nested, dict) else list(nested)


def joined_spec(a: TensorSpec, b: TensorSpec) -> TensorSpec:
    """The spec of elements that are as one of two specs says."""
    if a.dtype is not b.dtype:
        raise TypeError(f"Incompatible dtypes of datasets given to `concatenate`: {a.dtype!r} and {b.dtype!r}")
    return TensorSpec(a.shape.most_specific_compatible_shape(b.shape), a.dtype)


def common(a, b):
    """The spec of states that are as one spec or the other says."""
    if len(leaves_of(a)) != len(leaves_of(b)):
        raise TypeError(f"the structure of a new state is not that of the state before: {b}, after {a}")

    def leaf(s, t):
        if not isinstance(s, TensorSpec) or not isinstance(t, TensorSpec):
            return s
        if s.dtype is not t.dtype:
            raise TypeError(f"the element types of a new state differ from those of the state before: {b}, after {a}")
        return TensorSpec(s.shape.most_specific_compatible_shape(t.shape), s.dtype)

    return packed(a, iter([leaf(s, t) for s, t in builtins.zip(leaves_of(a), leaves_of(b), strict=True)]))


def fitted(value, spec):
    """A value of a generator as tensors that fit a spec."""
    if isinstance(spec, dict):
        return type(spec)((k, fitted(value[k], s)) for k, s in spec.items())
    if isinstance(spec, (tuple, list)):
        given = list(value)
        if len(given) != len(spec):
            raise TypeError(
                f"`generator` yielded an element that did not match the expected structure. The expected structure was "
                f"{spec}, but the yielded element was {value}."
            )
        return packed(
            spec, iter([leaf for v, s in builtins.zip(given, spec, strict=True) for leaf in leaves_of(fitted(v, s))])
        )
    if not isinstance(spec, TensorSpec):
        return value
    try:
        tensor = convert_to_tensor(value, spec.dtype)
    except (TypeError, ValueError) as e:
        raise InvalidArgumentError(
            None,
            "PyFunc",
            f"TypeError: `generator` yielded an element that could not be converted to the expected type. The "
            f"expected type was {spec.dtype.name}, but the yielded element was {value!r}: {e}",
        ) from None
    if not spec.shape.is_compatible_with(tensor.shape_tuple):
        raise InvalidArgumentError(
            None,
            "PyFunc",
            f"TypeError: `generator` yielded an element of shape {TensorShape(tensor.shape_tuple)} where an "
            f"element of shape {spec.shape} was expected.",
        )
    return tensor


def joined(value, outermost=True):
    """What a function of elements returned, as an element: a list is a tensor, the outermost one a tuple."""
    if isinstance(value, dict):
        return type(value)((k, joined(v, False)) for k, v in value.items())
    if isinstance(value, list) and not outermost:
        return stack([joined(v, False) for v in value])
    if isinstance(value, (tuple, list)):
        parts = [joined(v, False) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def joined_list_spec(value, outermost=True):
    """`joined` of specs."""
    if isinstance(value, dict):
        return type(value)((k, joined_list_spec(v, False)) for k, v in value.items())
    if isinstance(value, list) and not outermost:
        return _batched(spec_of(joined_list_spec(value[0], False)), len(value))
    if isinstance(value, (tuple, list)):
        parts = [joined_list_spec(v, False) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def numpy_of(element):
    """An element as numpy arrays."""
    return mapped(lambda t: t.numpy() if hasattr(t, "numpy") else t, element)


def flat(element) -> tuple:
    """The arrays of an element, for the host."""
    return tuple(t.numpy() for t in nest.flatten(element) if t is not None)
