//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFCRT/IR/Square.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

SmallVector<Value> tfc::rt::transposeSquare(OpBuilder &builder, Location loc,
                                            SmallVector<Value> vectors,
                                            int64_t parts) {
  int64_t lanes = vectors.size();
  // Off-diagonal blocks of a quarter of the matrix change places, then those of
  // each block.
  for (int64_t half = lanes / 2; half >= 1; half /= 2) {
    SmallVector<int64_t> first, second;
    for (int64_t lane = 0; lane < lanes; ++lane)
      for (int64_t part = 0; part < parts; ++part) {
        auto add = [&](SmallVector<int64_t> &from, int64_t element) {
          from.push_back(element * parts + part);
        };
        add(first, lane & half ? lanes + lane - half : lane);
        add(second, lane & half ? lanes + lane : lane + half);
      }
    for (int64_t i = 0; i < lanes; ++i) {
      if (i & half)
        continue;
      Value x = vectors[i], y = vectors[i + half];
      vectors[i] = vector::ShuffleOp::create(builder, loc, x, y, first);
      vectors[i + half] = vector::ShuffleOp::create(builder, loc, x, y, second);
    }
  }
  return vectors;
}

SmallVector<Value> tfc::rt::columnsOfRows(OpBuilder &builder, Location loc,
                                          ValueRange vectors) {
  int64_t width = vectors.size(),
          lanes = cast<VectorType>(vectors[0].getType()).getNumElements();
  SmallVector<Value> columns;
  for (int64_t column = 0; column < width; ++column) {
    Value found = vectors[0];
    for (int64_t number = 1; number < width; ++number) {
      SmallVector<int64_t> from;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        int64_t at = lane * width + column, vector = at / lanes;
        if (vector == number)
          from.push_back(lanes + at % lanes);
        else if (vector < number)
          from.push_back(number == 1 ? at % lanes
                                     : lane); // found before: in its lane
        else
          from.push_back(vector::ShuffleOp::kPoisonIndex); // not found yet
      }
      found =
          vector::ShuffleOp::create(builder, loc, found, vectors[number], from);
    }
    columns.push_back(found);
  }
  return columns;
}
