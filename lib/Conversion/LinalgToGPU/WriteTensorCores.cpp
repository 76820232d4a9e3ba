//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Matrix products on NVIDIA's tensor cores: four warps make a tile of 64 rows,
// each 16 of them, by `mma.sync` of 16 x 8 results (sm_80), or all together by
// `wgmma` of 64 x 128 (sm_90a). Operands of any layout come element by element;
// see WriteAsyncTiles.cpp for those that are copied in units of 16 bytes.
//
// Which elements a lane of a warp holds is laid down by the PTX ISA ("Matrix
// fragments for mma.m16n8k16 / m16n8k8", "Register fragments for
// wgmma.mma_async.m64nNk16"): with `group` = lane / 4 and `member` = lane % 4,
// results are at rows group and group + 8, columns 2 member and 2 member + 1 of
// each eight columns.
//===----------------------------------------------------------------------===//

#include "TensorCores.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tfc::device;

static int64_t sizeOf(const Step &step, ArrayRef<unsigned> positions) {
  int64_t size = 1;
  for (unsigned at : positions)
    size *= step.loops.sizes[at];
  return size;
}

bool tfc::device::fitsTensorCores(const Group &group,
                                  const DeviceLimits &limits) {
  const Product &product = *group.product;
  Type left = elementOf(product.left), right = elementOf(product.right);
  if (!limits.tensorCores || left != right ||
      !elementOf(product.result).isF32())
    return false;
  return left.isF16() || left.isBF16() || (left.isF32() && limits.tf32);
}

bool tfc::device::fitsWarpgroups(const Group &group,
                                 const DeviceLimits &limits) {
  const Step &step = group.steps.front();
  return limits.warpgroups && fitsTensorCores(group, limits) &&
         sizeOf(step, group.product->rows) >= 64 &&
         sizeOf(step, group.product->columns) >= 64;
}

TensorCores::TensorCores(Group &group, StringRef kind, int64_t depth)
    : Tiles(group, kind, warps * lanes, depth), type(elementOf(product.left)),
      bytes(type.getIntOrFloatBitWidth() / 8) {}

Value TensorCores::convert(Value element) {
  if (!type.isF32())
    return element;
  Value bits = NVVM::ConvertFloatToTF32Op::create(b, b.getI32Type(), element,
                                                  NVVM::FPRoundingMode::RNA);
  return arith::BitcastOp::create(b, type, bits);
}

void TensorCores::run() {
  int64_t eights = begin() / 8;
  Value lane = rest(writer.thread(), lanes);
  warpTop = times(over(writer.thread(), lanes), 16);
  group4 = over(lane, 4);
  member = rest(lane, 4);
  auto each = [&](llvm::function_ref<void(Value, Value, int64_t)> visit) {
    for (int64_t eight = 0; eight < eights; ++eight)
      for (int64_t i = 0; i < 4; ++i) {
        Value row =
            plus(writer.add(top, writer.add(warpTop, group4)), i / 2 * 8);
        Value column =
            plus(writer.add(left, times(member, 2)), eight * 8 + i % 2);
        visit(row, column, eight * 4 + i);
      }
  };
  Values sums;
  each([&](Value row, Value column, int64_t) {
    sums.push_back(initial(row, column));
  });
  sums = addSlices(sums);
  each([&](Value row, Value column, int64_t at) {
    finish(row, column, sums[at]);
  });
}

Values TensorCores::addSlices(Values sums) {
  return sum(sums, [&](ValueRange now) { return multiply(now); });
}

//===----------------------------------------------------------------------===//
// mma.sync
//===----------------------------------------------------------------------===//

void TensorCores::addTile(Values &sums, int64_t eight, ValueRange lhs,
                          ValueRange rhs) {
  auto kind = type.isF16()    ? NVVM::MMATypes::f16
              : type.isBF16() ? NVVM::MMATypes::bf16
                              : NVVM::MMATypes::tf32;
  Type four = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(4, b.getF32Type()));
  Value made = NVVM::MmaOp::create(
      b, four, lhs, rhs, ValueRange(sums).slice(eight * 4, 4),
      ArrayRef<int64_t>{16, 8, 32 / bytes}, std::nullopt, std::nullopt,
      std::array{kind, kind},
      std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  for (int64_t i = 0; i < 4; ++i)
    sums[eight * 4 + i] =
        LLVM::ExtractValueOp::create(b, made, ArrayRef<int64_t>{i});
}

namespace {

class Warps : public TensorCores {
public:
  explicit Warps(Group &group) : TensorCores(group, "tensor-cores", 16) {}

private:
  static constexpr int64_t columns = 64;

  int64_t begin() override {
    start(blockRows, columns, blockRows * pitch(), columns * pitch());
    return columns;
  }
  /// Elements from one row to the next.
  int64_t pitch() const { return bytes == 4 ? depth + 4 : depth; }
  Value placeLeft(Value row, Value k) override { return place(row, k); }
  /// Transposed: the elements of one register lie together.
  Value placeRight(Value k, Value column) override { return place(column, k); }
  Value place(Value row, Value k);
  Values multiply(ValueRange sums) override;
  Value word(Value tile, Value at);
};

/// Words of a row of halves are swizzled, so that lanes never meet in a bank of
/// shared memory: neither those that read the same four words of eight rows,
/// nor those that write the same word of 32. Rows of tf32 are four words longer
/// than they are, which is right for reading only: swizzled addresses would
/// take more registers than four blocks of a multiprocessor have.
Value Warps::place(Value row, Value k) {
  if (bytes == 4)
    return writer.add(times(row, pitch()), k);
  int64_t pack = 4 / bytes, words = depth / pack; // of a row
  int64_t blocks = words / 4;
  Value line = over(row, 32 / words);
  Value turn =
      writer.add(times(rest(line, blocks), 4), rest(over(line, blocks), 4));
  Value word = b.createOrFold<arith::XOrIOp>(over(k, pack), turn);
  return writer.add(times(writer.add(times(row, words), word), pack),
                    rest(k, pack));
}

/// The register of one or two elements of a tile.
Value Warps::word(Value tile, Value at) {
  if (type.isF32())
    return arith::BitcastOp::create(b, b.getI32Type(),
                                    memref::LoadOp::create(b, tile, at));
  Value pair = vector::LoadOp::create(b, VectorType::get({2}, type), tile, at,
                                      false, llvm::MaybeAlign(4));
  return type.isF16() ? pair : LLVM::BitcastOp::create(b, b.getI32Type(), pair);
}

/// A step of 16 elements for halves, of 8 for tf32.
Values Warps::multiply(ValueRange sums) {
  int64_t reach = 32 / bytes, pack = 4 / bytes; // of one mma, of a register
  Values now(sums);
  for (int64_t k = 0; k < depth; k += reach) {
    Value column = plus(times(member, pack), k);
    // Registers 0 and 1 are two groups of rows, 2 and 3 the same rows in the
    // second half of the columns.
    Values lhs;
    for (int64_t i = 0; i < 4; ++i)
      lhs.push_back(
          word(tileLeft, placeLeft(plus(writer.add(warpTop, group4), i % 2 * 8),
                                   plus(column, i / 2 * (reach / 2)))));
    for (int64_t eight = 0; eight < columns / 8; ++eight) {
      Values rhs;
      for (int64_t i = 0; i < 2; ++i)
        rhs.push_back(word(tileRight, placeRight(plus(column, i * (reach / 2)),
                                                 plus(group4, eight * 8))));
      addTile(now, eight, lhs, rhs);
    }
  }
  return now;
}

//===----------------------------------------------------------------------===//
// wgmma
//===----------------------------------------------------------------------===//

/// Operands are in shared memory as "core matrices" of 8 rows of 16 bytes, 128
/// bytes that lie together (PTX ISA, "Shared Memory Matrix Layout", without
/// swizzling); the second operand's rows are columns of the product. A thread
/// writes whole rows of core matrices, and eight neighbours write one of these,
/// so that they never meet in a bank.
class Warpgroup : public TensorCores {
public:
  explicit Warpgroup(Group &group) : TensorCores(group, "warpgroups", 32) {}

private:
  static constexpr int64_t coreBytes = 128;

  int64_t begin() override {
    columns = sizeOf(step, product.columns) >= 128 ? 128 : 64;
    start(blockRows, columns);
    return columns;
  }
  /// Elements of a row of a core matrix.
  int64_t reach() const { return 16 / bytes; }
  /// Core matrices of the sum's direction follow each other.
  Value place(Value row, Value k) {
    Value core =
        writer.add(times(over(row, 8), depth / reach()), over(k, reach()));
    return writer.add(times(core, 8 * reach()), times(rest(row, 8), reach()));
  }
  /// Tensor cores read shared memory behind the back of the caches.
  void publish() override {
    NVVM::FenceProxyOp::create(
        b, NVVM::ProxyKind::async_shared,
        NVVM::SharedSpaceAttr::get(b.getContext(),
                                   NVVM::SharedSpace::shared_cta));
    writer.barrier();
  }
  void copyRows(OpOperand &operand, Value tile, int64_t number,
                ArrayRef<unsigned> own, Value first, Value k);
  Values addSlices(Values sums) override;
  Value descriptor(Value tile, int64_t offset);
  Values multiply(ValueRange sums) override;

  int64_t columns = 0;
};

/// Copies `number` rows of a tile, from the rows (or columns) `first` of the
/// operand. Neighbouring threads read neighbouring elements of memory.
void Warpgroup::copyRows(OpOperand &operand, Value tile, int64_t number,
                         ArrayRef<unsigned> own, Value first, Value k) {
  const Access &access = step.accessOf(operand);
  bool alongSum = access.affine && product.inner.size() &&
                  access.coefficients[product.inner.back()] == 1;
  bool whole = count(own) % number == 0 && count(product.inner) % depth == 0;
  int64_t groups = depth / reach();
  auto vector = VectorType::get({reach()}, type);
  for (int64_t part = 0; part < number * groups; part += writer.threads()) {
    Value at = plus(writer.thread(), part);
    Value row = rest(at, number), group = over(at, number);
    if (alongSum) {
      group = rest(over(at, 8), groups);
      row = writer.add(rest(at, 8), times(over(at, 8 * groups), 8));
    }
    Value r = writer.add(first, row), from = times(group, reach());
    Values elements;
    for (int64_t i = 0; i < reach(); ++i) {
      Value inner = writer.add(k, plus(from, i));
      auto fetch = [&] {
        return writer.load(step, operand,
                           indicesAt(own, r, product.inner, inner));
      };
      Value element =
          whole ? fetch()
                : writer.ifElse(
                      arith::AndIOp::create(b, inside(r, own),
                                            inside(inner, product.inner)),
                      type, fetch, [&] {
                        return Value(
                            arith::ConstantOp::create(b, b.getZeroAttr(type)));
                      });
      elements.push_back(convert(element));
    }
    Value made = vector::FromElementsOp::create(b, vector, elements);
    vector::StoreOp::create(b, made, tile, place(row, from),
                            /*nontemporal=*/false, llvm::MaybeAlign(16));
  }
}

Values Warpgroup::addSlices(Values sums) {
  return writer.loop(
      writer.constant(0), writer.constant(inner()), writer.constant(depth),
      sums, [&](Value k, ValueRange now) {
        copyRows(*product.left, tileLeft, blockRows, product.rows, top, k);
        copyRows(*product.right, tileRight, columns, product.columns, left, k);
        publish();
        Values next = multiply(now);
        writer.barrier();
        return next;
      });
}

/// Where a tile begins, and how far apart its core matrices are, in units of 16
/// bytes (PTX ISA, "Matrix Descriptor Format").
Value Warpgroup::descriptor(Value tile, int64_t offset) {
  Type i64 = b.getI64Type();
  auto number = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, b.getIntegerAttr(i64, value));
  };
  Value address = arith::IndexCastOp::create(
      b, i64, memref::ExtractAlignedPointerAsIndexOp::create(b, tile));
  address = arith::AddIOp::create(b, address, number(offset));
  address = arith::AndIOp::create(b, address, number(0x3ffff));
  address = arith::ShRUIOp::create(b, address, number(4));
  int64_t alongSum = coreBytes / 16,
          alongRows = depth * bytes / 16 * coreBytes / 16;
  return arith::OrIOp::create(b, address,
                              number(alongSum << 16 | alongRows << 32));
}

Values Warpgroup::multiply(ValueRange sums) {
  int64_t both = 2 * reach(); // of one instruction: two core matrices
  auto kind = type.isF16()    ? NVVM::WGMMATypes::f16
              : type.isBF16() ? NVVM::WGMMATypes::bf16
                              : NVVM::WGMMATypes::tf32;
  auto all = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(sums.size(), b.getF32Type()));
  Value now = LLVM::UndefOp::create(b, all);
  for (auto [i, value] : llvm::enumerate(sums))
    now = LLVM::InsertValueOp::create(
        b, now, value, ArrayRef<int64_t>{static_cast<int64_t>(i)});
  NVVM::WgmmaFenceAlignedOp::create(b);
  for (int64_t k = 0; k < depth; k += both) {
    int64_t offset = k * bytes / 16 * coreBytes;
    now = NVVM::WgmmaMmaAsyncOp::create(
        b, all, now, descriptor(tileLeft, offset),
        descriptor(tileRight, offset),
        NVVM::MMAShapeAttr::get(b.getContext(), blockRows, columns, both), kind,
        kind, NVVM::WGMMATypes::f32, NVVM::WGMMAScaleOut::one,
        NVVM::WGMMAScaleIn::one, NVVM::WGMMAScaleIn::one, NVVM::MMALayout::row,
        NVVM::MMALayout::col, NVVM::MMAIntOverflowAttr());
  }
  NVVM::WgmmaGroupSyncAlignedOp::create(b);
  NVVM::WgmmaWaitGroupSyncOp::create(b, uint64_t(0));
  Values made;
  for (size_t i = 0; i < sums.size(); ++i)
    made.push_back(LLVM::ExtractValueOp::create(
        b, now, ArrayRef<int64_t>{static_cast<int64_t>(i)}));
  return made;
}

} // namespace

void tfc::device::writeTensorCores(Group &group, const DeviceLimits &) {
  Warps(group).run();
}

void tfc::device::writeWarpgroups(Group &group, const DeviceLimits &) {
  Warpgroup(group).run();
}
