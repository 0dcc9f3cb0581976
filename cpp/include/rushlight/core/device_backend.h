// What the core asks of a device that is not the CPU: a table filled by the CUDA library.
#pragma once

#include <cstddef>

#include "rushlight/core/macros.h"

namespace rushlight {

struct KernelSlots;

// Note [CUDA table]
// librushlight_cuda.so exports `extern "C" const CudaBackend* rushlight_cuda_backend()`. The core
// opens it at first use and accepts it when both numbers agree with its own.
struct CudaBackend {
  static constexpr unsigned kAbiVersion = 1;

  size_t struct_size;
  unsigned abi_version;
  int (*device_count)(const char** reason);  // 0 with the reason when there is none
  void* (*allocate)(size_t nbytes, int device);
  void (*free)(void* data, size_t nbytes, int device);
  // kind: 0 host to device, 1 device to host, 2 device to device; synchronous.
  void (*copy)(void* to, const void* from, size_t nbytes, int kind, int device);
  void (*synchronize)(int device);
  void (*register_kernels)(KernelSlots& slots);
};

// Raises Error with the reason when there is no usable CUDA device.
RL_API const CudaBackend& cuda_backend();
// True when one can be used; otherwise *reason says why not.
RL_API bool cuda_available(const char** reason);

}  // namespace rushlight
