// Logarithms and the inverse hyperbolic functions. Polynomials: tools/minimax.py.
#pragma once

#include "rushlight/functors/math/float_format.h"

namespace rushlight::math {

namespace detail {

// The bit pattern of sqrt(1/2), where the mantissas m are cut: sqrt(1/2) <= m < sqrt(2).
template <class T>
inline constexpr IntOf<T> kSqrtHalfBits = 0;
template <>
inline constexpr int32_t kSqrtHalfBits<float> = 0x3f3504f3;
template <>
inline constexpr int64_t kSqrtHalfBits<double> = 0x3fe6a09e667f3bcd;

// x = 2^k (1 + f) for a normal positive x. biased_k is k plus the exponent bias.
template <class V>
struct LogReduced {
  V k, f;
  IntOf<V> biased_k;
};
template <class V>
RL_HD_INLINE LogReduced<V> reduce_log(V x, V k_bias) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  using Int = IntOf<V>;
  using I = IntOf<T>;
  constexpr I kOne = I(F::kBias) << F::kMantissaBits, kCut = kSqrtHalfBits<T>;
  constexpr I kMantissaMask = (I(1) << F::kMantissaBits) - 1;
  // The exponent bits of 2^mantissa_bits turn an integer into a float without a conversion.
  constexpr I kTwoToMantissa = (I(F::kBias) + F::kMantissaBits) << F::kMantissaBits;
  const Int shifted = wrapping_add(as_int(x), Int(kOne - kCut));
  const Int biased_k = shift_right_logical(shifted, F::kMantissaBits);
  const V k = as_float(biased_k | Int(kTwoToMantissa)) - k_bias;
  const V m = as_float(wrapping_add(shifted & Int(kMantissaMask), Int(kCut)));
  return {k, m - V(T(1)), biased_k};
}
template <class T>
RL_HD_INLINE constexpr T log_k_bias() {
  using F = FloatFormat<T>;
  return T(IntOf<T>(1) << F::kMantissaBits) + T(F::kBias);
}

// (log((1 + s) / (1 - s)) - 2 s) / s^3 at z = s^2; relative to the logarithm the error is 2^-57 for
// |s| <= 0.1725.
template <class V>
RL_HD_INLINE V log_series(V z) {
  return polynomial(z, 6.6666666666666707e-1, 3.9999999999884933e-1, 2.8571428631168994e-1,
                    2.2222210388085803e-1, 1.8182939323687294e-1, 1.5330144937777732e-1,
                    1.4635121972047160e-1);
}

// log(1 + f) - f. float: a polynomial, error 2^-27.2. double: with s = f / (2 + f) and the series R,
// log(1 + f) = 2 s + s R(s^2) = f - (f^2/2 - s (f^2/2 + R)), as in FreeBSD's e_log.c.
template <class V>
RL_HD_INLINE V log1p_rest(V f) {
  using T = ScalarOf<V>;
  const V square = f * f;
  if constexpr (std::is_same_v<T, float>) {
    const V q = polynomial(f, 3.33333313e-1f, -2.50008196e-1f, 2.00012267e-1f, -1.66233569e-1f,
                           1.42017573e-1f, -1.31601796e-1f, 1.27615795e-1f, -7.63450414e-2f);
    return fma(V(-0.5f), square, f * square * q);
  } else {
    const V s = f / (V(2.0) + f), z = s * s, half = V(0.5) * square;
    const V r = z * log_series(z);
    return fma(s, half + r, -half);
  }
}

enum class LogBase { kE, k2, k10 };

// The logarithm of 2^k (1 + f); the leading parts of the constants make k's product exact.
template <LogBase kBase, class V>
RL_HD_INLINE V log_of_parts(V k, V f) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  const V rest = log1p_rest(f);
  if constexpr (kBase == LogBase::kE) {
    return fma(k, V(F::kLn2High), f + fma(k, V(F::kLn2Low), rest));
  } else if constexpr (kBase == LogBase::k2) {
    return k + (f + fma(rest, V(F::kLog2E), f * V(F::kLog2E - T(1))));
  } else {
    const V low = fma(f, V(F::kLog10ELow), k * V(F::kLog10Of2Low));
    const V middle = fma(f, V(F::kLog10EHigh), fma(rest, V(F::kLog10E), low));
    return fma(k, V(F::kLog10Of2High), middle);
  }
}

// The values that the bit tricks get wrong: x < 0, 0, infinity, NaN.
template <class V>
RL_HD_INLINE V fix_log(V result, V x) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  result = select(x < V(F::kInfinity), result, x);
  result = select(x < V(T(0)), V(F::kNan), result);
  return select(x == V(T(0)), V(-F::kInfinity), result);
}

template <LogBase kBase, class V>
RL_HD_INLINE V log_any(V x) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  constexpr T kBias = log_k_bias<T>(), kUp = T(IntOf<T>(1) << F::kMantissaBits);
  const auto denormal = x < V(F::kMinNormal);
  const LogReduced<V> parts = reduce_log(
      select(denormal, x * V(kUp), x), select(denormal, V(kBias + T(F::kMantissaBits)), V(kBias)));
  return fix_log(log_of_parts<kBase>(parts.k, parts.f), x);
}

}  // namespace detail

template <RealLike V>
RL_HD_INLINE V log(V x) {
  return detail::log_any<detail::LogBase::kE>(x);
}
template <RealLike V>
RL_HD_INLINE V log2(V x) {
  return detail::log_any<detail::LogBase::k2>(x);
}
template <RealLike V>
RL_HD_INLINE V log10(V x) {
  return detail::log_any<detail::LogBase::k10>(x);
}

// With u = 1 + x rounded and the exact loss c = x - (u - 1), 1 + x = 2^k (1 + f) for u's k and
// f = (u's mantissa - 1) + c 2^-k.
template <RealLike V>
RL_HD_INLINE V log1p(V x) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  using Int = IntOf<V>;
  const V one(T(1)), u = one + x, lost = x - (u - one);
  const detail::LogReduced<V> parts = detail::reduce_log(u, V(detail::log_k_bias<T>()));
  // 2^(1-k), which is 0 and not negative for the largest k.
  const Int exponent = wrapping_sub(Int(2 * F::kBias + 1), parts.biased_k);
  const V power = as_float(shift_left(exponent, F::kMantissaBits));
  const V f = fma(lost * power, V(T(0.5)), parts.f);
  const V result = detail::fix_log(detail::log_of_parts<detail::LogBase::kE>(parts.k, f), u);
  return select(x == V(T(0)), x, result);
}

namespace detail {

// For large x the square would overflow; there it is log(x) + ln2, and log1p(x) is log(x).
template <class V>
RL_HD_INLINE V asinh_wide(V x) {
  using T = ScalarOf<V>;
  constexpr T kLarge = T(1e30);
  const V one(T(1)), size = abs(x), square = size * size;
  const auto large = size > V(kLarge);
  const V small = size + square / (one + sqrt(one + square));
  const V log = log1p(select(large, size, small));
  return copysign(log + select(large, V(FloatFormat<T>::kLn2), V(T(0))), x);
}
template <class V>
RL_HD_INLINE V acosh_wide(V x) {
  using T = ScalarOf<V>;
  constexpr T kLarge = T(1e30);
  const V one(T(1)), t = x - one;
  const auto large = x > V(kLarge);
  const V small = t + sqrt(t * (t + V(T(2))));
  const V log = log1p(select(large, x, small));
  const V result = log + select(large, V(FloatFormat<T>::kLn2), V(T(0)));
  return select(x < one, V(FloatFormat<T>::kNan), result);
}
template <class V>
RL_HD_INLINE V atanh_wide(V x) {
  using T = ScalarOf<V>;
  const V size = abs(x);
  return copysign(V(T(0.5)) * log1p((size + size) / (V(T(1)) - size)), x);
}

struct AsinhWide {
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    return asinh_wide(x);
  }
};
struct AcoshWide {
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    return acosh_wide(x);
  }
};
// For float arguments and results, with one division: (1 + x) / (1 - x) = 2^k (1 + s) / (1 - s).
// Taking k from the difference of the bit patterns leaves |s| <= 0.2, where the fit still has
// 2^-50.
struct AtanhForFloat {
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    using F = FloatFormat<double>;
    using Int = IntOf<V>;
    const V one(1.0), size = abs(x), above = one + size, below = one - size;
    const Int ratio = wrapping_sub(as_int(above), as_int(below));
    const Int biased_k =
        shift_right_logical(wrapping_add(ratio, Int((F::kBias << 52) + (int64_t(1) << 51))), 52);
    const V k = as_float(biased_k | Int(int64_t(0x433) << 52)) - V(log_k_bias<double>());
    const V scaled = below * as_float(shift_left(biased_k, 52));
    const V s = (above - scaled) / (above + scaled), z = s * s;
    const V log = fma(k, V(F::kLn2), fma(s * z, log_series(z), s + s));
    // Near 0, where 1 + x loses x, two terms of the series are enough.
    const V small = fma(size * size, size * V(1.0 / 3.0), size);
    V result = select(size < V(0x1p-10), small, V(0.5) * log);
    result = select(size == one, V(F::kInfinity), result);
    return copysign(select(size > one, V(F::kNan), result), x);
  }
};

// A double formula, through double precision for float.
template <class Fn, class V>
RL_HD_INLINE V in_double(V x, Fn fn) {
  if constexpr (std::is_same_v<ScalarOf<V>, float>)
    return via_double(x, fn);
  else
    return fn(x);
}

}  // namespace detail

template <RealLike V>
RL_HD_INLINE V asinh(V x) {
  return detail::in_double(x, detail::AsinhWide{});
}
template <RealLike V>
RL_HD_INLINE V acosh(V x) {
  return detail::in_double(x, detail::AcoshWide{});
}
template <RealLike V>
RL_HD_INLINE V atanh(V x) {
  if constexpr (std::is_same_v<ScalarOf<V>, float>)
    return via_double(x, detail::AtanhForFloat{});
  else
    return detail::atanh_wide(x);
}

}  // namespace rushlight::math
