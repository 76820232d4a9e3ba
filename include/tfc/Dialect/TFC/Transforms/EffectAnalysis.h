//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Which resources each op reads and writes, and when two effects conflict.
// The model in words: docs/effects.md.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_TRANSFORMS_EFFECTANALYSIS_H
#define TFC_DIALECT_TFC_TRANSFORMS_EFFECTANALYSIS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <string>

namespace tfc {

/// A resource as one function numbers it: the global ones, then its arguments.
using ResourceId = unsigned;
/// What becomes of the program: written by each op that may stop it.
constexpr ResourceId kOutcome = 0;
constexpr ResourceId kConsole = 1;
/// Argument `i` of the function is resource `kFirstVariable + i`.
constexpr ResourceId kFirstVariable = 2;

/// How an op touches a resource, as bits.
enum Access : uint8_t { kRead = 1, kWrite = 2, kReadWrite = 3 };

/// The effects of one op, or of a function or region as seen from outside.
struct EffectSet {
  /// Sorted by resource, each at most once.
  llvm::SmallVector<std::pair<ResourceId, uint8_t>, 2> touched;
  /// May touch any resource in any way (an unknown function).
  bool external = false;

  bool empty() const { return touched.empty() && !external; }
  /// Whether it may stop the program, and so shows the state it stops in.
  bool mayStop() const { return external || access(kOutcome); }
  /// Whether the program may end there, so that variables must have their
  /// values: at what may stop, and at a print, which the host may refuse. A
  /// refusal is no reason for an order (docs/effects.md, section 3).
  bool mayLeave() const { return mayStop() || access(kConsole); }
  /// How `resource` is touched by name: bits of `Access`, 0 if it is not.
  uint8_t access(ResourceId resource) const;
  /// Whether it writes anything (besides the outcome).
  bool writes() const;

  void add(ResourceId resource, uint8_t access);
  void merge(const EffectSet &other);
  bool operator==(const EffectSet &other) const {
    return external == other.external && touched == other.touched;
  }
};

/// Why two effects may not change places: how each touches `resource`, where 0
/// means that it may stop the program and so show what the other writes.
/// `resource` is absent when one of them is external.
struct Conflict {
  std::optional<ResourceId> resource;
  uint8_t first, second;
};

/// The conflict of two effects in program order, or nothing: they commute.
std::optional<Conflict> findConflict(const EffectSet &first,
                                     const EffectSet &second);

/// The effects of all ops of a module: bottom-up over the call graph, where
/// functions that call each other are iterated to a fixed point.
class EffectAnalysis {
public:
  explicit EffectAnalysis(mlir::ModuleOp module);

  /// The effects of `op` with its regions and callees; empty if it is pure.
  const EffectSet &get(mlir::Operation *op) const;
  /// The effects of a call of `function`, in terms of its own arguments.
  const EffectSet &summary(mlir::func::FuncOp function) const;
  /// Whether two arguments of `function` may be one variable: some call passes
  /// it twice. All its variables count as one resource then, the first one;
  /// passes that tell variables apart leave it alone (calls are inlined first).
  bool hasAliases(mlir::func::FuncOp function) const;
  /// Tells that `copy` has replaced `op`, and has its effects.
  void replace(mlir::Operation *op, mlir::Operation *copy);

private:
  EffectSet compute(mlir::Operation *op) const;
  EffectSet computeCall(mlir::CallOpInterface call) const;
  bool update(mlir::func::FuncOp function);
  void findAliases(mlir::ModuleOp module);
  mlir::func::FuncOp calleeOf(mlir::CallOpInterface call) const;
  std::optional<ResourceId> idOf(mlir::Value handle) const;

  mlir::SymbolTable symbols;
  llvm::DenseSet<mlir::Operation *> aliased;
  llvm::DenseMap<mlir::Operation *, EffectSet> effects;
};

/// The function whose arguments are the variables of `op`.
mlir::func::FuncOp getFunction(mlir::Operation *op);

/// A user's name of a resource: the argument's `tfc.name`, "the console", ...
std::string resourceName(mlir::func::FuncOp function, ResourceId resource);

/// The resource behind a handle; nothing if it is no argument of the function.
std::optional<ResourceId> resourceOf(mlir::Value handle);
/// The handle of a resource that is a variable.
mlir::Value handleOf(mlir::func::FuncOp function, ResourceId resource);

/// The name of variable `handle`, in quotes.
std::string variableName(mlir::Value handle);

/// "line 12", the innermost of the user's lines; empty if unknown.
std::string sourceLine(mlir::Location location);

/// "line 12 writes v after line 9 read it": why `second` follows `first`.
std::string describeConflict(mlir::func::FuncOp function,
                             mlir::Operation *first, mlir::Operation *second,
                             const Conflict &conflict);

} // namespace tfc

#endif // TFC_DIALECT_TFC_TRANSFORMS_EFFECTANALYSIS_H
