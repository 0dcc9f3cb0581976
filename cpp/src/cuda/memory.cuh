// What the caching allocator tells of itself.
#pragma once

#include "rushlight/core/device_backend.h"

namespace rushlight::cuda {

void memory_sizes(int device, CudaMemory* out);
void reset_peaks(int device);
// Gives unused blocks of all devices back to the driver.
void empty_cache();

}  // namespace rushlight::cuda
