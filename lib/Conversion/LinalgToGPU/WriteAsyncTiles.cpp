//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Matrix products by `mma.sync` whose tiles come by `cp.async`, 16 bytes at a
// time, past the registers: while one slice of the sum is multiplied, the two
// after it are on their way. Three tiles of each operand take turns.
//
// A tile is as its operand lies in memory: lines along the sum, or lines along
// the rows (columns) of the result. `ldmatrix` reads both, the second
// transposed, but for tf32, whose elements are wider than what it transposes.
// Units of 16 bytes are swizzled within a line (or lines are longer than they
// are, where single words are read), so that lanes never meet in a bank of
// shared memory.
//===----------------------------------------------------------------------===//

#include "TensorCores.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace tfc::device;

namespace {

constexpr int64_t unitBytes = 16;  ///< of one copy
constexpr int64_t depthBytes = 64; ///< of a line along the sum
constexpr int64_t tile = 64;       ///< rows and columns of a block
constexpr int64_t stages = 3;

int64_t bytesOf(OpOperand *operand) {
  return cast<MemRefType>(operand->get().getType())
             .getElementType()
             .getIntOrFloatBitWidth() /
         8;
}

/// Do elements of the innermost of these loops lie together, in whole units?
bool isFast(const Step &step, const Access &access,
            ArrayRef<unsigned> positions, int64_t unit) {
  return !positions.empty() && access.coefficients[positions.back()] == 1 &&
         step.loops.sizes[positions.back()] % unit == 0;
}

/// Are all elements that begin a unit aligned to it?
bool startsUnits(const Step &step, const Access &access, unsigned fast,
                 int64_t unit) {
  if (access.offset % unit)
    return false;
  for (unsigned i = 0; i < step.loops.sizes.size(); ++i)
    if (i != fast && step.loops.sizes[i] != 1 && access.coefficients[i] % unit)
      return false;
  return true;
}

/// Which direction of an operand is contiguous: along the sum, or along its own
/// dimension; nothing if units are not.
std::optional<bool> isAlongSum(const Step &step, const Product &product,
                               OpOperand *operand, ArrayRef<unsigned> own) {
  const Access &access = step.accessOf(*operand);
  int64_t unit = unitBytes / bytesOf(operand);
  if (!access.affine)
    return std::nullopt;
  for (bool alongSum : {true, false}) {
    ArrayRef<unsigned> fast = alongSum ? ArrayRef(product.inner) : own;
    if (isFast(step, access, fast, unit) &&
        startsUnits(step, access, fast.back(), unit))
      return alongSum;
  }
  return std::nullopt;
}

class AsyncTiles : public TensorCores {
public:
  explicit AsyncTiles(Group &group)
      : TensorCores(group, "tensor-cores",
                    depthBytes / bytesOf(group.product->left)) {}

private:
  /// One operand and its tiles.
  struct Side {
    OpOperand *operand;
    ArrayRef<unsigned> own; ///< positions of rows, or of columns
    bool alongSum;
    Value first;   ///< row or column of the block
    Value memory;  ///< all stages
    Value address; ///< of the memory, as i64
  };

  int64_t unit() const { return unitBytes / bytes; } ///< elements
  /// Bytes from one line to the next.
  int64_t pitch(const Side &side) const {
    if (side.alongSum)
      return depthBytes;
    return tile * bytes + (bytes == 4 ? 32 : 0);
  }
  int64_t lines(const Side &side) const { return side.alongSum ? tile : depth; }
  int64_t stageBytes(const Side &side) const {
    return lines(side) * pitch(side);
  }

  int64_t begin() override;
  Values addSlices(Values sums) override;
  Values multiply(ValueRange sums) override { return Values(sums); }

  Value number(int64_t value) {
    return arith::ConstantOp::create(b,
                                     b.getIntegerAttr(b.getI64Type(), value));
  }
  /// Where a unit of a line is, in bytes from the start of a stage.
  Value placeOf(const Side &side, Value line, Value unitOfLine);
  Value sharedPointer(const Side &side, Value stage, Value place);
  void copy(const Side &side, Value k, Value stage);
  /// Four registers: of matrices of 8 x 16 bytes, at the line and unit that
  /// each lane says.
  Values loadMatrices(const Side &side, Value stage, Value line,
                      Value unitOfLine, bool transposed);
  /// A register of tf32 in a tile whose lines are not along the sum.
  Value loadWord(const Side &side, Value stage, Value k, Value own);
  Values fragmentsLeft(Value stage, int64_t reach);
  Values fragmentsRight(Value stage, int64_t reach, int64_t columns);
  Values rounded(Values registers);

  Side lhs{}, rhs{};
};

int64_t AsyncTiles::begin() {
  lhs = {product.left, product.rows,
         *isAlongSum(step, product, product.left, product.rows)};
  rhs = {product.right, product.columns,
         *isAlongSum(step, product, product.right, product.columns)};
  start(tile, tile, stages * stageBytes(lhs) / bytes,
        stages * stageBytes(rhs) / bytes);
  lhs.first = top;
  rhs.first = left;
  lhs.memory = tileLeft;
  rhs.memory = tileRight;
  for (Side *side : {&lhs, &rhs})
    side->address = arith::IndexCastOp::create(
        b, b.getI64Type(),
        memref::ExtractAlignedPointerAsIndexOp::create(b, side->memory));
  return tile;
}

Value AsyncTiles::placeOf(const Side &side, Value line, Value unitOfLine) {
  Value turn;
  if (side.alongSum) // two lines in 128 bytes
    turn = rest(over(line, 2), depthBytes / unitBytes);
  else if (bytes == 2)
    turn = rest(line, tile * bytes / unitBytes);
  if (turn)
    unitOfLine = b.createOrFold<arith::XOrIOp>(unitOfLine, turn);
  return writer.add(times(line, pitch(side)), times(unitOfLine, unitBytes));
}

Value AsyncTiles::sharedPointer(const Side &side, Value stage, Value place) {
  Value offset = writer.add(times(stage, stageBytes(side)), place);
  Value address = arith::AddIOp::create(
      b, side.address, arith::IndexCastOp::create(b, b.getI64Type(), offset));
  return LLVM::IntToPtrOp::create(
      b, LLVM::LLVMPointerType::get(b.getContext(), 3), address);
}

void AsyncTiles::copy(const Side &side, Value k, Value stage) {
  int64_t units = (side.alongSum ? depthBytes : tile * bytes) / unitBytes;
  bool whole = count(side.own) % tile == 0 && count(product.inner) % depth == 0;
  for (int64_t part = 0; part < lines(side) * units; part += writer.threads()) {
    Value at = plus(writer.thread(), part);
    Value line = over(at, units), unitOfLine = rest(at, units);
    Value fast = times(unitOfLine, unit());
    Value own = writer.add(side.first, side.alongSum ? line : fast);
    Value inner = writer.add(k, side.alongSum ? fast : line);
    Value from = writer.addressOf(
        step, *side.operand, indicesAt(side.own, own, product.inner, inner));
    // Beyond the operand are zeros, and nothing is read.
    Value size;
    if (!whole) {
      Value has = arith::AndIOp::create(b, inside(own, side.own),
                                        inside(inner, product.inner));
      auto bytesRead = [&](int64_t value) -> Value {
        return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
      };
      size =
          arith::SelectOp::create(b, has, bytesRead(unitBytes), bytesRead(0));
    }
    Value generic = LLVM::IntToPtrOp::create(
        b, LLVM::LLVMPointerType::get(b.getContext()), from);
    Value global = LLVM::AddrSpaceCastOp::create(
        b, LLVM::LLVMPointerType::get(b.getContext(), 1), generic);
    NVVM::CpAsyncOp::create(
        b, sharedPointer(side, stage, placeOf(side, line, unitOfLine)), global,
        unitBytes, NVVM::LoadCacheModifierKind::CG, size);
  }
}

Values AsyncTiles::loadMatrices(const Side &side, Value stage, Value line,
                                Value unitOfLine, bool transposed) {
  Type i32 = b.getI32Type();
  Type four = LLVM::LLVMStructType::getLiteral(b.getContext(),
                                               SmallVector<Type>(4, i32));
  Value made = NVVM::LdMatrixOp::create(
      b, four, sharedPointer(side, stage, placeOf(side, line, unitOfLine)),
      /*num=*/4, transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
      NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8),
      NVVM::LdStMatrixEltType::B16);
  Values registers;
  for (int64_t i = 0; i < 4; ++i)
    registers.push_back(
        LLVM::ExtractValueOp::create(b, made, ArrayRef<int64_t>{i}));
  return registers;
}

Value AsyncTiles::loadWord(const Side &side, Value stage, Value k, Value own) {
  int64_t words = pitch(side) / bytes;
  Value at = writer.add(times(stage, stageBytes(side) / bytes),
                        writer.add(times(k, words), own));
  return arith::BitcastOp::create(b, b.getI32Type(),
                                  memref::LoadOp::create(b, side.memory, at));
}

/// Registers as `mma.sync` takes them: tf32 rounded, which the hardware does
/// not do.
Values AsyncTiles::rounded(Values registers) {
  for (Value &value : registers) {
    if (type.isF32()) {
      Value element = arith::BitcastOp::create(b, type, value);
      value = NVVM::ConvertFloatToTF32Op::create(b, b.getI32Type(), element,
                                                 NVVM::FPRoundingMode::RNA);
    } else if (type.isF16()) {
      value = LLVM::BitcastOp::create(b, VectorType::get({2}, type), value);
    }
  }
  return registers;
}

/// Registers 0 and 1 are two groups of rows, 2 and 3 the same rows further
/// along the sum. `reach` counts steps of 32 bytes.
Values AsyncTiles::fragmentsLeft(Value stage, int64_t reach) {
  Value lane = rest(writer.thread(), lanes);
  Value eighth = rest(lane, 8), second = rest(over(lane, 8), 2),
        fourth = over(lane, 16);
  if (lhs.alongSum)
    return rounded(loadMatrices(
        lhs, stage, writer.add(warpTop, writer.add(eighth, times(second, 8))),
        plus(fourth, reach * 2), false));
  if (bytes == 2)
    return rounded(loadMatrices(
        lhs, stage, plus(writer.add(eighth, times(fourth, 8)), reach * 16),
        writer.add(over(warpTop, 8), second), true));
  Values registers;
  for (int64_t i = 0; i < 4; ++i)
    registers.push_back(loadWord(lhs, stage,
                                 plus(member, reach * 8 + i / 2 * 4),
                                 plus(writer.add(warpTop, group4), i % 2 * 8)));
  return rounded(registers);
}

/// Of 16 columns: two registers for each eight.
Values AsyncTiles::fragmentsRight(Value stage, int64_t reach, int64_t columns) {
  Value lane = rest(writer.thread(), lanes);
  Value eighth = rest(lane, 8), second = rest(over(lane, 8), 2),
        fourth = over(lane, 16);
  if (rhs.alongSum)
    return rounded(loadMatrices(
        rhs, stage, plus(writer.add(eighth, times(fourth, 8)), columns),
        plus(second, reach * 2), false));
  if (bytes == 2)
    return rounded(loadMatrices(
        rhs, stage, plus(writer.add(eighth, times(second, 8)), reach * 16),
        plus(fourth, columns / 8), true));
  Values registers;
  for (int64_t i = 0; i < 4; ++i)
    registers.push_back(loadWord(rhs, stage,
                                 plus(member, reach * 8 + i % 2 * 4),
                                 plus(group4, columns + i / 2 * 8)));
  return rounded(registers);
}

Values AsyncTiles::addSlices(Values sums) {
  Value end = writer.constant(inner()), ahead = writer.constant(depth);
  auto copyBoth = [&](Value k, Value stage) {
    writer.when(writer.less(k, end), [&] {
      copy(lhs, k, stage);
      copy(rhs, k, stage);
    });
    NVVM::CpAsyncCommitGroupOp::create(b);
  };
  for (int64_t i = 0; i + 1 < stages; ++i)
    copyBoth(writer.constant(i * depth), writer.constant(i));
  Values carried(sums);
  carried.push_back(writer.constant(0));
  auto each = [&](Value k, ValueRange now) {
    Value stage = now.back();
    auto next = [&](Value at, int64_t by) {
      return rest(plus(at, by), stages);
    };
    // This thread's copies of the slice are there, then those of all; and all
    // are done with the slice before, whose tiles are filled again.
    NVVM::CpAsyncWaitGroupOp::create(b, stages - 2);
    writer.barrier();
    copyBoth(writer.add(k, writer.constant((stages - 1) * depth)),
             next(stage, stages - 1));
    Values added(now.drop_back());
    for (int64_t reach = 0; reach < depthBytes / 32; ++reach) {
      Values a = fragmentsLeft(stage, reach);
      for (int64_t columns = 0; columns < tile; columns += 16) {
        Values c = fragmentsRight(stage, reach, columns);
        for (int64_t half = 0; half < 2; ++half)
          addTile(added, columns / 8 + half, a,
                  ValueRange(c).slice(2 * half, 2));
      }
    }
    added.push_back(next(stage, 1));
    return added;
  };
  Values last = writer.loop(writer.constant(0), end, ahead, carried, each);
  last.pop_back();
  return last;
}

} // namespace

bool tfc::device::fitsAsyncTiles(const Group &group,
                                 const DeviceLimits &limits) {
  const Product &product = *group.product;
  const Step &step = group.steps.front();
  return fitsTensorCores(group, limits) &&
         isAlongSum(step, product, product.left, product.rows) &&
         isAlongSum(step, product, product.right, product.columns);
}

void tfc::device::writeAsyncTiles(Group &group, const DeviceLimits &) {
  AsyncTiles(group).run();
}
