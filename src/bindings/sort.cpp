// Sorting, selection, searching and counting.
#include "rushlight/ops/sort.h"

#include "op.h"
#include "rushlight/ops/scan.h"

namespace rushlight::python {

void bind_sort(py::module_& m) {
  using Pair = std::tuple<Tensor, Tensor>;
  def_op(m, "sort(input, dim=-1, descending=False) -> values, indices", &sort);
  def_op(m, "argsort(input, dim=-1, descending=False)", &argsort);
  def_op(m, "topk(input, k, dim=-1, largest=True, sorted=True) -> values, indices", &topk);
  def_op(m, "kthvalue(input, k, dim=-1, keepdim=False) -> values, indices", &kthvalue);
  def_op(m, "median(input, dim, keepdim=False) -> values, indices",
         static_cast<Pair (*)(const Tensor&, int64_t, bool)>(&median));
  def_op(m, "nanmedian(input, dim, keepdim=False) -> values, indices",
         static_cast<Pair (*)(const Tensor&, int64_t, bool)>(&nanmedian));
  def_op(m, "median_all(input)", static_cast<Tensor (*)(const Tensor&)>(&median));
  def_op(m, "nanmedian_all(input)", static_cast<Tensor (*)(const Tensor&)>(&nanmedian));
  def_op(m, "mode(input, dim=-1, keepdim=False) -> values, indices", &mode);
  def_op(m, "row_order(input)", &row_order);
  def_op(m, "searchsorted(sorted_sequence, input, out_int32, right, sorter)", &searchsorted);
  def_op(m, "bincount(input, weights=None, minlength=0)", &bincount);
  def_op(m, "histogram_counts(input, bins, lo, hi, edges=None, uniform=True, weight=None)",
         &histogram_counts);
  def_op(m, "cummax(input, dim) -> values, indices", &cummax);
  def_op(m, "cummin(input, dim) -> values, indices", &cummin);
  def_op(m, "logcumsumexp(input, dim)", &logcumsumexp);
}

}  // namespace rushlight::python
