// The caching CPU allocator.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rushlight/core/macros.h"

namespace rushlight {

struct MemoryStats {
  int64_t allocated_bytes;       // in live storages
  int64_t peak_allocated_bytes;  // since start or reset_peak_memory_stats()
  int64_t cached_bytes;          // kept for reuse
  int64_t allocations;           // calls of allocate() so far
  int64_t cache_limit;           // bound on cached_bytes
};

// At least nbytes bytes aligned to 64. Raises OutOfMemoryError after the cache was emptied in vain.
RL_API void* cpu_allocate(size_t nbytes);
// nbytes: as asked for in cpu_allocate.
RL_API void cpu_free(void* data, size_t nbytes) noexcept;

RL_API MemoryStats memory_stats();
RL_API void reset_peak_memory_stats();
RL_API void empty_cache();
RL_API void set_cache_limit(int64_t bytes);

// Fault injection for tests: after `count` more allocations every one fails; negative turns it off.
RL_API void fail_allocations_after(int64_t count);

}  // namespace rushlight
