// GELU, SiLU and leaky ReLU and their gradients in one pass. Half precision is computed in float.
#pragma once

#include "lanes.h"
#include "rushlight/core/parallel.h"
#include "rushlight/functors/math.h"
#include "rushlight/iter/unit_kernels.h"

namespace rushlight::cpu::RL_ISA {
namespace {

constexpr double kRootHalf = 0.70710678118654752440;       // sqrt(1/2)
constexpr double kRootTwoOverPi = 0.79788456080286535588;  // sqrt(2/pi)
constexpr double kInverseRootTwoPi = 0.39894228040143267794;

// A formula is y(x), and dy(x) / dx as slope(x).

// x times the normal distribution's probability below x (Hendrycks and Gimpel 2016).
struct GeluUnit {
  template <class V>
  static RL_INLINE V below(V x) {
    using C = typename V::Scalar;
    return V(C(0.5)) * (V(C(1)) + math::erf(x * V(C(kRootHalf))));
  }
  template <class V>
  RL_INLINE V y(V x) const {
    return x * below(x);
  }
  template <class V>
  RL_INLINE V slope(V x) const {
    using C = typename V::Scalar;
    const V density = math::exp(x * x * V(C(-0.5))) * V(C(kInverseRootTwoPi));
    return below(x) + x * density;
  }
};

// Its approximation by tanh (the same, section 2).
struct GeluTanhUnit {
  template <class V>
  static RL_INLINE V bend(V x) {
    using C = typename V::Scalar;
    return math::tanh(V(C(kRootTwoOverPi)) * (x + V(C(0.044715)) * (x * x * x)));
  }
  template <class V>
  RL_INLINE V y(V x) const {
    using C = typename V::Scalar;
    return V(C(0.5)) * x * (V(C(1)) + bend(x));
  }
  template <class V>
  RL_INLINE V slope(V x) const {
    using C = typename V::Scalar;
    const V half(C(0.5)), one(C(1)), t = bend(x);
    const V inner = V(C(kRootTwoOverPi)) * (one + V(C(3 * 0.044715)) * (x * x));
    return half * (one + t) + half * x * (one - t * t) * inner;
  }
};

struct SiluUnit {
  template <class V>
  RL_INLINE V y(V x) const {
    return x * math::sigmoid(x);
  }
  template <class V>
  RL_INLINE V slope(V x) const {
    const V one(typename V::Scalar(1)), s = math::sigmoid(x);
    return s * (one + x * (one - s));
  }
};

struct LeakyReluUnit {
  double below;
  template <class V>
  RL_INLINE V y(V x) const {
    using C = typename V::Scalar;
    return select(x > V(C(0)), x, x * V(C(below)));
  }
  template <class V>
  RL_INLINE V slope(V x) const {
    using C = typename V::Scalar;
    return select(x > V(C(0)), V(C(1)), V(C(below)));
  }
};

template <bool kGradient, class T, class Unit>
void run_unit(const UnitPlan& plan, const Unit& unit, int64_t grain) {
  constexpr int64_t kSize = ComputeVec<T>::kSize;
  parallel_for(0, plan.n, grain, [&](int64_t begin, int64_t end) {
    const T* x = static_cast<const T*>(plan.x) + begin;
    [[maybe_unused]] const T* g = static_cast<const T*>(plan.grad) + (kGradient ? begin : 0);
    T* out = static_cast<T*>(plan.out) + begin;
    // One copy of the formula for whole vectors and the tail.
    for (int64_t n = end - begin; n > 0; n -= kSize, x += kSize, out += kSize) {
      const bool whole = RL_LIKELY(n >= kSize);
      const ComputeVec<T> at = whole ? read_lanes(x) : read_lanes(x, n);
      ComputeVec<T> result;
      if constexpr (kGradient) {
        result = (whole ? read_lanes(g) : read_lanes(g, n)) * unit.slope(at);
        g += kSize;
      } else {
        result = unit.y(at);
      }
      if (whole)
        write_lanes(out, result);
      else
        write_lanes(out, result, n);
    }
  });
}
template <class T, class Unit>
void run_unit(const UnitPlan& plan, const Unit& unit, int64_t grain) {
  if (plan.grad)
    run_unit<true, T>(plan, unit, grain);
  else
    run_unit<false, T>(plan, unit, grain);
}
template <class T>
void run_unit(const UnitPlan& plan) {
  switch (plan.op) {
    case UnitOp::Gelu: return run_unit<T>(plan, GeluUnit{}, kGrain / 8);
    case UnitOp::GeluTanh: return run_unit<T>(plan, GeluTanhUnit{}, kGrain / 8);
    case UnitOp::Silu: return run_unit<T>(plan, SiluUnit{}, kGrain / 8);
    case UnitOp::LeakyRelu: return run_unit<T>(plan, LeakyReluUnit{plan.slope}, kGrain);
  }
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
