// A number that came without a tensor: Python's bool, int, float or complex.
#pragma once

#include "rushlight/core/dtype.h"

namespace rushlight {

class Scalar {
 public:
  enum class Kind : uint8_t { Bool, Int, Float, Complex };

  RL_INLINE Scalar(bool v) : kind_(Kind::Bool), i_(v) {}
  RL_INLINE Scalar(int v) : kind_(Kind::Int), i_(v) {}
  RL_INLINE Scalar(int64_t v) : kind_(Kind::Int), i_(v) {}
  RL_INLINE Scalar(double v) : kind_(Kind::Float), d_(v) {}
  RL_INLINE Scalar(c128 v) : kind_(Kind::Complex), d_(v.re), im_(v.im) {}

  RL_INLINE Kind kind() const { return kind_; }
  RL_INLINE bool is_int() const { return kind_ <= Kind::Int; }
  RL_INLINE double to_double() const { return is_int() ? double(i_) : d_; }
  RL_INLINE int64_t to_int() const { return is_int() ? i_ : int64_t(d_); }
  RL_INLINE c128 to_complex() const { return {to_double(), kind_ == Kind::Complex ? im_ : 0.0}; }

  template <class T>
  T to() const {
    if constexpr (dtype_of<T> == DType::Bool)
      return is_int() ? i_ != 0 : d_ != 0 || (kind_ == Kind::Complex && im_ != 0);
    else if constexpr (dtype_of<T> >= DType::C64)
      return T(to_complex());
    else if constexpr (dtype_of<T> >= DType::F16)
      return T(to_double());
    else
      return is_int() ? T(i_) : T(int64_t(d_));
  }
  // Writes the value as an element of dtype d.
  void store(DType d, void* to_bytes) const {
    dispatch(d, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T value = to<T>();
      __builtin_memcpy(to_bytes, &value, sizeof(T));
    });
  }

 private:
  Kind kind_;
  union {
    int64_t i_;
    double d_;
  };
  double im_ = 0;
};

// The dtype of `tensor op scalar` (PyTorch: a number only raises the category, never the width).
RL_API DType result_type(DType tensor, const Scalar& scalar);

}  // namespace rushlight
