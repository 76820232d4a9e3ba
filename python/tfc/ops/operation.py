"""What operations without a value give while a function is traced (`tf.print`, `tf.group`, `tf.debugging.assert_*`)."""

from tfc.core import executing_eagerly


class Operation:
    """An operation of a traced function that was built for its effect. It is no tensor, and no function returns it.

    `tf.control_dependencies` and `tf.group` take it; effects happen in program order in any case.
    """

    __slots__ = ("type",)

    def __init__(self, type_: str):
        self.type = type_

    @property
    def name(self) -> str:
        """The kind of operation."""
        return self.type

    @property
    def outputs(self) -> list:
        """None: it has no values."""
        return []

    def __bool__(self):
        raise TypeError(f"the operation {self.type!r} has no value")

    def __repr__(self):
        return f"<tf.Operation '{self.name}' type={self.type}>"


def done(type_: str) -> Operation | None:
    """An operation that was just built; None where it has run."""
    return None if executing_eagerly() else Operation(type_)
