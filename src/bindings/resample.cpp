// Resampling of one dim.
#include "rushlight/ops/resample.h"

#include "op.h"

namespace rushlight::python {

void bind_resample(py::module_& m) {
  def_op(m, "resample(input, dim, places, weights, bits=0)", &resample);
}

}  // namespace rushlight::python
