// The same functions in device code: CUDA's own.
#pragma once

#include "rushlight/functors/math/lanes.h"
#include "rushlight/functors/math/libm.h"

namespace rushlight::math {

#define RL_DEVICE_1(fn, Name) \
  template <RealLike V>       \
  RL_HD_INLINE V fn(V x) {    \
    return libm::Name{}(x);   \
  }
#define RL_DEVICE_2(fn, Name)   \
  template <RealLike V>         \
  RL_HD_INLINE V fn(V x, V y) { \
    return libm::Name{}(x, y);  \
  }
RL_DEVICE_1(exp, Exp)
RL_DEVICE_1(exp2, Exp2)
RL_DEVICE_1(expm1, Expm1)
RL_DEVICE_1(log, Log)
RL_DEVICE_1(log2, Log2)
RL_DEVICE_1(log10, Log10)
RL_DEVICE_1(log1p, Log1p)
RL_DEVICE_1(sin, Sin)
RL_DEVICE_1(cos, Cos)
RL_DEVICE_1(tan, Tan)
RL_DEVICE_1(asin, Asin)
RL_DEVICE_1(acos, Acos)
RL_DEVICE_1(atan, Atan)
RL_DEVICE_1(sinh, Sinh)
RL_DEVICE_1(cosh, Cosh)
RL_DEVICE_1(tanh, Tanh)
RL_DEVICE_1(asinh, Asinh)
RL_DEVICE_1(acosh, Acosh)
RL_DEVICE_1(atanh, Atanh)
RL_DEVICE_1(erf, Erf)
RL_DEVICE_1(erfc, Erfc)
RL_DEVICE_2(pow, Pow)
RL_DEVICE_2(atan2, Atan2)
RL_DEVICE_2(hypot, Hypot)
RL_DEVICE_2(fmod, Fmod)
#undef RL_DEVICE_1
#undef RL_DEVICE_2

template <RealLike V>
RL_HD_INLINE V rsqrt(V x) {
  return V(1) / sqrt(x);
}
template <RealLike V>
RL_HD_INLINE V sigmoid(V x) {
  const V e = exp(-abs(x));
  return (x < V(0) ? e : V(1)) / (V(1) + e);
}

}  // namespace rushlight::math
