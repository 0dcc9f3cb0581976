// Unary elementwise functions, one struct each, for scalars of any dtype (Half and BFloat16 are
// converted by the loop), for Complex where it is defined, and for the CPU's Vec<T> where
// kVectorizes<T> says so. A predicate of a Vec returns its Mask.
#pragma once

#include "rushlight/functors/complex_math.h"
#include "rushlight/functors/math.h"

namespace rushlight {

struct Neg {
  template <class T>
  static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    if constexpr (IntScalar<V>)
      return V(WrappingOf<V>(0) - WrappingOf<V>(x));
    else
      return -x;
  }
};

// The modulus, of the real type, for Complex.
struct Abs {
  template <class T>
  static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>;
  template <class V>
  RL_HD_INLINE auto operator()(V x) const {
    if constexpr (IntScalar<V>) {
      return x < V(0) ? V(WrappingOf<V>(0) - WrappingOf<V>(x)) : x;
    } else {
      using math::abs;
      return abs(x);
    }
  }
};

// -1, 0 or 1; 0 for NaN as PyTorch's. Complex: z / |z|, 0 for 0.
struct Sign {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    if constexpr (BoolScalar<V>) {
      return x;
    } else if constexpr (IntScalar<V>) {
      return V((x > V(0)) - (x < V(0)));
    } else if constexpr (ComplexScalar<V>) {
      const auto size = math::abs(x);
      if (size == 0) return V(0);
      return {x.re / size, x.im / size};
    } else {
      using math::select;
      using T = ScalarOf<V>;
      const V zero(T(0));
      return select(x > zero, V(T(1)), select(x < zero, V(T(-1)), zero));
    }
  }
};

struct Square {
  template <class T>
  static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    if constexpr (IntScalar<V>)
      return V(WrappingOf<V>(x) * WrappingOf<V>(x));
    else
      return x * x;
  }
};

struct Reciprocal {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    if constexpr (ComplexScalar<V>)
      return math::reciprocal(x);
    else
      return V(ScalarOf<V>(1)) / x;
  }
};

// Functions of real and complex floating point.
#define RL_MATH_FUNCTOR(Name, fn)                       \
  struct Name {                                         \
    template <class T>                                  \
    static constexpr bool kVectorizes = FloatScalar<T>; \
    template <class V>                                  \
    RL_HD_INLINE V operator()(V x) const {              \
      using math::fn;                                   \
      return fn(x);                                     \
    }                                                   \
  };
RL_MATH_FUNCTOR(Sqrt, sqrt)
RL_MATH_FUNCTOR(Rsqrt, rsqrt)
RL_MATH_FUNCTOR(Exp, exp)
RL_MATH_FUNCTOR(Exp2, exp2)
RL_MATH_FUNCTOR(Expm1, expm1)
RL_MATH_FUNCTOR(Log, log)
RL_MATH_FUNCTOR(Log2, log2)
RL_MATH_FUNCTOR(Log10, log10)
RL_MATH_FUNCTOR(Log1p, log1p)
RL_MATH_FUNCTOR(Sin, sin)
RL_MATH_FUNCTOR(Cos, cos)
RL_MATH_FUNCTOR(Tan, tan)
RL_MATH_FUNCTOR(Asin, asin)
RL_MATH_FUNCTOR(Acos, acos)
RL_MATH_FUNCTOR(Atan, atan)
RL_MATH_FUNCTOR(Sinh, sinh)
RL_MATH_FUNCTOR(Cosh, cosh)
RL_MATH_FUNCTOR(Tanh, tanh)
RL_MATH_FUNCTOR(Asinh, asinh)
RL_MATH_FUNCTOR(Acosh, acosh)
RL_MATH_FUNCTOR(Atanh, atanh)
RL_MATH_FUNCTOR(Sigmoid, sigmoid)
// Real only.
RL_MATH_FUNCTOR(Erf, erf)
RL_MATH_FUNCTOR(Erfc, erfc)
#undef RL_MATH_FUNCTOR

// Real only; integers are their own floor. Round rounds halves to even.
#define RL_ROUNDING_FUNCTOR(Name, fn)                   \
  struct Name {                                         \
    template <class T>                                  \
    static constexpr bool kVectorizes = FloatScalar<T>; \
    template <class V>                                  \
    RL_HD_INLINE V operator()(V x) const {              \
      if constexpr (IntScalar<V>) {                     \
        return x;                                       \
      } else {                                          \
        using math::fn;                                 \
        return fn(x);                                   \
      }                                                 \
    }                                                   \
  };
RL_ROUNDING_FUNCTOR(Floor, floor)
RL_ROUNDING_FUNCTOR(Ceil, ceil)
RL_ROUNDING_FUNCTOR(Trunc, trunc)
RL_ROUNDING_FUNCTOR(Round, nearbyint)
#undef RL_ROUNDING_FUNCTOR

struct Frac {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    return x - Trunc{}(x);
  }
};

// NaN and -0 pass through, as in PyTorch.
struct Relu {
  template <class T>
  static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    if constexpr (VecLike<V>) {
      const V zero(typename V::Scalar(0));
      return select(x < zero, zero, x);
    } else {
      return x < V(0) ? V(0) : x;
    }
  }
};

struct LogicalNot {
  template <class T>
  static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>;
  template <class V>
  RL_HD_INLINE auto operator()(V x) const {
    if constexpr (VecLike<V>)
      return x == V(typename V::Scalar(0));
    else
      return x == V(0);
  }
};

struct BitwiseNot {
  template <class T>
  static constexpr bool kVectorizes = IntScalar<T> && !BoolScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    if constexpr (BoolScalar<V>)
      return !x;
    else
      return V(~x);
  }
};

struct IsNan {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE auto operator()(V x) const {
    if constexpr (IntScalar<V>)
      return false;
    else
      return x != x;
  }
};

struct IsInf {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE auto operator()(V x) const {
    if constexpr (IntScalar<V>) {
      return false;
    } else if constexpr (ComplexScalar<V>) {
      return (*this)(x.re) || (*this)(x.im);
    } else {
      using math::abs;
      using T = ScalarOf<V>;
      return abs(x) == V(T(__builtin_huge_val()));
    }
  }
};

struct IsFinite {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE auto operator()(V x) const {
    if constexpr (IntScalar<V>) {
      return true;
    } else if constexpr (ComplexScalar<V>) {
      return (*this)(x.re) && (*this)(x.im);
    } else {
      using math::abs;
      using T = ScalarOf<V>;
      return abs(x) < V(T(__builtin_huge_val()));
    }
  }
};

struct Conj {
  template <class T>
  static constexpr bool kVectorizes = !BoolScalar<T> && !ComplexScalar<T>;
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    if constexpr (ComplexScalar<V>)
      return {x.re, -x.im};
    else
      return x;
  }
};

// 0 or pi for a real number (NaN stays), of the real type for Complex.
struct Angle {
  template <class T>
  static constexpr bool kVectorizes = FloatScalar<T>;
  template <class V>
  RL_HD_INLINE auto operator()(V x) const {
    if constexpr (ComplexScalar<V>) {
      return math::arg(x);
    } else if constexpr (IntScalar<V>) {
      return x < V(0) ? 3.14159265358979323846f : 0.0f;
    } else {
      using math::select;
      using T = ScalarOf<V>;
      const V zero(T(0));
      return select(x != x, x, select(x < zero, V(T(3.14159265358979323846)), zero));
    }
  }
};

}  // namespace rushlight
