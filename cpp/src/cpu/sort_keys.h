// Elements as unsigned keys of the same order, so that sorting is compiled for two widths only. See
// Note [Sorted order].
#pragma once

#include <type_traits>

#include "rushlight/core/numeric_types.h"
#include "rushlight/iter/sort_plan.h"

namespace rushlight::cpu {

template <class T>
using KeyOf = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <class T>
inline constexpr bool kHasNan =
    std::is_floating_point_v<T> || std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

template <class T>
using BitsOf = std::conditional_t<
    sizeof(T) == 1, uint8_t,
    std::conditional_t<sizeof(T) == 2, uint16_t,
                       std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;

// Ascending keys; those of NaN have all bits set.
template <class T>
RL_INLINE KeyOf<T> key_of(T x) {
  using U = BitsOf<T>;
  constexpr int kTop = 8 * int(sizeof(T)) - 1;
  constexpr U kSign = U(U(1) << kTop);
  if constexpr (kHasNan<T>) {
    constexpr U kInf = std::is_same_v<T, Half>       ? U(0x7c00)
                       : std::is_same_v<T, BFloat16> ? U(0x7f80)
                       : sizeof(T) == 4              ? U(0x7f800000)
                                                     : U(uint64_t(0x7ff) << 52);
    const U bits = bit_cast<U>(x), magnitude = U(bits & U(~kSign));
    if (magnitude > kInf) return U(~U(0));
    if (magnitude == 0) return kSign;
    return bits & kSign ? U(~bits) : U(bits | kSign);
  } else if constexpr (std::is_same_v<T, bool>) {
    return x;
  } else if constexpr (std::is_signed_v<T>) {
    return U(U(x) ^ kSign);
  } else {
    return x;
  }
}
template <class T>
inline constexpr KeyOf<T> kAllOnes = BitsOf<T>(~BitsOf<T>(0));

// Does the key name one element only? Otherwise the element must be looked up.
template <class T>
RL_INLINE bool is_exact(KeyOf<T> key) {
  if constexpr (kHasNan<T>)
    return key != kAllOnes<T> && key != KeyOf<T>(BitsOf<T>(1)) << (8 * sizeof(T) - 1);
  return true;
}
template <class T>
RL_INLINE T element_of(KeyOf<T> key) {
  using U = BitsOf<T>;
  constexpr U kSign = U(U(1) << (8 * int(sizeof(T)) - 1));
  if constexpr (kHasNan<T>)
    return bit_cast<T>(U(key & kSign ? U(key) ^ kSign : ~U(key)));
  else if constexpr (std::is_same_v<T, bool>)
    return key != 0;
  else if constexpr (std::is_signed_v<T>)
    return T(U(U(key) ^ kSign));
  else
    return T(key);
}

template <class K, class I>
struct Entry {
  K key;
  I index;
};

// The entries of a row of n elements, with descending keys where asked for; `varying` gets the bits
// in which keys differ.
template <class T, class I>
RL_INLINE void fill_entries(const T* x, int64_t n, bool descending, Entry<KeyOf<T>, I>* out,
                            KeyOf<T>& varying) {
  const KeyOf<T> flip = descending ? kAllOnes<T> : 0;
  const KeyOf<T> first = n > 0 ? key_of(x[0]) ^ flip : 0;
  KeyOf<T> differ = 0;
  for (int64_t i = 0; i < n; ++i) {
    const KeyOf<T> key = key_of(x[i]) ^ flip;
    differ |= key ^ first;
    out[i] = {key, I(i)};
  }
  varying = differ;
}

// Stable, ascending by key. Both arrays have n entries; returns the one that holds the result.
template <class K, class I>
Entry<K, I>* sort_entries(Entry<K, I>* a, Entry<K, I>* spare, int64_t n, K varying);

extern template Entry<uint32_t, uint32_t>* sort_entries(Entry<uint32_t, uint32_t>*,
                                                        Entry<uint32_t, uint32_t>*, int64_t,
                                                        uint32_t);
extern template Entry<uint64_t, uint64_t>* sort_entries(Entry<uint64_t, uint64_t>*,
                                                        Entry<uint64_t, uint64_t>*, int64_t,
                                                        uint64_t);
extern template Entry<uint32_t, uint64_t>* sort_entries(Entry<uint32_t, uint64_t>*,
                                                        Entry<uint32_t, uint64_t>*, int64_t,
                                                        uint32_t);

}  // namespace rushlight::cpu
