#include "rushlight/ops/view.h"

#include "rushlight/core/view_layout.h"
#include "rushlight/ops/copy.h"

namespace rushlight {

Dims infer_shape(const char* op, const Dims& sizes, int64_t numel) {
  int inferred = -1;
  int64_t known = 1;
  for (int i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == -1) {
      RL_CHECK(inferred < 0, op, "(): only one dimension can be inferred, got ", sizes);
      inferred = i;
    } else {
      RL_CHECK(sizes[i] >= 0, op, "(): invalid shape dimension ", sizes[i], " in ", sizes);
      known = checked_mul(known, sizes[i]);
    }
  }
  if (inferred < 0) {
    RL_CHECK(known == numel, op, "(): shape '", sizes, "' is invalid for input of size ", numel);
    return sizes;
  }
  RL_CHECK(known != 0 || numel != 0, op, "(): cannot reshape tensor of 0 elements into shape ", sizes,
           " because the unspecified dimension size -1 can be any value and is ambiguous");
  RL_CHECK(known != 0 && numel % known == 0, op, "(): shape '", sizes, "' is invalid for input of size ",
           numel);
  Dims result = sizes;
  result[inferred] = numel / known;
  return result;
}

bool view_strides(const Layout& layout, const Dims& size, Dims& strides) {
  strides = Dims(size.size());
  if (layout.is_contiguous() || layout.numel() == 0) {
    int64_t stride = 1;
    for (int i = size.size() - 1; i >= 0; --i) {
      strides[i] = stride;
      stride = checked_mul(stride, size[i] > 0 ? size[i] : 1);
    }
    return true;
  }
  // Walk both shapes from the inside; each dense run of old dims must be used up by whole new dims.
  int to = size.size() - 1;
  const int n = layout.ndim();
  int64_t run_stride = layout.strides()[n - 1], run = 1, used = 1;
  for (int d = n - 1; d >= 0; --d) {
    run *= layout.shape()[d];
    const bool ends = d == 0 || (layout.shape()[d - 1] != 1 &&
                                 layout.strides()[d - 1] != run * run_stride);
    if (!ends) continue;
    while (to >= 0 && (used < run || size[to] == 1)) {
      strides[to] = used * run_stride;
      used *= size[to];
      --to;
    }
    if (used != run) return false;
    if (d > 0) {
      run_stride = layout.strides()[d - 1];
      run = used = 1;
    }
  }
  return to == -1;
}

Tensor as_strided(const Tensor& self, const Dims& size, const Dims& stride, int64_t offset) {
  RL_CHECK(size.size() == stride.size(), "as_strided(): mismatch in length of strides and shape: ", stride,
           " and ", size);
  RL_CHECK(offset >= 0, "as_strided(): Tensor: invalid storage offset ", offset);
  for (int i = 0; i < size.size(); ++i) {
    RL_CHECK(size[i] >= 0, "as_strided(): Trying to create tensor with negative dimension ", size[i], ": ",
             size);
    RL_CHECK(stride[i] >= 0, "as_strided(): Negative strides are not supported, got strides: ", stride);
  }
  Layout layout(size, stride, offset);
  const int64_t needed = checked_mul(layout.span(), int64_t(self.itemsize()));
  checked_mul(offset, int64_t(self.itemsize()));  // without elements the span is 0
  const int64_t have = int64_t(self.storage().nbytes());
  RL_CHECK(needed <= have, "as_strided(): setStorage: sizes ", size, ", strides ", stride,
           ", storage offset ", offset, ", and itemsize ", self.itemsize(), " requiring a storage size of ",
           needed, " are out of bounds for storage of size ", have);
  return self.view_as(std::move(layout));
}

namespace {

// Row-major views of row-major tensors without a -1, the common case; undefined when it is not one.
RL_INLINE Tensor dense_view(const Tensor& self, const Dims& size) {
  if (!self.is_contiguous()) return Tensor();
  Tensor out = self.unset_view(0, 0);
  return dense_layout(self.layout(), size.data(), size.size(), out.impl()->layout) ? out : Tensor();
}

}  // namespace

Tensor view(const Tensor& self, const Dims& size) {
  if (Tensor out = dense_view(self, size); RL_LIKELY(out.defined())) return out;
  const Dims shape = infer_shape("view", size, self.numel());
  Dims strides;
  RL_CHECK(view_strides(self.layout(), shape, strides), "view(): view size ", shape,
           " is not compatible with input tensor's size ", self.shape(), " and stride ", self.strides(),
           " (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.");
  return self.view_as(Layout(shape, strides, self.offset()));
}

Tensor reshape(const Tensor& self, const Dims& size) {
  if (Tensor out = dense_view(self, size); RL_LIKELY(out.defined())) return out;
  const Dims shape = infer_shape("reshape", size, self.numel());
  Dims strides;
  if (view_strides(self.layout(), shape, strides))
    return self.view_as(Layout(shape, strides, self.offset()));
  const Tensor dense = contiguous(self);
  return dense.view_as(Layout(shape));
}

Tensor flatten(const Tensor& self, int64_t start_dim, int64_t end_dim) {
  const int first = wrap_dim("flatten", start_dim, self.ndim());
  const int last = wrap_dim("flatten", end_dim, self.ndim());
  RL_CHECK(first <= last, "flatten(): start_dim cannot come after end_dim, got ", start_dim, " and ", end_dim);
  if (self.ndim() == 0) return reshape(self, Dims({1}));
  if (first == last) return self;
  Dims shape;
  int64_t merged = 1;
  for (int d = 0; d < self.ndim(); ++d) {
    if (d < first || d > last) {
      shape.push_back(self.size(d));
    } else {
      merged *= self.size(d);
      if (d == last) shape.push_back(merged);
    }
  }
  return reshape(self, shape);
}

Tensor unflatten(const Tensor& self, int64_t dim, const Dims& sizes) {
  const int d = wrap_dim("unflatten", dim, self.ndim());
  RL_CHECK(sizes.size() > 0, "unflatten(): sizes must be non-empty");
  RL_CHECK(self.ndim() > 0, "unflatten(): expected at least one dimension, got a 0-d tensor");
  const Dims inner = infer_shape("unflatten", sizes, self.size(d));
  Dims shape;
  for (int i = 0; i < d; ++i) shape.push_back(self.size(i));
  for (int64_t n : inner) shape.push_back(n);
  for (int i = d + 1; i < self.ndim(); ++i) shape.push_back(self.size(i));
  return view(self, shape);
}

Tensor squeeze(const Tensor& self) {
  Dims shape, strides;
  for (int d = 0; d < self.ndim(); ++d)
    if (self.size(d) != 1) {
      shape.push_back(self.size(d));
      strides.push_back(self.stride(d));
    }
  return self.view_as(Layout(shape, strides, self.offset()));
}

Tensor squeeze(const Tensor& self, const Dims& dims) {
  bool drop[kMaxDims] = {};
  for (int64_t dim : dims) {
    const int d = wrap_dim("squeeze", dim, self.ndim());
    RL_CHECK(!drop[d], "squeeze(): dim ", d, " appears multiple times in the list of dims");
    drop[d] = true;
  }
  Dims shape, strides;
  for (int d = 0; d < self.ndim(); ++d)
    if (!drop[d] || self.size(d) != 1) {
      shape.push_back(self.size(d));
      strides.push_back(self.stride(d));
    }
  return self.view_as(Layout(shape, strides, self.offset()));
}

Tensor unsqueeze(const Tensor& self, int64_t dim) {
  const int d = wrap_dim("unsqueeze", dim, self.ndim() + 1);
  Dims shape = self.shape(), strides = self.strides();
  const int64_t stride = d < self.ndim() ? checked_mul(self.size(d), self.stride(d)) : 1;
  shape.insert(d, 1);
  strides.insert(d, stride);
  return self.view_as(Layout(shape, strides, self.offset()));
}

Tensor permute(const Tensor& self, const Dims& dims) {
  const int n = self.ndim();
  RL_CHECK(dims.size() == n,
           "permute(): number of dimensions in the tensor input does not match the length of the "
           "desired ordering of dimensions i.e. input.dim() = ", n, " is not equal to len(dims) = ",
           dims.size());
  bool seen[kMaxDims] = {};
  Dims shape(n), strides(n);
  for (int i = 0; i < n; ++i) {
    const int d = wrap_dim("permute", dims[i], n);
    RL_CHECK(!seen[d], "permute(): duplicate dims are not allowed, got ", dims);
    seen[d] = true;
    shape[i] = self.size(d);
    strides[i] = self.stride(d);
  }
  return self.view_as(Layout(shape, strides, self.offset()));
}

Tensor transpose(const Tensor& self, int64_t dim0, int64_t dim1) {
  const int a = wrap_dim("transpose", dim0, self.ndim()), b = wrap_dim("transpose", dim1, self.ndim());
  const int n = self.ndim();
  Tensor out = self.unset_view(n, self.offset());
  Layout& layout = out.impl()->layout;
  int64_t *shape = layout.mutable_shape().data(), *strides = layout.mutable_strides().data();
  for (int i = 0; i < n; ++i) shape[i] = self.size(i), strides[i] = self.stride(i);
  if (n > 0) {
    std::swap(shape[a], shape[b]);
    std::swap(strides[a], strides[b]);
  }
  layout.refresh();
  return out;
}

Tensor t(const Tensor& self) {
  RL_CHECK(self.ndim() <= 2, "t() expects a tensor with <= 2 dimensions, but self is ", self.ndim(), "D");
  return self.ndim() < 2 ? self.view_as(self.layout()) : transpose(self, 0, 1);
}

Tensor movedim(const Tensor& self, const Dims& source, const Dims& destination) {
  RL_CHECK(source.size() == destination.size(),
           "movedim(): Invalid source or destination dims: source ", source,
           " should contain the same number of dims as destination ", destination);
  const int n = self.ndim();
  int order[kMaxDims];
  bool moved[kMaxDims] = {}, taken[kMaxDims] = {};
  for (int i = 0; i < source.size(); ++i) {
    const int from = wrap_dim("movedim", source[i], n), to = wrap_dim("movedim", destination[i], n);
    RL_CHECK(!moved[from], "movedim(): repeated dim in `source` ", source);
    RL_CHECK(!taken[to], "movedim(): repeated dim in `destination` ", destination);
    moved[from] = taken[to] = true;
    order[to] = from;
  }
  if (n == 0) return self.view_as(self.layout());
  Dims dims(n);
  int next = 0;
  for (int i = 0; i < n; ++i) {
    if (taken[i]) {
      dims[i] = order[i];
      continue;
    }
    while (moved[next]) ++next;
    dims[i] = next++;
  }
  return permute(self, dims);
}

Tensor expand(const Tensor& self, const Dims& size) {
  const int skip = size.size() - self.ndim();
  RL_CHECK(skip >= 0, "expand(): the number of sizes provided ", size,
           " must be greater or equal to the number of dimensions in the tensor of shape ", self.shape());
  Dims shape = size;
  for (int i = 0; i < size.size(); ++i) {
    if (size[i] != -1) {
      RL_CHECK(size[i] >= 0, "expand(): negative size ", size[i], " in ", size);
      continue;
    }
    RL_CHECK(i >= skip, "expand(): The expanded size of the tensor (-1) isn't allowed in a leading, "
                        "non-existing dimension ", i);
    shape[i] = self.size(i - skip);
  }
  Dims strides(shape.size(), 0);
  if (self.ndim() == 0) return self.view_as(Layout(shape, strides, self.offset()));
  // From the last on: a new leading dim of one element strides over what is behind it.
  for (int i = shape.size() - 1; i >= 0; --i) {
    if (i < skip) {
      if (shape[i] == 1) strides[i] = shape[i + 1] * strides[i + 1];
      continue;
    }
    const int64_t have = self.size(i - skip);
    RL_CHECK(have == shape[i] || have == 1, "expand(): The expanded size of the tensor (", shape[i],
             ") must match the existing size (", have, ") at non-singleton dimension ", i,
             ".  Target sizes: ", size, ".  Tensor sizes: ", self.shape());
    strides[i] = have == 1 && shape[i] != 1 ? 0 : self.stride(i - skip);
  }
  return self.view_as(Layout(shape, strides, self.offset()));
}

Tensor narrow(const Tensor& self, int64_t dim, int64_t start, int64_t length) {
  RL_CHECK(self.ndim() > 0, "narrow() cannot be applied to a 0-dim tensor.");
  const int d = wrap_dim("narrow", dim, self.ndim());
  const int64_t size = self.size(d);
  RL_CHECK(length >= 0, "narrow(): length must be non-negative.");
  RL_CHECK_INDEX(start >= -size && start <= size, "narrow(): start out of range (expected to be in range of [",
                 -size, ", ", size, "], but got ", start, ")");
  if (start < 0) start += size;
  RL_CHECK(start <= size - length, "narrow(): start (", start, ") + length (", length,
           ") exceeds dimension size (", size, ").");
  return slice(self, d, start, start + length, 1);
}

Tensor select(const Tensor& self, int64_t dim, int64_t index) {
  RL_CHECK_INDEX(self.ndim() > 0, "select() cannot be applied to a 0-dim tensor.");
  const int d = wrap_dim("select", dim, self.ndim());
  const int64_t size = self.size(d);
  RL_CHECK_INDEX(index >= -size && index < size, "select(): index ", index, " out of range for tensor of size ",
                 self.shape(), " at dimension ", d);
  if (index < 0) index += size;
  Tensor out = self.unset_view(0, 0);
  select_layout(self.layout(), d, index, out.impl()->layout);
  return out;
}

Tensor slice(const Tensor& self, int64_t dim, int64_t start, int64_t end, int64_t step) {
  RL_CHECK(self.ndim() > 0, "slice() cannot be applied to a 0-dim tensor.");
  const int d = wrap_dim("slice", dim, self.ndim());
  RL_CHECK_VALUE(step > 0, "slice step must be positive, got ", step);
  Tensor out = self.unset_view(0, 0);
  slice_layout(self.layout(), d, start, end, step, out.impl()->layout);
  return out;
}

Tensor unfold(const Tensor& self, int64_t dim, int64_t size, int64_t step) {
  const int d = wrap_dim("unfold", dim, self.ndim());
  const int64_t max = self.ndim() == 0 ? 1 : self.size(d);
  RL_CHECK(size >= 0, "unfold(): size is ", size, " but must be >= 0");
  RL_CHECK(size <= max, "unfold(): maximum size for tensor at dimension ", d, " is ", max, " but size is ", size);
  RL_CHECK(step > 0, "unfold(): step is ", step, " but must be > 0");
  Dims shape = self.shape(), strides = self.strides();
  const int64_t stride = self.ndim() == 0 ? 1 : self.stride(d);
  if (self.ndim() > 0) {
    shape[d] = (max - size) / step + 1;
    int64_t moved;
    strides[d] = __builtin_mul_overflow(stride, step, &moved) ? stride : moved;
  }
  shape.push_back(size);
  strides.push_back(stride);
  return self.view_as(Layout(shape, strides, self.offset()));
}

Tensor diagonal(const Tensor& self, int64_t offset, int64_t dim1, int64_t dim2) {
  const int a = wrap_dim("diagonal", dim1, self.ndim()), b = wrap_dim("diagonal", dim2, self.ndim());
  RL_CHECK(a != b, "diagonal(): dimensions cannot be identical ", dim1, ", ", dim2);
  const int64_t rows = self.size(a), columns = self.size(b);
  int64_t length = 0, start = self.offset();
  if (offset >= 0) {
    if (offset < columns) length = rows < columns - offset ? rows : columns - offset;
    if (length > 0) start += offset * self.stride(b);
  } else if (offset > -rows) {
    length = rows + offset < columns ? rows + offset : columns;
    if (length > 0) start -= offset * self.stride(a);
  }
  Dims shape, strides;
  for (int d = 0; d < self.ndim(); ++d)
    if (d != a && d != b) {
      shape.push_back(self.size(d));
      strides.push_back(self.stride(d));
    }
  shape.push_back(length < 0 ? 0 : length);
  strides.push_back(checked_add(self.stride(a), self.stride(b)));
  return self.view_as(Layout(shape, strides, start));
}

std::vector<Tensor> split(const Tensor& self, int64_t size, int64_t dim) {
  RL_CHECK(self.ndim() > 0, "split(): expects at least a 1-dimensional tensor");
  const int d = wrap_dim("split", dim, self.ndim());
  const int64_t total = self.size(d);
  RL_CHECK(size >= 0, "split(): expects split_size be non-negative, but got split_size=", size);
  RL_CHECK(size > 0 || total == 0, "split(): split_size can only be 0 if dimension size is 0, but got dimension size of ", total);
  std::vector<Tensor> parts;
  if (size == 0 || total == 0) {
    parts.push_back(slice(self, d, 0, total, 1));
    return parts;
  }
  for (int64_t at = 0; at < total; at += size) parts.push_back(slice(self, d, at, at + size < total ? at + size : total, 1));
  return parts;
}

std::vector<Tensor> split(const Tensor& self, const Dims& sizes, int64_t dim) {
  RL_CHECK(self.ndim() > 0, "split(): expects at least a 1-dimensional tensor");
  const int d = wrap_dim("split", dim, self.ndim());
  int64_t total = 0;
  for (int64_t s : sizes) {
    RL_CHECK(s >= 0, "split_with_sizes(): expects split_sizes have only non-negative entries, but got ", sizes);
    total = checked_add(total, s);
  }
  RL_CHECK(total == self.size(d), "split_with_sizes(): expects split_sizes to sum exactly to ", self.size(d),
           " (input tensor's size at dimension ", d, "), but got split_sizes=", sizes);
  std::vector<Tensor> parts;
  int64_t at = 0;
  for (int64_t s : sizes) {
    parts.push_back(slice(self, d, at, at + s, 1));
    at += s;
  }
  return parts;
}

std::vector<Tensor> chunk(const Tensor& self, int64_t chunks, int64_t dim) {
  RL_CHECK(self.ndim() > 0, "chunk(): expects at least a 1-dimensional tensor");
  RL_CHECK(chunks > 0, "chunk(): expects `chunks` to be greater than 0, got: ", chunks);
  const int d = wrap_dim("chunk", dim, self.ndim());
  const int64_t total = self.size(d);
  const int64_t size = total / chunks + (total % chunks != 0);
  if (size == 0) {
    RL_CHECK(chunks <= (int64_t(1) << 24), "chunk(): too many empty chunks: ", chunks);
    return std::vector<Tensor>(size_t(chunks), slice(self, d, 0, 0, 1));
  }
  return split(self, size, d);
}

std::vector<Tensor> unbind(const Tensor& self, int64_t dim) {
  RL_CHECK_INDEX(self.ndim() > 0, "unbind(): Dimension specified as ", dim, " but tensor has no dimensions");
  const int d = wrap_dim("unbind", dim, self.ndim());
  std::vector<Tensor> parts;
  for (int64_t i = 0; i < self.size(d); ++i) parts.push_back(select(self, d, i));
  return parts;
}

Tensor view_dtype(const Tensor& self, DType dtype) {
  const int64_t from = int64_t(itemsize(self.dtype())), to = int64_t(itemsize(dtype));
  if (from == to) return Tensor(self.storage_ptr(), self.layout(), dtype);
  const int last = self.ndim() - 1;
  RL_CHECK(last >= 0, "view(): self.dim() cannot be 0 to view ", self.dtype(), " as ", dtype,
           " (different element sizes)");
  RL_CHECK(self.stride(last) == 1, "view(): self.stride(-1) must be 1 to view ", self.dtype(), " as ",
           dtype, " (different element sizes), but got ", self.stride(last));
  Dims shape = self.shape(), strides = self.strides();
  int64_t offset = self.offset();
  if (from > to) {
    const int64_t ratio = from / to;
    for (int d = 0; d < last; ++d) strides[d] = checked_mul(strides[d], ratio);
    shape[last] = checked_mul(shape[last], ratio);
    offset = checked_mul(offset, ratio);
  } else {
    const int64_t ratio = to / from;
    RL_CHECK(shape[last] % ratio == 0, "view(): self.size(-1) must be divisible by ", ratio, " to view ",
             self.dtype(), " as ", dtype, " (different element sizes), but got ", shape[last]);
    RL_CHECK(offset % ratio == 0, "view(): self.storage_offset() must be divisible by ", ratio,
             " to view ", self.dtype(), " as ", dtype, " (different element sizes), but got ", offset);
    for (int d = 0; d < last; ++d) {
      RL_CHECK(strides[d] % ratio == 0, "view(): self.stride(", d, ") must be divisible by ", ratio,
               " to view ", self.dtype(), " as ", dtype, " (different element sizes), but got ", strides[d]);
      strides[d] /= ratio;
    }
    shape[last] /= ratio;
    offset /= ratio;
  }
  return Tensor(self.storage_ptr(), Layout(shape, strides, offset), dtype);
}

Tensor view_as_real(const Tensor& self) {
  RL_CHECK(is_complex(self.dtype()), "view_as_real(): is only supported for complex tensors, got ", self.dtype());
  Dims shape = self.shape(), strides = self.strides();
  for (int d = 0; d < strides.size(); ++d) strides[d] = checked_mul(strides[d], 2);
  shape.push_back(2);
  strides.push_back(1);
  return Tensor(self.storage_ptr(), Layout(shape, strides, checked_mul(self.offset(), 2)), real_of(self.dtype()));
}

Tensor view_as_complex(const Tensor& self) {
  RL_CHECK(self.dtype() == DType::F32 || self.dtype() == DType::F64,
           "view_as_complex(): is only supported for float and double tensors, but got a tensor of scalar type: ", self.dtype());
  const int n = self.ndim();
  RL_CHECK(n > 0 && self.size(n - 1) == 2, "view_as_complex(): Tensor must have a last dimension of size 2, got shape ", self.shape());
  RL_CHECK(self.stride(n - 1) == 1, "view_as_complex(): Tensor must have a last dimension with stride 1");
  RL_CHECK(self.offset() % 2 == 0, "view_as_complex(): Tensor must have a storage_offset divisible by 2");
  Dims shape(n - 1), strides(n - 1);
  for (int d = 0; d < n - 1; ++d) {
    RL_CHECK(self.stride(d) % 2 == 0, "view_as_complex(): Tensor must have a stride divisible by 2 for all but last dimension");
    shape[d] = self.size(d);
    strides[d] = self.stride(d) / 2;
  }
  return Tensor(self.storage_ptr(), Layout(shape, strides, self.offset() / 2), complex_of(self.dtype()));
}

}  // namespace rushlight
