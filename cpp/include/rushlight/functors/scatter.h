// How a scattered value meets what is there already: host and device.
#pragma once

#include "rushlight/functors/binary.h"

namespace rushlight {

namespace detail {
// The ends of T's range; infinities for floats.
template <class T>
RL_HD_INLINE T lowest_value() {
  if constexpr (FloatScalar<T>)
    return -T(__builtin_inff());
  else if constexpr (BoolScalar<T>)
    return false;
  else if constexpr (std::is_signed_v<T>)
    return T(T(1) << (8 * sizeof(T) - 1));
  else
    return T(0);
}
template <class T>
RL_HD_INLINE T highest_value() {
  if constexpr (FloatScalar<T>)
    return T(__builtin_inff());
  else if constexpr (BoolScalar<T>)
    return true;
  else
    return T(~lowest_value<T>());
}
}  // namespace detail

// combine(current, value) gives the new element; identity() leaves every value as it is, so that
// parts of a scatter can be gathered apart and then combined.
struct ScatterAssign {
  static constexpr bool kReduces = false;
  template <class T>
  RL_HD_INLINE T operator()(T, T value) const {
    return value;
  }
};
struct ScatterAdd {
  static constexpr bool kReduces = true;
  template <class T>
  static RL_HD_INLINE T identity() {
    return T(0);
  }
  template <class T>
  RL_HD_INLINE T operator()(T current, T value) const {
    return Add{}(current, value);
  }
};
struct ScatterMultiply {
  static constexpr bool kReduces = true;
  template <class T>
  static RL_HD_INLINE T identity() {
    return T(1);
  }
  template <class T>
  RL_HD_INLINE T operator()(T current, T value) const {
    return Mul{}(current, value);
  }
};
// NaN wins.
struct ScatterMaximum {
  static constexpr bool kReduces = true;
  template <class T>
  static RL_HD_INLINE T identity() {
    return detail::lowest_value<T>();
  }
  template <class T>
  RL_HD_INLINE T operator()(T current, T value) const {
    return Maximum{}(current, value);
  }
};
struct ScatterMinimum {
  static constexpr bool kReduces = true;
  template <class T>
  static RL_HD_INLINE T identity() {
    return detail::highest_value<T>();
  }
  template <class T>
  RL_HD_INLINE T operator()(T current, T value) const {
    return Minimum{}(current, value);
  }
};

}  // namespace rushlight
