// rushlight::math: elementary functions, written once over V = float, double, and the CPU backend's
// Vec<float> and Vec<double>. Device code gets CUDA's own.
//
// exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh
// erf erfc sigmoid rsqrt pow(x, y) atan2(y, x) hypot(x, y) fmod(x, y), and the primitives of
// math/lanes.h: sqrt abs floor ceil trunc nearbyint copysign fma select ...
//
// Errors: float at most 2 ULP, double at most 4 ULP, for every input, denormals included; the
// measured maxima are printed by tools/ulp_table.py. A scalar and a vector lane give the same bits
// within one instruction set.
#pragma once

#include "rushlight/functors/math/lanes.h"
#include "rushlight/functors/math/libm.h"

#define RL_MATH_LIBM_1(fn, Name)       \
  template <RealLike V>                \
  RL_HD_INLINE V fn(V x) {             \
    return map_lanes(x, libm::Name{}); \
  }
#define RL_MATH_LIBM_2(fn, Name)          \
  template <RealLike V>                   \
  RL_HD_INLINE V fn(V x, V y) {           \
    return map_lanes(x, y, libm::Name{}); \
  }

namespace rushlight::math {

template <RealLike V>
RL_HD_INLINE V rsqrt(V x) {
  return V(ScalarOf<V>(1)) / sqrt(x);
}
RL_MATH_LIBM_2(hypot, Hypot)
RL_MATH_LIBM_2(fmod, Fmod)

RL_MATH_LIBM_1(exp, Exp)
RL_MATH_LIBM_1(exp2, Exp2)
RL_MATH_LIBM_1(expm1, Expm1)
RL_MATH_LIBM_1(log, Log)
RL_MATH_LIBM_1(log2, Log2)
RL_MATH_LIBM_1(log10, Log10)
RL_MATH_LIBM_1(log1p, Log1p)
RL_MATH_LIBM_1(sin, Sin)
RL_MATH_LIBM_1(cos, Cos)
RL_MATH_LIBM_1(tan, Tan)
RL_MATH_LIBM_1(asin, Asin)
RL_MATH_LIBM_1(acos, Acos)
RL_MATH_LIBM_1(atan, Atan)
RL_MATH_LIBM_1(sinh, Sinh)
RL_MATH_LIBM_1(cosh, Cosh)
RL_MATH_LIBM_1(tanh, Tanh)
RL_MATH_LIBM_1(asinh, Asinh)
RL_MATH_LIBM_1(acosh, Acosh)
RL_MATH_LIBM_1(atanh, Atanh)
RL_MATH_LIBM_1(erf, Erf)
RL_MATH_LIBM_1(erfc, Erfc)
RL_MATH_LIBM_2(pow, Pow)
RL_MATH_LIBM_2(atan2, Atan2)

template <RealLike V>
RL_HD_INLINE V sigmoid(V x) {
  const V one(ScalarOf<V>(1)), e = exp(-abs(x));
  return select(x < V(ScalarOf<V>(0)), e, one) / (one + e);
}

}  // namespace rushlight::math

#undef RL_MATH_LIBM_1
#undef RL_MATH_LIBM_2
