//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One contraction on its way to a kernel.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_CONTRACTIONLOWERING_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_CONTRACTIONLOWERING_H

#include "Elementwise.h"
#include "KeptPanels.h"
#include "Product.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace tfc::kernels {

/// Right operands of fewer elements are read from the caches as they are.
constexpr int64_t fewElements = 32 * 1024;

/// A buffer as flat memory, with the sizes and strides that its type does not
/// tell.
struct Buffer {
  mlir::Value memory, offset;
  Values sizes, strides;
};

class ContractionLowering {
public:
  ContractionLowering(mlir::OpBuilder &builder, const Contraction &c,
                      const KernelOptions &options)
      : c(c), options(options),
        // The order of sums is that of k in every kernel but where it is said
        // otherwise.
        b(builder, mlir::linalg::LinalgOp(c.op).getLoc(), c.type, c.product,
          c.sum & ~mlir::arith::FastMathFlags::reassoc) {
    b.parallel = options.parallel;
    // Two multiply-adds of a vector in a cycle, and the tile not always full.
    b.flopsPerNanosecond =
        6.0 * options.unit.bits / c.type.getIntOrFloatBitWidth();
  }

  void run();

  /// Together with those behind it that read what it reads, if there are any:
  /// returns how many it has done, or 0. ReadTogether.cpp
  static size_t runTogether(mlir::OpBuilder &builder,
                            llvm::ArrayRef<mlir::linalg::LinalgOp> ops,
                            const KernelOptions &options);

private:
  bool mayReadTogether() const;
  bool readsTheSame(const ContractionLowering &other) const;
  bool sharesNoMemory(const ContractionLowering &other) const;
  Buffer open(const Operand &operand);
  mlir::Value stride(const Operand &operand, const Buffer &buffer,
                     unsigned dim);
  mlir::Value size(unsigned dim);
  std::optional<int64_t> mostOfRight();
  Values groupSizes();
  Matrix matrix(const Operand &operand, const Buffer &buffer);
  void findProducer(const std::optional<Elementwise> &epilogue);
  void turnRight(bool along);
  void takeEpilogue(Algorithm algorithm);
  void groupRows();
  Product makeProduct();
  Product openOperands();
  void widen(Operand &operand);
  Product member(Product product, mlir::Value number);
  std::optional<SideBySide> groupsOf(const Product &product);
  bool isShallow(const Product &product);
  bool packsGroups(const Product &product);
  void overBatch(const Product &product, bool shared,
                 llvm::function_ref<void(const Product &)> body);
  void eraseDone();

  // Panels of the right operand that others use, too: OutsidePanels.cpp
  int64_t elementsOfRight(const Product &product);
  Product productHere(const Product &product, const Operand &right);
  void packOutside(Product &product, bool onPairs);
  void keepPanels(Product &product, bool onPairs);
  void packConstantOperand(Product &product);

  Contraction c;
  const KernelOptions &options;
  KernelBuilder b;
  Buffer left, right, result;
  std::optional<Elementwise> epilogue, producer;
  /// A constant of which nothing but panels is needed.
  mlir::memref::GlobalOp packedConstant;
  llvm::SmallVector<Buffer> epilogueBuffers, producerBuffers;
  /// Panels that outlive the call.
  KeptPanels::Kept kept;
  /// Loops over rows that are one in every operand.
  llvm::SmallVector<llvm::SmallVector<unsigned>> rowGroups;
};

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_CONTRACTIONLOWERING_H
