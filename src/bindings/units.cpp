// Attention, and units that are one formula of one number.
#include "rushlight/ops/units.h"
#include "op.h"
#include "rushlight/ops/attention.h"

namespace rushlight::python {

void bind_units(py::module_& m) {
  def_op(m, "attention(query, key, value, mask=None, causal=False, scale=1.0)", &attention);
  def_op(m,
         "attention_backward(grad, query, key, value, output, logsum, mask=None, causal=False, "
         "scale=1.0)",
         &attention_backward);
  def_op(m, "gelu(input, tanh=False)", &gelu);
  def_op(m, "gelu_backward(grad, input, tanh=False)", &gelu_backward);
  def_op(m, "silu(input)", &silu);
  def_op(m, "silu_backward(grad, input)", &silu_backward);
  def_op(m, "leaky_relu(input, negative_slope=0.01)", &leaky_relu);
  def_op(m, "leaky_relu_backward(grad, input, negative_slope=0.01)", &leaky_relu_backward);
}

}  // namespace rushlight::python
