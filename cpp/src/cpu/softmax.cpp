// softmax, log_softmax and logsumexp with their gradients, fused: each row or strip of columns is
// worked on while it is in cache. Half and bfloat16 are computed in float.
#include "row_loops.h"

namespace rushlight::cpu::RL_ISA {
namespace {

enum class Kind { Softmax, LogSoftmax, LogSumExp };

template <class T>
struct SoftmaxKernel : RowLoops<T> {
  using Loops = RowLoops<T>;
  using typename Loops::C;
  using typename Loops::V;
  using Loops::for_registers;
  using Loops::kFlush;
  using Loops::load;
  using Loops::store;
  using Loops::sum_terms;

  static RL_INLINE C largest(const T* x, int64_t n) {
    C best = run<Max>(x, n < kReduceChunk ? n : kReduceChunk);
    for (int64_t i = kReduceChunk; i < n; i += kReduceChunk)
      best = Max::combine(best, run<Max>(x + i, n - i < kReduceChunk ? n - i : kReduceChunk));
    return best;
  }

  template <Kind kKind>
  static RL_INLINE void forward_row(const T* x, T* out, int64_t n) {
    const C top = largest(x, n);
    if constexpr (kKind == Kind::LogSumExp) {
      // All -inf, or +inf somewhere: the answer is the maximum itself.
      const C shift = __builtin_isinf(top) ? C(0) : top;
      const double total = sum_terms(n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        return math::exp(load(x + i, count) - V(shift));
      });
      *out = T(C(double(shift) + __builtin_log(total)));
    } else if constexpr (kKind == Kind::LogSoftmax) {
      const double total = sum_terms(n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        return math::exp(load(x + i, count) - V(top));
      });
      const V log_total(C(__builtin_log(total)));
      for_registers(n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        store(out + i, load(x + i, count) - V(top) - log_total, count);
      });
    } else if constexpr (std::is_same_v<T, C>) {
      const double total = sum_terms(n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        const V e = math::exp(load(x + i, count) - V(top));
        store(out + i, e, count);
        return e;
      });
      const V scale(C(1.0 / total));
      for_registers(n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        store(out + i, load(out + i, count) * scale, count);
      });
    } else {
      const double total = sum_terms(n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        return math::exp(load(x + i, count) - V(top));
      });
      const V scale(C(1.0 / total));
      for_registers(n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        store(out + i, math::exp(load(x + i, count) - V(top)) * scale, count);
      });
    }
  }

  template <bool kLog>
  static RL_INLINE void backward_row(const T* g, const T* y, T* out, int64_t n) {
    const double total = sum_terms(n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
      const V grad = load(g + i, count);
      return kLog ? grad : grad * load(y + i, count);
    });
    const V sum{C(total)};
    for_registers(n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
      const V grad = load(g + i, count), result = load(y + i, count);
      store(out + i, kLog ? grad - math::exp(result) * sum : (grad - sum) * result, count);
    });
  }

  // A strip of columns, `width` <= kStrip of them, `stride` elements between rows.
  static constexpr int64_t kStrip = 256;

  struct Strip {
    C top[kStrip], part[kStrip];
    double total[kStrip];

    // total[c] = sum over rows of term(row, c, count).
    template <class F>
    RL_INLINE void sum_terms(int64_t n, int64_t width, const F& term) {
      for (int64_t c = 0; c < width; ++c) total[c] = 0;
      for (int64_t begin = 0; begin < n; begin += kFlush) {
        const int64_t end = begin + kFlush < n ? begin + kFlush : n;
        for (int64_t c = 0; c < kStrip; ++c) part[c] = 0;
        for (int64_t r = begin; r < end; ++r)
          for_registers(width, [&](int64_t c, int64_t count) __attribute__((always_inline)) {
            (V::loadu(part + c) + term(r, c, count)).storeu(part + c);
          });
        for (int64_t c = 0; c < width; ++c) total[c] += double(part[c]);
      }
    }
  };

  template <Kind kKind>
  static RL_INLINE void forward_strip(const T* x, T* out, int64_t n, int64_t stride, int64_t width) {
    Strip s;
    for (int64_t c = 0; c < kStrip; ++c) s.top[c] = C(-__builtin_inf());
    for (int64_t r = 0; r < n; ++r)
      for_registers(width, [&](int64_t c, int64_t count) __attribute__((always_inline)) {
        Max::combine(V::loadu(s.top + c), load(x + r * stride + c, count)).storeu(s.top + c);
      });
    if constexpr (kKind == Kind::LogSumExp)
      for (int64_t c = 0; c < width; ++c)
        if (__builtin_isinf(s.top[c])) s.top[c] = 0;
    constexpr bool kKeepExp = kKind == Kind::Softmax && std::is_same_v<T, C>;
    s.sum_terms(n, width, [&](int64_t r, int64_t c, int64_t count) __attribute__((always_inline)) {
      const V e = math::exp(load(x + r * stride + c, count) - V::loadu(s.top + c));
      if constexpr (kKeepExp) store(out + r * stride + c, e, count);
      return e;
    });
    if constexpr (kKind == Kind::LogSumExp) {
      for (int64_t c = 0; c < width; ++c)
        out[c] = T(C(double(s.top[c]) + __builtin_log(s.total[c])));
      return;
    }
    for (int64_t c = 0; c < width; ++c)
      s.part[c] = C(kKind == Kind::Softmax ? 1.0 / s.total[c] : __builtin_log(s.total[c]));
    for (int64_t r = 0; r < n; ++r)
      for_registers(width, [&](int64_t c, int64_t count) __attribute__((always_inline)) {
        const T* from = x + r * stride + c;
        T* to = out + r * stride + c;
        const V last = V::loadu(s.part + c);
        if constexpr (kKeepExp)
          store(to, load(to, count) * last, count);
        else if constexpr (kKind == Kind::Softmax)
          store(to, math::exp(load(from, count) - V::loadu(s.top + c)) * last, count);
        else
          store(to, load(from, count) - V::loadu(s.top + c) - last, count);
      });
  }

  template <bool kLog>
  static RL_INLINE void backward_strip(const T* g, const T* y, T* out, int64_t n, int64_t stride,
                                       int64_t width) {
    Strip s;
    s.sum_terms(n, width, [&](int64_t r, int64_t c, int64_t count) __attribute__((always_inline)) {
      const V grad = load(g + r * stride + c, count);
      return kLog ? grad : grad * load(y + r * stride + c, count);
    });
    for (int64_t c = 0; c < width; ++c) s.part[c] = C(s.total[c]);
    for (int64_t r = 0; r < n; ++r)
      for_registers(width, [&](int64_t c, int64_t count) __attribute__((always_inline)) {
        const int64_t at = r * stride + c;
        const V grad = load(g + at, count), result = load(y + at, count), sum = V::loadu(s.part + c);
        store(out + at, kLog ? grad - math::exp(result) * sum : (grad - sum) * result, count);
      });
  }

  // row(offset) for every row, or strip(offset, width) for every strip.
  template <class RowFn, class StripFn>
  static RL_INLINE void walk(const SoftmaxPlan& plan, const RowFn& row, const StripFn& strip) {
    if (plan.inner == 1) {
      const int64_t grain = kGrain / 4 / plan.n;
      parallel_for(0, plan.outer, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
        for (int64_t i = b; i < e; ++i) row(i);
      });
      return;
    }
    const int64_t strips = (plan.inner + kStrip - 1) / kStrip;
    const int64_t width = plan.inner < kStrip ? plan.inner : kStrip;
    const int64_t grain = kGrain / 4 / (plan.n * width);
    parallel_for(0, plan.outer * strips, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; ++i) {
        const int64_t column = i % strips * kStrip;
        strip(i / strips, column, plan.inner - column < kStrip ? plan.inner - column : kStrip);
      }
    });
  }

  template <Kind kKind>
  static void forward(const SoftmaxPlan& plan) {
    const T* x = static_cast<const T*>(plan.in);
    T* out = static_cast<T*>(plan.out);
    const int64_t n = plan.n, inner = plan.inner;
    constexpr bool kOne = kKind == Kind::LogSumExp;
    walk(
        plan, [&](int64_t i) { forward_row<kKind>(x + i * n, out + (kOne ? i : i * n), n); },
        [&](int64_t i, int64_t column, int64_t width) {
          const int64_t at = i * n * inner + column;
          forward_strip<kKind>(x + at, out + (kOne ? i * inner + column : at), n, inner, width);
        });
  }
  template <bool kLog>
  static void backward(const SoftmaxPlan& plan) {
    const T *g = static_cast<const T*>(plan.grad), *y = static_cast<const T*>(plan.in);
    T* out = static_cast<T*>(plan.out);
    const int64_t n = plan.n, inner = plan.inner;
    walk(
        plan, [&](int64_t i) { backward_row<kLog>(g + i * n, y + i * n, out + i * n, n); },
        [&](int64_t i, int64_t column, int64_t width) {
          const int64_t at = i * n * inner + column;
          backward_strip<kLog>(g + at, y + at, out + at, n, inner, width);
        });
  }
};

template <class F>
RL_INLINE void for_float(DType dtype, const F& fn) {
  switch (dtype) {
    case DType::F16:
      return fn(SoftmaxKernel<Half>{});
    case DType::BF16:
      return fn(SoftmaxKernel<BFloat16>{});
    case DType::F32:
      return fn(SoftmaxKernel<float>{});
    default:
      return fn(SoftmaxKernel<double>{});
  }
}

void softmax(const SoftmaxPlan& plan, DType dtype, bool logarithm) {
  for_float(dtype, [&](auto kernel) __attribute__((always_inline)) {
    if (logarithm)
      kernel.template forward<Kind::LogSoftmax>(plan);
    else
      kernel.template forward<Kind::Softmax>(plan);
  });
}
void softmax_backward(const SoftmaxPlan& plan, DType dtype, bool logarithm) {
  for_float(dtype, [&](auto kernel) __attribute__((always_inline)) {
    if (logarithm)
      kernel.template backward<true>(plan);
    else
      kernel.template backward<false>(plan);
  });
}
void logsumexp(const SoftmaxPlan& plan, DType dtype) {
  for_float(dtype, [&](auto kernel) __attribute__((always_inline)) { kernel.template forward<Kind::LogSumExp>(plan); });
}

}  // namespace

void register_softmax(KernelSlots& slots) {
  slots.softmax = &softmax;
  slots.softmax_backward = &softmax_backward;
  slots.logsumexp = &logsumexp;
}

}  // namespace rushlight::cpu::RL_ISA
