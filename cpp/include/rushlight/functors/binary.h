// Binary elementwise functions, one struct each; see unary.h for what they accept. Comparisons and
// logic return bool (a Mask for Vec); everything else returns the operands' type.
#pragma once

#include "rushlight/functors/complex_math.h"
#include "rushlight/functors/math.h"

namespace rushlight {

#define RL_ARITHMETIC_FUNCTOR(Name, op)                                      \
  struct Name {                                                              \
    template <class T>                                                       \
    static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>; \
    template <class V>                                                       \
    RL_HD_INLINE V operator()(V a, V b) const {                              \
      if constexpr (IntScalar<V>)                                            \
        return V(WrappingOf<V>(a) op WrappingOf<V>(b));                      \
      else                                                                   \
        return a op b;                                                       \
    }                                                                        \
  };
RL_ARITHMETIC_FUNCTOR(Add, +)
RL_ARITHMETIC_FUNCTOR(Sub, -)
RL_ARITHMETIC_FUNCTOR(Mul, *)
#undef RL_ARITHMETIC_FUNCTOR

namespace detail {
// C's a / b and a % b without their traps: 0 for a division by zero, wraparound for MIN / -1.
template <IntScalar T>
RL_HD_INLINE T quotient(T a, T b) {
  if (b == T(0)) return T(0);
  if constexpr (std::is_signed_v<T>)
    if (b == T(-1)) return T(WrappingOf<T>(0) - WrappingOf<T>(a));
  return T(a / b);
}
template <IntScalar T>
RL_HD_INLINE T rest(T a, T b) {
  if (b == T(0)) return T(0);
  if constexpr (std::is_signed_v<T>)
    if (b == T(-1)) return T(0);
  return T(a % b);
}
}  // namespace detail

// True division for floats and Complex; integers are converted to float before it is called, or
// truncate if they are not.
struct Div {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V a, V b) const {
    if constexpr (IntScalar<V>)
      return detail::quotient(a, b);
    else
      return a / b;
  }
};

struct TruncDiv {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V a, V b) const {
    if constexpr (IntScalar<V>) {
      return detail::quotient(a, b);
    } else {
      using math::trunc;
      return trunc(a / b);
    }
  }
};

// Rounds down. For floats this is Python's //: computed from the exact remainder, so that
// 1 // 0.1 is 9 although 1 / 0.1 rounds to 10 (PEP 238 and CPython's float_divmod).
struct FloorDiv {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V a, V b) const {
    if constexpr (IntScalar<V>) {
      const V q = detail::quotient(a, b);
      if constexpr (std::is_signed_v<V>)
        if (detail::rest(a, b) != V(0) && (a < V(0)) != (b < V(0))) return V(q - 1);
      return q;
    } else {
      using math::copysign;
      using math::floor;
      using math::fmod;
      using math::select;
      using T = ScalarOf<V>;
      const V zero(T(0)), one(T(1));
      const V mod = fmod(a, b);
      V div = (a - mod) / b;
      div = select((mod != zero) & ((b < zero) ^ (mod < zero)), div - one, div);
      V down = floor(div);
      down = select(div - down > V(T(0.5)), down + one, down);
      down = select(div == zero, copysign(zero, a / b), down);
      return select(b == zero, a / b, down);
    }
  }
};

// The remainder with the divisor's sign, Python's %.
struct Remainder {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V a, V b) const {
    if constexpr (IntScalar<V>) {
      const V r = detail::rest(a, b);
      if constexpr (std::is_signed_v<V>)
        if (r != V(0) && (r < V(0)) != (b < V(0))) return V(r + b);
      return r;
    } else {
      using math::fmod;
      using math::select;
      const V zero(ScalarOf<V>(0));
      const V mod = fmod(a, b);
      return select((mod != zero) & ((b < zero) ^ (mod < zero)), mod + b, mod);
    }
  }
};

// The remainder with the dividend's sign, C's fmod and %.
struct Fmod {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V a, V b) const {
    if constexpr (IntScalar<V>) {
      return detail::rest(a, b);
    } else {
      using math::fmod;
      return fmod(a, b);
    }
  }
};

// Integers: by squaring, wrapping around; a negative exponent gives 0 unless the base is 1 or -1.
struct Pow {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V a, V b) const {
    if constexpr (IntScalar<V>) {
      if constexpr (std::is_signed_v<V>) {
        if (b < V(0)) {
          if (a == V(1)) return a;
          if (a == V(-1)) return (b & 1) ? a : V(1);
          return V(0);
        }
      }
      WrappingOf<V> result = 1, base = WrappingOf<V>(a), exponent = WrappingOf<V>(b);
      for (; exponent != 0; exponent >>= 1) {
        if (exponent & 1) result *= base;
        base *= base;
      }
      return V(result);
    } else {
      using math::pow;
      return pow(a, b);
    }
  }
};

struct Atan2 {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V y, V x) const {
    return math::atan2(y, x);
  }
};

struct Hypot {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V a, V b) const {
    return math::hypot(a, b);
  }
};

// NaN if either is.
struct Maximum {
  template <class T>
  static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V a, V b) const {
    if constexpr (VecLike<V>)
      return max(a, b);
    else
      return a != a || a > b ? a : b;
  }
};
struct Minimum {
  template <class T>
  static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V a, V b) const {
    if constexpr (VecLike<V>)
      return min(a, b);
    else
      return a != a || a < b ? a : b;
  }
};
// The other one if one is NaN.
struct Fmax {
  template <class T>
  static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V a, V b) const {
    using math::select;
    if constexpr (IntScalar<V>)
      return a > b ? a : b;
    else
      return select((a >= b) | (b != b), a, b);
  }
};
struct Fmin {
  template <class T>
  static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V a, V b) const {
    using math::select;
    if constexpr (IntScalar<V>)
      return a < b ? a : b;
    else
      return select((a <= b) | (b != b), a, b);
  }
};

#define RL_COMPARISON_FUNCTOR(Name, op)                                      \
  struct Name {                                                              \
    template <class T>                                                       \
    static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>; \
    template <class V>                                                       \
    RL_HD_INLINE auto operator()(V a, V b) const {                           \
      return a op b;                                                         \
    }                                                                        \
  };
RL_COMPARISON_FUNCTOR(Eq, ==)
RL_COMPARISON_FUNCTOR(Ne, !=)
RL_COMPARISON_FUNCTOR(Lt, <)
RL_COMPARISON_FUNCTOR(Le, <=)
RL_COMPARISON_FUNCTOR(Gt, >)
RL_COMPARISON_FUNCTOR(Ge, >=)
#undef RL_COMPARISON_FUNCTOR

// Of the truth values; NaN is true.
#define RL_LOGICAL_FUNCTOR(Name, op)                                         \
  struct Name {                                                              \
    template <class T>                                                       \
    static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>; \
    template <class V>                                                       \
    RL_HD_INLINE auto operator()(V a, V b) const {                           \
      if constexpr (VecLike<V>) {                                            \
        const V zero(typename V::Scalar(0));                                 \
        return (a != zero) op(b != zero);                                    \
      } else {                                                               \
        return bool((a != V(0)) op(b != V(0)));                              \
      }                                                                      \
    }                                                                        \
  };
RL_LOGICAL_FUNCTOR(LogicalAnd, &)
RL_LOGICAL_FUNCTOR(LogicalOr, |)
RL_LOGICAL_FUNCTOR(LogicalXor, ^)
#undef RL_LOGICAL_FUNCTOR

// Integers and bool.
#define RL_BITWISE_FUNCTOR(Name, op)                                    \
  struct Name {                                                         \
    template <class T>                                                  \
    static constexpr bool kVectorizes = IntScalar<T> && !BoolScalar<T>; \
    template <class V>                                                  \
    RL_HD_INLINE V operator()(V a, V b) const {                         \
      return V(a op b);                                                 \
    }                                                                   \
  };
RL_BITWISE_FUNCTOR(BitwiseAnd, &)
RL_BITWISE_FUNCTOR(BitwiseOr, |)
RL_BITWISE_FUNCTOR(BitwiseXor, ^)
#undef RL_BITWISE_FUNCTOR

// A shift by the width or more, or by a negative count, gives 0 to the left and the sign to the
// right, as in PyTorch.
struct ShiftLeft {
  template <class T>
  static constexpr bool kVectorizes = false;
  template <IntScalar V>
  RL_HD_INLINE V operator()(V a, V b) const {
    if (b < V(0) || uint64_t(b) >= 8 * sizeof(V)) return V(0);
    return V(WrappingOf<V>(a) << b);
  }
};
struct ShiftRight {
  template <class T>
  static constexpr bool kVectorizes = false;
  template <IntScalar V>
  RL_HD_INLINE V operator()(V a, V b) const {
    if (b < V(0) || uint64_t(b) >= 8 * sizeof(V)) return a < V(0) ? V(-1) : V(0);
    return V(a >> b);
  }
};

// Gradients by the saved output y (sigmoid, tanh) or input x (threshold at 0, i.e. relu).
struct SigmoidBackward {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V grad, V y) const {
    if constexpr (ComplexScalar<V>) {
      const V slope = (V(1) - y) * y;
      return grad * V(slope.re, -slope.im);
    } else {
      return grad * (V(ScalarOf<V>(1)) - y) * y;
    }
  }
};
struct TanhBackward {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V grad, V y) const {
    if constexpr (ComplexScalar<V>) {
      const V slope = V(1) - y * y;
      return grad * V(slope.re, -slope.im);
    } else {
      return grad * (V(ScalarOf<V>(1)) - y * y);
    }
  }
};
struct ThresholdBackward {
  template <class T>
  static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V grad, V x) const {
    if constexpr (VecLike<V>) {
      const V zero(typename V::Scalar(0));
      return select(x <= zero, zero, grad);
    } else {
      return x <= V(0) ? V(0) : grad;
    }
  }
};

}  // namespace rushlight
