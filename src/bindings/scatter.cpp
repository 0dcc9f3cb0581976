#include "rushlight/ops/scatter.h"

#include "operand.h"

namespace rushlight::python {
namespace {

using MaybeTensor = std::optional<Operand>;
using MaybeText = std::optional<std::string>;

// scatter(input, dim, index, src) or scatter(input, dim, index, value).
Operand source_of(const char* op, const MaybeTensor& src, const std::optional<Operand>& value) {
  RL_CHECK_TYPE(src.has_value() != value.has_value(), op, "(): takes either src or value");
  return src ? *src : *value;
}

void scatter_any_(const Tensor& input, int64_t dim, const Tensor& index, const MaybeTensor& src,
                  const MaybeTensor& value, const MaybeText& reduce) {
  const Operand from = source_of("scatter_", src, value);
  if (from.tensor.defined())
    scatter_(input, dim, index, from.tensor, reduce);
  else
    scatter_(input, dim, index, from.scalar, reduce);
}
Tensor scatter_any(const Tensor& input, int64_t dim, const Tensor& index, const MaybeTensor& src,
                   const MaybeTensor& value, const MaybeText& reduce) {
  const Operand from = source_of("scatter", src, value);
  return from.tensor.defined() ? scatter(input, dim, index, from.tensor, reduce)
                               : scatter(input, dim, index, from.scalar, reduce);
}

void index_fill_any_(const Tensor& input, int64_t dim, const Tensor& index, const Operand& value) {
  if (value.tensor.defined())
    index_fill_(input, dim, index, value.tensor);
  else
    index_fill_(input, dim, index, value.scalar);
}
Tensor index_fill_any(const Tensor& input, int64_t dim, const Tensor& index, const Operand& value) {
  return value.tensor.defined() ? index_fill(input, dim, index, value.tensor)
                                : index_fill(input, dim, index, value.scalar);
}

}  // namespace

void bind_scatter(py::module_& m) {
  def_op(m, "scatter(input, dim, index, src=None, value=None, *, reduce=None)", &scatter_any);
  def_inplace(m, "scatter_(input, dim, index, src=None, value=None, *, reduce=None)",
              &scatter_any_);
  def_op(m, "scatter_add(input, dim, index, src)", &scatter_add);
  def_inplace(m, "scatter_add_(input, dim, index, src)", &scatter_add_);
  def_op(m, "scatter_reduce(input, dim, index, src, reduce, *, include_self=True)",
         &scatter_reduce);
  def_inplace(m, "scatter_reduce_(input, dim, index, src, reduce, *, include_self=True)",
              &scatter_reduce_);
  def_op(m, "index_add(input, dim, index, source, *, alpha=1)", &index_add);
  def_inplace(m, "index_add_(input, dim, index, source, *, alpha=1)", &index_add_);
  def_op(m, "index_copy(input, dim, index, source)", &index_copy);
  def_inplace(m, "index_copy_(input, dim, index, source)", &index_copy_);
  def_op(m, "index_fill(input, dim, index, value)", &index_fill_any);
  def_inplace(m, "index_fill_(input, dim, index, value)", &index_fill_any_);
}

}  // namespace rushlight::python
