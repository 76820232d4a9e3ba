//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Matrix products: a block makes a tile of the result, every thread some rows
// and columns of it, with the sums in registers.
//===----------------------------------------------------------------------===//

#include "Tiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace tfc::device;

namespace {

constexpr int64_t side = 16; // threads of a block in each direction

class ScalarTiles : Tiles {
public:
  explicit ScalarTiles(Group &group) : Tiles(group, "tiles", side * side) {}

  void run();

private:
  Values multiply(ValueRange sums);

  int64_t perThread = 1; // rows and columns of a thread
  Value threadRow, threadColumn;
};

/// One slice of the sum, from shared memory.
Values ScalarTiles::multiply(ValueRange sums) {
  return writer.loop(
      writer.constant(0), writer.constant(depth), writer.constant(1), sums,
      [&](Value k, ValueRange now) {
        Values left, right, next;
        for (int64_t i = 0; i < perThread; ++i) {
          Value row = writer.add(threadRow, writer.constant(i * side));
          left.push_back(
              memref::LoadOp::create(b, tileLeft, placeLeft(row, k)));
          Value column = writer.add(threadColumn, writer.constant(i * side));
          right.push_back(
              memref::LoadOp::create(b, tileRight, placeRight(k, column)));
        }
        bool swapped = product.left->getOperandNumber() >
                       product.right->getOperandNumber();
        for (int64_t i = 0; i < perThread; ++i)
          for (int64_t j = 0; j < perThread; ++j) {
            Values arguments =
                swapped ? Values{right[j], left[i]} : Values{left[i], right[j]};
            arguments.push_back(now[i * perThread + j]);
            next.push_back(writer.body(step, arguments, {}).front());
          }
        return next;
      });
}

void ScalarTiles::run() {
  if (rows() >= 64 && columns() >= 64)
    perThread = 4;
  else if (rows() >= 32 && columns() >= 32)
    perThread = 2;
  start(side * perThread, side * perThread);
  threadRow =
      b.createOrFold<arith::DivUIOp>(writer.thread(), writer.constant(side));
  threadColumn =
      b.createOrFold<arith::RemUIOp>(writer.thread(), writer.constant(side));
  auto each = [&](llvm::function_ref<void(Value, Value, int64_t)> visit) {
    for (int64_t i = 0; i < perThread; ++i)
      for (int64_t j = 0; j < perThread; ++j)
        visit(writer.add(top, writer.add(threadRow, writer.constant(i * side))),
              writer.add(left,
                         writer.add(threadColumn, writer.constant(j * side))),
              i * perThread + j);
  };
  Values sums;
  each([&](Value row, Value column, int64_t) {
    sums.push_back(initial(row, column));
  });
  sums = sum(sums, [&](ValueRange now) { return multiply(now); });
  each([&](Value row, Value column, int64_t at) {
    finish(row, column, sums[at]);
  });
}

} // namespace

void tfc::device::writeTiles(Group &group, const DeviceLimits &) {
  ScalarTiles(group).run();
}
