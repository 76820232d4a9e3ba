"""The exception classes of `tf.errors`.

`OpError` and its children are what an operation raises when it runs. They carry TensorFlow's
canonical error codes.
`TFCError` is the mix-in by which every exception of this package can be caught.
"""

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class TFCError(Exception):
    """Base of every exception that is specific to this package."""


class OpError(TFCError):
    """An operation failed. `message` says why, `op` (if known) is the operation's name.

    The constructor takes TensorFlow's `(node_def, op, message)`, and also a message alone.
    """

    _code = UNKNOWN

    def __init__(self, *args, node_def=None, op=None, message=None, error_code=None):
        if len(args) == 1:
            message = args[0] if message is None else message
        elif args:
            node_def, op, message, error_code = (*args, *(node_def, op, message, error_code)[len(args) :])
        self._node_def = node_def
        self._op = op
        self._message = "" if message is None else str(message)
        self._error_code = type(self)._code if error_code is None else error_code
        super().__init__(self._message)

    def __reduce__(self):
        return _rebuild, (type(self), self._node_def, self._op, self._message, self._error_code)

    def __str__(self):
        return self._message

    @property
    def message(self) -> str:
        return self._message

    @property
    def op(self):
        return self._op

    @property
    def node_def(self):
        return self._node_def

    @property
    def error_code(self) -> int:
        return self._error_code

    @property
    def experimental_payloads(self) -> dict:
        return {}


def _rebuild(cls, node_def, op, message, error_code):
    return cls(node_def=node_def, op=op, message=message, error_code=error_code)


class CancelledError(OpError):
    """The operation was cancelled."""

    _code = CANCELLED


class UnknownError(OpError):
    """An error without a better class."""

    _code = UNKNOWN


class InvalidArgumentError(OpError):
    """An operation got an argument that it cannot work on: a wrong dtype, shape or value."""

    _code = INVALID_ARGUMENT


class DeadlineExceededError(OpError):
    """A deadline passed before the operation was done."""

    _code = DEADLINE_EXCEEDED


class NotFoundError(OpError):
    """A file or another entity does not exist."""

    _code = NOT_FOUND


class AlreadyExistsError(OpError):
    """An entity that was to be created exists."""

    _code = ALREADY_EXISTS


class PermissionDeniedError(OpError):
    """The caller may not do this."""

    _code = PERMISSION_DENIED


class ResourceExhaustedError(OpError):
    """Memory or another resource ran out."""

    _code = RESOURCE_EXHAUSTED


class FailedPreconditionError(OpError):
    """The state is not ready: for instance, a variable has no value yet."""

    _code = FAILED_PRECONDITION


class AbortedError(OpError):
    """The operation was aborted."""

    _code = ABORTED


class OutOfRangeError(OpError):
    """An operation went past a valid range."""

    _code = OUT_OF_RANGE


class UnimplementedError(OpError):
    """A valid program that this build cannot run."""

    _code = UNIMPLEMENTED


class InternalError(OpError):
    """A bug in this package."""

    _code = INTERNAL


class UnavailableError(OpError):
    """Something is not available now."""

    _code = UNAVAILABLE


class DataLossError(OpError):
    """Stored data cannot be read back."""

    _code = DATA_LOSS


class UnauthenticatedError(OpError):
    """The caller is not known."""

    _code = UNAUTHENTICATED


class OperatorNotAllowedInGraphError(TFCError, TypeError):
    """A Python operation that needs a value met a tensor of a function being traced, which has none yet."""


class InaccessibleTensorError(TFCError, ValueError, TypeError):
    """A tensor of one traced function was used where it has no value: it left its scope.

    TensorFlow raises it as a `ValueError`, or a bare `TypeError`, depending on where the use is noticed.
    """


_BY_CODE = {
    cls._code: cls
    for cls in (
        CancelledError,
        UnknownError,
        InvalidArgumentError,
        DeadlineExceededError,
        NotFoundError,
        AlreadyExistsError,
        PermissionDeniedError,
        ResourceExhaustedError,
        FailedPreconditionError,
        AbortedError,
        OutOfRangeError,
        UnimplementedError,
        InternalError,
        UnavailableError,
        DataLossError,
        UnauthenticatedError,
    )
}

# enum tfc_status of tfc_rt.h, by its numbers.
_BY_STATUS = {
    1: InvalidArgumentError,
    2: OutOfRangeError,
    3: ResourceExhaustedError,
    4: FailedPreconditionError,
    5: UnimplementedError,
    6: InternalError,
    7: CancelledError,
    8: NotFoundError,
    9: AlreadyExistsError,
    10: UnknownError,
}


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The class whose canonical code this is; `KeyError` for an unknown one."""
    return _BY_CODE[error_code]


def error_of_status(status: int, message: str, op: str | None = None) -> OpError:
    """The exception for a status that compiled code returned (`enum tfc_status`)."""
    return _BY_STATUS.get(status, UnknownError)(None, op, message)
