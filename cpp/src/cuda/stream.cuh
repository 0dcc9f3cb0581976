// The device and stream that this thread's kernels go to, and memory for them.
#pragma once

#include <cuda_runtime.h>

#include "rushlight/core/error.h"

namespace rushlight::cuda {

inline void check(cudaError_t status, const char* what) {
  RL_CHECK(status == cudaSuccess, what, ": CUDA error: ", cudaGetErrorString(status));
}
inline void check_launch() { check(cudaGetLastError(), "kernel launch"); }

inline constexpr int kMaxDevices = 16;

// Makes `device` (or, when negative, the current one) current; returns its number.
int use(int device);
// Of the current device.
cudaStream_t current_stream();
// Of any device; negative: the current one.
cudaStream_t& stream_of(int device);

// Raises OutOfMemoryError after the cache was emptied in vain.
void* allocate(size_t nbytes, int device);
// nbytes: as asked for in allocate. Kernels of the stream it was allocated on may still use it.
void release(void* data, size_t nbytes, int device);

// Memory of the current device for as long as the object lives; kernels launched meanwhile on the
// current stream may use it after that.
class Workspace {
 public:
  explicit Workspace(size_t nbytes) : nbytes_(nbytes), device_(use(-1)), data_(allocate(nbytes, device_)) {}
  ~Workspace() { release(data_, nbytes_, device_); }
  Workspace(const Workspace&) = delete;
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  size_t nbytes_;
  int device_;
  void* data_;
};

// A number that kernels write and the host reads.
template <class T>
class Answer {
 public:
  explicit Answer(T start) : device_(sizeof(T)) {
    check(cudaMemcpyAsync(data(), &start, sizeof(T), cudaMemcpyHostToDevice, current_stream()),
          "cudaMemcpyAsync");
  }
  T* data() const { return device_.as<T>(); }
  // Waits for the stream.
  T read() const {
    T value;
    check(cudaMemcpyAsync(&value, data(), sizeof(T), cudaMemcpyDeviceToHost, current_stream()),
          "cudaMemcpyAsync");
    check(cudaStreamSynchronize(current_stream()), "cudaStreamSynchronize");
    return value;
  }

 private:
  Workspace device_;
};

}  // namespace rushlight::cuda
