// How a row of ops.def becomes kernels: what dtypes it takes, what it computes in and what it returns;
// and the conversion between any two dtypes. Host and device.
#pragma once

#include "rushlight/core/dtype.h"
#include "rushlight/functors/traits.h"

namespace rushlight::rules {

// Half and bfloat16 are computed in float.
template <class T>
struct ComputeType {
  using Type = T;
};
template <>
struct ComputeType<Half> {
  using Type = float;
};
template <>
struct ComputeType<BFloat16> {
  using Type = float;
};
template <class T>
using Compute = typename ComputeType<T>::Type;

template <class T>
inline constexpr bool is_half_v = sizeof(T) != sizeof(Compute<T>);

// Which dtypes a row of ops.def accepts.
enum : unsigned { B = 1, I = 2, F = 4, C = 8 };
constexpr bool accepts(unsigned classes, DType d) {
  return d == DType::Bool ? classes & B
         : d < DType::U16 ? classes & I
         : d < DType::F16 ? false
         : d < DType::C64 ? classes & F
                          : classes & C;
}

// The result dtype of a kernel whose inputs are T already.
struct Same {
  template <class T>
  using Result = T;
};
using Float = Same;
using Whole = Same;
using Number = Same;
struct Bool {
  template <class T>
  using Result = bool;
};
struct Real {
  template <class T>
  struct Of {
    using Type = T;
  };
  template <class T>
  struct Of<Complex<T>> {
    using Type = T;
  };
  template <class T>
  using Result = typename Of<T>::Type;
};

// The result dtype of a reduction of T.
struct Wide {
  template <class T>
  using Result = std::conditional_t<IntScalar<T>, int64_t, T>;
};
struct Count {
  template <class T>
  using Result = int64_t;
};
// bool, but uint8 answers in uint8 as in PyTorch.
struct Truth {
  template <class T>
  using Result = std::conditional_t<std::is_same_v<T, uint8_t>, uint8_t, bool>;
};

// A value of one dtype as another.
template <class To, class From>
RL_HD_INLINE To convert(From x) {
  constexpr bool from_complex = dtype_of<From> >= DType::C64, to_complex = dtype_of<To> >= DType::C64;
  if constexpr (from_complex && to_complex)
    return To(x);
  else if constexpr (from_complex && dtype_of<To> == DType::Bool)
    return x.re != 0 || x.im != 0;
  else if constexpr (from_complex)
    return convert<To>(x.re);
  else if constexpr (to_complex)
    return To(convert<decltype(To().re)>(x));
  else if constexpr (dtype_of<To> == DType::Bool)
    return Compute<From>(x) != Compute<From>(0);
  else if constexpr (is_half_v<To>)
    return To(float(Compute<From>(x)));
  else if constexpr (dtype_of<From> >= DType::F16 && dtype_of<To> < DType::F16) {
    // A float outside the integer's range is undefined in C++; go through the widest integer, as
    // PyTorch's answers do.
    const Compute<From> v(x);
    constexpr Compute<From> kLimit = Compute<From>(9223372036854775808.0);
    if constexpr (sizeof(To) <= 4 && dtype_of<To> != DType::U32) {
      constexpr Compute<From> kNarrow = Compute<From>(2147483648.0);
      const int32_t wide = v >= -kNarrow && v < kNarrow ? int32_t(v) : int32_t(-2147483647 - 1);
      return To(wide);
    } else {
      const int64_t wide = v >= -kLimit && v < kLimit ? int64_t(v) : INT64_MIN;
      return To(wide);
    }
  } else
    return To(Compute<From>(x));
}

}  // namespace rushlight::rules
