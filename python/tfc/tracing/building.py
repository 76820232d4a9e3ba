"""The IR of a trace: there at once, or, if it follows a kept trace (see `known`), once somebody wants to see it."""

from tfc.core import Interpreter
from tfc.errors import page
from tfc.ir import LOCK, BuildError, Function, insertion_point, location, location_text
from tfc.tracing import known
from tfc.tracing.known import Known, Unkept, real
from tfc.tracing.tensors import Scope
from tfc.tracing.wording import in_words


class Building(Interpreter):
    """What a `FuncGraph` has of IR. What is `raw` is used in the same way whether there is IR or not; all else that
    shows values, blocks or the function builds them first.
    """

    def _begin(self) -> None:
        self._function = Function(self.symbol, location(self.definition))
        self.root.enter(self._function.entry, insertion_point(self._function.entry))

    @property
    def function(self) -> Function:
        self.show()
        return self._function

    @property
    def handles(self) -> list:
        """The values of the variables that it takes."""
        self.show()
        return self._handles

    def restore(self, function: Function, handles: list) -> None:
        """A function that was built by others takes the place of the trace."""
        self._function, self._handles = function, handles
        self.root = self.scope = Scope(self, function.entry, insertion_point(function.entry))

    def show(self) -> None:
        """The IR may be looked at from now on, and be changed in ways that are not written down."""
        if self._log is None:
            return
        with LOCK:
            if self._function is None:
                self._build_followed()
        if not self.finished:
            self._log = None

    def _build_followed(self) -> None:
        """Builds what was done so far without IR."""
        self._begin()
        self._log.replay(self._function)
        for table in (self.op_names, self.controlled, self.updates):
            made = {real(k): v for k, v in table.items() if real(k) is not None}
            table.clear()
            table.update(made)
        for values in (self.dirty_reads, self.explicit):
            made = set(map(real, values)) - {None}
            values.clear()
            values.update(made)
        self.root.numbers = {k: real(v) for k, v in self.root.numbers.items()}
        self._resources = {k: (variable, real(v)) for k, (variable, v) in self._resources.items()}
        self._effect = real(self._effect)
        if self.finished:
            self._close(*self._returned)
        self._log.diverge()

    def _written(self, record_of, step=None, scope=None):
        """Writes down what comes now, in the current scope or this one: (its record, or None; its results if it is
        followed, or None).
        """
        if self._log is None:
            return None, None
        try:
            record = record_of()
        except Unkept:
            self.show()
            return None, None
        following = self._log.following
        made = self._log.follow(record, step, scope or self.scope)
        if made is None and following:
            self._build_followed()
        return record, made

    def _built(self, record, values) -> None:
        """Something that was written down has been built."""
        if record is None:
            return
        try:
            self._log.note(record, values)
        except Unkept:
            self.show()

    def annotate(self, name: str, value: str) -> None:
        """Something that others may want to know of the function."""
        self.function.annotate(name, value)
        self._log = None

    @property
    def kept(self) -> "known.Log | None":
        """What is written down of it, if that is all of it."""
        return self._log if self.finished else None

    @property
    def is_followed(self) -> bool:
        """Whether it is, from the first op to the last, a trace of another process."""
        return self.finished and self._function is None

    def _close(self, order, results, names) -> None:
        """Returns from the function, and verifies it."""
        values = self._function.finish([real(v) for v in order], [real(v) for v in results], names)
        tensors = [*self.inputs, *self.capture_inputs]
        for tensor, value in zip(tensors, values, strict=False):
            tensor.value = value
        for value, given in zip(values, order, strict=True):
            if type(given) is Known:
                given.real = value
        self._handles = values[len(tensors) :]
        passed = {id(a) for a in self.passed_constants()}
        self._function.constants = [real(t.raw) for a, t in self._constants.values() if id(a) in passed]
        try:
            self._function.verify()
        except BuildError as e:
            raise ValueError(page(in_words(str(e)), where=location_text(e.location))) from None
