#include "rushlight/ops/join.h"

#include <cstring>

#include "index_support.h"
#include "rushlight/core/parallel.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/index.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

bool is_legacy_empty(const Tensor& t) { return t.ndim() == 1 && t.numel() == 0; }

// Bytes of output for which a thread pays.
constexpr int64_t kGrainBytes = int64_t(1) << 18;

// Whether parts joined at `dim` give many runs of a few elements each, as columns do: a call of
// memcpy for each is slower than a copy of each part by the long way.
bool has_short_runs(const Tensor& out, size_t count, int dim) {
  constexpr int64_t kShortRun = 160;
  int64_t rows = 1;
  for (int d = 0; d < dim; ++d) rows *= out.size(d);
  return rows >= kShortRun && int64_t(out.nbytes()) / rows < kShortRun * int64_t(count);
}

// All parts dense and of out's dtype: `rows` runs of each part's bytes, one part after the other.
void cat_dense(const Tensor& out, const std::vector<const Tensor*>& parts, int dim) {
  int64_t rows = 1;
  for (int d = 0; d < dim; ++d) rows *= out.size(d);
  const size_t count = parts.size();
  if (rows == 1 && int64_t(out.nbytes()) <= kGrainBytes) {
    char* to = out.bytes();
    for (const Tensor* part : parts) {
      std::memcpy(to, part->bytes(), part->nbytes());
      to += part->nbytes();
    }
    return;
  }
  std::vector<const char*> from(count);
  std::vector<int64_t> ends(count);
  int64_t row_bytes = 0;
  for (size_t k = 0; k < count; ++k) {
    from[k] = parts[k]->bytes();
    row_bytes += int64_t(parts[k]->nbytes()) / rows;
    ends[k] = row_bytes;
  }
  char* const to = out.bytes();
  // Bytes [b, e) of the output, whichever parts they come from.
  parallel_for(0, rows * row_bytes, kGrainBytes, [&](int64_t b, int64_t e) {
    int64_t row = b / row_bytes, at = b % row_bytes;
    size_t k = 0;
    while (ends[k] <= at) ++k;
    while (b < e) {
      const int64_t start = k == 0 ? 0 : ends[k - 1], length = ends[k] - start;
      int64_t bytes = ends[k] - at;
      if (bytes > e - b) bytes = e - b;
      std::memcpy(to + b, from[k] + row * length + (at - start), size_t(bytes));
      b += bytes;
      at += bytes;
      while (k < count && ends[k] <= at) ++k;
      if (k == count) {
        k = 0;
        at = 0;
        ++row;
        while (ends[k] <= at) ++k;
      }
    }
  });
}

// The product of two sizes along each dim, as (r0, s0, r1, s1, ...).
Tensor repeat_of(const char* op, const Tensor& self, const Dims& repeats) {
  const int extra = repeats.size() - self.ndim();
  RL_CHECK(extra >= 0, op, "(): Number of dimensions of repeat dims ", repeats,
           " can not be smaller than number of dimensions of tensor ", self.shape());
  Dims shape(repeats.size()), paired, in_strides, out_strides;
  for (int d = 0; d < repeats.size(); ++d) {
    RL_CHECK(repeats[d] >= 0, op,
             "(): Trying to create tensor with negative dimension; repeats are ", repeats);
    shape[d] = checked_mul(repeats[d], d < extra ? 1 : self.size(d - extra));
  }
  Tensor out = empty(shape, self.dtype(), self.device());
  if (out.numel() == 0) return out;
  for (int d = 0; d < repeats.size(); ++d) {
    const int64_t size = d < extra ? 1 : self.size(d - extra);
    // Pairs that a dim does not need are left out: 64 dims stay 64.
    if (repeats[d] > 1) {
      paired.push_back(repeats[d]);
      in_strides.push_back(0);
      out_strides.push_back(out.stride(d) * size);
    }
    if (size > 1) {
      paired.push_back(size);
      in_strides.push_back(self.stride(d - extra));
      out_strides.push_back(out.stride(d));
    }
  }
  copy_(out.view_as(Layout(paired, out_strides, 0)),
        self.view_as(Layout(paired, in_strides, self.offset())));
  return out;
}

Tensor at_least_2d(const Tensor& t) {
  const Tensor u = at_least_1d(t);
  return u.ndim() > 1 ? u : unsqueeze(u, 0);
}
Tensor at_least_3d(const Tensor& t) {
  const Tensor u = at_least_2d(t);
  return u.ndim() > 2 ? u : unsqueeze(u, 2);
}

template <class Widen>
std::vector<Tensor> widened(const char* op, const std::vector<Tensor>& tensors,
                            const Widen& widen) {
  RL_CHECK(!tensors.empty(), op, "(): expects a non-empty TensorList");
  std::vector<Tensor> result;
  for (const Tensor& t : tensors) result.push_back(widen(t));
  return result;
}

void keep_triangle(const char* op, const Tensor& out, const Tensor& in, int64_t diagonal,
                   bool upper) {
  RL_CHECK(in.ndim() >= 2, op, "(): input tensor must have at least 2 dimensions, got shape ",
           in.shape());
  check_no_internal_overlap(op, out);
  if (out.numel() == 0) return;
  const bool direct = out.is_contiguous() && in.is_contiguous();
  const Tensor to = direct ? out : empty(out.shape(), out.dtype(), out.device());
  const Tensor from = contiguous(in);
  const int n = in.ndim();
  const int64_t rows = in.size(n - 2), columns = in.size(n - 1);
  kernel_or_raise(kernel_slots(out.device().type).triangle, op, out.device(), out.dtype())(
      to.bytes(), from.bytes(), out.numel() / (rows * columns), rows, columns, diagonal, upper,
      int(out.itemsize()));
  if (!direct) copy_(out, to);
}

}  // namespace

Tensor cat(const std::vector<Tensor>& tensors, int64_t dim) {
  RL_CHECK_VALUE(!tensors.empty(), "cat(): expected a non-empty list of Tensors");
  const Tensor* model = nullptr;
  DType dtype = tensors[0].dtype();
  for (size_t k = 0; k < tensors.size(); ++k) {
    RL_CHECK(tensors[k].ndim() > 0, "cat(): zero-dimensional tensor (at position ", k,
             ") cannot be concatenated");
    check_same_device("cat", tensors[0], tensors[k]);
    dtype = promote_types(dtype, tensors[k].dtype());
    if (!model && !is_legacy_empty(tensors[k])) model = &tensors[k];
  }
  if (!model) return empty(Dims({0}), dtype, tensors[0].device());
  const int d = wrap_dim("cat", dim, model->ndim());

  Dims shape = model->shape();
  shape[d] = 0;
  std::vector<const Tensor*> parts;
  parts.reserve(tensors.size());
  bool dense = model->device().is_cpu();
  for (size_t k = 0; k < tensors.size(); ++k) {
    const Tensor& t = tensors[k];
    if (is_legacy_empty(t)) continue;
    RL_CHECK(t.device() == model->device(),
             "cat(): Expected all tensors to be on the same device, but found ", model->device(),
             " and ", t.device());
    RL_CHECK(t.ndim() == model->ndim(), "cat(): Tensors must have same number of dimensions: got ",
             model->shape(), " and ", t.shape());
    for (int i = 0; i < t.ndim(); ++i)
      RL_CHECK(i == d || t.size(i) == model->size(i),
               "cat(): Sizes of tensors must match except in dimension ", d, ". Expected size ",
               model->size(i), " but got size ", t.size(i), " for tensor number ", k,
               " in the list.");
    shape[d] = checked_add(shape[d], t.size(d));
    dense &= t.is_contiguous() && t.dtype() == dtype;
    if (t.numel() > 0) parts.push_back(&t);
  }
  Tensor out = empty(shape, dtype, model->device());
  if (out.numel() == 0) return out;
  if (dense && !has_short_runs(out, parts.size(), d)) {
    cat_dense(out, parts, d);
    return out;
  }
  int64_t at = 0;
  for (const Tensor* t : parts) {
    copy_(narrow(out, d, at, t->size(d)), *t);
    at += t->size(d);
  }
  return out;
}

Tensor stack(const std::vector<Tensor>& tensors, int64_t dim) {
  RL_CHECK(!tensors.empty(), "stack(): expects a non-empty TensorList");
  const int d = wrap_dim("stack", dim, tensors[0].ndim() + 1);
  std::vector<Tensor> parts;
  for (size_t k = 0; k < tensors.size(); ++k) {
    RL_CHECK(tensors[k].shape() == tensors[0].shape(),
             "stack(): expects each tensor to be equal size, but got ", tensors[0].shape(),
             " at entry 0 and ", tensors[k].shape(), " at entry ", k);
    parts.push_back(unsqueeze(tensors[k], d));
  }
  return cat(parts, d);
}

Tensor hstack(const std::vector<Tensor>& tensors) {
  const std::vector<Tensor> parts = widened("hstack", tensors, at_least_1d);
  return cat(parts, parts[0].ndim() == 1 ? 0 : 1);
}
Tensor vstack(const std::vector<Tensor>& tensors) {
  return cat(widened("vstack", tensors, at_least_2d), 0);
}
Tensor dstack(const std::vector<Tensor>& tensors) {
  return cat(widened("dstack", tensors, at_least_3d), 2);
}

Tensor repeat(const Tensor& self, const Dims& repeats) {
  return repeat_of("repeat", self, repeats);
}

Tensor tile(const Tensor& self, const Dims& dims) {
  Dims repeats = dims;
  while (repeats.size() < self.ndim()) repeats.insert(0, 1);
  return repeat_of("tile", self, repeats);
}

Tensor repeat_interleave(const Tensor& self, int64_t repeats, std::optional<int64_t> dim) {
  RL_CHECK(repeats >= 0, "repeat_interleave(): Repeats must be non-negative, got ", repeats);
  const Tensor in = dim ? at_least_1d(self) : reshape(self, Dims({-1}));
  const int d = dim ? wrap_dim("repeat_interleave", *dim, self.ndim()) : 0;
  Dims shape = in.shape(), wide = in.shape();
  shape[d] = checked_mul(shape[d], repeats);
  wide.insert(d + 1, repeats);
  Tensor out = empty(shape, in.dtype(), in.device());
  if (out.numel() > 0) copy_(out.view_as(Layout(wide)), expand(unsqueeze(in, d + 1), wide));
  return out;
}

Tensor repeat_interleave(const Tensor& self, const Tensor& repeats, std::optional<int64_t> dim,
                         std::optional<int64_t> output_size) {
  const char* op = "repeat_interleave";
  check_same_device(op, self, repeats);
  RL_CHECK(repeats.dtype() == DType::I64 || repeats.dtype() == DType::I32, op,
           "(): repeats has to be int64 or int32, got ", repeats.dtype());
  RL_CHECK(repeats.ndim() <= 1, op, "(): repeats must be 0-dim or 1-dim tensor, got shape ",
           repeats.shape());
  const Tensor in = dim ? at_least_1d(self) : reshape(self, Dims({-1}));
  const int d = dim ? wrap_dim(op, *dim, self.ndim()) : 0;
  const Tensor counts = contiguous(to_device(to_dtype(repeats, DType::I64), Device{}));
  const int64_t* each = counts.data<int64_t>();
  const bool same = repeats.ndim() == 0 || repeats.numel() == 1;
  RL_CHECK(same || counts.numel() == in.size(d), op,
           "(): repeats must have the same size as input along dim, but got repeats.size(0) = ",
           counts.numel(), " and input.size(", d, ") = ", in.size(d));
  int64_t total = 0;
  for (int64_t i = 0; i < in.size(d); ++i) {
    const int64_t times = each[same ? 0 : i];
    RL_CHECK(times >= 0, op, "(): repeats can not be negative, got ", times, " at position ", i);
    total = checked_add(total, times);
  }
  RL_CHECK(!output_size || *output_size == total, op,
           "(): allocated size does not match required size: "
           "output_size is ",
           output_size.value_or(0), ", repeats add up to ", total);
  const Tensor entries = empty(Dims({total}), DType::I64);
  int64_t* to = entries.data<int64_t>();
  for (int64_t i = 0; i < in.size(d); ++i)
    for (int64_t k = each[same ? 0 : i]; k > 0; --k) *to++ = i;
  return index_select(in, d, to_device(entries, self.device()));
}

Tensor flip(const Tensor& self, const Dims& dims) {
  bool flipped[kMaxDims] = {};
  for (int64_t dim : dims) {
    const int d = wrap_dim("flip", dim, self.ndim());
    RL_CHECK(!flipped[d], "flip(): dim ", d, " appears multiple times in the list of dims ", dims);
    flipped[d] = true;
  }
  Tensor out = empty_like(self, self.dtype());
  if (out.numel() == 0) return out;
  if (self.ndim() == 0) {
    copy_(out, self);
    return out;
  }
  // The written side runs backwards in the plan; both are read at every element once.
  Dims strides = self.strides();
  int64_t offset = self.offset();
  for (int d = 0; d < self.ndim(); ++d)
    if (flipped[d] && self.size(d) > 1) {
      offset += (self.size(d) - 1) * strides[d];
      strides[d] = -strides[d];
    }
  copy_(out, self.view_as(Layout(self.shape(), strides, offset)));
  return out;
}

Tensor roll(const Tensor& self, const Dims& shifts, const Dims& dims) {
  RL_CHECK(!shifts.empty(), "roll(): `shifts` required");
  if (dims.empty() && shifts.size() == 1) {
    const Tensor flat = roll(reshape(self, Dims({-1})), shifts, Dims({0}));
    return reshape(flat, self.shape());
  }
  RL_CHECK(shifts.size() == dims.size(),
           "roll(): shifts and dimensions must align. shifts: ", shifts.size(),
           ", dims: ", dims.size());
  Tensor in = self;
  for (int k = 0; k < dims.size(); ++k) {
    RL_CHECK_INDEX(self.ndim() > 0, "roll(): Dimension specified as ", dims[k],
                   " but tensor has no dimensions");
    const int d = wrap_dim("roll", dims[k], self.ndim());
    Tensor out = empty(in.shape(), in.dtype(), in.device());
    if (out.numel() > 0) {
      const int64_t size = in.size(d);
      int64_t by = shifts[k] % size;
      if (by < 0) by += size;
      copy_(narrow(out, d, by, size - by), narrow(in, d, 0, size - by));
      if (by > 0) copy_(narrow(out, d, 0, by), narrow(in, d, size - by, by));
    }
    in = out;
  }
  return in;
}

Tensor tril(const Tensor& self, int64_t diagonal) {
  Tensor out = empty(self.shape(), self.dtype(), self.device());
  keep_triangle("tril", out, self, diagonal, false);
  return out;
}
Tensor triu(const Tensor& self, int64_t diagonal) {
  Tensor out = empty(self.shape(), self.dtype(), self.device());
  keep_triangle("triu", out, self, diagonal, true);
  return out;
}
void tril_(const Tensor& self, int64_t diagonal) {
  keep_triangle("tril_", self, self, diagonal, false);
}
void triu_(const Tensor& self, int64_t diagonal) {
  keep_triangle("triu_", self, self, diagonal, true);
}

}  // namespace rushlight
