"""Tensor cores: `mma.sync` of a warp and `wgmma` of a warpgroup, with the fragments and layouts of the PTX ISA."""

import re

import numpy as np

from .text import BF16, F16, F32, BoundsError, PTXError, operands_of


class TensorCores:
    """Matrix products of a run."""

    def _element(self, name, packed):
        """A register's elements as f32: two halves, or one rounded to tf32."""
        bits = self.read(name, np.uint32)
        if packed is F32:
            return (bits & np.uint32(0xFFFFE000)).view(F32)[:, None]
        return bits.view(packed).reshape(self.count, 2).astype(F32)

    def _warps(self, ins, lanes):
        """The lanes by warp; the instruction is one of whole warps."""
        if lanes.size % 32 or (lanes.reshape(-1, 32) % 32 != np.arange(32)).any():
            self.fail(PTXError, f"{ins.op} of a warp that is not whole")
        return lanes.reshape(-1, 32)

    def _op_ldmatrix(self, ins, lanes):
        """Matrices of 8 rows of 16 bytes, each at the address of a lane: lane l gets a pair of row l / 4."""
        warps = self._warps(ins, lanes)
        addresses = self._address(ins.operands[1])
        for i, name in enumerate(operands_of(ins.operands[0][1:-1])):
            rows = warps[:, 8 * i : 8 * i + 8].reshape(-1)
            content, where = self._place("shared", addresses[rows], 16, rows, False)
            halves = np.ascontiguousarray(content[where[:, None] + np.arange(16)]).view(np.uint16)
            halves = halves.reshape(-1, 8, 8)
            if "trans" in ins.parts:
                halves = np.ascontiguousarray(halves.transpose(0, 2, 1))
            values = np.zeros(self.count, np.uint32)
            values[warps] = halves.view(np.uint32).reshape(-1, 32)
            self.write(name, lanes, values)

    def _op_mma(self, ins, lanes):
        shape = next(p for p in ins.parts if re.fullmatch(r"m16n8k\d+", p))
        depth = int(shape[6:])
        packed = {"f16": F16, "bf16": BF16, "tf32": F32}[ins.parts[-2]]
        self._warps(ins, lanes)
        d, a, b, c = (operands_of(o[1:-1]) for o in ins.operands)
        group, member = np.arange(32) // 4, np.arange(32) % 4
        pack = 1 if packed is F32 else 2
        warps = lanes.size // 32
        left, right = np.zeros((warps, 16, depth), F32), np.zeros((warps, depth, 8), F32)
        for i, name in enumerate(a):
            values = self._element(name, packed)[lanes].reshape(warps, 32, pack)
            for j in range(pack):
                left[:, group + 8 * (i % 2), member * pack + j + i // 2 * (depth // 2)] = values[:, :, j]
        for i, name in enumerate(b):
            values = self._element(name, packed)[lanes].reshape(warps, 32, pack)
            for j in range(pack):
                right[:, member * pack + j + i * (depth // 2), group] = values[:, :, j]
        product = left @ right
        for i, (to, added) in enumerate(zip(d, c, strict=True)):
            values = np.zeros(self.count, F32)
            part = product[:, group + 8 * (i // 2), 2 * member + i % 2]
            values[lanes] = self.read(added, F32)[lanes] + part.reshape(-1)
            self.write(to, lanes, values)
        self.counters.tensor_flops += warps * 2 * 16 * 8 * depth

    def _matrix(self, descriptor, rows, depth, kind, block):
        """Core matrices of shared memory, without swizzling, the sum's direction first."""
        unit = lambda low: (int(descriptor) >> low & 0x3FFF) * 16
        start, along_sum, along_rows = unit(0), unit(16), unit(32)
        reach = 16 // np.dtype(kind).itemsize
        r, k = np.arange(rows)[:, None], np.arange(depth)[None, :]
        offset = start + r // 8 * along_rows + k // reach * along_sum + r % 8 * 16 + k % reach * np.dtype(kind).itemsize
        if int(offset.max()) + np.dtype(kind).itemsize > self.kernel.shared_bytes:
            self.fail(BoundsError, "a matrix outside of shared memory")
        at = offset[:, :, None] + np.arange(np.dtype(kind).itemsize)
        return np.ascontiguousarray(self.shared[block][at]).view(kind)[:, :, 0].astype(F32)

    def _op_wgmma(self, ins, lanes):
        if ins.parts[0] != "mma_async":
            return  # fences: the machine does everything at once
        shape = re.fullmatch(r"m64n(\d+)k(\d+)", next(p for p in ins.parts if p.startswith("m64")))
        columns, depth = int(shape[1]), int(shape[2])
        kind = {"f16": F16, "bf16": BF16, "tf32": F32}[ins.parts[-1]]
        sums = operands_of(ins.operands[0][1:-1])
        if (
            [o for o in ins.operands[4:] if o not in ("1", "0")]
            or ins.operands[4:6] != ["1", "1"]
            or "1" in ins.operands[6:]
        ):
            self.fail(PTXError, "wgmma with scales or transposed operands")
        a, b = (self.read(o, np.uint64) for o in ins.operands[1:3])
        keeps = self.read(ins.operands[3], np.bool_)
        local = np.arange(128)
        row = local // 32 * 16 + local % 32 // 4
        values = {name: self.read(name, F32).copy() for name in sums}
        for block in np.unique(self.block_of[lanes]):
            mine = lanes[self.block_of[lanes] == block]
            if mine.size != 128:
                self.fail(PTXError, "wgmma of a warpgroup that is not whole")
            left = self._matrix(a[mine[0]], 64, depth, kind, block)
            right = self._matrix(b[mine[0]], columns, depth, kind, block)
            if kind is F32:
                left, right = ((x.view(np.uint32) & np.uint32(0xFFFFE000)).view(F32) for x in (left, right))
            product = left @ right.T
            for i, name in enumerate(sums):
                column = i // 4 * 8 + local % 4 * 2 + i % 2
                part = product[row + i % 4 // 2 * 8, column]
                values[name][mine] = np.where(keeps[mine], values[name][mine], 0) + part
            self.counters.tensor_flops += 2 * 64 * columns * depth
        for name in sums:
            self.write(name, lanes, values[name])

    def _op_fence(self, ins, lanes):
        pass
