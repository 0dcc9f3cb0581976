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

namespace detail {

// erfc(x) for x >= 0 as e^(-x^2) P(t) / (1 + 2 x) with t = (x - 3) / (x + 3); error of the fit
// 2^-54.0 for a double result, 2^-34.8 for a float.
template <bool kFull, class V>
RL_HD_INLINE V erfc_positive(V x) {
  const V bounded = clamp(x, 0.0, kFull ? 27.3 : 10.1), one(1.0);
  const V t = (bounded - V(3.0)) / (bounded + V(3.0)), square = bounded * bounded;
  V power, fit;
  if constexpr (kFull) {
    // What the square lost to rounding, exactly (Dekker's product without a fused operation).
    V lost;
    if constexpr (kFusedMultiplyAdd) {
      lost = fma(bounded, bounded, -square);
    } else {
      const V high = as_float(as_int(bounded) & IntOf<V>(~((int64_t(1) << 27) - 1)));
      const V low = bounded - high;
      lost = ((high * high - square) + (high + high) * low) + low * low;
    }
    power = exp_of_negative(-square, -lost);
    fit = polynomial(t, 1.2530080582697296, -1.3562110612458106e-1, -4.7562294353452321e-2,
                     1.2964515870274526e-1, -1.1927366341520813e-1, 6.8308027344557626e-2,
                     -2.3770514921096834e-2, 2.5293918058371520e-3, 1.8886903888636222e-3,
                     -7.7983217055365719e-4, -1.0516000151156446e-4, 1.2509873061295127e-4,
                     4.9503010811575988e-6, -2.0098105391137369e-5, -7.3349144875986113e-7,
                     3.4659845490800413e-6, 3.5950734675194829e-7, -6.0565401217772850e-7,
                     -1.4285097093558332e-7, 9.0022828602348498e-8, 4.0368935814981391e-8,
                     -6.0308607020328135e-9, -6.2653271517214524e-9, -9.6879064442779905e-10);
  } else {
    power = exp_of_negative(-square);
    fit = polynomial(t, 1.2530080582653795, -1.3562110686638174e-1, -4.7562293728184858e-2,
                     1.2964519970381888e-1, -1.1927365839253568e-1, 6.8307381884506302e-2,
                     -2.3770996305920437e-2, 2.5335072158672767e-3, 1.8940295538513161e-3,
                     -7.9012255098282640e-4, -1.2639377176831395e-4, 1.2712906282518003e-4,
                     3.3242796081864185e-5);
  }
  return power * fit / (one + (bounded + bounded));
}
// erf(x) for |x| <= 1 in double; error 2^-56.0.
template <class V>
RL_HD_INLINE V erf_near_zero(V x) {
  const V s = x * x;
  const V p = polynomial(s, 1.2837916709551256e-1, -3.7612638903183349e-1, 1.1283791670937192e-1,
                         -2.6866170641994550e-2, 5.2239775969824438e-3, -8.5483254942418934e-4,
                         1.2055280687750494e-4, -1.4924467582747743e-5, 1.6444152615462065e-6,
                         -1.6183837401877271e-7, 1.3615304701908307e-8, -7.6038682510743176e-10);
  return fma(x, p, x);
}
template <bool kFull>
struct ErfcWide {
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    const V size = abs(x), tail = erfc_positive<kFull>(size);
    const V result = select(x < V(0.0), V(2.0) - tail, tail);
    if constexpr (!kFull) return result;
    return select(size < V(0.5), V(1.0) - erf_near_zero(x), result);
  }
};

}  // namespace detail

// float: below 0.9 a polynomial, error 2^-29.9; above, 1 - erfc with -log(erfc) a polynomial,
// absolute error 2^-30.2. double: likewise, from 1.
template <RealLike V>
RL_HD_INLINE V erf(V x) {
  if constexpr (std::is_same_v<ScalarOf<V>, float>) {
    const V size = clamp(abs(x), 0.0f, 3.95f), s = size * size;
    const V small =
        fma(size,
            polynomial(s, 1.28379166e-1f, -3.76126289e-1f, 1.12836242e-1f, -2.68555600e-2f,
                       5.19175315e-3f, -8.03975854e-4f, 7.94314474e-5f),
            size);
    const V y = size * polynomial(size, 1.12864101f, 6.35181308e-1f, 1.06187932e-1f,
                                  -2.37204656e-2f, 3.62305064e-3f, -3.18091625e-4f, 1.07662736e-5f);
    const V large = V(1.0f) - detail::exp_in_range(-y);
    return copysign(select(size < V(0.9f), small, large), x);
  } else {
    const V size = abs(x), large = V(1.0) - detail::erfc_positive<true>(size);
    return copysign(select(size < V(1.0), detail::erf_near_zero(size), large), x);
  }
}

template <RealLike V>
RL_HD_INLINE V erfc(V x) {
  return detail::in_double(x, detail::ErfcWide<!std::is_same_v<ScalarOf<V>, float>>{});
}

namespace detail {

// 2^(y log2 x) for normal finite x > 0 in double precision, with a polynomial (error 2^-34.1) for a
// float result. Clamped to where a float is 0 or infinite.
struct PowCore {
  template <class V>
  RL_HD_INLINE V operator()(V x, V y) const {
    const LogReduced<V> parts = reduce_log(x, V(log_k_bias<double>()));
    const V power = clamp(y * log_of_parts<LogBase::k2>(parts.k, parts.f), -160.0, 160.0);
    using F = FloatFormat<double>;
    const V shifted = power + V(F::kShifter), n = shifted - V(F::kShifter);
    const V r = (power - n) * V(F::kLn2);
    const V p =
        polynomial(r, 1.0, 1.0, 5.0000000716726356e-1, 1.6666665820059665e-1, 4.1666280324493786e-2,
                   8.3335037650863805e-3, 1.3945752277306259e-3, 1.9789255864046767e-4);
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
