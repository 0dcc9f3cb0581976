// Optimizer updates of one element: host and device. Each step is one of PyTorch's operations and is
// rounded as there, so that a training run gives its numbers: fused multiply-adds where PyTorch's
// kernels have them.
#pragma once

#include "rushlight/functors/math.h"
#include "rushlight/functors/rules.h"
#include "rushlight/iter/optim_plan.h"

namespace rushlight {

namespace detail {
// Half types round after every operation, as if it had been stored.
template <class T>
RL_HD_INLINE rules::Compute<T> stored(rules::Compute<T> x) {
  if constexpr (rules::is_half_v<T>)
    return rules::Compute<T>(T(x));
  else
    return x;
}
RL_HD_INLINE float square_root(float x) { return __builtin_sqrtf(x); }
RL_HD_INLINE double square_root(double x) { return __builtin_sqrt(x); }
// torch.add rounds its alpha to the tensors' dtype; other operations take scalars as they are.
template <class T>
RL_HD_INLINE rules::Compute<T> alpha(double value) {
  return rules::Compute<T>(T(rules::Compute<T>(value)));
}
// c + a * b
template <class T>
RL_HD_INLINE rules::Compute<T> add_scaled(rules::Compute<T> c, rules::Compute<T> a,
                                          rules::Compute<T> b) {
  return stored<T>(math::fma(a, b, c));
}
}  // namespace detail

template <class T, Momentum kMomentum, bool kDecay>
struct SgdUpdate {
  using C = rules::Compute<T>;
  C sign, decay, step, momentum, look_ahead, take;

  RL_HD_INLINE explicit SgdUpdate(const SgdScalars& o)
      : sign(o.maximize ? C(-1) : C(1)), decay(detail::alpha<T>(o.weight_decay)),
        step(detail::alpha<T>(-o.lr)), momentum(C(o.momentum)),
        look_ahead(detail::alpha<T>(o.momentum)), take(detail::alpha<T>(1 - o.dampening)) {}

  RL_HD_INLINE void operator()(T& param, const T& grad, T* buffer) const {
    const C p = C(param);
    C g = sign * C(grad);
    if constexpr (kDecay) g = detail::add_scaled<T>(g, p, decay);
    if constexpr (kMomentum == Momentum::First || kMomentum == Momentum::FirstNesterov)
      *buffer = T(g);
    if constexpr (kMomentum == Momentum::FirstNesterov) g = detail::add_scaled<T>(g, g, look_ahead);
    if constexpr (kMomentum == Momentum::Plain || kMomentum == Momentum::Nesterov) {
      const C b = detail::add_scaled<T>(detail::stored<T>(C(*buffer) * momentum), g, take);
      *buffer = T(b);
      g = kMomentum == Momentum::Plain ? b : detail::add_scaled<T>(g, b, look_ahead);
    }
    param = T(math::fma(g, step, p));
  }
};

enum class Decay : uint8_t { None, L2, Decoupled };

template <class T, Decay kDecay, bool kMax>
struct AdamUpdate {
  using C = rules::Compute<T>;
  C sign, decay, keep, lerp, beta2, take2, eps, bias, step;
  bool from_start;  // torch.lerp works from the nearer end

  RL_HD_INLINE AdamUpdate(const AdamScalars& o, const AdamSpan& span)
      : sign(o.maximize ? C(-1) : C(1)), decay(detail::alpha<T>(o.weight_decay)), keep(C(o.keep)),
        lerp(C(1 - o.beta1)), beta2(C(o.beta2)), take2(C(1 - o.beta2)), eps(C(o.eps)),
        bias(C(span.square_root_bias)), step(C(-span.step_size)), from_start(lerp < C(0.5)) {
    if (!from_start) lerp = lerp - C(1);
  }

  RL_HD_INLINE void operator()(T& param, const T& grad, T& mean, T& square, T* max_square) const {
    C p = C(param), g = sign * C(grad), m = C(mean);
    if constexpr (kDecay == Decay::Decoupled) p = detail::stored<T>(p * keep);
    if constexpr (kDecay == Decay::L2) g = detail::add_scaled<T>(g, p, decay);
    m = detail::add_scaled<T>(from_start ? m : g, lerp, g - m);
    mean = T(m);
    const C s = detail::add_scaled<T>(detail::stored<T>(C(square) * beta2), take2 * g, g);
    square = T(s);
    C largest = s;
    if constexpr (kMax) {
      const C old = C(*max_square);
      // NaN on either side stays, as in torch.maximum.
      largest = old > s || old != old ? old : s;
      *max_square = T(largest);
    }
    const C root = detail::stored<T>(detail::stored<T>(detail::square_root(largest)) / bias);
    param = T(p + step * m / detail::stored<T>(root + eps));
  }
};

// run.template operator()<momentum, decay>() for what the span and the options ask.
template <class Run>
RL_INLINE void for_sgd(const SgdScalars& o, const SgdSpan& span, const Run& run) {
  const auto decayed = [&]<Momentum kMomentum>() {
    if (o.weight_decay != 0)
      run.template operator()<kMomentum, true>();
    else
      run.template operator()<kMomentum, false>();
  };
  switch (span.momentum) {
    case Momentum::None: return decayed.template operator()<Momentum::None>();
    case Momentum::First: return decayed.template operator()<Momentum::First>();
    case Momentum::Plain: return decayed.template operator()<Momentum::Plain>();
    case Momentum::Nesterov: return decayed.template operator()<Momentum::Nesterov>();
    case Momentum::FirstNesterov: return decayed.template operator()<Momentum::FirstNesterov>();
  }
}

// run.template operator()<decay, amsgrad>().
template <class Run>
RL_INLINE void for_adam(const AdamScalars& o, const AdamSpan& span, const Run& run) {
  const auto largest = [&]<Decay kDecay>() {
    if (span.max_square)
      run.template operator()<kDecay, true>();
    else
      run.template operator()<kDecay, false>();
  };
  if (o.weight_decay == 0)
    largest.template operator()<Decay::None>();
  else if (o.decoupled)
    largest.template operator()<Decay::Decoupled>();
  else
    largest.template operator()<Decay::L2>();
}

}  // namespace rushlight
