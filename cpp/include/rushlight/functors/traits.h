// What a functor's argument is: a scalar, a Complex, or a SIMD vector of the CPU backend.
#pragma once

#include <cstdint>
#include <type_traits>

#include "rushlight/core/numeric_types.h"

namespace rushlight {

// A SIMD vector names its element type `Scalar`, the same-width integer vector `Int` and its
// comparison result `Mask`; the scalars' own are given here.
template <class V>
struct LaneTraits {
  using Scalar = typename V::Scalar;
  using Int = typename V::Int;
};
template <>
struct LaneTraits<float> {
  using Scalar = float;
  using Int = int32_t;
};
template <>
struct LaneTraits<double> {
  using Scalar = double;
  using Int = int64_t;
};
template <class V>
using ScalarOf = typename LaneTraits<V>::Scalar;
template <class V>
using IntOf = typename LaneTraits<V>::Int;

namespace detail {
template <class V, class = void>
struct IsVec : std::false_type {};
template <class V>
struct IsVec<V, std::void_t<typename V::Mask>> : std::true_type {};
template <class V>
struct IsComplex : std::false_type {};
template <class T>
struct IsComplex<Complex<T>> : std::true_type {};
// Integer arithmetic that wraps: never narrower than unsigned int, so that nothing is promoted back
// to a signed int behind our back.
template <class T>
struct Wrapping {
  using Type = std::conditional_t<sizeof(T) <= 4, uint32_t, uint64_t>;
};
}  // namespace detail

template <class V>
concept VecLike = detail::IsVec<V>::value;
template <class V>
concept ComplexScalar = detail::IsComplex<V>::value;
template <class V>
concept FloatScalar = std::is_same_v<V, float> || std::is_same_v<V, double>;
template <class V>
concept IntScalar = std::is_integral_v<V>;  // bool included
template <class V>
concept BoolScalar = std::is_same_v<V, bool>;
// float, double or a vector of them.
template <class V>
concept RealLike = FloatScalar<V> ||(VecLike<V>&& FloatScalar<typename LaneTraits<V>::Scalar>);

template <IntScalar T>
using WrappingOf = typename detail::Wrapping<T>::Type;

}  // namespace rushlight
