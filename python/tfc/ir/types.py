"""Types of the IR and of Python, both ways: element types <-> DType, tensor types <-> (DType, dims)."""

from tfc.dtypes import DTYPES, DType, TensorSpec, string
from tfc.ir.context import context
from tfc.ir.lazy import mlir

_elements: dict = {}
_tensor_types: dict = {}
_described: dict = {}
_wrapped: dict = {}
_element_of: dict = {}
# Of shapes and types that were seen, so many are remembered.
_LIMIT = 4096

_SPELLING = {
    "bool": "i1", "float16": "f16", "bfloat16": "bf16", "float32": "f32", "float64": "f64",
    "complex64": "complex<f32>", "complex128": "complex<f64>", "string": "!tfc.string",
}  # fmt: skip


def _remember(known: dict, key, value) -> None:
    if len(known) >= _LIMIT:
        known.clear()
    known[key] = value


def spelling(dtype: DType) -> str:
    """How MLIR writes an element type: `i32`, `ui8`, `f32`."""
    return _SPELLING.get(dtype.name) or dtype.name.replace("uint", "ui").replace("int", "i")


def element_type(dtype: DType):
    """The MLIR element type of a DType."""
    found = _elements.get(dtype)
    if found is None:
        with context():
            found = _elements[dtype] = mlir.Type.parse(spelling(dtype))
    return found


def strings_exist() -> bool:
    """Whether the IR of this process has ever seen a string."""
    return string in _elements


def dtype_of(element) -> DType:
    """The DType of an MLIR element type; `TypeError` if there is none."""
    for dtype in (*DTYPES, string):
        if element_type(dtype) == element:
            return dtype
    raise TypeError(f"no DType for the element type {element}")


def tensor_type(dtype: DType, dims: tuple | None):
    """`tensor<2x?xf32>` of a DType and dims (None: unknown size, or unknown rank)."""
    key = (dtype, dims)
    found = _tensor_types.get(key)
    if found is None:
        element = element_type(dtype)
        with context(), mlir.Location.unknown():
            if dims is None:
                found = mlir.UnrankedTensorType.get(element)
            else:
                dynamic = mlir.ShapedType.get_dynamic_size()
                found = mlir.RankedTensorType.get([dynamic if d is None else d for d in dims], element)
        _remember(_tensor_types, key, found)
        _remember(_described, found, key)
    return found


def spec_type(spec: TensorSpec):
    """The tensor type of a TensorSpec."""
    return tensor_type(spec.dtype, spec.shape.dims)


def describe_type(type_) -> tuple:
    """(DType, dims) of a tensor type."""
    found = _described.get(type_)
    if found is None:
        if isinstance(type_, mlir.RankedTensorType):
            ranked = mlir.RankedTensorType(type_)
            dynamic = mlir.ShapedType.get_dynamic_size()
            dims = tuple(None if d == dynamic else d for d in ranked.shape)
            found = dtype_of(ranked.element_type), dims
        elif isinstance(type_, mlir.UnrankedTensorType):
            found = dtype_of(mlir.UnrankedTensorType(type_).element_type), None
        else:
            raise TypeError(f"{type_} is not a tensor type")
        _remember(_described, type_, found)
    return found


def type_spec(type_) -> TensorSpec:
    """The TensorSpec of a tensor type."""
    dtype, dims = describe_type(type_)
    return TensorSpec(dims, dtype)


def _wrap(mnemonic: str, inner):
    found = _wrapped.get((mnemonic, inner))
    if found is None:
        with context():
            found = mlir.Type.parse(f"!tfc.{mnemonic}<{inner}>")
        _remember(_wrapped, (mnemonic, inner), found)
        _remember(_element_of, found, (mnemonic, inner))
    return found


def resource_type(dtype: DType, dims: tuple | None):
    """`!tfc.resource<tensor<...>>`: a handle of a variable."""
    return _wrap("resource", tensor_type(dtype, dims))


def list_type(element):
    """`!tfc.list<tensor<...>>` of a tensor type."""
    return _wrap("list", element)


def kind_of(type_) -> tuple:
    """("tensor" | "list" | "resource" | "token", the tensor type inside or None)."""
    found = _element_of.get(type_)
    if found is None:
        text = str(type_)
        if text.startswith("!tfc.token"):
            found = "token", None
        elif text.startswith("!tfc."):
            mnemonic, inner = text[len("!tfc.") : -1].split("<", 1)
            with context():
                found = mnemonic, mlir.Type.parse(inner)
        else:
            found = "tensor", type_
        _remember(_element_of, type_, found)
    return found
