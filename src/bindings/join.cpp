#include "rushlight/ops/join.h"

#include "op.h"

namespace rushlight::python {

void bind_join(py::module_& m) {
  def_op(m, "cat(tensors, dim=0)", &cat);
  def_op(m, "stack(tensors, dim=0)", &stack);
  def_op(m, "hstack(tensors)", &hstack);
  def_op(m, "vstack(tensors)", &vstack);
  def_op(m, "dstack(tensors)", &dstack);
  def_op(m, "repeat(input, repeats)", &repeat);
  def_op(m, "tile(input, dims)", &tile);
  def_op(
      m, "repeat_interleave_int(input, repeats, dim=None)",
      +[](const Tensor& input, int64_t repeats, const std::optional<int64_t>& dim) {
        return repeat_interleave(input, repeats, dim);
      });
  def_op(
      m, "repeat_interleave_tensor(input, repeats, dim=None, output_size=None)",
      +[](const Tensor& input, const Tensor& repeats, const std::optional<int64_t>& dim,
          const std::optional<int64_t>& output_size) {
        return repeat_interleave(input, repeats, dim, output_size);
      });
  def_op(m, "flip(input, dims)", &flip);
  def_op(m, "roll(input, shifts, dims=())", &roll);
  def_op(m, "tril(input, diagonal=0)", static_cast<Tensor (*)(const Tensor&, int64_t)>(&tril));
  def_op(m, "triu(input, diagonal=0)", static_cast<Tensor (*)(const Tensor&, int64_t)>(&triu));
  def_inplace(m, "tril_(input, diagonal=0)", &tril_);
  def_inplace(m, "triu_(input, diagonal=0)", &triu_);
}

}  // namespace rushlight::python
