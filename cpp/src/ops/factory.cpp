#include "rushlight/ops/factory.h"

#include <cmath>
#include <cstring>

#include "rushlight/core/parallel.h"
#include "rushlight/iter/kernel_slots.h"

namespace rushlight {

size_t checked_nbytes(int64_t numel, DType dtype) {
  return size_t(checked_mul(numel, int64_t(itemsize(dtype))));
}

Tensor empty(const Dims& shape, DType dtype, Device device) {
  Layout layout(shape);
  const size_t nbytes = checked_nbytes(layout.numel(), dtype);
  return Tensor(Storage::allocate(nbytes, device), std::move(layout), dtype);
}

Tensor empty_strided(const Dims& shape, const Dims& strides, DType dtype, Device device) {
  RL_CHECK(shape.size() == strides.size(), "empty_strided(): mismatch in length of strides and shape: ",
           strides, " and ", shape);
  for (int64_t s : shape)
    RL_CHECK(s >= 0, "empty_strided(): Trying to create tensor with negative dimension ", s, ": ", shape);
  for (int64_t s : strides)
    RL_CHECK(s >= 0, "empty_strided(): strides must be non-negative, got ", strides);
  Layout layout(shape, strides, 0);
  const size_t nbytes = checked_nbytes(layout.span(), dtype);
  return Tensor(Storage::allocate(nbytes, device), std::move(layout), dtype);
}

Tensor empty_pinned(const Layout& layout, DType dtype) {
  return Tensor(Storage::allocate_pinned(checked_nbytes(layout.span(), dtype)), layout, dtype);
}

Tensor zeros(const Dims& shape, DType dtype, Device device) {
  Tensor out = empty(shape, dtype, device);
  zero_(out);
  return out;
}

Tensor full(const Dims& shape, const Scalar& value, DType dtype, Device device) {
  Tensor out = empty(shape, dtype, device);
  fill_(out, value);
  return out;
}

Tensor scalar_tensor(const Scalar& value, DType dtype, Device device) {
  return full(Dims(), value, dtype, device);
}

namespace {

// PyTorch's rule: a number must lie in the range of the dtype; unsigned types also take the
// negatives of their values, and wrap them.
bool overflows(const Scalar& value, DType dtype) {
  if (dtype == DType::Bool || is_complex(dtype)) return false;
  if (value.kind() == Scalar::Kind::Complex && value.to_complex().im != 0) return true;
  const double v = value.to_double();
  if (is_floating(dtype)) {
    const double limit = dtype == DType::F16    ? 65504.0
                         : dtype == DType::BF16 ? 3.3895313892515355e38
                         : dtype == DType::F32  ? 3.4028234663852886e38
                                                : INFINITY;
    return std::isfinite(v) && std::fabs(v) > limit;
  }
  const int bits = 8 * int(itemsize(dtype)) - int(is_signed(dtype));
  if (value.is_int()) {
    if (bits >= 63) return false;
    const int64_t i = value.to_int(), limit = (int64_t(1) << bits) - 1;
    return i > limit || i < -limit - int64_t(is_signed(dtype));
  }
  // The fraction is cut off, so anything above -limit - 1 and below limit + 1 fits.
  const double limit = std::ldexp(1.0, bits);
  return !(v < limit && v > (is_signed(dtype) ? -limit - 1 : -limit)) || v >= 9223372036854775808.0;
}

}  // namespace

void fill_(const Tensor& self, const Scalar& value) {
  RL_CHECK(!overflows(value, self.dtype()), "fill_(): value cannot be converted to type ", self.dtype(),
           " without overflow");
  alignas(16) char element[16];
  value.store(self.dtype(), element);
  const size_t item = self.itemsize();
  if (self.is_contiguous() && self.device().is_cpu() && self.numel() <= 16) {
    char* to = self.bytes();
    for (int64_t i = 0; i < self.numel(); ++i) std::memcpy(to + size_t(i) * item, element, item);
    return;
  }
  check_no_internal_overlap("fill_", self);
  NdPlan plan;
  const Tensor* operands[] = {&self};
  make_plan(plan, self.shape(), operands, 1);
  auto kernel = kernel_or_raise(kernel_slots(self.device().type).fill, "fill_", self.device(), self.dtype());
  kernel(plan, element, int(item));
}

void zero_(const Tensor& self) {
  if (self.is_contiguous() && self.device().is_cpu()) {
    char* to = self.bytes();
    parallel_for(0, int64_t(self.nbytes()), int64_t(1) << 20,
                 [&](int64_t b, int64_t e) { std::memset(to + b, 0, size_t(e - b)); });
    return;
  }
  fill_(self, Scalar(0));
}

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, DType dtype) {
  const double first = start.to_double(), last = end.to_double(), by = step.to_double();
  RL_CHECK(by != 0, "arange(): step must be nonzero");
  RL_CHECK(std::isfinite(first) && std::isfinite(last), "arange(): unsupported range: ", first, " -> ",
           last);
  RL_CHECK((by > 0 && last >= first) || (by < 0 && last <= first),
           "arange(): upper bound and lower bound inconsistent with step sign: start ", first, ", end ",
           last, ", step ", by);
  int64_t count;
  const bool exact = dtype == DType::I64 && std::fabs(first) < 9.2e18 && std::fabs(last) < 9.2e18 &&
                     step.to_int() != 0;
  RL_CHECK_IMPLEMENTED(dtype != DType::Bool && !is_complex(dtype), "\"arange\" not implemented for '",
                       dtype, "'");
  if (exact || (start.is_int() && end.is_int() && step.is_int())) {
    const int64_t s = step.to_int();
    const __int128 range = __int128(end.to_int()) - start.to_int();
    const __int128 n = (range + s - (s > 0 ? 1 : -1)) / s;
    RL_CHECK(n <= INT64_MAX, "arange(): too many elements");
    count = int64_t(n);
  } else {
    const double n = std::ceil((last - first) / by);
    RL_CHECK(n >= 0 && n < 9.2e18, "arange(): invalid size, possible overflow? got ", n, " elements");
    count = int64_t(n);
  }
  RL_CHECK(is_floating(dtype) || (std::fabs(first) < 9.2e18 && std::fabs(by) < 9.2e18) || start.is_int(),
           "arange(): value cannot be converted to type ", dtype, " without overflow");
  Tensor out = empty(Dims({count}), dtype);
  dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* to = out.data<T>();
    if constexpr (dtype_of<T> < DType::F16) {
      const uint64_t s = uint64_t(start.to_int()), d = uint64_t(step.to_int());
      parallel_for(0, count, kGrain, [&](int64_t b, int64_t e) {
        for (int64_t i = b; i < e; ++i) to[i] = T(s + uint64_t(i) * d);
      });
    } else if constexpr (dtype_of<T> < DType::C64) {
      parallel_for(0, count, kGrain, [&](int64_t b, int64_t e) {
        for (int64_t i = b; i < e; ++i) to[i] = T(first + double(i) * by);
      });
    } else {
      RL_CHECK(false, "arange(): not implemented for complex dtypes");
    }
  });
  return out;
}

Tensor linspace(double start, double end, int64_t steps, DType dtype) {
  RL_CHECK(steps >= 0, "linspace(): number of steps must be non-negative, got ", steps);
  Tensor out = empty(Dims({steps}), dtype);
  dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    RL_CHECK((dtype_of<T> != DType::Bool), "linspace(): not implemented for 'Bool'");
    T* to = out.data<T>();
    if constexpr (dtype_of<T> < DType::C64) {
      // From both ends, so that the last value is exact; rounded once, as PyTorch's.
      using S = std::conditional_t<(dtype_of<T> == DType::F32), float, double>;
      const S first = S(start), last = S(end), by = steps > 1 ? (last - first) / S(steps - 1) : S(0);
      for (int64_t i = 0; i < steps; ++i)
        to[i] = T(i < steps / 2 ? std::fma(by, S(i), first) : std::fma(-by, S(steps - 1 - i), last));
      if (steps == 1) to[0] = T(first);
    } else {
      RL_CHECK(false, "linspace(): not implemented for complex dtypes");
    }
  });
  return out;
}

Tensor eye(int64_t n, int64_t m, DType dtype) {
  RL_CHECK(n >= 0 && m >= 0, "eye(): n and m must be greater or equal to 0, got ", n, " and ", m);
  Tensor out = zeros(Dims({n, m}), dtype);
  const int64_t diagonal = n < m ? n : m;
  Tensor view = out.view_as(Layout(Dims({diagonal}), Dims({m + 1}), 0));
  fill_(view, Scalar(1));
  return out;
}

}  // namespace rushlight
