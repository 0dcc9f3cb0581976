// Writes at positions given by an index. See ScatterPlan.
#include "rushlight/functors/scatter.h"

#include "moves.h"
#include "rushlight/core/allocator.h"
#include "rushlight/iter/kernel_slots.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Rows of one thread are at least this long, so that threads rarely meet in a cache line.
constexpr int64_t kMinRow = 16;

template <class Op, class T>
RL_INLINE void apply(char* to, const T& value) {
  T* target = reinterpret_cast<T*>(to);
  *target = Op{}(*target, value);
}

// One entry for n elements of a row.
template <class Op, class T>
RL_INLINE void row_of_one(char* self, int64_t so, const char* values, int64_t sv, int64_t n) {
  if (so == sizeof(T) && sv == sizeof(T)) {
    T* to = reinterpret_cast<T*>(self);
    const T* from = reinterpret_cast<const T*>(values);
#pragma GCC ivdep
    for (int64_t j = 0; j < n; ++j) to[j] = Op{}(to[j], from[j]);
    return;
  }
  for (int64_t j = 0; j < n; ++j)
    apply<Op>(self + j * so, *reinterpret_cast<const T*>(values + j * sv));
}

// n entries one after the other; with so = 0 they all fall into one row and may meet.
template <class Op, class T>
RL_INLINE void entries(char* self, int64_t so, const char* values, int64_t sv, const char* index,
                       int64_t si, int64_t step, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t entry = *reinterpret_cast<const int64_t*>(index + i * si);
    apply<Op>(self + i * so + entry * step, *reinterpret_cast<const T*>(values + i * sv));
  }
}

template <class Op, class T>
void entries_in_order(const ScatterPlan& p, char* self, const char* values, const char* index,
                      int64_t n) {
  constexpr int64_t kItem = sizeof(T);
  if (p.values_stride == kItem && p.index_stride == 8 && p.step == kItem)
    entries<Op, T>(self, 0, values, kItem, index, 8, kItem, n);
  else
    entries<Op, T>(self, 0, values, p.values_stride, index, p.index_stride, p.step, n);
}

// Note [Scatter in parts]
// A single row of many entries over few targets is cut into parts by its lengths alone. Each part
// fills targets of its own, which start from the identity; the parts are then added up in order, so
// the bits do not depend on the threads.
constexpr int64_t kMinPart = int64_t(1) << 16;
constexpr int64_t kMaxParts = 16;

template <class Op, class T>
bool scatter_in_parts(const ScatterPlan& p, int64_t targets) {
  int64_t parts = p.n / (kMinPart > 4 * targets ? kMinPart : 4 * targets);
  if (parts > kMaxParts) parts = kMaxParts;
  if (parts < 2) return false;
  char* const self = p.rows.data[0];
  const int64_t bytes = targets * int64_t(sizeof(T));
  T* const spare = static_cast<T*>(cpu_allocate(size_t(bytes * (parts - 1))));
  const int64_t length = (p.n + parts - 1) / parts;
  parallel_for(0, parts, 1, [&](int64_t b, int64_t e) {
    for (int64_t part = b; part < e; ++part) {
      const int64_t first = part * length;
      const int64_t n = first + length < p.n ? length : p.n - first;
      const char* values = p.rows.data[1] + first * p.values_stride;
      const char* index = p.rows.data[2] + first * p.index_stride;
      if (part == 0) {
        entries_in_order<Op, T>(p, self, values, index, n);
        continue;
      }
      T* const own = spare + (part - 1) * targets;
      for (int64_t t = 0; t < targets; ++t) own[t] = Op::template identity<T>();
      ScatterPlan dense;
      dense.values_stride = p.values_stride;
      dense.index_stride = p.index_stride;
      dense.step = sizeof(T);
      entries_in_order<Op, T>(dense, reinterpret_cast<char*>(own), values, index, n);
    }
  });
  parallel_for(0, targets, kGrain, [&](int64_t b, int64_t e) {
    for (int64_t part = 1; part < parts; ++part)
      row_of_one<Op, T>(self + b * p.step, p.step,
                        reinterpret_cast<const char*>(spare + (part - 1) * targets + b), sizeof(T),
                        e - b);
  });
  cpu_free(spare, size_t(bytes * (parts - 1)));
  return true;
}

template <class Op, class T>
void scatter_all(const ScatterPlan& p) {
  constexpr int64_t kItem = sizeof(T);
  const NdPlan& rows = p.rows;
  if (rows.numel == 0 || p.n == 0) return;
  if constexpr (Op::kReduces)
    if (rows.numel == 1 && p.targets > 0 && scatter_in_parts<Op, T>(p, p.targets)) return;

  const int64_t so = rows.strides[0][0], sv = rows.strides[0][1], si = rows.strides[0][2];
  // The inner loop runs along whichever is nearer in memory: a row's elements or its entries.
  const bool along_row = rows.shape[0] > 1 && (so < p.spacing || p.n == 1);
  const int64_t grain = kGrain / p.n > kMinRow ? kGrain / p.n : kMinRow;
  parallel_for(0, rows.numel, grain, [&](int64_t b, int64_t e) {
    walk_rows(rows, b, e, [&](char* const* data, int64_t m) {
      char* const self = data[0];
      const char *const values = data[1], *const index = data[2];
      if (!along_row) {
        for (int64_t j = 0; j < m; ++j)
          entries_in_order<Op, T>(p, self + j * so, values + j * sv, index + j * si, p.n);
        return;
      }
      for (int64_t i = 0; i < p.n; ++i) {
        const char* v = values + i * p.values_stride;
        const char* x = index + i * p.index_stride;
        if (si == 0)
          row_of_one<Op, T>(self + *reinterpret_cast<const int64_t*>(x) * p.step, so, v, sv, m);
        else if (so == kItem && sv == kItem && si == 8)
          entries<Op, T>(self, kItem, v, kItem, x, 8, p.step, m);
        else
          entries<Op, T>(self, so, v, sv, x, si, p.step, m);
      }
    });
  });
}

template <class Op>
void scatter_numbers(const ScatterPlan& plan, DType dtype) {
  dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    constexpr DType d = dtype_of<T>;
    constexpr bool ordered =
        std::is_same_v<Op, ScatterMaximum> || std::is_same_v<Op, ScatterMinimum>;
    constexpr bool wide = d == DType::U16 || d == DType::U32 || d == DType::U64;
    // 16 bit floats are gathered in float32 by the caller.
    if constexpr (!wide && d != DType::F16 && d != DType::BF16 && !(ordered && d >= DType::C64))
      scatter_all<Op, T>(plan);
  });
}

void scatter_kernel(const ScatterPlan& plan, ScatterOp op, DType dtype) {
  switch (op) {
    case ScatterOp::Assign:
      switch (itemsize(dtype)) {
#define RL_SIZE(size, T) \
  case size: return scatter_all<ScatterAssign, T>(plan);
        RL_FOR_SIZES(RL_SIZE)
#undef RL_SIZE
      }
      return;
    case ScatterOp::Add: return scatter_numbers<ScatterAdd>(plan, dtype);
    case ScatterOp::Multiply: return scatter_numbers<ScatterMultiply>(plan, dtype);
    case ScatterOp::Maximum: return scatter_numbers<ScatterMaximum>(plan, dtype);
    case ScatterOp::Minimum: return scatter_numbers<ScatterMinimum>(plan, dtype);
  }
}

}  // namespace

void register_scatter(KernelSlots& slots) { slots.scatter = &scatter_kernel; }

}  // namespace rushlight::cpu::RL_ISA
