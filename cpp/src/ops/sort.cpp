#include "rushlight/ops/sort.h"

#include <limits>

#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/reduce.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

// The one int64 of a tensor of any device.
int64_t whole_number(const Tensor& t) { return *to_device(t, Device{}).data<int64_t>(); }

bool is_wide_unsigned(DType d) { return d == DType::U16 || d == DType::U32 || d == DType::U64; }

void check_selects(const char* op, const Tensor& self, bool takes_bool = false) {
  if (is_complex(self.dtype()) || is_wide_unsigned(self.dtype()) ||
      (!takes_bool && self.dtype() == DType::Bool))
    raise_no_kernel(op, self.device(), self.dtype());
}

// Rows along a dim, which becomes the last one.
struct Rows {
  Tensor dense;
  int dim;
  RowsPlan plan;

  Rows(const char* op, const Tensor& self, int64_t wanted) : dim(wrap_dim(op, wanted, self.ndim())) {
    dense = contiguous(self.ndim() > 1 ? movedim(self, Dims({dim}), Dims({-1})) : self);
    plan.n = self.ndim() == 0 ? 1 : self.size(dim);
    plan.rows = plan.n > 0 ? self.numel() / plan.n : 0;
    plan.in = dense.bytes();
    plan.values = nullptr;
    plan.indices = nullptr;
  }
  // A result with `length` elements a row, and back to the input's order of dims.
  Tensor result(DType dtype, int64_t length) const {
    Dims shape = dense.shape();
    if (!shape.empty()) shape[shape.size() - 1] = length;
    return empty(shape, dtype, dense.device());
  }
  Tensor restore(const Tensor& result) const {
    return result.ndim() > 1 && dim != result.ndim() - 1
               ? contiguous(movedim(result, Dims({-1}), Dims({dim})))
               : result;
  }
};

std::tuple<Tensor, Tensor> sort_both(const char* op, const Tensor& self, int64_t dim,
                                     bool descending, bool with_values) {
  RL_CHECK(!is_complex(self.dtype()), op, "(): Sort does not support complex dtypes on CPU");
  const auto kernel = kernel_or_raise(kernel_slots(self.device().type).sort_rows, op, self.device(),
                                      self.dtype());
  Rows rows(op, self, dim);
  const Tensor values = with_values ? rows.result(self.dtype(), rows.plan.n) : Tensor();
  const Tensor indices = rows.result(DType::I64, rows.plan.n);
  if (indices.numel() > 0) {
    rows.plan.values = with_values ? values.bytes() : nullptr;
    rows.plan.indices = indices.data<int64_t>();
    kernel(rows.plan, self.dtype(), descending);
  }
  return {with_values ? rows.restore(values) : values, rows.restore(indices)};
}

// One value and index a row.
std::tuple<Tensor, Tensor> pick(const char* op, const Tensor& self, int64_t dim, bool keepdim,
                                Pick how, int64_t k) {
  Rows rows(op, self, dim);
  const Dims shape = reduced_shape(self.shape(), DimMask(1) << rows.dim, keepdim);
  const Tensor values = empty(shape, self.dtype(), self.device());
  const Tensor indices = empty(shape, DType::I64, self.device());
  if (values.numel() > 0) {
    RL_CHECK_INDEX(rows.plan.n > 0, op, "(): Expected reduction dim ", rows.dim,
                   " to have non-zero size.");
    rows.plan.values = values.bytes();
    rows.plan.indices = indices.data<int64_t>();
    kernel_or_raise(kernel_slots(self.device().type).pick, op, self.device(), self.dtype())(
        rows.plan, self.dtype(), how, k);
  }
  return {values, indices};
}

void check_dim_not_empty(const char* op, const Tensor& self, int64_t dim) {
  const int d = wrap_dim(op, dim, self.ndim());
  RL_CHECK_INDEX(self.ndim() == 0 || self.size(d) > 0, op, "(): Expected reduction dim ", d,
                 " to have non-zero size.");
}

Tensor median_all(const char* op, const Tensor& self, Pick how) {
  check_selects(op, self);
  if (self.numel() == 0) {
    const DType d = self.dtype();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const Scalar none = is_inexact(d)   ? Scalar(nan)
                        : d == DType::I64 ? Scalar(std::numeric_limits<int64_t>::min())
                        : d == DType::I32 ? Scalar(int64_t(std::numeric_limits<int32_t>::min()))
                                          : Scalar(0);
    return full(Dims(), none, d, self.device());
  }
  return std::get<0>(pick(op, reshape(self, Dims({-1})), 0, false, how, 0));
}

}  // namespace

std::tuple<Tensor, Tensor> sort(const Tensor& self, int64_t dim, bool descending) {
  return sort_both("sort", self, dim, descending, true);
}
Tensor argsort(const Tensor& self, int64_t dim, bool descending) {
  return std::get<1>(sort_both("argsort", self, dim, descending, false));
}

std::tuple<Tensor, Tensor> topk(const Tensor& self, int64_t k, int64_t dim, bool largest,
                                bool sorted) {
  Rows rows("topk", self, dim);
  RL_CHECK(!is_complex(self.dtype()), "topk(): topk does not support complex dtypes on CPU");
  RL_CHECK(k >= 0 && k <= rows.plan.n, "topk(): selected index k out of range: k = ", k,
           " for dimension ", rows.dim, " of shape ", self.shape());
  RL_CHECK(self.dtype() != DType::Bool, "topk(): not implemented for 'bool'");
  check_selects("topk", self);
  const Tensor values = rows.result(self.dtype(), k), indices = rows.result(DType::I64, k);
  if (k > 0 && values.numel() > 0) {
    rows.plan.values = values.bytes();
    rows.plan.indices = indices.data<int64_t>();
    kernel_or_raise(kernel_slots(self.device().type).topk, "topk", self.device(), self.dtype())(
        TopKPlan{rows.plan, k, largest, sorted}, self.dtype());
  }
  return {rows.restore(values), rows.restore(indices)};
}

std::tuple<Tensor, Tensor> kthvalue(const Tensor& self, int64_t k, int64_t dim, bool keepdim) {
  const int d = wrap_dim("kthvalue", dim, self.ndim());
  check_dim_not_empty("kthvalue", self, dim);
  RL_CHECK(k >= 1 && k <= (self.ndim() == 0 ? 1 : self.size(d)),
           "kthvalue(): selected number k out of range for dimension ", d, ": k = ", k,
           " of shape ", self.shape());
  check_selects("kthvalue", self);
  return pick("kthvalue", self, dim, keepdim, Pick::Kth, k - 1);
}

std::tuple<Tensor, Tensor> median(const Tensor& self, int64_t dim, bool keepdim) {
  check_dim_not_empty("median", self, dim);
  check_selects("median", self);
  return pick("median", self, dim, keepdim, Pick::Median, 0);
}
std::tuple<Tensor, Tensor> nanmedian(const Tensor& self, int64_t dim, bool keepdim) {
  check_dim_not_empty("nanmedian", self, dim);
  check_selects("nanmedian", self);
  return pick("nanmedian", self, dim, keepdim, Pick::NanMedian, 0);
}
Tensor median(const Tensor& self) { return median_all("median", self, Pick::Median); }
Tensor nanmedian(const Tensor& self) { return median_all("nanmedian", self, Pick::NanMedian); }

std::tuple<Tensor, Tensor> mode(const Tensor& self, int64_t dim, bool keepdim) {
  check_dim_not_empty("mode", self, dim);
  check_selects("mode", self, true);
  return pick("mode", self, dim, keepdim, Pick::Mode, 0);
}

Tensor row_order(const Tensor& self) {
  RL_CHECK(self.ndim() == 2, "row_order(): expected a matrix, got shape ", self.shape());
  RL_CHECK_IMPLEMENTED(!is_complex(self.dtype()), "row_order(): not implemented for '",
                       self.dtype(), "'");
  const Tensor dense = contiguous(self);
  const Tensor order = empty(Dims({self.size(0)}), DType::I64, self.device());
  if (order.numel() > 0)
    kernel_or_raise(kernel_slots(self.device().type).row_order, "row_order", self.device(),
                    self.dtype())(RowsPlan{self.size(0), self.size(1), dense.bytes(), nullptr,
                                           order.data<int64_t>()},
                                  self.dtype());
  return order;
}

Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool out_int32, bool right,
                    const std::optional<Tensor>& sorter) {
  constexpr const char* kOp = "searchsorted";
  RL_CHECK(sorted.dtype() == values.dtype(), kOp,
           "(): boundaries tensor and input value tensor should have same dtype, but got "
           "boundaries tensor dtype ",
           sorted.dtype(), " and input value tensor dtype ", values.dtype());
  RL_CHECK(sorted.ndim() > 0, kOp, "(): boundaries tensor should have positive dimension, but got 0 "
           "dimension");
  bool match = sorted.ndim() == 1 || sorted.ndim() == values.ndim();
  for (int d = 0; match && sorted.ndim() > 1 && d < sorted.ndim() - 1; ++d)
    match = sorted.size(d) == values.size(d);
  RL_CHECK(match, kOp,
           "(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
           "tensor and input value tensor must match, but got boundaries tensor ",
           sorted.shape(), " and input value tensor ", values.shape());
  const int64_t n = sorted.size(sorted.ndim() - 1);
  RL_CHECK(!out_int32 || n < std::numeric_limits<int32_t>::max(), kOp,
           "(): the size of boundaries' last dimension should be less than 2147483647, but got ", n);
  if (sorter) {
    RL_CHECK(sorter->shape() == sorted.shape(), kOp,
             "(): boundary and sorter must have the same size, but got boundary tensor ",
             sorted.shape(), " and got sorter tensor ", sorter->shape());
    RL_CHECK(sorter->dtype() == DType::I64, kOp,
             "(): sorter must be a tensor of long dtype but got dtype ", sorter->dtype());
    if (sorter->numel() > 0) {
      const int64_t low = whole_number(min(*sorter)), high = whole_number(max(*sorter));
      RL_CHECK(low >= 0 && high < n, kOp, "(): sorter index out of range: ",
                     low < 0 ? low : high, " for ", n, " elements");
    }
  }
  check_selects(kOp, sorted);
  const Tensor out = empty(values.shape(), out_int32 ? DType::I32 : DType::I64, values.device());
  if (out.numel() == 0) return out;
  const DType given = sorted.dtype();
  const DType searched = is_reduced_float(given)                  ? DType::F32
                         : given < DType::I32 ? DType::I32 : given;
  const Tensor s = contiguous(to_dtype(sorted, searched)), v = contiguous(to_dtype(values, searched));
  const Tensor order = sorter ? contiguous(*sorter) : Tensor();
  SearchPlan plan;
  plan.shared = sorted.ndim() == 1;
  plan.values_per_row = plan.shared ? v.numel() : v.size(v.ndim() - 1);
  plan.rows = v.numel() / plan.values_per_row;
  plan.n = n;
  plan.sorted = s.bytes();
  plan.values = v.bytes();
  plan.sorter = sorter ? order.data<int64_t>() : nullptr;
  plan.right = right;
  plan.out = out.bytes();
  plan.out_int32 = out_int32;
  kernel_or_raise(kernel_slots(v.device().type).search, kOp, v.device(), searched)(plan, searched);
  return out;
}

Tensor bincount(const Tensor& self, const std::optional<Tensor>& weights, int64_t minlength) {
  constexpr const char* kOp = "bincount";
  RL_CHECK_IMPLEMENTED(self.dtype() >= DType::U8 && self.dtype() <= DType::I64, kOp,
                       "(): not implemented for '", self.dtype(), "'");
  RL_CHECK(minlength >= 0, kOp, "(): minlength should be >= 0, got ", minlength);
  RL_CHECK(self.ndim() == 1 || (self.ndim() == 1 && self.numel() == 0), kOp,
           "(): bincount only supports 1-d non-negative integral inputs, got shape ", self.shape());
  if (self.numel() == 0) return zeros(Dims({minlength}), DType::I64, self.device());
  RL_CHECK(!weights || weights->shape() == self.shape(), kOp,
           "(): weights should be 1-d and have the same length as input, got ",
           weights ? weights->shape() : Dims(), " and ", self.shape());
  const Tensor x = contiguous(to_dtype(self, DType::I64));
  RL_CHECK(whole_number(min(x)) >= 0, kOp,
           "(): bincount only supports 1-d non-negative integral inputs.");
  const int64_t bins = std::max(minlength, checked_add(whole_number(max(x)), 1));
  const DType result = !weights                            ? DType::I64
                       : weights->dtype() == DType::F32 ? DType::F32
                                                        : DType::F64;
  const Tensor w = weights ? contiguous(to_dtype(*weights, result)) : Tensor();
  const Tensor out = zeros(Dims({bins}), result, self.device());
  kernel_or_raise(kernel_slots(self.device().type).bincount, kOp, self.device(), self.dtype())(
      x.data<int64_t>(), weights ? w.bytes() : nullptr, x.numel(), out.bytes(), result);
  return out;
}

Tensor histogram_counts(const Tensor& self, int64_t bins, double lo, double hi,
                        const std::optional<Tensor>& edges, bool uniform,
                        const std::optional<Tensor>& weight) {
  constexpr const char* kOp = "histogram";
  RL_CHECK_IMPLEMENTED(self.dtype() == DType::F32 || self.dtype() == DType::F64, kOp,
                       "(): not implemented for '", self.dtype(), "'");
  RL_CHECK(bins > 0, kOp, "(): bins must be > 0, but got ", bins);
  const int64_t count = checked_add(bins, 1);
  RL_CHECK(!edges || (edges->dtype() == self.dtype() && edges->numel() == count), kOp,
           "(): expected ", count, " edges of the input's dtype");
  RL_CHECK(uniform || edges, kOp, "(): bins of unequal width need their edges");
  RL_CHECK(!weight || (weight->dtype() == self.dtype() && weight->numel() == self.numel()), kOp,
           "(): input tensor and weight tensor should have the same shape and dtype");
  const Tensor x = contiguous(self);
  const Tensor e = edges ? contiguous(*edges) : Tensor();
  const Tensor w = weight ? contiguous(*weight) : Tensor();
  const Tensor out = zeros(Dims({bins}), self.dtype(), self.device());
  HistogramPlan plan{x.numel(), bins, x.bytes(), weight ? w.bytes() : nullptr,
                     edges ? e.bytes() : nullptr, uniform, lo, hi, out.bytes()};
  kernel_or_raise(kernel_slots(self.device().type).histogram, kOp, self.device(), self.dtype())(
      plan, self.dtype());
  return out;
}

}  // namespace rushlight
