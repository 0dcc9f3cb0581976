// The caching allocator of device memory. A freed block is kept for the stream it was allocated on:
// there it may be handed out at once, since what still uses it runs before what comes next.
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "memory.cuh"
#include "stream.cuh"

namespace rushlight::cuda {
namespace {

struct Key {
  cudaStream_t stream;
  size_t bytes;
  bool operator<(const Key& b) const {
    return stream != b.stream ? stream < b.stream : bytes < b.bytes;
  }
};

struct DeviceMemory {
  std::map<Key, std::vector<void*>> spare;
  std::unordered_map<void*, Key> used;
  CudaMemory sizes{};

  void give_back_spare() {
    for (auto& [key, blocks] : spare)
      for (void* block : blocks) {
        (void)cudaFree(block);  // waits for the device
        sizes.reserved -= key.bytes;
      }
    spare.clear();
  }
};

struct Pool {
  std::mutex mutex;
  DeviceMemory devices[kMaxDevices];
};
Pool& pool() {
  static auto* all = new Pool;
  return *all;
}

}  // namespace

void* allocate(size_t nbytes, int device) {
  const int d = use(device);
  const Key key{current_stream(), class_bytes(nbytes)};
  std::lock_guard<std::mutex> lock(pool().mutex);
  DeviceMemory& memory = pool().devices[d];
  void* p = nullptr;
  const auto found = memory.spare.find(key);
  if (found != memory.spare.end() && !found->second.empty()) {
    p = found->second.back();
    memory.used.emplace(p, key);
    found->second.pop_back();
  } else {
    if (cudaMalloc(&p, key.bytes) != cudaSuccess) {
      (void)cudaGetLastError();
      memory.give_back_spare();
      if (cudaMalloc(&p, key.bytes) != cudaSuccess) {
        (void)cudaGetLastError();
        raise<OutOfMemoryError>("CUDA out of memory: tried to allocate ", nbytes, " bytes on cuda:", d,
                                ", where ", memory.sizes.allocated, " bytes are in use by tensors");
      }
    }
    memory.sizes.reserved += key.bytes;
    memory.used.emplace(p, key);
  }
  CudaMemory& s = memory.sizes;
  s.allocated += key.bytes;
  if (s.allocated > s.most_allocated) s.most_allocated = s.allocated;
  if (s.reserved > s.most_reserved) s.most_reserved = s.reserved;
  return p;
}

void release(void* data, size_t, int device) {
  std::lock_guard<std::mutex> lock(pool().mutex);
  DeviceMemory& memory = pool().devices[device];
  const auto found = memory.used.find(data);
  if (found == memory.used.end()) return;
  const Key key = found->second;
  memory.used.erase(found);
  memory.sizes.allocated -= key.bytes;
  memory.spare[key].push_back(data);
}

void memory_sizes(int device, CudaMemory* out) {
  std::lock_guard<std::mutex> lock(pool().mutex);
  *out = pool().devices[device].sizes;
}

void reset_peaks(int device) {
  std::lock_guard<std::mutex> lock(pool().mutex);
  CudaMemory& s = pool().devices[device].sizes;
  s.most_allocated = s.allocated;
  s.most_reserved = s.reserved;
}

void forget_stream(cudaStream_t stream) {
  forget_stream_of_pinned(stream);
  std::lock_guard<std::mutex> lock(pool().mutex);
  for (DeviceMemory& memory : pool().devices) {
    for (auto& [block, key] : memory.used)
      if (key.stream == stream) key.stream = nullptr;
    for (auto at = memory.spare.begin(); at != memory.spare.end();) {
      if (at->first.stream != stream) {
        ++at;
        continue;
      }
      auto& kept = memory.spare[Key{nullptr, at->first.bytes}];
      kept.insert(kept.end(), at->second.begin(), at->second.end());
      at = memory.spare.erase(at);
    }
  }
}

void empty_cache() {
  empty_pinned_cache();
  std::lock_guard<std::mutex> lock(pool().mutex);
  for (DeviceMemory& memory : pool().devices) memory.give_back_spare();
}

}  // namespace rushlight::cuda
