"""Instructions on registers: arithmetic, comparisons, conversions, exchanges within a warp."""

import numpy as np

from .text import BF16, F16, F32, F64, TYPES, UNSIGNED, PTXError, operands_of


class Arithmetic:
    """Instructions of a run that touch no memory."""

    def _kind(self, ins):
        return TYPES[ins.parts[-1]]

    def _sources(self, ins, kind=None):
        kind = kind or self._kind(ins)
        return [self._widened(o, kind) for o in ins.operands[1:]]

    def _widened(self, text, kind):
        """An operand; registers may be wider than the instruction's type."""
        if text.startswith("%") and text not in self.special:
            register = self._register(text)
            if register.dtype.itemsize > np.dtype(kind).itemsize and register.dtype != np.bool_:
                return register.astype(UNSIGNED[np.dtype(kind).itemsize]).view(kind)
        return self.read(text, kind)

    def _op_mov(self, ins, lanes):
        to, source = ins.operands
        kind = self._kind(ins)
        if to.startswith("{"):
            names = operands_of(to[1:-1])
            parts = (
                self.read(source, kind).view(UNSIGNED[np.dtype(kind).itemsize // len(names)]).reshape(self.count, -1)
            )
            for i, name in enumerate(names):
                self.write(name, lanes, np.ascontiguousarray(parts[:, i]))
        elif source.startswith("{"):
            names = operands_of(source[1:-1])
            width = np.dtype(kind).itemsize // len(names)
            parts = [self._widened(n, UNSIGNED[width]) for n in names]
            self.write(
                to, lanes, np.ascontiguousarray(np.stack(parts, 1)).view(UNSIGNED[np.dtype(kind).itemsize])[:, 0]
            )
        else:
            self.write(to, lanes, self.read(source, kind))

    def _op_cvta(self, ins, lanes):
        self.write(ins.operands[0], lanes, self.read(ins.operands[1], np.uint64))

    def _arithmetic(self, ins, lanes, function):
        self.write(ins.operands[0], lanes, np.asarray(function(*self._sources(ins))).astype(self._kind(ins)))

    def _op_add(self, ins, lanes):
        self._arithmetic(ins, lanes, np.add)

    def _op_sub(self, ins, lanes):
        self._arithmetic(ins, lanes, np.subtract)

    def _op_mul(self, ins, lanes):
        if "wide" in ins.parts:
            kind = self._kind(ins)
            double = {np.uint16: np.uint32, np.int16: np.int32, np.uint32: np.uint64, np.int32: np.int64}[kind]
            x, y = self._sources(ins)
            self.write(ins.operands[0], lanes, x.astype(double) * y.astype(double))
        elif "hi" in ins.parts:
            x, y = self._sources(ins)
            width = 8 * x.dtype.itemsize
            made = [(int(a) * int(b)) >> width for a, b in zip(x, y, strict=True)]
            self.write(ins.operands[0], lanes, np.array([m & ((1 << width) - 1) for m in made], UNSIGNED[width // 8]))
        else:
            self._arithmetic(ins, lanes, np.multiply)

    def _op_mad(self, ins, lanes):
        if "wide" in ins.parts:
            kind = self._kind(ins)
            double = {np.uint32: np.uint64, np.int32: np.int64, np.uint16: np.uint32, np.int16: np.int32}[kind]
            x, y = (self._widened(o, kind).astype(double) for o in ins.operands[1:3])
            self.write(ins.operands[0], lanes, x * y + self.read(ins.operands[3], double))
        else:
            self._arithmetic(ins, lanes, lambda x, y, z: x * y + z)

    def _op_fma(self, ins, lanes):
        wide = F64 if self._kind(ins) is F32 else np.longdouble if self._kind(ins) is F64 else F32
        self._arithmetic(ins, lanes, lambda x, y, z: x.astype(wide) * y.astype(wide) + z.astype(wide))

    def _op_div(self, ins, lanes):
        def divide(x, y):
            if x.dtype.kind not in "iu":
                return x / y
            safe = np.where(y == 0, 1, y).astype(y.dtype)
            return np.where(x < 0, -(-x // safe), x // safe) if x.dtype.kind == "i" else x // safe

        self._arithmetic(ins, lanes, divide)

    def _op_rem(self, ins, lanes):
        self._arithmetic(ins, lanes, lambda x, y: np.fmod(x, np.where(y == 0, 1, y).astype(y.dtype)))

    def _op_min(self, ins, lanes):
        self._arithmetic(ins, lanes, np.minimum if "NaN" in ins.parts else np.fmin)

    def _op_max(self, ins, lanes):
        self._arithmetic(ins, lanes, np.maximum if "NaN" in ins.parts else np.fmax)

    def _op_abs(self, ins, lanes):
        self._arithmetic(ins, lanes, np.abs)

    def _op_neg(self, ins, lanes):
        self._arithmetic(ins, lanes, np.negative)

    def _op_rcp(self, ins, lanes):
        self._arithmetic(ins, lanes, lambda x: 1 / x)

    def _op_sqrt(self, ins, lanes):
        self._arithmetic(ins, lanes, np.sqrt)

    def _op_rsqrt(self, ins, lanes):
        self._arithmetic(ins, lanes, lambda x: 1 / np.sqrt(x.astype(F64)))

    def _op_ex2(self, ins, lanes):
        self._arithmetic(ins, lanes, np.exp2)

    def _op_lg2(self, ins, lanes):
        self._arithmetic(ins, lanes, np.log2)

    def _op_sin(self, ins, lanes):
        self._arithmetic(ins, lanes, np.sin)

    def _op_cos(self, ins, lanes):
        self._arithmetic(ins, lanes, np.cos)

    def _op_tanh(self, ins, lanes):
        self._arithmetic(ins, lanes, np.tanh)

    def _op_copysign(self, ins, lanes):
        # PTX: the sign of the first operand.
        self._arithmetic(ins, lanes, lambda sign, x: np.copysign(x, sign))

    def _bits(self, ins, lanes, function):
        kind = np.bool_ if ins.parts[-1] == "pred" else self._kind(ins)
        self.write(ins.operands[0], lanes, function(*self._sources(ins, kind)))

    def _op_and(self, ins, lanes):
        self._bits(ins, lanes, np.bitwise_and)

    def _op_or(self, ins, lanes):
        self._bits(ins, lanes, np.bitwise_or)

    def _op_xor(self, ins, lanes):
        self._bits(ins, lanes, np.bitwise_xor)

    def _op_not(self, ins, lanes):
        self._bits(ins, lanes, np.invert)

    def _shift(self, ins, lanes, function):
        kind = self._kind(ins)
        x, by = self._widened(ins.operands[1], kind), self.read(ins.operands[2], np.uint32)
        width = 8 * np.dtype(kind).itemsize
        far = by >= width
        made = function(x, np.where(far, 0, by).astype(kind))
        beyond = np.where(x < 0, -1, 0).astype(kind) if ins.op == "shr" and x.dtype.kind == "i" else np.zeros_like(x)
        self.write(ins.operands[0], lanes, np.where(far, beyond, made))

    def _op_shl(self, ins, lanes):
        self._shift(ins, lanes, np.left_shift)

    def _op_shr(self, ins, lanes):
        self._shift(ins, lanes, np.right_shift)

    def _op_bfe(self, ins, lanes):
        kind = self._kind(ins)
        if np.dtype(kind).kind != "u":
            self.fail(PTXError, "the machine does not know signed bfe")
        x = self.read(ins.operands[1], kind)
        start, length = (self.read(o, np.uint32).astype(kind) for o in ins.operands[2:4])
        self.write(ins.operands[0], lanes, (x >> start & ((kind(1) << length) - kind(1))).astype(kind))

    def _op_clz(self, ins, lanes):
        x = self.read(ins.operands[1], self._kind(ins))
        self.write(ins.operands[0], lanes, np.array([8 * x.dtype.itemsize - int(v).bit_length() for v in x], np.uint32))

    def _op_popc(self, ins, lanes):
        self.write(
            ins.operands[0],
            lanes,
            np.array([int(v).bit_count() for v in self.read(ins.operands[1], self._kind(ins))], np.uint32),
        )

    def _op_prmt(self, ins, lanes):
        a, b, choice = (self.read(o, np.uint32) for o in ins.operands[1:4])
        both = a.astype(np.uint64) | b.astype(np.uint64) << np.uint64(32)
        made = np.zeros(self.count, np.uint32)
        for i in range(4):
            nibble = choice >> np.uint32(4 * i) & np.uint32(15)
            byte = (both >> (8 * (nibble & 7)).astype(np.uint64) & np.uint64(255)).astype(np.uint32)
            byte = np.where(nibble & 8, np.where(byte & 128, 255, 0), byte).astype(np.uint32)
            made |= byte << np.uint32(8 * i)
        self.write(ins.operands[0], lanes, made)

    def _op_selp(self, ins, lanes):
        kind = self._kind(ins)
        x, y = (self._widened(o, kind) for o in ins.operands[1:3])
        self.write(ins.operands[0], lanes, np.where(self.read(ins.operands[3], np.bool_), x, y))

    def _op_setp(self, ins, lanes):
        x, y = (self._widened(o, self._kind(ins)) for o in ins.operands[1:3])
        name = ins.parts[0]
        neither = np.isnan(x) | np.isnan(y) if self._kind(ins) in (F16, BF16, F32, F64) else np.zeros(self.count, bool)
        order = {"lo": "lt", "ls": "le", "hi": "gt", "hs": "ge"}.get(name, name)
        if order in ("num", "nan"):
            made = neither if order == "nan" else ~neither
        else:
            compare = {
                "eq": np.equal,
                "ne": np.not_equal,
                "lt": np.less,
                "le": np.less_equal,
                "gt": np.greater,
                "ge": np.greater_equal,
            }
            unordered = order.endswith("u") and order[:-1] in compare
            made = compare[order[:-1] if unordered else order](x, y)
            made = made | neither if unordered else made & ~neither
        for more in ins.parts[1:-1]:
            if more in ("and", "or", "xor"):
                made = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}[more](
                    made, self.read(ins.operands[3], np.bool_)
                )
        self.write(ins.operands[0], lanes, made)

    def _op_cvt(self, ins, lanes):
        to_name, from_name = ins.parts[-2], ins.parts[-1]
        if to_name == "tf32":
            bits = self.read(ins.operands[1], np.uint32)
            rounded = (bits.astype(np.uint64) + 0x1000).astype(np.uint32) & np.uint32(0xFFFFE000)
            self.write(ins.operands[0], lanes, np.where(np.isnan(bits.view(F32)), np.uint32(0x7FFFFFFF), rounded))
            return
        to, source = TYPES[to_name], TYPES[from_name]
        x = self._widened(ins.operands[1], source)
        if to in (F16, BF16, F32, F64) or source in (F16, BF16, F32, F64):
            rounding = next((p for p in ins.parts if p in ("rni", "rzi", "rmi", "rpi", "rn", "rz")), "rn")
            if rounding in ("rni", "rzi", "rmi", "rpi"):
                x = {"rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}[rounding](x.astype(F64)).astype(
                    F64
                )
            if to not in (F16, BF16, F32, F64):
                limits = np.iinfo(to)
                x = np.where(np.isnan(x), 0, np.clip(x, float(limits.min), float(limits.max)))
                made = np.array([min(max(int(v), limits.min), limits.max) for v in x], to)
            else:
                made = x.astype(to)
        else:
            made = x.astype(to)
        self.write(ins.operands[0], lanes, made)

    def _op_shfl(self, ins, lanes):
        to = ins.operands[0].split("|")[0]
        value, by = self.read(ins.operands[1], np.uint32), self.read(ins.operands[2], np.uint32).astype(np.int64)
        lane = self.local % 32
        mode = ins.parts[1]
        if mode != "bfly":
            self.fail(PTXError, f"the machine does not know shfl.{mode}")
        source = self.lanes - lane + (lane ^ by)
        if not np.isin(source[lanes], lanes).all():
            self.fail(PTXError, "a shuffle from a thread that does not take part")
        self.write(to, lanes, value[source])
