//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Wrap, call, unwrap: effects, specialization and sizes.
//===----------------------------------------------------------------------===//

#include "tfc-c/Effects.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/IR/Diagnostics.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/DescribeEffects.h"
#include "tfc/Dialect/TFC/Transforms/RefineShapes.h"
#include "tfc/Dialect/TFC/Transforms/SizeAnalysis.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tfc;

static void sayTwine(const llvm::Twine &text, MlirStringCallback callback,
                     void *userData) {
  std::string buffer = text.str();
  callback(mlirStringRefCreate(buffer.data(), buffer.size()), userData);
}

static func::FuncOp lookup(MlirModule module, MlirStringRef symbol,
                           MlirStringCallback onError, void *userData) {
  auto function = unwrap(module).lookupSymbol<func::FuncOp>(unwrap(symbol));
  if (!function || function.isDeclaration()) {
    sayTwine("there is no function '" + unwrap(symbol) + "' with a body",
             onError, userData);
    return {};
  }
  return function;
}

bool tfcDescribeEffects(MlirModule module, MlirStringRef symbol,
                        MlirStringRef format, MlirStringCallback onText,
                        MlirStringCallback onError, void *userData) {
  auto known = llvm::StringSwitch<std::optional<EffectFormat>>(unwrap(format))
                   .Case("text", EffectFormat::Text)
                   .Case("dot", EffectFormat::Dot)
                   .Case("json", EffectFormat::Json)
                   .Default(std::nullopt);
  if (!known) {
    sayTwine("unknown format '" + unwrap(format) +
                 "', expected text, dot or json",
             onError, userData);
    return false;
  }
  func::FuncOp function = lookup(module, symbol, onError, userData);
  if (!function)
    return false;
  sayTwine(describeEffects(function, *known), onText, userData);
  return true;
}

static std::string placeOf(Location location) {
  std::string place;
  location->walk([&](Location inner) {
    auto line = dyn_cast<FileLineColLoc>(inner);
    if (!line)
      return WalkResult::advance();
    place = (line.getFilename().strref() + ":" + llvm::Twine(line.getLine()) +
             ":" + llvm::Twine(line.getColumn()))
                .str();
    return WalkResult::interrupt();
  });
  return place;
}

bool tfcSpecialize(MlirModule module, MlirStringRef symbol,
                   intptr_t numArguments, const int64_t *ranks,
                   const int64_t *sizes, MlirStringCallback onError,
                   MlirStringCallback onLocation, void *userData) {
  func::FuncOp function = lookup(module, symbol, onError, userData);
  if (!function)
    return false;
  SmallVector<std::optional<SmallVector<int64_t>>> shapes(numArguments);
  for (intptr_t i = 0; i < numArguments; ++i) {
    if (ranks[i] < 0)
      continue;
    shapes[i].emplace(sizes, sizes + ranks[i]);
    for (int64_t &size : *shapes[i])
      if (size < 0)
        size = ShapedType::kDynamic;
    sizes += ranks[i];
  }
  std::string message, place;
  ScopedDiagnosticHandler handler(
      function.getContext(), [&](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error &&
            message.empty()) {
          message = diagnostic.str();
          place = placeOf(diagnostic.getLocation());
        }
        return success();
      });
  if (succeeded(specializeFunction(function, shapes)))
    return true;
  sayTwine(message, onError, userData);
  sayTwine(place, onLocation, userData);
  return false;
}

bool tfcKeepsSizes(MlirOperation loop, intptr_t number) {
  auto op = dyn_cast<WhileOp>(unwrap(loop));
  if (!op || number < 0 || number >= intptr_t(op.getInits().size()))
    return false;
  Value argument = op.getBodyRegion().getArgument(number);
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (!type)
    return false;
  SizeAnalysis sizes;
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (type.isDynamicDim(axis) &&
        sizes.dimension(argument, axis) !=
            sizes.dimension(op.getInits()[number], axis))
      return false;
  return true;
}
