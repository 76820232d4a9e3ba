/* vulkan_abi.h - the part of Vulkan 1.1's binary interface that vulkan.c uses,
 * so that building needs no headers.
 *
 * Names, numbers and layouts are those of the Vulkan specification, which keeps
 * them forever. */
#ifndef TFC_DEVICERUNTIME_VULKAN_ABI_H
#define TFC_DEVICERUNTIME_VULKAN_ABI_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t VkBool32, VkFlags;
typedef uint64_t VkDeviceSize;
typedef int32_t VkResult;
typedef struct VkInstance_T *VkInstance;
typedef struct VkPhysicalDevice_T *VkPhysicalDevice;
typedef struct VkDevice_T *VkDevice;
typedef struct VkQueue_T *VkQueue;
typedef struct VkCommandBuffer_T *VkCommandBuffer;
typedef uint64_t VkHandle; /* every handle that is not a pointer */

enum {
  VK_SUCCESS = 0,
  VK_ERROR_OUT_OF_HOST_MEMORY = -1,
  VK_ERROR_OUT_OF_DEVICE_MEMORY = -2,
  VK_ERROR_DEVICE_LOST = -4,
  VK_ERROR_INCOMPATIBLE_DRIVER = -9,
  VK_ERROR_OUT_OF_POOL_MEMORY = -1000069000
};

enum {
  STRUCTURE_APPLICATION_INFO = 0,
  STRUCTURE_INSTANCE_CREATE_INFO = 1,
  STRUCTURE_DEVICE_QUEUE_CREATE_INFO = 2,
  STRUCTURE_DEVICE_CREATE_INFO = 3,
  STRUCTURE_SUBMIT_INFO = 4,
  STRUCTURE_MEMORY_ALLOCATE_INFO = 5,
  STRUCTURE_FENCE_CREATE_INFO = 8,
  STRUCTURE_BUFFER_CREATE_INFO = 12,
  STRUCTURE_SHADER_MODULE_CREATE_INFO = 16,
  STRUCTURE_PIPELINE_SHADER_STAGE_CREATE_INFO = 18,
  STRUCTURE_COMPUTE_PIPELINE_CREATE_INFO = 29,
  STRUCTURE_PIPELINE_LAYOUT_CREATE_INFO = 30,
  STRUCTURE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO = 32,
  STRUCTURE_DESCRIPTOR_POOL_CREATE_INFO = 33,
  STRUCTURE_DESCRIPTOR_SET_ALLOCATE_INFO = 34,
  STRUCTURE_WRITE_DESCRIPTOR_SET = 35,
  STRUCTURE_COMMAND_POOL_CREATE_INFO = 39,
  STRUCTURE_COMMAND_BUFFER_ALLOCATE_INFO = 40,
  STRUCTURE_COMMAND_BUFFER_BEGIN_INFO = 42,
  STRUCTURE_MEMORY_BARRIER = 46,
  STRUCTURE_PHYSICAL_DEVICE_FEATURES_2 = 1000059000,
  STRUCTURE_PHYSICAL_DEVICE_PROPERTIES_2 = 1000059001,
  STRUCTURE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES = 1000083000,
  STRUCTURE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES = 1000094000,
  STRUCTURE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES = 1000082000,
  STRUCTURE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES = 1000177000,
  STRUCTURE_PHYSICAL_DEVICE_DRIVER_PROPERTIES = 1000196000
};

enum {
  QUEUE_COMPUTE = 2,
  MEMORY_DEVICE_LOCAL = 1,
  MEMORY_HOST_VISIBLE = 2,
  MEMORY_HOST_COHERENT = 4,
  MEMORY_HOST_CACHED = 8,
  BUFFER_USAGE_STORAGE = 0x20,
  DESCRIPTOR_STORAGE_BUFFER = 7,
  SHADER_STAGE_COMPUTE = 0x20,
  PIPELINE_BIND_COMPUTE = 1,
  PIPELINE_STAGE_COMPUTE = 0x800,
  PIPELINE_STAGE_HOST = 0x4000,
  ACCESS_SHADER_READ = 0x20,
  ACCESS_SHADER_WRITE = 0x40,
  ACCESS_HOST_READ = 0x2000,
  ACCESS_HOST_WRITE = 0x4000,
  COMMAND_POOL_RESET_BUFFER = 2,
  DEVICE_TYPE_INTEGRATED = 1,
  DEVICE_TYPE_DISCRETE = 2,
  DEVICE_TYPE_CPU = 4
};

typedef struct VkApplicationInfo {
  int32_t sType;
  const void *pNext;
  const char *pApplicationName;
  uint32_t applicationVersion;
  const char *pEngineName;
  uint32_t engineVersion, apiVersion;
} VkApplicationInfo;

typedef struct VkInstanceCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
  const VkApplicationInfo *pApplicationInfo;
  uint32_t enabledLayerCount;
  const char *const *ppEnabledLayerNames;
  uint32_t enabledExtensionCount;
  const char *const *ppEnabledExtensionNames;
} VkInstanceCreateInfo;

typedef struct VkPhysicalDeviceLimits {
  uint32_t maxImageDimension1D, maxImageDimension2D, maxImageDimension3D,
      maxImageDimensionCube, maxImageArrayLayers, maxTexelBufferElements,
      maxUniformBufferRange, maxStorageBufferRange, maxPushConstantsSize,
      maxMemoryAllocationCount, maxSamplerAllocationCount;
  VkDeviceSize bufferImageGranularity, sparseAddressSpaceSize;
  uint32_t maxBoundDescriptorSets, maxPerStageDescriptorSamplers,
      maxPerStageDescriptorUniformBuffers, maxPerStageDescriptorStorageBuffers,
      maxPerStageDescriptorSampledImages, maxPerStageDescriptorStorageImages,
      maxPerStageDescriptorInputAttachments, maxPerStageResources,
      maxDescriptorSetSamplers, maxDescriptorSetUniformBuffers,
      maxDescriptorSetUniformBuffersDynamic, maxDescriptorSetStorageBuffers,
      maxDescriptorSetStorageBuffersDynamic, maxDescriptorSetSampledImages,
      maxDescriptorSetStorageImages, maxDescriptorSetInputAttachments;
  uint32_t graphicsBeforeCompute[22]; /* of vertex input to fragment stages */
  uint32_t maxComputeSharedMemorySize, maxComputeWorkGroupCount[3],
      maxComputeWorkGroupInvocations, maxComputeWorkGroupSize[3];
  uint32_t subPixelPrecisionBits, subTexelPrecisionBits, mipmapPrecisionBits,
      maxDrawIndexedIndexValue, maxDrawIndirectCount;
  float maxSamplerLodBias, maxSamplerAnisotropy;
  uint32_t maxViewports, maxViewportDimensions[2];
  float viewportBoundsRange[2];
  uint32_t viewportSubPixelBits;
  size_t minMemoryMapAlignment;
  VkDeviceSize minTexelBufferOffsetAlignment, minUniformBufferOffsetAlignment,
      minStorageBufferOffsetAlignment;
  /* Everything that follows is only room. */
  uint64_t rest[40];
} VkPhysicalDeviceLimits;

typedef struct VkPhysicalDeviceProperties {
  uint32_t apiVersion, driverVersion, vendorID, deviceID;
  int32_t deviceType;
  char deviceName[256];
  uint8_t pipelineCacheUUID[16];
  VkPhysicalDeviceLimits limits;
  uint64_t room[16];
} VkPhysicalDeviceProperties;

typedef struct VkPhysicalDeviceProperties2 {
  int32_t sType;
  void *pNext;
  VkPhysicalDeviceProperties properties;
} VkPhysicalDeviceProperties2;

typedef struct VkPhysicalDeviceSubgroupProperties {
  int32_t sType;
  void *pNext;
  uint32_t subgroupSize;
  VkFlags supportedStages, supportedOperations;
  VkBool32 quadOperationsInAllStages;
} VkPhysicalDeviceSubgroupProperties;

typedef struct VkPhysicalDeviceDriverProperties {
  int32_t sType;
  void *pNext;
  int32_t driverID;
  char driverName[256], driverInfo[256];
  uint8_t conformanceVersion[4];
} VkPhysicalDeviceDriverProperties;

enum {
  FEATURE_SHADER_FLOAT64 = 39,
  FEATURE_SHADER_INT64 = 40,
  FEATURE_SHADER_INT16 = 41,
  FEATURE_COUNT = 55
};
typedef struct VkPhysicalDeviceFeatures2 {
  int32_t sType;
  void *pNext;
  VkBool32 features[FEATURE_COUNT];
} VkPhysicalDeviceFeatures2;

typedef struct VkPhysicalDevice16BitStorageFeatures {
  int32_t sType;
  void *pNext;
  VkBool32 storageBuffer16BitAccess, uniformAndStorageBuffer16BitAccess,
      storagePushConstant16, storageInputOutput16;
} VkPhysicalDevice16BitStorageFeatures;

typedef struct VkPhysicalDevice8BitStorageFeatures {
  int32_t sType;
  void *pNext;
  VkBool32 storageBuffer8BitAccess, uniformAndStorageBuffer8BitAccess,
      storagePushConstant8;
} VkPhysicalDevice8BitStorageFeatures;

typedef struct VkPhysicalDeviceShaderFloat16Int8Features {
  int32_t sType;
  void *pNext;
  VkBool32 shaderFloat16, shaderInt8;
} VkPhysicalDeviceShaderFloat16Int8Features;

typedef struct VkPhysicalDeviceMemoryProperties {
  uint32_t memoryTypeCount;
  struct {
    VkFlags propertyFlags;
    uint32_t heapIndex;
  } memoryTypes[32];
  uint32_t memoryHeapCount;
  struct {
    VkDeviceSize size;
    VkFlags flags;
  } memoryHeaps[16];
} VkPhysicalDeviceMemoryProperties;

typedef struct VkQueueFamilyProperties {
  VkFlags queueFlags;
  uint32_t queueCount, timestampValidBits, minImageTransferGranularity[3];
} VkQueueFamilyProperties;

typedef struct VkExtensionProperties {
  char extensionName[256];
  uint32_t specVersion;
} VkExtensionProperties;

typedef struct VkDeviceQueueCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
  uint32_t queueFamilyIndex, queueCount;
  const float *pQueuePriorities;
} VkDeviceQueueCreateInfo;

typedef struct VkDeviceCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
  uint32_t queueCreateInfoCount;
  const VkDeviceQueueCreateInfo *pQueueCreateInfos;
  uint32_t enabledLayerCount;
  const char *const *ppEnabledLayerNames;
  uint32_t enabledExtensionCount;
  const char *const *ppEnabledExtensionNames;
  const void *pEnabledFeatures;
} VkDeviceCreateInfo;

typedef struct VkMemoryRequirements {
  VkDeviceSize size, alignment;
  uint32_t memoryTypeBits;
} VkMemoryRequirements;

typedef struct VkMemoryAllocateInfo {
  int32_t sType;
  const void *pNext;
  VkDeviceSize allocationSize;
  uint32_t memoryTypeIndex;
} VkMemoryAllocateInfo;

typedef struct VkBufferCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
  VkDeviceSize size;
  VkFlags usage;
  int32_t sharingMode;
  uint32_t queueFamilyIndexCount;
  const uint32_t *pQueueFamilyIndices;
} VkBufferCreateInfo;

typedef struct VkShaderModuleCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
  size_t codeSize;
  const uint32_t *pCode;
} VkShaderModuleCreateInfo;

typedef struct VkDescriptorSetLayoutBinding {
  uint32_t binding;
  int32_t descriptorType;
  uint32_t descriptorCount;
  VkFlags stageFlags;
  const void *pImmutableSamplers;
} VkDescriptorSetLayoutBinding;

typedef struct VkDescriptorSetLayoutCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
  uint32_t bindingCount;
  const VkDescriptorSetLayoutBinding *pBindings;
} VkDescriptorSetLayoutCreateInfo;

typedef struct VkPipelineLayoutCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
  uint32_t setLayoutCount;
  const VkHandle *pSetLayouts;
  uint32_t pushConstantRangeCount;
  const void *pPushConstantRanges;
} VkPipelineLayoutCreateInfo;

typedef struct VkPipelineShaderStageCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags, stage;
  VkHandle module;
  const char *pName;
  const void *pSpecializationInfo;
} VkPipelineShaderStageCreateInfo;

typedef struct VkComputePipelineCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
  VkPipelineShaderStageCreateInfo stage;
  VkHandle layout, basePipelineHandle;
  int32_t basePipelineIndex;
} VkComputePipelineCreateInfo;

typedef struct VkDescriptorPoolSize {
  int32_t type;
  uint32_t descriptorCount;
} VkDescriptorPoolSize;

typedef struct VkDescriptorPoolCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
  uint32_t maxSets, poolSizeCount;
  const VkDescriptorPoolSize *pPoolSizes;
} VkDescriptorPoolCreateInfo;

typedef struct VkDescriptorSetAllocateInfo {
  int32_t sType;
  const void *pNext;
  VkHandle descriptorPool;
  uint32_t descriptorSetCount;
  const VkHandle *pSetLayouts;
} VkDescriptorSetAllocateInfo;

typedef struct VkDescriptorBufferInfo {
  VkHandle buffer;
  VkDeviceSize offset, range;
} VkDescriptorBufferInfo;

typedef struct VkWriteDescriptorSet {
  int32_t sType;
  const void *pNext;
  VkHandle dstSet;
  uint32_t dstBinding, dstArrayElement, descriptorCount;
  int32_t descriptorType;
  const void *pImageInfo;
  const VkDescriptorBufferInfo *pBufferInfo;
  const void *pTexelBufferView;
} VkWriteDescriptorSet;

typedef struct VkCommandPoolCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
  uint32_t queueFamilyIndex;
} VkCommandPoolCreateInfo;

typedef struct VkCommandBufferAllocateInfo {
  int32_t sType;
  const void *pNext;
  VkHandle commandPool;
  int32_t level;
  uint32_t commandBufferCount;
} VkCommandBufferAllocateInfo;

typedef struct VkCommandBufferBeginInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
  const void *pInheritanceInfo;
} VkCommandBufferBeginInfo;

typedef struct VkMemoryBarrier {
  int32_t sType;
  const void *pNext;
  VkFlags srcAccessMask, dstAccessMask;
} VkMemoryBarrier;

typedef struct VkSubmitInfo {
  int32_t sType;
  const void *pNext;
  uint32_t waitSemaphoreCount;
  const VkHandle *pWaitSemaphores;
  const VkFlags *pWaitDstStageMask;
  uint32_t commandBufferCount;
  const VkCommandBuffer *pCommandBuffers;
  uint32_t signalSemaphoreCount;
  const VkHandle *pSignalSemaphores;
} VkSubmitInfo;

typedef struct VkFenceCreateInfo {
  int32_t sType;
  const void *pNext;
  VkFlags flags;
} VkFenceCreateInfo;

#endif
