// Memory of any real dtype as vectors, and strided memory as dense.
#pragma once

#include "rushlight/functors/rules.h"
#include "vec.h"

namespace rushlight::cpu::RL_ISA {
namespace {

using namespace rushlight::rules;

// What T is computed in: half precision in float.
template <class T>
using ComputeVec = Vec<Compute<T>>;

template <class T>
RL_INLINE ComputeVec<T> read_lanes(const T* p) {
  if constexpr (is_half_v<T>)
    return load_float(p);
  else
    return Vec<T>::loadu(p);
}
template <class T>
RL_INLINE ComputeVec<T> read_lanes(const T* p, int64_t count) {
  if constexpr (is_half_v<T>)
    return load_float_partial(p, count);
  else
    return Vec<T>::load_partial(p, count);
}
// `x` is a vector, or a mask where T is bool.
template <class T, class V>
RL_INLINE void write_lanes(T* p, V x) {
  if constexpr (is_half_v<T>)
    store_float(p, x);
  else
    x.storeu(p);
}
template <class T, class V>
RL_INLINE void write_lanes(T* p, V x, int64_t count) {
  if constexpr (is_half_v<T>)
    store_float_partial(p, x, count);
  else
    x.store_partial(p, count);
}

template <int Bytes>
[[gnu::noinline]] void gather(void* to, const char* from, int64_t stride, int64_t n) {
  char* dense = static_cast<char*>(to);
  for (int64_t i = 0; i < n; ++i) __builtin_memcpy(dense + i * Bytes, from + i * stride, Bytes);
}
template <int Bytes>
[[gnu::noinline]] void scatter(char* to, int64_t stride, const void* from, int64_t n) {
  const char* dense = static_cast<const char*>(from);
  for (int64_t i = 0; i < n; ++i) __builtin_memcpy(to + i * stride, dense + i * Bytes, Bytes);
}
template <class T>
RL_INLINE void fill(T* to, T value, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = value;
}

// n numbers of half precision as floats, and back: loops that compute much, or are seldom run, have
// one copy for the three dtypes.
template <class T>
[[gnu::noinline]] void widen(const void* from, int64_t n, float* to) {
  const T* x = static_cast<const T*>(from);
  constexpr int64_t kLane = Vec<float>::kSize;
  int64_t i = 0;
  for (; i + kLane <= n; i += kLane) load_float(x + i).storeu(to + i);
  if (i < n) load_float_partial(x + i, n - i).store_partial(to + i, n - i);
}
// To memory whose elements lie `stride` bytes apart.
template <class T>
[[gnu::noinline]] void narrow(const float* x, int64_t n, char* to, int64_t stride) {
  constexpr int64_t kLane = Vec<float>::kSize;
  T few[kLane];
  for (int64_t i = 0; i < n; i += kLane) {
    const int64_t count = n - i < kLane ? n - i : kLane;
    const bool dense = stride == sizeof(T);
    T* const out = dense ? reinterpret_cast<T*>(to + i * stride) : few;
    if (count == kLane)
      store_float(out, Vec<float>::loadu(x + i));
    else
      store_float_partial(out, Vec<float>::load_partial(x + i, count), count);
    if (!dense)
      for (int64_t k = 0; k < count; ++k) *reinterpret_cast<T*>(to + (i + k) * stride) = few[k];
  }
}

// n elements next to each other: where they are, or gathered into the buffer.
template <class T>
RL_INLINE const T* dense(T* buffer, const char* from, int64_t stride, int64_t n) {
  if (stride == sizeof(T)) return reinterpret_cast<const T*>(from);
  gather<sizeof(T)>(buffer, from, stride, n);
  return buffer;
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
