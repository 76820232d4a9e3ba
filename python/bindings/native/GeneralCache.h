//===- GeneralCache.h - entries for many shapes ---------------------------===//
#ifndef TFC_NATIVE_GENERALCACHE_H
#define TFC_NATIVE_GENERALCACHE_H

#include "Cache.h"

#include <memory>

namespace tfc::native {

/// Entries of traces with unknown dimensions. They are tried, one by one, when
/// the exact cache has nothing: the one that ignores the fewest sizes first.
class GeneralCache {
public:
  /// The entry (new reference) of the key, or null, perhaps with an error.
  PyObject *find(const Key &key, PyObject *args, PyObject *kwargs);

  /// Adds an entry for the keys that agree with `key` outside `ignore`, in the
  /// place of one for the same keys. False if it cannot: the key has
  /// objects compared by ==. Also false, with an error set, on failure.
  bool insert(const Key &key, std::vector<uint64_t> ignore, PyObject *entry);

  void clear();
  size_t size() const { return items.size(); }
  int visit(visitproc visit, void *arg);
  bool appendEntries(PyObject *list);

private:
  struct Item {
    std::unique_ptr<CacheNode> node;
    std::vector<uint64_t> ignore;
    size_t wildcards;
    bool matches(const Key &key) const;
  };
  static constexpr size_t kMost = 64;
  std::vector<Item> items;
  uint64_t generation = 0;
};

} // namespace tfc::native

#endif // TFC_NATIVE_GENERALCACHE_H
