// Elementary functions of Complex<T>, through the C library (libcu++'s in device code).
#pragma once

#include "rushlight/functors/math.h"

#if defined(__CUDACC__)
#include <cuda/std/complex>
#endif

namespace rushlight::math {

namespace detail {

#if defined(__CUDA_ARCH__)
template <class T>
RL_HD_INLINE ::cuda::std::complex<T> to_native(Complex<T> z) {
  return {z.re, z.im};
}
template <class T>
RL_HD_INLINE Complex<T> from_native(::cuda::std::complex<T> z) {
  return {z.real(), z.imag()};
}
#else
RL_INLINE _Complex float to_native(c64 z) { return rushlight::bit_cast<_Complex float>(z); }
RL_INLINE _Complex double to_native(c128 z) { return rushlight::bit_cast<_Complex double>(z); }
RL_INLINE c64 from_native(_Complex float z) { return {__real__ z, __imag__ z}; }
RL_INLINE c128 from_native(_Complex double z) { return {__real__ z, __imag__ z}; }
#endif

}  // namespace detail

#if defined(__CUDA_ARCH__)
#define RL_COMPLEX_1(fn, unused)                                     \
  template <class T>                                                 \
  RL_HD_INLINE Complex<T> fn(Complex<T> z) {                         \
    return detail::from_native(::cuda::std::fn(detail::to_native(z))); \
  }
#else
#define RL_COMPLEX_1(fn, builtin)                                               \
  template <class T>                                                            \
  RL_HD_INLINE Complex<T> fn(Complex<T> z) {                                    \
    if constexpr (std::is_same_v<T, float>)                                     \
      return detail::from_native(__builtin_##builtin##f(detail::to_native(z))); \
    else                                                                        \
      return detail::from_native(__builtin_##builtin(detail::to_native(z)));    \
  }
#endif
RL_COMPLEX_1(exp, cexp)
RL_COMPLEX_1(log, clog)
RL_COMPLEX_1(sqrt, csqrt)
RL_COMPLEX_1(sin, csin)
RL_COMPLEX_1(cos, ccos)
RL_COMPLEX_1(tan, ctan)
RL_COMPLEX_1(asin, casin)
RL_COMPLEX_1(acos, cacos)
RL_COMPLEX_1(atan, catan)
RL_COMPLEX_1(sinh, csinh)
RL_COMPLEX_1(cosh, ccosh)
RL_COMPLEX_1(tanh, ctanh)
RL_COMPLEX_1(asinh, casinh)
RL_COMPLEX_1(acosh, cacosh)
RL_COMPLEX_1(atanh, catanh)
#undef RL_COMPLEX_1

template <class T>
RL_HD_INLINE Complex<T> pow(Complex<T> z, Complex<T> w) {
#if defined(__CUDA_ARCH__)
  return detail::from_native(::cuda::std::pow(detail::to_native(z), detail::to_native(w)));
#else
  if constexpr (std::is_same_v<T, float>)
    return detail::from_native(__builtin_cpowf(detail::to_native(z), detail::to_native(w)));
  else
    return detail::from_native(__builtin_cpow(detail::to_native(z), detail::to_native(w)));
#endif
}

template <class T>
RL_HD_INLINE T abs(Complex<T> z) {
  return libm::Hypot{}(z.re, z.im);
}
template <class T>
RL_HD_INLINE T arg(Complex<T> z) {
  return libm::Atan2{}(z.im, z.re);
}
template <class T>
RL_HD_INLINE Complex<T> log2(Complex<T> z) {
  const Complex<T> natural = log(z);
  constexpr T kInvLn2 = T(1.4426950408889634074);
  return {natural.re * kInvLn2, natural.im * kInvLn2};
}
template <class T>
RL_HD_INLINE Complex<T> log10(Complex<T> z) {
  const Complex<T> natural = log(z);
  constexpr T kInvLn10 = T(0.43429448190325182765);
  return {natural.re * kInvLn10, natural.im * kInvLn10};
}
// log(1 + z); 1/2 log1p(2 re + re^2 + im^2) keeps the real part accurate near 0.
template <class T>
RL_HD_INLINE Complex<T> log1p(Complex<T> z) {
  const T size = libm::Hypot{}(T(1) + z.re, z.im);
  const T near_zero = T(0.5) * libm::Log1p{}(z.re * (T(2) + z.re) + z.im * z.im);
  const T re = size > T(0.5) && size < T(2) ? near_zero : libm::Log{}(size);
  return {re, libm::Atan2{}(z.im, T(1) + z.re)};
}
template <class T>
RL_HD_INLINE Complex<T> exp2(Complex<T> z) {
  constexpr T kLn2 = T(0.69314718055994530942);
  return exp(Complex<T>(z.re * kLn2, z.im * kLn2));
}
// (e^re cos(im) - 1) + i e^re sin(im), with cos(im) - 1 = -2 sin^2(im / 2).
template <class T>
RL_HD_INLINE Complex<T> expm1(Complex<T> z) {
  const T grown = libm::Expm1{}(z.re), half_sin = libm::Sin{}(T(0.5) * z.im);
  if (z.im == 0) return {grown, z.im};
  return {grown * libm::Cos{}(z.im) - T(2) * half_sin * half_sin,
          (grown + T(1)) * libm::Sin{}(z.im)};
}
template <class T>
RL_HD_INLINE Complex<T> reciprocal(Complex<T> z) {
  return Complex<T>(T(1)) / z;
}
template <class T>
RL_HD_INLINE Complex<T> rsqrt(Complex<T> z) {
  return reciprocal(sqrt(z));
}
template <class T>
RL_HD_INLINE Complex<T> sigmoid(Complex<T> z) {
  return reciprocal(Complex<T>(T(1)) + exp(-z));
}

}  // namespace rushlight::math
