// The one thread pool: OpenMP, started at first use, safe across fork.
#pragma once

#include <cstdint>
#include <type_traits>

#include "rushlight/core/macros.h"

namespace rushlight {

RL_API int num_threads();
RL_API void set_num_threads(int n);
RL_API bool in_parallel();

// Elements of cheap work below which threads do not pay.
inline constexpr int64_t kGrain = 32768;

namespace detail {
RL_API void parallel_run(int64_t begin, int64_t end, int64_t grain,
                         void (*body)(const void* context, int64_t begin, int64_t end),
                         const void* context);
}

// Note [Same bits for any thread count]
// Calls f(b, e) on pieces of [begin, end), each at least `grain` long, on several threads. Where the
// pieces are cut depends on the number of threads, so a result may depend on an item's index only,
// never on which items share a piece: reductions work on fixed blocks, one item a block.
template <class F>
RL_INLINE void parallel_for(int64_t begin, int64_t end, int64_t grain, const F& f) {
  if (end - begin <= grain) {
    if (begin < end) f(begin, end);
    return;
  }
  struct Call {
    static void run(const void* context, int64_t b, int64_t e) {
      (*static_cast<const F*>(context))(b, e);
    }
  };
  detail::parallel_run(begin, end, grain, &Call::run, &f);
}

}  // namespace rushlight
