//===- VariablePanels.cpp - copies of a variable's value ------------------===//
#include "VariablePanels.h"

#include <algorithm>

namespace tfc::native {

/// Making copies that stay takes about as long as what one or two calls gain.
static constexpr int64_t kEnoughUses = 4;
static constexpr int64_t kMostPatience = 64;

Buffer *VariablePanels::find(const void *code, size_t number) const {
  for (const Panel &panel : panels)
    if (panel.code == code && panel.number == number)
      return panel.buffer;
  return nullptr;
}

bool VariablePanels::isWorthKeeping(uint64_t call) {
  if (lastCall != call) {
    lastCall = call;
    ++calls;
  }
  return calls > patience;
}

void VariablePanels::keep(const void *code, size_t number, Buffer *buffer) {
  if (!find(code, number)) // unless another thread's call came first
    panels.push_back({code, number, retain(buffer)});
}

void VariablePanels::drop() {
  if (!panels.empty())
    patience = uses >= kEnoughUses ? 1 : std::min(2 * patience, kMostPatience);
  calls = uses = 0;
  for (const Panel &panel : panels)
    release(panel.buffer);
  panels.clear();
}

void VariablePanels::drop(const void *code) {
  size_t left = 0;
  for (const Panel &panel : panels)
    if (panel.code == code)
      release(panel.buffer);
    else
      panels[left++] = panel;
  panels.resize(left);
}

int64_t VariablePanels::bytesOf(const void *code) const {
  int64_t total = 0;
  for (const Panel &panel : panels)
    if (panel.code == code)
      total += panel.buffer->nbytes;
  return total;
}

void release(VariablePanels *panels) {
  if (--panels->refcount > 0)
    return;
  panels->drop();
  delete panels;
}

} // namespace tfc::native
