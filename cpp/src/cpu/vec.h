// Vec<T>: a SIMD register of T, a thin wrapper over GCC's vector extensions; 64 bytes with AVX-512,
// 32 with AVX2 and FMA, else 16. See Note [No weak symbols in kernels].
#pragma once

#include <cstddef>
#include <cstdint>

#include "rushlight/core/macros.h"
#include "rushlight/core/numeric_types.h"
#include "rushlight/functors/math.h"

#ifndef RL_ISA
#define RL_ISA generic
#endif

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define RL_VEC_AVX512 1
#endif
#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#define RL_VEC_AVX2 1  // also set with AVX-512
#endif
#if defined(__SSE4_1__) && defined(__SSE4_2__)
#define RL_VEC_SSE4 1  // also set with AVX2
#endif
#if RL_VEC_SSE4
// GCC 12 warns about its own _mm512_undefined_ps (PR 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

namespace rushlight::cpu::RL_ISA {
namespace {

#if RL_VEC_AVX512
inline constexpr int kVecBytes = 64;
#elif RL_VEC_AVX2
inline constexpr int kVecBytes = 32;
#else
inline constexpr int kVecBytes = 16;
#endif

#include "vec_mask.h"

template <class T>
struct Vec {
  using Scalar = T;
  using Int = Vec<Signed<T>>;
  using Mask = RL_ISA::Mask<T>;
  using NativeT = Native<T>;
  using Unsigned = Native<std::make_unsigned_t<Signed<T>>>;
  static constexpr int kSize = kLanes<T>;

  NativeT v;

  Vec() = default;
  RL_INLINE Vec(NativeT native) : v(native) {}
  RL_INLINE explicit Vec(T value) : v(value - NativeT{}) {
    // `value - 0` broadcasts and, unlike `0 + value`, keeps -0.
  }

  // load and store need kVecBytes alignment, loadu and storeu none.
  static RL_INLINE Vec load(const T* p) { return *(const NativeT*)p; }
  RL_INLINE void store(T* p) const { *(NativeT*)p = v; }
  static RL_INLINE Vec loadu(const T* p) {
    NativeT native;
    __builtin_memcpy(&native, p, kVecBytes);
    return native;
  }
  RL_INLINE void storeu(T* p) const { __builtin_memcpy(p, &v, kVecBytes); }

  // The first `count` lanes, 0 <= count <= kSize; memory behind them is not touched. The other
  // lanes read as 0. (The sanitizers see into memcpy, not into the masked instructions.)
  static RL_INLINE Vec load_partial(const T* p, int64_t count) {
#if RL_VEC_AVX512 && !__SANITIZE_ADDRESS__
    const typename Mask::Bits bits = first(count);
    if constexpr (sizeof(T) == 1) return NativeT(_mm512_maskz_loadu_epi8(bits, p));
    if constexpr (sizeof(T) == 2) return NativeT(_mm512_maskz_loadu_epi16(bits, p));
    if constexpr (sizeof(T) == 4) return NativeT(_mm512_maskz_loadu_epi32(bits, p));
    if constexpr (sizeof(T) == 8) return NativeT(_mm512_maskz_loadu_epi64(bits, p));
#else
#if RL_VEC_AVX2 && !__SANITIZE_ADDRESS__
    if constexpr (sizeof(T) == 4)
      return NativeT(_mm256_maskload_epi32((const int*)p, __m256i(first(count))));
    if constexpr (sizeof(T) == 8)
      return NativeT(_mm256_maskload_epi64((const long long*)p, __m256i(first(count))));
#endif
    NativeT native{};
    __builtin_memcpy(&native, p, size_t(count) * sizeof(T));
    return native;
#endif
  }
  static RL_INLINE Vec load_partial(const T* p, int64_t count, T fill) {
    return select(first_mask(count), load_partial(p, count), Vec(fill));
  }
  RL_INLINE void store_partial(T* p, int64_t count) const {
#if RL_VEC_AVX512 && !__SANITIZE_ADDRESS__
    const typename Mask::Bits bits = first(count);
    if constexpr (sizeof(T) == 1) _mm512_mask_storeu_epi8(p, bits, __m512i(v));
    if constexpr (sizeof(T) == 2) _mm512_mask_storeu_epi16(p, bits, __m512i(v));
    if constexpr (sizeof(T) == 4) _mm512_mask_storeu_epi32(p, bits, __m512i(v));
    if constexpr (sizeof(T) == 8) _mm512_mask_storeu_epi64(p, bits, __m512i(v));
#else
#if RL_VEC_AVX2 && !__SANITIZE_ADDRESS__
    if constexpr (sizeof(T) == 4)
      return _mm256_maskstore_epi32((int*)p, __m256i(first(count)), __m256i(v));
    if constexpr (sizeof(T) == 8)
      return _mm256_maskstore_epi64((long long*)p, __m256i(first(count)), __m256i(v));
#endif
    __builtin_memcpy(p, &v, size_t(count) * sizeof(T));
#endif
  }
  // A mask whose first `count` lanes are true.
  static RL_INLINE typename Mask::Bits first(int64_t count) {
#if RL_VEC_AVX512
    return typename Mask::Bits(_bzhi_u64(~uint64_t(0), unsigned(count)));
#else
    using S = Signed<T>;
    Native<S> lane;
    for (int i = 0; i < kSize; ++i) lane[i] = S(i);
    return lane < (Native<S>{} + S(count));
#endif
  }
  static RL_INLINE Mask first_mask(int64_t count) { return Mask(first(count)); }

  static RL_INLINE Vec iota(T start = T(0)) {
    NativeT native;
    for (int i = 0; i < kSize; ++i) native[i] = T(start + T(i));
    return native;
  }
  RL_INLINE T operator[](int lane) const { return v[lane]; }

  // Integers wrap: their sums and products are computed unsigned.
#define RL_VEC_ARITHMETIC(op)                                          \
  RL_INLINE Vec operator op(Vec b) const {                             \
    if constexpr (std::is_integral_v<T>)                               \
      return NativeT(Unsigned(v) op Unsigned(b.v));                    \
    else                                                               \
      return NativeT(v op b.v);                                        \
  }                                                                    \
  RL_INLINE Vec& operator op##=(Vec b) { return *this = *this op b; }  \
  friend RL_INLINE Vec operator op(Vec a, T b) { return a op Vec(b); } \
  friend RL_INLINE Vec operator op(T a, Vec b) { return Vec(a) op b; }
  RL_VEC_ARITHMETIC(+)
  RL_VEC_ARITHMETIC(-)
  RL_VEC_ARITHMETIC(*)
#undef RL_VEC_ARITHMETIC
  RL_INLINE Vec operator/(Vec b) const {
    static_assert(FloatScalar<T>, "integer vectors have no division");
    return NativeT(v / b.v);
  }
  RL_INLINE Vec& operator/=(Vec b) { return *this = *this / b; }
  friend RL_INLINE Vec operator/(Vec a, T b) { return a / Vec(b); }
  friend RL_INLINE Vec operator/(T a, Vec b) { return Vec(a) / b; }
  RL_INLINE Vec operator-() const {
    if constexpr (std::is_integral_v<T>)
      return NativeT(-Unsigned(v));
    else
      return NativeT(-v);
  }

  // On the bits, for floats too.
  RL_INLINE Vec operator&(Vec b) const { return NativeT(Unsigned(v) & Unsigned(b.v)); }
  RL_INLINE Vec operator|(Vec b) const { return NativeT(Unsigned(v) | Unsigned(b.v)); }
  RL_INLINE Vec operator^(Vec b) const { return NativeT(Unsigned(v) ^ Unsigned(b.v)); }
  RL_INLINE Vec operator~() const { return NativeT(~Unsigned(v)); }

#if RL_VEC_AVX512
#define RL_VEC_COMPARE(op, float_code, int_code) \
  RL_INLINE Mask operator op(Vec b) const { return compare<float_code, int_code>(b); }
  template <int FloatCode, int IntCode>
  RL_INLINE Mask compare(Vec b) const {
    if constexpr (std::is_same_v<T, float>)
      return Mask(_mm512_cmp_ps_mask(__m512(v), __m512(b.v), FloatCode));
    else if constexpr (std::is_same_v<T, double>)
      return Mask(_mm512_cmp_pd_mask(__m512d(v), __m512d(b.v), FloatCode));
    else if constexpr (std::is_same_v<T, int64_t>)
      return Mask(_mm512_cmp_epi64_mask(__m512i(v), __m512i(b.v), IntCode));
    else if constexpr (std::is_same_v<T, int32_t>)
      return Mask(_mm512_cmp_epi32_mask(__m512i(v), __m512i(b.v), IntCode));
    else if constexpr (std::is_same_v<T, int16_t>)
      return Mask(_mm512_cmp_epi16_mask(__m512i(v), __m512i(b.v), IntCode));
    else if constexpr (std::is_same_v<T, int8_t>)
      return Mask(_mm512_cmp_epi8_mask(__m512i(v), __m512i(b.v), IntCode));
    else
      return Mask(_mm512_cmp_epu8_mask(__m512i(v), __m512i(b.v), IntCode));
  }
#else
#define RL_VEC_COMPARE(op, float_code, int_code) \
  RL_INLINE Mask operator op(Vec b) const { return Mask((typename Mask::Bits)(v op b.v)); }
#endif
  RL_VEC_COMPARE(==, _CMP_EQ_OQ, _MM_CMPINT_EQ)
  RL_VEC_COMPARE(!=, _CMP_NEQ_UQ, _MM_CMPINT_NE)
  RL_VEC_COMPARE(<, _CMP_LT_OQ, _MM_CMPINT_LT)
  RL_VEC_COMPARE(<=, _CMP_LE_OQ, _MM_CMPINT_LE)
  RL_VEC_COMPARE(>, _CMP_GT_OQ, _MM_CMPINT_NLE)
  RL_VEC_COMPARE(>=, _CMP_GE_OQ, _MM_CMPINT_NLT)
#undef RL_VEC_COMPARE
  // A plain number on one side.
  friend RL_INLINE Mask operator==(Vec a, T b) { return a == Vec(b); }
  friend RL_INLINE Mask operator!=(Vec a, T b) { return a != Vec(b); }
  friend RL_INLINE Mask operator<(Vec a, T b) { return a < Vec(b); }
  friend RL_INLINE Mask operator<=(Vec a, T b) { return a <= Vec(b); }
  friend RL_INLINE Mask operator>(Vec a, T b) { return a > Vec(b); }
  friend RL_INLINE Mask operator>=(Vec a, T b) { return a >= Vec(b); }
};

// mask ? yes : no, per lane.
template <class T>
RL_INLINE Vec<T> select(Mask<T> mask, Vec<T> yes, std::type_identity_t<Vec<T>> no) {
#if RL_VEC_AVX512
  if constexpr (std::is_same_v<T, float>)
    return Native<T>(_mm512_mask_blend_ps(mask.bits, __m512(no.v), __m512(yes.v)));
  else if constexpr (std::is_same_v<T, double>)
    return Native<T>(_mm512_mask_blend_pd(mask.bits, __m512d(no.v), __m512d(yes.v)));
  else if constexpr (sizeof(T) == 8)
    return Native<T>(_mm512_mask_blend_epi64(mask.bits, __m512i(no.v), __m512i(yes.v)));
  else if constexpr (sizeof(T) == 4)
    return Native<T>(_mm512_mask_blend_epi32(mask.bits, __m512i(no.v), __m512i(yes.v)));
  else if constexpr (sizeof(T) == 2)
    return Native<T>(_mm512_mask_blend_epi16(mask.bits, __m512i(no.v), __m512i(yes.v)));
  else
    return Native<T>(_mm512_mask_blend_epi8(mask.bits, __m512i(no.v), __m512i(yes.v)));
#else
  return Native<T>(mask.bits ? yes.v : no.v);
#endif
}
template <class T>
RL_INLINE Vec<T> select(Mask<T> mask, Vec<T> yes, std::type_identity_t<T> no) {
  return select(mask, yes, Vec<T>(no));
}
template <class T>
RL_INLINE Vec<T> select(Mask<T> mask, std::type_identity_t<T> yes, Vec<T> no) {
  return select(mask, Vec<T>(yes), no);
}
template <class T>
RL_INLINE Vec<T> select(Mask<T> mask, std::type_identity_t<T> yes, std::type_identity_t<T> no) {
  return select(mask, Vec<T>(yes), Vec<T>(no));
}

// A mask as integers, -1 where true.
template <class T>
RL_INLINE typename Vec<T>::Int mask_to_int(Mask<T> mask) {
#if RL_VEC_AVX512
  using Int = typename Vec<T>::Int;
  return select(RL_ISA::Mask<Signed<T>>(mask.bits), Int(Signed<T>(-1)), Int(Signed<T>(0)));
#else
  return mask.bits;
#endif
}

template <class T>
RL_INLINE Mask<T> is_nan(Vec<T> x) {
  return x != x;
}

template <IntScalar T>
RL_INLINE Vec<T> shift_left(Vec<T> x, int count) {
  return Native<T>(typename Vec<T>::Unsigned(x.v) << count);
}
template <IntScalar T>
RL_INLINE Vec<T> shift_right_logical(Vec<T> x, int count) {
  return Native<T>(typename Vec<T>::Unsigned(x.v) >> count);
}
template <IntScalar T>
RL_INLINE Vec<T> shift_right(Vec<T> x, int count) {
  return Native<T>(x.v >> count);
}
template <IntScalar T>
RL_INLINE Vec<T> wrapping_add(Vec<T> a, Vec<T> b) {
  return a + b;
}
template <IntScalar T>
RL_INLINE Vec<T> wrapping_sub(Vec<T> a, Vec<T> b) {
  return a - b;
}

template <IntScalar T>
RL_INLINE Vec<T> abs(Vec<T> x) {
  if constexpr (std::is_unsigned_v<T>) return x;
  return select(x < Vec<T>(T(0)), -x, x);
}
template <IntScalar T>
RL_INLINE Vec<T> max(Vec<T> a, Vec<T> b) {
  return select(a > b, a, b);
}
template <IntScalar T>
RL_INLINE Vec<T> min(Vec<T> a, Vec<T> b) {
  return select(a < b, a, b);
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA

#include "vec_float.h"
