// erf, erfc, pow, hypot, fmod and rsqrt. Fits: tools/minimax.py.
#pragma once

#include "rushlight/functors/math/exp.h"
#include "rushlight/functors/math/libm.h"
#include "rushlight/functors/math/log.h"
#include "rushlight/functors/math/trig.h"

namespace rushlight::math {

template <RealLike V>
RL_HD_INLINE V rsqrt(V x) {
  return V(ScalarOf<V>(1)) / sqrt(x);
}

// float: below 0.9 a polynomial, error 2^-29.9; above, 1 - erfc with -log(erfc) a polynomial, absolute
// error 2^-30.2.
template <RealLike V>
RL_HD_INLINE V erf(V x) {
  if constexpr (std::is_same_v<ScalarOf<V>, float>) {
    const V size = clamp(abs(x), 0.0f, 3.95f), s = size * size;
    const V small = fma(size,
                        polynomial(s, 1.28379166e-1f, -3.76126289e-1f, 1.12836242e-1f, -2.68555600e-2f, 5.19175315e-3f, -8.03975854e-4f, 7.94314474e-5f),
                        size);
    const V y = size * polynomial(size, 1.12864101f, 6.35181308e-1f, 1.06187932e-1f,
                                  -2.37204656e-2f, 3.62305064e-3f, -3.18091625e-4f,
                                  1.07662736e-5f);
    const V large = V(1.0f) - detail::exp_in_range(-y);
    return copysign(select(size < V(0.9f), small, large), x);
  } else {
    return map_lanes(x, libm::Erf{});
  }
}

namespace detail {

// For results in float: (1 + 2 x) e^(x^2) erfc(x) as a polynomial in t = (x - 3) / (x + 3),
// error 2^-34.8 up to where erfc underflows; 2 - erfc(-x) for negative x.
struct ErfcForFloat {
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    const V size = abs(x), bounded = clamp(size, 0.0, 10.1), one(1.0);
    const V t = (bounded - V(3.0)) / (bounded + V(3.0));
    const V fit = polynomial(
        t, 1.2530080582653795, -1.3562110686638174e-1, -4.7562293728184858e-2,
        1.2964519970381888e-1, -1.1927365839253568e-1, 6.8307381884506302e-2,
        -2.3770996305920437e-2, 2.5335072158672767e-3, 1.8940295538513161e-3,
        -7.9012255098282640e-4, -1.2639377176831395e-4, 1.2712906282518003e-4,
        3.3242796081864185e-5);
    const V tail = exp(-(size * size)) * fit / (one + bounded + bounded);
    return select(x < V(0.0), V(2.0) - tail, tail);
  }
};

// 2^(y log2 x) for normal finite x > 0 in double precision, with a polynomial (error 2^-34.1) for a
// float result. Clamped to where a float is 0 or infinite.
struct PowCore {
  template <class V>
  RL_HD_INLINE V operator()(V x, V y) const {
    const LogReduced<V> parts = reduce_log(x, V(log_k_bias<double>()));
    const V power = clamp(y * log_of_parts<LogBase::k2>(parts.k, parts.f), -160.0, 160.0);
    const V shifted = power + V(FloatFormat<double>::kShifter);
    const V r = (power - (shifted - V(FloatFormat<double>::kShifter))) * V(FloatFormat<double>::kLn2);
    const V p = polynomial(r, 1.0, 1.0, 5.0000000716726356e-1, 1.6666665820059665e-1,
                           4.1666280324493786e-2, 8.3335037650863805e-3, 1.3945752277306259e-3,
                           1.9789255864046767e-4);
    return as_float(wrapping_add(as_int(p), shift_left(as_int(shifted), 52)));
  }
};

// For float arguments; the squares neither overflow nor underflow in double precision.
struct HypotForFloat {
  template <class V>
  RL_HD_INLINE V operator()(V x, V y) const {
    return sqrt(x * x + y * y);
  }
};
template <class V>
RL_HD_INLINE V hypot_scaled(V x, V y) {
  const V larger = max_or_second(x, y);
  const auto huge = larger > V(0x1p500), tiny = larger < V(0x1p-400);
  const V down = select(huge, V(0x1p-600), select(tiny, V(0x1p600), V(1.0)));
  const V up = select(huge, V(0x1p600), select(tiny, V(0x1p-600), V(1.0)));
  x = x * down;
  y = y * down;
  return sqrt(x * x + y * y) * up;
}

// NaN where the C library has to be asked.
template <class V>
RL_HD_INLINE V fmod_near(V x, V y) {
  using T = ScalarOf<V>;
  // Exact: the fused remainder of the truncated quotient, or of the next integer if the division
  // rounded up to it. Infinite x or y and y = 0 give NaN.
  const V q = trunc(x / y);
  V r = fma(-q, y, x);
  r = select(sign_mask(r) ^ sign_mask(x), r + copysign(y, x), r);
  r = select(r == copysign(y, x), V(T(0)), r);
  return select(abs(q) < V(sizeof(T) == 4 ? T(0x1p22) : T(0x1p51)), copysign(r, x),
                V(FloatFormat<T>::kNan));
}
// Without a fused operation, in double precision for float arguments: exact while the quotient has
// at most 29 bits, as the rounded division then cannot reach the next integer.
struct FmodForFloat {
  template <class V>
  RL_HD_INLINE V operator()(V x, V y) const {
    const V q = x / y;
    return select(abs(q) < V(0x1p29), copysign(x - trunc(q) * y, x), V(FloatFormat<double>::kNan));
  }
};

}  // namespace detail

template <RealLike V>
RL_HD_INLINE V erfc(V x) {
  if constexpr (std::is_same_v<ScalarOf<V>, float>)
    return via_double(x, detail::ErfcForFloat{});
  else
    return map_lanes(x, libm::Erfc{});
}

// float: the core in double precision, then the special cases of C's pow.
template <RealLike V>
RL_HD_INLINE V pow(V x, V y) {
  using T = ScalarOf<V>;
  if constexpr (std::is_same_v<T, float>) {
    const V zero(T(0)), one(T(1)), infinity(FloatFormat<T>::kInfinity), size = abs(x);
    const V half = y * V(T(0.5));
    const auto integer = trunc(y) == y, odd = integer & (trunc(half) != half);
    V result = via_double(size, y, detail::PowCore{});
    const auto empty = size == zero, full = size == infinity;
    result = select(empty | full, select(empty ^ (y < zero), zero, infinity), result);
    result = select(size == one, one, result);
    result = select(sign_mask(x) & odd, -result, result);
    result = select((x < zero) & (x > -infinity) & !integer, V(FloatFormat<T>::kNan), result);
    result = select((x != x) | (y != y), x + y, result);
    return select((x == one) | (y == zero), one, result);
  } else {
    return map_lanes(x, y, libm::Pow{});
  }
}

template <RealLike V>
RL_HD_INLINE V hypot(V x, V y) {
  using T = ScalarOf<V>;
  const V infinity(FloatFormat<T>::kInfinity);
  x = abs(x);
  y = abs(y);
  V size;
  if constexpr (std::is_same_v<T, float>)
    size = via_double(x, y, detail::HypotForFloat{});
  else
    size = detail::hypot_scaled(x, y);
  return select((x == infinity) | (y == infinity), infinity, size);
}

template <RealLike V>
RL_HD_INLINE V fmod(V x, V y) {
  V fast;
  if constexpr (kFusedMultiplyAdd)
    fast = detail::fmod_near(x, y);
  else if constexpr (std::is_same_v<ScalarOf<V>, float>)
    fast = via_double(x, y, detail::FmodForFloat{});
  else
    return map_lanes(x, y, libm::Fmod{});
  const auto rest = fast != fast;
  if (RL_LIKELY(!any(rest))) return fast;
  return select(rest, map_lanes(x, y, libm::Fmod{}), fast);
}

}  // namespace rushlight::math
