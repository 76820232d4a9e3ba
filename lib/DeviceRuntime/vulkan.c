/* vulkan.c - Vulkan compute, loaded at run time (libvulkan.so.1).
 *
 * Memory is host visible, so host and device share addresses: big buffers that are mapped for good, from which
 * allocations are cut. Launches are recorded; they are submitted and waited for when the host needs a result. A barrier stands
 * between two launches only if one touches memory that the other writes, so independent ones may overlap. */
#define _GNU_SOURCE
#include "backend.h"
#include "vulkan_abi.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTIONS(X)                                                                                                    \
  X(VkResult, CreateInstance, (const VkInstanceCreateInfo *, const void *, VkInstance *))                                         \
  X(VkResult, EnumeratePhysicalDevices, (VkInstance, uint32_t *, VkPhysicalDevice *))                                             \
  X(void, GetPhysicalDeviceProperties2, (VkPhysicalDevice, VkPhysicalDeviceProperties2 *))                                    \
  X(void, GetPhysicalDeviceFeatures2, (VkPhysicalDevice, VkPhysicalDeviceFeatures2 *))                                        \
  X(void, GetPhysicalDeviceMemoryProperties, (VkPhysicalDevice, VkPhysicalDeviceMemoryProperties *))                          \
  X(void, GetPhysicalDeviceQueueFamilyProperties, (VkPhysicalDevice, uint32_t *, VkQueueFamilyProperties *))                  \
  X(VkResult, EnumerateDeviceExtensionProperties, (VkPhysicalDevice, const char *, uint32_t *, VkExtensionProperties *))          \
  X(VkResult, CreateDevice, (VkPhysicalDevice, const VkDeviceCreateInfo *, const void *, VkDevice *))                             \
  X(void, GetDeviceQueue, (VkDevice, uint32_t, uint32_t, VkQueue *))                                                          \
  X(VkResult, CreateBuffer, (VkDevice, const VkBufferCreateInfo *, const void *, VkHandle *))                                     \
  X(void, DestroyBuffer, (VkDevice, VkHandle, const void *))                                                                  \
  X(void, GetBufferMemoryRequirements, (VkDevice, VkHandle, VkMemoryRequirements *))                                          \
  X(VkResult, AllocateMemory, (VkDevice, const VkMemoryAllocateInfo *, const void *, VkHandle *))                                 \
  X(void, FreeMemory, (VkDevice, VkHandle, const void *))                                                                     \
  X(VkResult, BindBufferMemory, (VkDevice, VkHandle, VkHandle, VkDeviceSize))                                                     \
  X(VkResult, MapMemory, (VkDevice, VkHandle, VkDeviceSize, VkDeviceSize, VkFlags, void **))                                      \
  X(VkResult, CreateShaderModule, (VkDevice, const VkShaderModuleCreateInfo *, const void *, VkHandle *))                         \
  X(void, DestroyShaderModule, (VkDevice, VkHandle, const void *))                                                            \
  X(VkResult, CreateDescriptorSetLayout, (VkDevice, const VkDescriptorSetLayoutCreateInfo *, const void *, VkHandle *))           \
  X(VkResult, CreatePipelineLayout, (VkDevice, const VkPipelineLayoutCreateInfo *, const void *, VkHandle *))                     \
  X(VkResult, CreateComputePipelines, (VkDevice, VkHandle, uint32_t, const VkComputePipelineCreateInfo *, const void *, VkHandle *)) \
  X(void, DestroyPipeline, (VkDevice, VkHandle, const void *))                                                                \
  X(VkResult, CreateDescriptorPool, (VkDevice, const VkDescriptorPoolCreateInfo *, const void *, VkHandle *))                     \
  X(VkResult, ResetDescriptorPool, (VkDevice, VkHandle, VkFlags))                                                                 \
  X(VkResult, AllocateDescriptorSets, (VkDevice, const VkDescriptorSetAllocateInfo *, VkHandle *))                                \
  X(VkResult, CreateCommandPool, (VkDevice, const VkCommandPoolCreateInfo *, const void *, VkHandle *))                           \
  X(VkResult, AllocateCommandBuffers, (VkDevice, const VkCommandBufferAllocateInfo *, VkCommandBuffer *))                         \
  X(VkResult, BeginCommandBuffer, (VkCommandBuffer, const VkCommandBufferBeginInfo *))                                            \
  X(VkResult, EndCommandBuffer, (VkCommandBuffer))                                                                                \
  X(VkResult, CreateFence, (VkDevice, const VkFenceCreateInfo *, const void *, VkHandle *))                                       \
  X(VkResult, ResetFences, (VkDevice, uint32_t, const VkHandle *))                                                                \
  X(VkResult, WaitForFences, (VkDevice, uint32_t, const VkHandle *, VkBool32, uint64_t))                                          \
  X(VkResult, QueueSubmit, (VkQueue, uint32_t, const VkSubmitInfo *, VkHandle))                                                   \
  X(void, UpdateDescriptorSets, (VkDevice, uint32_t, const VkWriteDescriptorSet *, uint32_t, const void *))                   \
  X(void, CmdBindPipeline, (VkCommandBuffer, int32_t, VkHandle))                                                              \
  X(void, CmdBindDescriptorSets, (VkCommandBuffer, int32_t, VkHandle, uint32_t, uint32_t, const VkHandle *, uint32_t, const uint32_t *)) \
  X(void, CmdDispatch, (VkCommandBuffer, uint32_t, uint32_t, uint32_t))                                                       \
  X(void, CmdPipelineBarrier, (VkCommandBuffer, VkFlags, VkFlags, VkFlags, uint32_t, const VkMemoryBarrier *, uint32_t, const void *, uint32_t, const void *))

static struct {
#define X(result, name, parameters) result (*name) parameters;
  FUNCTIONS(X)
#undef X
} vk;

enum {
  MAX_BUFFERS = 64,           /* of one kernel */
  MAX_RECORDED = 256,         /* launches between two submissions */
  ALIGNMENT = 256,            /* the largest that Vulkan lets a device ask for */
  CHUNK_BYTES = 16 << 20,
  ROOM_BYTES = 1 << 20        /* for copies of host memory, at first */
};

/* A mapped buffer; `free_list` holds what is not in use, by address. */
typedef struct range {
  int64_t begin, end;
  struct range *next;
} range;
typedef struct chunk {
  VkHandle buffer, memory;
  char *base;
  int64_t bytes;
  range *free_list;
  range *used; /* to know sizes when they are freed */
  struct chunk *next;
} chunk;

typedef struct touched {
  VkHandle buffer;
  int64_t begin, end;
  int writes;
} touched;

typedef struct kernel_module {
  VkHandle shader;
} kernel_module;

typedef struct kernel {
  kernel_module *module;
  char *name;
  VkHandle pipeline, layout, set_layout;
  size_t buffers;
} kernel;

typedef struct copy {
  void *device, *host;
  int64_t bytes;
  int back;
} copy;

typedef struct state {
  VkPhysicalDevice physical;
  VkDevice handle;
  VkQueue queue;
  VkHandle command_pool, fence;
  VkCommandBuffer commands;
  VkHandle descriptor_pool;
  VkHandle set_layouts[MAX_BUFFERS + 1], layouts[MAX_BUFFERS + 1];
  uint32_t memory_type, queue_family;
  int64_t alignment;
  chunk *chunks;
  int recorded; /* launches not yet run */
  touched *touched; /* since the last barrier */
  size_t touched_count, touched_room;
  copy copies[MAX_RECORDED * 4];
  size_t copy_count;
  int lost;
} state;

static int failed(device *d, VkResult code, const char *what) {
  if (code >= 0)
    return 0;
  if (code == VK_ERROR_OUT_OF_HOST_MEMORY || code == VK_ERROR_OUT_OF_DEVICE_MEMORY)
    set_error(TFC_OUT_OF_MEMORY, "%s: out of device memory (%s)", d->info.name, what);
  else if (code == VK_ERROR_DEVICE_LOST)
    set_error(TFC_INTERNAL, "%s: the device was lost (%s)", d->info.name, what);
  else
    set_error(TFC_INTERNAL, "%s: %s failed with Vulkan error %d", d->info.name, what, code);
  return 1;
}

/*===----------------------------------------------------------------------===*/
/* Devices                                                                    */
/*===----------------------------------------------------------------------===*/

static int has_extension(VkPhysicalDevice physical, const char *name) {
  uint32_t count = 0;
  vk.EnumerateDeviceExtensionProperties(physical, NULL, &count, NULL);
  VkExtensionProperties *list = calloc(count + 1, sizeof *list);
  int found = 0;
  if (list) {
    vk.EnumerateDeviceExtensionProperties(physical, NULL, &count, list);
    for (uint32_t i = 0; i < count && !found; ++i)
      found = strcmp(list[i].extensionName, name) == 0;
  }
  free(list);
  return found;
}

typedef struct features {
  VkPhysicalDeviceFeatures2 base;
  VkPhysicalDevice16BitStorageFeatures storage16;
  VkPhysicalDevice8BitStorageFeatures storage8;
  VkPhysicalDeviceShaderFloat16Int8Features narrow;
} features;

static void chain(features *f) {
  memset(f, 0, sizeof *f);
  f->base.sType = STRUCTURE_PHYSICAL_DEVICE_FEATURES_2;
  f->base.pNext = &f->storage16;
  f->storage16.sType = STRUCTURE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES;
  f->storage16.pNext = &f->storage8;
  f->storage8.sType = STRUCTURE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES;
  f->storage8.pNext = &f->narrow;
  f->narrow.sType = STRUCTURE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES;
}

/* Extensions of Vulkan 1.1 that later versions took in; enabling them where they are named is always right. */
static const char *const wanted[] = {"VK_KHR_8bit_storage", "VK_KHR_shader_float16_int8"};

static void describe(device *d, VkPhysicalDevice physical) {
  VkPhysicalDeviceDriverProperties driver = {.sType = STRUCTURE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
  VkPhysicalDeviceSubgroupProperties subgroup = {.sType = STRUCTURE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES, .pNext = &driver};
  VkPhysicalDeviceProperties2 properties = {.sType = STRUCTURE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &subgroup};
  vk.GetPhysicalDeviceProperties2(physical, &properties);
  features f;
  chain(&f);
  vk.GetPhysicalDeviceFeatures2(physical, &f.base);
  tfc_gpu_info *info = &d->info;
  state *s = d->state;
  const VkPhysicalDeviceProperties *p = &properties.properties;
  const VkPhysicalDeviceLimits *limits = &p->limits;
  snprintf(info->name, sizeof info->name, "%s", p->deviceName);
  snprintf(info->driver, sizeof info->driver, "Vulkan %u.%u %.100s %.100s", p->apiVersion >> 22, p->apiVersion >> 12 & 0x3ff,
           driver.driverName, driver.driverInfo);
  info->backend = TFC_GPU_VULKAN;
  info->is_software = p->deviceType == DEVICE_TYPE_CPU;
  info->max_threads = (int32_t)limits->maxComputeWorkGroupInvocations;
  if (limits->maxComputeWorkGroupSize[0] < limits->maxComputeWorkGroupInvocations)
    info->max_threads = (int32_t)limits->maxComputeWorkGroupSize[0];
  info->shared_bytes = (int32_t)limits->maxComputeSharedMemorySize;
  info->subgroup = (int32_t)subgroup.subgroupSize;
  info->buffer_bytes = limits->maxStorageBufferRange;
  s->alignment = (int64_t)limits->minStorageBufferOffsetAlignment;
  info->features |= f.base.features[FEATURE_SHADER_FLOAT64] ? TFC_GPU_F64 : 0;
  info->features |= f.base.features[FEATURE_SHADER_INT64] ? TFC_GPU_I64 : 0;
  info->features |= f.base.features[FEATURE_SHADER_INT16] && f.storage16.storageBuffer16BitAccess ? TFC_GPU_I16 : 0;
  info->features |= f.narrow.shaderFloat16 && f.storage16.storageBuffer16BitAccess ? TFC_GPU_F16 : 0;
  info->features |= f.narrow.shaderInt8 && f.storage8.storageBuffer8BitAccess ? TFC_GPU_I8 : 0;
  /* basic, arithmetic, shuffle */
  if (subgroup.supportedStages & SHADER_STAGE_COMPUTE && (subgroup.supportedOperations & 0x15) == 0x15)
    info->features |= TFC_GPU_SUBGROUPS;
}

/* Host-visible memory, on the device if there is such a kind. */
static int choose_memory(device *d, VkPhysicalDevice physical) {
  VkPhysicalDeviceMemoryProperties memory;
  vk.GetPhysicalDeviceMemoryProperties(physical, &memory);
  int best = -1, best_score = 0;
  for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
    VkFlags flags = memory.memoryTypes[i].propertyFlags;
    if ((flags & (MEMORY_HOST_VISIBLE | MEMORY_HOST_COHERENT)) != (MEMORY_HOST_VISIBLE | MEMORY_HOST_COHERENT))
      continue;
    int score = 1 + (flags & MEMORY_DEVICE_LOCAL ? 4 : 0) + (flags & MEMORY_HOST_CACHED ? 2 : 0);
    if (score > best_score) {
      best = (int)i;
      best_score = score;
    }
  }
  if (best < 0)
    return 0;
  ((state *)d->state)->memory_type = (uint32_t)best;
  d->info.memory_bytes = (int64_t)memory.memoryHeaps[memory.memoryTypes[best].heapIndex].size;
  return 1;
}

static int choose_queue(device *d, VkPhysicalDevice physical) {
  VkQueueFamilyProperties families[32];
  uint32_t count = 32;
  vk.GetPhysicalDeviceQueueFamilyProperties(physical, &count, families);
  for (uint32_t i = 0; i < count; ++i)
    if (families[i].queueFlags & QUEUE_COMPUTE) {
      ((state *)d->state)->queue_family = i;
      return 1;
    }
  return 0;
}

static void discover(char *why, size_t size) {
  const char *file = library_name("TFC_VULKAN_LIBRARY", "libvulkan.so.1");
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(why, size, "%s was not found", file);
    return;
  }
#define X(result, name, parameters)                                                                                          \
  if (!(*(void **)&vk.name = dlsym(library, "vk" #name))) {                                                             \
    snprintf(why, size, "%s has no vk" #name ": the loader is older than Vulkan 1.1", file);                            \
    return;                                                                                                             \
  }
  FUNCTIONS(X)
#undef X
  VkApplicationInfo application = {.sType = STRUCTURE_APPLICATION_INFO, .pApplicationName = "tfc", .apiVersion = 1u << 22 | 2u << 12};
  VkInstanceCreateInfo create = {.sType = STRUCTURE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
  VkInstance instance;
  VkResult code = vk.CreateInstance(&create, NULL, &instance);
  if (code < 0) {
    snprintf(why, size, code == VK_ERROR_INCOMPATIBLE_DRIVER ? "no driver is installed (error %d)" : "vkCreateInstance failed with error %d", code);
    return;
  }
  VkPhysicalDevice list[MAX_DEVICES];
  uint32_t count = MAX_DEVICES;
  code = vk.EnumeratePhysicalDevices(instance, &count, list);
  if (code < 0) {
    snprintf(why, size, "vkEnumeratePhysicalDevices failed with error %d", code);
    return;
  }
  /* Devices that are hardware come first. */
  for (int software = 0; software < 2; ++software)
    for (uint32_t i = 0; i < count; ++i) {
      VkPhysicalDeviceProperties2 properties = {.sType = STRUCTURE_PHYSICAL_DEVICE_PROPERTIES_2};
      vk.GetPhysicalDeviceProperties2(list[i], &properties);
      if ((properties.properties.deviceType == DEVICE_TYPE_CPU) != software || properties.properties.apiVersion < (1u << 22 | 1u << 12))
        continue;
      device *d = add_device(&vulkan_backend);
      state *s = d ? calloc(1, sizeof *s) : NULL;
      if (!s)
        return;
      d->state = s;
      s->physical = list[i];
      describe(d, list[i]);
      if (!choose_memory(d, list[i]) || !choose_queue(d, list[i]))
        d->opened = -1;
    }
  snprintf(why, size, "%u devices", count);
}

static int32_t open_device(device *d) {
  state *s = d->state;
  features f;
  chain(&f);
  vk.GetPhysicalDeviceFeatures2(s->physical, &f.base);
  /* Only what kernels use: some features cost speed. */
  VkBool32 keep[] = {f.base.features[FEATURE_SHADER_FLOAT64], f.base.features[FEATURE_SHADER_INT64], f.base.features[FEATURE_SHADER_INT16]};
  memset(f.base.features, 0, sizeof f.base.features);
  memcpy(&f.base.features[FEATURE_SHADER_FLOAT64], keep, sizeof keep);
  const char *extensions[sizeof wanted / sizeof *wanted];
  uint32_t extension_count = 0;
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; ++i)
    if (has_extension(s->physical, wanted[i]))
      extensions[extension_count++] = wanted[i];
  float priority = 1;
  VkDeviceQueueCreateInfo queue = {.sType = STRUCTURE_DEVICE_QUEUE_CREATE_INFO, .queueFamilyIndex = s->queue_family, .queueCount = 1, .pQueuePriorities = &priority};
  VkDeviceCreateInfo create = {.sType = STRUCTURE_DEVICE_CREATE_INFO, .pNext = &f.base, .queueCreateInfoCount = 1, .pQueueCreateInfos = &queue,
                               .enabledExtensionCount = extension_count, .ppEnabledExtensionNames = extensions};
  if (failed(d, vk.CreateDevice(s->physical, &create, NULL, &s->handle), "vkCreateDevice"))
    return TFC_INTERNAL;
  vk.GetDeviceQueue(s->handle, s->queue_family, 0, &s->queue);
  VkCommandPoolCreateInfo pool = {.sType = STRUCTURE_COMMAND_POOL_CREATE_INFO, .flags = COMMAND_POOL_RESET_BUFFER, .queueFamilyIndex = s->queue_family};
  VkDescriptorPoolSize sizes = {DESCRIPTOR_STORAGE_BUFFER, MAX_RECORDED * 16};
  VkDescriptorPoolCreateInfo descriptors = {.sType = STRUCTURE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = MAX_RECORDED, .poolSizeCount = 1, .pPoolSizes = &sizes};
  VkFenceCreateInfo fence = {.sType = STRUCTURE_FENCE_CREATE_INFO};
  if (failed(d, vk.CreateCommandPool(s->handle, &pool, NULL, &s->command_pool), "vkCreateCommandPool") ||
      failed(d, vk.CreateDescriptorPool(s->handle, &descriptors, NULL, &s->descriptor_pool), "vkCreateDescriptorPool") ||
      failed(d, vk.CreateFence(s->handle, &fence, NULL, &s->fence), "vkCreateFence"))
    return TFC_INTERNAL;
  VkCommandBufferAllocateInfo commands = {.sType = STRUCTURE_COMMAND_BUFFER_ALLOCATE_INFO, .commandPool = s->command_pool, .commandBufferCount = 1};
  return failed(d, vk.AllocateCommandBuffers(s->handle, &commands, &s->commands), "vkAllocateCommandBuffers") ? TFC_INTERNAL : TFC_OK;
}

/*===----------------------------------------------------------------------===*/
/* Memory                                                                     */
/*===----------------------------------------------------------------------===*/

static int64_t round_up(int64_t bytes) { return (bytes + ALIGNMENT - 1) & ~(int64_t)(ALIGNMENT - 1); }

static range *new_range(int64_t begin, int64_t end, range *next) {
  range *r = malloc(sizeof *r);
  if (r) {
    r->begin = begin;
    r->end = end;
    r->next = next;
  }
  return r;
}

static chunk *add_chunk(state *s, int64_t bytes) {
  chunk *c = calloc(1, sizeof *c);
  if (!c)
    return NULL;
  c->bytes = bytes;
  VkBufferCreateInfo create = {.sType = STRUCTURE_BUFFER_CREATE_INFO, .size = (VkDeviceSize)bytes, .usage = BUFFER_USAGE_STORAGE};
  VkMemoryRequirements needs;
  if (vk.CreateBuffer(s->handle, &create, NULL, &c->buffer) < 0) {
    free(c);
    return NULL;
  }
  vk.GetBufferMemoryRequirements(s->handle, c->buffer, &needs);
  VkMemoryAllocateInfo allocate = {.sType = STRUCTURE_MEMORY_ALLOCATE_INFO, .allocationSize = needs.size, .memoryTypeIndex = s->memory_type};
  void *base = NULL;
  if (vk.AllocateMemory(s->handle, &allocate, NULL, &c->memory) >= 0) {
    if (vk.BindBufferMemory(s->handle, c->buffer, c->memory, 0) >= 0 && vk.MapMemory(s->handle, c->memory, 0, ~(VkDeviceSize)0, 0, &base) >= 0 &&
        (c->free_list = new_range(0, bytes, NULL))) {
      c->base = base;
      c->next = s->chunks;
      s->chunks = c;
      return c;
    }
    vk.FreeMemory(s->handle, c->memory, NULL);
  }
  vk.DestroyBuffer(s->handle, c->buffer, NULL);
  free(c);
  return NULL;
}

static void *cut(chunk *c, int64_t bytes) {
  for (range **link = &c->free_list; *link; link = &(*link)->next) {
    range *r = *link;
    if (r->end - r->begin < bytes)
      continue;
    range *used = new_range(r->begin, r->begin + bytes, c->used);
    if (!used)
      return NULL;
    c->used = used;
    r->begin += bytes;
    if (r->begin == r->end) {
      *link = r->next;
      free(r);
    }
    return c->base + used->begin;
  }
  return NULL;
}

static void *allocate(device *d, int64_t bytes) {
  state *s = d->state;
  if (bytes > INT64_MAX - CHUNK_BYTES)
    return NULL;
  bytes = round_up(bytes);
  if (!reserve_bytes(d, bytes))
    return NULL;
  void *result = NULL;
  for (chunk *c = s->chunks; c && !result; c = c->next)
    result = cut(c, bytes);
  if (!result) {
    chunk *c = add_chunk(s, bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES);
    if (!c && bytes < CHUNK_BYTES)
      c = add_chunk(s, bytes);
    result = c ? cut(c, bytes) : NULL;
  }
  if (!result)
    release_bytes(d, bytes);
  return result;
}

static chunk *chunk_of(state *s, const char *pointer) {
  for (chunk *c = s->chunks; c; c = c->next)
    if (pointer >= c->base && pointer < c->base + c->bytes)
      return c;
  return NULL;
}

static int owns(device *d, const void *pointer) { return chunk_of(d->state, pointer) != NULL; }

static void drop_chunk(state *s, chunk *c) {
  for (chunk **link = &s->chunks; *link; link = &(*link)->next)
    if (*link == c) {
      *link = c->next;
      break;
    }
  vk.DestroyBuffer(s->handle, c->buffer, NULL);
  vk.FreeMemory(s->handle, c->memory, NULL);
  free(c->free_list);
  free(c);
}

static void wait(device *d);

static void release(device *d, void *pointer) {
  state *s = d->state;
  chunk *c = chunk_of(s, pointer);
  if (!c)
    return;
  if (s->recorded)
    wait(d); /* they may use it */
  int64_t begin = (char *)pointer - c->base;
  range **link = &c->used;
  while (*link && (*link)->begin != begin)
    link = &(*link)->next;
  range *r = *link;
  if (!r)
    return;
  *link = r->next;
  release_bytes(d, r->end - r->begin);
  /* Back into the list by address, joined with its neighbours. */
  range **at = &c->free_list;
  range *before = NULL;
  while (*at && (*at)->begin < r->begin) {
    before = *at;
    at = &(*at)->next;
  }
  r->next = *at;
  *at = r;
  if (r->next && r->end == r->next->begin) {
    range *after = r->next;
    r->end = after->end;
    r->next = after->next;
    free(after);
  }
  if (before && before->end == r->begin) {
    before->end = r->end;
    before->next = r->next;
    free(r);
  }
  /* Large chunks go back to the driver as soon as they are empty. */
  if (!c->used && c->bytes > CHUNK_BYTES && !s->lost)
    drop_chunk(s, c);
}

/*===----------------------------------------------------------------------===*/
/* Kernels                                                                    */
/*===----------------------------------------------------------------------===*/

static void *load(device *d, const void *data, size_t size) {
  state *s = d->state;
  uint32_t magic = 0;
  if (size >= 20)
    memcpy(&magic, data, sizeof magic);
  if (magic != 0x07230203 || size % 4) {
    set_error(TFC_INVALID_ARGUMENT, "%s: a kernel that is not SPIR-V (%zu bytes, first word 0x%08x)", d->info.name, size, magic);
    return NULL;
  }
  kernel_module *m = calloc(1, sizeof *m);
  uint32_t *words = m ? malloc(size) : NULL;
  if (!words) {
    free(m);
    set_error(TFC_OUT_OF_MEMORY, "out of memory");
    return NULL;
  }
  memcpy(words, data, size); /* the caller's bytes need not be aligned */
  VkShaderModuleCreateInfo create = {.sType = STRUCTURE_SHADER_MODULE_CREATE_INFO, .codeSize = size, .pCode = words};
  int bad = failed(d, vk.CreateShaderModule(s->handle, &create, NULL, &m->shader), "vkCreateShaderModule");
  free(words);
  if (bad) {
    free(m);
    return NULL;
  }
  return m;
}

static void unload(device *d, void *module) {
  kernel_module *m = module;
  vk.DestroyShaderModule(((state *)d->state)->handle, m->shader, NULL);
  free(m);
}

static void *function(device *d, void *module, const char *name) {
  (void)d;
  kernel *k = calloc(1, sizeof *k);
  if (k && (k->name = strdup(name)))
    k->module = module;
  else
    set_error(TFC_OUT_OF_MEMORY, "out of memory");
  return k && k->name ? k : NULL;
}

/* The layout of kernels with `count` buffers; zero after an error. */
static int make_layout(device *d, size_t count) {
  state *s = d->state;
  if (s->layouts[count])
    return 1;
  VkDescriptorSetLayoutBinding bindings[MAX_BUFFERS];
  memset(bindings, 0, sizeof bindings);
  for (uint32_t i = 0; i < count; ++i) {
    bindings[i].binding = i;
    bindings[i].descriptorType = DESCRIPTOR_STORAGE_BUFFER;
    bindings[i].descriptorCount = 1;
    bindings[i].stageFlags = SHADER_STAGE_COMPUTE;
  }
  VkDescriptorSetLayoutCreateInfo set = {.sType = STRUCTURE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, .bindingCount = (uint32_t)count, .pBindings = bindings};
  if (failed(d, vk.CreateDescriptorSetLayout(s->handle, &set, NULL, &s->set_layouts[count]), "vkCreateDescriptorSetLayout"))
    return 0;
  VkPipelineLayoutCreateInfo layout = {.sType = STRUCTURE_PIPELINE_LAYOUT_CREATE_INFO, .setLayoutCount = 1, .pSetLayouts = &s->set_layouts[count]};
  return !failed(d, vk.CreatePipelineLayout(s->handle, &layout, NULL, &s->layouts[count]), "vkCreatePipelineLayout");
}

static int prepare(device *d, kernel *k, size_t buffers) {
  state *s = d->state;
  if (k->pipeline && k->buffers == buffers)
    return 1;
  if (!make_layout(d, buffers))
    return 0;
  VkComputePipelineCreateInfo create = {
      .sType = STRUCTURE_COMPUTE_PIPELINE_CREATE_INFO,
      .stage = {.sType = STRUCTURE_PIPELINE_SHADER_STAGE_CREATE_INFO, .stage = SHADER_STAGE_COMPUTE, .module = k->module->shader, .pName = k->name},
      .layout = s->layouts[buffers]};
  if (failed(d, vk.CreateComputePipelines(s->handle, 0, 1, &create, NULL, &k->pipeline), "vkCreateComputePipelines"))
    return 0;
  k->buffers = buffers;
  return 1;
}

/*===----------------------------------------------------------------------===*/
/* Launches                                                                   */
/*===----------------------------------------------------------------------===*/

static int overlap(const touched *a, const touched *b) {
  return a->buffer == b->buffer && a->begin < b->end && b->begin < a->end && (a->writes || b->writes);
}

static void barrier(device *d, state *s) {
  VkMemoryBarrier memory = {.sType = STRUCTURE_MEMORY_BARRIER, .srcAccessMask = ACCESS_SHADER_WRITE, .dstAccessMask = ACCESS_SHADER_READ | ACCESS_SHADER_WRITE};
  vk.CmdPipelineBarrier(s->commands, PIPELINE_STAGE_COMPUTE, PIPELINE_STAGE_COMPUTE, 0, 1, &memory, 0, NULL, 0, NULL);
  s->touched_count = 0;
  ++d->counters.barriers;
}

/* Orders the launch after those it shares memory with; zero if there is no memory for that. */
static int order(device *d, const touched *now, size_t count) {
  state *s = d->state;
  int meets = 0;
  for (size_t i = 0; i < s->touched_count && !meets; ++i)
    for (size_t k = 0; k < count && !meets; ++k)
      meets = overlap(&s->touched[i], &now[k]);
  if (meets)
    barrier(d, s);
  if (s->touched_count + count > s->touched_room) {
    size_t room = 2 * (s->touched_count + count);
    touched *grown = realloc(s->touched, room * sizeof *grown);
    if (!grown) {
      set_error(TFC_OUT_OF_MEMORY, "out of memory");
      return 0;
    }
    s->touched = grown;
    s->touched_room = room;
  }
  memcpy(s->touched + s->touched_count, now, count * sizeof *now);
  s->touched_count += count;
  return 1;
}

/* Runs what is recorded. */
static void wait(device *d) {
  state *s = d->state;
  if (s->recorded) {
    VkMemoryBarrier memory = {.sType = STRUCTURE_MEMORY_BARRIER, .srcAccessMask = ACCESS_SHADER_WRITE, .dstAccessMask = ACCESS_HOST_READ | ACCESS_HOST_WRITE};
    vk.CmdPipelineBarrier(s->commands, PIPELINE_STAGE_COMPUTE, PIPELINE_STAGE_HOST, 0, 1, &memory, 0, NULL, 0, NULL);
    VkSubmitInfo submit = {.sType = STRUCTURE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &s->commands};
    int bad = s->lost || failed(d, vk.EndCommandBuffer(s->commands), "vkEndCommandBuffer") ||
              failed(d, vk.ResetFences(s->handle, 1, &s->fence), "vkResetFences") ||
              failed(d, vk.QueueSubmit(s->queue, 1, &submit, s->fence), "vkQueueSubmit") ||
              failed(d, vk.WaitForFences(s->handle, 1, &s->fence, 1, UINT64_MAX), "vkWaitForFences");
    s->lost |= bad;
    /* A lost device may still run something: what it uses stays. */
    if (!s->lost)
      vk.ResetDescriptorPool(s->handle, s->descriptor_pool, 0);
    s->recorded = 0;
    s->touched_count = 0;
    ++d->counters.waits;
  }
  size_t count = s->copy_count;
  s->copy_count = 0;
  for (size_t i = 0; i < count; ++i) {
    copy *c = &s->copies[i];
    if (c->back && !s->lost) {
      memcpy(c->host, c->device, (size_t)c->bytes);
      d->counters.bytes_out += c->bytes;
    }
    release(d, c->device);
  }
}

static int begin(device *d) {
  state *s = d->state;
  if (s->lost) {
    set_error(TFC_INTERNAL, "%s: the device was lost", d->info.name);
    return 0;
  }
  if (s->recorded)
    return 1;
  VkCommandBufferBeginInfo info = {.sType = STRUCTURE_COMMAND_BUFFER_BEGIN_INFO, .flags = 1 /* once */};
  return !failed(d, vk.BeginCommandBuffer(s->commands, &info), "vkBeginCommandBuffer");
}

/* Where the kernel finds `bytes` bytes at `pointer`: there, or in a copy. Zero after an error. */
static int bind(device *d, void *pointer, int64_t bytes, int writes, VkDescriptorBufferInfo *out, int *copied_back) {
  state *s = d->state;
  if (bytes <= 0)
    bytes = 4;
  if (bytes > d->info.buffer_bytes) {
    set_error(TFC_UNIMPLEMENTED, "%s: a buffer of %lld bytes; kernels reach %lld", d->info.name, (long long)bytes, (long long)d->info.buffer_bytes);
    return 0;
  }
  chunk *c = chunk_of(s, pointer);
  if (c && ((char *)pointer - c->base) % s->alignment != 0)
    c = NULL;
  if (!c) {
    void *room = allocate(d, bytes);
    if (!room) {
      set_error(TFC_OUT_OF_MEMORY, "%s: out of device memory: %lld bytes for a copy", d->info.name, (long long)bytes);
      return 0;
    }
    if (chunk_of(s, pointer))
      wait(d); /* an unaligned part of device memory: kernels before may write it */
    memcpy(room, pointer, (size_t)bytes);
    d->counters.bytes_in += bytes;
    s->copies[s->copy_count++] = (copy){room, pointer, bytes, writes};
    *copied_back |= writes;
    pointer = room;
    c = chunk_of(s, pointer);
  }
  out->buffer = c->buffer;
  out->offset = (VkDeviceSize)((char *)pointer - c->base);
  /* A kernel sees whole words. */
  int64_t room = c->bytes - (int64_t)out->offset, range = (bytes + 3) & ~(int64_t)3;
  out->range = (VkDeviceSize)(range < room ? range : room);
  return 1;
}

static void launch(device *d, void *function_, const uint32_t grid[3], const uint32_t threads[3], uint32_t shared, void **params,
                   const uint64_t *written, size_t count) {
  (void)threads, (void)shared; /* part of the module */
  state *s = d->state;
  kernel *k = function_;
  size_t buffers = count / 2;
  if (buffers > MAX_BUFFERS || count % 2) {
    set_error(TFC_UNIMPLEMENTED, "%s: a kernel of %zu arguments", d->info.name, count);
    return;
  }
  if (!prepare(d, k, buffers))
    return;
  if (s->recorded == MAX_RECORDED || s->copy_count + buffers > sizeof s->copies / sizeof *s->copies)
    wait(d);
  VkDescriptorBufferInfo places[MAX_BUFFERS];
  touched now[MAX_BUFFERS];
  int copied_back = 0;
  for (size_t i = 0; i < buffers; ++i) {
    int writes = !written || (*written >> (i < 63 ? i : 63) & 1);
    if (!bind(d, *(void **)params[2 * i], *(int64_t *)params[2 * i + 1], writes, &places[i], &copied_back))
      return;
    now[i] = (touched){places[i].buffer, (int64_t)places[i].offset, (int64_t)(places[i].offset + places[i].range), writes};
  }
  VkDescriptorSetAllocateInfo sets = {.sType = STRUCTURE_DESCRIPTOR_SET_ALLOCATE_INFO, .descriptorPool = s->descriptor_pool, .descriptorSetCount = 1, .pSetLayouts = &s->set_layouts[buffers]};
  VkHandle set;
  VkResult code = vk.AllocateDescriptorSets(s->handle, &sets, &set);
  if (code < 0 && s->recorded) {
    /* The pool is used up: run what there is. Copies of this launch stay. */
    size_t copies = s->copy_count;
    s->copy_count = 0;
    wait(d);
    s->copy_count = copies;
    code = vk.AllocateDescriptorSets(s->handle, &sets, &set);
  }
  if (failed(d, code, "vkAllocateDescriptorSets") || !begin(d) || !order(d, now, buffers))
    return;
  VkWriteDescriptorSet writes[MAX_BUFFERS];
  memset(writes, 0, sizeof writes);
  for (uint32_t i = 0; i < buffers; ++i) {
    writes[i].sType = STRUCTURE_WRITE_DESCRIPTOR_SET;
    writes[i].dstSet = set;
    writes[i].dstBinding = i;
    writes[i].descriptorCount = 1;
    writes[i].descriptorType = DESCRIPTOR_STORAGE_BUFFER;
    writes[i].pBufferInfo = &places[i];
  }
  vk.UpdateDescriptorSets(s->handle, (uint32_t)buffers, writes, 0, NULL);
  vk.CmdBindPipeline(s->commands, PIPELINE_BIND_COMPUTE, k->pipeline);
  vk.CmdBindDescriptorSets(s->commands, PIPELINE_BIND_COMPUTE, s->layouts[buffers], 0, 1, &set, 0, NULL);
  vk.CmdDispatch(s->commands, grid[0], grid[1], grid[2]);
  ++s->recorded;
  if (copied_back)
    wait(d);
}

const backend vulkan_backend = {"Vulkan", discover, open_device, load,     unload, function,
                                launch,   wait,     allocate,    release,  owns};
