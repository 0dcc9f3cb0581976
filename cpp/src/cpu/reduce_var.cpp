// Variance: mean and squared deviations of short runs, each in two passes, merged in double.
#include "reduce_leaf.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Deviations from a centre and their squares, kLaneBytes of each.
template <class T>
struct DeviationLanes {
  using A = Compute<T>;
  using V = Vec<A>;
  static constexpr int kCount = kLaneBytes / int(sizeof(A));
  static constexpr int kRegisters = kCount / V::kSize;
  using SumLanes = VecLanes<Sum, T>;
  SumLanes first, second;

  RL_INLINE void zero() {
    for (int k = 0; k < kRegisters; ++k) first.lanes[k] = second.lanes[k] = V(A(0));
  }
  RL_INLINE void combine(const DeviationLanes& b) {
    first.combine(b.first);
    second.combine(b.second);
  }
  RL_INLINE void add_steps(const T* x, int64_t steps, V centre) {
    constexpr int kTogether = kRegisters < 4 ? kRegisters : 4;
#pragma GCC unroll 4
    for (int g = 0; g < kRegisters; g += kTogether) {
      V a[kTogether], b[kTogether];
#pragma GCC unroll 4
      for (int k = 0; k < kTogether; ++k) {
        a[k] = first.lanes[g + k];
        b[k] = second.lanes[g + k];
      }
      for (int64_t s = 0; s < steps; ++s) {
#pragma GCC unroll 4
        for (int k = 0; k < kTogether; ++k) {
          const V d = load_lanes(x + s * kCount + (g + k) * V::kSize) - centre;
          a[k] += d;
          b[k] += d * d;
        }
      }
#pragma GCC unroll 4
      for (int k = 0; k < kTogether; ++k) {
        first.lanes[g + k] = a[k];
        second.lanes[g + k] = b[k];
      }
    }
  }
  RL_INLINE void add_tail(const T* x, int64_t count, V centre) {
#pragma GCC unroll 16
    for (int k = 0; k < kRegisters; ++k) {
      const int64_t here = count - k * V::kSize;
      if (here <= 0) break;
      const int64_t lanes = here < V::kSize ? here : V::kSize;
      const V d = select(V::first_mask(lanes), load_lanes_partial(x + k * V::kSize, lanes) - centre,
                         V(A(0)));
      first.lanes[k] += d;
      second.lanes[k] += d * d;
    }
  }
};

template <class T>
struct VarianceLeaf {
  using A = Compute<T>;

  // 0 < n <= kReduceChunk.
  static Moments moments(const T* x, int64_t n) {
    const A centre = run<Sum>(x, n) / A(n);
    const Vec<A> c(centre);
    using L = DeviationLanes<T>;
    constexpr int64_t kBlock = int64_t(L::kCount) * kBlockSteps;
    L levels[11], current;
    int64_t blocks = 0;
    for (;; ++blocks) {
      const int64_t rest = n - blocks * kBlock;
      if (rest <= 0) break;
      const T* from = x + blocks * kBlock;
      current.zero();
      if (rest >= kBlock) {
        current.add_steps(from, kBlockSteps, c);
      } else {
        const int64_t steps = rest / L::kCount;
        current.add_steps(from, steps, c);
        current.add_tail(from + steps * L::kCount, rest % L::kCount, c);
      }
      int level = 0;
#pragma GCC unroll 1
      for (; blocks >> level & 1; ++level) {
        levels[level].combine(current);
        current = levels[level];
      }
      levels[level] = current;
    }
    const int lowest = __builtin_ctzll(uint64_t(blocks));
    current = levels[lowest];
#pragma GCC unroll 1
    for (int64_t left = blocks & (blocks - 1); left != 0; left &= left - 1) {
      const int level = __builtin_ctzll(uint64_t(left));
      levels[level].combine(current);
      current = levels[level];
    }
    // The centre is the mean up to rounding; its error is taken out again.
    const double first = double(current.first.fold()), second = double(current.second.fold());
    const double count = double(n);
    const double squares = second - first * first / count;
    return {double(centre) + first / count, squares < 0 ? 0 : squares, count};
  }

  static RL_INLINE void store(const Moments& m, int64_t at, const ReducePlan& plan) {
    const A v = A(m.variance(plan.how));
    reinterpret_cast<T*>(plan.out[0])[at] = T(v);
    if (plan.out[1]) reinterpret_cast<T*>(plan.out[1])[at] = T(A(m.mean));
  }
  static void rows(const char* in, int64_t in_stride, int64_t n, int64_t outputs, int64_t first,
                   int64_t out_stride, const ReducePlan& plan) {
    for (int64_t i = 0; i < outputs; ++i)
      store(moments(reinterpret_cast<const T*>(in + i * in_stride), n), first + i * out_stride, plan);
  }
  static void run_to(const char* in, int64_t n, void* acc) {
    *static_cast<Moments*>(acc) = moments(reinterpret_cast<const T*>(in), n);
  }
  // rows <= kBlockSteps, so that plain sums in double are exact enough.
  static void columns(const char* in, int64_t row_stride, int64_t rows, int64_t width, void* to) {
    Moments* acc = static_cast<Moments*>(to);
    constexpr int64_t kPart = 64;
    const double scale = 1.0 / double(rows);
    for (int64_t begin = 0; begin < width; begin += kPart) {
      const int64_t n = width - begin < kPart ? width - begin : kPart;
      double mean[kPart] = {}, squares[kPart] = {};
      for (int64_t r = 0; r < rows; ++r) {
        const T* x = reinterpret_cast<const T*>(in + r * row_stride) + begin;
        for (int64_t c = 0; c < n; ++c) mean[c] += double(A(x[c]));
      }
      for (int64_t c = 0; c < n; ++c) mean[c] *= scale;
      for (int64_t r = 0; r < rows; ++r) {
        const T* x = reinterpret_cast<const T*>(in + r * row_stride) + begin;
        for (int64_t c = 0; c < n; ++c) {
          const double d = double(A(x[c])) - mean[c];
          squares[c] += d * d;
        }
      }
      for (int64_t c = 0; c < n; ++c) acc[begin + c] = {mean[c], squares[c], double(rows)};
    }
  }
  static void combine(void* acc, const void* other, int64_t count) {
    Moments* a = static_cast<Moments*>(acc);
    const Moments* b = static_cast<const Moments*>(other);
    for (int64_t i = 0; i < count; ++i) a[i] = Moments::combine(a[i], b[i]);
  }
  static void project(const void* acc, int64_t count, int64_t first, int64_t out_stride,
                      const ReducePlan& plan) {
    const Moments* a = static_cast<const Moments*>(acc);
    for (int64_t i = 0; i < count; ++i) store(a[i], first + i * out_stride, plan);
  }

  static constexpr ReduceLeaf kTable = {sizeof(Moments), &rows, &run_to, &columns, &combine,
                                        &gather_items<sizeof(T)>, &project};
};

void variance(const ReducePlan& plan, DType dtype) {
  switch (dtype) {
    case DType::F16:
      return reduce_with(plan, VarianceLeaf<Half>::kTable);
    case DType::BF16:
      return reduce_with(plan, VarianceLeaf<BFloat16>::kTable);
    case DType::F32:
      return reduce_with(plan, VarianceLeaf<float>::kTable);
    default:
      return reduce_with(plan, VarianceLeaf<double>::kTable);
  }
}

}  // namespace

void register_reduce_var(KernelSlots& slots) { slots.variance = &variance; }

}  // namespace rushlight::cpu::RL_ISA
