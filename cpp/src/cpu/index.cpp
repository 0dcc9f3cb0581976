// Reads at positions given by index tensors. See Note [Index plans].
#include "for_each.h"
#include "moves.h"
#include "rushlight/iter/kernel_slots.h"
#include "vec.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Rows up to this length are shared out whole.
constexpr int64_t kWholeRow = int64_t(1) << 16;
// Entries ahead of the copy whose rows are fetched: enough to cover memory's latency.
constexpr int64_t kPrefetch = 8;

struct Resolve {
  uint64_t size;
  int64_t negative_shift;
  // The entry as a position from the start; false when it is outside.
  RL_INLINE bool operator()(int64_t& entry) const {
    entry += (entry >> 63) & negative_shift;
    return uint64_t(entry) < size;
  }
};
struct NoResolve {
  RL_INLINE bool operator()(int64_t&) const { return true; }
};

// All four strides are constants of the caller where it matters.
template <class T, class R>
RL_INLINE bool gather_row(char* out, int64_t so, const char* self, int64_t ss, const char* index,
                          int64_t si, int64_t step, int64_t n, const R& resolve) {
  constexpr int kTogether = 8;
  int64_t i = 0;
  for (; i + kTogether <= n; i += kTogether) {
    int64_t entries[kTogether];
    bool good = true;
    for (int k = 0; k < kTogether; ++k) {
      entries[k] = *reinterpret_cast<const int64_t*>(index + (i + k) * si);
      good &= resolve(entries[k]);
    }
    if (RL_UNLIKELY(!good)) return false;
    for (int k = 0; k < kTogether; ++k)
      *reinterpret_cast<T*>(out + (i + k) * so) =
          *reinterpret_cast<const T*>(self + (i + k) * ss + entries[k] * step);
  }
  for (; i < n; ++i) {
    int64_t entry = *reinterpret_cast<const int64_t*>(index + i * si);
    if (RL_UNLIKELY(!resolve(entry))) return false;
    *reinterpret_cast<T*>(out + i * so) = *reinterpret_cast<const T*>(self + i * ss + entry * step);
  }
  return true;
}

template <class T>
RL_INLINE void strided_row(char* out, int64_t so, const char* self, int64_t ss, int64_t n) {
  if (so == sizeof(T) && ss == sizeof(T)) return copy_bytes(out, self, n * int64_t(sizeof(T)));
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<T*>(out + i * so) = *reinterpret_cast<const T*>(self + i * ss);
}

// Bytes of rows that one thread copies sooner than it could share them.
constexpr int64_t kRowGrain = int64_t(1) << 16;

// Copies a row while it fetches `next`, line by line: a core that waits for one row's lines only
// reads at 0.7 times the speed (25 MB in rows of 3 KB from memory: 4.2 to 2.9 ms with one thread,
// 2.4 with two).
RL_INLINE void copy_and_fetch(char* out, const char* row, const char* next, int64_t bytes) {
  using Bytes = Vec<uint8_t>;
  constexpr int64_t kLine = 64;
  int64_t b = 0;
  for (; b + kLine <= bytes; b += kLine) {
    __builtin_prefetch(next + b);
    for (int64_t k = b; k < b + kLine; k += kVecBytes)
      Bytes::loadu(reinterpret_cast<const uint8_t*>(row + k))
          .storeu(reinterpret_cast<uint8_t*>(out + k));
  }
  __builtin_memcpy(out + b, row + b, size_t(bytes - b));
}

// One entry for a dense row of `bytes`: copies whole rows, the next ones on their way meanwhile.
template <class R>
RL_INLINE bool gather_rows(const GatherPlan& plan, char* const* data, int64_t n, int64_t bytes,
                           const R& resolve) {
  const int64_t so = plan.nd.strides[1][0], ss = plan.nd.strides[1][1], si = plan.nd.strides[1][2];
  char* out = data[0];
  const char *self = data[1], *index = data[2];
  const bool lines = bytes > 512;
  const int64_t ahead = lines ? 1 : kPrefetch;
  for (int64_t i = 0; i < n; ++i) {
    const char* next = nullptr;
    if (i + ahead < n) {
      // An entry that is out of range fetches nothing and is found when its turn comes.
      const int64_t entry = *reinterpret_cast<const int64_t*>(index + (i + ahead) * si);
      next = reinterpret_cast<const char*>(uint64_t(self) + uint64_t(i + ahead) * uint64_t(ss) +
                                           uint64_t(entry) * uint64_t(plan.step));
    }
    int64_t entry = *reinterpret_cast<const int64_t*>(index + i * si);
    if (RL_UNLIKELY(!resolve(entry))) return false;
    const char* row = self + i * ss + entry * plan.step;
    if (lines) {
      copy_and_fetch(out + i * so, row, next ? next : row, bytes);
    } else {
      if (next)
        for (int64_t b = 0; b < bytes; b += 64) __builtin_prefetch(next + b);
      copy_bytes(out + i * so, row, bytes);
    }
  }
  return true;
}

template <class T, class R>
bool gather_all(const GatherPlan& plan, const R& resolve) {
  const NdPlan& nd = plan.nd;
  const int64_t so = nd.strides[0][0], ss = nd.strides[0][1], si = nd.strides[0][2];
  constexpr int64_t kItem = sizeof(T);
  bool good = true;
  const auto fail = [&] { __atomic_store_n(&good, false, __ATOMIC_RELAXED); };

  const int64_t bytes = nd.shape[0] * kItem;
  if (si == 0 && so == kItem && ss == kItem && nd.ndim > 1 && bytes <= kWholeRow) {
    NdPlan entries;
    drop_inner(nd, entries);
    const int64_t grain = kRowGrain / (bytes > 0 ? bytes : 1);
    parallel_for(0, entries.numel, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
      walk_rows(entries, b, e, [&](char* const* data, int64_t n) {
        if (!gather_rows(plan, data, n, bytes, resolve)) fail();
      });
    });
    return good;
  }
  parallel_for(0, nd.numel, kGrain, [&](int64_t b, int64_t e) {
    walk_rows(nd, b, e, [&](char* const* data, int64_t n) {
      const char *self = data[1], *index = data[2];
      bool row = true;
      if (si == 0) {
        int64_t entry = *reinterpret_cast<const int64_t*>(index);
        row = resolve(entry);
        if (row) strided_row<T>(data[0], so, self + entry * plan.step, ss, n);
      } else if (so == kItem && si == 8 && ss == 0 && plan.step == kItem) {
        row = gather_row<T>(data[0], kItem, self, 0, index, 8, kItem, n, resolve);
      } else if (so == kItem && si == 8) {
        row = gather_row<T>(data[0], kItem, self, ss, index, 8, plan.step, n, resolve);
      } else {
        row = gather_row<T>(data[0], so, self, ss, index, si, plan.step, n, resolve);
      }
      if (RL_UNLIKELY(!row)) fail();
    });
  });
  return good;
}

bool gather_kernel(const GatherPlan& plan, int itemsize) {
  switch (itemsize) {
#define RL_SIZE(width, T)                                       \
  case width:                                                   \
    if (plan.size < 0) return gather_all<T>(plan, NoResolve{}); \
    return gather_all<T>(plan, Resolve{uint64_t(plan.size), plan.wrap ? plan.size : 0});
    RL_FOR_SIZES(RL_SIZE)
#undef RL_SIZE
  }
  return true;
}

bool offsets_kernel(const OffsetsPlan& plan) {
  const int64_t so = plan.nd.strides[0][0], si = plan.nd.strides[0][1], step = plan.step;
  const Resolve resolve{uint64_t(plan.size), plan.wrap ? plan.size : 0};
  bool good = true;
  parallel_for(0, plan.nd.numel, kGrain, [&](int64_t b, int64_t e) {
    bool bad = false;
    walk_rows(plan.nd, b, e, [&](char* const* data, int64_t n) {
      char* out = data[0];
      const char* in = data[1];
      const auto run = [&](int64_t so, int64_t si, auto keep) RL_LAMBDA_INLINE {
        for (int64_t i = 0; i < n; ++i) {
          int64_t entry = *reinterpret_cast<const int64_t*>(in + i * si);
          bad |= !resolve(entry);
          int64_t* to = reinterpret_cast<int64_t*>(out + i * so);
          *to = int64_t(uint64_t(keep ? *to : 0) + uint64_t(entry) * uint64_t(step));
        }
      };
      if (so == 8 && si == 8)
        plan.accumulate ? run(8, 8, Yes{}) : run(8, 8, No{});
      else
        plan.accumulate ? run(so, si, Yes{}) : run(so, si, No{});
    });
    if (bad) __atomic_store_n(&good, false, __ATOMIC_RELAXED);
  });
  return good;
}

bool in_range_kernel(const NdPlan& plan, int64_t size) {
  const int64_t stride = plan.strides[0][0];
  bool good = true;
  parallel_for(0, plan.numel, 2 * kGrain, [&](int64_t b, int64_t e) {
    bool bad = false;
    walk_rows(plan, b, e, [&](char* const* data, int64_t n) {
      const char* in = data[0];
      const auto run = [&](int64_t stride) RL_LAMBDA_INLINE {
        // As unsigned numbers negative entries are the largest.
        uint64_t largest = 0;
        for (int64_t i = 0; i < n; ++i) {
          const uint64_t entry = *reinterpret_cast<const uint64_t*>(in + i * stride);
          largest = entry > largest ? entry : largest;
        }
        bad |= largest >= uint64_t(size);
      };
      stride == 8 ? run(8) : run(stride);
    });
    if (bad) __atomic_store_n(&good, false, __ATOMIC_RELAXED);
  });
  return good;
}

}  // namespace

void register_index(KernelSlots& slots) {
  slots.gather = &gather_kernel;
  slots.index_offsets = &offsets_kernel;
  slots.index_in_range = &in_range_kernel;
}

}  // namespace rushlight::cpu::RL_ISA
