// Mask<T>: one truth value per lane of Vec<T>. A bit mask register with AVX-512, else a vector of
// all-ones and all-zeros integers. Included by vec.h, inside the ISA namespace.

template <int Bytes>
struct SignedOf;
template <>
struct SignedOf<1> {
  using Type = int8_t;
};
template <>
struct SignedOf<2> {
  using Type = int16_t;
};
template <>
struct SignedOf<4> {
  using Type = int32_t;
};
template <>
struct SignedOf<8> {
  using Type = int64_t;
};
template <class T>
using Signed = typename SignedOf<sizeof(T)>::Type;

template <class T>
struct NativeOf {
  using Type [[gnu::vector_size(kVecBytes), gnu::may_alias]] = T;
};
template <class T>
using Native = typename NativeOf<T>::Type;
template <class T>
inline constexpr int kLanes = kVecBytes / int(sizeof(T));

#if RL_VEC_AVX512

template <int Lanes>
struct MaskBits;
template <>
struct MaskBits<8> {
  using Type = __mmask8;
};
template <>
struct MaskBits<16> {
  using Type = __mmask16;
};
template <>
struct MaskBits<32> {
  using Type = __mmask32;
};
template <>
struct MaskBits<64> {
  using Type = __mmask64;
};

template <class T>
struct Mask {
  using Bits = typename MaskBits<kLanes<T>>::Type;
  static constexpr Bits kAll = Bits(~Bits(0));
  Bits bits;

  Mask() = default;
  RL_INLINE explicit Mask(Bits value) : bits(value) {}
  RL_INLINE explicit Mask(bool value) : bits(value ? kAll : Bits(0)) {}
  RL_INLINE Mask operator&(Mask b) const { return Mask(Bits(bits & b.bits)); }
  RL_INLINE Mask operator|(Mask b) const { return Mask(Bits(bits | b.bits)); }
  RL_INLINE Mask operator^(Mask b) const { return Mask(Bits(bits ^ b.bits)); }
  RL_INLINE Mask operator~() const { return Mask(Bits(~bits)); }
  RL_INLINE Mask operator!() const { return ~*this; }

  // Reads one bool per lane; any nonzero byte is true.
  static RL_INLINE Mask loadu(const bool* p) {
    if constexpr (kLanes<T> == 64) {
      const __m512i v = _mm512_loadu_si512(p);
      return Mask(_mm512_test_epi8_mask(v, v));
    } else if constexpr (kLanes<T> == 32) {
      const __m256i v = _mm256_loadu_si256((const __m256i*)p);
      return Mask(_mm256_test_epi8_mask(v, v));
    } else if constexpr (kLanes<T> == 16) {
      const __m128i v = _mm_loadu_si128((const __m128i*)p);
      return Mask(_mm_test_epi8_mask(v, v));
    } else {
      const __m128i v = _mm_loadl_epi64((const __m128i*)p);
      return Mask(Bits(_mm_test_epi8_mask(v, v)));
    }
  }
  // Writes 0 or 1 per lane.
  RL_INLINE void storeu(bool* p) const {
    if constexpr (kLanes<T> == 64) {
      _mm512_storeu_si512(p, _mm512_maskz_set1_epi8(bits, 1));
    } else if constexpr (kLanes<T> == 32) {
      _mm256_storeu_si256((__m256i*)p, _mm256_maskz_set1_epi8(bits, 1));
    } else if constexpr (kLanes<T> == 16) {
      _mm_storeu_si128((__m128i*)p, _mm_maskz_set1_epi8(bits, 1));
    } else {
      _mm_storel_epi64((__m128i*)p, _mm_maskz_set1_epi8(bits, 1));
    }
  }
#else

template <class T>
struct Mask {
  using Bits = Native<Signed<T>>;
  Bits bits;

  Mask() = default;
  RL_INLINE explicit Mask(Bits value) : bits(value) {}
  RL_INLINE explicit Mask(bool value) : bits(Bits{} - Signed<T>(value)) {}
  RL_INLINE Mask operator&(Mask b) const { return Mask(Bits(bits & b.bits)); }
  RL_INLINE Mask operator|(Mask b) const { return Mask(Bits(bits | b.bits)); }
  RL_INLINE Mask operator^(Mask b) const { return Mask(Bits(bits ^ b.bits)); }
  RL_INLINE Mask operator~() const { return Mask(Bits(~bits)); }
  RL_INLINE Mask operator!() const { return ~*this; }

  using Bytes [[gnu::vector_size(kLanes<T>)]] = int8_t;
  static RL_INLINE Mask loadu(const bool* p) {
    Bytes bytes;
    __builtin_memcpy(&bytes, p, sizeof(bytes));
    return Mask(Bits(__builtin_convertvector(bytes, Bits) != 0));
  }
  RL_INLINE void storeu(bool* p) const {
    const Bytes bytes = narrowed() & 1;
    __builtin_memcpy(p, &bytes, sizeof(bytes));
  }

 private:
  // One byte a lane, by saturating packs: of -1 and 0 they make -1 and 0. GCC's own conversion goes
  // lane by lane.
  RL_INLINE Bytes narrowed() const {
#if RL_VEC_AVX2 || RL_VEC_SSE4
    if constexpr (sizeof(T) > 1) {
      __m128i low, high;
#if RL_VEC_AVX2
      low = _mm256_castsi256_si128((__m256i)bits);
      high = _mm256_extracti128_si256((__m256i)bits, 1);
#else
      low = high = (__m128i)bits;
#endif
      if constexpr (sizeof(T) == 8)
        low = high = (__m128i)_mm_shuffle_ps((__m128)low, (__m128)high, 0x88);
      if constexpr (sizeof(T) >= 4) low = high = _mm_packs_epi32(low, high);
      low = _mm_packs_epi16(low, high);
      Bytes bytes;
      __builtin_memcpy(&bytes, &low, sizeof(bytes));
      return bytes;
    }
#endif
    return __builtin_convertvector(bits, Bytes);
  }

 public:
#endif

  static RL_INLINE Mask load_partial(const bool* p, int64_t count) {
    bool buffer[kLanes<T>] = {};
    __builtin_memcpy(buffer, p, size_t(count));
    return loadu(buffer);
  }
  RL_INLINE void store_partial(bool* p, int64_t count) const {
    bool buffer[kLanes<T>];
    storeu(buffer);
    __builtin_memcpy(p, buffer, size_t(count));
  }
};

#if RL_VEC_AVX512
template <class T>
RL_INLINE bool any(Mask<T> m) {
  return m.bits != 0;
}
template <class T>
RL_INLINE bool all(Mask<T> m) {
  return m.bits == Mask<T>::kAll;
}
#else
template <class T>
RL_INLINE bool any(Mask<T> m) {
#if RL_VEC_AVX2
  return !_mm256_testz_si256((__m256i)m.bits, (__m256i)m.bits);
#elif RL_VEC_SSE4
  return !_mm_testz_si128((__m128i)m.bits, (__m128i)m.bits);
#else
  const Native<int64_t> words = (Native<int64_t>)m.bits;
  return (words[0] | words[1]) != 0;
#endif
}
template <class T>
RL_INLINE bool all(Mask<T> m) {
  return !any(~m);
}
#endif
