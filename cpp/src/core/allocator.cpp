#include "rushlight/core/allocator.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "rushlight/core/error.h"
#include "fork.h"
#include "rushlight/core/memory_limit.h"
#include "static_tls.h"

namespace rushlight {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kSmall = 1024;                 // served from per-thread lists
constexpr int kSmallClasses = kSmall / kAlign;  // 64, 128, ..., 1024
constexpr int kSmallKept = 64;                  // blocks a thread keeps of one class
constexpr size_t kMapped = size_t(1) << 20;     // mapped one by one, so that all of it goes back
constexpr size_t kHuge = size_t(2) << 20;       // asks for transparent huge pages
#if __SANITIZE_ADDRESS__
// Every block is of the very size asked for and goes back at once, so that AddressSanitizer sees a
// touch of the byte behind it or of a block that was freed.
constexpr bool kExact = true;
#else
constexpr bool kExact = false;
#endif

std::atomic<int64_t> g_fail_after{-1};
std::atomic<int64_t> g_memory_limit{INT64_MAX};

[[noreturn]] void out_of_memory(size_t nbytes) {
  raise<OutOfMemoryError>("out of memory: could not allocate ", nbytes, " bytes on cpu");
}

void check_fault_injection(size_t nbytes) {
  if (RL_LIKELY(g_fail_after.load(std::memory_order_relaxed) < 0)) return;
  if (g_fail_after.load() == 0) out_of_memory(nbytes);
  g_fail_after.fetch_sub(1);
}

size_t round_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

// Size classes of the shared cache: eight steps in each power of two, so at most 1/8 is wasted.
size_t class_bytes(size_t nbytes) {
  if (nbytes <= kSmall) return nbytes == 0 ? kAlign : round_up(nbytes, kAlign);
  const int top = 63 - __builtin_clzll(nbytes);
  return round_up(nbytes, size_t(1) << (top - 3));
}
int class_index(size_t rounded) {
  const int top = 63 - __builtin_clzll(rounded);
  return top * 8 + int((rounded >> (top - 3)) & 7);
}
size_t bytes_of_class(int index) { return size_t(8 + index % 8) << (index / 8 - 3); }

void* system_allocate(size_t rounded) {
  if (kExact) {
    void* p = nullptr;
    return posix_memalign(&p, kAlign, rounded) == 0 ? p : nullptr;
  }
  if (rounded < kMapped) return std::aligned_alloc(kAlign, round_up(rounded, kAlign));
  // malloc would keep what lies between blocks still in use, and the process would grow by it.
  constexpr size_t kPage = size_t(2) << 20;
  const size_t spare = rounded < kHuge ? 0 : kPage;
  void* mapped =
      mmap(nullptr, rounded + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  if (!spare) return mapped;
  char* const start = static_cast<char*>(mapped);
  char* const p = start + (kPage - reinterpret_cast<uintptr_t>(start) % kPage) % kPage;
  char* const end = p + rounded;
  if (p != start) munmap(start, size_t(p - start));
  if (end != start + rounded + spare) munmap(end, size_t(start + rounded + spare - end));
  madvise(p, rounded, MADV_HUGEPAGE);
  return p;
}
void system_free(void* p, size_t rounded) {
  if (kExact || rounded < kMapped)
    std::free(p);
  else
    munmap(p, rounded);
}

// Note [What the cache may hold]
// Blocks of a class serve that class only, and one pass of a network asks for many: kept without
// end, they would add up to more than was ever in use at once. So the memory held, in use or
// cached, stays within a sixteenth above the most that was in use at once: where it would grow
// further, a request is first served by a cached block of a class up to kLooseClasses above its
// own, and cached blocks go back to the system before a new one is taken from it. Loops that ask
// for the same sizes again and again, or for few, find everything cached.
constexpr int kLooseClasses = 4;  // at most half as large again

struct SharedCache {
  std::mutex mutex;
  std::vector<void*> free_blocks[64 * 8];
  std::unordered_map<void*, size_t> loose;  // sizes of blocks in use that are of a class above
  int64_t held = 0;                         // from the system, in use or cached
  int64_t most = 0;                         // the most that was in use at once
  int64_t cached = 0;
  int64_t allocated = 0;
  int64_t peak = 0;
  int64_t calls = 0;
  int64_t limit;

  SharedCache() {
    const int64_t physical = int64_t(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE);
    limit = physical / 4;
  }
  void empty() {
    for (int at = 0; at < 64 * 8; ++at) {
      for (void* p : free_blocks[at]) system_free(p, bytes_of_class(at));
      free_blocks[at].clear();
    }
    held -= cached;
    cached = 0;
  }
  void* take(int index) {
    void* p = free_blocks[index].back();
    free_blocks[index].pop_back();
    cached -= int64_t(bytes_of_class(index));
    return p;
  }
  bool fits(int64_t bytes) const {
    const int64_t in_use = std::max(most, allocated + bytes);
    return held + bytes <= in_use + in_use / 16;
  }
  // A cached block of a class a little above, if there is one.
  void* take_loose(int index) {
    for (int at = index + 1; at <= index + kLooseClasses && at < 64 * 8; ++at) {
      if (free_blocks[at].empty()) continue;
      loose.emplace(free_blocks[at].back(), bytes_of_class(at));
      return take(at);
    }
    return nullptr;
  }
  // Gives cached blocks back, the largest first, until `bytes` more are held within the bound.
  void make_room(int64_t bytes) {
    for (int at = 64 * 8 - 1; at >= 0 && cached > 0 && !fits(bytes); --at)
      while (!free_blocks[at].empty() && !fits(bytes)) {
        held -= int64_t(bytes_of_class(at));
        system_free(take(at), bytes_of_class(at));
      }
  }
};

// Never destroyed: tensors may be freed by other static destructors.
SharedCache& shared_cache() {
  static SharedCache* cache = [] {
    watch_forks_of_allocator();
    return new SharedCache;
  }();
  return *cache;
}

// Counters of one thread's small blocks; a block freed on another thread counts there as negative.
struct SmallCache {
  struct List {
    void* head;
    int count;
  } lists[kSmallClasses];
  int64_t allocated;
  int64_t calls;
  bool open;
};
thread_local SmallCache t_own;
// The address of t_own once it is open: read on every call, and short to find.
RL_STATIC_TLS thread_local SmallCache* t_small = nullptr;

std::mutex g_threads_mutex;
std::vector<SmallCache*>& live_threads() {
  static auto* threads = new std::vector<SmallCache*>;
  return *threads;
}
int64_t g_ended_allocated = 0, g_ended_calls = 0;  // of threads that have ended

struct SmallCloser {
  ~SmallCloser() {
    std::lock_guard<std::mutex> lock(g_threads_mutex);
    for (auto& list : t_own.lists)
      while (void* p = list.head) {
        list.head = *static_cast<void**>(p);
        std::free(p);
      }
    auto& threads = live_threads();
    for (size_t i = 0; i < threads.size(); ++i)
      if (threads[i] == &t_own) {
        threads.erase(threads.begin() + int64_t(i));
        break;
      }
    g_ended_allocated += t_own.allocated;
    g_ended_calls += t_own.calls;
    t_own = SmallCache{};  // and closed; what this thread still frees goes back at once
  }
  void arm() {}
};

[[gnu::noinline]] SmallCache* open_small_cache() {
  static thread_local SmallCloser closer;
  closer.arm();
  std::lock_guard<std::mutex> lock(g_threads_mutex);
  live_threads().push_back(&t_own);
  t_own.open = true;
  return t_small = &t_own;
}
RL_INLINE SmallCache& small_cache() {
  SmallCache* small = t_small;
  return RL_LIKELY(small != nullptr) ? *small : *open_small_cache();
}

void lock_all() {
  g_threads_mutex.lock();
  shared_cache().mutex.lock();
}
void unlock_all() {
  shared_cache().mutex.unlock();
  g_threads_mutex.unlock();
}
void unlock_all_in_child() {
  // The other threads are not there, and their counters' memory may go.
  auto& threads = live_threads();
  for (const SmallCache* thread : threads)
    if (thread != &t_own) {
      g_ended_allocated += thread->allocated;
      g_ended_calls += thread->calls;
    }
  threads.clear();
  if (t_own.open) threads.push_back(&t_own);  // fits
  unlock_all();
}

[[gnu::noinline]] void* allocate_large(size_t nbytes) {
  const size_t rounded = class_bytes(nbytes);
  if (rounded < nbytes || rounded > (size_t(1) << 62)) out_of_memory(nbytes);
  SharedCache& cache = shared_cache();
  std::lock_guard<std::mutex> lock(cache.mutex);
  if (int64_t(rounded) > g_memory_limit.load(std::memory_order_relaxed) - cache.allocated)
    out_of_memory(nbytes);
  const int index = class_index(rounded);
  const int64_t bytes = int64_t(rounded);
  void* p = nullptr;
  if (!cache.free_blocks[index].empty()) {
    p = cache.take(index);
  } else if (cache.cached > 0 && !cache.fits(bytes)) {
    p = cache.take_loose(index);
    if (!p) cache.make_room(bytes);
  }
  if (!p) {
    const size_t size = kExact ? nbytes : rounded;
    p = system_allocate(size);
    if (!p) {
      cache.empty();
      p = system_allocate(size);
      if (!p) out_of_memory(nbytes);
    }
    cache.held += bytes;
  }
  ++cache.calls;
  cache.allocated += bytes;
  cache.peak = std::max(cache.peak, cache.allocated);
  cache.most = std::max(cache.most, cache.allocated);
  return p;
}

void free_large(void* p, size_t nbytes) noexcept {
  size_t rounded = class_bytes(nbytes);
  SharedCache& cache = shared_cache();
  std::lock_guard<std::mutex> lock(cache.mutex);
  cache.allocated -= int64_t(rounded);
  if (RL_UNLIKELY(!cache.loose.empty())) {
    const auto found = cache.loose.find(p);
    if (found != cache.loose.end()) {
      rounded = found->second;
      cache.loose.erase(found);
    }
  }
  const int64_t bytes = int64_t(rounded);
  if (!kExact && cache.cached + bytes <= cache.limit) {
    try {
      cache.free_blocks[class_index(rounded)].push_back(p);
      cache.cached += bytes;
      return;
    } catch (...) {
      // The list could not grow: the block goes back instead.
    }
  }
  cache.held -= bytes;
  system_free(p, rounded);
}

}  // namespace

void* cpu_allocate(size_t nbytes) {
  check_fault_injection(nbytes);
  if (nbytes > kSmall) return allocate_large(nbytes);
  SmallCache& small = small_cache();
  const size_t rounded = class_bytes(nbytes);
  auto& list = small.lists[rounded / kAlign - 1];
  void* p = list.head;
  if (RL_LIKELY(p != nullptr)) {
    list.head = *static_cast<void**>(p);
    --list.count;
  } else {
    p = system_allocate(kExact ? nbytes : rounded);
    if (!p) out_of_memory(nbytes);
  }
  small.allocated += int64_t(rounded);
  ++small.calls;
  return p;
}

void cpu_free(void* p, size_t nbytes) noexcept {
  if (nbytes > kSmall) return free_large(p, nbytes);
  SmallCache& small = small_cache();
  const size_t rounded = class_bytes(nbytes);
  small.allocated -= int64_t(rounded);
  auto& list = small.lists[rounded / kAlign - 1];
  if (RL_UNLIKELY(kExact || list.count >= kSmallKept || !small.open)) return std::free(p);
  *static_cast<void**>(p) = list.head;
  list.head = p;
  ++list.count;
}

void watch_forks_of_allocator() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, [] { pthread_atfork(lock_all, unlock_all, unlock_all_in_child); });
}

MemoryStats memory_stats() {
  MemoryStats stats{};
  int64_t small_allocated, small_calls, small_cached = 0;
  {
    std::lock_guard<std::mutex> lock(g_threads_mutex);
    small_allocated = g_ended_allocated;
    small_calls = g_ended_calls;
    for (SmallCache* t : live_threads()) {
      small_allocated += t->allocated;
      small_calls += t->calls;
      for (int i = 0; i < kSmallClasses; ++i)
        small_cached += int64_t(t->lists[i].count) * int64_t(kAlign) * (i + 1);
    }
  }
  SharedCache& cache = shared_cache();
  std::lock_guard<std::mutex> lock(cache.mutex);
  stats.allocated_bytes = cache.allocated + small_allocated;
  stats.peak_allocated_bytes = cache.peak + (small_allocated > 0 ? small_allocated : 0);
  stats.cached_bytes = cache.cached + small_cached;
  stats.allocations = cache.calls + small_calls;
  stats.cache_limit = cache.limit;
  return stats;
}

void reset_peak_memory_stats() {
  SharedCache& cache = shared_cache();
  std::lock_guard<std::mutex> lock(cache.mutex);
  cache.peak = cache.allocated;
}

void empty_cache() {
  for (auto& list : small_cache().lists) {
    while (void* p = list.head) {
      list.head = *static_cast<void**>(p);
      std::free(p);
    }
    list.count = 0;
  }
  SharedCache& cache = shared_cache();
  std::lock_guard<std::mutex> lock(cache.mutex);
  cache.empty();
}

void set_cache_limit(int64_t bytes) {
  RL_CHECK_VALUE(bytes >= 0, "set_cache_limit(): expected a number of bytes >= 0, got ", bytes);
  SharedCache& cache = shared_cache();
  std::lock_guard<std::mutex> lock(cache.mutex);
  cache.limit = bytes;
  if (cache.cached > bytes) cache.empty();
}

void set_memory_limit(int64_t bytes) { g_memory_limit.store(bytes < 0 ? INT64_MAX : bytes); }

void fail_allocations_after(int64_t count) { g_fail_after.store(count < 0 ? -1 : count); }

}  // namespace rushlight
