"""`tf.sets`: the last dimension of tensors as sets, and distances of sequences: `tf.edit_distance`."""

from tfc.core import Tensor, argument_error, executing_eagerly
from tfc.dtypes import float32, int32, int64, string
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape, stack
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor, static_value
from tfc.ops.creation import fill, ones, zeros
from tfc.ops.creation import range as range_
from tfc.ops.gather import argsort, boolean_mask, gather, gather_nd, tensor_scatter_nd_update
from tfc.ops.segments import unsorted_segment_sum
from tfc.ops.sparse import is_sparse
from tfc.ops.sparse_ops import SparseTensor
from tfc.ops.unique import unique

_KINDS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "string"})


def _long(value) -> Tensor:
    return convert_to_tensor(value, int64)


class _Sets:
    """Sets side by side: the number of the set of each element, the elements, and the leading dimensions."""

    def __init__(self, x, op: str, name: str, ordered: bool):
        self.given = x
        self.rank = self.given.shape.rank
        if self.given.dtype.name not in _KINDS:
            raise TypeError(
                f"{op}: {name} has dtype {self.given.dtype.name}, expected one of {', '.join(sorted(_KINDS))}"
            )
        if self.rank is None:
            raise ValueError(f"{op}: {name} needs a rank that is known while tracing")
        if self.rank < 2:
            raise argument_error(None, op, f"{name} of shape {self.given.shape} has rank {self.rank} < 2")
        if is_sparse(self.given):
            sizes, at = self.given.dense_shape, self.given.indices
            if ordered:
                _check_order(at, op, name)
            self.values = self.given.values
            self.sizes = sizes[:-1]
            self.places = _flat(at[:, :-1], self.sizes)
        else:
            sizes = shape(self.given, int64)
            self.values = reshape(self.given, [-1])
            self.sizes = sizes[:-1]
            width = p.maximum(sizes[-1], _long(1))
            self.places = p.floor_div(range_(shape(self.values, int64)[0], dtype=int64), width)

    @property
    def count(self) -> Tensor:
        """How many sets there are."""
        return p.reduce_prod(self.sizes, axes=(0,), keepdims=False)


def _check_order(indices, op, name):
    known = static_value(indices)
    if known is None:
        return
    for i, (a, b) in enumerate(zip(known[:-1].tolist(), known[1:].tolist(), strict=True)):
        if a >= b:
            raise argument_error(
                None, op, f"indices[{i + 1}] = {b} of {name} is out of order or repeated\n  try:  tf.sparse.reorder"
            )


def _flat(indices, sizes) -> Tensor:
    """The row-major positions of indices."""
    steps = p.cumprod(sizes, axis=0, exclusive=True, reverse=True)
    return p.reduce_sum(p.mul(indices, p.expand_dims(steps, axes=(0,))), axes=(1,), keepdims=False)


def _codes(values) -> Tensor:
    """Numbers in the order of the values."""
    if values.dtype is not string:
        return values
    if not executing_eagerly():
        raise NotImplementedError("tf.sets of strings works eagerly: in a function, use numbers in their place")
    found = unique(values, int64)
    smaller = p.less(p.expand_dims(found.y, axes=(0,)), p.expand_dims(found.y, axes=(1,)))
    return gather(p.reduce_sum(p.cast(smaller, dtype=int64), axes=(1,), keepdims=False), found.idx)


def _groups(places, values) -> tuple:
    """(Order of elements by set and value, the group of equal ones of each, positions of the heads of groups.)"""
    codes = _codes(values)
    order = argsort(codes, stable=True)
    order = gather(order, argsort(gather(places, order), stable=True))
    rows, keys = gather(places, order), gather(codes, order)
    changed = p.logical_or(p.not_equal(rows[1:], rows[:-1]), p.not_equal(keys[1:], keys[:-1]))
    first = concat([[True], changed], 0)[: shape(rows)[0]]
    numbers = p.sub(p.cumsum(p.cast(first, dtype=int64), axis=0, exclusive=False, reverse=False), _long(1))
    return order, numbers, p.squeeze(p.nonzero(first), axes=(1,))


def _operation(op, a, b, keep, validate) -> SparseTensor:
    x, y = (v if is_sparse(v) else convert_to_tensor(v) for v in (a, b))
    if x.dtype is not y.dtype:
        raise TypeError(f"{op}: types of a and b don't match, {x.dtype.name} vs {y.dtype.name}")
    x, y = _Sets(x, op, "a", validate), _Sets(y, op, "b", validate)
    lead = x.given.shape[:-1], y.given.shape[:-1]
    if not lead[0].is_compatible_with(lead[1]):
        raise argument_error(
            None, op, f"Mismatched shapes {lead[0]} vs {lead[1]}: all dimensions but the last must agree"
        )
    same = p.reduce_all(p.equal(x.sizes, y.sizes), axes=(0,), keepdims=False)
    p.assert_(same, x.sizes, y.sizes, message=f"{op}: all dimensions of a and b but the last must agree", summarize=8)
    places, values = concat([x.places, y.places], 0), concat([x.values, y.values], 0)
    of_x = concat([ones(shape(x.places), int64), zeros(shape(y.places), int64)], 0)
    order, numbers, heads = _groups(places, values)
    count = shape(heads, int64)[0]
    of_x = gather(of_x, order)
    in_x = p.greater(unsorted_segment_sum(of_x, numbers, count), _long(0))
    in_y = p.greater(unsorted_segment_sum(p.sub(_long(1), of_x), numbers, count), _long(0))
    chosen = gather(order, boolean_mask(heads, keep(in_x, in_y)))
    rows = gather(places, chosen)
    sizes = unsorted_segment_sum(ones(shape(rows), int64), rows, x.count)
    starts = p.cumsum(sizes, axis=0, exclusive=True, reverse=False)
    within = p.sub(range_(shape(rows, int64)[0], dtype=int64), gather(starts, rows))
    steps = p.cumprod(x.sizes, axis=0, exclusive=True, reverse=True)
    lead = p.floor_mod(
        p.floor_div(p.expand_dims(rows, axes=(1,)), p.maximum(steps, _long(1))), p.maximum(x.sizes, _long(1))
    )
    longest = p.reduce_max(concat([zeros([1], int64), sizes], 0), axes=(0,), keepdims=True)
    return SparseTensor(
        concat([lead, p.expand_dims(within, axes=(1,))], 1), gather(values, chosen), concat([x.sizes, longest], 0)
    )


def set_intersection(a, b, validate_indices=True) -> SparseTensor:
    """The elements of the last dimension that both have: sets, in order, as the last dimension of a sparse tensor.

    `a` and `b` are tensors or `SparseTensor`s of integers or strings whose other dimensions agree.
    """
    return _operation("sets.intersection", a, b, p.logical_and, validate_indices)


def set_union(a, b, validate_indices=True) -> SparseTensor:
    """The elements of the last dimension that either has: sets, in order, as the last dimension of a sparse tensor."""
    a, b = (b, a) if is_sparse(a) and not is_sparse(b) else (a, b)
    return _operation("sets.union", a, b, p.logical_or, validate_indices)


def set_difference(a, b, aminusb=True, validate_indices=True) -> SparseTensor:
    """The elements of the last dimension of `a` that `b` does not have (the other way around without `aminusb`): sets,
    in order, as the last dimension of a sparse tensor.
    """

    def keep(in_a, in_b):
        return p.logical_and(in_a, p.logical_not(in_b)) if aminusb else p.logical_and(in_b, p.logical_not(in_a))

    return _operation("sets.difference", a, b, keep, validate_indices)


def set_size(a, validate_indices=True) -> Tensor:
    """How many different elements the last dimension of a `SparseTensor` has: int32."""
    if not is_sparse(a):
        raise TypeError(f"sets.size: expected a SparseTensor, got {a!r}\n  try:  tf.sparse.from_dense")
    x = _Sets(a, "sets.size", "a", validate_indices)
    order, _, heads = _groups(x.places, x.values)
    rows = gather(x.places, gather(order, heads))
    return reshape(unsorted_segment_sum(ones(shape(rows), int32), rows, x.count), x.sizes)


# Sequences.


def edit_distance(hypothesis, truth, normalize=True, name="edit_distance") -> Tensor:
    """The Levenshtein distance of the sequences in the last dimension of two `SparseTensor`s, over the length of that
    in `truth` (`normalize`): inf where that one is empty and the other is not. Float32.
    """
    op = "edit_distance"
    for x, what in ((hypothesis, "Hypothesis"), (truth, "Truth")):
        if not is_sparse(x):
            raise TypeError(f"{op}: {what} must be a SparseTensor, got {x!r}")
    if hypothesis.dtype is not truth.dtype:
        raise TypeError(
            f"{op}: hypothesis and truth must have one dtype, got {hypothesis.dtype.name} and {truth.dtype.name}"
        )
    ranks = hypothesis.shape.rank, truth.shape.rank
    if ranks[0] is None or ranks[0] != ranks[1]:
        raise argument_error(
            None,
            op,
            "Expected truth and hypothesis to have matching ranks, but their shapes are: "
            f"{truth.shape} and {hypothesis.shape}",
        )
    if ranks[0] < 2:
        raise argument_error(None, op, f"Input SparseTensors must have rank at least 2, but their rank is: {ranks[0]}")
    lead = p.maximum(hypothesis.dense_shape[:-1], truth.dense_shape[:-1])
    count = p.reduce_prod(lead, axes=(0,), keepdims=False)
    codes = unique(concat([hypothesis.values, truth.values], 0)).idx
    number = shape(hypothesis.values)[0]
    x, of_x = _padded(hypothesis, codes[:number], lead, count)
    y, of_y = _padded(truth, codes[number:], lead, count)
    found = p.cast(_distances(x, of_x, y, of_y), dtype=float32)
    if normalize:
        length = p.cast(of_y, dtype=float32)
        nothing = p.equal(found, convert_to_tensor(0.0))
        found = p.select(nothing, found, p.div(found, length))
    return reshape(found, lead)


def _padded(x: SparseTensor, codes, lead, count) -> tuple:
    """(The sequences as rows, their lengths.)"""
    rows = _flat(x.indices[:, :-1], lead)
    lengths = unsorted_segment_sum(ones(shape(rows), int64), rows, count)
    starts = p.cumsum(lengths, axis=0, exclusive=True, reverse=False)
    order = argsort(rows, stable=True)
    rows = gather(rows, order)
    within = p.sub(range_(shape(rows, int64)[0], dtype=int64), gather(starts, rows))
    width = p.reduce_max(concat([zeros([1], int64), lengths], 0), axes=(0,), keepdims=False)
    empty = fill(stack([count, width]), convert_to_tensor(-1))
    return tensor_scatter_nd_update(empty, stack([rows, within], 1), gather(codes, order)), lengths


def _distances(x, of_x, y, of_y) -> Tensor:
    """The distances of rows of `x` to rows of `y`, which are so long, by diagonals: on one all are independent."""
    sizes, others = shape(x, int64), shape(y, int64)
    rows, m, n = sizes[0], sizes[1], others[1]
    i = p.expand_dims(range_(p.add(m, _long(1)), dtype=int64), axes=(0,))
    far = p.add(p.add(m, n), _long(1))
    nowhere = fill(stack([rows, p.add(m, _long(1))]), far)
    # Element i of a diagonal d is the distance of the first i of x to the first d - i of y.
    start = p.select(p.equal(i, _long(0)), p.mul(nowhere, _long(0)), nowhere)
    total = p.add(of_x, of_y)

    def shifted(diagonal):
        return concat([fill(stack([rows, _long(1)]), far), diagonal[:, :-1]], 1)

    before = concat([zeros(stack([rows, _long(1)]), int32), x], 1)
    behind = concat([y, zeros(stack([rows, _long(1)]), int32)], 1)

    def step(d, one_before, two_before, found):
        j = p.sub(d, i)
        at = p.minimum(p.maximum(p.sub(j, _long(1)), _long(0)), n)
        differs = p.not_equal(before, gather(behind, p.squeeze(at, axes=(0,)), axis=1))
        here = p.add(shifted(two_before), p.cast(differs, dtype=int64))
        here = p.minimum(here, p.add(p.minimum(one_before, shifted(one_before)), _long(1)))
        edge = p.logical_or(p.equal(i, _long(0)), p.equal(j, _long(0)))
        here = p.select(edge, p.mul(p.add(p.mul(nowhere, _long(0)), _long(1)), d), here)
        outside = p.logical_or(p.less(j, _long(0)), p.greater(j, n))
        here = p.select(outside, nowhere, here)
        found = p.select(p.equal(total, d), _picked(here, of_x), found)
        return p.add(d, _long(1)), here, one_before, found

    init = _long(1), start, nowhere, p.mul(total, _long(0))
    return while_loop(lambda d, *_: p.less_equal(d, p.add(m, n)), step, init)[3]


def _picked(rows, columns) -> Tensor:
    """Of each row the element at a column."""
    at = stack([range_(shape(columns, int64)[0], dtype=int64), columns], 1)
    return gather_nd(rows, at)


# Counts.


def sparse_bincount(
    values, weights=None, axis=0, minlength=None, maxlength=None, binary_output=False, name=None
) -> SparseTensor:
    """How often (or with which sum of `weights`) each number stands in a vector or matrix: those that do, as a sparse
    vector. With `axis=-1` of each row, as a sparse matrix. `binary_output`: only whether.
    """
    op = "sparse.bincount"
    if axis not in (0, -1, None):
        raise ValueError(f"Unsupported value for argument axis={axis!r}. Only 0 and -1 are currently supported.")
    if binary_output and weights is not None:
        raise ValueError(f"{op}: binary_output counts every number once: give no weights with it")
    rows, x, count = _rows_of(values, op, axis)
    if x.dtype not in (int32, int64):
        raise TypeError(f"{op}: values of dtype {x.dtype.name}, expected int32 or int64")
    known = static_value(x)
    if known is not None and known.size and known.min() < 0:
        raise argument_error(None, op, f"Input values must all be non-negative, got {known.min()}")
    ok = p.reduce_all(p.greater_equal(x, convert_to_tensor(0, x.dtype)), axes=(0,), keepdims=False)
    p.assert_(ok, x, message=f"{op}: input values must all be non-negative", summarize=8)
    of = p.cast(x, dtype=int64)
    each = ones(shape(x), x.dtype) if weights is None else _weights_of(weights, values, x, op)
    if maxlength is not None:
        kept = p.less(of, _long(maxlength))
        rows, of, each = boolean_mask(rows, kept), boolean_mask(of, kept), boolean_mask(each, kept)
    longest = p.reduce_max(concat([fill([1], _long(-1)), p.cast(x, dtype=int64)], 0), axes=(0,), keepdims=False)
    size = p.add(longest, _long(1))
    # TensorFlow's vector of no numbers has size 1.
    size = p.maximum(size, _long(1 if minlength is None else max(int(minlength), 1)))
    if maxlength is not None:
        size = p.minimum(size, _long(maxlength)) if minlength is None else _long(maxlength)
    order, numbers, heads = _groups(rows, of)
    groups = shape(heads, int64)[0]
    if binary_output:
        total = ones(reshape(groups, [1]), x.dtype)
    else:
        total = unsorted_segment_sum(gather(each, order), numbers, groups)
    at = gather(order, heads)
    if axis == -1 and count is not None:
        return SparseTensor(stack([gather(rows, at), gather(of, at)], 1), total, stack([count, size]))
    return SparseTensor(p.expand_dims(gather(of, at), axes=(1,)), total, reshape(size, [1]))


def _rows_of(values, op, axis) -> tuple:
    """(The row of each number, the numbers, how many rows there are: None if they are a vector.)"""
    if hasattr(values, "value_rowids"):
        rows, x = p.cast(values.value_rowids(), dtype=int64), values.flat_values
        count = p.cast(values.nrows(), dtype=int64)
    elif is_sparse(values):
        x, rank = values.values, values.shape.rank
        _check_rank(rank, values, op)
        rows, count = (values.indices[:, 0], values.dense_shape[0]) if rank == 2 else (None, None)
    else:
        x = convert_to_tensor(values)
        rank = x.shape.rank
        _check_rank(rank, x, op)
        sizes = shape(x, int64)
        if rank == 2:
            width = p.maximum(sizes[1], _long(1))
            x, count = reshape(x, [-1]), sizes[0]
            rows = p.floor_div(range_(shape(x, int64)[0], dtype=int64), width)
        else:
            x, rows, count = reshape(x, [-1]), None, None
    if rows is None or axis != -1:
        rows = zeros(shape(x), int64)
    return rows, x, count


def _check_rank(rank, x, op):
    if rank is None or rank > 2:
        raise argument_error(None, op, f"Input must be a 1 or 2-dimensional tensor. Got: {x.shape}")


def _weights_of(weights, values, x, op) -> Tensor:
    if is_sparse(values) != is_sparse(weights):
        raise ValueError(f"{op}: weights must be a SparseTensor if and only if values are one, got {weights!r}")
    if hasattr(values, "value_rowids"):
        if not hasattr(weights, "value_rowids"):
            raise ValueError(f"{op}: weights of ragged values must be a RaggedTensor, got {weights!r}")
        each = weights.flat_values
    else:
        each = weights.values if is_sparse(weights) else convert_to_tensor(weights)
        given = values.values.shape if is_sparse(values) else convert_to_tensor(values).shape
        if not each.shape.is_compatible_with(given):
            raise argument_error(
                None, op, f"Weights and data must have the same shape. Weight shape: {each.shape}; data shape: {given}"
            )
        each = reshape(each, [-1])
    return each
