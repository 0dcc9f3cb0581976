// Convolutions and pooling.
#include "rushlight/ops/conv.h"
#include "op.h"
#include "rushlight/ops/pool.h"

namespace rushlight::python {

void bind_conv(py::module_& m) {
  def_op(m, "conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)", &conv1d);
  def_op(m, "conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)", &conv2d);
  def_op(
      m,
      "conv2d_backward_input(grad_output, weight, input_size, stride, padding, dilation, groups)",
      &conv2d_backward_input);
  def_op(
      m,
      "conv2d_backward_weight(grad_output, input, weight_size, stride, padding, dilation, groups)",
      &conv2d_backward_weight);
  def_op(m,
         "max_pool2d_with_indices(input, kernel_size, stride=(), padding=0, dilation=1, "
         "ceil_mode=False)",
         &max_pool2d_with_indices);
  def_op(m, "max_pool2d(input, kernel_size, stride=(), padding=0, dilation=1, ceil_mode=False)",
         &max_pool2d);
  def_op(m, "max_pool2d_with_indices_backward(grad_output, indices, input_size)",
         &max_pool2d_with_indices_backward);
  def_op(m,
         "avg_pool2d(input, kernel_size, stride=(), padding=0, ceil_mode=False, "
         "count_include_pad=True, divisor_override=None)",
         &avg_pool2d);
  def_op(m,
         "avg_pool2d_backward(grad_output, input_size, kernel_size, stride, padding, ceil_mode, "
         "count_include_pad, divisor_override)",
         &avg_pool2d_backward);
  def_op(m, "adaptive_max_pool2d(input, output_size)", &adaptive_max_pool2d);
  def_op(m, "adaptive_avg_pool2d(input, output_size)", &adaptive_avg_pool2d);
  def_op(m, "adaptive_avg_pool2d_backward(grad_output, input_size)", &adaptive_avg_pool2d_backward);
}

}  // namespace rushlight::python
