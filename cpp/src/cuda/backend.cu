// The table that librushlight.so opens: memory, copies and kernels of CUDA devices.
#include <mutex>
#include <unordered_map>
#include <vector>

#include "launch.cuh"
#include "rushlight/core/device_backend.h"

namespace rushlight::cuda {
namespace {

// Freed blocks by size class, kept for reuse: cudaMalloc costs as much as many kernels.
struct BlockCache {
  std::mutex mutex;
  std::unordered_map<size_t, std::vector<void*>> free_blocks[16];
};
BlockCache& block_cache() {
  static auto* cache = new BlockCache;
  return *cache;
}

size_t class_bytes(size_t nbytes) {
  if (nbytes <= 512) return 512;
  const int top = 63 - __builtin_clzll(nbytes);
  const size_t unit = size_t(1) << (top - 3);
  return (nbytes + unit - 1) / unit * unit;
}

int use(int device) {
  int current = 0;
  if (device >= 0)
    check(cudaSetDevice(device), "cudaSetDevice");
  else
    check(cudaGetDevice(&current), "cudaGetDevice");
  return device >= 0 ? device : current;
}

int device_count(const char** reason) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return count < 16 ? count : 16;
  (void)cudaGetLastError();
  *reason = status == cudaSuccess ? "no CUDA device" : cudaGetErrorString(status);
  return 0;
}

void* allocate(size_t nbytes, int device) {
  const int d = use(device);
  RL_CHECK(d < 16, "CUDA devices above 15 are not supported, got ", d);
  const size_t rounded = class_bytes(nbytes);
  BlockCache& cache = block_cache();
  std::lock_guard<std::mutex> lock(cache.mutex);
  auto& blocks = cache.free_blocks[d][rounded];
  if (!blocks.empty()) {
    void* p = blocks.back();
    blocks.pop_back();
    return p;
  }
  void* p = nullptr;
  if (cudaMalloc(&p, rounded) != cudaSuccess) {
    (void)cudaGetLastError();
    for (auto& [size, list] : cache.free_blocks[d]) {
      for (void* block : list) cudaFree(block);
      list.clear();
    }
    if (cudaMalloc(&p, rounded) != cudaSuccess) {
      (void)cudaGetLastError();
      raise<OutOfMemoryError>("out of memory: could not allocate ", nbytes, " bytes on cuda:", d);
    }
  }
  return p;
}

void release(void* data, size_t nbytes, int device) {
  int d = device;
  if (d < 0 && cudaGetDevice(&d) != cudaSuccess) return;
  BlockCache& cache = block_cache();
  std::lock_guard<std::mutex> lock(cache.mutex);
  cache.free_blocks[d][class_bytes(nbytes)].push_back(data);
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
