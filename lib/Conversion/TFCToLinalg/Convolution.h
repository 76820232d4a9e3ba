//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What the lowerings of a convolution and of its two gradients share.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_CONVOLUTION_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_CONVOLUTION_H

#include "Phases.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

namespace tfc::lowering {

/// Features of a group below which its products are no contractions.
constexpr int64_t fewFeatures = 4;

using Exprs = llvm::SmallVector<mlir::AffineExpr>;

/// A tensor and how loops index it.
struct Operand {
  mlir::Value tensor;
  Exprs indices;
};

class Convolution {
public:
  template <typename Op>
  Convolution(Lowering &l, Op op, llvm::ArrayRef<Dim> x,
              llvm::ArrayRef<Dim> filter)
      : l(l), element(elementOf(op->getOperand(0))), sum(sumType(element)),
        rounded(elementOf(op.getResult())), groups(op.getGroups()),
        batch(l.size(x.front())), depth(l.size(filter[filter.size() - 2])),
        channels(l.size(x.back())),
        windows(l, x.drop_front().drop_back(), windowOf(l, filter),
                op.getStrides(), op.getDilations(), op.getPadding()) {
    mlir::Value all = l.size(filter.back());
    features = l.b.createOrFold<mlir::arith::DivUIOp>(l.loc, all,
                                                      l.constantIndex(groups));
    zero = toStorage(l.b, l.loc, numberScalar(l.b, l.loc, sum, 0), sum);
    // One channel, from one: vectors of places need no patches.
    bool isAlone = groups == 1 && unit(depth) && unit(features) &&
                   windows.hasUnitStrides() && !windows.isPointwise();
    direct = isAlone ||
             (groups > 1 &&
              mlir::getConstantIntValue(features).value_or(1) < fewFeatures);
    // One column has no vector of them: rows of patches are contiguous.
    storesPatches =
        unit(features) || (windows.isPointwise() && windows.hasUnitStrides());
  }

  mlir::Value forward(mlir::Value x, mlir::Value filter);
  mlir::Value filterGrad(mlir::Value x, mlir::Value grad);
  mlir::Value inputGrad(mlir::Value grad, mlir::Value filter);
  void definePlaces(llvm::ArrayRef<Dim> result) {
    for (size_t i = 0; i < windows.rank(); ++i)
      if (result[i + 1] < 0)
        l.define(result[i + 1], windows.places[i]);
  }

private:
  static llvm::SmallVector<mlir::Value> windowOf(Lowering &l,
                                                 llvm::ArrayRef<Dim> filter) {
    return llvm::map_to_vector(filter.drop_back(2),
                               [&](Dim dim) { return l.size(dim); });
  }
  mlir::AffineExpr loop(unsigned i) const { return l.b.getAffineDimExpr(i); }
  mlir::Value filled(llvm::ArrayRef<mlir::Value> extents);
  mlir::Value reassociate(mlir::Value tensor,
                          llvm::ArrayRef<llvm::SmallVector<mlir::Value>> parts);
  mlir::Value collapse(mlir::Value tensor, llvm::ArrayRef<unsigned> counts);
  mlir::Value grouped(mlir::Value tensor, unsigned lead,
                      llvm::ArrayRef<mlir::Value> last);
  mlir::Value patches(mlir::Value x);
  mlir::Value accumulate(Operand left, Operand right, Operand result,
                         unsigned loops, llvm::ArrayRef<int64_t> reduced);
  mlir::Value inputGradDirect(mlir::Value grad, mlir::Value filter);
  mlir::Value inputGradSums(mlir::Value grad, mlir::Value filter);
  mlir::Value narrow(mlir::Value tensor);
  mlir::Value widen(mlir::Value tensor, bool onPairs);
  bool multipliesPairs(mlir::Value columns, mlir::Value k) const;
  bool hasPairsOfChannels() const;
  bool hasPairsOfPlaces() const;
  bool hasPairsOfFeatures() const;
  mlir::Value zeroOf(mlir::Value tensor) const;

  /// Loops of an implicit product: batch, places, group if there are several,
  /// and features in front, then the window and the channels of a group; or, if
  /// `merged`, the last dimension of the window and the channels as one loop.
  struct ImplicitLoops {
    unsigned batch = 0, places = 1, group, feature, window, depth, count;
    bool merged;
  };
  ImplicitLoops implicitLoops(bool merge) const;
  Operand implicitInput(mlir::Value x, mlir::Value depth,
                        const ImplicitLoops &loops,
                        llvm::ArrayRef<int64_t> strides,
                        llvm::ArrayRef<int64_t> dilations);
  Operand implicitFilter(mlir::Value filter, mlir::Value depth,
                         mlir::Value features, const ImplicitLoops &loops);
  Operand implicitResult(mlir::Value result, mlir::Value features,
                         const ImplicitLoops &loops);
  llvm::SmallVector<int64_t> reducedLoops(unsigned from, unsigned to) const {
    return llvm::to_vector(llvm::seq<int64_t>(from, to));
  }
  mlir::Value implicitForward(mlir::Value x, mlir::Value filter);
  mlir::Value implicitFilterGrad(mlir::Value x, mlir::Value grad);

  Operand turnedFilter(mlir::Value filter, llvm::ArrayRef<Phase> phases,
                       const ImplicitLoops &loops);
  Operand phaseFilter(mlir::Value filter, llvm::ArrayRef<Phase> phases,
                      const ImplicitLoops &loops);
  mlir::Value inputGradPhase(mlir::Value grad, mlir::Value filter,
                             llvm::ArrayRef<Phase> phases, mlir::Value result);
  mlir::Value implicitInputGrad(mlir::Value grad, mlir::Value filter,
                                llvm::ArrayRef<PhaseAxis> axes);
  mlir::Value inputGradTurned(mlir::Value grad, mlir::Value filter,
                              llvm::ArrayRef<PhaseAxis> axes);
  mlir::Value turnedSums(mlir::Value padded, mlir::Value filter,
                         llvm::ArrayRef<Phase> phases,
                         llvm::function_ref<mlir::Value()> zeros);
  /// Loops of the direct form: batch, places, window, and what is left of a
  /// group.
  struct Loops {
    unsigned count = 0;
    unsigned batch, places, window, depth, group, feature;
  };
  Loops directLoops() const;
  Operand directInput(mlir::Value x, const Loops &loops);
  Operand directFilter(mlir::Value filter, const Loops &loops);
  Operand directResult(mlir::Value result, const Loops &loops);
  bool unit(mlir::Value size) const {
    return mlir::getConstantIntValue(size) == 1;
  }

  Lowering &l;
  mlir::Type element, sum, rounded; ///< of operands, sums and the result
  int64_t groups;
  mlir::Value batch, depth, features, channels, zero;
  Windows windows;
  bool direct, storesPatches;
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_CONVOLUTION_H
