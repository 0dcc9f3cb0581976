// Loops over a row of T in registers of what T is computed in, with sums that stay exact enough on
// long rows. Shared by softmax, the norms and the losses.
#pragma once

#include "reduce_leaf.h"

namespace rushlight::cpu::RL_ISA {
namespace {

RL_INLINE void store_lanes(double* p, Vec<double> v) { v.storeu(p); }
RL_INLINE void store_lanes_partial(double* p, Vec<double> v, int64_t n) { v.store_partial(p, n); }
template <class T>
RL_INLINE void store_lanes(T* p, Vec<float> v) {
  store_float(p, v);
}
template <class T>
RL_INLINE void store_lanes_partial(T* p, Vec<float> v, int64_t n) {
  store_float_partial(p, v, n);
}

// A register of one number.
template <class V>
RL_INLINE V number(double x) {
  return V(typename V::Scalar(x));
}

struct SumPair {
  double first, second;
};

template <class T>
struct RowLoops {
  using C = Compute<T>;
  using V = Vec<C>;
  static constexpr int64_t kSize = V::kSize;
  static constexpr int64_t kFlush = 64;  // registers summed before they go into a double

  static RL_INLINE V load(const T* x, int64_t count) {
    return count == kSize ? load_lanes(x) : load_lanes_partial(x, count);
  }
  static RL_INLINE void store(T* x, V v, int64_t count) {
    if (count == kSize)
      store_lanes(x, v);
    else
      store_lanes_partial(x, v, count);
  }
  static RL_INLINE C fold(V v) { return VecLanes<Sum, T>::template fold_register<kSize / 2>(v); }
  static RL_INLINE V keep(V v, int64_t count) {
    return count == kSize ? v : select(V::first_mask(count), v, V(C(0)));
  }

  // Sum of term(i, count), a register of terms from element i on, over n elements.
  template <class F>
  static RL_INLINE double sum_terms(int64_t n, const F& term) {
    if (n <= kSize) return double(fold(keep(term(0, n), n)));
    double total = 0;
    for (int64_t begin = 0; begin < n; begin += kFlush * kSize) {
      const int64_t end = begin + kFlush * kSize < n ? begin + kFlush * kSize : n;
      V a(C(0)), b(C(0));
      int64_t i = begin;
      for (; i + 2 * kSize <= end; i += 2 * kSize) {
        a += term(i, kSize);
        b += term(i + kSize, kSize);
      }
      for (; i < end; i += kSize) {
        const int64_t count = end - i < kSize ? end - i : kSize;
        a += keep(term(i, count), count);
      }
      total += double(fold(a + b));
    }
    return total;
  }

  // Two sums at once: term(i, count, u, v) sets both registers.
  template <class F>
  static RL_INLINE SumPair sum_pairs(int64_t n, const F& term) {
    SumPair total{0, 0};
    for (int64_t begin = 0; begin < n; begin += kFlush * kSize) {
      const int64_t end = begin + kFlush * kSize < n ? begin + kFlush * kSize : n;
      V a0(C(0)), a1(C(0)), b0(C(0)), b1(C(0)), u, v;
      int64_t i = begin;
      for (; i + 2 * kSize <= end; i += 2 * kSize) {
        term(i, kSize, u, v);
        a0 += u, b0 += v;
        term(i + kSize, kSize, u, v);
        a1 += u, b1 += v;
      }
      for (; i < end; i += kSize) {
        const int64_t count = end - i < kSize ? end - i : kSize;
        term(i, count, u, v);
        a0 += keep(u, count), b0 += keep(v, count);
      }
      total.first += double(fold(a0 + a1));
      total.second += double(fold(b0 + b1));
    }
    return total;
  }

  template <class F>
  static RL_INLINE void for_registers(int64_t n, const F& body) {
    int64_t i = 0;
    for (; i + kSize <= n; i += kSize) body(i, kSize);
    if (i < n) body(i, n - i);
  }
};

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
