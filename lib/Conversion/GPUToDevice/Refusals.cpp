//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Keeps what the lowering of each kernel says.
//===----------------------------------------------------------------------===//

#include "Refusals.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringMap.h"
#include <thread>

using namespace mlir;

/// The number of the group that a kernel was made of, by the kernel's name.
static llvm::StringMap<int64_t> groupsOf(ModuleOp module) {
  llvm::StringMap<int64_t> groups;
  if (auto kernels = module->getAttrOfType<ArrayAttr>("tfc.kernels"))
    for (auto entry : kernels.getAsRange<DictionaryAttr>())
      if (auto group = entry.getAs<IntegerAttr>("group"))
        groups[entry.getAs<StringAttr>("name").getValue()] = group.getInt();
  return groups;
}

LogicalResult tfc::device::lowerKernels(
    ModuleOp module,
    llvm::function_ref<LogicalResult(gpu::GPUModuleOp)> lower) {
  llvm::StringMap<int64_t> groups = groupsOf(module);
  Builder b(module.getContext());
  SmallVector<Attribute> refused;
  if (auto before = module->getAttrOfType<ArrayAttr>("tfc.refused"))
    llvm::append_range(refused, before);
  size_t known = refused.size();
  bool failed = false;
  for (auto kernel :
       llvm::make_early_inc_range(module.getOps<gpu::GPUModuleOp>())) {
    std::string why;
    LogicalResult result = success();
    {
      ScopedDiagnosticHandler handler(
          module.getContext(),
          [&, thread = std::this_thread::get_id()](Diagnostic &diagnostic) {
            if (std::this_thread::get_id() != thread ||
                diagnostic.getSeverity() != DiagnosticSeverity::Error)
              return failure();
            if (why.empty())
              why = diagnostic.str();
            return success();
          });
      result = lower(kernel);
    }
    if (succeeded(result))
      continue;
    failed = true;
    if (why.empty())
      why = "it could not be compiled";
    kernel.emitError() << "no kernel: " << why;
    auto group = groups.find(kernel.getName());
    if (group != groups.end())
      refused.push_back(b.getDictionaryAttr(
          {b.getNamedAttr("group", b.getI64IntegerAttr(group->second)),
           b.getNamedAttr("why", b.getStringAttr("no kernel: " + why))}));
  }
  if (refused.size() > known)
    module->setAttr("tfc.refused", b.getArrayAttr(refused));
  return failure(failed);
}
