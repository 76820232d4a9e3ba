//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Matrix products on NVIDIA's tensor cores: four warps make a tile of 64 x 64,
// each 16 rows of it, by `mma.sync` of 16 x 8 results.
//
// Which elements a lane of a warp holds is laid down by the PTX ISA ("Matrix
// fragments for mma.m16n8k16 / m16n8k8"): with `group` = lane / 4 and `member`
// = lane % 4, results are at rows group and group + 8, columns 2 member and 2
// member + 1.
//===----------------------------------------------------------------------===//

#include "Tiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tfc::device;

static Type elementOf(OpOperand *operand) {
  return cast<MemRefType>(operand->get().getType()).getElementType();
}

bool tfc::device::fitsTensorCores(const Group &group,
                                  const DeviceLimits &limits) {
  const Product &product = *group.product;
  Type left = elementOf(product.left), right = elementOf(product.right);
  if (!limits.tensorCores || left != right ||
      !elementOf(product.result).isF32())
    return false;
  return left.isF16() || (left.isF32() && limits.tf32);
}

namespace {

constexpr int64_t warps = 4, lanes = 32, columnTiles = 8;

class TensorCores : Tiles {
public:
  explicit TensorCores(Group &group)
      : Tiles(group, "tensor-cores", warps * lanes) {}

  void run();

private:
  Value
  fragment(Value tile, int64_t pitch, ArrayRef<int64_t> shape,
           llvm::function_ref<std::pair<Value, Value>(int64_t, int64_t)> where);
  Values multiply(ValueRange sums);
  Value plus(Value x, int64_t by) { return writer.add(x, writer.constant(by)); }

  Value group4, member, warpTop;
};

/// Elements of a tile in shared memory, as the vector that `mma` takes.
Value TensorCores::fragment(
    Value tile, int64_t pitch, ArrayRef<int64_t> shape,
    llvm::function_ref<std::pair<Value, Value>(int64_t, int64_t)> where) {
  Type type = cast<MemRefType>(tile.getType()).getElementType();
  auto vectorType = VectorType::get(shape, type);
  Value result = arith::ConstantOp::create(b, b.getZeroAttr(vectorType));
  for (int64_t i = 0; i < shape[0]; ++i)
    for (int64_t j = 0; j < shape[1]; ++j) {
      auto [row, column] = where(i, j);
      Value at = writer.add(writer.mul(row, writer.constant(pitch)), column);
      Value element = memref::LoadOp::create(b, tile, at);
      result =
          vector::InsertOp::create(b, element, result, ArrayRef<int64_t>{i, j});
    }
  return result;
}

/// One slice of the sum: a step of 16 for halves, two steps of 8 for tf32.
Values TensorCores::multiply(ValueRange sums) {
  bool isTF32 = elementOf(product.left).isF32();
  int64_t reach = isTF32 ? 8 : 16,
          pack = isTF32 ? 1 : 2; // of one mma; elements of a register
  Values now(sums);
  for (int64_t k = 0; k < depth; k += reach) {
    // Registers 0 and 1 are two groups of rows, 2 and 3 the same rows in the
    // second half of the columns.
    Value lhs = fragment(tileLeft, depth, {4, pack}, [&](int64_t i, int64_t j) {
      Value column = plus(writer.mul(member, writer.constant(pack)),
                          k + j + i / 2 * (reach / 2));
      return std::make_pair(plus(writer.add(warpTop, group4), i % 2 * 8),
                            column);
    });
    for (int64_t tile = 0; tile < columnTiles; ++tile) {
      Value rhs =
          fragment(tileRight, width, {2, pack}, [&](int64_t i, int64_t j) {
            Value row = plus(writer.mul(member, writer.constant(pack)),
                             k + j + i * (reach / 2));
            return std::make_pair(row, plus(group4, tile * 8));
          });
      now[tile] = nvgpu::MmaSyncOp::create(
          b, lhs, rhs, now[tile], ArrayRef<int64_t>{16, 8, reach}, isTF32);
    }
  }
  return now;
}

void TensorCores::run() {
  start(16 * warps, 8 * columnTiles);
  Value lane =
      b.createOrFold<arith::RemUIOp>(writer.thread(), writer.constant(lanes));
  Value warp =
      b.createOrFold<arith::DivUIOp>(writer.thread(), writer.constant(lanes));
  group4 = b.createOrFold<arith::DivUIOp>(lane, writer.constant(4));
  member = b.createOrFold<arith::RemUIOp>(lane, writer.constant(4));
  warpTop = writer.mul(warp, writer.constant(16));
  auto each =
      [&](int64_t tile,
          llvm::function_ref<void(Value, Value, int64_t, int64_t)> visit) {
        for (int64_t i = 0; i < 2; ++i)
          for (int64_t j = 0; j < 2; ++j) {
            Value row =
                plus(writer.add(top, writer.add(warpTop, group4)), i * 8);
            Value column =
                plus(writer.add(left, writer.mul(member, writer.constant(2))),
                     tile * 8 + j);
            visit(row, column, i, j);
          }
      };
  Values sums;
  for (int64_t tile = 0; tile < columnTiles; ++tile) {
    Value first = arith::ConstantOp::create(
        b, b.getZeroAttr(VectorType::get({2, 2}, b.getF32Type())));
    each(tile, [&](Value row, Value column, int64_t i, int64_t j) {
      first = vector::InsertOp::create(b, initial(row, column), first,
                                       ArrayRef<int64_t>{i, j});
    });
    sums.push_back(first);
  }
  sums = sum(sums, [&](ValueRange now) { return multiply(now); });
  for (int64_t tile = 0; tile < columnTiles; ++tile)
    each(tile, [&](Value row, Value column, int64_t i, int64_t j) {
      finish(row, column,
             vector::ExtractOp::create(b, sums[tile], ArrayRef<int64_t>{i, j}));
    });
}

} // namespace

void tfc::device::writeTensorCores(Group &group, const DeviceLimits &) {
  TensorCores(group).run();
}
