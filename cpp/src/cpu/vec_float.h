// The operations of Vec<float> and Vec<double>, conversions between element types, and reading and
// writing Half and BFloat16. Included by vec.h.
#pragma once

namespace rushlight::cpu::RL_ISA {
namespace {

using FloatVec = Vec<float>;
using DoubleVec = Vec<double>;

RL_INLINE Vec<int32_t> as_int(FloatVec x) { return Native<int32_t>(x.v); }
RL_INLINE Vec<int64_t> as_int(DoubleVec x) { return Native<int64_t>(x.v); }
RL_INLINE FloatVec as_float(Vec<int32_t> x) { return Native<float>(x.v); }
RL_INLINE DoubleVec as_float(Vec<int64_t> x) { return Native<double>(x.v); }

template <FloatScalar T>
RL_INLINE Vec<T> abs(Vec<T> x) {
  return as_float(as_int(x) & ~as_int(Vec<T>(T(-0.0))));
}
// True where the sign bit is set, -0 and NaN included.
template <FloatScalar T>
RL_INLINE Mask<T> sign_mask(Vec<T> x) {
  return Mask<T>((as_int(x) < Signed<T>(0)).bits);
}
template <FloatScalar T>
RL_INLINE Vec<T> copysign(Vec<T> x, Vec<T> sign) {
  const auto sign_bit = as_int(Vec<T>(T(-0.0)));
  return as_float((as_int(x) & ~sign_bit) | (as_int(sign) & sign_bit));
}

#if RL_VEC_AVX512
#define RL_BY_WIDTH(name512, name256, name128) name512
#define RL_FLOAT                               __m512
#define RL_DOUBLE                              __m512d
#elif RL_VEC_AVX2
#define RL_BY_WIDTH(name512, name256, name128) name256
#define RL_FLOAT                               __m256
#define RL_DOUBLE                              __m256d
#elif RL_VEC_SSE4
#define RL_BY_WIDTH(name512, name256, name128) name128
#define RL_FLOAT                               __m128
#define RL_DOUBLE                              __m128d
#endif

#if RL_VEC_SSE4

RL_INLINE FloatVec sqrt(FloatVec x) {
  return Native<float>(RL_BY_WIDTH(_mm512_sqrt_ps, _mm256_sqrt_ps, _mm_sqrt_ps)(RL_FLOAT(x.v)));
}
RL_INLINE DoubleVec sqrt(DoubleVec x) {
  return Native<double>(RL_BY_WIDTH(_mm512_sqrt_pd, _mm256_sqrt_pd, _mm_sqrt_pd)(RL_DOUBLE(x.v)));
}
#define RL_ROUNDING(fn, mode)                                                                    \
  RL_INLINE FloatVec fn(FloatVec x) {                                                            \
    return Native<float>(                                                                        \
        RL_BY_WIDTH(_mm512_roundscale_ps, _mm256_round_ps, _mm_round_ps)(RL_FLOAT(x.v), mode));  \
  }                                                                                              \
  RL_INLINE DoubleVec fn(DoubleVec x) {                                                          \
    return Native<double>(                                                                       \
        RL_BY_WIDTH(_mm512_roundscale_pd, _mm256_round_pd, _mm_round_pd)(RL_DOUBLE(x.v), mode)); \
  }
RL_ROUNDING(floor, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)
RL_ROUNDING(ceil, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)
RL_ROUNDING(trunc, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)
RL_ROUNDING(nearbyint, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#undef RL_ROUNDING

// The instructions' own rule: b where either is NaN.
RL_INLINE FloatVec max_or_second(FloatVec a, FloatVec b) {
  return Native<float>(
      RL_BY_WIDTH(_mm512_max_ps, _mm256_max_ps, _mm_max_ps)(RL_FLOAT(a.v), RL_FLOAT(b.v)));
}
RL_INLINE FloatVec min_or_second(FloatVec a, FloatVec b) {
  return Native<float>(
      RL_BY_WIDTH(_mm512_min_ps, _mm256_min_ps, _mm_min_ps)(RL_FLOAT(a.v), RL_FLOAT(b.v)));
}
RL_INLINE DoubleVec max_or_second(DoubleVec a, DoubleVec b) {
  return Native<double>(
      RL_BY_WIDTH(_mm512_max_pd, _mm256_max_pd, _mm_max_pd)(RL_DOUBLE(a.v), RL_DOUBLE(b.v)));
}
RL_INLINE DoubleVec min_or_second(DoubleVec a, DoubleVec b) {
  return Native<double>(
      RL_BY_WIDTH(_mm512_min_pd, _mm256_min_pd, _mm_min_pd)(RL_DOUBLE(a.v), RL_DOUBLE(b.v)));
}

#else  // no x86 intrinsics

template <FloatScalar T, class Fn>
RL_INLINE Vec<T> each_lane(Vec<T> x, Fn fn) {
  for (int i = 0; i < Vec<T>::kSize; ++i) x.v[i] = fn(x.v[i]);
  return x;
}
#define RL_EACH_LANE(fn)                                                          \
  template <FloatScalar T>                                                        \
  RL_INLINE Vec<T> fn(Vec<T> x) {                                                 \
    return each_lane(                                                             \
        x, [](T lane) __attribute__((always_inline)) { return math::fn(lane); }); \
  }
RL_EACH_LANE(sqrt)
RL_EACH_LANE(floor)
RL_EACH_LANE(ceil)
RL_EACH_LANE(trunc)
RL_EACH_LANE(nearbyint)
#undef RL_EACH_LANE
template <FloatScalar T>
RL_INLINE Vec<T> max_or_second(Vec<T> a, Vec<T> b) {
  return select(a > b, a, b);
}
template <FloatScalar T>
RL_INLINE Vec<T> min_or_second(Vec<T> a, Vec<T> b) {
  return select(a < b, a, b);
}

#endif

// a * b + c, rounded once where math::kFusedMultiplyAdd.
#if RL_VEC_AVX2
RL_INLINE FloatVec fma(FloatVec a, FloatVec b, FloatVec c) {
  return Native<float>(
      RL_BY_WIDTH(_mm512_fmadd_ps, _mm256_fmadd_ps, )(RL_FLOAT(a.v), RL_FLOAT(b.v), RL_FLOAT(c.v)));
}
RL_INLINE DoubleVec fma(DoubleVec a, DoubleVec b, DoubleVec c) {
  return Native<double>(RL_BY_WIDTH(_mm512_fmadd_pd, _mm256_fmadd_pd, )(
      RL_DOUBLE(a.v), RL_DOUBLE(b.v), RL_DOUBLE(c.v)));
}
#else
template <FloatScalar T>
RL_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  if constexpr (math::kFusedMultiplyAdd) {
    for (int i = 0; i < Vec<T>::kSize; ++i) c.v[i] = math::fma(a.v[i], b.v[i], c.v[i]);
    return c;
  }
  return a * b + c;
}
#endif
#undef RL_BY_WIDTH
#undef RL_FLOAT
#undef RL_DOUBLE

// See math::scale_by_power and math::scale_down.
#if RL_VEC_AVX512
RL_INLINE FloatVec scale_by_power(FloatVec x, FloatVec n, Vec<int32_t>) {
  return Native<float>(_mm512_scalef_ps(__m512(x.v), __m512(n.v)));
}
RL_INLINE DoubleVec scale_by_power(DoubleVec x, DoubleVec n, Vec<int64_t>) {
  return Native<double>(_mm512_scalef_pd(__m512d(x.v), __m512d(n.v)));
}
template <FloatScalar T>
RL_INLINE Vec<T> scale_down(Vec<T> x, Vec<T> n, typename Vec<T>::Int n_int) {
  return scale_by_power(x, n, n_int);
}
#else
template <FloatScalar T>
RL_INLINE Vec<T> scale_by_power(Vec<T> x, Vec<T>, typename Vec<T>::Int n_int) {
  return math::scale_in_two_steps(x, n_int);
}
template <FloatScalar T>
RL_INLINE Vec<T> scale_down(Vec<T> x, Vec<T>, typename Vec<T>::Int n_int) {
  return math::scale_down_in_two_steps(x, n_int);
}
#endif

// NaN if either is NaN.
template <FloatScalar T>
RL_INLINE Vec<T> max(Vec<T> a, Vec<T> b) {
  return select(is_nan(a), a, max_or_second(a, b));
}
template <FloatScalar T>
RL_INLINE Vec<T> min(Vec<T> a, Vec<T> b) {
  return select(is_nan(a), a, min_or_second(a, b));
}
template <FloatScalar T>
RL_INLINE Vec<T> clamp(Vec<T> x, std::type_identity_t<T> low, std::type_identity_t<T> high) {
  return min_or_second(Vec<T>(high), max_or_second(Vec<T>(low), x));
}

// Truncation towards zero; out of range is unspecified.
RL_INLINE Vec<int32_t> to_int(FloatVec x) {
  return Native<int32_t>(__builtin_convertvector(x.v, Native<int32_t>));
}
RL_INLINE Vec<int64_t> to_int(DoubleVec x) {
  return Native<int64_t>(__builtin_convertvector(x.v, Native<int64_t>));
}
RL_INLINE FloatVec to_float(Vec<int32_t> x) {
  return Native<float>(__builtin_convertvector(x.v, Native<float>));
}
RL_INLINE DoubleVec to_float(Vec<int64_t> x) {
  return Native<double>(__builtin_convertvector(x.v, Native<double>));
}

// The lower and the upper half of the lanes in double.
struct DoublePair {
  DoubleVec low, high;
};
RL_INLINE DoublePair widen(FloatVec x) {
#if RL_VEC_AVX512
  const __m512 all = __m512(x.v);
  return {Native<double>(_mm512_cvtps_pd(_mm512_castps512_ps256(all))),
          Native<double>(_mm512_cvtps_pd(_mm512_extractf32x8_ps(all, 1)))};
#else
  using Half [[gnu::vector_size(kVecBytes / 2)]] = float;
  Half halves[2];
  __builtin_memcpy(halves, &x.v, kVecBytes);
  return {Native<double>(__builtin_convertvector(halves[0], Native<double>)),
          Native<double>(__builtin_convertvector(halves[1], Native<double>))};
#endif
}
RL_INLINE FloatVec narrow(DoublePair x) {
#if RL_VEC_AVX512
  const __m256 low = _mm512_cvtpd_ps(__m512d(x.low.v)), high = _mm512_cvtpd_ps(__m512d(x.high.v));
  return Native<float>(_mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1));
#else
  using Half [[gnu::vector_size(kVecBytes / 2)]] = float;
  const Half halves[2] = {__builtin_convertvector(x.low.v, Half),
                          __builtin_convertvector(x.high.v, Half)};
  FloatVec result;
  __builtin_memcpy(&result.v, halves, kVecBytes);
  return result;
#endif
}

template <class Fn>
RL_INLINE FloatVec via_double(FloatVec x, Fn fn) {
  const DoublePair wide = widen(x);
  return narrow({fn(wide.low), fn(wide.high)});
}
template <class Fn>
RL_INLINE FloatVec via_double(FloatVec x, FloatVec y, Fn fn) {
  const DoublePair wide_x = widen(x), wide_y = widen(y);
  return narrow({fn(wide_x.low, wide_y.low), fn(wide_x.high, wide_y.high)});
}
template <FloatScalar T, class Fn>
RL_INLINE Vec<T> map_lanes(Vec<T> x, Fn fn) {
  T lanes[Vec<T>::kSize];
  x.storeu(lanes);
  for (int i = 0; i < Vec<T>::kSize; ++i) lanes[i] = fn(lanes[i]);
  return Vec<T>::loadu(lanes);
}
template <FloatScalar T, class Fn>
RL_INLINE Vec<T> map_lanes(Vec<T> x, Vec<T> y, Fn fn) {
  T lanes[Vec<T>::kSize], others[Vec<T>::kSize];
  x.storeu(lanes);
  y.storeu(others);
  for (int i = 0; i < Vec<T>::kSize; ++i) lanes[i] = fn(lanes[i], others[i]);
  return Vec<T>::loadu(lanes);
}

// Half precision in memory, float in registers: kSize elements, or the first `count`.
// Rounding is Half::from_float's and BFloat16::from_float's, to the bit.
using HalfBits [[gnu::vector_size(kVecBytes / 2)]] = uint16_t;

RL_INLINE Vec<int32_t> zero_extend(HalfBits bits) {
  using Wide [[gnu::vector_size(kVecBytes)]] = uint32_t;
  return Native<int32_t>(__builtin_convertvector(bits, Wide));
}
RL_INLINE HalfBits low_halves(Vec<int32_t> x) {
  using Wide [[gnu::vector_size(kVecBytes)]] = uint32_t;
  return __builtin_convertvector(Wide(x.v), HalfBits);
}
RL_INLINE FloatVec half_to_float(HalfBits bits) {
#if RL_VEC_AVX512
  return Native<float>(_mm512_cvtph_ps(__m256i(bits)));
#elif RL_VEC_AVX2
  return Native<float>(_mm256_cvtph_ps(__m128i(bits)));
#else
  using Int = Vec<int32_t>;
  const Int wide = zero_extend(bits), magnitude = wide & Int(0x7fff);
  const Int sign = shift_left(wide & Int(0x8000), 16);
  const Int shifted = shift_left(magnitude, 13);
  const Int normal = shifted + Int(0x38000000), special = shifted + Int(0x70000000);
  const Int small = as_int(to_float(magnitude) * 5.9604644775390625e-8f);
  const Int finite = select(magnitude < 0x0400, small, normal);
  return as_float(sign | select(magnitude > 0x7bff, special, finite));
#endif
}
RL_INLINE HalfBits float_to_half(FloatVec x) {
  using Int = Vec<int32_t>;
#if RL_VEC_AVX2
#if RL_VEC_AVX512
  const HalfBits bits = HalfBits(_mm512_cvtps_ph(__m512(x.v), _MM_FROUND_TO_NEAREST_INT));
#else
  const HalfBits bits = HalfBits(_mm256_cvtps_ph(__m256(x.v), _MM_FROUND_TO_NEAREST_INT));
#endif
  // The instruction keeps a NaN's payload; from_float has one NaN for each sign.
  if (RL_LIKELY(!any(is_nan(x)))) return bits;
  const Int wide = zero_extend(bits), nan = (wide & Int(0x8000)) | Int(0x7e00);
  return low_halves(select((wide & Int(0x7fff)) > 0x7c00, nan, wide));
#else
  const Int all = as_int(x), magnitude = all & Int(0x7fffffff);
  const Int sign = shift_right_logical(all, 16) & Int(0x8000);
  const Int small = as_int(as_float(magnitude) + FloatVec(0.5f)) - Int(0x3f000000);
  const Int odd = shift_right_logical(magnitude, 13) & Int(1);
  const Int normal = shift_right_logical(magnitude - Int(0x38000000 - 0xfff) + odd, 13);
  Int half = select(magnitude < 0x38800000, small, normal);
  half = select(magnitude > 0x477fefff, Int(0x7c00), half);
  half = select(magnitude > 0x7f800000, Int(0x7e00), half);
  return low_halves(half | sign);
#endif
}
RL_INLINE FloatVec bfloat16_to_float(HalfBits bits) {
  return as_float(shift_left(zero_extend(bits), 16));
}
RL_INLINE HalfBits float_to_bfloat16(FloatVec x) {
  using Int = Vec<int32_t>;
  const Int all = as_int(x), odd = shift_right_logical(all, 16) & Int(1);
  const Int rounded = shift_right_logical(all + Int(0x7fff) + odd, 16);
  const Int nan = (all & Int(0x7fffffff)) - Int(0x7f800001);  // not negative for a NaN
  return low_halves(select(nan >= 0, Int(0x7fc0), rounded));
}

RL_INLINE HalfBits load_bits(const void* p, int64_t count = kVecBytes / 4) {
  HalfBits bits{};
  if (count == kVecBytes / 4)
    __builtin_memcpy(&bits, p, sizeof(bits));
  else
    __builtin_memcpy(&bits, p, size_t(count) * 2);
  return bits;
}
RL_INLINE void store_bits(void* p, HalfBits bits, int64_t count = kVecBytes / 4) {
  if (count == kVecBytes / 4)
    __builtin_memcpy(p, &bits, sizeof(bits));
  else
    __builtin_memcpy(p, &bits, size_t(count) * 2);
}

// The same four names for float, Half and BFloat16 memory.
RL_INLINE FloatVec load_float(const float* p) { return FloatVec::loadu(p); }
RL_INLINE FloatVec load_float(const Half* p) { return half_to_float(load_bits(p)); }
RL_INLINE FloatVec load_float(const BFloat16* p) { return bfloat16_to_float(load_bits(p)); }
RL_INLINE FloatVec load_float_partial(const float* p, int64_t count) {
  return FloatVec::load_partial(p, count);
}
RL_INLINE FloatVec load_float_partial(const Half* p, int64_t count) {
  return half_to_float(load_bits(p, count));
}
RL_INLINE FloatVec load_float_partial(const BFloat16* p, int64_t count) {
  return bfloat16_to_float(load_bits(p, count));
}
RL_INLINE void store_float(float* p, FloatVec x) { x.storeu(p); }
RL_INLINE void store_float(Half* p, FloatVec x) { store_bits(p, float_to_half(x)); }
RL_INLINE void store_float(BFloat16* p, FloatVec x) { store_bits(p, float_to_bfloat16(x)); }
RL_INLINE void store_float_partial(float* p, FloatVec x, int64_t count) {
  x.store_partial(p, count);
}
RL_INLINE void store_float_partial(Half* p, FloatVec x, int64_t count) {
  store_bits(p, float_to_half(x), count);
}
RL_INLINE void store_float_partial(BFloat16* p, FloatVec x, int64_t count) {
  store_bits(p, float_to_bfloat16(x), count);
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
