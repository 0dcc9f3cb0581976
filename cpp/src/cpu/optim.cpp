// Optimizer updates. Each step is one of PyTorch's operations and is rounded as there, so that a
// training run gives its numbers: fused multiply-adds where PyTorch's kernels have them.
#include "optim_steps.h"

namespace rushlight::cpu::RL_ISA {
namespace {

template <class T, Momentum kMomentum, bool kDecay>
void sgd_loop(const SgdScalars& o, const SgdSpan& span, int64_t begin, int64_t end) {
  using C = Compute<T>;
  T* param = static_cast<T*>(span.param);
  const T* grad = static_cast<const T*>(span.grad);
  T* buffer = static_cast<T*>(span.buffer);
  const C sign = o.maximize ? C(-1) : C(1), decay = alpha<T>(o.weight_decay),
          step = alpha<T>(-o.lr);
  const C momentum = C(o.momentum), look_ahead = alpha<T>(o.momentum),
          take = alpha<T>(1 - o.dampening);
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) {
    const C p = C(param[i]);
    C g = sign * C(grad[i]);
    if constexpr (kDecay) g = add_scaled<T>(g, p, decay);
    if constexpr (kMomentum == Momentum::First || kMomentum == Momentum::FirstNesterov)
      buffer[i] = T(g);
    if constexpr (kMomentum == Momentum::FirstNesterov) g = add_scaled<T>(g, g, look_ahead);
    if constexpr (kMomentum == Momentum::Plain || kMomentum == Momentum::Nesterov) {
      const C b = add_scaled<T>(rounded<T>(C(buffer[i]) * momentum), g, take);
      buffer[i] = T(b);
      g = kMomentum == Momentum::Plain ? b : add_scaled<T>(g, b, look_ahead);
    }
    param[i] = T(math::fma(g, step, p));
  }
}

template <class T, bool kDecay>
void sgd_momentum(const SgdScalars& o, const SgdSpan& span, int64_t begin, int64_t end) {
  switch (span.momentum) {
    case Momentum::None: return sgd_loop<T, Momentum::None, kDecay>(o, span, begin, end);
    case Momentum::First: return sgd_loop<T, Momentum::First, kDecay>(o, span, begin, end);
    case Momentum::Plain: return sgd_loop<T, Momentum::Plain, kDecay>(o, span, begin, end);
    case Momentum::Nesterov: return sgd_loop<T, Momentum::Nesterov, kDecay>(o, span, begin, end);
    case Momentum::FirstNesterov:
      return sgd_loop<T, Momentum::FirstNesterov, kDecay>(o, span, begin, end);
  }
}

template <class T>
void sgd_typed(const SgdScalars& o, const SgdSpan& span, int64_t begin, int64_t end) {
  if (o.weight_decay != 0)
    sgd_momentum<T, true>(o, span, begin, end);
  else
    sgd_momentum<T, false>(o, span, begin, end);
}

enum class Decay { None, L2, Decoupled };

template <class T, Decay kDecay, bool kMax>
void adam_loop(const AdamScalars& o, const AdamSpan& span, int64_t begin, int64_t end) {
  using C = Compute<T>;
  T* param = static_cast<T*>(span.param);
  const T* grad = static_cast<const T*>(span.grad);
  T* mean = static_cast<T*>(span.mean);
  T* square = static_cast<T*>(span.square);
  T* max_square = static_cast<T*>(span.max_square);
  const C sign = o.maximize ? C(-1) : C(1), decay = alpha<T>(o.weight_decay), keep = C(o.keep);
  const Lerp<T> lerp(1 - o.beta1);
  const MeanSquare<T> mean_square(o.beta2);
  const C eps = C(o.eps);
  const C bias = C(span.square_root_bias), step = C(-span.step_size);
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) {
    C p = C(param[i]), g = sign * C(grad[i]), m = C(mean[i]);
    if constexpr (kDecay == Decay::Decoupled) p = rounded<T>(p * keep);
    if constexpr (kDecay == Decay::L2) g = add_scaled<T>(g, p, decay);
    m = lerp(m, g);
    mean[i] = T(m);
    const C s = mean_square(C(square[i]), g);
    square[i] = T(s);
    C largest = s;
    if constexpr (kMax) {
      largest = larger(C(max_square[i]), s);
      max_square[i] = T(largest);
    }
    const C root = rounded<T>(rounded<T>(square_root(largest)) / bias);
    param[i] = T(p + step * m / rounded<T>(root + eps));
  }
}

template <class T, Decay kDecay>
void adam_max(const AdamScalars& o, const AdamSpan& span, int64_t begin, int64_t end) {
  if (span.max_square)
    adam_loop<T, kDecay, true>(o, span, begin, end);
  else
    adam_loop<T, kDecay, false>(o, span, begin, end);
}

template <class T>
void adam_typed(const AdamScalars& o, const AdamSpan& span, int64_t begin, int64_t end) {
  if (o.weight_decay == 0)
    adam_max<T, Decay::None>(o, span, begin, end);
  else if (o.decoupled)
    adam_max<T, Decay::Decoupled>(o, span, begin, end);
  else
    adam_max<T, Decay::L2>(o, span, begin, end);
}

#define RL_BY_DTYPE(function)                                         \
  switch (dtype) {                                                    \
    case DType::F16: return function<Half>(o, span, begin, end);      \
    case DType::BF16: return function<BFloat16>(o, span, begin, end); \
    case DType::F32: return function<float>(o, span, begin, end);     \
    default: return function<double>(o, span, begin, end);            \
  }

void sgd(DType dtype, const SgdScalars& o, const SgdSpan& span, int64_t begin, int64_t end) {
  RL_BY_DTYPE(sgd_typed)
}

void adam(DType dtype, const AdamScalars& o, const AdamSpan& span, int64_t begin, int64_t end) {
  RL_BY_DTYPE(adam_typed)
}

}  // namespace

void register_optim(KernelSlots& slots) {
  slots.sgd = &sgd;
  slots.adam = &adam;
}

}  // namespace rushlight::cpu::RL_ISA
