// Views that are not in the compiled core.
#include "op.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/resize.h"
#include "rushlight/ops/view.h"

namespace rushlight::python {
namespace {

Tensor squeeze_any(const Tensor& input, const std::optional<Dims>& dim) {
  return dim ? squeeze(input, *dim) : squeeze(input);
}
Tensor as_strided_any(const Tensor& input, const Dims& size, const Dims& stride,
                      const std::optional<int64_t>& offset, const std::optional<Dims>&,
                      const std::optional<int64_t>&) {
  return as_strided(input, size, stride, offset.value_or(input.offset()));
}
std::vector<Tensor> split_int(const Tensor& input, int64_t size, int64_t dim) {
  return split(input, size, dim);
}
std::vector<Tensor> split_sizes(const Tensor& input, const Dims& sizes, int64_t dim) {
  return split(input, sizes, dim);
}
Tensor make_arange(const Scalar& start, const Scalar& end, const Scalar& step,
                   const std::optional<DType>& dtype) {
  const bool ints = start.is_int() && end.is_int() && step.is_int();
  return arange(start, end, step, dtype.value_or(ints ? DType::I64 : default_dtype()));
}
Tensor make_linspace(double start, double end, int64_t steps, const std::optional<DType>& dtype) {
  return linspace(start, end, steps, dtype.value_or(default_dtype()));
}
Tensor make_eye(int64_t n, const std::optional<int64_t>& m, const std::optional<DType>& dtype) {
  return eye(n, m.value_or(n), dtype.value_or(default_dtype()));
}
Tensor make_empty_strided(const Dims& size, const Dims& stride, const std::optional<DType>& dtype) {
  return empty_strided(size, stride, dtype.value_or(default_dtype()));
}

// narrow's start: an int, or a 0-d tensor of an integer dtype.
struct Start {
  int64_t value = 0;
};
Tensor narrow_any(const Tensor& self, int64_t dim, const Start& start, int64_t length) {
  return narrow(self, dim, start.value, length);
}

}  // namespace
}  // namespace rushlight::python

namespace pybind11::detail {

template <>
struct type_caster<rushlight::python::Start> {
  PYBIND11_TYPE_CASTER(rushlight::python::Start, const_name("int"));
  bool load(handle src, bool) {
    if (rushlight::python::is_tensor(src.ptr())) {
      const rushlight::Tensor& t = rushlight::python::tensor_of(src.ptr());
      RL_CHECK(t.ndim() == 0 && t.dtype() > rushlight::DType::Bool && t.dtype() < rushlight::DType::F16,
               "narrow(): start must be an 0-dim integral Tensor, got shape ", t.shape(), " and dtype ",
               t.dtype());
    }
    return rushlight::python::load_int(src.ptr(), &value.value);
  }
};

}  // namespace pybind11::detail

namespace rushlight::python {

void bind_view(py::module_& m) {
  def_view(m, "squeeze(input, dim=None)", &squeeze_any);
  def_view(m, "flatten(input, start_dim=0, end_dim=-1)", &flatten);
  def_view(m, "unflatten(input, dim, sizes)", &unflatten);
  def_view(m, "movedim(input, source, destination)", &movedim);
  def_view(m, "narrow(input, dim, start, length)", &narrow_any);
  def_view(m, "unfold(input, dimension, size, step)", &unfold);
  def_view(m, "diagonal(input, offset=0, dim1=0, dim2=1)", &diagonal);
  def_view(m, "as_strided(self, size, stride, storage_offset=None, self_stride=None, self_offset=None)",
           &as_strided_any);
  def_view(m, "split_int(input, split_size, dim=0)", &split_int);
  def_view(m, "split_sizes(input, split_sizes, dim=0)", &split_sizes);
  def_view(m, "chunk(input, chunks, dim=0)", &chunk);
  def_view(m, "unbind(input, dim=0)", &unbind);
  def_view(m, "view_as_real(input)", &view_as_real);
  def_view(m, "view_as_complex(input)", &view_as_complex);
  def_op(m, "arange(start, end, step, dtype=None)", &make_arange);
  def_op(m, "linspace(start, end, steps, dtype=None)", &make_linspace);
  def_op(m, "eye(n, m=None, dtype=None)", &make_eye);
  def_op(m, "empty_strided(size, stride, dtype=None)", &make_empty_strided);
  m.def("_empty_like", [](const Tensor& like, const std::optional<DType>& dtype) {
    return empty_like(like, dtype.value_or(like.dtype()));
  });
  def_inplace(m, "zero_(self)", &zero_);
  def_inplace(m, "fill_(self, value)", &fill_);
  def_inplace(m, "resize_(self, size)", &resize_);
}

}  // namespace rushlight::python
