// PyTorch's operations that optimizer steps are made of, each rounded as there.
#pragma once

#include "loops.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Half types round after every operation, as if it had been stored.
template <class T>
RL_INLINE Compute<T> rounded(Compute<T> x) {
  if constexpr (is_half_v<T>)
    return Compute<T>(T(x));
  else
    return x;
}

RL_INLINE float square_root(float x) { return __builtin_sqrtf(x); }
RL_INLINE double square_root(double x) { return __builtin_sqrt(x); }

// torch.add rounds its alpha to the tensors' dtype; other operations take scalars as they are.
template <class T>
RL_INLINE Compute<T> alpha(double value) {
  return Compute<T>(T(Compute<T>(value)));
}

// c + a * b
template <class T>
RL_INLINE Compute<T> add_scaled(Compute<T> c, Compute<T> a, Compute<T> b) {
  return rounded<T>(math::fma(a, b, c));
}

// torch.lerp with one weight, which works from the nearer end.
template <class T>
struct Lerp {
  using C = Compute<T>;
  explicit RL_INLINE Lerp(double w)
      : from_start(C(w) < C(0.5)), weight(from_start ? C(w) : C(w) - C(1)) {}
  RL_INLINE C operator()(C start, C end) const {
    return add_scaled<T>(from_start ? start : end, weight, end - start);
  }
  bool from_start;
  C weight;
};

// square.mul_(beta).addcmul_(g, g, value=1 - beta)
template <class T>
struct MeanSquare {
  using C = Compute<T>;
  explicit RL_INLINE MeanSquare(double decay) : keep(C(decay)), take(C(1 - decay)) {}
  RL_INLINE C operator()(C square, C g) const {
    return add_scaled<T>(rounded<T>(square * keep), take * g, g);
  }
  C keep, take;
};

// torch.maximum: NaN on either side stays.
template <class C>
RL_INLINE C larger(C a, C b) {
  return a > b || a != a ? a : b;
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
