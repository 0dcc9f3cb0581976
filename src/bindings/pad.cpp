// Padding.
#include "rushlight/ops/pad.h"

#include "op.h"

namespace rushlight::python {

void bind_pad(py::module_& m) {
  def_op(m, "pad_constant(input, pad, value=0)", &pad_constant);
  def_op(
      m, "pad_mapped(input, pad, mode)",
      +[](const Tensor& input, const Dims& pad, const std::string& mode) {
        return pad_mapped(input, pad, mode);
      });
}

}  // namespace rushlight::python
