// Recurrent layers; see rushlight/nn/_functional/recurrent.py.
#include "rushlight/ops/recurrent.h"

#include "op.h"

namespace rushlight::python {

void bind_recurrent(py::module_& m) {
  def_op(m, "_recurrent(input, hx, cx, w_ih, w_hh, b_ih, b_hh, w_hr, batch_sizes, mode, reverse)",
         &recurrent);
  def_op(m,
         "_recurrent_backward(grad_output, grad_h, grad_c, input, hx, cx, w_ih, w_hh, w_hr, "
         "batch_sizes, mode, reverse, output, saved, wanted)",
         &recurrent_backward);
}

}  // namespace rushlight::python
