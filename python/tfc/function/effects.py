"""The partial order of the effects of a trace: what happens, in which order, and why."""

import functools
import json
import linecache
from dataclasses import dataclass

from tfc.function.effects_svg import draw
from tfc.ir import LOCK, compiler, run_passes

_VERBS = {"read": "reads", "write": "writes", "readwrite": "reads and writes"}
_REGIONS = {"tfc.if": ("then", "else"), "tfc.while": ("while", "do")}


@dataclass(frozen=True)
class Effect:
    """One operation with an effect, as it stands in the program.

    `resources` maps names (of variables, "the console", "outcome" for what may stop the program) to "read", "write"
    or "readwrite". A branch, a loop and a call count as one operation with the effects inside; `parent` is the branch
    or loop that this one stands in (None at the top), and `region` the part of it: "then", "else", "while", "do".
    """

    id: int
    op: str
    resources: dict
    external: bool
    file: str
    line: int
    column: int
    function: str
    parent: "Effect | None"
    region: str | None

    @property
    def source(self) -> str:
        """The user's line of code, stripped; empty if there is none."""
        return linecache.getline(self.file, self.line).strip() if self.line else ""

    @property
    def depth(self) -> int:
        """How many branches and loops are around it."""
        return 0 if self.parent is None else self.parent.depth + 1

    @property
    def touches(self) -> str:
        """What it does, in words: "reads v, writes w"."""
        if self.external:
            return "may touch anything"
        return ", ".join(
            "may stop" if name == "outcome" else f"{_VERBS[access]} {name}" for name, access in self.resources.items()
        )

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"#{self.id} {where}{self.op} {self.touches}"


@dataclass(frozen=True)
class Edge:
    """`before` has to happen before `after`, because of `reason` ("line 12 writes v after line 9 read it")."""

    before: Effect
    after: Effect
    reason: str

    def __str__(self) -> str:
        return f"#{self.before.id} -> #{self.after.id}: {self.reason}"


class EffectOrder:
    """The effects of a function in program order, and the fewest edges that order all of them that must be.

    Iterable over its effects. Shows as text (`str`), Graphviz source (`dot`), a drawing (`svg`), and as that drawing in
    a notebook.
    """

    def __init__(self, name: str, effects: list, edges: list, text: str, dot: str):
        self.name = name
        self.effects = tuple(effects)
        self.edges = tuple(edges)
        self._text = text
        self._dot = dot

    def __len__(self) -> int:
        return len(self.effects)

    def __iter__(self):
        return iter(self.effects)

    def __getitem__(self, index) -> Effect:
        return self.effects[index]

    def follows(self, effect) -> tuple:
        """The effects that come directly before `effect` (an `Effect` or its number)."""
        return self._before.get(self._find(effect).id, ())

    def is_ordered(self, first, second) -> bool:
        """Whether `first` is certain to happen before `second`, both in the same block."""
        return self.path(first, second) is not None

    def path(self, first, second) -> tuple | None:
        """The edges of a shortest way from `first` to `second`, None if there is none: nothing orders them."""
        first, second = self._find(first), self._find(second)
        ways, pending = {second.id: ()}, [second]
        for effect in pending:
            for edge in self._edges_to.get(effect.id, ()):
                if edge.before.id not in ways:
                    ways[edge.before.id] = (edge, *ways[effect.id])
                    pending.append(edge.before)
        return ways.get(first.id) if first.id != second.id else None

    def why(self, first, second) -> str:
        """Why `first` happens before `second`, in a sentence or several; or that nothing orders them."""
        way = self.path(first, second)
        if way is not None:
            return "; ".join(edge.reason for edge in way)
        if self.path(second, first) is not None:
            return f"the other way round: {self.why(second, first)}"
        return f"nothing orders {self._find(first)} and {self._find(second)}"

    def dot(self) -> str:
        """The graph in Graphviz' language."""
        return self._dot

    def svg(self) -> str:
        """A drawing: the effects in program order, the edges as arcs with their reasons as tooltips."""
        return draw(self)

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_html_(self) -> str:
        return self.svg()

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<effects of {self.name}: {len(self.effects)}, with {len(self.edges)} edges>"

    def _find(self, effect) -> Effect:
        if isinstance(effect, Effect):
            return effect
        if not -len(self.effects) <= effect < len(self.effects):
            raise IndexError(f"there is no effect #{effect}: {self.name} has those from 0 to {len(self.effects) - 1}")
        return self.effects[effect]

    @functools.cached_property
    def _edges_to(self) -> dict:
        found: dict = {}
        for edge in self.edges:
            found.setdefault(edge.after.id, []).append(edge)
        return found

    @functools.cached_property
    def _before(self) -> dict:
        return {at: tuple(e.before for e in edges) for at, edges in self._edges_to.items()}


def effects_of(function, *, inline: bool = False) -> EffectOrder:
    """The order of effects of an `ir.Function`; with `inline`, of the functions that it calls as well, as if they stood
    in it.
    """
    with LOCK:
        module = function.clone_module()
        if inline:
            run_passes(module, "builtin.module(tfc-inline-calls)")
        described = json.loads(compiler.describe_effects(module, function.symbol, "json"))
        text = compiler.describe_effects(module, function.symbol, "text").rstrip("\n")
        dot = compiler.describe_effects(module, function.symbol, "dot")
    effects: list = []
    for node in described["nodes"]:
        parent = None if node["parent"] is None else effects[node["parent"]]
        effects.append(
            Effect(
                node["id"],
                node["op"].rpartition(".")[2],
                {r["name"]: r["access"] for r in node["resources"]},
                node["external"],
                node["file"],
                node["line"],
                node["column"],
                node["function"],
                parent,
                None if parent is None else _REGIONS["tfc." + parent.op][node["region"]],
            )
        )
    edges = [Edge(effects[e["from"]], effects[e["to"]], e["reason"]) for e in described["edges"]]
    return EffectOrder(function.symbol, effects, edges, text, dot)
