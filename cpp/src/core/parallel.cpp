#include "rushlight/core/parallel.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include "fork.h"
#include "rushlight/core/error.h"

namespace rushlight {
namespace {

std::atomic<int> g_threads{0};
thread_local bool t_in_parallel = false;

// Threads that live and have a team of their own, and those that are in a parallel_for now.
std::atomic<int> g_owners{0}, g_callers{0};
thread_local bool t_owner = false;
pthread_key_t g_owner_key;

// Note [Fork]
// A child of fork has none of libgomp's threads but inherits its belief in them, and hangs at the
// next parallel region. Ending the pool before each fork makes both sides start a fresh one.
void before_fork() {
  if (!t_in_parallel) omp_pause_resource_all(omp_pause_hard);
}
void after_fork_in_child() {
  g_owners.store(t_owner);
  g_callers.store(t_in_parallel);
}

// std::call_once keeps thread-local state in libstdc++, which our initial-exec TLS cannot reach
// when another extension has loaded that library first.
void own_a_team() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static bool has_key = false;
  pthread_once(&once, [] {
    watch_forks_of_allocator();
    pthread_atfork(before_fork, nullptr, after_fork_in_child);
    has_key = pthread_key_create(&g_owner_key, [](void*) { g_owners.fetch_sub(1); }) == 0;
  });
  t_owner = true;
  g_owners.fetch_add(1);
  // The key's destructor runs when this thread ends.
  if (has_key) pthread_setspecific(g_owner_key, &g_owners);
}

void pause_spin() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Note [Same processor]
// After a pause the system may wake a thread of the pool on the processor of its caller, though
// another is idle. libgomp's threads spin where they wait, so each then burns the other's whole
// slices, milliseconds for a region of microseconds, until the balancer looks (125 gathers of 200
// KB after a pause of 90 ms: 4 ms or 14, half the time). So a thread that finds itself there moves
// away, and a caller that is done with its own piece lets late threads have the processor. Not
// where several callers fill the processors anyway.

void leave_processor(int cpu, int threads) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  cpu_set_t others = allowed;
  CPU_CLR(cpu, &others);
  if (CPU_COUNT(&others) < threads - 1) return;
  if (sched_setaffinity(0, sizeof(others), &others) != 0) return;
  sched_setaffinity(0, sizeof(allowed), &allowed);
}

// A few microseconds for a piece that is nearly done; then whoever waits for this processor gets it.
constexpr int kSpins = 200, kYields = 64;

void await_others(const std::atomic<int>& done, int threads) {
  for (int turn = 0; turn < kSpins + kYields; ++turn) {
    if (done.load(std::memory_order_relaxed) == threads - 1) return;
    if (turn >= kSpins)
      sched_yield();
    else
      pause_spin();
  }
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
  const struct Caller {
    int before = g_callers.fetch_add(1, std::memory_order_relaxed);
    ~Caller() {
      t_in_parallel = false;
      g_callers.fetch_sub(1, std::memory_order_relaxed);
    }
  } others;
  // Who finds others at work takes a share, so that not every caller fills all processors.
  threads /= others.before + 1;
  if (threads <= 1) {
    t_in_parallel = true;
    return body(context, begin, end);
  }

  if (RL_UNLIKELY(!t_owner)) own_a_team();
  const bool alone = g_owners.load(std::memory_order_relaxed) == 1;
  std::exception_ptr error;
  std::atomic<bool> failed{false};
  const int64_t piece = (items + threads - 1) / threads;
  const int cpu = sched_getcpu();
  std::atomic<int> done{0};  // threads other than the caller
  // The whole team, as far as there are processors: libgomp ends the threads that a smaller one
  // leaves out, and would make them again for the next large piece of work.
  static const int64_t processors = omp_get_num_procs();
  const int64_t whole = std::min<int64_t>(num_threads(), processors);
#pragma omp parallel num_threads(int(std::max(threads, whole)))
  {
    // The runtime may give fewer threads than asked for.
    t_in_parallel = true;
    const int team = omp_get_num_threads();
    const bool caller = omp_get_thread_num() == 0;
    if (RL_UNLIKELY(!caller && alone && sched_getcpu() == cpu)) leave_processor(cpu, team);
    for (int64_t t = omp_get_thread_num(); t < threads; t += team) {
      const int64_t b = begin + t * piece, e = b + piece < end ? b + piece : end;
      if (b >= e) break;
      try {
        body(context, b, e);
      } catch (...) {
        if (!failed.exchange(true)) error = std::current_exception();
      }
    }
    t_in_parallel = false;
    if (caller && alone)
      await_others(done, team);
    else
      done.fetch_add(1, std::memory_order_relaxed);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace detail
}  // namespace rushlight
