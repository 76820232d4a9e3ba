"""tfc: TensorFlow 2's eager ops, functions and gradients, compiled by MLIR. Use as `import tfc as tf`."""

import importlib
from typing import TYPE_CHECKING

from tfc import array_api, autograph, batching, config, errors  # array_api: tensors have its attributes
from tfc.api import dtypes
from tfc.autodiff import (
    GradientTape,
    UnconnectedGradients,
    custom_gradient,
    grad_pass_through,
    numpy_function,
    py_function,
    recompute_grad,
)
from tfc.config import device
from tfc.core import executing_eagerly
from tfc.core import is_symbolic as is_symbolic_tensor
from tfc.core import outside as init_scope
from tfc.dtypes import (
    DType,
    TensorShape,
    TensorSpec,
    as_dtype,
    bfloat16,
    broadcast_static_shape,
    complex64,
    complex128,
    double,
    float16,
    float32,
    float64,
    half,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
)
from tfc.dtypes import (
    bool_ as bool,
)
from tfc.function import function, inside_function
from tfc.ops.array import (
    broadcast_dynamic_shape,
    broadcast_to,
    concat,
    ensure_shape,
    expand_dims,
    identity,
    identity_n,
    pad,
    parallel_stack,
    rank,
    repeat,
    reshape,
    reverse,
    roll,
    shape,
    shape_n,
    size,
    split,
    squeeze,
    stack,
    tile,
    transpose,
    unravel_index,
    unstack,
)
from tfc.ops.clip import clip_by_average_norm, clip_by_global_norm, clip_by_norm, clip_by_value
from tfc.ops.control_flow import (
    case,
    cond,
    control_dependencies,
    group,
    no_op,
    switch_case,
    while_loop,
)
from tfc.ops.control_flow import (
    tuple_ as tuple,
)
from tfc.ops.convert import constant, convert_to_tensor, is_tensor
from tfc.ops.convert import static_value as get_static_value
from tfc.ops.creation import (
    eye,
    fill,
    linspace,
    meshgrid,
    one_hot,
    ones,
    ones_like,
    range,
    sequence_mask,
    zeros,
    zeros_like,
)
from tfc.ops.debugging import assert_equal, assert_greater, assert_less
from tfc.ops.debugging_shapes import assert_rank
from tfc.ops.einsum import einsum
from tfc.ops.functional import (
    foldl,
    foldr,
    map_fn,
    scan,
    vectorized_map,
)
from tfc.ops.gather import (
    argsort,
    boolean_mask,
    gather,
    gather_nd,
    scatter_nd,
    sort,
    tensor_scatter_nd_add,
    tensor_scatter_nd_max,
    tensor_scatter_nd_min,
    tensor_scatter_nd_sub,
    tensor_scatter_nd_update,
    where,
)
from tfc.ops.indexed_slices import IndexedSlices
from tfc.ops.linalg import matmul, norm, tensordot
from tfc.ops.logging_ops import Assert
from tfc.ops.logging_ops import print_v2 as print
from tfc.ops.math import (
    abs,
    acos,
    acosh,
    add,
    add_n,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    bitcast,
    cast,
    complex,
    cos,
    cosh,
    divide,
    equal,
    exp,
    floor,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    pow,
    realdiv,
    round,
    saturate_cast,
    scalar_mul,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    truediv,
    truncatediv,
    truncatemod,
)
from tfc.ops.math import (
    floormod as mod,
)
from tfc.ops.naming import publish, published
from tfc.ops.operation import Operation
from tfc.ops.reductions import (
    argmax,
    argmin,
    cumsum,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
    stop_gradient,
)
from tfc.ops.slicing import slice, strided_slice
from tfc.ops.tensor_array import TensorArray
from tfc.state import (
    Module,
    Variable,
    VariableAggregation,
    VariableSynchronization,
    name_scope,
    variable_creator_scope,
)
from tfc.tensor import Tensor
from tfc.tracing import TensorArraySpec, gradients, hessians

publish(globals())

if TYPE_CHECKING:  # what `__getattr__` gives
    from tfc import data, experimental, export, optimizers, profiler, saved_model
    from tfc.api import (
        bitwise,
        compat,
        debugging,
        image,
        initializers,
        io,
        linalg,
        math,
        nest,
        nn,
        ragged,
        random,
        sets,
        signal,
        sparse,
        strings,
        train,
        types,
    )
    from tfc.api.services import (
        get_current_name_scope,
        get_logger,
        guarantee_const,
        required_space_to_batch_paddings,
        timestamp,
        version,
    )
    from tfc.data.optional import OptionalSpec
    from tfc.data.specs import NoneTensorSpec
    from tfc.ops.binning import (
        dynamic_partition,
        dynamic_stitch,
        histogram_fixed_width,
        histogram_fixed_width_bins,
        reverse_sequence,
        searchsorted,
    )
    from tfc.ops.blocks import batch_to_space, extract_volume_patches, space_to_batch, space_to_batch_nd
    from tfc.ops.conversion_functions import register_tensor_conversion_function
    from tfc.ops.convolution import conv, conv2d_backprop_filter_v2, conv2d_backprop_input_v2
    from tfc.ops.decompositions import eig, eigvals
    from tfc.ops.fourier import fftnd, ifftnd, irfftnd, rfftnd
    from tfc.ops.gather import approx_top_k
    from tfc.ops.initializers import Constant as constant_initializer
    from tfc.ops.initializers import FreshNormal as random_normal_initializer
    from tfc.ops.initializers import FreshUniform as random_uniform_initializer
    from tfc.ops.initializers import Ones as ones_initializer
    from tfc.ops.initializers import Zeros as zeros_initializer
    from tfc.ops.matrix_functions import sqrtm as matrix_square_root
    from tfc.ops.permutations import random_index_shuffle
    from tfc.ops.ragged_ops import RaggedTensor
    from tfc.ops.ragged_rows import ragged_fill_empty_rows, ragged_fill_empty_rows_grad
    from tfc.ops.sets import edit_distance
    from tfc.ops.sparse_ops import SparseTensor
    from tfc.ops.strings import as_string
    from tfc.ops.unique import unique, unique_with_counts
    from tfc.tracing.ragged_spec import RaggedTensorSpec
    from tfc.tracing.slices_spec import IndexedSlicesSpec
    from tfc.tracing.sparse_spec import SparseTensorSpec
    from tfc.tracing.type_specs import TypeSpec, type_spec_from_value

newaxis = None
__version__ = "0.1.0"

# Namespaces and names that many programs do not use are loaded at their first use: importing all of them would take as
# long as all the rest. Module -> names there, or (name there, name here).
_LAZY = {
    "tfc": ["data", "experimental", "export", "optimizers", "profiler", "saved_model"],
    "tfc.api": [
        "bitwise", "compat", "debugging", "image", "initializers", "io", "linalg", "math", "nest", "nn", "ragged",
        "random", "sets", "signal", "sparse", "strings", "train", "types",
    ],
    "tfc.api.services": [
        "get_current_name_scope", "get_logger", "guarantee_const", "required_space_to_batch_paddings", "timestamp",
        "version",
    ],
    "tfc.ops.binning": [
        "dynamic_partition", "dynamic_stitch", "histogram_fixed_width", "histogram_fixed_width_bins",
        "reverse_sequence", "searchsorted",
    ],
    "tfc.ops.blocks": ["batch_to_space", "extract_volume_patches", "space_to_batch", "space_to_batch_nd"],
    "tfc.ops.conversion_functions": ["register_tensor_conversion_function"],
    "tfc.ops.convolution": ["conv", "conv2d_backprop_filter_v2", "conv2d_backprop_input_v2"],
    "tfc.ops.decompositions": ["eig", "eigvals"],
    "tfc.ops.fourier": ["fftnd", "ifftnd", "irfftnd", "rfftnd"],
    "tfc.ops.gather": ["approx_top_k"],
    "tfc.ops.initializers": [
        ("Constant", "constant_initializer"), ("Ones", "ones_initializer"), ("Zeros", "zeros_initializer"),
        ("FreshNormal", "random_normal_initializer"), ("FreshUniform", "random_uniform_initializer"),
    ],
    "tfc.ops.matrix_functions": [("sqrtm", "matrix_square_root")],
    "tfc.ops.permutations": ["random_index_shuffle"],
    "tfc.ops.ragged_ops": ["RaggedTensor"],
    "tfc.ops.ragged_rows": ["ragged_fill_empty_rows", "ragged_fill_empty_rows_grad"],
    "tfc.tracing.ragged_spec": ["RaggedTensorSpec"],
    "tfc.tracing.slices_spec": ["IndexedSlicesSpec"],
    "tfc.data.optional": ["OptionalSpec"],
    "tfc.data.specs": ["NoneTensorSpec"],
    "tfc.tracing.sparse_spec": ["SparseTensorSpec"],
    "tfc.tracing.type_specs": ["TypeSpec", "type_spec_from_value"],
    "tfc.ops.sets": ["edit_distance"],
    "tfc.ops.sparse_ops": ["SparseTensor"],
    "tfc.ops.strings": ["as_string"],
    "tfc.ops.unique": ["unique", "unique_with_counts"],
}  # fmt: skip
_WHERE = {
    (name if isinstance(name, str) else name[1]): (module, name if isinstance(name, str) else name[0])
    for module, names in _LAZY.items()
    for name in names
}


def __getattr__(name: str):
    if name not in _WHERE:
        importlib.import_module("tfc.api.absent").explain("tf", name)
    module, there = _WHERE[name]
    if module in ("tfc", "tfc.api"):
        value = importlib.import_module(f"{module}.{there}")
    else:
        value = published(getattr(importlib.import_module(module), there), name, __name__)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_WHERE})


__all__ = [
    "approx_top_k",
    "conv",
    "conv2d_backprop_filter_v2",
    "conv2d_backprop_input_v2",
    "extract_volume_patches",
    "ragged_fill_empty_rows",
    "ragged_fill_empty_rows_grad",
    "random_index_shuffle",
    "zeros_initializer",
    "random_uniform_initializer",
    "random_normal_initializer",
    "ones_initializer",
    "matrix_square_root",
    "Assert",
    "DType",
    "GradientTape",
    "Operation",
    "IndexedSlices",
    "IndexedSlicesSpec",
    "NoneTensorSpec",
    "OptionalSpec",
    "Module",
    "RaggedTensor",
    "RaggedTensorSpec",
    "SparseTensor",
    "SparseTensorSpec",
    "Tensor",
    "TensorArray",
    "TensorArraySpec",
    "TensorShape",
    "TensorSpec",
    "TypeSpec",
    "UnconnectedGradients",
    "Variable",
    "VariableAggregation",
    "VariableSynchronization",
    "abs",
    "acos",
    "acosh",
    "add",
    "add_n",
    "argmax",
    "argmin",
    "argsort",
    "array_api",
    "as_dtype",
    "as_string",
    "asin",
    "asinh",
    "assert_equal",
    "assert_greater",
    "assert_less",
    "assert_rank",
    "atan",
    "atan2",
    "atanh",
    "autodiff",
    "autograph",
    "batching",
    "batch_to_space",
    "bfloat16",
    "bitcast",
    "bitwise",
    "bool",
    "boolean_mask",
    "broadcast_dynamic_shape",
    "broadcast_static_shape",
    "broadcast_to",
    "case",
    "cast",
    "clip_by_average_norm",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "compat",
    "complex",
    "complex128",
    "complex64",
    "concat",
    "cond",
    "config",
    "device",
    "constant",
    "constant_initializer",
    "control_dependencies",
    "convert_to_tensor",
    "cos",
    "cosh",
    "cumsum",
    "custom_gradient",
    "data",
    "debugging",
    "divide",
    "double",
    "dtypes",
    "edit_distance",
    "eig",
    "dynamic_partition",
    "dynamic_stitch",
    "einsum",
    "eigvals",
    "ensure_shape",
    "equal",
    "errors",
    "export",
    "executing_eagerly",
    "experimental",
    "exp",
    "expand_dims",
    "eye",
    "fftnd",
    "fill",
    "float16",
    "float32",
    "float64",
    "floor",
    "foldl",
    "foldr",
    "function",
    "gather",
    "gather_nd",
    "get_current_name_scope",
    "get_static_value",
    "get_logger",
    "grad_pass_through",
    "gradients",
    "greater",
    "greater_equal",
    "group",
    "guarantee_const",
    "half",
    "hessians",
    "histogram_fixed_width",
    "histogram_fixed_width_bins",
    "identity",
    "identity_n",
    "ifftnd",
    "image",
    "init_scope",
    "initializers",
    "inside_function",
    "int16",
    "int32",
    "int64",
    "int8",
    "io",
    "irfftnd",
    "is_symbolic_tensor",
    "is_tensor",
    "less",
    "less_equal",
    "linalg",
    "linspace",
    "logical_and",
    "logical_not",
    "logical_or",
    "map_fn",
    "math",
    "matmul",
    "maximum",
    "meshgrid",
    "minimum",
    "mod",
    "multiply",
    "name_scope",
    "negative",
    "nest",
    "newaxis",
    "nn",
    "no_op",
    "norm",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "optimizers",
    "pad",
    "parallel_stack",
    "pow",
    "print",
    "profiler",
    "ragged",
    "random",
    "range",
    "rank",
    "realdiv",
    "recompute_grad",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "register_tensor_conversion_function",
    "repeat",
    "required_space_to_batch_paddings",
    "reshape",
    "reverse",
    "reverse_sequence",
    "rfftnd",
    "roll",
    "round",
    "saturate_cast",
    "saved_model",
    "scalar_mul",
    "scan",
    "scatter_nd",
    "searchsorted",
    "sequence_mask",
    "sets",
    "shape",
    "shape_n",
    "sigmoid",
    "sign",
    "signal",
    "sin",
    "sinh",
    "size",
    "slice",
    "sort",
    "space_to_batch",
    "space_to_batch_nd",
    "sparse",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stop_gradient",
    "strided_slice",
    "string",
    "strings",
    "subtract",
    "switch_case",
    "tan",
    "tanh",
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_max",
    "tensor_scatter_nd_min",
    "tensor_scatter_nd_sub",
    "tensor_scatter_nd_update",
    "tensordot",
    "tile",
    "timestamp",
    "train",
    "transpose",
    "truediv",
    "truncatediv",
    "truncatemod",
    "tuple",
    "type_spec_from_value",
    "types",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "unravel_index",
    "unstack",
    "variable_creator_scope",
    "vectorized_map",
    "version",
    "where",
    "while_loop",
    "zeros",
    "zeros_like",
    "numpy_function",
    "py_function",
    "unique",
    "unique_with_counts",
]
