// Inner loops over functors, compiled once per instruction set.
#pragma once

#include "for_each.h"
#include "rushlight/functors/binary.h"
#include "rushlight/functors/unary.h"
#include "rushlight/iter/kernel_slots.h"
#include "vec.h"

namespace rushlight::cpu::RL_ISA {
namespace {

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

template <class Op, class T, class R>
void unary_loop(char* const* data, const int64_t* strides, int64_t n) {
  const Op op{};
  char* out = data[0];
  const char* in = data[1];
  if (strides[0] == sizeof(R) && strides[1] == sizeof(T)) {
    R* r = reinterpret_cast<R*>(out);
    const T* x = reinterpret_cast<const T*>(in);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) r[i] = R(op(Compute<T>(x[i])));
    return;
  }
  const int64_t so = strides[0], si = strides[1];
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<R*>(out + i * so) =
        R(op(Compute<T>(*reinterpret_cast<const T*>(in + i * si))));
}

template <class Op, class T, class R>
void binary_loop(char* const* data, const int64_t* strides, int64_t n) {
  const Op op{};
  if (strides[0] == sizeof(R)) {
    R* r = reinterpret_cast<R*>(data[0]);
    const T* a = reinterpret_cast<const T*>(data[1]);
    const T* b = reinterpret_cast<const T*>(data[2]);
    if (strides[1] == sizeof(T) && strides[2] == sizeof(T)) {
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) r[i] = R(op(Compute<T>(a[i]), Compute<T>(b[i])));
      return;
    }
    if (strides[1] == sizeof(T) && strides[2] == 0) {
      const Compute<T> y(*b);
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) r[i] = R(op(Compute<T>(a[i]), y));
      return;
    }
    if (strides[1] == 0 && strides[2] == sizeof(T)) {
      const Compute<T> x(*a);
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) r[i] = R(op(x, Compute<T>(b[i])));
      return;
    }
  }
  const int64_t so = strides[0], sa = strides[1], sb = strides[2];
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<R*>(data[0] + i * so) =
        R(op(Compute<T>(*reinterpret_cast<const T*>(data[1] + i * sa)),
             Compute<T>(*reinterpret_cast<const T*>(data[2] + i * sb))));
}

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

template <class Op, class Rule, DType D>
void unary_kernel(const NdPlan& plan) {
  using T = typename CTypeOf<D>::Type;
  for_each(plan, &unary_loop<Op, T, typename Rule::template Result<T>>);
}
template <class Op, class Rule, DType D>
void binary_kernel(const NdPlan& plan) {
  using T = typename CTypeOf<D>::Type;
  for_each(plan, &binary_loop<Op, T, typename Rule::template Result<T>>);
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
