// Settings and facts of the process: threads, memory, devices.
#include "op.h"
#include "rushlight/core/allocator.h"
#include "rushlight/core/cpu_info.h"
#include "rushlight/core/memory_limit.h"
#include "rushlight/core/parallel.h"

namespace rushlight::python {

void bind_config(py::module_& m) {
  def_function(m, "get_num_threads()", &num_threads);
  def_function(m, "set_num_threads(num)", &set_num_threads);
  m.def("cpu_isa", &cpu_isa);
  m.def("empty_cache", &empty_cache);
  m.def("reset_peak_memory_stats", &reset_peak_memory_stats);
  m.def("set_cache_limit", &set_cache_limit, py::arg("bytes"));
  m.def("_set_memory_limit", &set_memory_limit, py::arg("bytes"));
  m.def("_fail_allocations_after", &fail_allocations_after, py::arg("count"));
  m.def("memory_stats", [] {
    const MemoryStats s = memory_stats();
    py::dict d;
    d["allocated_bytes.current"] = s.allocated_bytes;
    d["allocated_bytes.peak"] = s.peak_allocated_bytes;
    d["cached_bytes.current"] = s.cached_bytes;
    d["cached_bytes.limit"] = s.cache_limit;
    d["allocations"] = s.allocations;
    return d;
  });
  def_function(m, "promote_types(type1, type2)", &promote_types);
}

}  // namespace rushlight::python
