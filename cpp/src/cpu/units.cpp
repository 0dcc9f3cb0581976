// Activations and their gradients, one pass each. Half and bfloat16 are computed in float.
#include "row_loops.h"
#include "rushlight/iter/unit_plan.h"

namespace rushlight::cpu::RL_ISA {

void run_unit(const UnitPlan& plan);

namespace {

constexpr double kRootHalf = 0.70710678118654752440;
constexpr double kRootTwoOverPi = 0.79788456080286535588;  // also twice the density's factor
constexpr double kCubic = 0.044715;                        // Hendrycks and Gimpel 2016, section 2

template <class V>
struct Factors {
  V a, b, c;
};

struct EluUnit {
  template <class V>
  static RL_INLINE V value(V x, const Factors<V>& p) {
    return select(x > number<V>(0), x * p.b, math::expm1(x * p.c) * p.a);
  }
  template <class V>
  static RL_INLINE V gradient(V g, V x, const Factors<V>& p) {
    // A NaN counts as positive, as in PyTorch; so below.
    return g * select(x <= number<V>(0), math::exp(x * p.c) * (p.a * p.c), p.b);
  }
};

struct GeluUnit {
  template <class V>
  static RL_INLINE V below(V x) {
    return number<V>(0.5) * (number<V>(1) + math::erf(x * number<V>(kRootHalf)));
  }
  template <class V>
  static RL_INLINE V value(V x, const Factors<V>&) {
    return x * below(x);
  }
  template <class V>
  static RL_INLINE V gradient(V g, V x, const Factors<V>&) {
    const V density = math::exp(x * x * number<V>(-0.5)) * number<V>(kRootTwoOverPi / 2);
    return g * (below(x) + x * density);
  }
};

struct GeluTanhUnit {
  template <class V>
  static RL_INLINE V tanh_of(V x) {
    return math::tanh(number<V>(kRootTwoOverPi) * (x + number<V>(kCubic) * (x * x * x)));
  }
  template <class V>
  static RL_INLINE V value(V x, const Factors<V>&) {
    return x * number<V>(0.5) * (number<V>(1) + tanh_of(x));
  }
  template <class V>
  static RL_INLINE V gradient(V g, V x, const Factors<V>&) {
    const V one = number<V>(1), t = tanh_of(x);
    const V inner = number<V>(kRootTwoOverPi) * (one + number<V>(3 * kCubic) * (x * x));
    return g * (number<V>(0.5) * ((one + t) + x * (one - t * t) * inner));
  }
};

struct HardsigmoidUnit {
  template <class V>
  static RL_INLINE V value(V x, const Factors<V>&) {
    const V three = number<V>(3), middle = (x + three) / number<V>(6);
    return select(x >= three, number<V>(1), select(x <= -three, number<V>(0), middle));
  }
  template <class V>
  static RL_INLINE V gradient(V g, V x, const Factors<V>&) {
    const V three = number<V>(3);
    return select(x < three, select(x > -three, g / number<V>(6), number<V>(0)), number<V>(0));
  }
};

struct HardswishUnit {
  template <class V>
  static RL_INLINE V value(V x, const Factors<V>&) {
    const V three = number<V>(3), middle = x * (x + three) / number<V>(6);
    // -inf gives NaN, as in PyTorch.
    return select(x >= three, x, select(x <= -three, x * number<V>(0), middle));
  }
  template <class V>
  static RL_INLINE V gradient(V g, V x, const Factors<V>&) {
    const V three = number<V>(3), middle = g * (x / three + number<V>(0.5));
    return select(x <= -three, number<V>(0), select(x < three, middle, g));
  }
};

struct HardtanhUnit {
  template <class V>
  static RL_INLINE V value(V x, const Factors<V>& p) {
    return select(x <= p.a, p.a, select(x >= p.b, p.b, x));
  }
  template <class V>
  static RL_INLINE V gradient(V g, V x, const Factors<V>& p) {
    return select(x <= p.a, number<V>(0), select(x >= p.b, number<V>(0), g));
  }
};

struct LeakyReluUnit {
  template <class V>
  static RL_INLINE V value(V x, const Factors<V>& p) {
    return select(x > number<V>(0), x, x * p.a);
  }
  template <class V>
  static RL_INLINE V gradient(V g, V x, const Factors<V>& p) {
    return select(x > number<V>(0), g, g * p.a);
  }
};

struct LogSigmoidUnit {
  template <class V>
  static RL_INLINE V value(V x, const Factors<V>&) {
    return min(x, number<V>(0)) - math::log1p(math::exp(-abs(x)));
  }
  template <class V>
  static RL_INLINE V gradient(V g, V x, const Factors<V>&) {
    return g * math::sigmoid(-x);
  }
};

struct MishUnit {
  // tanh(log(1 + e)) is n / (n + 2) for n = e * (e + 2), and 1 from x = 20 on.
  template <class V>
  static RL_INLINE V gate(V x) {
    const V two = number<V>(2), e = math::exp(min(x, number<V>(20))), n = e * (e + two);
    return n / (n + two);
  }
  template <class V>
  static RL_INLINE V value(V x, const Factors<V>&) {
    return x * gate(x);
  }
  template <class V>
  static RL_INLINE V gradient(V g, V x, const Factors<V>&) {
    const V t = gate(x);
    return g * (t + x * math::sigmoid(x) * (number<V>(1) - t * t));
  }
};

struct SiluUnit {
  template <class V>
  static RL_INLINE V value(V x, const Factors<V>&) {
    return x * math::sigmoid(x);
  }
  template <class V>
  static RL_INLINE V gradient(V g, V x, const Factors<V>&) {
    const V s = math::sigmoid(x), one = number<V>(1);
    return g * (s * (one + x * (one - s)));
  }
};

struct SoftplusUnit {
  template <class V>
  static RL_INLINE V value(V x, const Factors<V>& p) {
    const V scaled = x * p.a;
    return select(scaled > p.b, x, math::log1p(math::exp(scaled)) / p.a);
  }
  template <class V>
  static RL_INLINE V gradient(V g, V x, const Factors<V>& p) {
    const V scaled = x * p.a;
    return select(scaled > p.b, g, g * math::sigmoid(scaled));
  }
};

template <class T, class U>
[[gnu::noinline]] void run_as(const UnitPlan& plan) {
  using Loops = RowLoops<T>;
  using C = typename Loops::C;
  using V = typename Loops::V;
  // Limits are numbers of the dtype itself.
  const bool limits = std::is_same_v<U, HardtanhUnit>;
  const C a = limits ? C(T(C(plan.a))) : C(plan.a), b = limits ? C(T(C(plan.b))) : C(plan.b);
  const Factors<V> p{V(a), V(b), V(C(plan.c))};
  const T* x = static_cast<const T*>(plan.x);
  const T* g = static_cast<const T*>(plan.grad);
  T* out = static_cast<T*>(plan.out);
  const bool each = !plan.one_grad;
  const V whole{g && !each ? C(*g) : C(0)};
  parallel_for(0, plan.n, kGrain / 2, [&](int64_t begin, int64_t end) {
    if (g)
      Loops::for_registers(
          end - begin, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
            const int64_t at = begin + i;
            const V grad = each ? Loops::load(g + at, count) : whole;
            Loops::store(out + at, U::gradient(grad, Loops::load(x + at, count), p), count);
          });
    else
      Loops::for_registers(end - begin,
                           [&](int64_t i, int64_t count) __attribute__((always_inline)) {
                             const int64_t at = begin + i;
                             Loops::store(out + at, U::value(Loops::load(x + at, count), p), count);
                           });
  });
}

template <class T>
void run_of(const UnitPlan& plan) {
  switch (plan.unit) {
    case Unit::Elu: return run_as<T, EluUnit>(plan);
    case Unit::Gelu: return run_as<T, GeluUnit>(plan);
    case Unit::GeluTanh: return run_as<T, GeluTanhUnit>(plan);
    case Unit::Hardsigmoid: return run_as<T, HardsigmoidUnit>(plan);
    case Unit::Hardswish: return run_as<T, HardswishUnit>(plan);
    case Unit::Hardtanh: return run_as<T, HardtanhUnit>(plan);
    case Unit::LeakyRelu: return run_as<T, LeakyReluUnit>(plan);
    case Unit::LogSigmoid: return run_as<T, LogSigmoidUnit>(plan);
    case Unit::Mish: return run_as<T, MishUnit>(plan);
    case Unit::Silu: return run_as<T, SiluUnit>(plan);
    case Unit::Softplus: return run_as<T, SoftplusUnit>(plan);
  }
}

}  // namespace

void run_unit(const UnitPlan& plan) {
  switch (plan.dtype) {
    case DType::F16: return run_of<Half>(plan);
    case DType::BF16: return run_of<BFloat16>(plan);
    case DType::F32: return run_of<float>(plan);
    default: return run_of<double>(plan);
  }
}

}  // namespace rushlight::cpu::RL_ISA
