//===- GeneralCache.cpp - entries for many shapes -------------------------===//
#include "GeneralCache.h"
#include "Entry.h"

#include <algorithm>

namespace tfc::native {

bool GeneralCache::Item::matches(const Key &key) const {
  if (key.numWords() != ignore.size() || node->isDead())
    return false;
  const uint64_t *got = key.words(), *want = node->words.data();
  for (size_t i = 0; i < ignore.size(); ++i)
    if ((got[i] ^ want[i]) & ~ignore[i])
      return false;
  return true;
}

PyObject *GeneralCache::find(const Key &key, PyObject *args, PyObject *kwargs) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].matches(key))
      continue;
    PyRef entry = PyRef::borrow(items[i].node->entry);
    uint64_t before = generation;
    int holds = guardHolds(entry.get(), args, kwargs);
    if (holds < 0)
      return nullptr;
    if (holds)
      return entry.release();
    if (generation != before)
      return nullptr;
  }
  return nullptr;
}

bool GeneralCache::insert(const Key &key, std::vector<uint64_t> ignore,
                          PyObject *entry) {
  if (key.values.size())
    return false;
  Item fresh;
  fresh.node = std::make_unique<CacheNode>(key, 0, entry);
  if (!fresh.node->addIdentities(key))
    return false;
  fresh.wildcards = std::count(ignore.begin(), ignore.end(), ~uint64_t(0));
  fresh.ignore = std::move(ignore);
  ++generation;
  // Dropped at the end: their destructors may run any code.
  std::vector<Item> dropped;
  for (size_t i = 0; i < items.size();)
    if (items[i].node->isDead() ||
        (items[i].ignore == fresh.ignore && items[i].matches(key) &&
         !guardOf(items[i].node->entry) && !guardOf(entry))) {
      dropped.push_back(std::move(items[i]));
      items.erase(items.begin() + i);
    } else {
      ++i;
    }
  if (items.size() >= kMost) {
    dropped.push_back(std::move(items.front()));
    items.erase(items.begin());
  }
  auto place = std::upper_bound(items.begin(), items.end(), fresh.wildcards,
                                [](size_t wildcards, const Item &item) {
                                  return wildcards < item.wildcards;
                                });
  items.insert(place, std::move(fresh));
  return true;
}

void GeneralCache::clear() {
  std::vector<Item> dropped;
  dropped.swap(items);
  ++generation;
}

int GeneralCache::visit(visitproc visit, void *arg) {
  for (const Item &item : items)
    if (int result = item.node->visitReferences(visit, arg))
      return result;
  return 0;
}

bool GeneralCache::appendEntries(PyObject *list) {
  for (const Item &item : items)
    if (PyList_Append(list, item.node->entry) < 0)
      return false;
  return true;
}

} // namespace tfc::native
