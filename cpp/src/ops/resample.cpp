#include "rushlight/ops/resample.h"

#include "rushlight/core/error.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/iter/resample_plan.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {

Tensor resample(const Tensor& input, int64_t dim, const Tensor& places, const Tensor& weights,
                int64_t bits) {
  constexpr const char* kName = "resample";
  const int d = wrap_dim(kName, dim, input.ndim());
  const bool whole = input.dtype() == DType::U8;
  RL_CHECK(input.ndim() > 0, kName, "(): expected a tensor with dims, got a scalar");
  RL_CHECK(whole || input.dtype() == DType::F32 || input.dtype() == DType::F64, kName,
           "(): expected uint8, float32 or float64, got ", input.dtype());
  RL_CHECK(weights.dtype() == (whole ? DType::I32 : input.dtype()), kName, "(): weights of ",
           input.dtype(), " cannot be ", weights.dtype());
  RL_CHECK(places.dtype() == DType::I64 && places.ndim() == 2 && places.shape() == weights.shape(),
           kName, "(): expected int64 places and weights of one shape (taps, count), got ",
           places.dtype(), " ", places.shape(), " and ", weights.shape());
  RL_CHECK(places.device() == input.device() && weights.device() == input.device(), kName,
           "(): Expected all tensors to be on the same device, but found ", input.device(), ", ",
           places.device(), " and ", weights.device());
  RL_CHECK(bits >= 0 && bits < 31, kName, "(): expected 0 to 30 bits, got ", bits);
  Dims shape = input.shape();
  shape[d] = places.size(1);
  Tensor out = empty(shape, input.dtype(), input.device());
  const auto kernel = kernel_or_raise(kernel_slots(input.device().type).resample, kName,
                                      input.device(), input.dtype());
  if (out.numel() == 0) return out;
  RL_CHECK(places.size(0) > 0, kName, "(): expected at least one tap");
  const Tensor from = contiguous(input), where = contiguous(places), by = contiguous(weights);
  const Tensor read = to_device(where, Device());  // what the host can check
  const int64_t* at = read.data<int64_t>();
  for (int64_t i = 0; i < where.numel(); ++i)
    RL_CHECK_INDEX(at[i] >= 0 && at[i] < input.size(d), kName, "(): place ", at[i],
                   " is out of bounds for dimension ", d, " with size ", input.size(d));
  ResamplePlan plan{};
  plan.outer = plan.inner = 1;
  for (int i = 0; i < input.ndim(); ++i)
    if (i != d) (i < d ? plan.outer : plan.inner) *= input.size(i);
  plan.n = input.size(d);
  plan.count = places.size(1);
  plan.taps = places.size(0);
  plan.in = from.bytes();
  plan.out = out.bytes();
  plan.places = where.data<int64_t>();
  plan.weights = by.bytes();
  plan.bits = int(bits);
  kernel(plan, input.dtype());
  return out;
}

}  // namespace rushlight
