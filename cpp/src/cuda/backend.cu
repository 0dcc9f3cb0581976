// The table that librushlight.so opens: devices, memory, streams, events and kernels.
#include <cstring>

#include "launch.cuh"
#include "memory.cuh"
#include "random.cuh"
#include "rushlight/core/device_backend.h"

namespace rushlight::cuda {
namespace {

int device_count(const char** reason) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return count < kMaxDevices ? count : kMaxDevices;
  (void)cudaGetLastError();
  *reason = status == cudaSuccess ? "no CUDA device" : cudaGetErrorString(status);
  return 0;
}

int current_device() { return use(-1); }
void set_device(int device) { use(device); }

void properties(int device, CudaProperties* out) {
  cudaDeviceProp p;
  check(cudaGetDeviceProperties(&p, device), "cudaGetDeviceProperties");
  std::memset(out->name, 0, sizeof out->name);
  std::strncpy(out->name, p.name, sizeof out->name - 1);
  out->total_memory = p.totalGlobalMem;
  out->multiprocessors = p.multiProcessorCount;
  out->major = p.major;
  out->minor = p.minor;
}

void copy(void* to, const void* from, size_t nbytes, int kind, int device, bool wait) {
  use(device);
  const cudaMemcpyKind kinds[] = {cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost,
                                  cudaMemcpyDefault};
  check(cudaMemcpyAsync(to, from, nbytes, kinds[kind], current_stream()), "cudaMemcpyAsync");
  if (kind == 2 || (!wait && note_pinned_use(kind == 0 ? from : to))) return;
  check(cudaStreamSynchronize(current_stream()), "cudaStreamSynchronize");
}

void synchronize(int device) {
  const int before = use(-1);
  use(device);
  check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  use(before);
}

cudaStream_t stream(void* handle) { return static_cast<cudaStream_t>(handle); }
cudaEvent_t event(void* handle) { return static_cast<cudaEvent_t>(handle); }

void* stream_create(int device, int priority) {
  const int before = use(-1);
  use(device);
  cudaStream_t made = nullptr;
  const cudaError_t status = cudaStreamCreateWithPriority(&made, cudaStreamNonBlocking, priority);
  use(before);
  check(status, "cudaStreamCreateWithPriority");
  return made;
}
void stream_destroy(void* s) {
  check(cudaStreamSynchronize(stream(s)), "cudaStreamSynchronize");
  forget_stream(stream(s));
  check(cudaStreamDestroy(stream(s)), "cudaStreamDestroy");
}
void* stream_current(int device) { return stream_of(device); }
void stream_set(int device, void* s) { stream_of(device) = stream(s); }
void stream_synchronize(void* s) { check(cudaStreamSynchronize(stream(s)), "cudaStreamSynchronize"); }

// Whether the work is over; an error of its own is raised.
bool over(cudaError_t status, const char* what) {
  if (status == cudaErrorNotReady) {
    (void)cudaGetLastError();
    return false;
  }
  check(status, what);
  return true;
}
bool stream_idle(void* s) { return over(cudaStreamQuery(stream(s)), "cudaStreamQuery"); }

void* event_create(bool timing, bool blocking) {
  cudaEvent_t made = nullptr;
  const unsigned flags =
      (timing ? 0u : cudaEventDisableTiming) | (blocking ? cudaEventBlockingSync : 0u);
  check(cudaEventCreateWithFlags(&made, flags), "cudaEventCreateWithFlags");
  return made;
}
void event_destroy(void* e) { check(cudaEventDestroy(event(e)), "cudaEventDestroy"); }
void event_record(void* e, void* s) {
  check(cudaEventRecord(event(e), stream(s)), "cudaEventRecord");
}
void event_wait(void* e, void* s) {
  check(cudaStreamWaitEvent(stream(s), event(e)), "cudaStreamWaitEvent");
}
void event_synchronize(void* e) { check(cudaEventSynchronize(event(e)), "cudaEventSynchronize"); }
bool event_done(void* e) { return over(cudaEventQuery(event(e)), "cudaEventQuery"); }
double event_elapsed(void* start, void* end) {
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, event(start), event(end)), "cudaEventElapsedTime");
  return milliseconds;
}

void register_kernels(KernelSlots& slots) {
#define RL_REGISTER(family) register_##family(slots);
  RL_CUDA_FAMILIES(RL_REGISTER)
#undef RL_REGISTER
}

}  // namespace
}  // namespace rushlight::cuda

extern "C" RL_API const rushlight::CudaBackend* rushlight_cuda_backend() {
  using namespace rushlight;
  static const CudaBackend backend = {
      sizeof(CudaBackend),      CudaBackend::kAbiVersion, cuda::device_count,
      cuda::current_device,     cuda::set_device,         cuda::properties,
      cuda::allocate,           cuda::release,            cuda::memory_sizes,
      cuda::reset_peaks,        cuda::empty_cache,        cuda::pinned_allocate,
      cuda::pinned_free,        cuda::pinned,             cuda::copy,
      cuda::fill_random,        cuda::synchronize,        cuda::stream_create,
      cuda::stream_destroy,     cuda::stream_current,     cuda::stream_set,
      cuda::stream_synchronize, cuda::stream_idle,        cuda::event_create,
      cuda::event_destroy,      cuda::event_record,       cuda::event_wait,
      cuda::event_synchronize,  cuda::event_done,         cuda::event_elapsed,
      sizeof(KernelSlots),      cuda::register_kernels};
  return &backend;
}
