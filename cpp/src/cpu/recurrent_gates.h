// The gates of recurrent layers, between two products: forward and backward, a row a sequence.
#pragma once

#include "rushlight/functors/unary.h"
#include "vec.h"

namespace rushlight::cpu::RL_ISA {
namespace {

template <class T>
struct Gates {
  using V = Vec<T>;
  static constexpr int64_t kSize = V::kSize;

  static RL_INLINE V load(const T* p, int64_t count) {
    return count == kSize ? V::loadu(p) : V::load_partial(p, count);
  }
  static RL_INLINE void store(T* p, V v, int64_t count) {
    if (count == kSize)
      v.storeu(p);
    else
      v.store_partial(p, count);
  }
  static RL_INLINE V one() { return V(T(1)); }
  static RL_INLINE V sigmoid(V x) { return math::sigmoid(x); }
  static RL_INLINE V tanh(V x) { return math::tanh(x); }
  // The slopes, from the functions' values.
  static RL_INLINE V sigmoid_slope(V y) { return y * (one() - y); }
  static RL_INLINE V tanh_slope(V y) { return one() - y * y; }

  // body(row, column, count) for registers of `rows` rows of `width` elements.
  template <class F>
  static RL_INLINE void for_registers(int64_t rows, int64_t width, const F& body) {
    for (int64_t r = 0; r < rows; ++r) {
      int64_t j = 0;
      for (; j + kSize <= width; j += kSize) body(r, j, kSize);
      if (j < width) body(r, j, width - j);
    }
  }

  // gates: input, forget, cell, output. c becomes the next cell state, `before` what it was.
  static void lstm(int64_t rows, int64_t hidden, T* gates, const T* bias, T* c, T* before, T* out,
                   T* h) {
    for_registers(
        rows, hidden, [&](int64_t r, int64_t j, int64_t n) __attribute__((always_inline)) {
          T* gate = gates + r * 4 * hidden + j;
          const int64_t at = r * hidden + j;
          const V i = sigmoid(load(gate, n) + load(bias + j, n));
          const V f = sigmoid(load(gate + hidden, n) + load(bias + hidden + j, n));
          const V g = tanh(load(gate + 2 * hidden, n) + load(bias + 2 * hidden + j, n));
          const V o = sigmoid(load(gate + 3 * hidden, n) + load(bias + 3 * hidden + j, n));
          const V old = load(c + at, n), next = f * old + i * g, result = o * tanh(next);
          store(gate, i, n);
          store(gate + hidden, f, n);
          store(gate + 2 * hidden, g, n);
          store(gate + 3 * hidden, o, n);
          store(before + at, old, n);
          store(c + at, next, n);
          store(out + at, result, n);
          if (h) store(h + at, result, n);
        });
  }

  // The gradient of h is the sum of grad_out and grad_h, either of them null for zero. grad_c
  // becomes that of the cell state before.
  static void lstm_backward(int64_t rows, int64_t hidden, const T* gates, const T* before,
                            const T* grad_out, const T* grad_h, T* grad_c, T* grad_gates) {
    for_registers(rows, hidden,
                  [&](int64_t r, int64_t j, int64_t n) __attribute__((always_inline)) {
                    const int64_t at = r * hidden + j, first = r * 4 * hidden + j;
                    const T* gate = gates + first;
                    const V i = load(gate, n), f = load(gate + hidden, n),
                            g = load(gate + 2 * hidden, n), o = load(gate + 3 * hidden, n);
                    const V old = load(before + at, n), y = tanh(f * old + i * g);
                    V gh = grad_h ? load(grad_h + at, n) : V(T(0));
                    if (grad_out) gh = gh + load(grad_out + at, n);
                    const V gc = load(grad_c + at, n) + gh * o * tanh_slope(y);
                    T* to = grad_gates + first;
                    store(to, gc * g * sigmoid_slope(i), n);
                    store(to + hidden, gc * old * sigmoid_slope(f), n);
                    store(to + 2 * hidden, gc * i * tanh_slope(g), n);
                    store(to + 3 * hidden, gh * y * sigmoid_slope(o), n);
                    store(grad_c + at, gc * f, n);
                  });
  }

  // gates: reset, update, new, the input's part; products: the state's. kept: the product of the
  // new gate with its bias.
  static void gru(int64_t rows, int64_t hidden, T* gates, const T* products, const T* bias,
                  const T* bias_new, T* kept, T* out, T* h) {
    for_registers(
        rows, hidden, [&](int64_t row, int64_t j, int64_t n) __attribute__((always_inline)) {
          const int64_t at = row * hidden + j, first = row * 3 * hidden + j;
          T* gate = gates + first;
          const T* product = products + first;
          const V r = sigmoid(load(gate, n) + load(product, n) + load(bias + j, n));
          const V z = sigmoid(load(gate + hidden, n) + load(product + hidden, n) +
                              load(bias + hidden + j, n));
          const V inner = load(product + 2 * hidden, n) + load(bias_new + j, n);
          const V fresh =
              tanh(load(gate + 2 * hidden, n) + load(bias + 2 * hidden + j, n) + r * inner);
          const V result = fresh + z * (load(h + at, n) - fresh);
          store(gate, r, n);
          store(gate + hidden, z, n);
          store(gate + 2 * hidden, fresh, n);
          store(kept + at, inner, n);
          store(out + at, result, n);
          store(h + at, result, n);
        });
  }

  // grad_h becomes the part of the gradient of h before the step that does not pass the products.
  static void gru_backward(int64_t rows, int64_t hidden, const T* gates, const T* kept,
                           const T* before, const T* grad_out, T* grad_h, T* grad_gates,
                           T* grad_products) {
    for_registers(rows, hidden,
                  [&](int64_t row, int64_t j, int64_t n) __attribute__((always_inline)) {
                    const int64_t at = row * hidden + j, first = row * 3 * hidden + j;
                    const V r = load(gates + first, n), z = load(gates + first + hidden, n),
                            fresh = load(gates + first + 2 * hidden, n), inner = load(kept + at, n);
                    V gh = load(grad_h + at, n);
                    if (grad_out) gh = gh + load(grad_out + at, n);
                    const V g_new = gh * (one() - z) * tanh_slope(fresh);
                    const V g_update = gh * (load(before + at, n) - fresh) * sigmoid_slope(z);
                    const V g_reset = g_new * inner * sigmoid_slope(r);
                    T *to = grad_gates + first, *product = grad_products + first;
                    store(to, g_reset, n);
                    store(to + hidden, g_update, n);
                    store(to + 2 * hidden, g_new, n);
                    store(product, g_reset, n);
                    store(product + hidden, g_update, n);
                    store(product + 2 * hidden, g_new * r, n);
                    store(grad_h + at, gh * z, n);
                  });
  }

  // x, the input's and the state's part, becomes the result.
  template <bool kRelu>
  static void plain(int64_t rows, int64_t hidden, T* x, const T* bias, T* h) {
    for_registers(rows, hidden,
                  [&](int64_t r, int64_t j, int64_t n) __attribute__((always_inline)) {
                    const int64_t at = r * hidden + j;
                    const V sum = load(x + at, n) + load(bias + j, n);
                    const V result = kRelu ? Relu{}(sum) : tanh(sum);
                    store(x + at, result, n);
                    store(h + at, result, n);
                  });
  }
  template <bool kRelu>
  static void plain_backward(int64_t rows, int64_t hidden, const T* result, const T* grad_out,
                             const T* grad_h, T* grad_gates) {
    for_registers(
        rows, hidden, [&](int64_t r, int64_t j, int64_t n) __attribute__((always_inline)) {
          const int64_t at = r * hidden + j;
          const V y = load(result + at, n);
          V gh = load(grad_h + at, n);
          if (grad_out) gh = gh + load(grad_out + at, n);
          const V zero(T(0));
          store(grad_gates + at, kRelu ? select(y > zero, gh, zero) : gh * tanh_slope(y), n);
        });
  }
};

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
