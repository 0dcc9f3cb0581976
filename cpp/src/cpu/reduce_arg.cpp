// The largest and smallest element and where it is: the first NaN, else the first of equals.
#include "reduce_leaf.h"
#include "scratch.h"

namespace rushlight::cpu::RL_ISA {
namespace {

template <class T, bool kLargest>
struct ArgKernel {
  using C = Compute<T>;
  using Op = std::conditional_t<kLargest, Max, Min>;
  // The index of a column's best row, as wide as the value where that vectorises.
  using Row = std::conditional_t<sizeof(C) == 8, int64_t, int32_t>;

  struct Best {
    C value;
    int64_t index;
  };

  static RL_INLINE bool better(C a, C b) {
    const bool beyond = kLargest ? a > b : a < b;
    if constexpr (IntScalar<C>)
      return beyond;
    else
      return beyond | ((a != a) & (b == b));
  }
  static RL_INLINE bool is(C a, C value) {
    if constexpr (IntScalar<C>)
      return a == value;
    else
      return (a == value) | ((value != value) & (a != a));
  }

  static RL_INLINE Best scan_short(const T* x, int64_t n) {
    Best best{C(x[0]), 0};
    for (int64_t i = 1; i < n; ++i) {
      const C v(x[i]);
      if (better(v, best.value)) best = {v, i};
    }
    return best;
  }
  // The first element that is the value; there is one.
  static int64_t find(const T* x, int64_t n, C value) {
    constexpr int64_t kStep = 128;
    int64_t i = 0;
    for (; i + kStep <= n; i += kStep)
      if (has(x + i, kStep, value)) break;
    while (!is(C(x[i]), value)) ++i;
    return i;
  }
  static RL_INLINE bool has(const T* x, int64_t n, C value) {
    if constexpr (kUsesVec<Op, T>) {
      using V = Vec<C>;
      const bool nan = value != value;
      typename V::Mask hit(false);
      for (int64_t j = 0; j < n; j += V::kSize) {
        const V v = load_lanes(x + j);
        hit = hit | (nan ? v != v : v == V(value));
      }
      return any(hit);
    } else {
      // As wide as the elements, so that it vectorises.
      using U = std::make_unsigned_t<std::conditional_t<std::is_same_v<C, bool>, uint8_t, C>>;
      U hit = 0;
      for (int64_t j = 0; j < n; ++j) hit |= U(C(x[j]) == value);
      return hit != 0;
    }
  }

  // The best of each block first, then its place in the block that had it.
  static Best scan(const T* x, int64_t n) {
    if (n < 64) return scan_short(x, n);
    constexpr int64_t kBlock = 2048;
    Best best{};
    for (int64_t b = 0; b < n; b += kBlock) {
      const C value = C(run<Op>(x + b, n - b < kBlock ? n - b : kBlock));
      if (b == 0 || better(value, best.value)) best = {value, b};
    }
    const int64_t i = best.index + find(x + best.index, n - best.index, best.value);
    best.index = i;
    return best;
  }

  static RL_INLINE void store(const ReducePlan& plan, int64_t at, const Best& best) {
    if (plan.out[0]) reinterpret_cast<T*>(plan.out[0])[at] = T(best.value);
    reinterpret_cast<int64_t*>(plan.out[1])[at] = best.index;
  }

  static RL_INLINE void place(const ReducePlan& plan, int from, int64_t index, int64_t& in, int64_t& out) {
    in = out = 0;
    for (int d = from; d < plan.kept; ++d) {
      const int64_t i = index % plan.kept_shape[d];
      index /= plan.kept_shape[d];
      in += i * plan.kept_in[d];
      out += i * plan.kept_out[d];
    }
  }

  // A run of any stride; strided ones are gathered piece by piece.
  static Best scan_strided(const char* in, int64_t stride, int64_t n) {
    constexpr int64_t kPacked = 1024;
    T packed[kPacked];
    Best best{};
    for (int64_t b = 0; b < n; b += kPacked) {
      const int64_t m = n - b < kPacked ? n - b : kPacked;
      for (int64_t i = 0; i < m; ++i) packed[i] = *reinterpret_cast<const T*>(in + (b + i) * stride);
      const Best here = scan(packed, m);
      if (b == 0 || better(here.value, best.value)) best = {here.value, b + here.index};
    }
    return best;
  }

  static void rows(const ReducePlan& plan) {
    const int64_t n = plan.count, stride = plan.reduced_in[0];
    const bool dense = stride == int64_t(sizeof(T));
    const int64_t piece = n < kReduceChunk ? n : kReduceChunk;
    const int64_t pieces = (n + piece - 1) / piece;
    const int64_t grain = kGrain / piece > 0 ? kGrain / piece : 1;
    if (pieces == 1) {
      parallel_for(0, plan.outputs, grain, [&](int64_t b, int64_t e) {
        for (int64_t output = b; output < e; ++output) {
          int64_t in, out;
          place(plan, 0, output, in, out);
          const char* x = plan.in + in;
          store(plan, out, dense ? scan(reinterpret_cast<const T*>(x), n) : scan_strided(x, stride, n));
        }
      });
      return;
    }
    with_scratch(size_t(plan.outputs * pieces) * sizeof(Best), [&](void* scratch) {
      Best* parts = static_cast<Best*>(scratch);
      parallel_for(0, plan.outputs * pieces, grain, [&](int64_t b, int64_t e) {
        for (int64_t unit = b; unit < e; ++unit) {
          int64_t in, out;
          place(plan, 0, unit / pieces, in, out);
          const int64_t begin = unit % pieces * piece, m = n - begin < piece ? n - begin : piece;
          const char* x = plan.in + in + begin * stride;
          parts[unit] = dense ? scan(reinterpret_cast<const T*>(x), m) : scan_strided(x, stride, m);
          parts[unit].index += begin;
        }
      });
      for (int64_t output = 0; output < plan.outputs; ++output) {
        Best best = parts[output * pieces];
        for (int64_t p = 1; p < pieces; ++p) {
          const Best& part = parts[output * pieces + p];
          if (better(part.value, best.value)) best = part;
        }
        int64_t in, out;
        place(plan, 0, output, in, out);
        store(plan, out, best);
      }
    });
  }

  static void columns(const ReducePlan& plan) {
    const int64_t n = plan.count, stride = plan.reduced_in[0], width = plan.kept_shape[0];
    constexpr int64_t kStrip = 256;
    const int64_t strips = (width + kStrip - 1) / kStrip;
    const int64_t work = n * (width < kStrip ? width : kStrip);
    parallel_for(0, plan.outputs / width * strips, kGrain / work > 0 ? kGrain / work : 1,
                 [&](int64_t b, int64_t e) {
      C value[kStrip];
      Row row[kStrip];
      for (int64_t unit = b; unit < e; ++unit) {
        int64_t in, out;
        place(plan, 1, unit / strips, in, out);
        const int64_t column = unit % strips * kStrip;
        const int64_t here = width - column < kStrip ? width - column : kStrip;
        const char* x = plan.in + in + column * int64_t(sizeof(T));
        for (int64_t c = 0; c < here; ++c) {
          value[c] = C(reinterpret_cast<const T*>(x)[c]);
          row[c] = 0;
        }
        for (int64_t r = 1; r < n; ++r) {
          const T* from = reinterpret_cast<const T*>(x + r * stride);
#pragma GCC ivdep
          for (int64_t c = 0; c < here; ++c) {
            const C v(from[c]);
            const bool take = better(v, value[c]);
            value[c] = take ? v : value[c];
            row[c] = take ? Row(r) : row[c];
          }
        }
        for (int64_t c = 0; c < here; ++c)
          store(plan, out + (column + c) * plan.kept_out[0], Best{value[c], int64_t(row[c])});
      }
    });
  }

  static void execute(const ReducePlan& plan) {
    if (plan.kind == ReduceCase::Columns && plan.kept_shape[0] >= 8 && plan.count < (int64_t(1) << 30))
      columns(plan);
    else
      rows(plan);
  }
};

template <bool kLargest, int D = 0>
void arg_of(const ReducePlan& plan, DType dtype) {
  if constexpr (D < kNumDTypes) {
    if constexpr (accepts(B | I | F, DType(D)))
      if (DType(D) == dtype)
        return ArgKernel<typename CTypeOf<DType(D)>::Type, kLargest>::execute(plan);
    arg_of<kLargest, D + 1>(plan, dtype);
  }
}

void arg_extreme(const ReducePlan& plan, DType dtype, bool largest) {
  if (largest)
    arg_of<true>(plan, dtype);
  else
    arg_of<false>(plan, dtype);
}

}  // namespace

void register_reduce_arg(KernelSlots& slots) { slots.arg_extreme = &arg_extreme; }

}  // namespace rushlight::cpu::RL_ISA
