// Half, BFloat16 and Complex: plain structs usable on host and device.
#pragma once

#include <cstdint>
#include <cstring>

#include "rushlight/core/macros.h"

namespace rushlight {

template <class To, class From>
RL_HD_INLINE To bit_cast(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  __builtin_memcpy(&to, &from, sizeof(To));
  return to;
}

// IEEE 754 binary16; arithmetic goes through float.
struct alignas(2) Half {
  uint16_t bits;
  Half() = default;
  RL_HD_INLINE Half(float value) : bits(from_float(value)) {}
  RL_HD_INLINE operator float() const { return to_float(bits); }

  static RL_HD_INLINE float to_float(uint16_t h) {
    const uint32_t sign = uint32_t(h & 0x8000u) << 16;
    const uint32_t magnitude = h & 0x7fffu;
    if (magnitude >= 0x7c00u)  // inf, nan
      return bit_cast<float>(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13));
    if (magnitude >= 0x0400u)
      return bit_cast<float>(sign | ((magnitude << 13) + 0x38000000u));
    // Subnormal: the magnitude counts units of 2^-24.
    const float value = float(int32_t(magnitude)) * 5.9604644775390625e-8f;
    return bit_cast<float>(sign | bit_cast<uint32_t>(value));
  }
  static RL_HD_INLINE uint16_t from_float(float value) {
    const uint32_t x = bit_cast<uint32_t>(value);
    const uint16_t sign = uint16_t((x >> 16) & 0x8000u);
    const uint32_t magnitude = x & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return uint16_t(sign | 0x7e00u);
    if (magnitude >= 0x477ff000u) return uint16_t(sign | 0x7c00u);
    if (magnitude < 0x38800000u) {
      // Adding 0.5 leaves the mantissa in units of 2^-24, rounded to nearest even.
      const float shifted = bit_cast<float>(magnitude) + 0.5f;
      return uint16_t(sign | (bit_cast<uint32_t>(shifted) - 0x3f000000u));
    }
    const uint32_t odd = (magnitude >> 13) & 1u;
    return uint16_t(sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13));
  }
};

// The upper half of a binary32; arithmetic goes through float.
struct alignas(2) BFloat16 {
  uint16_t bits;
  BFloat16() = default;
  RL_HD_INLINE BFloat16(float value) : bits(from_float(value)) {}
  RL_HD_INLINE operator float() const { return bit_cast<float>(uint32_t(bits) << 16); }

  static RL_HD_INLINE uint16_t from_float(float value) {
    const uint32_t x = bit_cast<uint32_t>(value);
    if ((x & 0x7fffffffu) > 0x7f800000u) return 0x7fc0u;
    return uint16_t((x + 0x7fffu + ((x >> 16) & 1u)) >> 16);
  }
};

template <class T>
struct alignas(2 * sizeof(T)) Complex {
  T re, im;
  Complex() = default;
  RL_HD_INLINE Complex(T real, T imag = T(0)) : re(real), im(imag) {}
  template <class U>
  RL_HD_INLINE explicit Complex(const Complex<U>& other) : re(T(other.re)), im(T(other.im)) {}

  RL_HD_INLINE Complex operator-() const { return {-re, -im}; }
  RL_HD_INLINE Complex operator+(const Complex& b) const { return {re + b.re, im + b.im}; }
  RL_HD_INLINE Complex operator-(const Complex& b) const { return {re - b.re, im - b.im}; }
  RL_HD_INLINE Complex operator*(const Complex& b) const {
    return {re * b.re - im * b.im, re * b.im + im * b.re};
  }
  // Smith, "Algorithm 116: Complex division", CACM 5(8), 1962: no overflow in |b|^2.
  RL_HD_INLINE Complex operator/(const Complex& b) const {
    const T abs_re = b.re < 0 ? -b.re : b.re, abs_im = b.im < 0 ? -b.im : b.im;
    if (abs_re >= abs_im) {
      if (abs_re == 0 && abs_im == 0) return {re / abs_re, im / abs_im};
      const T ratio = b.im / b.re, scale = T(1) / (b.re + b.im * ratio);
      return {(re + im * ratio) * scale, (im - re * ratio) * scale};
    }
    const T ratio = b.re / b.im, scale = T(1) / (b.re * ratio + b.im);
    return {(re * ratio + im) * scale, (im * ratio - re) * scale};
  }
  RL_HD_INLINE bool operator==(const Complex& b) const { return re == b.re && im == b.im; }
  RL_HD_INLINE bool operator!=(const Complex& b) const { return !(*this == b); }
};

using c64 = Complex<float>;
using c128 = Complex<double>;

}  // namespace rushlight
