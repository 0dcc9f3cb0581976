// What the caching allocator tells of itself.
#pragma once

#include <cuda_runtime.h>

#include "rushlight/core/device_backend.h"

namespace rushlight::cuda {

void memory_sizes(int device, CudaMemory* out);
void reset_peaks(int device);
// The stream is idle and goes: its spare blocks may serve any other.
void forget_stream(cudaStream_t stream);
// Gives unused blocks of all devices back to the driver.
void empty_cache();

}  // namespace rushlight::cuda
