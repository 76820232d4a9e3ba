"""Whether the order of two effects can be seen: programs whose values are anybody's guess.

What an effect writes, shows or decides is made up for each of its executions, and does not depend on what ran before:
data passes only through resources. That is the meaning by which edges are needed. Where a value goes from one
effect to another as well, a simplification (`x * 0`) may take it away, and the order must stay.
"""

import random

TRIES = 200


class Free:
    """One execution of a block, in a given order, with made-up values from `seed`."""

    def __init__(self, seed, failing):
        self.seed = seed
        self.failing = failing  # the assertions that fail
        self.memory = {}
        self.console = []
        self.reads = []
        self.visits = {}
        self.stopped = None

    def observed(self):
        """What an observer sees in the end. Of reads, each one's values: nobody sees when a read happens."""
        return self.stopped, self.memory, self.console, sorted(self.reads, key=repr)

    def run(self, ops):
        for op in ops:
            if self.stopped is not None:
                return
            self.step(op)

    def step(self, op):
        visit = self.visits[id(op)] = self.visits.get(id(op), 0) + 1
        made_up = (id(op), visit)
        if op.name == "tfc.read_variable":
            self.reads.append((made_up, self.memory.get(op.operands[0])))
        elif op.name == "tfc.assign_variable":
            self.memory[op.operands[0]] = made_up
        elif op.name == "tfc.print":
            self.console.append(made_up)
        elif op.name == "tfc.assert":
            if any(op is other for other in self.failing):
                # The value the caller gets; reads before it are no longer of use to anybody.
                self.stopped, self.reads = made_up, []
        elif op.name == "tfc.if":
            self.run(op.regions[self.choice(op, visit, 2)].ops)
        elif op.name == "tfc.while":
            for _ in range(self.choice(op, visit, 3)):
                self.run(op.regions[0].ops)
                self.run(op.regions[1].ops)
            self.run(op.regions[0].ops)

    def choice(self, op, visit, count):
        return random.Random(hash((self.seed, id(op), visit))).randrange(count)


def _asserts(op):
    found = [op] if op.name == "tfc.assert" else []
    for region in op.regions:
        for nested in region.ops:
            found += _asserts(nested)
    return found


EFFECTS = {f"tfc.{name}" for name in ("read_variable", "assign_variable", "print", "assert", "if", "while", "call")}


def blocks_of(block):
    """A block of an executor's program and all that are nested in it."""
    yield block
    for op in block.ops:
        for region in op.regions:
            yield from blocks_of(region)


def edges_of(block):
    """The token edges of a block, as pairs of positions."""
    owner = {}
    edges = []
    for position, op in enumerate(block.ops):
        edges += [(owner[value], position) for value in op.operands if value in owner]
        if op.name in EFFECTS:
            owner[op.results[-1]] = position
    return edges


def orders_without(count, edges, dropped):
    """Two orders of a block's effects up to an edge that all others allow: with the ends of that one last, and the other
    way round. None if others imply the edge. What comes behind may be taken away, and proves nothing.
    """
    before = [set() for _ in range(count)]
    for a, b in sorted(edges, key=lambda edge: edge[1]):
        if (a, b) != dropped:
            before[b] |= {a} | before[a]
    first, second = dropped
    if first in before[second]:
        return None
    early = sorted(before[first] | before[second])
    return [*early, first, second], [*early, second, first]


def find_witness(block, edge, edges=None, tries=TRIES):
    """The seed of an execution in which it can be seen that `edge` is missing, or None: nobody ever can."""
    orders = orders_without(len(block.ops), edges_of(block) if edges is None else edges, edge)
    if orders is None:
        return None
    first, second = (_asserts(block.ops[position]) for position in edge)
    stops = [[]] + [[a] for a in first + second] + [[a, b] for a in first for b in second]
    for attempt in range(tries):
        seen = []
        for order in orders:
            free = Free(attempt, stops[attempt % len(stops)])
            free.run(block.ops[p] for p in order)
            seen.append(free.observed())
        if seen[0] != seen[1]:
            return attempt
    return None
