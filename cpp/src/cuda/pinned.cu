// The caching allocator of page-locked host memory. Taking such memory from the driver costs a
// millisecond and waits for the device, so freed blocks are kept. A copy that nobody waited for may
// still be under way when its block is freed: each block knows the last event of every stream that
// used it, and is handed out again when all have passed. A child of fork can use neither CUDA nor
// this memory: it may read the tensors it has and let them go, no more.
#include <pthread.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <vector>

#include "memory.cuh"
#include "stream.cuh"

namespace rushlight::cuda {
namespace {

struct Use {
  int device;
  cudaStream_t stream;
  cudaEvent_t event;
};

struct Block {
  char* data;
  size_t bytes;
  std::vector<Use> uses;

  bool over() const {
    for (const Use& use : uses)
      if (cudaEventQuery(use.event) != cudaSuccess) {
        (void)cudaGetLastError();
        return false;
      }
    return true;
  }
};

struct Pinned {
  std::mutex mutex;
  std::map<const char*, Block> used;
  std::map<size_t, std::vector<Block>> spare;
  std::vector<Block> waiting;  // freed, with copies under way
  const pid_t process = getpid();

  bool inherited() const { return getpid() != process; }

  void sweep() {
    size_t left = 0;
    for (Block& block : waiting) {
      if (block.over())
        spare[block.bytes].push_back(std::move(block));
      else
        std::swap(waiting[left++], block);
    }
    waiting.resize(left);
  }
  Block* find(const char* data) {
    auto at = used.upper_bound(data);
    if (at == used.begin()) return nullptr;
    --at;
    return data < at->first + at->second.bytes ? &at->second : nullptr;
  }
  void give_back_spare() {
    for (auto& [bytes, blocks] : spare)
      for (Block& block : blocks) {
        for (const Use& use : block.uses) (void)cudaEventDestroy(use.event);
        (void)cudaFreeHost(block.data);
      }
    spare.clear();
  }
};
Pinned& pool() {
  static auto* all = [] {
    static auto* made = new Pinned;
    // A child forked amid another thread's call would find the lock held by nobody.
    pthread_atfork([] { made->mutex.lock(); }, [] { made->mutex.unlock(); },
                   [] { made->mutex.unlock(); });
    return made;
  }();
  return *all;
}

}  // namespace

void* pinned_allocate(size_t nbytes) {
  const size_t bytes = class_bytes(nbytes);
  Pinned& all = pool();
  std::lock_guard<std::mutex> lock(all.mutex);
  RL_CHECK(!all.inherited(),
           "cannot page-lock memory in a child of fork: CUDA was used before; "
           "start the process by \"spawn\" or \"forkserver\"");
  all.sweep();
  Block block{nullptr, bytes, {}};
  auto found = all.spare.find(bytes);
  if (found != all.spare.end() && !found->second.empty()) {
    block = std::move(found->second.back());
    found->second.pop_back();
  } else {
    void* p = nullptr;
    if (cudaHostAlloc(&p, bytes, cudaHostAllocPortable) != cudaSuccess) {
      (void)cudaGetLastError();
      all.give_back_spare();
      if (cudaHostAlloc(&p, bytes, cudaHostAllocPortable) != cudaSuccess) {
        (void)cudaGetLastError();
        raise<OutOfMemoryError>("out of memory: could not allocate ", nbytes,
                                " bytes of page-locked memory");
      }
    }
    block.data = static_cast<char*>(p);
  }
  char* const data = block.data;
  all.used.emplace(data, std::move(block));
  return data;
}

void pinned_free(void* data) {
  Pinned& all = pool();
  std::lock_guard<std::mutex> lock(all.mutex);
  const auto at = all.used.find(static_cast<const char*>(data));
  if (at == all.used.end()) return;
  Block block = std::move(at->second);
  all.used.erase(at);
  if (all.inherited()) return;
  try {
    (block.over() ? all.spare[block.bytes] : all.waiting).push_back(std::move(block));
  } catch (const std::bad_alloc&) {
    // No memory to remember it by: it stays with the driver until the process ends.
  }
}

bool pinned(const void* data) {
  Pinned& all = pool();
  std::lock_guard<std::mutex> lock(all.mutex);
  return all.find(static_cast<const char*>(data)) != nullptr;
}

bool note_pinned_use(const void* data) {
  Pinned& all = pool();
  std::lock_guard<std::mutex> lock(all.mutex);
  Block* block = all.find(static_cast<const char*>(data));
  if (!block) return false;
  const int device = use(-1);
  const cudaStream_t stream = current_stream();
  for (const Use& use : block->uses)
    if (use.device == device && use.stream == stream)
      return cudaEventRecord(use.event, stream) == cudaSuccess;
  cudaEvent_t event = nullptr;
  if (cudaEventCreateWithFlags(&event, cudaEventDisableTiming) != cudaSuccess ||
      cudaEventRecord(event, stream) != cudaSuccess) {
    if (event) (void)cudaEventDestroy(event);
    return false;
  }
  block->uses.push_back({device, stream, event});
  return true;
}

void forget_stream_of_pinned(cudaStream_t stream) {
  Pinned& all = pool();
  std::lock_guard<std::mutex> lock(all.mutex);
  const auto forget = [&](Block& block) {
    std::erase_if(block.uses, [&](const Use& use) {
      if (use.stream != stream) return false;
      (void)cudaEventDestroy(use.event);
      return true;
    });
  };
  for (auto& [data, block] : all.used) forget(block);
  for (auto& [bytes, blocks] : all.spare)
    for (Block& block : blocks) forget(block);
  for (Block& block : all.waiting) forget(block);
}

void empty_pinned_cache() {
  Pinned& all = pool();
  std::lock_guard<std::mutex> lock(all.mutex);
  all.sweep();
  all.give_back_spare();
}

}  // namespace rushlight::cuda
