// The table that librushlight.so opens: devices, copies and kernels.
#include "allocator.cuh"
#include "launch.cuh"
#include "rushlight/core/device_backend.h"

namespace rushlight::cuda {
namespace {

int device_count(const char** reason) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return count < 16 ? count : 16;
  (void)cudaGetLastError();
  *reason = status == cudaSuccess ? "no CUDA device" : cudaGetErrorString(status);
  return 0;
}

void copy(void* to, const void* from, size_t nbytes, int kind, int device) {
  use(device);
  const cudaMemcpyKind kinds[] = {cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost,
                                  cudaMemcpyDeviceToDevice};
  check(cudaMemcpy(to, from, nbytes, kinds[kind]), "cudaMemcpy");
}

void synchronize(int device) {
  use(device);
  check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
}

void register_kernels(KernelSlots& slots) {
  register_unary(slots);
  register_binary(slots);
  register_copy(slots);
  register_reduce(slots);
}

}  // namespace
}  // namespace rushlight::cuda

extern "C" RL_API const rushlight::CudaBackend* rushlight_cuda_backend() {
  using namespace rushlight;
  static const CudaBackend backend = {sizeof(CudaBackend),  CudaBackend::kAbiVersion,
                                      cuda::device_count,   cuda::allocate,
                                      cuda::release,        cuda::copy,
                                      cuda::synchronize,    cuda::register_kernels};
  return &backend;
}
