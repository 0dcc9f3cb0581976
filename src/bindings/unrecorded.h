// Binds functions that the tape does not record: backward functions, whose callers have formulas for
// the case that a second derivative is wanted, and what is only called without gradients.
#pragma once

#include "op.h"

namespace rushlight::python {

template <auto kFunction, class R, class... A>
R without_lock(A... args) {
  return run_op((work_of(args) + ...), [&] { return kFunction(args...); });
}
template <auto kFunction, class R, class... A>
void bind_unrecorded(py::module_& m, const char* text, R (*)(A...)) {
  def_function(m, text, &without_lock<kFunction, R, A...>);
}
template <auto kFunction>
void def_unrecorded(py::module_& m, const char* text) {
  bind_unrecorded<kFunction>(m, text, kFunction);
}

}  // namespace rushlight::python
