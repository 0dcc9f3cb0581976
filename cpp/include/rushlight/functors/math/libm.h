// The C library's functions (CUDA's in device code) as function objects over float and double.
#pragma once

#include "rushlight/functors/traits.h"

namespace rushlight::math::libm {

#if defined(__CUDA_ARCH__)
#define RL_LIBM_CALL(fn, suffix) ::fn##suffix
#else
#define RL_LIBM_CALL(fn, suffix) __builtin_##fn##suffix
#endif

#define RL_LIBM_1(Name, fn)                                                          \
  struct Name {                                                                      \
    RL_HD_INLINE float operator()(float x) const { return RL_LIBM_CALL(fn, f)(x); }  \
    RL_HD_INLINE double operator()(double x) const { return RL_LIBM_CALL(fn, )(x); } \
  };
#define RL_LIBM_2(Name, fn)                                                                       \
  struct Name {                                                                                   \
    RL_HD_INLINE float operator()(float x, float y) const { return RL_LIBM_CALL(fn, f)(x, y); }   \
    RL_HD_INLINE double operator()(double x, double y) const { return RL_LIBM_CALL(fn, )(x, y); } \
  };
RL_LIBM_1(Exp, exp)
RL_LIBM_1(Exp2, exp2)
RL_LIBM_1(Expm1, expm1)
RL_LIBM_1(Log, log)
RL_LIBM_1(Log2, log2)
RL_LIBM_1(Log10, log10)
RL_LIBM_1(Log1p, log1p)
RL_LIBM_1(Sin, sin)
RL_LIBM_1(Cos, cos)
RL_LIBM_1(Tan, tan)
RL_LIBM_1(Asin, asin)
RL_LIBM_1(Acos, acos)
RL_LIBM_1(Atan, atan)
RL_LIBM_1(Sinh, sinh)
RL_LIBM_1(Cosh, cosh)
RL_LIBM_1(Tanh, tanh)
RL_LIBM_1(Asinh, asinh)
RL_LIBM_1(Acosh, acosh)
RL_LIBM_1(Atanh, atanh)
RL_LIBM_1(Erf, erf)
RL_LIBM_1(Erfc, erfc)
RL_LIBM_1(Fabs, fabs)
RL_LIBM_1(Sqrt, sqrt)
RL_LIBM_1(Floor, floor)
RL_LIBM_1(Ceil, ceil)
RL_LIBM_1(Trunc, trunc)
RL_LIBM_1(Rint, rint)
RL_LIBM_2(Pow, pow)
RL_LIBM_2(Atan2, atan2)
RL_LIBM_2(Hypot, hypot)
RL_LIBM_2(Fmod, fmod)
RL_LIBM_2(Fmax, fmax)
RL_LIBM_2(Fmin, fmin)
RL_LIBM_2(Copysign, copysign)
#undef RL_LIBM_1
#undef RL_LIBM_2
#undef RL_LIBM_CALL

}  // namespace rushlight::math::libm
