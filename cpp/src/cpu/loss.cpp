// The negative log likelihood and its gradient.
#include "loops.h"
#include "scratch.h"

namespace rushlight::cpu::RL_ISA {
namespace {

int64_t first_bad_target(const NllPlan& plan) {
  const int64_t n = plan.batch * plan.inner;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t t = plan.target[i];
    if (RL_UNLIKELY((t < 0 || t >= plan.classes) && t != plan.ignore_index)) return i;
  }
  return -1;
}

struct Totals {
  double loss, weight;
};

// Sum of body(i) over samples, in fixed blocks.
template <class F>
RL_INLINE Totals sum_samples(int64_t n, const F& body) {
  constexpr int64_t kBlock = 4096;
  const int64_t blocks = (n + kBlock - 1) / kBlock;
  Totals total{0, 0};
  with_scratch(size_t(blocks) * sizeof(Totals), [&](void* scratch) {
    Totals* parts = static_cast<Totals*>(scratch);
    parallel_for(0, blocks, 4, [&](int64_t b, int64_t e) {
      for (int64_t block = b; block < e; ++block) {
        Totals part{0, 0};
        const int64_t end = (block + 1) * kBlock < n ? (block + 1) * kBlock : n;
        for (int64_t i = block * kBlock; i < end; ++i) {
          const Totals one = body(i);
          part.loss += one.loss;
          part.weight += one.weight;
        }
        parts[block] = part;
      }
    });
    for (int64_t block = 0; block < blocks; ++block) {
      total.loss += parts[block].loss;
      total.weight += parts[block].weight;
    }
  });
  return total;
}

template <class T>
struct Nll {
  using C = Compute<T>;

  static RL_INLINE C weight_of(const NllPlan& plan, int64_t target) {
    return plan.weight ? C(static_cast<const T*>(plan.weight)[target]) : C(1);
  }
  // Where sample i's target element stands in the input.
  static RL_INLINE int64_t element(const NllPlan& plan, int64_t i, int64_t target) {
    return (i / plan.inner * plan.classes + target) * plan.inner + i % plan.inner;
  }

  static void forward(const NllPlan& plan) {
    const T* x = static_cast<const T*>(plan.input);
    T* out = static_cast<T*>(plan.out);
    const int64_t n = plan.batch * plan.inner;
    if (plan.reduction == Reduction::None) {
      parallel_for(0, n, kGrain, [&](int64_t b, int64_t e) {
        for (int64_t i = b; i < e; ++i) {
          const int64_t t = plan.target[i];
          out[i] = T(t == plan.ignore_index ? C(0) : -weight_of(plan, t) * C(x[element(plan, i, t)]));
        }
      });
      return;
    }
    const Totals total = sum_samples(n, [&](int64_t i) {
      const int64_t t = plan.target[i];
      if (t == plan.ignore_index) return Totals{0, 0};
      const double w = double(weight_of(plan, t));
      return Totals{-w * double(C(x[element(plan, i, t)])), w};
    });
    *out = T(C(plan.reduction == Reduction::Mean ? total.loss / total.weight : total.loss));
  }

  static void backward(const NllPlan& plan) {
    const T* g = static_cast<const T*>(plan.grad);
    T* out = static_cast<T*>(plan.out);
    const int64_t n = plan.batch * plan.inner, elements = n * plan.classes;
    parallel_for(0, elements, kGrain * 4, [&](int64_t b, int64_t e) {
      __builtin_memset(out + b, 0, size_t(e - b) * sizeof(T));
    });
    double scale = 1;
    if (plan.reduction == Reduction::Mean)
      scale = 1 / sum_samples(n, [&](int64_t i) {
                return Totals{0, plan.target[i] == plan.ignore_index ? 0.0 : double(weight_of(plan, plan.target[i]))};
              }).weight;
    parallel_for(0, n, kGrain, [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; ++i) {
        const int64_t t = plan.target[i];
        if (t == plan.ignore_index) continue;
        const C grad = C(g[plan.reduction == Reduction::None ? i : 0]);
        out[element(plan, i, t)] = T(C(-double(weight_of(plan, t)) * double(grad) * scale));
      }
    });
  }
};

template <class F>
RL_INLINE void for_float(DType dtype, const F& fn) {
  switch (dtype) {
    case DType::F16:
      return fn(Nll<Half>{});
    case DType::BF16:
      return fn(Nll<BFloat16>{});
    case DType::F32:
      return fn(Nll<float>{});
    default:
      return fn(Nll<double>{});
  }
}

int64_t nll_loss(const NllPlan& plan, DType dtype) {
  const int64_t bad = first_bad_target(plan);
  if (bad >= 0) return bad;
  for_float(dtype, [&](auto kernel) __attribute__((always_inline)) { kernel.forward(plan); });
  return -1;
}
int64_t nll_loss_backward(const NllPlan& plan, DType dtype) {
  const int64_t bad = first_bad_target(plan);
  if (bad >= 0) return bad;
  for_float(dtype, [&](auto kernel) __attribute__((always_inline)) { kernel.backward(plan); });
  return -1;
}

}  // namespace

void register_loss(KernelSlots& slots) {
  slots.nll_loss = &nll_loss;
  slots.nll_loss_backward = &nll_loss_backward;
}

}  // namespace rushlight::cpu::RL_ISA
