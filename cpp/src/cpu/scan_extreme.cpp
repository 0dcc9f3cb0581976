// Running extremes with their positions, and running log-sum-exp.
#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

#include "rushlight/core/parallel.h"
#include "rushlight/iter/kernel_slots.h"
#include "sort_keys.h"

namespace rushlight::cpu {
namespace {

constexpr int64_t kStrip = 64;

// f(first element's offset, columns) for every strip of columns.
template <class F>
void for_strips(const SoftmaxPlan& plan, int64_t cost, const F& f) {
  const int64_t strips = (plan.inner + kStrip - 1) / kStrip;
  const int64_t width = std::min(plan.inner, kStrip);
  const int64_t grain = kGrain / (cost * plan.n * width);
  parallel_for(0, plan.outer * strips, std::max<int64_t>(grain, 1), [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; ++i) {
      const int64_t column = i % strips * kStrip;
      f(i / strips * plan.n * plan.inner + column, std::min(plan.inner - column, kStrip));
    }
  });
}

template <class T>
bool is_nan(T x) {
  if constexpr (kHasNan<T>) return x != x;
  return false;
}

template <bool kLargest, class T>
void extremes_of(const SoftmaxPlan& plan, int64_t* indices) {
  for_strips(plan, 2, [&](int64_t at, int64_t width) {
    const T* x = static_cast<const T*>(plan.in) + at;
    T* out = static_cast<T*>(plan.out) + at;
    int64_t* index = indices + at;
    for (int64_t c = 0; c < width; ++c) {
      out[c] = x[c];
      index[c] = 0;
    }
    for (int64_t r = 1; r < plan.n; ++r) {
      const T* before = out;
      const int64_t* index_before = index;
      x += plan.inner;
      out += plan.inner;
      index += plan.inner;
      for (int64_t c = 0; c < width; ++c) {
        // The last of equals; a NaN stays until the next one.
        const bool take = is_nan(x[c]) || (!is_nan(before[c]) &&
                                           (kLargest ? x[c] >= before[c] : x[c] <= before[c]));
        out[c] = take ? x[c] : before[c];
        index[c] = take ? r : index_before[c];
      }
    }
  });
}

void scan_extreme(const SoftmaxPlan& plan, DType dtype, int64_t* indices, bool largest) {
  dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (dtype_of<T> < DType::C64)
      largest ? extremes_of<true, T>(plan, indices) : extremes_of<false, T>(plan, indices);
  });
}

double log_add_exp(double a, double b) {
  const double low = a < b || std::isnan(a) ? a : b, high = a < b || std::isnan(a) ? b : a;
  if (std::isnan(low) || std::isnan(high)) return std::numeric_limits<double>::quiet_NaN();
  if (low == high && std::isinf(low)) return low;
  return high + std::log1p(std::exp(low - high));
}
std::complex<double> log_add_exp(std::complex<double> a, std::complex<double> b) {
  const auto low = a.real() < b.real() ? a : b, high = a.real() < b.real() ? b : a;
  if (std::isinf(low.real()) && low.real() < 0) return high;
  return high + std::log(1.0 + std::exp(low - high));
}

template <class T>
auto wide(T x) {
  if constexpr (dtype_of<T> >= DType::C64)
    return std::complex<double>(x.re, x.im);
  else if constexpr (sizeof(T) == 2)
    return double(float(x));
  else
    return double(x);
}
template <class T, class A>
T narrow(A a) {
  if constexpr (dtype_of<T> >= DType::C64)
    return T(decltype(T::re)(a.real()), decltype(T::re)(a.imag()));
  else if constexpr (sizeof(T) == 2)
    return T(float(a));
  else
    return T(a);
}

template <class T>
void logcumsumexp_of(const SoftmaxPlan& plan) {
  for_strips(plan, 32, [&](int64_t at, int64_t width) {
    const T* x = static_cast<const T*>(plan.in) + at;
    T* out = static_cast<T*>(plan.out) + at;
    decltype(wide(T{})) running[kStrip];
    for (int64_t r = 0; r < plan.n; ++r, x += plan.inner, out += plan.inner)
      for (int64_t c = 0; c < width; ++c) {
        running[c] = r == 0 ? wide(x[c]) : log_add_exp(running[c], wide(x[c]));
        out[c] = narrow<T>(running[c]);
      }
  });
}

void logcumsumexp(const SoftmaxPlan& plan, DType dtype) {
  dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (dtype_of<T> >= DType::F16) logcumsumexp_of<T>(plan);
  });
}

}  // namespace

void register_scan_extreme(KernelSlots& slots) {
  slots.scan_extreme = &scan_extreme;
  slots.logcumsumexp_scan = &logcumsumexp;
}

}  // namespace rushlight::cpu
