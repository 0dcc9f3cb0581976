// Inner loops over functors, compiled once per instruction set.
#pragma once

#include "for_each.h"
#include "lanes.h"
#include "rushlight/functors/binary.h"
#include "rushlight/functors/unary.h"
#include "rushlight/iter/kernel_slots.h"

namespace rushlight::cpu::RL_ISA {
namespace {

template <class Op, class... List>
inline constexpr bool kIsOneOf = (std::is_same_v<Op, List> || ...);

// A few instructions a vector: the loop takes kUnroll vectors a turn, and strided elements are
// cheaper computed where they are than gathered.
template <class Op>
inline constexpr bool kCheap =
    kIsOneOf<Op, Neg, Abs, Square, Sqrt, Relu, LogicalNot, BitwiseNot, IsNan, IsInf, IsFinite> ||
    kIsOneOf<Op, Add, Sub, Mul, Div, Maximum, Minimum, Fmax, Fmin, Eq, Ne, Lt, Le, Gt, Ge> ||
    kIsOneOf<Op, LogicalAnd, LogicalOr, LogicalXor, BitwiseAnd, BitwiseOr, BitwiseXor> ||
    kIsOneOf<Op, SigmoidBackward, TanhBackward, ThresholdBackward>;
inline constexpr int kUnroll = 4;
template <class Op, class T>
inline constexpr int64_t kTurn = ComputeVec<T>::kSize * (kCheap<Op> ? kUnroll : 1);

template <class Op, class T, class R>
inline constexpr bool kByVectors =
    Op::template kVectorizes<Compute<T>> && (std::is_same_v<R, T> || std::is_same_v<R, bool>);
// Half precision is always worth a gather: converting it one by one costs more.
template <class Op, class T>
inline constexpr bool kGathers = !kCheap<Op> || is_half_v<T>;
inline constexpr int64_t kChunk = 256;
// Half precision in chunks of floats where the conversions do not weigh: a third of the code.
template <class Op, class T, class R>
inline constexpr bool kByFloats =
    kByVectors<Op, T, R> && is_half_v<T> && std::is_same_v<R, T> && !kCheap<Op>;

template <class Op, class T, class R>
[[gnu::noinline]] void unary_vectors(R* out, const T* in, int64_t n) {
  constexpr int64_t kLane = ComputeVec<T>::kSize, kStep = kTurn<Op, T>;
  const Op op{};
  if constexpr (kCheap<Op>) {
    for (; n >= kStep; n -= kStep, out += kStep, in += kStep) {
      const auto r0 = op(read_lanes(in)), r1 = op(read_lanes(in + kLane)),
                 r2 = op(read_lanes(in + 2 * kLane)), r3 = op(read_lanes(in + 3 * kLane));
      write_lanes(out, r0);
      write_lanes(out + kLane, r1);
      write_lanes(out + 2 * kLane, r2);
      write_lanes(out + 3 * kLane, r3);
    }
  }
  // One copy of the functor for whole vectors and the tail.
  for (; n > 0; n -= kLane, out += kLane, in += kLane) {
    const bool whole = RL_LIKELY(n >= kLane);
    const auto r = op(whole ? read_lanes(in) : read_lanes(in, n));
    if (whole)
      write_lanes(out, r);
    else
      write_lanes(out, r, n);
  }
}

// step 1, or 0 for an operand that is one number: then it stands kTurn times at the pointer.
template <class Op, class T, class R>
[[gnu::noinline]] void binary_vectors(R* out, const T* a, int64_t step_a, const T* b,
                                      int64_t step_b, int64_t n) {
  constexpr int64_t kLane = ComputeVec<T>::kSize, kStep = kTurn<Op, T>;
  const Op op{};
  if constexpr (kCheap<Op>) {
    const int64_t next_a = step_a * kStep, next_b = step_b * kStep;
    for (; n >= kStep; n -= kStep, out += kStep, a += next_a, b += next_b) {
      const auto r0 = op(read_lanes(a), read_lanes(b)),
                 r1 = op(read_lanes(a + kLane), read_lanes(b + kLane)),
                 r2 = op(read_lanes(a + 2 * kLane), read_lanes(b + 2 * kLane)),
                 r3 = op(read_lanes(a + 3 * kLane), read_lanes(b + 3 * kLane));
      write_lanes(out, r0);
      write_lanes(out + kLane, r1);
      write_lanes(out + 2 * kLane, r2);
      write_lanes(out + 3 * kLane, r3);
    }
  }
  const int64_t next_a = step_a * kLane, next_b = step_b * kLane;
  for (; n > 0; n -= kLane, out += kLane, a += next_a, b += next_b) {
    const bool whole = RL_LIKELY(n >= kLane);
    const auto r =
        op(whole ? read_lanes(a) : read_lanes(a, n), whole ? read_lanes(b) : read_lanes(b, n));
    if (whole)
      write_lanes(out, r);
    else
      write_lanes(out, r, n);
  }
}

template <class T>
[[gnu::noinline]] void unary_by_floats(char* out, int64_t so, const char* in, int64_t si, int64_t n,
                                       void (*vectors)(float*, const float*, int64_t)) {
  T buffer[kChunk];
  float x[kChunk];
  for (int64_t i = 0; i < n; i += kChunk, in += kChunk * si, out += kChunk * so) {
    const int64_t m = n - i < kChunk ? n - i : kChunk;
    widen<T>(dense(buffer, in, si, m), m, x);
    vectors(x, x, m);
    narrow<T>(x, m, out, so);
  }
}
template <class T>
[[gnu::noinline]] void binary_by_floats(char* out, int64_t so, const char* a, int64_t sa,
                                        const char* b, int64_t sb, int64_t n,
                                        void (*vectors)(float*, const float*, int64_t, const float*,
                                                        int64_t, int64_t)) {
  T buffer[kChunk];
  float x[kChunk], y[kChunk];
  for (int64_t i = 0; i < n; i += kChunk, a += kChunk * sa, b += kChunk * sb, out += kChunk * so) {
    const int64_t m = n - i < kChunk ? n - i : kChunk;
    widen<T>(dense(buffer, a, sa, m), m, x);
    widen<T>(dense(buffer, b, sb, m), m, y);
    vectors(x, x, 1, y, 1, m);
    narrow<T>(x, m, out, so);
  }
}

template <class Op, class T, class R>
void unary_loop(char* const* data, const int64_t* strides, int64_t n) {
  char* out = data[0];
  const char* in = data[1];
  const int64_t so = strides[0], si = strides[1];
  const bool row = so == sizeof(R) && si == sizeof(T);
  if constexpr (kByFloats<Op, T, R>) {
    return unary_by_floats<T>(out, so, in, si, n, &unary_vectors<Op, float, float>);
  } else if constexpr (kByVectors<Op, T, R>) {
    if (RL_LIKELY(row))
      return unary_vectors<Op>(reinterpret_cast<R*>(out), reinterpret_cast<const T*>(in), n);
    if constexpr (kGathers<Op, T>) {
      T from[kChunk];
      R to[kChunk];
      for (int64_t i = 0; i < n; i += kChunk, in += kChunk * si, out += kChunk * so) {
        const int64_t m = n - i < kChunk ? n - i : kChunk;
        const T* x = dense(from, in, si, m);
        if (so == sizeof(R)) {
          unary_vectors<Op>(reinterpret_cast<R*>(out), x, m);
        } else {
          unary_vectors<Op>(to, x, m);
          scatter<sizeof(R)>(out, so, to, m);
        }
      }
      return;
    }
  }
  if constexpr (!kByVectors<Op, T, R> || !kGathers<Op, T>) {
    const Op op{};
    if constexpr (!kByVectors<Op, T, R>) {
      if (row) {
        R* r = reinterpret_cast<R*>(out);
        const T* x = reinterpret_cast<const T*>(in);
#pragma GCC ivdep
        for (int64_t i = 0; i < n; ++i) r[i] = R(op(Compute<T>(x[i])));
        return;
      }
    }
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<R*>(out + i * so) =
          R(op(Compute<T>(*reinterpret_cast<const T*>(in + i * si))));
  }
}

template <class Op, class T, class R>
void binary_loop(char* const* data, const int64_t* strides, int64_t n) {
  const int64_t so = strides[0], sa = strides[1], sb = strides[2];
  const bool full_a = sa == sizeof(T), full_b = sb == sizeof(T);
  const bool row = so == sizeof(R) && (full_a || sa == 0) && (full_b || sb == 0);
  R* r = reinterpret_cast<R*>(data[0]);
  const T* a = reinterpret_cast<const T*>(data[1]);
  const T* b = reinterpret_cast<const T*>(data[2]);
  if constexpr (kByFloats<Op, T, R>) {
    return binary_by_floats<T>(data[0], so, data[1], sa, data[2], sb, n,
                               &binary_vectors<Op, float, float>);
  } else if constexpr (kByVectors<Op, T, R>) {
    if (RL_LIKELY(row && full_a && full_b)) return binary_vectors<Op>(r, a, 1, b, 1, n);
    constexpr int64_t kStep = kTurn<Op, T>;
    if (row && (full_a || full_b)) {
      T number[kStep];
      fill(number, full_a ? *b : *a, kStep);
      return binary_vectors<Op>(r, full_a ? a : number, full_a, full_b ? b : number, full_b, n);
    }
    if constexpr (kGathers<Op, T>) {
      T from_a[kChunk], from_b[kChunk];
      R to[kChunk];
      char* out = data[0];
      const char *in_a = data[1], *in_b = data[2];
      for (int64_t i = 0; i < n; i += kChunk) {
        const int64_t m = n - i < kChunk ? n - i : kChunk;
        const T *x = dense(from_a, in_a, sa, m), *y = dense(from_b, in_b, sb, m);
        if (so == sizeof(R)) {
          binary_vectors<Op>(reinterpret_cast<R*>(out), x, 1, y, 1, m);
        } else {
          binary_vectors<Op>(to, x, 1, y, 1, m);
          scatter<sizeof(R)>(out, so, to, m);
        }
        in_a += kChunk * sa;
        in_b += kChunk * sb;
        out += kChunk * so;
      }
      return;
    }
  }
  if constexpr (!kByVectors<Op, T, R> || !kGathers<Op, T>) {
    const Op op{};
    if constexpr (!kByVectors<Op, T, R>) {
      if (row && full_a && full_b) {
#pragma GCC ivdep
        for (int64_t i = 0; i < n; ++i) r[i] = R(op(Compute<T>(a[i]), Compute<T>(b[i])));
        return;
      }
      if (row && full_a) {
        const Compute<T> y(*b);
#pragma GCC ivdep
        for (int64_t i = 0; i < n; ++i) r[i] = R(op(Compute<T>(a[i]), y));
        return;
      }
      if (row && full_b) {
        const Compute<T> x(*a);
#pragma GCC ivdep
        for (int64_t i = 0; i < n; ++i) r[i] = R(op(x, Compute<T>(b[i])));
        return;
      }
    }
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<R*>(data[0] + i * so) =
          R(op(Compute<T>(*reinterpret_cast<const T*>(data[1] + i * sa)),
               Compute<T>(*reinterpret_cast<const T*>(data[2] + i * sb))));
  }
}

template <class Op, class Rule, DType D>
void unary_kernel(const NdPlan& plan) {
  using T = typename CTypeOf<D>::Type;
  using R = typename Rule::template Result<T>;
  for_each(plan, kItems<R, T>, &unary_loop<Op, T, R>);
}
template <class Op, class Rule, DType D>
void binary_kernel(const NdPlan& plan) {
  using T = typename CTypeOf<D>::Type;
  using R = typename Rule::template Result<T>;
  for_each(plan, kItems<R, T, T>, &binary_loop<Op, T, R>);
}

template <class Op, class Rule, unsigned kAccepts, int D = 0>
void fill_unary(PlanKernel* slots) {
  if constexpr (D < kNumDTypes) {
    if constexpr (accepts(kAccepts, DType(D))) slots[D] = &unary_kernel<Op, Rule, DType(D)>;
    fill_unary<Op, Rule, kAccepts, D + 1>(slots);
  }
}
template <class Op, class Rule, unsigned kAccepts, int D = 0>
void fill_binary(PlanKernel* slots) {
  if constexpr (D < kNumDTypes) {
    if constexpr (accepts(kAccepts, DType(D))) slots[D] = &binary_kernel<Op, Rule, DType(D)>;
    fill_binary<Op, Rule, kAccepts, D + 1>(slots);
  }
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
