// The primitive operations that the elementary functions are written in, for scalars. The CPU
// backend overloads the same names for its Vec<T>; templates find those by argument lookup.
#pragma once

#include <cstdint>

#include "rushlight/functors/traits.h"

namespace rushlight::math {

// True where fma() below rounds once. Elsewhere it is a multiplication and an addition.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
inline constexpr bool kFusedMultiplyAdd = true;
#else
inline constexpr bool kFusedMultiplyAdd = false;
#endif

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
RL_HD_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
RL_HD_INLINE double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
RL_HD_INLINE float fma(float a, float b, float c) { return a * b + c; }
RL_HD_INLINE double fma(double a, double b, double c) { return a * b + c; }
#endif

RL_HD_INLINE float abs(float x) { return __builtin_fabsf(x); }
RL_HD_INLINE double abs(double x) { return __builtin_fabs(x); }
RL_HD_INLINE float sqrt(float x) { return __builtin_sqrtf(x); }
RL_HD_INLINE double sqrt(double x) { return __builtin_sqrt(x); }
RL_HD_INLINE float floor(float x) { return __builtin_floorf(x); }
RL_HD_INLINE double floor(double x) { return __builtin_floor(x); }
RL_HD_INLINE float ceil(float x) { return __builtin_ceilf(x); }
RL_HD_INLINE double ceil(double x) { return __builtin_ceil(x); }
RL_HD_INLINE float trunc(float x) { return __builtin_truncf(x); }
RL_HD_INLINE double trunc(double x) { return __builtin_trunc(x); }
RL_HD_INLINE float nearbyint(float x) { return __builtin_rintf(x); }
RL_HD_INLINE double nearbyint(double x) { return __builtin_rint(x); }
RL_HD_INLINE float copysign(float x, float sign) { return __builtin_copysignf(x, sign); }
RL_HD_INLINE double copysign(double x, double sign) { return __builtin_copysign(x, sign); }

RL_HD_INLINE int32_t as_int(float x) { return bit_cast<int32_t>(x); }
RL_HD_INLINE int64_t as_int(double x) { return bit_cast<int64_t>(x); }
RL_HD_INLINE float as_float(int32_t x) { return bit_cast<float>(x); }
RL_HD_INLINE double as_float(int64_t x) { return bit_cast<double>(x); }

template <IntScalar T>
RL_HD_INLINE T shift_right_logical(T x, int count) {
  return T(std::make_unsigned_t<T>(x) >> count);
}
template <IntScalar T>
RL_HD_INLINE T shift_left(T x, int count) {
  return T(std::make_unsigned_t<T>(x) << count);
}
template <IntScalar T>
RL_HD_INLINE T wrapping_add(T a, T b) {
  return T(std::make_unsigned_t<T>(a) + std::make_unsigned_t<T>(b));
}
template <IntScalar T>
RL_HD_INLINE T wrapping_sub(T a, T b) {
  return T(std::make_unsigned_t<T>(a) - std::make_unsigned_t<T>(b));
}

// A scalar argument of `yes` or `no` converts to the other's type.
template <class T>
RL_HD_INLINE T select(bool mask, T yes, std::type_identity_t<T> no) {
  return mask ? yes : no;
}
RL_HD_INLINE bool any(bool mask) { return mask; }
RL_HD_INLINE bool is_nan(float x) { return x != x; }
RL_HD_INLINE bool is_nan(double x) { return x != x; }

// True where the sign bit is set, -0 and NaN included.
RL_HD_INLINE bool sign_mask(float x) { return as_int(x) < 0; }
RL_HD_INLINE bool sign_mask(double x) { return as_int(x) < 0; }

// The second where either is NaN.
template <FloatScalar T>
RL_HD_INLINE T max_or_second(T a, T b) {
  return a > b ? a : b;
}
template <FloatScalar T>
RL_HD_INLINE T min_or_second(T a, T b) {
  return a < b ? a : b;
}
// NaN passes through unchanged.
template <FloatScalar T>
RL_HD_INLINE T clamp(T x, T low, T high) {
  return min_or_second(high, max_or_second(low, x));
}

// fn(lane) for every lane: the way to the C library for what has no vector form.
template <FloatScalar T, class Fn>
RL_HD_INLINE T map_lanes(T x, Fn fn) {
  return fn(x);
}
template <FloatScalar T, class Fn>
RL_HD_INLINE T map_lanes(T x, T y, Fn fn) {
  return fn(x, y);
}
// fn in double precision, rounded back.
template <class Fn>
RL_HD_INLINE float via_double(float x, Fn fn) {
  return float(fn(double(x)));
}
template <class Fn>
RL_HD_INLINE float via_double(float x, float y, Fn fn) {
  return float(fn(double(x), double(y)));
}

// c0 + x (c1 + x (c2 + ...)).
template <class V>
RL_HD_INLINE V polynomial(V, ScalarOf<V> c0) {
  return V(c0);
}
template <class V, class... Rest>
RL_HD_INLINE V polynomial(V x, ScalarOf<V> c0, Rest... rest) {
  return fma(x, polynomial(x, ScalarOf<V>(rest)...), V(c0));
}

}  // namespace rushlight::math
