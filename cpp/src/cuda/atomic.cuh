// Updates of an element that several threads may make at once, for elements of 1, 2, 4 and 8 bytes.
#pragma once

#include <type_traits>

#include "rushlight/core/dtype.h"

namespace rushlight::cuda {

template <class T, class F>
__device__ void atomic_update(T* at, const F& f) {
  static_assert(sizeof(T) <= 8);
  if constexpr (sizeof(T) >= 4) {
    using Word = std::conditional_t<sizeof(T) == 8, unsigned long long, unsigned>;
    Word* word = reinterpret_cast<Word*>(at);
    Word seen = *word, before;
    do {
      before = seen;
      T value;
      memcpy(&value, &before, sizeof(T));
      value = f(value);
      Word wanted;
      memcpy(&wanted, &value, sizeof(T));
      if (wanted == before) return;
      seen = atomicCAS(word, before, wanted);
    } while (seen != before);
  } else {
    // The aligned word that holds the element. It lies in the allocation, whose blocks are larger.
    const uintptr_t address = reinterpret_cast<uintptr_t>(at);
    unsigned* word = reinterpret_cast<unsigned*>(address & ~uintptr_t(3));
    const unsigned shift = unsigned(address & 3) * 8;
    const unsigned mask = (sizeof(T) == 1 ? 0xFFu : 0xFFFFu) << shift;
    using Small = std::conditional_t<sizeof(T) == 1, uint8_t, uint16_t>;
    unsigned seen = *word, before;
    do {
      before = seen;
      const Small bits = Small((before & mask) >> shift);
      T value;
      memcpy(&value, &bits, sizeof(T));
      value = f(value);
      Small wanted;
      memcpy(&wanted, &value, sizeof(T));
      seen = atomicCAS(word, before, (before & ~mask) | (unsigned(wanted) << shift));
    } while (seen != before);
  }
}

template <class T>
__device__ void atomic_add(T* at, T value) {
  if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>)
    atomicAdd(at, value);
  else
    atomic_update(at, [&](T x) { return T(x + value); });
}

}  // namespace rushlight::cuda
