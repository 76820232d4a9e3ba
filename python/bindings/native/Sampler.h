//===- Sampler.h - where the process spends its time ----------------------===//
#ifndef TFC_NATIVE_SAMPLER_H
#define TFC_NATIVE_SAMPLER_H

#include "Common.h"

namespace tfc::native {

/// Adds `start_sampling` and `stop_sampling` to the module.
bool initSampler(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_SAMPLER_H
