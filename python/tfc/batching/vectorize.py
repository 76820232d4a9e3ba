"""A Python function of one row, run on all rows at once."""

from tfc.autograph import convert
from tfc.batching.replay import BatchedReplay, Unbatchable, check
from tfc.core import current, executing_eagerly, stop_recording, using
from tfc.dtypes import TensorSpec, int64
from tfc.ops import functional, nest
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.operation import Operation
from tfc.ops.rows.batching import Row, Rows
from tfc.tracing import FuncGraph
from tfc.tracing.replay import symbols_of


def vectorized(fn, elems, flat: list, shared: list, count: int | None, name: str):
    """`fn` of all rows of `flat` (the leaves of `elems`); `shared`: of which there is one row for all.

    Raises `functional.RowByRow` where all of `fn` has to run row by row, with the reason.
    """
    outer = current()
    graph = FuncGraph(name, parent=None if executing_eagerly() else outer, autograph=True)
    with using(graph), stop_recording():
        rows = [
            graph.add_input(TensorSpec(None if x.shape_tuple is None else x.shape_tuple[1:], x.dtype)) for x in flat
        ]
        structure = convert(fn)(nest.pack_sequence_as(elems, rows))
        leaves = [
            None if v is None or isinstance(v, Operation) else convert_to_tensor(v) for v in nest.flatten(structure)
        ]
        graph.finish([graph.operand_tensor(v) for v in leaves if v is not None])
    function = graph.function
    try:
        check(function)
        values = _run(function, graph, flat, shared, count)
    except Unbatchable as e:
        raise functional.RowByRow(str(e)) from None
    rest = iter(values)
    return nest.pack_sequence_as(structure, [None if v is None else next(rest) for v in leaves])


def _run(function, graph, flat, shared, count) -> list:
    inputs = [
        Row(p.squeeze(p.slice_(x, starts=_zeros(x), sizes=(1, *x.shape_tuple[1:]), strides=_ones(x)), axes=(0,)), False)
        if alone
        else Row(x, True)
        for x, alone in zip(flat, shared, strict=True)
    ]
    inputs += [Row(x, False) for x in [*graph.captured, *graph.variables]]
    rows = Rows(count, None if count is not None else _size_of(next(r.value for r in inputs if r.batched)))
    block = function.op.regions[0].blocks[0]
    # Small captured tensors are constants of the function, but gradients flow to them.
    constants = {value: Row(tensor, False) for tensor, value in graph.constant_values()}
    env = {**dict(zip(block.arguments, inputs, strict=True)), **constants}
    replay = BatchedReplay(symbols_of(function), env, rows, frozenset(constants))
    return [rows.all(r) for r in replay.block(block)]


def _row_spec(x):
    return TensorSpec(None if x.shape_tuple is None else x.shape_tuple[1:], x.dtype)


def _tensor_or_none(value):
    return None if value is None or isinstance(value, Operation) else convert_to_tensor(value)


def _zeros(x):
    return (0,) * len(x.shape_tuple)


def _ones(x):
    return (1,) * len(x.shape_tuple)


def _size_of(x):
    sizes = p.shape_of(x, dtype=int64)
    return p.squeeze(p.slice_(sizes, starts=(0,), sizes=(1,), strides=(1,)), axes=(0,))


functional.register_vectorized(vectorized)
