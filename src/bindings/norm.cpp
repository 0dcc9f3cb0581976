// Normalisation over a batch, the last dims or groups of channels.
#include "rushlight/ops/norm.h"

#include "op.h"

namespace rushlight::python {
namespace {

// The backward functions are not recorded: the rules that call them have formulas for the case that
// a second derivative is wanted.
template <auto kFunction, class R, class... A>
R without_lock(A... args) {
  return run_op((work_of(args) + ...), [&] { return kFunction(args...); });
}
template <auto kFunction, class R, class... A>
void def_backward(py::module_& m, const char* text, R (*)(A...)) {
  def_function(m, text, &without_lock<kFunction, R, A...>);
}

}  // namespace

void bind_norm(py::module_& m) {
  def_op(m, "native_layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05)",
         &native_layer_norm);
  def_op(m, "fused_rms_norm(input, normalized_shape, weight=None, eps=None)", &fused_rms_norm);
  def_op(m, "native_group_norm(input, num_groups, weight=None, bias=None, eps=1e-05)",
         &native_group_norm);
  def_op(m,
         "native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)",
         &native_batch_norm);
  def_backward<&layer_norm_backward>(
      m,
      "layer_norm_backward(grad, input, normalized_shape, mean, rstd, weight, want_input, want_weight, "
      "want_bias)",
      &layer_norm_backward);
  def_backward<&rms_norm_backward>(
      m, "rms_norm_backward(grad, input, normalized_shape, rstd, weight, want_input, want_weight)",
      &rms_norm_backward);
  def_backward<&group_norm_backward>(
      m,
      "group_norm_backward(grad, input, num_groups, mean, rstd, weight, want_input, want_weight, "
      "want_bias)",
      &group_norm_backward);
  def_backward<&batch_norm_backward>(
      m,
      "batch_norm_backward(grad, input, mean, rstd, weight, training, want_input, want_weight, "
      "want_bias)",
      &batch_norm_backward);
}

}  // namespace rushlight::python
