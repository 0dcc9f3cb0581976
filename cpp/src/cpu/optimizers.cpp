// The formulas of Note [Update rules]: PyTorch's single-tensor steps, rounded as there.
#include "optim_steps.h"
#include "rushlight/iter/optimizer_kernels.h"

namespace rushlight::cpu::RL_ISA {
namespace {

using namespace rushlight::update_options;

// A rule is constructed once a span and called once an element; `s` are the element's states, read
// before and written after.
template <class T>
struct Adadelta {
  using C = Compute<T>;
  static constexpr int kStates = 2;
  RL_INLINE Adadelta(const UpdateOptions& o, const UpdateSpan&)
      : mean_square(o.value[kRho]), eps(C(o.value[kAdadeltaEps])), step(alpha<T>(-o.value[kOptionLr])) {}
  RL_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = mean_square(s[0], g);
    const C root = rounded<T>(square_root(rounded<T>(s[0] + eps)));
    C delta = rounded<T>(square_root(rounded<T>(s[1] + eps)));
    delta = rounded<T>(rounded<T>(delta / root) * g);
    s[1] = mean_square(s[1], delta);
    return math::fma(delta, step, p);
  }
  MeanSquare<T> mean_square;
  C eps, step;
};

// factor: lr / (1 + (step - 1) * lr_decay)
template <class T>
struct Adagrad {
  using C = Compute<T>;
  static constexpr int kStates = 1;
  RL_INLINE Adagrad(const UpdateOptions& o, const UpdateSpan& span)
      : eps(C(o.value[kAdagradEps])), step(C(-span.factor[0])) {}
  RL_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = add_scaled<T>(s[0], g, g);
    const C root = rounded<T>(rounded<T>(square_root(s[0])) + eps);
    return p + step * g / root;
  }
  C eps, step;
};

// factor: lr / (1 - beta1^step)
template <class T>
struct Adamax {
  using C = Compute<T>;
  static constexpr int kStates = 2;
  RL_INLINE Adamax(const UpdateOptions& o, const UpdateSpan& span)
      : lerp(1 - o.value[kBeta1]),
        beta2(C(o.value[kBeta2])),
        eps(C(o.value[kEps])),
        step(C(-span.factor[0])) {}
  RL_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = lerp(s[0], g);
    s[1] = larger(rounded<T>(s[1] * beta2), rounded<T>((g < C(0) ? -g : g) + eps));
    return p + step * s[0] / s[1];
  }
  Lerp<T> lerp;
  C beta2, eps, step;
};

// factors: eta and mu before the step, mu as a number; the parameter shrinks by 1 - lambd * eta.
template <class T>
struct Asgd {
  using C = Compute<T>;
  static constexpr int kStates = 1;
  RL_INLINE Asgd(const UpdateOptions& o, const UpdateSpan& span)
      : keep(C(1 - o.value[kLambd] * span.factor[0])),
        step(alpha<T>(-span.factor[0])),
        mu(C(span.factor[1])) {}
  RL_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    p = rounded<T>(math::fma(g, step, rounded<T>(p * keep)));
    const C moved = s[0] + rounded<T>(rounded<T>(p - s[0]) * mu);
    s[0] = mu == C(1) ? p : moved;
    return p;
  }
  C keep, step, mu;
};

// factors: those of the gradient and of the mean, both with lr; 1 - beta2^step.
template <class T>
struct NAdam {
  using C = Compute<T>;
  static constexpr int kStates = 2;
  RL_INLINE NAdam(const UpdateOptions& o, const UpdateSpan& span)
      : lerp(1 - o.value[kBeta1]),
        mean_square(o.value[kBeta2]),
        eps(C(o.value[kEps])),
        by_grad(C(-span.factor[0])),
        by_mean(C(-span.factor[1])),
        bias(C(span.factor[2])) {}
  RL_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = lerp(s[0], g);
    s[1] = mean_square(s[1], g);
    const C root = rounded<T>(rounded<T>(square_root(rounded<T>(s[1] / bias))) + eps);
    p = rounded<T>(p + by_grad * g / root);
    return p + by_mean * s[0] / root;
  }
  Lerp<T> lerp;
  MeanSquare<T> mean_square;
  C eps, by_grad, by_mean, bias;
};

// factors: 1 - beta1^step, sqrt(1 - beta2^step), the rectification.
template <class T, bool kRectifies>
struct RAdamStep {
  using C = Compute<T>;
  static constexpr int kStates = 2;
  RL_INLINE RAdamStep(const UpdateOptions& o, const UpdateSpan& span)
      : lerp(1 - o.value[kBeta1]),
        mean_square(o.value[kBeta2]),
        eps(C(o.value[kEps])),
        lr(C(o.value[kOptionLr])),
        bias(C(span.factor[0])),
        root_bias(C(span.factor[1])),
        rectify(C(span.factor[2])) {}
  RL_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = lerp(s[0], g);
    s[1] = mean_square(s[1], g);
    C move = rounded<T>(rounded<T>(s[0] / bias) * lr);
    if constexpr (kRectifies) {
      // A number over a tensor is its reciprocal times the number.
      const C root = rounded<T>(rounded<T>(square_root(s[1])) + eps);
      const C adaptive = rounded<T>(rounded<T>(C(1) / root) * root_bias);
      move = rounded<T>(rounded<T>(move * adaptive) * rectify);
    }
    return p - move;
  }
  Lerp<T> lerp;
  MeanSquare<T> mean_square;
  C eps, lr, bias, root_bias, rectify;
};

template <class T>
struct RAdam : RAdamStep<T, true> {
  using RAdamStep<T, true>::RAdamStep;
};
// The first steps, in which the variance is not known yet.
template <class T>
struct EarlyRAdam : RAdamStep<T, false> {
  using RAdamStep<T, false>::RAdamStep;
};

// States: the mean square; the momentum and the mean gradient where the options want them.
template <class T>
struct RMSprop {
  using C = Compute<T>;
  static constexpr int kStates = 3;
  RL_INLINE RMSprop(const UpdateOptions& o, const UpdateSpan&)
      : mean_square(o.value[kAlpha]),
        lerp(1 - o.value[kAlpha]),
        eps(C(o.value[kRmspropEps])),
        momentum(C(o.value[kMomentum])),
        step(C(-o.value[kOptionLr])),
        step_alpha(alpha<T>(-o.value[kOptionLr])),
        moves(o.value[kMomentum] > 0),
        centered(o.value[kCentered] != 0) {}
  RL_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = mean_square(s[0], g);
    s[2] = lerp(s[2], g);
    const C spread = add_scaled<T>(s[0], -s[2], s[2]);
    const C root = rounded<T>(rounded<T>(square_root(centered ? spread : s[0])) + eps);
    s[1] = rounded<T>(rounded<T>(s[1] * momentum) + g / root);
    return moves ? math::fma(s[1], step_alpha, p) : p + step * g / root;
  }
  MeanSquare<T> mean_square;
  Lerp<T> lerp;
  C eps, momentum, step, step_alpha;
  bool moves, centered;
};

// States: the gradient before and the size of each element's step.
template <class T>
struct Rprop {
  using C = Compute<T>;
  static constexpr int kStates = 2;
  RL_INLINE Rprop(const UpdateOptions& o, const UpdateSpan&)
      : shrink(alpha<T>(o.value[kShrink])),
        grow(alpha<T>(o.value[kGrow])),
        smallest(alpha<T>(o.value[kSmallest])),
        largest(alpha<T>(o.value[kLargest])) {}
  RL_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    const C turn = rounded<T>(g * s[0]);
    const C change = turn > C(0) ? grow : turn < C(0) ? shrink : C(1);
    C size = rounded<T>(s[1] * change);
    size = size < smallest ? smallest : size;
    size = rounded<T>(size > largest ? largest : size);
    // After a turn the element stands still once.
    g = turn < C(0) ? C(0) : g;
    const C down = g > C(0) ? C(-1) : g < C(0) ? C(1) : C(0);
    s[0] = g;
    s[1] = size;
    return math::fma(down, size, p);
  }
  C shrink, grow, smallest, largest;
};

template <template <class> class Rule, class T>
inline constexpr bool kDecoupledDecay =
    std::is_same_v<Rule<T>, NAdam<T>> || std::is_same_v<Rule<T>, RAdam<T>> ||
    std::is_same_v<Rule<T>, EarlyRAdam<T>>;

// kPresent: bit k says whether state k is there; the others are 0 and not written.
template <template <class> class Rule, class T, int kPresent>
void update_states(const UpdateOptions& o, const UpdateSpan& span, int64_t begin, int64_t end) {
  using C = Compute<T>;
  T* param = static_cast<T*>(span.param);
  const T* grad = static_cast<const T*>(span.grad);
  T* state0 = static_cast<T*>(span.state[0]);
  T* state1 = static_cast<T*>(span.state[1]);
  T* state2 = static_cast<T*>(span.state[2]);
  const double weight_decay = o.value[kOptionWeightDecay];
  bool decoupled = false;
  if constexpr (kDecoupledDecay<Rule, T>) decoupled = o.value[kDecoupled] != 0;
  const bool decays = weight_decay != 0 && !decoupled;
  const C sign = o.value[kOptionMaximize] != 0 ? C(-1) : C(1), decay = alpha<T>(weight_decay);
  const C keep = decoupled && weight_decay != 0 ? C(1 - o.value[kOptionLr] * weight_decay) : C(1);
  const Rule<T> rule(o, span);
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) {
    C p = C(param[i]), g = sign * C(grad[i]);
    C s[kMaxUpdateStates] = {C(0), C(0), C(0)};
    if constexpr (kPresent & 1) s[0] = C(state0[i]);
    if constexpr (kPresent & 2) s[1] = C(state1[i]);
    if constexpr (kPresent & 4) s[2] = C(state2[i]);
    const C with_decay = add_scaled<T>(g, p, decay);
    g = decays ? with_decay : g;
    if constexpr (kDecoupledDecay<Rule, T>) p = rounded<T>(p * keep);
    param[i] = T(rule(p, g, s));
    if constexpr (kPresent & 1) state0[i] = T(s[0]);
    if constexpr (kPresent & 2) state1[i] = T(s[1]);
    if constexpr (kPresent & 4) state2[i] = T(s[2]);
  }
}

template <template <class> class Rule, class T>
void update(const UpdateOptions& o, const UpdateSpan& span, int64_t begin, int64_t end) {
  constexpr int kStates = Rule<T>::kStates;
  if constexpr (kStates < kMaxUpdateStates) {
    update_states<Rule, T, (1 << kStates) - 1>(o, span, begin, end);
  } else if (span.state[1]) {
    if (span.state[2])
      update_states<Rule, T, 7>(o, span, begin, end);
    else
      update_states<Rule, T, 3>(o, span, begin, end);
  } else if (span.state[2]) {
    update_states<Rule, T, 5>(o, span, begin, end);
  } else {
    update_states<Rule, T, 1>(o, span, begin, end);
  }
}

template <class T>
void update_radam(const UpdateOptions& o, const UpdateSpan& span, int64_t begin, int64_t end) {
  if (span.factor[2] == 0)
    update<EarlyRAdam, T>(o, span, begin, end);
  else
    update<RAdam, T>(o, span, begin, end);
}

// In the order of UpdateRule.
template <class T>
constexpr OptimizerKernels kernels_of() {
  return {{&update<Adadelta, T>, &update<Adagrad, T>, &update<Adamax, T>, &update<Asgd, T>,
           &update<NAdam, T>, &update_radam<T>, &update<RMSprop, T>, &update<Rprop, T>}};
}

const OptimizerKernels* optimizers(DType dtype) {
  static constexpr OptimizerKernels kHalf = kernels_of<Half>(), kBFloat16 = kernels_of<BFloat16>(),
                                    kFloat = kernels_of<float>(), kDouble = kernels_of<double>();
  switch (dtype) {
    case DType::F16: return &kHalf;
    case DType::BF16: return &kBFloat16;
    case DType::F32: return &kFloat;
    case DType::F64: return &kDouble;
    default: return nullptr;
  }
}

}  // namespace

void register_optimizers(KernelSlots& slots) { slots.optimizers = &optimizers; }

}  // namespace rushlight::cpu::RL_ISA
