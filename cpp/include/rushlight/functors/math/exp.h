// exp and its relatives. Polynomials: tools/minimax.py, with the relative errors it prints.
#pragma once

#include "rushlight/functors/math/float_format.h"

namespace rushlight::math {

namespace detail {

// x = n ln2 + r, |r| <= ln2 / 2 (Cody and Waite: n times the upper part of ln2 is exact).
template <class V>
struct ExpReduced {
  V n, r;
  IntOf<V> n_int;
};
template <class V>
RL_HD_INLINE ExpReduced<V> reduce_exp(V x) {
  using F = FloatFormat<ScalarOf<V>>;
  const V shifted = fma(x, V(F::kLog2E), V(F::kShifter)), n = shifted - V(F::kShifter);
  const V r = fma(n, V(-F::kLn2Low), fma(n, V(-F::kLn2High), x));
  return {n, r, wrapping_sub(as_int(shifted), IntOf<V>(F::kShifterBits))};
}

// (e^r - 1 - r) / r^2 for |r| <= ln2 / 2; error in e^r 2^-27.6 (float), 2^-56.1 (double).
template <class V>
RL_HD_INLINE V exp_rest(V r) {
  if constexpr (std::is_same_v<ScalarOf<V>, float>)
    return polynomial(r, 4.99999940e-1f, 1.66665152e-1f, 4.16684560e-2f, 8.36941879e-3f,
                      1.38131436e-3f);
  else
    return polynomial(r, 5.0000000000000122e-1, 1.6666666666666385e-1, 4.1666666666519150e-2,
                      8.3333333335076643e-3, 1.3888888946920086e-3, 1.9841269486165920e-4,
                      2.4801489352094401e-5, 2.7557597176454178e-6, 2.7631687407665714e-7,
                      2.4998997062357626e-8);
}
template <class V>
RL_HD_INLINE V exp_polynomial(V r) {
  return fma(r * r, exp_rest(r), r) + V(ScalarOf<V>(1));
}

// e^r - 1; polynomial error 2^-28.7 (float), 2^-59.4 (double).
template <class V>
RL_HD_INLINE V expm1_polynomial(V r) {
  V q;
  if constexpr (std::is_same_v<ScalarOf<V>, float>)
    q = polynomial(r, 5.00000000e-1f, 1.66666657e-1f, 4.16663475e-2f, 8.33339151e-3f,
                   1.39416521e-3f, 1.98459369e-4f);
  else
    q = polynomial(r, 5.0000000000000000e-1, 1.6666666666666677e-1, 4.1666666666666491e-2,
                   8.3333333333207391e-3, 1.3888888888968385e-3, 1.9841269888684222e-4,
                   2.4801587164703582e-5, 2.7557241368298031e-6, 2.7557405977957157e-7,
                   2.5110110128761852e-8, 2.0875306178414333e-9);
  return fma(r * r, q, r);
}

// e^x / 2^shift for x within the clamping range.
template <int kShift, class V>
RL_HD_INLINE V exp_clamped(V x) {
  const ExpReduced<V> e = reduce_exp(x);
  V n = e.n;
  IntOf<V> n_int = e.n_int;
  if constexpr (kShift != 0) {
    using T = ScalarOf<V>;
    n = n - V(T(kShift));
    n_int = wrapping_sub(n_int, IntOf<V>(kShift));
  }
  return scale_by_power(exp_polynomial(e.r), n, n_int);
}

// e^x or e^(x + tail) for x <= 0, down to the clamping range, with the rounding of r undone.
template <class V, class... Tail>
RL_HD_INLINE V exp_of_negative(V x, Tail... tail) {
  using F = FloatFormat<ScalarOf<V>>;
  const V shifted = fma(x, V(F::kLog2E), V(F::kShifter)), n = shifted - V(F::kShifter);
  const V high = fma(n, V(-F::kLn2High), x), low = ((n * V(-F::kLn2Low)) + ... + tail);
  const V r = high + low;
  const V p = (fma(r * r, exp_rest(r), low) + high) + V(ScalarOf<V>(1));
  return scale_down(p, n, wrapping_sub(as_int(shifted), IntOf<V>(F::kShifterBits)));
}

// e^x where neither it nor 2^n leaves the normal range.
template <class V>
RL_HD_INLINE V exp_in_range(V x) {
  using F = FloatFormat<ScalarOf<V>>;
  const ExpReduced<V> e = reduce_exp(x);
  const auto power_bits = wrapping_add(e.n_int, IntOf<V>(F::kBias));
  return exp_polynomial(e.r) * as_float(shift_left(power_bits, F::kMantissaBits));
}

// e^x - 1 for x within the clamping range; loses the sign of -0.
template <class V>
RL_HD_INLINE V expm1_clamped(V x) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  const ExpReduced<V> e = reduce_exp(x);
  const V p = expm1_polynomial(e.r);
  // 2^n may overflow where e^x does not, so half of the result is formed first.
  const auto half_bits = wrapping_add(e.n_int, IntOf<V>(F::kBias - 1));
  const V half_power = as_float(shift_left(half_bits, F::kMantissaBits));
  const V half = fma(half_power, p, half_power - V(T(0.5)));
  return select(e.n == V(T(0)), p, half + half);
}

}  // namespace detail

template <RealLike V>
RL_HD_INLINE V exp(V x) {
  using F = FloatFormat<ScalarOf<V>>;
  return detail::exp_clamped<0>(clamp(x, F::kExpLow, F::kExpHigh));
}

template <RealLike V>
RL_HD_INLINE V exp2(V x) {
  using F = FloatFormat<ScalarOf<V>>;
  x = clamp(x, F::kExp2Low, F::kExp2High);
  const V shifted = x + V(F::kShifter), n = shifted - V(F::kShifter);
  const V p = detail::exp_polynomial((x - n) * V(F::kLn2));
  return scale_by_power(p, n, wrapping_sub(as_int(shifted), IntOf<V>(F::kShifterBits)));
}

template <RealLike V>
RL_HD_INLINE V expm1(V x) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  return copysign(detail::expm1_clamped(clamp(x, T(-44), F::kExpHigh)), x);
}

// 1 / (1 + e^-x), from e^-|x| so that the left tail keeps its denormals. For float, what 1 + e
// loses to rounding is put back: d/dd (top / d) = -q / d, and 1 / d is q or 1 - q.
template <RealLike V>
RL_HD_INLINE V sigmoid(V x) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  const V one(T(1)), e = detail::exp_of_negative(max_or_second(V(F::kExpLow), -abs(x)));
  const V d = one + e;
  const auto negative = x < V(T(0));
  const V q = select(negative, e, one) / d;
  if constexpr (std::is_same_v<T, double>) return q;
  const V lost = (d - one) - e, inverse = select(negative, one - q, q);
  return fma(q * inverse, lost, q);
}

template <RealLike V>
RL_HD_INLINE V cosh(V x) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  const V half = detail::exp_clamped<1>(clamp(abs(x), T(0), F::kSinhHigh));
  return half + V(T(0.25)) / half;
}

// Below 1 a polynomial, error 2^-31.6 (float), 2^-63.0 (double).
template <RealLike V>
RL_HD_INLINE V sinh(V x) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  const V size = abs(x), square = x * x;
  const V half = detail::exp_clamped<1>(clamp(size, T(0), F::kSinhHigh));
  const V large = half - V(T(0.25)) / half;
  V q;
  if constexpr (std::is_same_v<T, float>)
    q = polynomial(square, 1.66666672e-1f, 8.33331048e-3f, 1.98428956e-4f, 2.78221319e-6f);
  else
    q = polynomial(square, 1.6666666666666666e-1, 8.3333333333335726e-3, 1.9841269841061159e-4,
                   2.7557319310090840e-6, 2.5052089412668139e-8, 1.6061339182823873e-10,
                   7.5032644962727240e-13, 6.4753357809949303e-15);
  return copysign(select(size < V(T(1)), fma(size * square, q, size), large), x);
}

// float: a polynomial below 0.6, error 2^-28.4, and 1 - 2 / (e^2x + 1) above, up to where tanh
// rounds to 1. double: through expm1.
template <RealLike V>
RL_HD_INLINE V tanh(V x) {
  using T = ScalarOf<V>;
  if constexpr (std::is_same_v<T, float>) {
    const V size = clamp(abs(x), 0.0f, 10.0f), s = size * size, one(1.0f);
    const V small = fma(size * s,
                        polynomial(s, -3.33332986e-1f, 1.33319363e-1f, -5.37847169e-2f,
                                   2.07986254e-2f, -5.89796668e-3f),
                        size);
    const V large = one - V(2.0f) / (detail::exp_in_range(size + size) + one);
    return copysign(select(size < V(0.6f), small, large), x);
  } else {
    const V size = clamp(abs(x), 0.0, 20.0), grown = detail::expm1_clamped(size + size);
    return copysign(grown / (grown + V(2.0)), x);
  }
}

}  // namespace rushlight::math
