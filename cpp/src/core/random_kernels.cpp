#include "random_kernels.h"

#include "rushlight/core/mt19937.h"
#include "rushlight/core/numeric_types.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace rushlight::detail {
namespace {

RL_INLINE uint32_t twist_word(uint32_t current, uint32_t next, uint32_t far) {
  const uint32_t mixed = (current & 0x80000000u) | (next & 0x7fffffffu);
  return far ^ (mixed >> 1) ^ (-(next & 1u) & 0x9908b0dfu);
}

RL_INLINE void twist_body(uint32_t* words) {
  constexpr int kSize = Mt19937::kSize, kShift = 397;
  // Three loops, as the word kShift ahead is an old one first and a new one later.
  for (int i = 0; i < kSize - kShift; ++i)
    words[i] = twist_word(words[i], words[i + 1], words[i + kShift]);
  for (int i = kSize - kShift; i < kSize - 1; ++i)
    words[i] = twist_word(words[i], words[i + 1], words[i + kShift - kSize]);
  words[kSize - 1] = twist_word(words[kSize - 1], words[0], words[kShift - 1]);
}

RL_INLINE void temper_body(const uint32_t* words, uint32_t* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    uint32_t y = words[i];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    out[i] = y ^ (y >> 18);
  }
}

RL_INLINE void unit_float_body(const uint32_t* words, float* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = float(int32_t(words[i] & 0xffffffu)) * 0x1p-24f;
}

RL_INLINE void unit_double_body(const uint32_t* words, double* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    // Signed 32-bit conversions exist on every x86; both parts and their sum are exact.
    const double high = double(int32_t(words[2 * i] & 0x1fffffu));
    const double low = double(int32_t(words[2 * i + 1] ^ 0x80000000u)) + 0x1p31;
    out[i] = (high * 0x1p32 + low) * 0x1p-53;
  }
}

RL_INLINE void affine_float_body(float* data, int64_t n, float scale, float offset) {
  for (int64_t i = 0; i < n; ++i) data[i] = __builtin_fmaf(data[i], scale, offset);
}

RL_INLINE void affine_double_body(double* data, int64_t n, double scale, double offset) {
  for (int64_t i = 0; i < n; ++i) data[i] = __builtin_fma(data[i], scale, offset);
}

// Note [Box-Muller bits]
// These polynomials are those of the Cephes library's logf, sinf and cosf (S. L. Moshier, 1989),
// and each fma stands where PyTorch's build rounds once: so the normal numbers equal PyTorch's to
// the last bit. Do not reorder, and write every mul + add that must stay two roundings so that no
// compiler fuses it.

// For x in (0, 1], error under 1 ULP.
RL_INLINE float log_unit(float x) {
  const uint32_t bits = bit_cast<uint32_t>(x);
  float mantissa = bit_cast<float>((bits & 0x007fffffu) | 0x3f000000u);
  float exponent = float(int32_t(bits >> 23) - 126);
  const bool small = mantissa < 0.707106781186547524f;
  exponent -= small ? 1.0f : 0.0f;
  const float m = (mantissa - 1.0f) + (small ? mantissa : 0.0f);
  const float m2 = m * m;
  float y = 7.0376836292e-2f;
  y = __builtin_fmaf(y, m, -1.1514610310e-1f);
  y = __builtin_fmaf(y, m, 1.1676998740e-1f);
  y = __builtin_fmaf(y, m, -1.2420140846e-1f);
  y = __builtin_fmaf(y, m, 1.4249322787e-1f);
  y = __builtin_fmaf(y, m, -1.6668057665e-1f);
  y = __builtin_fmaf(y, m, 2.0000714765e-1f);
  y = __builtin_fmaf(y, m, -2.4999993993e-1f);
  y = __builtin_fmaf(y, m, 3.3333331174e-1f);
  y = __builtin_fmaf(y * m, m2, exponent * -2.12194440e-4f);
  y = __builtin_fmaf(-m2, 0.5f, y);
  return __builtin_fmaf(exponent, 0.693359375f, m + y);
}

// For x in [0, 2 pi].
RL_INLINE void sincos_turn(float x, float& sine, float& cosine) {
  // The even multiple of pi / 4 next to x; the rest is in [-pi / 4, pi / 4].
  const int32_t octant = (int32_t(x * 1.27323954473516f) + 1) & ~1;
  const float count = float(octant);
  x = __builtin_fmaf(count, -0.78515625f, x);
  x = __builtin_fmaf(count, -2.4187564849853515625e-4f, x);
  x = __builtin_fmaf(count, -3.77489497744594108e-8f, x);
  const float x2 = x * x;
  float c = 2.443315711809948e-5f;
  c = __builtin_fmaf(c, x2, -1.388731625493765e-3f);
  c = __builtin_fmaf(c, x2, 4.166664568298827e-2f);
  c = __builtin_fmaf(x2, c * x2, -(x2 * 0.5f)) + 1.0f;
  float s = -1.9515295891e-4f;
  s = __builtin_fmaf(s, x2, 8.3321608736e-3f);
  s = __builtin_fmaf(s, x2, -1.6666654611e-1f);
  s = __builtin_fmaf(x, s * x2, x);
  const bool swapped = (octant & 2) != 0;
  const uint32_t sine_sign = uint32_t(octant & 4) << 29;
  const uint32_t cosine_sign = uint32_t(~(octant - 2) & 4) << 29;
  sine = bit_cast<float>(bit_cast<uint32_t>(swapped ? c : s) ^ sine_sign);
  cosine = bit_cast<float>(bit_cast<uint32_t>(swapped ? s : c) ^ cosine_sign);
}

RL_INLINE void box_muller_body(float* data, int64_t blocks, float mean, float std) {
  for (; blocks > 0; --blocks, data += 16) {
    for (int i = 0; i < 8; ++i) {
      const float radius = __builtin_sqrtf(-2.0f * log_unit(1.0f - data[i]));
      float sine, cosine;
      sincos_turn(6.283185307179586f * data[i + 8], sine, cosine);
      data[i] = __builtin_fmaf(radius * cosine, std, mean);
      data[i + 8] = __builtin_fmaf(radius * sine, std, mean);
    }
  }
}

#define RL_DEFINE_KERNELS(suffix, attributes)                                                    \
  attributes void twist_##suffix(uint32_t* words) { twist_body(words); }                         \
  attributes void temper_##suffix(const uint32_t* words, uint32_t* out, int64_t n) {             \
    temper_body(words, out, n);                                                                  \
  }                                                                                              \
  attributes void unit_float_##suffix(const uint32_t* words, float* out, int64_t n) {            \
    unit_float_body(words, out, n);                                                              \
  }                                                                                              \
  attributes void unit_double_##suffix(const uint32_t* words, double* out, int64_t n) {          \
    unit_double_body(words, out, n);                                                             \
  }                                                                                              \
  attributes void affine_float_##suffix(float* data, int64_t n, float scale, float offset) {     \
    affine_float_body(data, n, scale, offset);                                                   \
  }                                                                                              \
  attributes void affine_double_##suffix(double* data, int64_t n, double scale, double offset) { \
    affine_double_body(data, n, scale, offset);                                                  \
  }                                                                                              \
  attributes void box_muller_##suffix(float* data, int64_t blocks, float mean, float std) {      \
    box_muller_body(data, blocks, mean, std);                                                    \
  }

#define RL_KERNEL_TABLE(suffix)                                                               \
  {                                                                                           \
    twist_##suffix, temper_##suffix, unit_float_##suffix, unit_double_##suffix,               \
        affine_float_##suffix, affine_double_##suffix, box_muller_##suffix, to_half_##suffix, \
  }

void to_half_base(const float* in, uint16_t* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = Half::from_float(in[i]);
}
RL_DEFINE_KERNELS(base, )

#if defined(__x86_64__)
#define RL_AVX2 __attribute__((target("avx2,fma,f16c")))

RL_AVX2 void to_half_avx2(const float* in, uint16_t* out, int64_t n) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(in + i), _MM_FROUND_TO_NEAREST_INT));
  for (; i < n; ++i) out[i] = Half::from_float(in[i]);
}
RL_DEFINE_KERNELS(avx2, RL_AVX2)
#endif

}  // namespace

const RandomKernels& random_kernels() {
  static constexpr RandomKernels kBase = RL_KERNEL_TABLE(base);
#if defined(__x86_64__)
  static constexpr RandomKernels kAvx2 = RL_KERNEL_TABLE(avx2);
  static const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                               __builtin_cpu_supports("f16c");
  if (has_avx2) return kAvx2;
#endif
  return kBase;
}

}  // namespace rushlight::detail
