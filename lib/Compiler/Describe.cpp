//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Signatures, effects, memory and work of entries.
//===----------------------------------------------------------------------===//

#include "Describe.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/KeptBuffers.h"
#include "llvm/Support/Base64.h"
#include "llvm/Support/JSON.h"
#include <algorithm>

using namespace mlir;
using namespace tfc;

std::string tfc::describeLocation(Location loc) {
  std::string text;
  loc->walk([&](Location nested) {
    auto file = dyn_cast<FileLineColLoc>(nested);
    if (!file)
      return WalkResult::advance();
    text = (file.getFilename().getValue() + ":" + llvm::Twine(file.getLine()) +
            ":" + llvm::Twine(file.getColumn()))
               .str();
    return WalkResult::interrupt();
  });
  return text;
}

/// enum tfc_dtype of tfc_rt.h, -1 for types it does not have.
static int32_t dtypeNumber(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    int32_t isUnsigned = integer.isUnsigned() ? 4 : 0;
    switch (integer.getWidth()) {
    case 1:
      return 0;
    case 8:
      return 1 + isUnsigned;
    case 16:
      return 2 + isUnsigned;
    case 32:
      return 3 + isUnsigned;
    case 64:
      return 4 + isUnsigned;
    }
    return -1;
  }
  if (type.isF16())
    return 9;
  if (type.isBF16())
    return 10;
  if (type.isF32())
    return 11;
  if (type.isF64())
    return 12;
  if (auto complex = dyn_cast<ComplexType>(type))
    return complex.getElementType().isF32() ? 13 : 14;
  return -1;
}

static BufferInfo describeBuffer(Type type, BufferInfo::Kind kind,
                                 StringRef name) {
  BufferInfo info{kind,
                  name.str(),
                  -1,
                  {},
                  kind != BufferInfo::result,
                  kind == BufferInfo::result};
  if (auto resource = dyn_cast<ResourceType>(type))
    type = resource.getValueType();
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return info;
  info.dtype = dtypeNumber(shaped.getElementType());
  if (shaped.hasRank())
    for (int64_t size : shaped.getShape())
      info.shape.push_back(ShapedType::isDynamic(size) ? -1 : size);
  return info;
}

std::vector<EntryInfo> tfc::describeSignatures(ModuleOp module) {
  std::vector<EntryInfo> entries;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function->hasAttr("tfc.entry"))
      continue;
    EntryInfo entry;
    entry.symbol = function.getName().str();
    for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
      auto kind = isa<ResourceType, MemRefType>(type) ? BufferInfo::variable
                                                      : BufferInfo::argument;
      auto name = function.getArgAttrOfType<StringAttr>(i, "tfc.name");
      entry.buffers.push_back(
          describeBuffer(type, kind, name ? name.getValue() : ""));
    }
    for (Type type : function.getResultTypes())
      entry.buffers.push_back(describeBuffer(type, BufferInfo::result, ""));
    for (const BufferInfo &buffer : entry.buffers) {
      static constexpr int64_t sizes[] = {1, 1, 2, 4, 8, 1, 2, 4,
                                          8, 2, 2, 4, 8, 8, 16};
      int64_t bytes = buffer.dtype < 0 ? 0 : sizes[buffer.dtype];
      for (int64_t size : buffer.shape)
        bytes *= size < 0 ? 0 : size;
      entry.bytes += bytes;
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

static func::FuncOp bodyOf(ModuleOp module, const EntryInfo &entry) {
  return module.lookupSymbol<func::FuncOp>(entry.symbol + ".body");
}

/// Floating-point and integer operations of one op: its index space times its
/// body.
static double workOf(linalg::LinalgOp op) {
  double work = 0;
  for (Operation &nested : op.getBlock()->without_terminator())
    work += nested.getNumResults() && nested.getNumOperands();
  for (int64_t size : op.getStaticLoopRanges())
    if (!ShapedType::isDynamic(size))
      work *= size;
  for (auto loop = op->getParentOfType<scf::ForOp>(); loop;
       loop = loop->getParentOfType<scf::ForOp>())
    if (auto trips = loop.getStaticTripCount())
      work *= trips->getZExtValue();
  return work;
}

void tfc::describeLinalg(ModuleOp module, std::vector<EntryInfo> &entries) {
  for (EntryInfo &entry : entries) {
    func::FuncOp body = bodyOf(module, entry);
    if (!body)
      continue;
    body.walk([&](linalg::LinalgOp op) { entry.flops += workOf(op); });
    for (auto [i, buffer] : llvm::enumerate(entry.buffers)) {
      if (buffer.kind != BufferInfo::variable)
        continue;
      unsigned place = rt::Body::firstBuffer + i;
      buffer.read = bool(body.getArgAttr(place, rt::Body::isRead));
      buffer.written = bool(body.getArgAttr(place, rt::Body::isWritten));
    }
  }
}

void tfc::describeKernels(ModuleOp module, std::vector<KernelInfo> &kernels,
                          std::vector<HostOpInfo> &host) {
  auto text = [](DictionaryAttr entry, StringRef key) {
    auto value = entry.getAs<StringAttr>(key);
    return value ? value.getValue().str() : std::string();
  };
  auto list = [&](StringRef name) {
    auto found = module->getAttrOfType<ArrayAttr>(name);
    return found ? found.getAsRange<DictionaryAttr>()
                 : ArrayAttr::get(module.getContext(), {})
                       .getAsRange<DictionaryAttr>();
  };
  for (DictionaryAttr entry : list("tfc.kernels")) {
    KernelInfo info{text(entry, "name"),
                    text(entry, "kind"),
                    describeLocation(cast<LocationAttr>(entry.get("loc"))),
                    {}};
    if (auto binary = module.lookupSymbol<gpu::BinaryOp>(info.name))
      info.code = cast<gpu::ObjectAttr>(binary.getObjects()[0])
                      .getObject()
                      .getValue()
                      .str();
    kernels.push_back(std::move(info));
  }
  for (DictionaryAttr entry : list("tfc.host"))
    host.push_back({text(entry, "op"), text(entry, "why"),
                    describeLocation(cast<LocationAttr>(entry.get("loc")))});
}

void tfc::describeMemory(ModuleOp module, std::vector<EntryInfo> &entries) {
  for (EntryInfo &entry : entries) {
    func::FuncOp body = bodyOf(module, entry);
    if (!body)
      continue;
    if (auto bytes = body->getAttrOfType<IntegerAttr>(rt::Body::arenaBytes))
      entry.arenaBytes = std::max(entry.arenaBytes,
                                  bytes.getInt()); // enough for every version
    if (auto panels =
            body->getAttrOfType<DenseI64ArrayAttr>(rt::KeptBuffers::bytes))
      entry.panelBytes = panels.asArrayRef().vec();
    if (auto sources =
            body->getAttrOfType<DenseI64ArrayAttr>(rt::KeptBuffers::sources))
      entry.panelSources = sources.asArrayRef().vec();
  }
}

std::string Artifact::describe() const {
  llvm::json::Array list;
  for (const EntryInfo &entry : entries) {
    llvm::json::Array buffers;
    for (const BufferInfo &buffer : entry.buffers) {
      static constexpr const char *kinds[] = {"argument", "variable", "result"};
      buffers.push_back(
          llvm::json::Object{{"kind", kinds[buffer.kind]},
                             {"name", buffer.name},
                             {"dtype", buffer.dtype},
                             {"shape", llvm::json::Array(buffer.shape)},
                             {"read", buffer.read},
                             {"written", buffer.written}});
    }
    list.push_back(llvm::json::Object{
        {"symbol", entry.symbol},
        {"buffers", std::move(buffers)},
        {"arena_bytes", entry.arenaBytes},
        {"panel_bytes", llvm::json::Array(entry.panelBytes)},
        {"panel_sources", llvm::json::Array(entry.panelSources)},
        {"flops", entry.flops},
        {"bytes", entry.bytes}});
  }
  llvm::json::Array kernelList, hostList;
  for (const KernelInfo &kernel : kernels)
    kernelList.push_back(
        llvm::json::Object{{"name", kernel.name},
                           {"kind", kernel.kind},
                           {"location", kernel.location},
                           {"code", llvm::encodeBase64(kernel.code)}});
  for (const HostOpInfo &op : host)
    hostList.push_back(llvm::json::Object{
        {"op", op.op}, {"why", op.why}, {"location", op.location}});
  llvm::json::Object root{
      {"triple", code.triple},       {"cpu", code.cpu},
      {"features", code.features},   {"kernels", std::move(kernelList)},
      {"host", std::move(hostList)}, {"entries", std::move(list)}};
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(root));
  return text;
}
