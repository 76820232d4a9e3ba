/* failing_vulkan.c - libvulkan with a function that fails: FAILING_VULKAN="vkQueueSubmit=-4". Linked with the real one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int fails(const char *name) {
  const char *wanted = getenv("FAILING_VULKAN");
  size_t length = strlen(name);
  return wanted && strncmp(wanted, name, length) == 0 && wanted[length] == '=' ? atoi(wanted + length + 1) : 0;
}

#define FORWARD(name, parameters, arguments)                 \
  int name parameters {                                      \
    int code = fails(#name);                                 \
    if (code)                                                \
      return code;                                           \
    return ((int (*) parameters)dlsym(RTLD_NEXT, #name)) arguments; \
  }

FORWARD(vkQueueSubmit, (void *queue, uint32_t count, const void *submits, uint64_t fence), (queue, count, submits, fence))
FORWARD(vkWaitForFences, (void *device, uint32_t count, const uint64_t *fences, uint32_t all, uint64_t timeout), (device, count, fences, all, timeout))
FORWARD(vkCreateShaderModule, (void *device, const void *info, const void *allocator, uint64_t *out), (device, info, allocator, out))
FORWARD(vkCreateComputePipelines, (void *device, uint64_t cache, uint32_t count, const void *infos, const void *allocator, uint64_t *out), (device, cache, count, infos, allocator, out))
FORWARD(vkAllocateMemory, (void *device, const void *info, const void *allocator, uint64_t *out), (device, info, allocator, out))
FORWARD(vkCreateDevice, (void *physical, const void *info, const void *allocator, void **out), (physical, info, allocator, out))
FORWARD(vkCreateInstance, (const void *info, const void *allocator, void **out), (info, allocator, out))
