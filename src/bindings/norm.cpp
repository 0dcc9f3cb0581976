// Normalisation over a batch, the last dims or groups of channels.
#include "rushlight/ops/norm.h"

#include "unrecorded.h"

namespace rushlight::python {

void bind_norm(py::module_& m) {
  def_op(m, "native_layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05)",
         &native_layer_norm);
  def_op(m, "fused_rms_norm(input, normalized_shape, weight=None, eps=None)", &fused_rms_norm);
  def_op(m, "native_group_norm(input, num_groups, weight=None, bias=None, eps=1e-05)",
         &native_group_norm);
  def_op(
      m,
      "native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)",
      &native_batch_norm);
  def_unrecorded<&layer_norm_backward>(m,
                                       "layer_norm_backward(grad, input, normalized_shape, mean, "
                                       "rstd, weight, want_input, want_weight, "
                                       "want_bias)");
  def_unrecorded<&rms_norm_backward>(
      m, "rms_norm_backward(grad, input, normalized_shape, rstd, weight, want_input, want_weight)");
  def_unrecorded<&group_norm_backward>(
      m,
      "group_norm_backward(grad, input, num_groups, mean, rstd, weight, want_input, want_weight, "
      "want_bias)");
  def_unrecorded<&batch_norm_backward>(
      m,
      "batch_norm_backward(grad, input, mean, rstd, weight, training, want_input, want_weight, "
      "want_bias)");
}

}  // namespace rushlight::python
