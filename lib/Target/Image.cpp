//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// JITLink links the objects for a place where no process has memory, and far
// from there for their imports, so that it reaches each import by a pointer of
// the image. Pointers are written down as fixups; everything else is a distance
// inside of the image, and stays right wherever that is.
//
// Objects of an archive wait for each other: linking one stops when it asks for
// symbols, until all of them have their places.
//===----------------------------------------------------------------------===//

#include "tfc/Target/Image.h"
#include "tfc-rt/tfc_image.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"
#include "llvm/ExecutionEngine/JITLink/aarch64.h"
#include "llvm/ExecutionEngine/JITLink/x86_64.h"
#include "llvm/Object/Archive.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/Process.h"
#include <deque>
#include <vector>

using namespace llvm;
using namespace llvm::jitlink;

namespace {

/// Where the image and its imports are linked for: further apart than any
/// distance that code can hold, and not in the first four gigabytes, where
/// addresses are as short as distances.
constexpr uint64_t imageBase = uint64_t(1) << 44, importBase = uint64_t(1)
                                                               << 52;

Error cannotLink(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

/// Pointers of a whole address; none where a target is not known here.
std::optional<Edge::Kind> pointerKind(const Triple &triple) {
  if (triple.getArch() == Triple::x86_64)
    return Edge::Kind(x86_64::Pointer64);
  if (triple.getArch() == Triple::aarch64)
    return Edge::Kind(aarch64::Pointer64);
  return std::nullopt;
}

struct Segment {
  tfc_image_segment described;
  std::vector<char> content;
};

/// An object that waits for the addresses of others.
struct Waiting {
  std::vector<orc::SymbolStringPtr> symbols;
  std::unique_ptr<JITLinkAsyncLookupContinuation> continuation;
};

class ImageLinker {
public:
  Expected<std::string> link(StringRef object);

private:
  friend class Memory;
  friend class Context;

  Error add(MemoryBufferRef object);
  void resume(Waiting waiting);
  Error noteFixups(LinkGraph &graph);
  std::string encode() const;

  std::shared_ptr<orc::SymbolStringPool> pool =
      std::make_shared<orc::SymbolStringPool>();
  uint64_t page = sys::Process::getPageSizeEstimate();
  uint64_t end = 0;
  // Linking holds pointers to contents.
  std::deque<Segment> segments;
  std::vector<Waiting> waiting;
  StringMap<uint64_t> defined;
  StringMap<uint64_t> imports; // numbers
  std::vector<std::string> importNames;
  std::vector<tfc_image_fixup> fixups;
  unsigned begun = 0, finished = 0;
  Error problem = Error::success();
};

class Allocation : public JITLinkMemoryManager::InFlightAlloc {
public:
  void abandon(OnAbandonedFunction done) override { done(Error::success()); }
  void finalize(OnFinalizedFunction done) override {
    done(JITLinkMemoryManager::FinalizedAlloc(orc::ExecutorAddr(imageBase)));
  }
};

/// Gives segments their places, one after the other.
class Memory : public JITLinkMemoryManager {
public:
  explicit Memory(ImageLinker &linker) : linker(linker) {}

  void allocate(const JITLinkDylib *, LinkGraph &graph,
                OnAllocatedFunction done) override {
    BasicLayout layout(graph);
    for (auto &[group, place] : layout.segments()) {
      if (place.Alignment.value() > linker.page)
        return done(
            cannotLink("a section wants to be aligned to more than a page"));
      auto wanted = group.getMemProt();
      uint64_t protection = 0;
      for (auto [flag, bit] :
           {std::pair(orc::MemProt::Read, TFC_IMAGE_READ),
            std::pair(orc::MemProt::Write, TFC_IMAGE_WRITE),
            std::pair(orc::MemProt::Exec, TFC_IMAGE_EXECUTE)})
        if ((wanted & flag) != orc::MemProt::None)
          protection |= bit;
      uint64_t size = place.ContentSize + place.ZeroFillSize;
      linker.segments.push_back(
          {{linker.end, place.ContentSize, size, protection}, {}});
      auto &content = linker.segments.back().content;
      content.resize(place.ContentSize);
      place.Addr = orc::ExecutorAddr(imageBase + linker.end);
      place.WorkingMem = content.data();
      linker.end = alignTo(linker.end + size, linker.page);
    }
    if (Error error = layout.apply())
      return done(std::move(error));
    done(std::make_unique<Allocation>());
  }

  void deallocate(std::vector<FinalizedAlloc> allocations,
                  OnDeallocatedFunction done) override {
    for (FinalizedAlloc &allocation : allocations)
      allocation.release();
    done(Error::success());
  }

private:
  ImageLinker &linker;
};

/// How one object is linked.
class Context : public JITLinkContext {
public:
  explicit Context(ImageLinker &linker)
      : JITLinkContext(nullptr), linker(linker), memory(linker) {}

  JITLinkMemoryManager &getMemoryManager() override { return memory; }

  void notifyFailed(Error error) override {
    linker.problem = joinErrors(std::move(linker.problem), std::move(error));
  }

  void lookup(
      const LookupMap &symbols,
      std::unique_ptr<JITLinkAsyncLookupContinuation> continuation) override {
    Waiting waiting;
    for (const auto &[name, flags] : symbols)
      waiting.symbols.push_back(name);
    // In an order that does not depend on where names are in memory.
    llvm::sort(waiting.symbols,
               [](const auto &a, const auto &b) { return *a < *b; });
    waiting.continuation = std::move(continuation);
    linker.waiting.push_back(std::move(waiting));
  }

  Error notifyResolved(LinkGraph &graph) override {
    for (Symbol *symbol : graph.defined_symbols()) {
      if (!symbol->hasName() || symbol->getScope() == Scope::Local)
        continue;
      uint64_t offset = symbol->getAddress().getValue() - imageBase;
      if (!linker.defined.try_emplace(*symbol->getName(), offset).second)
        return cannotLink("two objects define " + *symbol->getName());
    }
    return Error::success();
  }

  void
  notifyFinalized(JITLinkMemoryManager::FinalizedAlloc allocation) override {
    allocation.release();
    ++linker.finished;
  }

  LinkGraphPassFunction getMarkLivePass(const Triple &) const override {
    return markAllSymbolsLive;
  }

  Error modifyPassConfig(LinkGraph &, PassConfiguration &config) override {
    config.PreFixupPasses.push_back(
        [this](LinkGraph &graph) { return linker.noteFixups(graph); });
    return Error::success();
  }

private:
  ImageLinker &linker;
  Memory memory;
};

Error ImageLinker::noteFixups(LinkGraph &graph) {
  Edge::Kind pointer = *pointerKind(graph.getTargetTriple());
  for (Block *block : graph.blocks()) {
    if (block->getSection().getMemLifetime() == orc::MemLifetime::NoAlloc)
      continue;
    for (const Edge &edge : block->edges()) {
      if (!edge.isRelocation())
        continue;
      const Symbol &target = edge.getTarget();
      uint64_t address = target.getAddress().getValue();
      bool inside = address >= imageBase && address - imageBase <= end;
      if (edge.getKind() == pointer) {
        uint64_t place =
            block->getAddress().getValue() + edge.getOffset() - imageBase;
        if (inside)
          fixups.push_back(
              {place, 0, int64_t(address - imageBase) + edge.getAddend()});
        else
          fixups.push_back(
              {place, (address - importBase) / 16 + 1, edge.getAddend()});
      } else if (!inside) {
        return cannotLink(
            "code refers to " +
            Twine(target.hasName() ? *target.getName() : "an address") +
            " by " + graph.getEdgeKindName(edge.getKind()));
      }
    }
  }
  return Error::success();
}

Error ImageLinker::add(MemoryBufferRef object) {
  auto graph = createLinkGraphFromObject(object, pool);
  if (!graph)
    return graph.takeError();
  if (!pointerKind((*graph)->getTargetTriple()))
    return cannotLink("code for " + (*graph)->getTargetTriple().str() +
                      " is not loaded");
  ++begun;
  jitlink::link(std::move(*graph), std::make_unique<Context>(*this));
  return Error::success();
}

void ImageLinker::resume(Waiting waiting) {
  AsyncLookupResult found;
  for (const orc::SymbolStringPtr &name : waiting.symbols) {
    uint64_t address;
    if (auto inside = defined.find(*name); inside != defined.end()) {
      address = imageBase + inside->second;
    } else {
      auto [import, added] = imports.try_emplace(*name, importNames.size());
      if (added)
        importNames.push_back((*name).str());
      address = importBase + 16 * import->second;
    }
    found[name] = {orc::ExecutorAddr(address), JITSymbolFlags::Exported};
  }
  waiting.continuation->run(std::move(found));
}

template <typename T> void append(std::string &to, const T &value) {
  to.append(reinterpret_cast<const char *>(&value), sizeof(T));
}

std::string ImageLinker::encode() const {
  std::string names, symbols, importPlaces, image;
  auto place = [&](StringRef name) {
    uint64_t at = names.size();
    names.append(name.data(), name.size());
    names.push_back('\0');
    return at;
  };
  std::vector<std::pair<StringRef, uint64_t>> sorted;
  for (const auto &entry : defined)
    sorted.push_back({entry.getKey(), entry.getValue()});
  llvm::sort(sorted);
  for (auto [name, offset] : sorted)
    append(symbols, tfc_image_symbol{offset, place(name)});
  for (const std::string &name : importNames)
    append(importPlaces, place(name));
  append(image, tfc_image_header{TFC_IMAGE_MAGIC, page, end, segments.size(),
                                 fixups.size(), sorted.size(),
                                 importNames.size(), names.size()});
  for (const Segment &segment : segments)
    append(image, segment.described);
  for (const tfc_image_fixup &fixup : fixups)
    append(image, fixup);
  image += symbols + importPlaces + names;
  for (const Segment &segment : segments)
    image.append(segment.content.data(), segment.content.size());
  return image;
}

Expected<std::string> ImageLinker::link(StringRef object) {
  if (identify_magic(object) != file_magic::archive) {
    if (Error error = add(MemoryBufferRef(object, "object")))
      return joinErrors(std::move(problem), std::move(error));
  } else {
    auto archive = object::Archive::create(MemoryBufferRef(object, "archive"));
    if (!archive)
      return joinErrors(std::move(problem), archive.takeError());
    Error damage = Error::success();
    for (const object::Archive::Child &child : (*archive)->children(damage)) {
      auto bytes = child.getBuffer();
      Error error =
          bytes ? add(MemoryBufferRef(*bytes, "object")) : bytes.takeError();
      if (error)
        return joinErrors(joinErrors(std::move(problem), std::move(damage)),
                          std::move(error));
    }
    problem = joinErrors(std::move(problem), std::move(damage));
  }
  for (Waiting &one : waiting)
    resume(std::move(one));
  if (problem)
    return std::move(problem);
  if (finished != begun)
    return cannotLink("linking did not come to an end");
  return encode();
}

} // namespace

Expected<std::string> tfc::linkImage(StringRef object) {
  return ImageLinker().link(object);
}
