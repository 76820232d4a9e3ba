"""Element types of tensors: `tf.float32` and its siblings."""

import ml_dtypes
import numpy as np


class DType:
    """An element type. There is exactly one object for each; compare with `==` (also to numpy dtypes and
    names) or `is`.

    Attributes: `name` ("float32"), `as_numpy_dtype` (the scalar class), `code` (the number in `tfc_rt.h`),
    `size` (bytes of one element), and the tests `is_bool`, `is_integer`, `is_unsigned`, `is_floating`,
    `is_complex`.
    """

    __slots__ = (
        "__weakref__",
        "as_numpy_dtype",
        "code",
        "is_bool",
        "is_complex",
        "is_differentiable",
        "is_floating",
        "is_integer",
        "is_unsigned",
        "kind",
        "name",
        "np_dtype",
        "size",
    )

    def __init__(self, code: int, name: str, scalar: type):
        self.code = code
        self.name = name
        self.as_numpy_dtype = object if scalar is np.object_ else scalar
        self.np_dtype = np.dtype(scalar)
        self.size = self.np_dtype.itemsize
        self.is_bool = name == "bool"
        self.is_unsigned = name.startswith("uint")
        self.is_integer = "int" in name
        self.is_floating = "float" in name
        self.is_complex = "complex" in name
        self.is_differentiable = self.is_floating or self.is_complex
        # numpy's letter, also for bfloat16: b(ool), i(nteger), u(nsigned), f(loat), c(omplex).
        self.kind = "f" if self.is_floating else self.np_dtype.kind

    @property
    def is_numeric(self) -> bool:
        return not self.is_bool and self.name != "string"

    @property
    def is_numpy_compatible(self) -> bool:
        return True

    @property
    def is_quantized(self) -> bool:
        return False

    @property
    def as_datatype_enum(self) -> int:
        """TensorFlow's number of the type."""
        return _ENUM[self.name]

    @property
    def base_dtype(self) -> "DType":
        return self

    @property
    def real_dtype(self) -> "DType":
        """The type of the real part: float32 of complex64, float64 of complex128, else this type."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    @property
    def min(self):
        """The smallest value; `TypeError` for complex and bool types."""
        return self._limits().min if not self.is_bool else False

    @property
    def max(self):
        """The largest value; `TypeError` for complex types."""
        return self._limits().max if not self.is_bool else True

    @property
    def limits(self) -> tuple:
        """(0 or -1, 1 or the largest integer): the range of image intensities, as TensorFlow defines it."""
        if self.is_floating:
            return 0, 1
        return self.min, self.max

    def _limits(self):
        if self.is_complex:
            raise TypeError(f"Cannot find minimum or maximum value of {self}: complex numbers are not ordered.")
        if self.name == "string":
            raise TypeError(f"Cannot find minimum or maximum value of {self}: there is none.")
        if self.is_integer:
            return np.iinfo(self.np_dtype)
        return ml_dtypes.finfo(self.np_dtype)

    def is_compatible_with(self, other) -> bool:
        return self is as_dtype(other)

    def is_subtype_of(self, other) -> bool:
        return self is as_dtype(other)

    def most_specific_common_supertype(self, others):
        return self if all(self is as_dtype(other) for other in others) else None

    def __eq__(self, other):
        if self is other:
            return True
        if other is None or isinstance(other, DType):
            return False
        try:
            return self is as_dtype(other)
        except (TypeError, ValueError):
            # Anything may be compared; numpy refuses some of it with either.
            return False

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self.name)

    def __int__(self):
        return self.as_datatype_enum

    def __repr__(self):
        return f"tf.{self.name}"

    def __str__(self):
        return f"<dtype: {self.name!r}>"

    def __reduce__(self):
        return as_dtype, (self.name,)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


bool_ = DType(0, "bool", np.bool_)
int8 = DType(1, "int8", np.int8)
int16 = DType(2, "int16", np.int16)
int32 = DType(3, "int32", np.int32)
int64 = DType(4, "int64", np.int64)
uint8 = DType(5, "uint8", np.uint8)
uint16 = DType(6, "uint16", np.uint16)
uint32 = DType(7, "uint32", np.uint32)
uint64 = DType(8, "uint64", np.uint64)
float16 = half = DType(9, "float16", np.float16)
bfloat16 = DType(10, "bfloat16", ml_dtypes.bfloat16)
float32 = DType(11, "float32", np.float32)
float64 = double = DType(12, "float64", np.float64)
complex64 = DType(13, "complex64", np.complex64)
complex128 = DType(14, "complex128", np.complex128)

#: Strings of bytes, as numpy holds them: arrays of objects. They have no memory of their own (code -1), and no code
#: is generated for them.
string = DType(-1, "string", np.object_)

#: All types of numbers, at the index of their code.
DTYPES: tuple[DType, ...] = (
    bool_,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    float16,
    bfloat16,
    float32,
    float64,
    complex64,
    complex128,
)

# Numbers of TensorFlow's types; `code` is that of this package.
_ENUM = {
    "float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "string": 7, "complex64": 8, "int64": 9,
    "bool": 10, "bfloat16": 14, "uint16": 17, "complex128": 18, "float16": 19, "uint32": 22, "uint64": 23,
}  # fmt: skip

_KNOWN: dict = {d.name: d for d in (*DTYPES, string)}
_KNOWN.update({d.as_numpy_dtype: d for d in (*DTYPES, string)})
_KNOWN.update({d.np_dtype: d for d in (*DTYPES, string)})
_OF_ENUM = {number: _KNOWN[name] for name, number in _ENUM.items()}
_KNOWN.update({"half": float16, "float": float32, "double": float64, bool: bool_, int: int32, float: float32})
_KNOWN.update(
    {
        str: string,
        bytes: string,
        np.str_: string,
        np.bytes_: string,
        complex: complex128,
        np.longlong: int64,
        np.ulonglong: uint64,
        np.intc: int32,
        np.uintc: uint32,
    }
)


def as_dtype(value) -> DType:
    """The `DType` of a DType, numpy dtype or scalar class, name, Python class or TensorFlow's number.

    Raises `TypeError` if there is none: quantized types are not supported.
    """
    if type(value) is DType:
        return value
    try:
        found = _KNOWN.get(value)
    except TypeError:
        found = None
    if found is not None:
        return found
    if type(value) is int and value in _OF_ENUM:
        return _OF_ENUM[value]
    # np.dtype(None) would be float64.
    if value is not None and not isinstance(value, (int, str)):
        inner = getattr(value, "dtype", value)
        if isinstance(inner, DType):
            return inner
        try:
            numpy = np.dtype(inner)
            # numpy takes any class for that of objects.
            odd = numpy.kind == "O" and isinstance(inner, type)
            found = None if odd else string if numpy.kind in "SU" else _KNOWN.get(numpy.newbyteorder("="))
        except TypeError:
            found = None
        if found is not None:
            return found
    raise TypeError(
        f"Cannot convert the argument `type_value`: {value!r} to a TensorFlow DType. "
        f"Supported types: {', '.join(d.name for d in DTYPES)}."
    )
