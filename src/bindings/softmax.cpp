// softmax and its relatives, nll_loss, attention.
#include "rushlight/ops/softmax.h"

#include "op.h"
#include "rushlight/ops/attention.h"
#include "rushlight/ops/loss.h"

namespace rushlight::python {

void bind_softmax(py::module_& m) {
  def_op(m, "softmax(input, dim, dtype=None)", &softmax);
  def_op(m, "log_softmax(input, dim, dtype=None)", &log_softmax);
  def_op(m, "softmax_backward(grad, output, dim)", &softmax_backward);
  def_op(m, "log_softmax_backward(grad, output, dim)", &log_softmax_backward);
  def_op(m, "logsumexp(input, dim, keepdim=False)", &logsumexp);
  def_op(m, "nll_loss(input, target, weight=None, reduction=1, ignore_index=-100)", &nll_loss);
  def_op(m,
         "nll_loss_backward(grad, target, weight=None, reduction=1, ignore_index=-100, "
         "input_shape=())",
         &nll_loss_backward);
  def_op(m, "attention(query, key, value, mask=None, causal=False, scale=1.0)", &attention);
  def_op(m,
         "attention_backward(grad, query, key, value, output, logsum, mask=None, causal=False, "
         "scale=1.0)",
         &attention_backward);
}

}  // namespace rushlight::python
