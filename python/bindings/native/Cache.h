//===- Cache.h - trace key to entry, bounded, least recently used ---------===//
#ifndef TFC_NATIVE_CACHE_H
#define TFC_NATIVE_CACHE_H

#include "Key.h"

namespace tfc::native {

/// One cached key. Objects in the key by identity are held weakly, so that a
/// dead one never matches a new one at its address; those by value are held.
struct CacheNode {
  uint64_t hash;
  std::vector<uint64_t> words;
  std::vector<PyObject *> identityRefs; // weak references
  std::vector<PyObject *> values;
  PyObject *entry;
  CacheNode *chain;           // next in the bucket
  CacheNode *previous, *next; // more and less recently used

  CacheNode(const Key &key, uint64_t hash, PyObject *entry);
  ~CacheNode();
  bool isDead() const;
  /// Takes weak references to the objects of the key. False with an error set.
  bool addIdentities(const Key &key);
  int visitReferences(visitproc visit, void *arg) const;
};

class Cache {
public:
  ~Cache() { clear(); }

  /// The entry (new reference) of the key, or null. A Python error may be set
  /// if a comparison or guard failed. `args` and `kwargs` are for guards.
  PyObject *find(const Key &key, PyObject *args, PyObject *kwargs);

  /// Puts an entry in the place of an equal key. False with an error set.
  bool insert(const Key &key, PyObject *entry);

  void clear();
  void setLimit(size_t newLimit);
  size_t limit() const { return maximum; }
  size_t size() const { return count; }

  /// For tp_traverse.
  int visit(visitproc visit, void *arg);
  /// New list of the entries, most recently used first.
  PyObject *entries();

private:
  std::vector<CacheNode *> buckets = std::vector<CacheNode *>(16);
  CacheNode *newest = nullptr, *oldest = nullptr;
  size_t count = 0, maximum = 256;
  /// Grows with every insertion and removal: comparisons run Python code,
  /// after which a lookup must not go on in a changed list.
  uint64_t generation = 0;

  CacheNode *&bucket(uint64_t hash) {
    return buckets[hash & (buckets.size() - 1)];
  }
  enum class Match { No, Yes, Error, Changed };
  Match compareValues(CacheNode *node, const Key &key);
  Match check(CacheNode *node, const Key &key, PyObject *args,
              PyObject *kwargs);
  void touch(CacheNode *node);
  void pushNewest(CacheNode *node);
  void unlinkUse(CacheNode *node);
  /// Takes the node out; the caller deletes it when the cache is consistent.
  void remove(CacheNode *node);
  void grow();
};

} // namespace tfc::native

#endif // TFC_NATIVE_CACHE_H
