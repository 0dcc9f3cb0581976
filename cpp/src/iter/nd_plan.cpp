#include "rushlight/iter/nd_plan.h"

namespace rushlight {

Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b) {
  if (a == b) return a;
  const Dims& longer = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  Dims result = longer;
  const int skip = longer.size() - shorter.size();
  for (int i = 0; i < shorter.size(); ++i) {
    const int64_t x = longer[skip + i], y = shorter[i];
    RL_CHECK(x == y || x == 1 || y == 1, op, "(): The size of tensor a (", a[i + a.size() - shorter.size()],
             ") must match the size of tensor b (", b[i + b.size() - shorter.size()],
             ") at non-singleton dimension ", skip + i, "; the shapes are ", a, " and ", b);
    result[skip + i] = x == 1 ? y : x;
  }
  return result;
}

Tensor expand_to(const char* op, const Tensor& t, const Dims& shape) {
  if (t.shape() == shape) return t;
  const int skip = shape.size() - t.ndim();
  RL_CHECK(skip >= 0, op, "(): cannot broadcast shape ", t.shape(), " to ", shape);
  Dims strides(shape.size(), 0);
  for (int i = 0; i < t.ndim(); ++i) {
    const int64_t have = t.size(i), want = shape[skip + i];
    RL_CHECK(have == want || have == 1, op, "(): The expanded size of the tensor (", want,
             ") must match the existing size (", have, ") at non-singleton dimension ", skip + i,
             ".  Target sizes: ", shape, ".  Tensor sizes: ", t.shape());
    strides[skip + i] = have == 1 && want != 1 ? 0 : t.stride(i);
  }
  return t.view_as(Layout(shape, strides, t.offset()));
}

void make_plan(NdPlan& plan, const Dims& shape, const Tensor* const* operands, int count) {
  plan.operands = count;
  const int n = shape.size();
  bool flat = true;
  for (int k = 0; k < count; ++k) {
    plan.data[k] = operands[k]->bytes();
    const Layout& layout = operands[k]->layout();
    flat &= layout.is_contiguous() && layout.shape() == shape;
  }
  if (flat) {
    plan.set_flat(operands[0]->numel());
    for (int k = 0; k < count; ++k) plan.strides[0][k] = int64_t(operands[k]->itemsize());
    return;
  }

  int64_t numel = 1;
  int used = 0;
  for (int d = n - 1; d >= 0; --d) {
    numel *= shape[d];
    if (shape[d] == 1) continue;
    int64_t row[kMaxOperands];
    for (int k = 0; k < count; ++k) {
      const Tensor& t = *operands[k];
      const int own = d - (n - t.ndim());
      row[k] = own < 0 || t.size(own) == 1 ? 0 : t.stride(own) * int64_t(t.itemsize());
    }
    // Insertion by the outputs' stride; where it is 0 or equal, by the inputs'.
    int at = used;
    while (at > 0) {
      bool before = false;
      for (int k = 0; k < count; ++k) {
        const int64_t x = row[k] < 0 ? -row[k] : row[k];
        const int64_t other = plan.strides[at - 1][k], y = other < 0 ? -other : other;
        if (x == y || x == 0 || y == 0) continue;
        before = x < y;
        break;
      }
      if (!before) break;
      plan.shape[at] = plan.shape[at - 1];
      for (int k = 0; k < count; ++k) plan.strides[at][k] = plan.strides[at - 1][k];
      --at;
    }
    plan.shape[at] = shape[d];
    for (int k = 0; k < count; ++k) plan.strides[at][k] = row[k];
    ++used;
  }
  plan.numel = numel;

  int kept = 0;
  for (int d = 0; d < used; ++d) {
    if (kept > 0) {
      bool merges = true;
      for (int k = 0; k < count; ++k)
        merges &= plan.strides[d][k] == plan.strides[kept - 1][k] * plan.shape[kept - 1];
      if (merges) {
        plan.shape[kept - 1] *= plan.shape[d];
        continue;
      }
    }
    if (kept != d) {
      plan.shape[kept] = plan.shape[d];
      for (int k = 0; k < count; ++k) plan.strides[kept][k] = plan.strides[d][k];
    }
    ++kept;
  }
  if (kept == 0) {
    plan.shape[0] = 1;
    for (int k = 0; k < count; ++k) plan.strides[0][k] = int64_t(operands[k]->itemsize());
    kept = 1;
  }
  plan.ndim = kept;
}

namespace {

// First and one-past-last byte that t may touch.
void byte_range(const Tensor& t, const char** first, const char** last) {
  const int64_t item = int64_t(t.itemsize());
  int64_t low = 0, high = 0;
  for (int d = 0; d < t.ndim(); ++d) {
    const int64_t reach = (t.size(d) - 1) * t.stride(d);
    (reach < 0 ? low : high) += reach;
  }
  *first = t.bytes() + low * item;
  *last = t.bytes() + (high + 1) * item;
}

}  // namespace

bool may_share_memory(const Tensor& a, const Tensor& b) {
  if (a.numel() == 0 || b.numel() == 0) return false;
  const char *a0, *a1, *b0, *b1;
  byte_range(a, &a0, &a1);
  byte_range(b, &b0, &b1);
  return a0 < b1 && b0 < a1;
}

void check_no_internal_overlap(const char* op, const Tensor& t) {
  if (t.is_contiguous()) return;
  for (int d = 0; d < t.ndim(); ++d)
    RL_CHECK(t.size(d) <= 1 || t.stride(d) != 0, op,
             "(): unsupported operation: more than one element of the written-to tensor refers to a "
             "single memory location. Please clone() the tensor before performing the operation.");
}

void check_no_partial_overlap(const char* op, const Tensor& out, const Tensor& in) {
  if (out.impl() == in.impl() || out.storage_ptr().get() != in.storage_ptr().get()) return;
  if (out.bytes() == in.bytes() && out.shape() == in.shape() && out.strides() == in.strides()) return;
  // As in PyTorch, only dense tensors are judged: strided ones may interleave without meeting.
  if (!out.is_contiguous() || !in.is_contiguous()) return;
  RL_CHECK(!may_share_memory(out, in), op,
           "(): unsupported operation: some elements of the input tensor and the written-to tensor "
           "refer to a single memory location. Please clone() the tensor before performing the "
           "operation.");
}

}  // namespace rushlight
