"""`StringVariable`: what a `Variable` with strings is."""

from tfc.core import StringTensor, string_array
from tfc.dtypes import TensorShape, string, uint8

# Set apart from every other variable in the keys of calls.
KEY_TAG = 0x5354


class StringStorage:
    """A variable whose value is a `StringTensor`.

    Native storage holds numbers: it knows the shape, under the placeholder dtype `STORED`, and the value is kept here.
    Functions with strings run op by op, so that compiled code never looks for a buffer.
    """

    STORED = uint8
    _text: StringTensor | None = None

    @property
    def dtype(self):
        return string

    @property
    def initialized(self) -> bool:
        return self._text is not None

    def _read(self) -> StringTensor:
        if self._text is None:
            raise ValueError("the variable has no value yet: assign one first")
        return self._text

    read = _read

    def _assign(self, value) -> None:
        if not isinstance(value, StringTensor):
            value = StringTensor(string_array(value))
        if not TensorShape(value.shape_tuple).is_compatible_with(self.shape_tuple):
            raise ValueError(
                f"Cannot assign value to variable: Shape mismatch. The variable shape {TensorShape(self.shape_tuple)}, "
                f"and the assigned value shape {TensorShape(value.shape_tuple)} are incompatible."
            )
        self._text = value

    def _reset(self) -> None:
        self._text = None
