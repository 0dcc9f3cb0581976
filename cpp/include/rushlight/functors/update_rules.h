// The formulas of Note [Update rules] on one element: host and device. PyTorch's single-tensor
// steps, rounded as there.
#pragma once

#include "rushlight/functors/optim.h"
#include "rushlight/iter/optimizer_kernels.h"

namespace rushlight {

namespace detail {
// torch.lerp with one weight, which works from the nearer end.
template <class T>
struct Lerp {
  using C = rules::Compute<T>;
  explicit RL_HD_INLINE Lerp(double w)
      : from_start(C(w) < C(0.5)), weight(from_start ? C(w) : C(w) - C(1)) {}
  RL_HD_INLINE C operator()(C start, C end) const {
    return add_scaled<T>(from_start ? start : end, weight, end - start);
  }
  bool from_start;
  C weight;
};

// square.mul_(beta).addcmul_(g, g, value=1 - beta)
template <class T>
struct MeanSquare {
  using C = rules::Compute<T>;
  explicit RL_HD_INLINE MeanSquare(double decay) : keep(C(decay)), take(C(1 - decay)) {}
  RL_HD_INLINE C operator()(C square, C g) const {
    return add_scaled<T>(stored<T>(square * keep), take * g, g);
  }
  C keep, take;
};

// torch.maximum: NaN on either side stays.
template <class C>
RL_HD_INLINE C larger(C a, C b) {
  return a > b || a != a ? a : b;
}
}  // namespace detail

namespace update_rules {

using namespace detail;
using namespace update_options;
template <class T>
using Compute = rules::Compute<T>;

// A rule is constructed once a span and called once an element; `s` are the element's states, read
// before and written after.
template <class T>
struct Adadelta {
  using C = Compute<T>;
  static constexpr int kStates = 2;
  RL_HD_INLINE Adadelta(const UpdateOptions& o, const UpdateSpan&)
      : mean_square(o.value[kRho]),
        eps(C(o.value[kAdadeltaEps])),
        step(alpha<T>(-o.value[kOptionLr])) {}
  RL_HD_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = mean_square(s[0], g);
    const C root = stored<T>(square_root(stored<T>(s[0] + eps)));
    C delta = stored<T>(square_root(stored<T>(s[1] + eps)));
    delta = stored<T>(stored<T>(delta / root) * g);
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
  RL_HD_INLINE Adagrad(const UpdateOptions& o, const UpdateSpan& span)
      : eps(C(o.value[kAdagradEps])), step(C(-span.factor[0])) {}
  RL_HD_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = add_scaled<T>(s[0], g, g);
    const C root = stored<T>(stored<T>(square_root(s[0])) + eps);
    return p + step * g / root;
  }
  C eps, step;
};

// factor: lr / (1 - beta1^step)
template <class T>
struct Adamax {
  using C = Compute<T>;
  static constexpr int kStates = 2;
  RL_HD_INLINE Adamax(const UpdateOptions& o, const UpdateSpan& span)
      : lerp(1 - o.value[kBeta1]),
        beta2(C(o.value[kBeta2])),
        eps(C(o.value[kEps])),
        step(C(-span.factor[0])) {}
  RL_HD_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = lerp(s[0], g);
    s[1] = larger(stored<T>(s[1] * beta2), stored<T>((g < C(0) ? -g : g) + eps));
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
  RL_HD_INLINE Asgd(const UpdateOptions& o, const UpdateSpan& span)
      : keep(C(1 - o.value[kLambd] * span.factor[0])),
        step(alpha<T>(-span.factor[0])),
        mu(C(span.factor[1])) {}
  RL_HD_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    p = stored<T>(math::fma(g, step, stored<T>(p * keep)));
    const C moved = s[0] + stored<T>(stored<T>(p - s[0]) * mu);
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
  RL_HD_INLINE NAdam(const UpdateOptions& o, const UpdateSpan& span)
      : lerp(1 - o.value[kBeta1]),
        mean_square(o.value[kBeta2]),
        eps(C(o.value[kEps])),
        by_grad(C(-span.factor[0])),
        by_mean(C(-span.factor[1])),
        bias(C(span.factor[2])) {}
  RL_HD_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = lerp(s[0], g);
    s[1] = mean_square(s[1], g);
    const C root = stored<T>(stored<T>(square_root(stored<T>(s[1] / bias))) + eps);
    p = stored<T>(p + by_grad * g / root);
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
  RL_HD_INLINE RAdamStep(const UpdateOptions& o, const UpdateSpan& span)
      : lerp(1 - o.value[kBeta1]),
        mean_square(o.value[kBeta2]),
        eps(C(o.value[kEps])),
        lr(C(o.value[kOptionLr])),
        bias(C(span.factor[0])),
        root_bias(C(span.factor[1])),
        rectify(C(span.factor[2])) {}
  RL_HD_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = lerp(s[0], g);
    s[1] = mean_square(s[1], g);
    C move = stored<T>(stored<T>(s[0] / bias) * lr);
    if constexpr (kRectifies) {
      // A number over a tensor is its reciprocal times the number.
      const C root = stored<T>(stored<T>(square_root(s[1])) + eps);
      const C adaptive = stored<T>(stored<T>(C(1) / root) * root_bias);
      move = stored<T>(stored<T>(move * adaptive) * rectify);
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
  RL_HD_INLINE RMSprop(const UpdateOptions& o, const UpdateSpan&)
      : mean_square(o.value[kAlpha]),
        lerp(1 - o.value[kAlpha]),
        eps(C(o.value[kRmspropEps])),
        momentum(C(o.value[kMomentum])),
        step(C(-o.value[kOptionLr])),
        step_alpha(alpha<T>(-o.value[kOptionLr])),
        moves(o.value[kMomentum] > 0),
        centered(o.value[kCentered] != 0) {}
  RL_HD_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    s[0] = mean_square(s[0], g);
    s[2] = lerp(s[2], g);
    const C spread = add_scaled<T>(s[0], -s[2], s[2]);
    const C root = stored<T>(stored<T>(square_root(centered ? spread : s[0])) + eps);
    s[1] = stored<T>(stored<T>(s[1] * momentum) + g / root);
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
  RL_HD_INLINE Rprop(const UpdateOptions& o, const UpdateSpan&)
      : shrink(alpha<T>(o.value[kShrink])),
        grow(alpha<T>(o.value[kGrow])),
        smallest(alpha<T>(o.value[kSmallest])),
        largest(alpha<T>(o.value[kLargest])) {}
  RL_HD_INLINE C operator()(C p, C g, C (&s)[kMaxUpdateStates]) const {
    const C turn = stored<T>(g * s[0]);
    const C change = turn > C(0) ? grow : turn < C(0) ? shrink : C(1);
    C size = stored<T>(s[1] * change);
    size = size < smallest ? smallest : size;
    size = stored<T>(size > largest ? largest : size);
    // After a turn the element stands still once.
    g = turn < C(0) ? C(0) : g;
    const C down = g > C(0) ? C(-1) : g < C(0) ? C(1) : C(0);
    s[0] = g;
    s[1] = size;
    return math::fma(down, size, p);
  }
  C shrink, grow, smallest, largest;
};

// Which rules may decay the parameter itself.
template <class R, class T>
inline constexpr bool kDecouples =
    std::is_same_v<R, NAdam<T>> || std::is_same_v<R, RAdam<T>> || std::is_same_v<R, EarlyRAdam<T>>;

// One element of a parameter, with what all rules share: the gradient's sign and weight decay.
// kPresent: bit k says whether state k is there; the others are 0 and not written.
template <class R, class T, int kPresent>
struct Element {
  using C = Compute<T>;
  RL_HD_INLINE Element(const UpdateOptions& o, const UpdateSpan& span)
      : rule(o, span),
        sign(o.value[kOptionMaximize] != 0 ? C(-1) : C(1)),
        decay(alpha<T>(o.value[kOptionWeightDecay])),
        keep(1),
        decays(o.value[kOptionWeightDecay] != 0) {
    if constexpr (kDecouples<R, T>) {
      if (decays && o.value[kDecoupled] != 0) {
        keep = C(1 - o.value[kOptionLr] * o.value[kOptionWeightDecay]);
        decays = false;
      }
    }
  }
  RL_HD_INLINE void operator()(T* param, const T* grad, T* s0, T* s1, T* s2, int64_t i) const {
    C p = C(param[i]), g = sign * C(grad[i]);
    C s[kMaxUpdateStates] = {C(0), C(0), C(0)};
    if constexpr (kPresent & 1) s[0] = C(s0[i]);
    if constexpr (kPresent & 2) s[1] = C(s1[i]);
    if constexpr (kPresent & 4) s[2] = C(s2[i]);
    const C with_decay = add_scaled<T>(g, p, decay);
    g = decays ? with_decay : g;
    if constexpr (kDecouples<R, T>) p = stored<T>(p * keep);
    param[i] = T(rule(p, g, s));
    if constexpr (kPresent & 1) s0[i] = T(s[0]);
    if constexpr (kPresent & 2) s1[i] = T(s[1]);
    if constexpr (kPresent & 4) s2[i] = T(s[2]);
  }
  R rule;
  C sign, decay, keep;
  bool decays;
};

// run.template operator()<R, kPresent>() for the rule that a span asks for.
template <template <class> class Rule, class T, class Run>
void for_rule(const UpdateSpan& span, const Run& run) {
  using R = Rule<T>;
  if constexpr (std::is_same_v<R, RAdam<T>>) {
    if (span.factor[2] == 0) return run.template operator()<EarlyRAdam<T>, 3>();
  }
  if constexpr (R::kStates < kMaxUpdateStates) {
    run.template operator()<R, (1 << R::kStates) - 1>();
  } else if (span.state[1]) {
    if (span.state[2])
      run.template operator()<R, 7>();
    else
      run.template operator()<R, 3>();
  } else if (span.state[2]) {
    run.template operator()<R, 5>();
  } else {
    run.template operator()<R, 1>();
  }
}

}  // namespace update_rules

// The kernels of a dtype, in the order of UpdateRule, from a backend's Kernel<Rule, T>::run.
template <template <template <class> class, class> class Kernel, class T>
constexpr OptimizerKernels optimizer_kernels() {
  using namespace update_rules;
  return {{&Kernel<Adadelta, T>::run, &Kernel<Adagrad, T>::run, &Kernel<Adamax, T>::run,
           &Kernel<Asgd, T>::run, &Kernel<NAdam, T>::run, &Kernel<RAdam, T>::run,
           &Kernel<RMSprop, T>::run, &Kernel<Rprop, T>::run}};
}

}  // namespace rushlight
