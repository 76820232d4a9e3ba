//===- Cache.cpp - trace key to entry, bounded, least recently used -------===//
#include "Cache.h"
#include "Entry.h"

namespace tfc::native {

CacheNode::CacheNode(const Key &key, uint64_t hash, PyObject *entry)
    : hash(hash), words(key.words(), key.words() + key.numWords()),
      entry(Py_NewRef(entry)), chain(nullptr), previous(nullptr),
      next(nullptr) {
  for (size_t i = 0; i < key.values.size(); ++i)
    values.push_back(Py_NewRef(key.values[i]));
}

CacheNode::~CacheNode() {
  for (PyObject *ref : identityRefs)
    Py_DECREF(ref);
  for (PyObject *value : values)
    Py_DECREF(value);
  Py_DECREF(entry);
}

bool CacheNode::isDead() const {
  for (PyObject *ref : identityRefs)
    if (weakTarget(ref) == Py_None)
      return true;
  return false;
}

bool CacheNode::addIdentities(const Key &key) {
  for (size_t i = 0; i < key.identities.size(); ++i) {
    PyObject *ref = PyWeakref_NewRef(key.identities[i], nullptr);
    if (!ref)
      return false;
    identityRefs.push_back(ref);
  }
  return true;
}

int CacheNode::visitReferences(visitproc visit, void *arg) const {
  Py_VISIT(entry);
  for (PyObject *value : values)
    Py_VISIT(value);
  for (PyObject *ref : identityRefs)
    Py_VISIT(ref);
  return 0;
}

Cache::Match Cache::compareValues(CacheNode *node, const Key &key) {
  for (size_t i = 0; i < node->values.size(); ++i) {
    if (node->values[i] == key.values[i])
      continue;
    PyRef held = PyRef::borrow(node->values[i]);
    uint64_t before = generation;
    int equal = PyObject_RichCompareBool(held.get(), key.values[i], Py_EQ);
    if (equal < 0)
      return Match::Error;
    if (generation != before)
      return Match::Changed;
    if (!equal)
      return Match::No;
  }
  return Match::Yes;
}

Cache::Match Cache::check(CacheNode *node, const Key &key, PyObject *args,
                          PyObject *kwargs) {
  Match match = compareValues(node, key);
  if (match != Match::Yes) // The node may be gone.
    return match;
  uint64_t before = generation;
  int holds = guardHolds(node->entry, args, kwargs);
  if (holds < 0)
    return Match::Error;
  if (generation != before)
    return Match::Changed;
  return holds ? Match::Yes : Match::No;
}

static bool sameWords(const CacheNode *node, const Key &key) {
  return node->words.size() == key.numWords() &&
         !memcmp(node->words.data(), key.words(), key.numWords() * 8);
}

PyObject *Cache::find(const Key &key, PyObject *args, PyObject *kwargs) {
  // The entry used last, without hashing, is the common case.
  if (newest && newest->identityRefs.empty() && newest->values.empty() &&
      sameWords(newest, key) && !guardOf(newest->entry))
    return Py_NewRef(newest->entry);
  if (count == 0)
    return nullptr;
  uint64_t hash = key.hash();
  for (int attempt = 0; attempt < 8; ++attempt) {
    Match match = Match::No;
    CacheNode *node = bucket(hash), *following;
    for (; node; node = following) {
      following = node->chain;
      if (node->hash != hash || !sameWords(node, key))
        continue;
      if (node->isDead()) {
        remove(node);
        delete node; // May run any code: start anew.
        match = Match::Changed;
        break;
      }
      match = check(node, key, args, kwargs);
      if (match != Match::No)
        break;
    }
    if (match == Match::Yes) {
      touch(node);
      return Py_NewRef(node->entry);
    }
    if (match != Match::Changed)
      return nullptr;
  }
  return nullptr;
}

bool Cache::insert(const Key &key, PyObject *entry) {
  uint64_t hash = key.hash();
  auto *fresh = new CacheNode(key, hash, entry);
  if (!fresh->addIdentities(key)) {
    delete fresh;
    return false;
  }
  std::vector<CacheNode *> dropped;
  CacheNode *following;
  for (CacheNode *node = bucket(hash); node; node = following) {
    following = node->chain;
    if (node->hash != hash || !sameWords(node, key))
      continue;
    // Entries with guards may stand beside each other under one key.
    bool replaced = !guardOf(node->entry) && !guardOf(entry);
    if (node->isDead() ||
        (replaced &&
         (node->values.empty() || compareValues(node, key) == Match::Yes))) {
      remove(node);
      dropped.push_back(node);
      break;
    }
    if (PyErr_Occurred()) {
      delete fresh;
      return false;
    }
  }
  while (count && count >= maximum) {
    dropped.push_back(oldest);
    remove(oldest);
  }
  if (count >= buckets.size())
    grow();
  // In front of its bucket: of several that match, the latest wins.
  fresh->chain = bucket(hash);
  bucket(hash) = fresh;
  pushNewest(fresh);
  ++count;
  ++generation;
  for (CacheNode *node : dropped)
    delete node;
  return true;
}

void Cache::pushNewest(CacheNode *node) {
  node->previous = nullptr;
  node->next = newest;
  if (newest)
    newest->previous = node;
  newest = node;
  if (!oldest)
    oldest = node;
}

void Cache::unlinkUse(CacheNode *node) {
  (node->previous ? node->previous->next : newest) = node->next;
  (node->next ? node->next->previous : oldest) = node->previous;
}

void Cache::touch(CacheNode *node) {
  if (node == newest)
    return;
  unlinkUse(node);
  pushNewest(node);
}

void Cache::remove(CacheNode *node) {
  CacheNode **link = &bucket(node->hash);
  while (*link != node)
    link = &(*link)->chain;
  *link = node->chain;
  unlinkUse(node);
  --count;
  ++generation;
}

void Cache::grow() {
  std::vector<CacheNode *> old(buckets.size() * 2);
  old.swap(buckets);
  // From the least recently used one on, so that chains keep the latest first.
  for (CacheNode *node = oldest; node; node = node->previous) {
    node->chain = bucket(node->hash);
    bucket(node->hash) = node;
  }
}

void Cache::clear() {
  CacheNode *node = newest;
  newest = oldest = nullptr;
  std::fill(buckets.begin(), buckets.end(), nullptr);
  count = 0;
  ++generation;
  while (node) {
    CacheNode *next = node->next;
    delete node;
    node = next;
  }
}

void Cache::setLimit(size_t newLimit) {
  maximum = newLimit;
  std::vector<CacheNode *> dropped;
  while (count > maximum) {
    dropped.push_back(oldest);
    remove(oldest);
  }
  for (CacheNode *node : dropped)
    delete node;
}

int Cache::visit(visitproc visit, void *arg) {
  for (CacheNode *node = newest; node; node = node->next)
    if (int result = node->visitReferences(visit, arg))
      return result;
  return 0;
}

PyObject *Cache::entries() {
  PyRef list(PyList_New(0));
  for (CacheNode *node = newest; list && node; node = node->next)
    if (PyList_Append(list.get(), node->entry) < 0)
      return nullptr;
  return list.release();
}

} // namespace tfc::native
