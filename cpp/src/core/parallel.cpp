#include "rushlight/core/parallel.h"

#include <omp.h>
#include <pthread.h>

#include <atomic>
#include <exception>

#include "rushlight/core/error.h"

namespace rushlight {
namespace {

std::atomic<int> g_threads{0};
thread_local bool t_in_parallel = false;

// Note [Fork]
// A child of fork has none of libgomp's threads but inherits its belief in them, and hangs at the
// next parallel region. Ending the pool before each fork makes both sides start a fresh one.
void before_fork() {
  if (!t_in_parallel) omp_pause_resource_all(omp_pause_hard);
}

// std::call_once keeps thread-local state in libstdc++, which our initial-exec TLS cannot reach when
// another extension has loaded that library first.
void watch_forks() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, [] { pthread_atfork(before_fork, nullptr, nullptr); });
}

}  // namespace

int num_threads() {
  int n = g_threads.load(std::memory_order_relaxed);
  if (RL_UNLIKELY(n == 0)) {
    n = omp_get_max_threads();
    g_threads.store(n, std::memory_order_relaxed);
  }
  return n;
}

void set_num_threads(int n) {
  RL_CHECK(n > 0, "set_num_threads(): expected a positive number of threads, got ", n);
  g_threads.store(n, std::memory_order_relaxed);
}

bool in_parallel() { return t_in_parallel; }

namespace detail {

void parallel_run(int64_t begin, int64_t end, int64_t grain,
                  void (*body)(const void*, int64_t, int64_t), const void* context) {
  const int64_t items = end - begin;
  int64_t threads = num_threads();
  const int64_t useful = grain > 0 ? (items + grain - 1) / grain : items;
  if (threads > useful) threads = useful;
  if (threads <= 1 || t_in_parallel) return body(context, begin, end);

  watch_forks();
  std::exception_ptr error;
  std::atomic<bool> failed{false};
  const int64_t piece = (items + threads - 1) / threads;
#pragma omp parallel num_threads(int(threads))
  {
    // The runtime may give fewer threads than asked for.
    t_in_parallel = true;
    for (int64_t t = omp_get_thread_num(); t < threads; t += omp_get_num_threads()) {
      const int64_t b = begin + t * piece, e = b + piece < end ? b + piece : end;
      if (b >= e) break;
      try {
        body(context, b, e);
      } catch (...) {
        if (!failed.exchange(true)) error = std::current_exception();
      }
    }
    t_in_parallel = false;
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace detail
}  // namespace rushlight
