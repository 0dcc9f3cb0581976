// See Note [Overrides] in overrides.h.
#pragma once

#include <pybind11/pybind11.h>

namespace rushlight::python {

// Every function of the module, once all are there.
void make_overridable(pybind11::module_& m);

}  // namespace rushlight::python
