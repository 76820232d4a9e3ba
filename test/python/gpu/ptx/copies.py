"""Copies that run beside the program: `cp.async` to shared memory, in groups that a thread waits for.

What a copy brings is in shared memory when the thread that asked for it has waited, not before: a wait that is missing shows as
a wrong value.
"""

import numpy as np

from .text import PTXError


class _Copy:
    """One instruction's copies that are still under way."""

    def __init__(self, lanes, to, data):
        self.lanes, self.to, self.data = lanes, to, data
        self.group = np.full(lanes.size, -1)


class Copies:
    """Asynchronous copies of a run."""

    def _op_cp(self, ins, lanes):
        if ins.parts[:1] != ("async",) or "bulk" in ins.parts:
            self.fail(PTXError, "the machine does not know this copy")
        if "commit_group" in ins.parts:
            self._commit(lanes)
        elif "wait_group" in ins.parts:
            self._wait(lanes, int(ins.operands[0], 0))
        elif "wait_all" in ins.parts:
            self._commit(lanes)
            self._wait(lanes, 0)
        else:
            self._start(ins, lanes)

    def _start(self, ins, lanes):
        to, source, size = ins.operands[:3]
        width = int(size, 0)
        taken = np.full(self.count, width)
        if len(ins.operands) > 3:
            taken = self.read(ins.operands[3], np.uint32).astype(np.int64)
        if width not in (4, 8, 16):
            self.fail(PTXError, f"a copy of {width} bytes")
        data = np.zeros((lanes.size, width), np.uint8)
        # The bytes beyond the size of the source are zeros, and are not read.
        for length in np.unique(taken[lanes]):
            some = np.flatnonzero(taken[lanes] == length)
            if not length:
                continue
            addresses = self._address(source)[lanes[some]]
            content, where = self._place("global", addresses, int(length), lanes[some], False)
            data[some, :length] = content[where[:, None] + np.arange(length)]
        self.copies.append(_Copy(lanes, self._address(to)[lanes], data))
        # It may arrive at any time from here on: nobody may be reading there since the last barrier.
        if self.shared_marks is not None:
            where = self.block_of[lanes] * self.kernel.shared_bytes + self._address(to)[lanes]
            self.shared_marks.check(self, where, width, lanes, True)
        self.counters.async_bytes += data.size

    def _commit(self, lanes):
        for copy in self.copies:
            mine = np.isin(copy.lanes, lanes) & (copy.group < 0)
            copy.group[mine] = self.committed[copy.lanes[mine]]
        self.committed[lanes] += 1

    def _wait(self, lanes, running):
        left = []
        for copy in self.copies:
            done = np.isin(copy.lanes, lanes) & (copy.group >= 0) & (copy.group < self.committed[copy.lanes] - running)
            if done.any():
                content, where = self._place("shared", copy.to[done], copy.data.shape[1], copy.lanes[done], True)
                content[where[:, None] + np.arange(copy.data.shape[1])] = copy.data[done]
            if not done.all():
                copy.lanes, copy.to, copy.data, copy.group = (
                    x[~done] for x in (copy.lanes, copy.to, copy.data, copy.group)
                )
                left.append(copy)
        self.copies = left
