#include "allocator.cuh"

#include <mutex>
#include <unordered_map>
#include <vector>

#include "launch.cuh"

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

}  // namespace

int use(int device) {
  int current = 0;
  if (device >= 0)
    check(cudaSetDevice(device), "cudaSetDevice");
  else
    check(cudaGetDevice(&current), "cudaGetDevice");
  return device >= 0 ? device : current;
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

}  // namespace rushlight::cuda
