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

// For float arguments and results: 2^(y log2 |x|), then the special cases of C's pow.
struct PowForFloat {
  template <class V>
  RL_HD_INLINE V operator()(V x, V y) const {
    const V zero(0.0), one(1.0), size = abs(x);
    const auto unit = (size == one) & (y == y);
    const V power = exp2(select(unit, zero, y * log2(size)));
    const V half = y * V(0.5);
    const auto integer = trunc(y) == y, odd = integer & (trunc(half) != half);
    const V nan(__builtin_nan("")), infinity(__builtin_huge_val());
    V result = select(sign_mask(x) & odd, -power, power);
    result = select((x < zero) & (x > -infinity) & !integer, nan, result);
    return select((x == one) | (y == zero), one, result);
  }
};

// For float arguments; the squares neither overflow nor underflow in double precision.
struct HypotForFloat {
  template <class V>
  RL_HD_INLINE V operator()(V x, V y) const {
    const V infinity(__builtin_huge_val());
    const V size = sqrt(x * x + y * y);
    return select((abs(x) == infinity) | (abs(y) == infinity), infinity, size);
  }
};

// For float arguments: exact while the quotient has at most 29 bits, as the rounded division then
// cannot reach the next integer and every product is representable. NaN elsewhere.
struct FmodForFloat {
  template <class V>
  RL_HD_INLINE V operator()(V x, V y) const {
    const V q = x / y;
    return select(abs(q) < V(0x1p29), copysign(x - trunc(q) * y, x), V(__builtin_nan("")));
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

template <RealLike V>
RL_HD_INLINE V pow(V x, V y) {
  if constexpr (std::is_same_v<ScalarOf<V>, float>)
    return via_double(x, y, detail::PowForFloat{});
  else
    return map_lanes(x, y, libm::Pow{});
}

template <RealLike V>
RL_HD_INLINE V hypot(V x, V y) {
  if constexpr (std::is_same_v<ScalarOf<V>, float>)
    return via_double(x, y, detail::HypotForFloat{});
  else
    return map_lanes(x, y, libm::Hypot{});
}

template <RealLike V>
RL_HD_INLINE V fmod(V x, V y) {
  if constexpr (std::is_same_v<ScalarOf<V>, float>) {
    const V fast = via_double(x, y, detail::FmodForFloat{});
    const auto rest = fast != fast;
    if (RL_LIKELY(!any(rest))) return fast;
    return select(rest, map_lanes(x, y, libm::Fmod{}), fast);
  } else {
    return map_lanes(x, y, libm::Fmod{});
  }
}

}  // namespace rushlight::math
