//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which windows an element of the input is in, told by places: the input's
// gradient as sums over windows of the padded gradient.
//
// Element k of the window at place o meets the padded input at o * stride + k.
// So what lies at q * stride + r there was met by elements k = r + j * stride
// alone, at places q - j:
//
//   result[q * stride + r - before] = sum over j: grad[q - j] * filter[r + j *
//   stride]
//
// which for each phase r is a sum over windows without strides. Phases of the
// dimensions are combined; each writes its own elements of the result. Without
// strides there is one phase, whose window may be dilated.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_PHASES_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_PHASES_H

#include "Windows.h"

namespace tfc::lowering {

/// Larger strides have windows that hardly overlap, and one loop nest or
/// product for each phase would be a lot of code.
constexpr size_t mostPhases = 16;

/// Elements of one dimension of the input, as far apart as windows are, and
/// those elements of the window that meet them.
struct Phase {
  int64_t taps, first; ///< how many elements of the window, and the lowest
  int64_t from;        ///< where it begins in the padded gradient
  int64_t to;          ///< its first element in the input
  mlir::Value places;  ///< how many elements it has there
};

/// The phases of one dimension.
struct PhaseAxis {
  int64_t low = 0;  ///< zeros before the gradient
  mlir::Value size; ///< of the padded gradient
  llvm::SmallVector<Phase> phases;
};

/// The phases of all dimensions; empty if too little is known of one of them,
/// or if they are more than `mostPhases` together.
llvm::SmallVector<PhaseAxis> phasesOf(Lowering &l, const Windows &windows);

/// A tensor of [batch, places..., anything] with `fill` around, as far as any
/// phase looks.
mlir::Value padForPhases(Lowering &l, mlir::Value x,
                         llvm::ArrayRef<PhaseAxis> axes, mlir::Value fill);

/// The elements of a tensor in the input's size that belong to phases.
struct PhaseBox {
  llvm::SmallVector<mlir::OpFoldResult> offsets, extents, steps;
};
PhaseBox boxOf(Lowering &l, const Windows &windows,
               llvm::ArrayRef<Phase> phases, mlir::Value result);

/// `add` puts into the result what one combination of phases adds up, for each
/// of them.
mlir::Value overPhases(
    llvm::ArrayRef<PhaseAxis> axes, mlir::Value result,
    llvm::function_ref<mlir::Value(llvm::ArrayRef<Phase>, mlir::Value)> add);

/// A new tensor of these extents: filled, if phases leave elements out.
mlir::Value forPhases(Lowering &l, llvm::ArrayRef<PhaseAxis> axes,
                      llvm::ArrayRef<mlir::Value> extents, mlir::Value fill);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_PHASES_H
