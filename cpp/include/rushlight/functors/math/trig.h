// sin, cos, tan and their inverses. Polynomials: tools/minimax.py.
#pragma once

#include "rushlight/functors/math/float_format.h"
#include "rushlight/functors/math/libm.h"
#include "rushlight/functors/math/log.h"

namespace rushlight::math {

namespace detail {

// Beyond this the reduction below loses bits; the C library takes over.
template <class T>
RL_HD_INLINE constexpr T reduction_limit() {
  if constexpr (std::is_same_v<T, double>) return T(1e6);
  return kFusedMultiplyAdd ? T(1e5) : T(1.28e4);
}

// x - q pi for q an integer or half of one. With a fused multiply-add pi is three full-precision
// parts; without, the leading parts are short enough for exact products (Cody and Waite).
template <class V>
RL_HD_INLINE V subtract_pi(V x, V q) {
  if constexpr (std::is_same_v<ScalarOf<V>, float>) {
    if constexpr (kFusedMultiplyAdd) {
      x = fma(q, V(-0x1.921fb6p+1f), x);
      x = fma(q, V(0x1.777a5cp-24f), x);
      return fma(q, V(0x1.ee59dap-49f), x);
    } else {
      x = x - q * V(0x1.92p+1f);
      x = x - q * V(0x1.fb4p-11f);
      // So far exact; one rounding for the rest together.
      const V third = q * V(0x1.444p-23f), high = x - third, lost = (x - high) - third;
      return high + ((lost - q * V(0x1.68cp-38f)) - q * V(0x1.1a6264p-53f));
    }
  } else {
    if constexpr (kFusedMultiplyAdd) {
      x = fma(q, V(-0x1.921fb54442d18p+1), x);
      x = fma(q, V(-0x1.1a62633145c07p-53), x);
      return fma(q, V(0x1.f1976b7ed8fbcp-109), x);
    } else {
      x = x - q * V(0x1.921fb544p+1);
      x = x - q * V(0x1.0b4611a6p-33);
      x = x - q * V(0x1.3198a2ep-68);
      return x - q * V(0x1.b839a252049c1p-103);
    }
  }
}

// sin(r) for |r| <= 1.01 pi / 2; error 2^-61.9.
template <class V>
RL_HD_INLINE V sin_polynomial(V r) {
  const V z = r * r;
  const V q = polynomial(z, -1.6666666666666666e-1, 8.3333333333332187e-3, -1.9841269841220982e-4,
                         2.7557319213859393e-6, -2.5052107219400770e-8, 1.6058965302081630e-10,
                         -7.6440835284708855e-13, 2.7461351778572382e-15, -2.3648344711194113e-18);
  return fma(r * z, q, r);
}

// The lowest bit of a shifted integer (see kShifter) moved to the sign.
template <class V>
RL_HD_INLINE IntOf<V> parity_to_sign(V shifted) {
  return shift_left(as_int(shifted), int(8 * sizeof(ScalarOf<V>)) - 1);
}
template <class V>
RL_HD_INLINE IntOf<V> sign_of(V x) {
  return as_int(x) & as_int(V(ScalarOf<V>(-0.0)));
}

template <class V, class Fn>
RL_HD_INLINE V libm_beyond(V limit, V size, V x, V result, Fn fn) {
  using T = ScalarOf<V>;
  const auto far = (size > limit) & (size < V(FloatFormat<T>::kInfinity));
  if (RL_LIKELY(!any(far))) return result;
  return select(far, map_lanes(x, fn), result);
}

// float: sin(x + turns pi/2) with r = x - n pi/2 and the polynomial of n + turns, errors 2^-27.8
// (sin) and 2^-32.7 (cos); their results keep their distance to 1, unlike sin's near pi/2.
template <int kTurns, class V>
RL_HD_INLINE V sin_by_quarters(V size) {
  const V shifted = fma(size, V(0.636619772f), V(FloatFormat<float>::kShifter));
  const V n = shifted - V(FloatFormat<float>::kShifter);
  const V r = subtract_pi(size, n * V(0.5f)), z = r * r;
  const V sine = fma(r * z, polynomial(z, -1.66666538e-1f, 8.33210628e-3f, -1.95078828e-4f), r);
  const V cosine = fma(z * z, polynomial(z, 4.16666456e-2f, -1.38872978e-3f, 2.44300845e-5f),
                       fma(V(-0.5f), z, V(1.0f)));
  const auto quarter = wrapping_add(as_int(shifted), IntOf<V>(kTurns));
  const V result = select(sign_mask(as_float(shift_left(quarter, 31))), cosine, sine);
  return as_float(as_int(result) ^ (shift_left(quarter, 30) & as_int(V(-0.0f))));
}

}  // namespace detail

// double: sin(x) = (-1)^n sin(x - n pi)
template <RealLike V>
RL_HD_INLINE V sin(V x) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  const V size = abs(x);
  V result;
  if constexpr (std::is_same_v<T, float>) {
    result = detail::sin_by_quarters<0>(size);
  } else {
    const V shifted = fma(size, V(F::kInvPi), V(F::kShifter));
    const V r = detail::subtract_pi(size, shifted - V(F::kShifter));
    result = as_float(as_int(detail::sin_polynomial(r)) ^ detail::parity_to_sign(shifted));
  }
  result = as_float(as_int(result) ^ detail::sign_of(x));
  return detail::libm_beyond(V(detail::reduction_limit<T>()), size, x, result, libm::Sin{});
}

// double: cos(x) = (-1)^(n+1) sin(x - (n + 1/2) pi)
template <RealLike V>
RL_HD_INLINE V cos(V x) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  const V size = abs(x);
  V result;
  if constexpr (std::is_same_v<T, float>) {
    result = detail::sin_by_quarters<1>(size);
  } else {
    const V half(0.5), shifted = fma(size, V(F::kInvPi), -half) + V(F::kShifter);
    const V r = detail::subtract_pi(size, (shifted - V(F::kShifter)) + half);
    result = as_float(as_int(-detail::sin_polynomial(r)) ^ detail::parity_to_sign(shifted));
  }
  return detail::libm_beyond(V(detail::reduction_limit<T>()), size, x, result, libm::Cos{});
}

namespace detail {

// With r = x - n pi/2: tan(r) for even n, -1 / tan(r) for odd n; error 2^-29.3 or 2^-55.7.
template <bool kFull>
struct TanWide {
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    using F = FloatFormat<double>;
    const V size = abs(x), shifted = fma(size, V(2.0 * F::kInvPi), V(F::kShifter));
    const V r = subtract_pi(size, (shifted - V(F::kShifter)) * V(0.5)), z = r * r;
    V q;
    if constexpr (kFull)
      q = polynomial(z, 3.3333333333332565e-1, 1.3333333333443498e-1, 5.3968253913004888e-2,
                     2.1869489933357675e-2, 8.8632146382847284e-3, 3.5923295315020147e-3,
                     1.4545144483617447e-3, 5.9608041663353109e-4, 2.1940938039486795e-4,
                     1.4259834292816394e-4, -3.4885145957963749e-5, 9.7209753526250630e-5,
                     -4.9036221666966869e-5, 2.1857031169586359e-5);
    else
      q = polynomial(z, 3.3333352690952578e-1, 1.3332559344169209e-1, 5.4072009138497905e-2,
                     2.1218266552192021e-2, 1.1005059632814559e-2, -1.2920681653604108e-4,
                     4.4860981073624826e-3);
    const V t = fma(r * z, q, r);
    const auto odd = sign_mask(as_float(parity_to_sign(shifted)));
    return as_float(as_int(select(odd, V(-1.0) / t, t)) ^ sign_of(x));
  }
};

}  // namespace detail

template <RealLike V>
RL_HD_INLINE V tan(V x) {
  using T = ScalarOf<V>;
  const V near = detail::in_double(x, detail::TanWide<!std::is_same_v<T, float>>{});
  return detail::libm_beyond(V(T(5e5)), abs(x), x, near, libm::Tan{});
}

namespace detail {

// (asin(s) - s) / s^3 at z = s^2 <= 1/4; error 2^-27.6, or 2^-59.9 where full precision is asked.
template <bool kFull, class V>
RL_HD_INLINE V asin_rest(V z) {
  if constexpr (kFull)
    return polynomial(z, 1.6666666666666760e-1, 7.4999999999708675e-2, 4.4642857174559326e-2,
                      3.0381942709941989e-2, 2.2372214933891483e-2, 1.7351612886105178e-2,
                      1.3980810948572708e-2, 1.1398985129413288e-2, 1.0779870197562826e-2,
                      3.7077711772500904e-3, 2.1704303665004348e-2, -2.0994823387147737e-2,
                      3.2626086808106795e-2);
  else
    return polynomial(z, 1.6666752478016211e-1, 7.4952977920554317e-2, 4.5470357767105500e-2,
                      2.4179603214513092e-2, 4.2166159479735954e-2);
}
// (atan(t) - t) / t^3 at z = t^2 <= 1; error 2^-28.4 or 2^-56.9.
template <bool kFull, class V>
RL_HD_INLINE V atan_rest(V z) {
  using T = ScalarOf<V>;
  if constexpr (kFull)
    return polynomial(z, -3.3333333333333071e-1, 1.9999999999951754e-1, -1.4285714282588449e-1,
                      1.1111111007354750e-1, -9.0909070080487153e-2, 7.6922798920507823e-2,
                      -6.6664044504872524e-2, 5.8805299780733240e-2, -5.2535275755910243e-2,
                      4.7223511889943295e-2, -4.2192513308661889e-2, 3.6643324853723375e-2,
                      -2.9906019382654678e-2, 2.1987423902668432e-2, -1.3902913253085488e-2,
                      7.1981277057295333e-3, -2.8857360238856646e-3, 8.3160476897965881e-4,
                      -1.5222102979804309e-4, 1.3231000668801873e-5);
  else
    return polynomial(z, T(-3.33332986e-1), T(1.99985296e-1), T(-1.42640144e-1), T(1.09508604e-1),
                      T(-8.39920267e-2), T(5.78787178e-2), T(-3.10933180e-2), T(1.08661233e-2),
                      T(-1.78210402e-3));
}

// asin(x) for x up to 1/2 and pi/2 - 2 asin(sqrt((1 - x) / 2)) above; V is in double precision.
template <bool kFull>
struct AsinWide {
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    const V size = abs(x), half(0.5);
    const auto large = size > half;
    const V z = select(large, (V(1.0) - size) * half, size * size);
    const V s = select(large, sqrt(z), size), p = fma(s * z, asin_rest<kFull>(z), s);
    return copysign(select(large, V(0x1.921fb54442d18p+0) - (p + p), p), x);
  }
};
template <bool kFull>
struct AcosWide {
  template <class V>
  RL_HD_INLINE V operator()(V x) const {
    const V size = abs(x), half(0.5);
    const auto large = size > half, negative = x < V(0.0);
    const V z = select(large, (V(1.0) - size) * half, size * size);
    const V s = select(large, sqrt(z), size), p = fma(s * z, asin_rest<kFull>(z), s);
    const V outer = select(negative, V(0x1.921fb54442d18p+1) - (p + p), p + p);
    return select(large, outer, V(0x1.921fb54442d18p+0) - copysign(p, x));
  }
};
template <bool kFull>
struct Atan2Wide {
  template <class V>
  RL_HD_INLINE V operator()(V y, V x) const {
    const V size_y = abs(y), size_x = abs(x), zero(0.0);
    const auto steep = size_y > size_x;
    const V top = select(steep, size_x, size_y), bottom = select(steep, size_y, size_x);
    V t = select(top == bottom, V(1.0), top / bottom);  // inf / inf too
    t = select(bottom == zero, zero, t);
    const V z = t * t;
    V angle = fma(t * z, atan_rest<kFull>(z), t);
    angle = select(steep, V(0x1.921fb54442d18p+0) - angle, angle);
    angle = select(sign_mask(x), V(0x1.921fb54442d18p+1) - angle, angle);
    return copysign(select((x != x) | (y != y), x + y, angle), y);
  }
};

}  // namespace detail

template <RealLike V>
RL_HD_INLINE V asin(V x) {
  return detail::in_double(x, detail::AsinWide<!std::is_same_v<ScalarOf<V>, float>>{});
}
template <RealLike V>
RL_HD_INLINE V acos(V x) {
  return detail::in_double(x, detail::AcosWide<!std::is_same_v<ScalarOf<V>, float>>{});
}

// pi/2 - atan(1/x) above 1; the low part of pi/2 joins the small term.
template <RealLike V>
RL_HD_INLINE V atan(V x) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  const V size = abs(x), one(T(1)), zero(T(0));
  const auto large = size > one;
  const V t = select(large, one / size, size), z = t * t;
  const V low = select(large, V(T(-0.5) * F::kPiLow), zero);
  const V p = t + fma(t * z, detail::atan_rest<!std::is_same_v<T, float>>(z), low);
  return copysign(select(large, V(T(0.5) * F::kPi) - p, p), x);
}

template <RealLike V>
RL_HD_INLINE V atan2(V y, V x) {
  if constexpr (std::is_same_v<ScalarOf<V>, float>)
    return via_double(y, x, detail::Atan2Wide<false>{});
  else
    return detail::Atan2Wide<true>{}(y, x);
}

}  // namespace rushlight::math
