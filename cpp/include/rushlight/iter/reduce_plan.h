// How a reduction walks its input: dims split into kept and reduced, sorted and coalesced.
// Device-free.
#pragma once

#include "rushlight/core/tensor.h"
#include "rushlight/functors/reduce_how.h"

namespace rushlight {

enum class ReduceCase : uint8_t {
  // Everything, in one contiguous run:      [x x x x x x x x] -> o
  All,
  // The innermost reduced dim is contiguous:    x x x x -> o
  // (further reduced dims repeat the runs)      x x x x -> o
  Rows,
  // The innermost kept dim is contiguous:       x x x x
  //                                             x x x x
  //                                             | | | |
  //                                             o o o o
  Columns,
  // As Rows and Columns, but the elements lie apart and are gathered first:
  //                                             x . x . x . x -> o
  StridedRows,
  //                                             x . x . x . x
  //                                             x . x . x . x
  //                                             |   |   |   |
  //                                             o   o   o   o
  StridedColumns,
};

// Dim 0 of either list is the one with the smallest input stride. Input strides are in bytes,
// output strides in elements (both outputs share them).
struct ReducePlan {
  ReduceCase kind;
  int kept, reduced;
  int itemsize;
  int64_t count;    // elements per output, > 0
  int64_t outputs;  // > 0
  const char* in;
  char* out[2];  // out[1]: a second result (indices, means), or null
  ReduceHow how;
  int64_t kept_shape[kMaxDims], kept_in[kMaxDims], kept_out[kMaxDims];
  int64_t reduced_shape[kMaxDims], reduced_in[kMaxDims];

  ReducePlan() {}
  ReducePlan(const ReducePlan&) = delete;

  // All of a contiguous tensor.
  RL_INLINE void set_all(const Tensor& self, const Tensor& result) {
    kind = ReduceCase::All;
    kept = 0;
    reduced = 1;
    itemsize = int(self.itemsize());
    count = self.numel();
    outputs = 1;
    in = self.bytes();
    out[0] = result.bytes();
    out[1] = nullptr;
    reduced_shape[0] = count;
    reduced_in[0] = itemsize;
  }
};

// A set of dims, one bit each.
using DimMask = uint64_t;

// The dims to reduce; none given means all. Raises IndexError for a dim out of range, Error for one
// that comes twice.
RL_API DimMask reduced_dims(const char* op, const Dims& dims, int ndim);
// The result's shape.
RL_API Dims reduced_shape(const Dims& shape, DimMask dims, bool keepdim);
// Fills the plan. `result` is contiguous and has reduced_shape(...); neither tensor is empty.
RL_API void make_reduce_plan(ReducePlan& plan, const Tensor& self, DimMask dims,
                             const Tensor& result);

}  // namespace rushlight
