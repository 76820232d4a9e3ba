"""What operations without a value give while a function is traced (`tf.print`, `tf.group`, `tf.debugging.assert_*`)."""

from tfc.core import current, executing_eagerly


class Operation:
    """An operation of a traced function that was built for its effect. It is no tensor, and no function returns it.

    `tf.control_dependencies` and `tf.group` take it; effects happen in program order in any case.
    """

    __slots__ = ("control_inputs", "name", "type")

    def __init__(self, type_: str, name: str, control_inputs: tuple = ()):
        self.type, self.name, self.control_inputs = type_, name, list(control_inputs)

    @property
    def outputs(self) -> list:
        """None: it has no values."""
        return []

    def __bool__(self):
        raise TypeError(f"the operation {self.type!r} has no value")

    def __repr__(self):
        return f"<tf.Operation '{self.name}' type={self.type}>"


# TensorFlow's type of an operation, and the name that one gets.
_KINDS = {
    "print": ("PrintV2", "PrintV2"),
    "assert": ("Assert", "Assert/Assert"),
    "group": ("NoOp", "group_deps"),
    "no_op": ("NoOp", "NoOp"),
}


def done(kind: str, inputs: tuple = ()) -> Operation | None:
    """An operation that was just built, after `inputs`; None where it has run."""
    if executing_eagerly():
        return None
    made = Operation(*_KINDS[kind], inputs)
    note = getattr(current(), "note_operation", None)
    if note is not None:
        note(made)
    return made
