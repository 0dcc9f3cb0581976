// What the caching allocators share, and what they tell of themselves.
#pragma once

#include <cuda_runtime.h>

#include "rushlight/core/device_backend.h"

namespace rushlight::cuda {

// Classes at most an eighth larger than what was asked for, so that blocks fit other requests too.
inline size_t class_bytes(size_t nbytes) {
  if (nbytes <= 512) return 512;
  const int top = 63 - __builtin_clzll(nbytes);
  const size_t unit = size_t(1) << (top - 3);
  return (nbytes + unit - 1) / unit * unit;
}

// Of page-locked host memory; see device_backend.h.
void* pinned_allocate(size_t nbytes);
void pinned_free(void* data);
bool pinned(const void* data);
// A copy from or to `data` was just started on the current stream: its block is not handed out again
// before that is over. False when it lies in no such block, or that could not be noted: then the
// copy is to be waited for.
bool note_pinned_use(const void* data);
void forget_stream_of_pinned(cudaStream_t stream);
void empty_pinned_cache();

void memory_sizes(int device, CudaMemory* out);
void reset_peaks(int device);
// The stream is idle and goes: its spare blocks may serve any other.
void forget_stream(cudaStream_t stream);
// Gives unused blocks of all devices back to the driver.
void empty_cache();

}  // namespace rushlight::cuda
