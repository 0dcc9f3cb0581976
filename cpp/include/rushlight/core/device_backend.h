// What the core asks of a device that is not the CPU: a table filled by the CUDA library.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rushlight/core/device.h"
#include "rushlight/core/dtype.h"
#include "rushlight/core/macros.h"

namespace rushlight {

struct KernelSlots;

struct CudaProperties {
  char name[256];
  size_t total_memory;  // bytes
  int multiprocessors, major, minor;
};
// Bytes handed out, and bytes taken from the driver for that.
struct CudaMemory {
  size_t allocated, most_allocated, reserved, most_reserved;
};

// Numbers from a counter-based generator: element i of a fill depends on seed, offset and i alone.
enum class RandomFill : uint8_t { Uniform, Normal, LogNormal, Exponential, Geometric, Cauchy, Integer, Bernoulli };
struct RandomRequest {
  RandomFill fill;
  DType dtype;
  void* data;  // dense
  int64_t numel;
  double a, b;                  // Uniform: [a, b); Normal, LogNormal: mean, std; Cauchy: median, sigma;
                                // Exponential: rate; Geometric, Bernoulli: probability
  int64_t low;                  // Integer: low + [0, range), range 0 meaning 2^64
  uint64_t range;
  const void* probabilities;    // Bernoulli: one of probability_dtype for each element, or null
  DType probability_dtype;
  uint64_t seed, offset;  // a fill moves offset past the numbers it draws
};

// Note [CUDA table]
// librushlight_cuda.so exports `extern "C" const CudaBackend* rushlight_cuda_backend()`. The core
// opens it at first use and accepts it when both numbers agree with its own. Streams and events are
// CUDA's own handles; a null stream is the legacy default stream.
struct CudaBackend {
  static constexpr unsigned kAbiVersion = 4;

  size_t struct_size;
  unsigned abi_version;
  int (*device_count)(const char** reason);  // 0 with the reason when there is none
  int (*current_device)();
  void (*set_device)(int device);
  void (*properties)(int device, CudaProperties* out);

  void* (*allocate)(size_t nbytes, int device);
  void (*free)(void* data, size_t nbytes, int device);
  void (*memory)(int device, CudaMemory* out);
  void (*reset_peaks)(int device);
  void (*empty_cache)();

  // Page-locked memory of the host. A freed block is handed out again when the copies that read or
  // write it are over.
  void* (*pinned_allocate)(size_t nbytes);
  void (*pinned_free)(void* data);  // raises nothing
  bool (*pinned)(const void* data);  // whether it lies in such a block

  // kind: 0 host to device, 1 device to host, 2 device to device, also of two devices. Runs on the
  // current stream. To or from the host it is over when the call returns, unless `wait` is false and
  // the host's side is page-locked.
  void (*copy)(void* to, const void* from, size_t nbytes, int kind, int device, bool wait);
  void (*random)(RandomRequest& request);
  void (*synchronize)(int device);

  void* (*stream_create)(int device, int priority);
  void (*stream_destroy)(void* stream);
  void* (*stream_current)(int device);
  void (*stream_set)(int device, void* stream);  // for this thread
  void (*stream_synchronize)(void* stream);
  bool (*stream_idle)(void* stream);

  void* (*event_create)(bool timing, bool blocking);
  void (*event_destroy)(void* event);
  void (*event_record)(void* event, void* stream);
  void (*event_wait)(void* event, void* stream);  // the stream waits
  void (*event_synchronize)(void* event);
  bool (*event_done)(void* event);
  double (*event_elapsed)(void* start, void* end);  // milliseconds

  size_t slots_size;  // sizeof(KernelSlots) there
  void (*register_kernels)(KernelSlots& slots);
};

// Raises Error with the reason when there is no usable CUDA device.
RL_API const CudaBackend& cuda_backend();
// True when one can be used; otherwise *reason says why not.
RL_API bool cuda_available(const char** reason);
RL_API int cuda_device_count();
// With the index of the current device where it names none. Raises Error for one that is not there.
RL_API Device resolved(Device device);

}  // namespace rushlight
