#include "rushlight/iter/reduce_plan.h"

namespace rushlight {
namespace {

// Fewer contiguous columns than this are gathered instead, unless whole rows follow each other.
constexpr int64_t kMinColumns = 8;

// Dims by growing input stride; a broadcast dim (stride 0) comes last.
struct Sorted {
  int64_t* shape;
  int64_t* in;
  int64_t* out;  // may be null
  int count = 0;

  void insert(int64_t size, int64_t in_stride, int64_t out_stride) {
    int at = count++;
    while (at > 0 && in_stride != 0 && (in[at - 1] == 0 || in_stride < in[at - 1])) {
      shape[at] = shape[at - 1];
      in[at] = in[at - 1];
      if (out) out[at] = out[at - 1];
      --at;
    }
    shape[at] = size;
    in[at] = in_stride;
    if (out) out[at] = out_stride;
  }
  void merge() {
    int kept = 0;
    for (int d = 0; d < count; ++d) {
      if (kept > 0 && in[d] == in[kept - 1] * shape[kept - 1] &&
          (!out || out[d] == out[kept - 1] * shape[kept - 1])) {
        shape[kept - 1] *= shape[d];
        continue;
      }
      shape[kept] = shape[d];
      in[kept] = in[d];
      if (out) out[kept] = out[d];
      ++kept;
    }
    count = kept;
  }
};

}  // namespace

DimMask reduced_dims(const char* op, const Dims& dims, int ndim) {
  if (dims.empty()) return ~DimMask(0);
  DimMask mask = 0;
  for (int64_t dim : dims) {
    const int d = wrap_dim(op, dim, ndim);
    RL_CHECK(!(mask >> d & 1), op, "(): dim ", d, " appears multiple times in the list of dims");
    mask |= DimMask(1) << d;
  }
  return mask;
}

Dims reduced_shape(const Dims& shape, DimMask dims, bool keepdim) {
  int n = 0;
  for (int d = 0; d < shape.size(); ++d) n += keepdim || !(dims >> d & 1);
  Dims result(n);
  n = 0;
  for (int d = 0; d < shape.size(); ++d) {
    if (!(dims >> d & 1))
      result[n++] = shape[d];
    else if (keepdim)
      result[n++] = 1;
  }
  return result;
}

void make_reduce_plan(ReducePlan& plan, const Tensor& self, DimMask dims, const Tensor& result) {
  const int64_t item = int64_t(self.itemsize());
  plan.itemsize = int(item);
  plan.in = self.bytes();
  plan.out[0] = result.bytes();
  plan.out[1] = nullptr;
  plan.outputs = result.numel();
  plan.count = self.numel() / plan.outputs;

  Sorted kept{plan.kept_shape, plan.kept_in, plan.kept_out};
  Sorted reduced{plan.reduced_shape, plan.reduced_in, nullptr};
  int64_t out_stride = 1;
  for (int d = self.ndim() - 1; d >= 0; --d) {
    const int64_t size = self.size(d);
    if (size == 1) continue;
    if (dims >> d & 1) {
      reduced.insert(size, self.stride(d) * item, 0);
    } else {
      kept.insert(size, self.stride(d) * item, out_stride);
      out_stride *= size;
    }
  }
  kept.merge();
  reduced.merge();
  if (reduced.count == 0) reduced.insert(1, kept.count == 0 ? item : 0, 0);
  plan.kept = kept.count;
  plan.reduced = reduced.count;

  if (plan.reduced_in[0] == item) {
    plan.kind = plan.kept == 0 && plan.reduced == 1 ? ReduceCase::All : ReduceCase::Rows;
  } else if (plan.kept > 0 && plan.kept_in[0] == item &&
             (plan.kept_shape[0] >= kMinColumns ||
              (plan.reduced == 1 && plan.reduced_in[0] == plan.kept_shape[0] * item))) {
    plan.kind = ReduceCase::Columns;
  } else if (plan.kept > 0 && plan.kept_in[0] != 0 && plan.kept_shape[0] >= kMinColumns &&
             (plan.reduced_in[0] == 0 || plan.kept_in[0] < plan.reduced_in[0])) {
    plan.kind = ReduceCase::StridedColumns;
  } else {
    plan.kind = ReduceCase::StridedRows;
  }
}

}  // namespace rushlight
