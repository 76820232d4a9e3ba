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
#include "tfc/Dialect/TFCRT/IR/Remark.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

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
          c.sum & ~arith::FastMathFlags::reassoc) {
    b.parallel = options.parallel;
    // Two multiply-adds of a vector in a cycle, and the tile not always full.
    b.flopsPerNanosecond = 6.0 * options.unit.bits / FloatType(c.type).getWidth();
  }

  void run();

private:
  Buffer open(OpOperand *operand);
  Value stride(OpOperand *operand, const Buffer &buffer, unsigned dim);
  Value size(unsigned dim);
  void overBatch(const Product &product, bool shared, llvm::function_ref<void(const Product &)> body);

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
  Value total = b.constant(0);
  for (auto [step, stride] : llvm::zip(c.steps(operand, dim), buffer.strides))
    if (step)
      total = b.add(total, b.mul(stride, b.constant(step)));
  return total;
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

/// Products of a batch are shared out among threads, if none of them is shared.
void Lowering::overBatch(const Product &product, bool shared, llvm::function_ref<void(const Product &)> body) {
  // What the loops `dims` add to where the operands begin.
  auto advance = [&](Product next, Value number, ArrayRef<unsigned> dims) {
    for (unsigned dim : llvm::reverse(dims)) {
      Value index = number;
      if (dim != dims.front()) {
        index = b.builder.createOrFold<arith::RemUIOp>(b.loc, number, size(dim));
        number = b.builder.createOrFold<arith::DivUIOp>(b.loc, number, size(dim));
      }
      auto move = [&](Matrix &matrix, OpOperand *operand, const Buffer &buffer) {
        matrix.offset = b.add(matrix.offset, b.mul(index, stride(operand, buffer, dim)));
      };
      move(next.left, c.left, left);
      move(next.right, c.right, right);
      move(next.result, c.result, result);
    }
    return next;
  };
  auto count = [&](ArrayRef<unsigned> dims) {
    Value total = b.constant(1);
    for (unsigned dim : dims)
      total = b.mul(total, size(dim));
    return total;
  };
  auto overTaps = [&](const Product &each) {
    if (c.taps.empty())
      return body(each);
    b.loop(b.constant(0), count(c.taps), 1, [&](Value number) { body(advance(each, number, c.taps)); });
  };
  if (c.batch.empty())
    return overTaps(product);
  auto one = [&](Value number) { overTaps(advance(product, number, c.batch)); };
  if (shared)
    return b.loop(b.constant(0), count(c.batch), 1, one);
  Value flops = b.mul(b.mul(product.rows, product.columns), b.mul(product.depth, b.constant(2)));
  b.parallelLoop(b.constant(0), count(c.batch), 1, b.mul(flops, count(c.taps)), one);
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
  tfc::rt::remark(c.op, [&] { return describe(product, algorithm, options); });
  Workspace workspace = allocateWorkspace(b, product, algorithm, options);
  // A batch of few products is not shared out, but each of them.
  int64_t batch = 1;
  for (unsigned dim : c.batch)
    batch = ShapedType::isDynamic(c.size(dim)) || ShapedType::isDynamic(batch) ? ShapedType::kDynamic
                                                                              : batch * c.size(dim);
  bool shared = bool(workspace.panels) || (!ShapedType::isDynamic(batch) && batch < 8);
  overBatch(product, shared, [&](const Product &each) {
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
    options.parallel = parallel;
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
