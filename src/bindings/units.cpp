// Activations, and losses between two tensors of one shape.
#include "rushlight/ops/units.h"

#include "rushlight/ops/gates.h"
#include "unrecorded.h"

namespace rushlight::python {

void bind_units(py::module_& m) {
  def_op(m, "elu(input, a=1.0, b=1.0, c=1.0)", &elu);
  def_op(m, "gelu(input, approximate='none')", &gelu);
  def_op(m, "hardsigmoid(input)", &hardsigmoid);
  def_op(m, "hardswish(input)", &hardswish);
  def_op(m, "hardtanh(input, min_val=-1.0, max_val=1.0)", &hardtanh);
  def_op(m, "leaky_relu(input, negative_slope=0.01)", &leaky_relu);
  def_op(m, "log_sigmoid(input)", &log_sigmoid);
  def_op(m, "mish(input)", &mish);
  def_op(m, "silu(input)", &silu);
  def_op(m, "softplus(input, beta=1.0, threshold=20.0)", &softplus);
  def_inplace(m, "elu_(input, a=1.0, b=1.0, c=1.0)", &elu_);
  def_inplace(m, "hardsigmoid_(input)", &hardsigmoid_);
  def_inplace(m, "hardswish_(input)", &hardswish_);
  def_inplace(m, "hardtanh_(input, min_val=-1.0, max_val=1.0)", &hardtanh_);
  def_inplace(m, "leaky_relu_(input, negative_slope=0.01)", &leaky_relu_);
  def_inplace(m, "mish_(input)", &mish_);
  def_inplace(m, "silu_(input)", &silu_);
  def_op(m, "unit_backward(grad, input, unit, a=0.0, b=0.0, c=0.0)", &unit_backward);
  def_op(m, "pair_loss(input, target, loss, reduction=1, a=1.0)", &pair_loss);
  def_op(m, "pair_loss_backward(grad, input, target, loss, reduction=1, a=1.0)",
         &pair_loss_backward);
  def_op(m, "glu(input, dim=-1)", &glu);
  def_op(m, "glu_backward(grad, input, dim)", &glu_backward);
  def_op(m, "prelu(input, weight)", &prelu);
  def_unrecorded<&prelu_backward>(m,
                                  "prelu_backward(grad, input, weight, want_input, want_weight)");
}

}  // namespace rushlight::python
