// Losses between two tensors of one shape, and their gradients, one pass each.
#include "row_loops.h"
#include "rushlight/iter/unit_plan.h"
#include "scratch.h"

namespace rushlight::cpu::RL_ISA {

bool run_loss(const LossPlan& plan);

namespace {

// 1, -1, or 0 for 0 and NaN.
template <class V>
RL_INLINE V sign(V d) {
  return select(d > number<V>(0), number<V>(1),
                select(d < number<V>(0), number<V>(-1), number<V>(0)));
}

struct ProbabilityLoss {
  static constexpr bool kOfProbabilities = true;
  // Logarithms are cut at -100, the slope's denominator at 1e-12.
  template <class V>
  static RL_INLINE V value(V x, V t, V) {
    const V least = number<V>(-100);
    return (t - number<V>(1)) * max(math::log1p(-x), least) - t * max(math::log(x), least);
  }
  template <class V>
  static RL_INLINE V slope(V x, V t, V) {
    return (x - t) / max((number<V>(1) - x) * x, number<V>(1e-12));
  }
};
struct LogitLoss {
  static constexpr bool kOfProbabilities = false;
  template <class V>
  static RL_INLINE V value(V x, V t, V) {
    return (number<V>(1) - t) * x - (min(x, number<V>(0)) - math::log1p(math::exp(-abs(x))));
  }
  template <class V>
  static RL_INLINE V slope(V x, V t, V) {
    return math::sigmoid(x) - t;
  }
};
struct HuberLoss {
  static constexpr bool kOfProbabilities = false;
  template <class V>
  static RL_INLINE V value(V x, V t, V delta) {
    const V d = x - t, size = abs(d), half = number<V>(0.5);
    return select(size < delta, half * d * d, delta * (size - half * delta));
  }
  template <class V>
  static RL_INLINE V slope(V x, V t, V delta) {
    const V d = x - t;
    return select(d >= delta, delta, select(d <= -delta, -delta, d));
  }
};
struct AbsoluteLoss {
  static constexpr bool kOfProbabilities = false;
  template <class V>
  static RL_INLINE V value(V x, V t, V) {
    return abs(x - t);
  }
  template <class V>
  static RL_INLINE V slope(V x, V t, V) {
    return sign(x - t);
  }
};
struct SquareLoss {
  static constexpr bool kOfProbabilities = false;
  template <class V>
  static RL_INLINE V value(V x, V t, V) {
    const V d = x - t;
    return d * d;
  }
  template <class V>
  static RL_INLINE V slope(V x, V t, V) {
    const V d = x - t;
    return d + d;
  }
};
struct SmoothLoss {
  static constexpr bool kOfProbabilities = false;
  template <class V>
  static RL_INLINE V value(V x, V t, V beta) {
    const V d = x - t, size = abs(d), half = number<V>(0.5);
    return select(size < beta, half * d * d / beta, size - half * beta);
  }
  template <class V>
  static RL_INLINE V slope(V x, V t, V beta) {
    const V d = x - t;
    return select(abs(d) >= beta, sign(d), d / beta);  // NaN stays
  }
};

constexpr int64_t kBlock = 16384;

struct Part {
  double sum;
  bool bad;
};

template <class T, class L>
struct LossKernel : RowLoops<T> {
  using Loops = RowLoops<T>;
  using Loops::load;
  using typename Loops::C;
  using typename Loops::V;

  static RL_INLINE bool all_probabilities(const T* x, int64_t n) {
    bool bad = false;
    Loops::for_registers(n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
      const V v = load(x + i, count);  // lanes beyond count are 0
      bad |= any(!((v >= number<V>(0)) & (v <= number<V>(1))));
    });
    return !bad;
  }

  // One block: its losses written, or their sum.
  static RL_INLINE Part block(const LossPlan& plan, int64_t at, int64_t n) {
    const T *x = static_cast<const T*>(plan.x) + at, *t = static_cast<const T*>(plan.target) + at;
    const V a{C(plan.a)};
    if (L::kOfProbabilities && (!all_probabilities(x, n) || !all_probabilities(t, n)))
      return {0, true};
    if (plan.reduction != Reduction::None)
      return {Loops::sum_terms(n,
                               [&](int64_t i, int64_t count) __attribute__((always_inline)) {
                                 return L::value(load(x + i, count), load(t + i, count), a);
                               }),
              false};
    T* out = static_cast<T*>(plan.out) + at;
    Loops::for_registers(n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
      Loops::store(out + i, L::value(load(x + i, count), load(t + i, count), a), count);
    });
    return {0, false};
  }

  static bool forward(const LossPlan& plan) {
    const int64_t blocks = (plan.n + kBlock - 1) / kBlock;
    Part total{0, false};
    const auto size_of = [&](int64_t i) {
      return plan.n - i * kBlock < kBlock ? plan.n - i * kBlock : kBlock;
    };
    if (blocks == 1) {
      total = block(plan, 0, plan.n);
    } else {
      with_scratch(size_t(blocks) * sizeof(Part), [&](void* scratch) {
        Part* parts = static_cast<Part*>(scratch);
        parallel_for(0, blocks, 1, [&](int64_t b, int64_t e) {
          for (int64_t i = b; i < e; ++i) parts[i] = block(plan, i * kBlock, size_of(i));
        });
        for (int64_t i = 0; i < blocks; ++i) {
          total.sum += parts[i].sum;
          total.bad |= parts[i].bad;
        }
      });
    }
    if (total.bad) return false;
    if (plan.reduction == Reduction::Mean) total.sum /= double(plan.n);
    if (plan.reduction != Reduction::None) *static_cast<T*>(plan.out) = T(C(total.sum));
    return true;
  }

  static void backward(const LossPlan& plan) {
    const T *x = static_cast<const T*>(plan.x), *t = static_cast<const T*>(plan.target);
    const T* g = static_cast<const T*>(plan.grad);
    T* out = static_cast<T*>(plan.out);
    const V a{C(plan.a)};
    const bool each = plan.reduction == Reduction::None;
    const double share = plan.reduction == Reduction::Mean ? 1 / double(plan.n) : 1;
    const V whole{each ? C(0) : C(double(C(*g)) * share)};
    parallel_for(0, plan.n, kGrain / 2, [&](int64_t begin, int64_t end) {
      Loops::for_registers(
          end - begin, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
            const int64_t at = begin + i;
            const V slope = L::slope(load(x + at, count), load(t + at, count), a);
            Loops::store(out + at, slope * (each ? load(g + at, count) : whole), count);
          });
    });
  }
};

template <class T, class L>
[[gnu::noinline]] bool run_as(const LossPlan& plan) {
  if (!plan.grad) return LossKernel<T, L>::forward(plan);
  LossKernel<T, L>::backward(plan);
  return true;
}

template <class T>
bool run_of(const LossPlan& plan) {
  switch (plan.loss) {
    case Loss::BinaryCrossEntropy: return run_as<T, ProbabilityLoss>(plan);
    case Loss::BinaryCrossEntropyWithLogits: return run_as<T, LogitLoss>(plan);
    case Loss::Huber: return run_as<T, HuberLoss>(plan);
    case Loss::L1: return run_as<T, AbsoluteLoss>(plan);
    case Loss::Mse: return run_as<T, SquareLoss>(plan);
    case Loss::SmoothL1: return run_as<T, SmoothLoss>(plan);
  }
  return true;
}

}  // namespace

bool run_loss(const LossPlan& plan) {
  switch (plan.dtype) {
    case DType::F16: return run_of<Half>(plan);
    case DType::BF16: return run_of<BFloat16>(plan);
    case DType::F32: return run_of<float>(plan);
    default: return run_of<double>(plan);
  }
}

}  // namespace rushlight::cpu::RL_ISA
