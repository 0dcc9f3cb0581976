// The caching allocator of device memory.
#pragma once

#include <cstddef>

namespace rushlight::cuda {

// Makes `device` (or, when negative, the current one) current; returns its number.
int use(int device);
// Raises OutOfMemoryError after the cache was emptied in vain.
void* allocate(size_t nbytes, int device);
// nbytes: as asked for in allocate.
void release(void* data, size_t nbytes, int device);

}  // namespace rushlight::cuda
