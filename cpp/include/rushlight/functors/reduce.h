// Reductions as monoids, one struct each:
//
//   Acc<T>           what elements of dtype T are accumulated in
//   identity<A>()    combine(identity, a) == a
//   lift(x)          an element, converted to A already, as an accumulator
//   combine(a, b)    associative up to rounding
//   project(a, how)  the result
//
// identity, lift and combine also take the CPU's Vec<A> where A is float or double.
#pragma once

#include "rushlight/functors/binary.h"
#include "rushlight/functors/reduce_how.h"
#include "rushlight/functors/rules.h"
#include "rushlight/functors/unary.h"

namespace rushlight {

namespace detail {
template <class T>
struct WideOf {
  using Type = std::conditional_t<IntScalar<T>, int64_t, T>;
};
template <>
struct WideOf<Half> {
  using Type = float;
};
template <>
struct WideOf<BFloat16> {
  using Type = float;
};
template <class T>
struct FloatOf {
  using Type = T;
};
template <>
struct FloatOf<Half> {
  using Type = float;
};
template <>
struct FloatOf<BFloat16> {
  using Type = float;
};
template <class T>
struct RealOf {
  using Type = typename FloatOf<T>::Type;
};
template <class T>
struct RealOf<Complex<T>> {
  using Type = T;
};
template <class A>
RL_HD_INLINE A lowest() {
  if constexpr (FloatScalar<A>)
    return A(-__builtin_inf());
  else if constexpr (std::is_unsigned_v<A>)
    return A(0);
  else
    return A(uint64_t(1) << (8 * sizeof(A) - 1));
}
template <class A>
RL_HD_INLINE A highest() {
  if constexpr (FloatScalar<A>)
    return A(__builtin_inf());
  else if constexpr (BoolScalar<A>)
    return true;
  else
    return A(~lowest<A>());
}
template <class A, class V>
RL_HD_INLINE A modulus(V x) {
  if constexpr (ComplexScalar<V>) {
    return math::abs(x);
  } else {
    using math::abs;
    return abs(x);
  }
}
}  // namespace detail

struct Sum {
  template <class T>
  using Acc = typename detail::WideOf<T>::Type;
  // -0, which unlike 0 leaves a -0 as it is; project makes it 0.
  template <class A>
  static RL_HD_INLINE A identity() {
    if constexpr (FloatScalar<A>)
      return A(-0.0);
    else
      return A(0);
  }
  template <class V>
  static RL_HD_INLINE V lift(V x) {
    return x;
  }
  template <class V>
  static RL_HD_INLINE V combine(V a, V b) {
    return Add{}(a, b);
  }
  template <class A>
  static RL_HD_INLINE A project(A a, const ReduceHow& how) {
    if constexpr (FloatScalar<A>)
      return how.divisor == 1 ? a + A(0) : a / A(how.divisor);
    else if constexpr (ComplexScalar<A>)
      return how.divisor == 1 ? a : A(a.re / decltype(a.re)(how.divisor), a.im / decltype(a.re)(how.divisor));
    else
      return a;
  }
};

struct Prod {
  template <class T>
  using Acc = typename detail::WideOf<T>::Type;
  template <class A>
  static RL_HD_INLINE A identity() {
    return A(1);
  }
  template <class V>
  static RL_HD_INLINE V lift(V x) {
    return x;
  }
  template <class V>
  static RL_HD_INLINE V combine(V a, V b) {
    return Mul{}(a, b);
  }
  template <class A>
  static RL_HD_INLINE A project(A a, const ReduceHow&) {
    return a;
  }
};

// NaN if any element is.
struct Max {
  template <class T>
  using Acc = typename detail::FloatOf<T>::Type;
  template <class A>
  static RL_HD_INLINE A identity() {
    return detail::lowest<A>();
  }
  template <class V>
  static RL_HD_INLINE V lift(V x) {
    return x;
  }
  template <class V>
  static RL_HD_INLINE V combine(V a, V b) {
    return Maximum{}(a, b);
  }
  template <class A>
  static RL_HD_INLINE A project(A a, const ReduceHow&) {
    return a;
  }
};
struct Min {
  template <class T>
  using Acc = typename detail::FloatOf<T>::Type;
  template <class A>
  static RL_HD_INLINE A identity() {
    return detail::highest<A>();
  }
  template <class V>
  static RL_HD_INLINE V lift(V x) {
    return x;
  }
  template <class V>
  static RL_HD_INLINE V combine(V a, V b) {
    return Minimum{}(a, b);
  }
  template <class A>
  static RL_HD_INLINE A project(A a, const ReduceHow&) {
    return a;
  }
};

// Of the truth values; NaN is true. lift takes the element itself.
struct Any {
  template <class T>
  using Acc = uint8_t;
  template <class A>
  static RL_HD_INLINE A identity() {
    return 0;
  }
  template <class T>
  static RL_HD_INLINE uint8_t lift(T x) {
    return uint8_t(x != T(0));
  }
  static RL_HD_INLINE uint8_t combine(uint8_t a, uint8_t b) { return a | b; }
  static RL_HD_INLINE bool decided(uint8_t a) { return a != 0; }
  static RL_HD_INLINE uint8_t project(uint8_t a, const ReduceHow&) { return a; }
};
struct All {
  template <class T>
  using Acc = uint8_t;
  template <class A>
  static RL_HD_INLINE A identity() {
    return 1;
  }
  template <class T>
  static RL_HD_INLINE uint8_t lift(T x) {
    return uint8_t(x != T(0));
  }
  static RL_HD_INLINE uint8_t combine(uint8_t a, uint8_t b) { return a & b; }
  static RL_HD_INLINE bool decided(uint8_t a) { return a == 0; }
  static RL_HD_INLINE uint8_t project(uint8_t a, const ReduceHow&) { return a; }
};
struct CountNonzero {
  template <class T>
  using Acc = int64_t;
  template <class A>
  static RL_HD_INLINE A identity() {
    return 0;
  }
  template <class T>
  static RL_HD_INLINE int64_t lift(T x) {
    return x != T(0);
  }
  static RL_HD_INLINE int64_t combine(int64_t a, int64_t b) { return a + b; }
  static RL_HD_INLINE int64_t project(int64_t a, const ReduceHow&) { return a; }
};

// Vector norms: p = 1, 2, inf, -inf.
struct SumAbs {
  template <class T>
  using Acc = typename detail::RealOf<T>::Type;
  template <class A>
  static RL_HD_INLINE A identity() {
    return A(0);
  }
  template <class V>
  static RL_HD_INLINE auto lift(V x) {
    if constexpr (ComplexScalar<V>)
      return math::abs(x);
    else
      return Abs{}(x);
  }
  template <class V>
  static RL_HD_INLINE V combine(V a, V b) {
    return a + b;
  }
  template <class A>
  static RL_HD_INLINE A project(A a, const ReduceHow&) {
    return a;
  }
};
struct RootSumSquares : SumAbs {
  template <class V>
  static RL_HD_INLINE auto lift(V x) {
    if constexpr (ComplexScalar<V>)
      return x.re * x.re + x.im * x.im;
    else
      return x * x;
  }
  template <class A>
  static RL_HD_INLINE A project(A a, const ReduceHow&) {
    return math::sqrt(a);
  }
};
struct MaxAbs : SumAbs {
  template <class V>
  static RL_HD_INLINE V combine(V a, V b) {
    return Maximum{}(a, b);
  }
};
struct MinAbs : SumAbs {
  template <class A>
  static RL_HD_INLINE A identity() {
    return A(__builtin_inf());
  }
  template <class V>
  static RL_HD_INLINE V combine(V a, V b) {
    return Minimum{}(a, b);
  }
};

// Mean and sum of squared deviations of `count` elements. Merging: Chan, Golub, LeVeque, "Updating
// formulae and a pairwise algorithm for computing sample variances", 1979.
struct Moments {
  double mean, squares, count;

  static RL_HD_INLINE Moments combine(const Moments& a, const Moments& b) {
    const double count = a.count + b.count;
    if (count == 0) return a;
    const double delta = b.mean - a.mean, share = b.count / count;
    return {a.mean + delta * share, a.squares + b.squares + delta * delta * a.count * share, count};
  }
  RL_HD_INLINE double variance(const ReduceHow& how) const {
    const double degrees = how.count - how.correction;
    const double v = squares / (degrees > 0 ? degrees : 0.0);
    return how.root ? math::sqrt(v) : v;
  }
};

namespace detail {
// Whether the functor asks of an element only that it is not zero.
template <class Op>
inline constexpr bool kOfTruth = std::is_same_v<Op, Any> || std::is_same_v<Op, All> ||
                                 std::is_same_v<Op, CountNonzero>;
}  // namespace detail

// An element as an accumulator of Op.
template <class Op, class T>
RL_HD_INLINE typename Op::template Acc<T> lift_element(T x) {
  using A = typename Op::template Acc<T>;
  if constexpr (detail::kOfTruth<Op>)
    return Op::lift(rules::Compute<T>(x));
  else if constexpr (ComplexScalar<T>)
    return Op::lift(x);
  else
    return Op::lift(A(rules::Compute<T>(x)));
}

}  // namespace rushlight
