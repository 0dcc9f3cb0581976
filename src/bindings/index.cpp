#include "rushlight/ops/index.h"

#include "operand.h"
#include "unrecorded.h"

namespace rushlight::python {
namespace {

void masked_fill_any_(const Tensor& input, const Tensor& mask, const Operand& value) {
  if (value.tensor.defined())
    masked_fill_(input, mask, value.tensor);
  else
    masked_fill_(input, mask, value.scalar);
}
Tensor masked_fill_any(const Tensor& input, const Tensor& mask, const Operand& value) {
  return value.tensor.defined() ? masked_fill(input, mask, value.tensor)
                                : masked_fill(input, mask, value.scalar);
}

}  // namespace

void bind_index(py::module_& m) {
  def_op(
      m, "gather(input, dim, index, *, sparse_grad=False)",
      +[](const Tensor& input, int64_t dim, const Tensor& index, bool) {
        return gather(input, dim, index);
      });
  def_op(m, "index_select(input, dim, index)", &index_select);
  def_unrecorded<&index_select_each>(m, "index_select_each(tensors, index)");
  def_op(m, "take(input, index)", &take);
  def_op(
      m, "take_along_dim(input, indices, dim=None)",
      +[](const Tensor& input, const Tensor& indices, const std::optional<int64_t>& dim) {
        return take_along_dim(input, indices, dim);
      });
  def_op(m, "index(input, indices)",
         static_cast<Tensor (*)(const Tensor&, const IndexList&)>(&index));
  def_inplace(m, "index_put_(input, indices, values, accumulate=False)", &index_put_);
  def_op(m, "index_put(input, indices, values, accumulate=False)", &index_put);
  def_op(m, "nonzero(input)", &nonzero);
  def_op(m, "nonzero_tuple(input)", &nonzero_tuple);
  def_op(m, "masked_select(input, mask)", &masked_select);
  def_op(m, "masked_fill(input, mask, value)", &masked_fill_any);
  def_inplace(m, "masked_fill_(input, mask, value)", &masked_fill_any_);
  def_op(m, "masked_scatter(input, mask, source)", &masked_scatter);
  def_inplace(m, "masked_scatter_(input, mask, source)", &masked_scatter_);
}

}  // namespace rushlight::python
