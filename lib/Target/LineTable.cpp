//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Reads symbols and DWARF line tables of object files.
//===----------------------------------------------------------------------===//

#include "tfc/Target/LineTable.h"
#include "llvm/DebugInfo/DWARF/DWARFContext.h"
#include "llvm/DebugInfo/DWARF/DWARFDebugLine.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Object/SymbolSize.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBufferRef.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

/// Functions of the object.
static json::Array describeSymbols(const object::ObjectFile &file) {
  json::Array symbols;
  for (auto [symbol, size] : object::computeSymbolSizes(file)) {
    auto type = symbol.getType();
    auto name = symbol.getName();
    auto address = symbol.getAddress();
    if (type && name && address && *type == object::SymbolRef::ST_Function)
      symbols.push_back(
          json::Array{name->str(), int64_t(*address), int64_t(size)});
    consumeError(type.takeError());
    consumeError(name.takeError());
    consumeError(address.takeError());
  }
  return symbols;
}

static json::Array describeRows(const object::ObjectFile &file) {
  json::Array rows;
  std::unique_ptr<DWARFContext> context = DWARFContext::create(file);
  for (const auto &unit : context->compile_units()) {
    const DWARFDebugLine::LineTable *table =
        context->getLineTableForUnit(unit.get());
    if (!table)
      continue;
    for (const DWARFDebugLine::Row &row : table->Rows) {
      std::string name;
      table->getFileNameByIndex(
          row.File, unit->getCompilationDir(),
          DILineInfoSpecifier::FileLineInfoKind::AbsoluteFilePath, name);
      // The end of a sequence belongs to no line.
      rows.push_back(
          json::Array{int64_t(row.Address.Address), row.EndSequence ? "" : name,
                      row.EndSequence ? int64_t(0) : int64_t(row.Line)});
    }
  }
  return rows;
}

Expected<std::string> tfc::describeLines(StringRef object) {
  auto file =
      object::ObjectFile::createObjectFile(MemoryBufferRef(object, "object"));
  if (!file)
    return file.takeError();
  json::Object root{{"symbols", describeSymbols(**file)},
                    {"lines", describeRows(**file)}};
  std::string text;
  raw_string_ostream(text) << json::Value(std::move(root));
  return text;
}
