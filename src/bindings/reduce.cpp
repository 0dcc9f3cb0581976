// Reductions.
#include "op.h"
#include "rushlight/ops/reduce.h"
#include "rushlight/ops/scan.h"

namespace rushlight::python {
namespace {

using OptionalDType = std::optional<DType>;

Tensor sum_any(const Tensor& input, const OptionalDims& dim, bool keepdim, const OptionalDType& dtype) {
  return dim || keepdim || dtype ? sum(input, dim, keepdim, dtype) : sum(input);
}
Tensor mean_any(const Tensor& input, const OptionalDims& dim, bool keepdim, const OptionalDType& dtype) {
  return mean(input, dim, keepdim, dtype);
}
Tensor prod_any(const Tensor& input, const std::optional<int64_t>& dim, bool keepdim,
                const OptionalDType& dtype) {
  return prod(input, dim, keepdim, dtype);
}
Tensor cumsum_any(const Tensor& input, int64_t dim, const ResultDType& dtype) {
  return cumsum(input, dim, dtype.value);
}
Tensor cumprod_any(const Tensor& input, int64_t dim, const ResultDType& dtype) {
  return cumprod(input, dim, dtype.value);
}
Tensor argmax_any(const Tensor& input, const std::optional<int64_t>& dim, bool keepdim) {
  return argmax(input, dim, keepdim);
}
Tensor argmin_any(const Tensor& input, const std::optional<int64_t>& dim, bool keepdim) {
  return argmin(input, dim, keepdim);
}
Tensor norm_any(const Tensor& input, double ord, const OptionalDims& dim, bool keepdim,
                const OptionalDType& dtype) {
  return vector_norm(input, ord, dim, keepdim, dtype);
}

}  // namespace

void bind_reduce(py::module_& m) {
  using Pair = std::tuple<Tensor, Tensor>;
  def_op(m, "sum(input, dim=None, keepdim=False, *, dtype=None)", &sum_any);
  def_op(m, "mean(input, dim=None, keepdim=False, *, dtype=None)", &mean_any);
  def_op(m, "prod(input, dim=None, keepdim=False, *, dtype=None)", &prod_any);
  def_op(m, "var(input, dim=None, correction=1.0, keepdim=False)", &var);
  def_op(m, "std(input, dim=None, correction=1.0, keepdim=False)", &std_dev);
  def_op(m, "var_mean(input, dim=None, correction=1.0, keepdim=False)", &var_mean);
  def_op(m, "std_mean(input, dim=None, correction=1.0, keepdim=False)", &std_mean);
  def_op(m, "max_all(input)", static_cast<Tensor (*)(const Tensor&)>(&max));
  def_op(m, "min_all(input)", static_cast<Tensor (*)(const Tensor&)>(&min));
  def_op(m, "max(input, dim, keepdim=False) -> values, indices",
         static_cast<Pair (*)(const Tensor&, int64_t, bool)>(&max));
  def_op(m, "min(input, dim, keepdim=False) -> values, indices",
         static_cast<Pair (*)(const Tensor&, int64_t, bool)>(&min));
  def_op(m, "amax(input, dim=None, keepdim=False)", &amax);
  def_op(m, "amin(input, dim=None, keepdim=False)", &amin);
  def_op(m, "argmax(input, dim=None, keepdim=False)", &argmax_any);
  def_op(m, "argmin(input, dim=None, keepdim=False)", &argmin_any);
  def_op(m, "any(input, dim=None, keepdim=False)", &any);
  def_op(m, "all(input, dim=None, keepdim=False)", &all);
  def_op(m, "count_nonzero(input, dim=None)", &count_nonzero);
  def_op(m, "linalg_vector_norm(input, ord=2, dim=None, keepdim=False, *, dtype=None)", &norm_any);
  def_op(m, "cumsum(input, dim, *, dtype=None)", &cumsum_any);
  def_op(m, "cumprod(input, dim, *, dtype=None)", &cumprod_any);
  def_op(m, "reversed_cumsum(input, dim)", &reversed_cumsum);
}

}  // namespace rushlight::python
