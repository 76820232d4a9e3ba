//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The pass: contractions become matrix products, one for each index of the
// batch.
//===----------------------------------------------------------------------===//

#include "Product.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tfc/Conversion/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_LOWERCONTRACTIONSPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::kernels;

namespace {

/// A buffer as flat memory, with the sizes and strides that its type does not
/// tell.
struct Buffer {
  Value memory, offset;
  Values sizes, strides;
};

class Lowering {
public:
  Lowering(OpBuilder &builder, const Contraction &c,
           const KernelOptions &options)
      : c(c), options(options),
        // The order of sums is that of k in every kernel but where it is said
        // otherwise.
        b(builder, linalg::LinalgOp(c.op).getLoc(), c.type, c.product,
          c.sum & ~arith::FastMathFlags::reassoc) {}

  void run();

private:
  Buffer open(OpOperand *operand);
  Value stride(OpOperand *operand, const Buffer &buffer, unsigned dim);
  Value size(unsigned dim);
  void overBatch(ArrayRef<unsigned> dims, Product product,
                 llvm::function_ref<void(const Product &)> body);

  const Contraction &c;
  const KernelOptions &options;
  KernelBuilder b;
  Buffer left, right, result;
};

Buffer Lowering::open(OpOperand *operand) {
  auto type = cast<MemRefType>(operand->get().getType());
  auto [strides, offset] = type.getStridesAndOffset();
  auto data = memref::ExtractStridedMetadataOp::create(b.builder, b.loc,
                                                       operand->get());
  auto pick = [&](int64_t known, Value value) {
    return ShapedType::isDynamic(known) ? value : b.constant(known);
  };
  Buffer buffer;
  buffer.offset = pick(offset, data.getOffset());
  for (auto [known, value] : llvm::zip(strides, data.getStrides()))
    buffer.strides.push_back(pick(known, value));
  for (auto [known, value] : llvm::zip(type.getShape(), data.getSizes()))
    buffer.sizes.push_back(pick(known, value));
  // The size of the flat view is never asked for.
  auto flat =
      MemRefType::get(ShapedType::kDynamic, type.getElementType(),
                      MemRefLayoutAttrInterface(), type.getMemorySpace());
  buffer.memory = memref::ReinterpretCastOp::create(
      b.builder, b.loc, flat, data.getBaseBuffer(),
      OpFoldResult(b.builder.getIndexAttr(0)),
      {OpFoldResult(b.constant(int64_t(1) << 48))},
      {OpFoldResult(b.builder.getIndexAttr(1))});
  return buffer;
}

Value Lowering::stride(OpOperand *operand, const Buffer &buffer, unsigned dim) {
  std::optional<unsigned> at = c.position(operand, dim);
  return at ? buffer.strides[*at] : b.constant(0);
}

Value Lowering::size(unsigned dim) {
  if (int64_t known = c.size(dim); !ShapedType::isDynamic(known))
    return b.constant(known);
  for (auto [operand, buffer] :
       {std::pair(c.result, &result), std::pair(c.left, &left),
        std::pair(c.right, &right)})
    if (std::optional<unsigned> at = c.position(operand, dim))
      return buffer->sizes[*at];
  llvm_unreachable("every loop belongs to an operand");
}

void Lowering::overBatch(ArrayRef<unsigned> dims, Product product,
                         llvm::function_ref<void(const Product &)> body) {
  if (dims.empty())
    return body(product);
  b.loop(b.constant(0), size(dims[0]), 1, [&](Value index) {
    Product next = product;
    auto move = [&](Matrix &matrix, OpOperand *operand, const Buffer &buffer) {
      matrix.offset =
          b.add(matrix.offset, b.mul(index, stride(operand, buffer, dims[0])));
    };
    move(next.left, c.left, left);
    move(next.right, c.right, right);
    move(next.result, c.result, result);
    overBatch(dims.drop_front(), next, body);
  });
}

void Lowering::run() {
  b.builder.setInsertionPoint(c.op);
  left = open(c.left);
  right = open(c.right);
  result = open(c.result);

  Value one = b.constant(1), zero = b.constant(0);
  Product product;
  product.rows = one;
  for (unsigned dim : c.rows)
    product.rows = b.mul(product.rows, size(dim));
  product.columns = size(c.column);
  product.depth = size(c.inner);
  product.fresh = bool(c.fill);
  auto rowStride = [&](OpOperand *operand, const Buffer &buffer) {
    return c.rows.empty() ? zero : stride(operand, buffer, c.rows.back());
  };
  product.left = {left.memory, left.offset, rowStride(c.left, left),
                  stride(c.left, left, c.inner)};
  product.right = {right.memory, right.offset, stride(c.right, right, c.inner),
                   stride(c.right, right, c.column)};
  product.result = {result.memory, result.offset, rowStride(c.result, result),
                    one};

  Algorithm algorithm = chooseAlgorithm(product, c.type, options);
  Workspace workspace = allocateWorkspace(b, product, algorithm, options);
  overBatch(c.batch, product, [&](const Product &each) {
    emitProduct(b, each, algorithm, workspace, options);
  });
  linalg::LinalgOp(c.op)->erase();
  if (c.fill)
    linalg::FillOp(c.fill)->erase();
}

struct LowerContractions
    : public tfc::impl::LowerContractionsPassBase<LowerContractions> {
  using tfc::impl::LowerContractionsPassBase<
      LowerContractions>::LowerContractionsPassBase;

  void runOnOperation() override {
    KernelOptions options;
    options.unit.bits = vectorBits;
    options.unit.registers = vectorRegisters;
    options.reassociate = reassociate;
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    OpBuilder builder(&getContext());
    // A fill comes before what erases it.
    for (linalg::LinalgOp op : ops)
      if (std::optional<Contraction> contraction = matchContraction(op))
        Lowering(builder, *contraction, options).run();
  }
};

} // namespace
