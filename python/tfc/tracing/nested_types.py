"""Trace types of structures: lists, tuples, dicts, named tuples, dataclasses, attrs, user classes with
`__tf_flatten__`.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Mapping

from tfc.tracing.trace_type import TraceType


class Nested(TraceType):
    """A structure of other types. Subclasses say how to take a value apart and put one together.

    `tag`: what has to be equal besides the components (class, keys, metadata).
    """

    __slots__ = ("components", "tag")

    def __init__(self, tag, components):
        self.tag = tag
        self.components = tuple(components)

    def as_spec(self):
        """The public spec of values of this type, or None."""
        return None

    def split(self, value) -> list:
        raise NotImplementedError

    def join(self, children: list):
        raise NotImplementedError

    def is_subtype_of(self, other):
        return self._matches(other) and all(
            a.is_subtype_of(b) for a, b in zip(self.components, other.components, strict=True)
        )

    def most_specific_common_supertype(self, others):
        if not all(self._matches(other) for other in others):
            return None
        made = []
        for at, component in enumerate(self.components):
            common = component.most_specific_common_supertype([o.components[at] for o in others])
            if common is None:
                return None
            made.append(common)
        return self.of(made)

    def has_unknown_rank(self):
        return any(c.has_unknown_rank() for c in self.components)

    def is_exact(self):
        return all(c.is_exact() for c in self.components)

    def of(self, components):
        """The same structure of other components."""
        return type(self)(self.tag, components)

    def keys(self):
        """What the components are called."""
        return range(len(self.components))

    def accepts(self, value) -> bool:
        """Whether a value is of this kind of structure."""
        return True

    def with_rank_of(self, other):
        pairs = zip(self.components, other.components, strict=True)
        return self.of([a.with_rank_of(b) for a, b in pairs])

    def _matches(self, other):
        return type(self) is type(other) and self.tag == other.tag and len(self.components) == len(other.components)

    def placeholder_value(self, placeholder_context):
        return self.join([c.placeholder_value(placeholder_context) for c in self.components])

    def to_tensors(self, value):
        return [t for c, v in self._pairs(value) for t in c.to_tensors(v)]

    def from_tensors(self, tensors):
        return self.join([c.from_tensors(tensors) for c in self.components])

    def flatten(self):
        return [s for c in self.components for s in c.flatten()]

    def leaves(self, value):
        return [x for c, v in self._pairs(value) for x in c.leaves(v)]

    def cast(self, value, casting_context=None):
        try:
            children = self.split(value) if self.accepts(value) else None
        except Exception:
            children = None
        if children is None or len(children) != len(self.components):
            raise TypeError(f"Can not cast {value!r} to {self!r}: the structures differ")
        return self.join([c.cast(v) for c, v in zip(self.components, children, strict=True)])

    def _pairs(self, value):
        return zip(self.components, self.split(value), strict=True)

    def __eq__(self, other):
        return self._matches(other) and self.components == other.components

    def __hash__(self):
        return hash((type(self).__name__, self._tag_hash(), self.components))

    def _tag_hash(self):
        return self.tag


class ListType(Nested):
    __slots__ = ()

    def accepts(self, value):
        return isinstance(value, list)

    def split(self, value):
        return list(value)

    def join(self, children):
        return list(children)

    def __repr__(self):
        return f"List[{', '.join(map(repr, self.components))}]"


class TupleType(Nested):
    """A tuple; `tag` is its class if it is a subclass."""

    __slots__ = ()

    def accepts(self, value):
        return isinstance(value, tuple)

    def split(self, value):
        return list(value)

    def join(self, children):
        return tuple(children) if self.tag is tuple else self.tag(children)

    def __repr__(self):
        return f"Tuple[{', '.join(map(repr, self.components))}]"


class NamedTupleType(Nested):
    __slots__ = ()

    def accepts(self, value):
        return isinstance(value, self.tag)

    def keys(self):
        return self.tag._fields

    def split(self, value):
        return list(value)

    def join(self, children):
        return self.tag(*children)

    def __repr__(self):
        fields = zip(self.tag._fields, self.components, strict=True)
        return f"{self.tag.__name__}[{', '.join(f'[{n!r}, {c!r}]' for n, c in fields)}]"


class DictType(Nested):
    """A mapping; `tag` is (class, sorted keys). `order`: its keys as they came, which is how placeholders have them."""

    __slots__ = ("order",)

    def __init__(self, tag, components, order=None):
        super().__init__(tag, components)
        self.order = order or tag[1]

    def of(self, components):
        return DictType(self.tag, components, self.order)

    def accepts(self, value):
        return isinstance(value, Mapping)

    def keys(self):
        return self.tag[1]

    def placeholder_value(self, placeholder_context):
        # Tensors are numbered by sorted key, whatever the order.
        made = self.join([c.placeholder_value(placeholder_context) for c in self.components])
        return self._joined([(k, made[k]) for k in self.order])

    def split(self, value):
        if set(value) != set(self.tag[1]):
            raise TypeError(f"expected the keys {list(self.tag[1])}, got {list(value)}")
        return [value[k] for k in self.tag[1]]

    def join(self, children):
        return self._joined(list(zip(self.tag[1], children, strict=True)))

    def _joined(self, pairs):
        kind = self.tag[0]
        if issubclass(kind, defaultdict):
            return dict(pairs)
        try:
            return kind(pairs)
        except TypeError:
            return dict(pairs)

    def __repr__(self):
        pairs = zip(self.tag[1], self.components, strict=True)
        return f"Dict[{', '.join(f'[{k!r}, {c!r}]' for k, c in pairs)}]"


class RecordType(Nested):
    """A dataclass or attrs object; `tag` is (class, field names)."""

    __slots__ = ()

    def split(self, value):
        return [getattr(value, name) for name in self.tag[1]]

    def join(self, children):
        made = object.__new__(self.tag[0])
        for name, child in zip(self.tag[1], children, strict=True):
            object.__setattr__(made, name, child)
        return made

    def __repr__(self):
        pairs = zip(self.tag[1], self.components, strict=True)
        return f"{self.tag[0].__name__}[{', '.join(f'{n}={c!r}' for n, c in pairs)}]"


class FlattenedType(Nested):
    """An object with `__tf_flatten__`; `tag` is (class, metadata)."""

    __slots__ = ()

    def split(self, value):
        metadata, components = value.__tf_flatten__()
        if metadata != self.tag[1]:
            raise TypeError(f"expected the metadata {self.tag[1]!r}, got {metadata!r}")
        return list(components)

    def join(self, children):
        return self.tag[0].__tf_unflatten__(self.tag[1], tuple(children))

    def _tag_hash(self):
        try:
            return hash(self.tag)
        except TypeError:
            return hash(self.tag[0])

    def __repr__(self):
        return f"{self.tag[0].__name__}[{self.tag[1]!r}, {', '.join(map(repr, self.components))}]"


def is_record(value) -> bool:
    return not isinstance(value, type) and (dataclasses.is_dataclass(value) or hasattr(type(value), "__attrs_attrs__"))


def record_fields(value) -> tuple:
    if dataclasses.is_dataclass(value):
        return tuple(f.name for f in dataclasses.fields(value))
    return tuple(a.name for a in type(value).__attrs_attrs__)


def sorted_keys(mapping) -> tuple:
    try:
        return tuple(sorted(mapping))
    except TypeError:
        return tuple(sorted(mapping, key=lambda k: (type(k).__name__, repr(k))))
