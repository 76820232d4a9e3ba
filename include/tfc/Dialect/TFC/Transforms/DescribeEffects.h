//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The partial order of a function's effects, for people and programs.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_TRANSFORMS_DESCRIBEEFFECTS_H
#define TFC_DIALECT_TFC_TRANSFORMS_DESCRIBEEFFECTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <string>

namespace tfc {

enum class EffectFormat { Text, Dot, Json };

/// The effects of `function` and their minimal order, with the reason of each
/// edge. The function may hold tokens or not, and calls: they count as one op
/// each.
///
/// JSON: `{"function", "nodes": [{"id", "op", "kind", "resources": [{"name",
/// "access"}], "external", "file", "line", "column", "function", "parent",
/// "region"}], "edges": [{"from", "to", "reason"}]}`. `parent` is the id of the
/// branch or loop whose region number `region` holds the op, null at the top.
std::string describeEffects(mlir::func::FuncOp function, EffectFormat format);

} // namespace tfc

#endif // TFC_DIALECT_TFC_TRANSFORMS_DESCRIBEEFFECTS_H
