//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What a walk over nested regions knows of variables, undone at a region's end.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_DIALECT_TFC_TRANSFORMS_SCOPEDVALUES_H
#define TFC_LIB_DIALECT_TFC_TRANSFORMS_SCOPEDVALUES_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace tfc {

/// A map from variables to values that can go back to an earlier state. Going
/// back costs as much as the changes since then: copies would cost the number
/// of variables at each region.
class ScopedValues {
public:
  using Mark = size_t;

  /// Null for a variable that is not there.
  mlir::Value lookup(mlir::Value variable) const {
    return values.lookup(variable);
  }
  bool contains(mlir::Value variable) const {
    return values.contains(variable);
  }
  size_t size() const { return values.size(); }
  auto begin() const { return values.begin(); }
  auto end() const { return values.end(); }

  void set(mlir::Value variable, mlir::Value value) {
    mlir::Value &entry = values[variable];
    log.push_back({variable, entry});
    entry = value;
  }
  void erase(mlir::Value variable) {
    auto it = values.find(variable);
    if (it == values.end())
      return;
    log.push_back({variable, it->second});
    values.erase(it);
  }
  void clear() {
    for (auto [variable, value] : values)
      log.push_back({variable, value});
    values.clear();
  }

  Mark mark() const { return log.size(); }
  void undo(Mark mark) {
    for (; log.size() > mark; log.pop_back()) {
      auto [variable, value] = log.back();
      if (value)
        values[variable] = value;
      else
        values.erase(variable);
    }
  }

private:
  llvm::DenseMap<mlir::Value, mlir::Value> values;
  /// What each change has replaced, null where there was nothing.
  llvm::SmallVector<std::pair<mlir::Value, mlir::Value>> log;
};

} // namespace tfc

#endif // TFC_LIB_DIALECT_TFC_TRANSFORMS_SCOPEDVALUES_H
