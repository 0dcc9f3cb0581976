// Inner loops over functors, compiled once per instruction set.
#pragma once

#include "for_each.h"
#include "rushlight/functors/binary.h"
#include "rushlight/functors/rules.h"
#include "rushlight/functors/unary.h"
#include "rushlight/iter/kernel_slots.h"
#include "vec.h"

namespace rushlight::cpu::RL_ISA {
namespace {

using namespace rushlight::rules;

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
