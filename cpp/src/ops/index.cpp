#include "rushlight/ops/index.h"

#include <algorithm>

#include "index_support.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

// out[...] = base[... + index[...] * step]; all three have out's shape. False at a bad entry.
bool run_gather(const char* op, const Tensor& out, const Tensor& base, const Tensor& index,
                int64_t size, int64_t step, bool wrap) {
  GatherPlan plan;
  const Tensor* operands[] = {&out, &base, &index};
  make_plan(plan.nd, out.shape(), operands, 3);
  plan.size = size;
  plan.step = step;
  plan.wrap = wrap;
  return kernel_or_raise(kernel_slots(out.device().type).gather, op, out.device(), out.dtype())(
      plan, int(out.itemsize()));
}

// Note [Advanced indexing]
// Masks are first turned into the coordinates of their true elements. `self` is then seen with dims
// (before, indexed, after): the dims without an index before and after the indexed ones, all of
// them after when the indexed dims are not adjacent. Results have shape (before, broadcast, after).
struct Indexed {
  Tensor self;
  int before = 0;               // dims in front of the indexed ones
  std::vector<Tensor> indices;  // int64, for dims before, before + 1, ...
  std::vector<int> dims;        // the same dims in the tensor as given, for messages
  Dims broadcast;               // shape of the indices together
};

bool is_mask(const Tensor& t) { return t.dtype() == DType::Bool || t.dtype() == DType::U8; }

// Merges dims [first, first + count) of t into one; false when strides do not allow it.
bool merge_dims(Tensor& t, int first, int count) {
  for (int d = first; d + 1 < first + count; ++d)
    if (t.size(d) != 1 && t.stride(d) != t.stride(d + 1) * t.size(d + 1)) return false;
  Dims shape, strides;
  int64_t merged = 1;
  for (int d = 0; d < t.ndim(); ++d) {
    if (d >= first && d < first + count) {
      merged *= t.size(d);
      if (d + 1 < first + count) continue;
      shape.push_back(merged);
    } else {
      shape.push_back(t.size(d));
    }
    strides.push_back(t.stride(d));
  }
  t = t.view_as(Layout(shape, strides, t.offset()));
  return true;
}

Indexed plan_indices(const char* op, const Tensor& input, const IndexList& list) {
  Indexed result;
  result.self = input;
  int given = 0;
  for (const auto& entry : list) given += entry && is_mask(*entry) ? entry->ndim() : 1;
  RL_CHECK_INDEX(given <= input.ndim(), op, "(): too many indices for tensor of dimension ",
                 input.ndim());

  int at = 0, shown = 0;  // dims of result.self, of input
  std::vector<int> positions;
  for (const auto& entry : list) {
    if (!entry) {
      ++at;
      ++shown;
      continue;
    }
    const Tensor& t = *entry;
    check_same_device(op, input, t);
    if (!is_mask(t)) {
      RL_CHECK_INDEX(t.dtype() == DType::I64 || t.dtype() == DType::I32, op,
                     "(): tensors used as indices must be long, int, byte or bool tensors, got ",
                     t.dtype());
      result.indices.push_back(to_dtype(t, DType::I64));
      result.dims.push_back(shown++);
      positions.push_back(at++);
      continue;
    }
    for (int d = 0; d < t.ndim(); ++d)
      RL_CHECK_INDEX(t.size(d) == input.size(shown + d), op, "(): The shape of the mask ",
                     t.shape(), " at index ", d, " does not match the shape of the indexed tensor ",
                     input.shape(), " at index ", shown + d);
    const int span = t.ndim();
    if (span == 0) {
      // A 0-d mask adds a dim of size 1 or 0.
      result.self = unsqueeze(result.self, at);
      result.indices.push_back(nonzero_tuple(t)[0]);
      result.dims.push_back(shown);
      positions.push_back(at++);
      continue;
    }
    if (span > 1 && merge_dims(result.self, at, span)) {
      result.indices.push_back(nonzero_tuple(flatten(t))[0]);
      result.dims.push_back(shown);
      positions.push_back(at++);
    } else {
      const std::vector<Tensor> columns = nonzero_tuple(t);
      for (int d = 0; d < span; ++d) {
        result.indices.push_back(columns[size_t(d)]);
        result.dims.push_back(shown + d);
        positions.push_back(at++);
      }
    }
    shown += span;
  }
  RL_CHECK_INDEX(!positions.empty(), op, "(): expected at least one index tensor");

  for (size_t i = 0; i < result.indices.size(); ++i) {
    const Dims& shape = result.indices[i].shape();
    if (i == 0) {
      result.broadcast = shape;
      continue;
    }
    const Dims& a = result.broadcast;
    bool fits = true;
    for (int k = 1; k <= a.size() && k <= shape.size(); ++k) {
      const int64_t x = a[a.size() - k], y = shape[shape.size() - k];
      fits &= x == y || x == 1 || y == 1;
    }
    if (!fits) {
      std::ostringstream shapes;
      for (const Tensor& t : result.indices)
        shapes << (&t == &result.indices[0] ? "" : ", ") << t.shape();
      raise<IndexError>(op,
                        "(): shape mismatch: indexing tensors could not be broadcast together "
                        "with shapes ",
                        shapes.str());
    }
    result.broadcast = broadcast_shapes(op, a, shape);
  }

  bool adjacent = true;
  for (size_t i = 1; i < positions.size(); ++i) adjacent &= positions[i] == positions[i - 1] + 1;
  if (adjacent) {
    result.before = positions[0];
  } else {
    Dims order;
    for (int p : positions) order.push_back(p);
    size_t next = 0;
    for (int d = 0; d < result.self.ndim(); ++d) {
      if (next < positions.size() && positions[next] == d)
        ++next;
      else
        order.push_back(d);
    }
    result.self = permute(result.self, order);
  }
  return result;
}

Dims indexed_shape(const Indexed& x) {
  Dims shape;
  for (int d = 0; d < x.before; ++d) shape.push_back(x.self.size(d));
  for (int64_t s : x.broadcast) shape.push_back(s);
  for (int d = x.before + int(x.indices.size()); d < x.self.ndim(); ++d)
    shape.push_back(x.self.size(d));
  return shape;
}

// t's dims (before, after) with `inner` dims of the given strides between them.
Tensor spread(const Tensor& t, const Indexed& x, const Dims& shape, const Dims& inner) {
  Dims strides;
  for (int d = 0; d < x.before; ++d) strides.push_back(t.stride(d));
  for (int64_t s : inner) strides.push_back(s);
  for (int d = x.before + int(x.indices.size()); d < t.ndim(); ++d) strides.push_back(t.stride(d));
  return t.view_as(Layout(shape, strides, t.offset()));
}

// An index of shape `broadcast` seen with the result's shape.
Tensor across(const Tensor& index, const Indexed& x, const Dims& shape) {
  Dims strides(shape.size(), 0);
  for (int d = 0; d < index.ndim(); ++d) strides[x.before + d] = index.stride(d);
  return index.view_as(Layout(shape, strides, index.offset()));
}

[[gnu::cold]] void raise_bad_index(const char* op, const Indexed& x) {
  for (size_t k = 0; k < x.indices.size(); ++k) {
    const int64_t size = x.self.size(x.before + int(k));
    const Tensor dense = contiguous(to_device(x.indices[k], Device{}));
    const int64_t* entries = dense.data<int64_t>();
    for (int64_t i = 0; i < dense.numel(); ++i)
      RL_CHECK_INDEX(entries[i] < size && entries[i] >= -size, op, "(): index ", entries[i],
                     " is out of bounds for dimension ", x.dims[k], " with size ", size);
  }
  raise<IndexError>(op, "(): an index changed while it was read");
}

// Byte offsets of all entries, row-major in the shape of x.broadcast; of a single index the
// positions from the start. Raises IndexError.
Tensor index_offsets(const char* op, const Indexed& x) {
  if (x.indices.size() == 1) {
    const Tensor& index = x.indices[0];
    if (entries_in_range(op, index, x.self.size(x.before))) return contiguous(index);
  }
  Tensor offsets = empty(x.broadcast, DType::I64, x.self.device());
  bool good = true;
  for (size_t k = 0; k < x.indices.size(); ++k) {
    const int dim = x.before + int(k);
    const Tensor index = expand_to(op, x.indices[k], x.broadcast);
    OffsetsPlan plan;
    const Tensor* operands[] = {&offsets, &index};
    make_plan(plan.nd, x.broadcast, operands, 2);
    plan.size = x.self.size(dim);
    plan.step = x.indices.size() == 1 ? 1 : step_bytes(x.self, dim);
    plan.wrap = true;
    plan.accumulate = k > 0;
    good &= kernel_or_raise(kernel_slots(x.self.device().type).index_offsets, op, x.self.device(),
                            DType::I64)(plan);
  }
  if (!good) raise_bad_index(op, x);
  return offsets;
}

// Where no element is moved, entries are not looked at; but an empty dim has no positions.
void check_not_empty(const char* op, const Indexed& x) {
  if (Layout(x.broadcast).numel() == 0) return;
  for (size_t k = 0; k < x.indices.size(); ++k)
    RL_CHECK_INDEX(x.self.size(x.before + int(k)) > 0, op,
                   "(): index is out of bounds for dimension ", x.dims[k], " with size 0");
}

// The mask when it is the only index and starts at the first dim.
const Tensor* leading_mask(const IndexList& indices) {
  const Tensor* mask = nullptr;
  for (size_t k = 0; k < indices.size(); ++k) {
    if (!indices[k]) continue;
    if (k > 0 || indices[k]->dtype() != DType::Bool || indices[k]->ndim() == 0) return nullptr;
    mask = &*indices[k];
  }
  return mask;
}

}  // namespace

Tensor gather(const Tensor& input, int64_t dim, const Tensor& index) {
  const int d = wrap_dim("gather", dim, input.ndim());
  check_same_device("gather", input, index);
  const Tensor entries = at_least_1d(index_as_int64("gather", index));
  Tensor out = empty(index.shape(), input.dtype(), input.device());
  if (out.numel() == 0) return out;
  const Tensor self = at_least_1d(input);
  RL_CHECK(entries.ndim() == self.ndim(),
           "gather(): Index tensor must have the same number of dimensions as input tensor, got ",
           index.shape(), " and ", input.shape());
  for (int i = 0; i < self.ndim(); ++i)
    RL_CHECK(i == d || entries.size(i) <= self.size(i),
             "gather(): Size does not match at dimension ", i, " expected index ", index.shape(),
             " to be no larger than self ", input.shape(), " apart from dimension ", d);
  if (!run_gather("gather", at_least_1d(out), standing_still(self, entries.shape(), d), entries,
                  self.size(d), step_bytes(self, d), false))
    raise_out_of_range<Error>("gather", entries, d, self.size(d), false);
  return out;
}

Tensor index_select(const Tensor& input, int64_t dim, const Tensor& index) {
  const int d = wrap_dim("index_select", dim, input.ndim());
  check_same_device("index_select", input, index);
  RL_CHECK_INDEX(index.ndim() <= 1, "index_select(): Index is supposed to be a vector, got shape ",
                 index.shape());
  RL_CHECK(index.dtype() == DType::I64 || index.dtype() == DType::I32,
           "index_select(): Expected dtype int32 or int64 for index, but got ", index.dtype());
  RL_CHECK(input.ndim() > 0 || index.numel() == 1,
           "index_select(): Index to scalar can have only 1 value, got ", index.numel(),
           " value(s)");
  const Tensor self = at_least_1d(input);
  const Tensor entries = at_least_1d(to_dtype(index, DType::I64));
  Dims shape = self.shape();
  shape[d] = entries.numel();
  Tensor out = empty(input.ndim() == 0 ? Dims() : shape, input.dtype(), input.device());
  bool good = true;
  if (out.numel() == 0) {
    good = entries_in_range("index_select", entries, self.size(d));
  } else {
    Dims strides(shape.size(), 0);
    strides[d] = entries.stride(0);
    const Tensor spread_entries = entries.view_as(Layout(shape, strides, entries.offset()));
    good = run_gather("index_select", at_least_1d(out), standing_still(self, shape, d),
                      spread_entries, self.size(d), step_bytes(self, d), false);
  }
  if (!good) raise_out_of_range<IndexError>("index_select", entries, d, self.size(d), false);
  return out;
}

std::vector<Tensor> index_select_each(const std::vector<Tensor>& tensors, const Tensor& index) {
  std::vector<Tensor> rows;
  rows.reserve(tensors.size());
  for (const Tensor& tensor : tensors) rows.push_back(index_select(tensor, 0, index));
  return rows;
}

Tensor take(const Tensor& input, const Tensor& index) {
  check_same_device("take", input, index);
  RL_CHECK(index.dtype() == DType::I64, "take(): Expected a long tensor for index, but got ",
           index.dtype());
  RL_CHECK_INDEX(input.numel() > 0 || index.numel() == 0,
                 "take(): tried to take from an empty tensor of shape ", input.shape());
  Tensor out = empty(index.shape(), input.dtype(), input.device());
  if (out.numel() == 0) return out;
  const Tensor self = reshape(input, Dims({-1}));
  const Tensor base = self.view_as(Layout(index.shape(), Dims(index.ndim(), 0), self.offset()));
  if (!run_gather("take", out, base, index, self.numel(), step_bytes(self, 0), true))
    raise_out_of_range<IndexError>("take", index, 0, self.numel(), true);
  return out;
}

Tensor take_along_dim(const Tensor& input, const Tensor& indices, std::optional<int64_t> dim) {
  check_same_device("take_along_dim", input, indices);
  RL_CHECK(indices.dtype() == DType::I64,
           "take_along_dim(): dtype of indices should be int64 but got ", indices.dtype());
  const bool whole = !dim.has_value();
  const Tensor self = whole ? reshape(input, Dims({-1})) : input;
  const Tensor entries = whole ? reshape(indices, Dims({-1})) : indices;
  RL_CHECK(
      self.ndim() == entries.ndim(),
      "take_along_dim(): input and indices should have the same number of dimensions, but got ",
      self.ndim(), " dimensions for input, and ", entries.ndim(), " dimensions for indices");
  const int d = wrap_dim("take_along_dim", dim.value_or(0), self.ndim());
  if (self.ndim() == 0)
    return reshape(take_along_dim(reshape(self, {1}), reshape(entries, {1}), 0), Dims());
  Dims self_shape = self.shape(), index_shape = entries.shape();
  self_shape[d] = index_shape[d] = 1;
  Dims shape = broadcast_shapes("take_along_dim", self_shape, index_shape);
  shape[d] = self.size(d);
  const Tensor wide = expand_to("take_along_dim", self, shape);
  shape[d] = entries.size(d);
  const Tensor wide_entries = expand_to("take_along_dim", entries, shape);
  Tensor out = empty(shape, self.dtype(), self.device());
  if (out.numel() == 0) return out;
  if (!run_gather("take_along_dim", out, standing_still(wide, shape, d), wide_entries, self.size(d),
                  step_bytes(wide, d), true))
    raise_out_of_range<IndexError>("take_along_dim", entries, d, self.size(d), true);
  return out;
}

Tensor index(const Tensor& input, const Tensor& index) {
  if (index.dtype() == DType::I64 && input.ndim() > 0 && input.device() == index.device() &&
      index.numel() > 0 && input.size(0) > 0) {
    Dims shape = index.shape(), strides(index.ndim() + input.ndim() - 1, 0),
         entries = index.strides();
    for (int d = 1; d < input.ndim(); ++d) {
      strides[index.ndim() + d - 1] = input.stride(d);
      shape.push_back(input.size(d));
      entries.push_back(0);
    }
    Tensor out = empty(shape, input.dtype(), input.device());
    if (out.numel() == 0) return out;
    if (run_gather("index", out, input.view_as(Layout(shape, strides, input.offset())),
                   index.view_as(Layout(shape, entries, index.offset())), input.size(0),
                   step_bytes(input, 0), true))
      return out;
  }
  return rushlight::index(input, IndexList{index});
}

Tensor index(const Tensor& input, const IndexList& indices) {
  const Tensor* mask = leading_mask(indices);
  if (mask && mask->shape() == input.shape()) return masked_select(input, *mask);
  const Indexed x = plan_indices("index", input, indices);
  const Dims shape = indexed_shape(x);
  Tensor out = empty(shape, input.dtype(), input.device());
  check_not_empty("index", x);
  if (out.numel() == 0) return out;
  const Dims still(x.broadcast.size(), 0);
  const Tensor base = spread(x.self, x, shape, still);
  if (x.indices.size() == 1) {
    if (!run_gather("index", out, base, across(x.indices[0], x, shape), x.self.size(x.before),
                    step_bytes(x.self, x.before), true))
      raise_bad_index("index", x);
    return out;
  }
  run_gather("index", out, base, across(index_offsets("index", x), x, shape), -1, 1, false);
  return out;
}

void index_put_(const Tensor& self, const IndexList& indices, const Tensor& values,
                bool accumulate) {
  RL_CHECK(self.dtype() == values.dtype(),
           "index_put_(): Index put requires the source and destination dtypes match, got ",
           self.dtype(), " for the destination and ", values.dtype(), " for the source.");
  check_no_internal_overlap("index_put_", self);
  if (accumulate && is_reduced_float(self.dtype())) {
    const Tensor wide = to_dtype(self, DType::F32);
    index_put_(wide, indices, to_dtype(values, DType::F32), true);
    return copy_(self, wide);
  }
  const Tensor* mask = leading_mask(indices);
  if (mask && !accumulate && values.numel() == 1 && values.ndim() == 0 &&
      mask->ndim() <= self.ndim()) {
    bool same = true;
    for (int d = 0; d < mask->ndim(); ++d) same &= mask->size(d) == self.size(d);
    if (same) {
      Dims shape = mask->shape(), strides = mask->strides();
      for (int d = mask->ndim(); d < self.ndim(); ++d) {
        shape.push_back(1);
        strides.push_back(0);
      }
      return masked_fill_(self, mask->view_as(Layout(shape, strides, mask->offset())), values);
    }
  }
  IndexList safe = indices;
  for (auto& entry : safe)
    if (entry) entry = apart_from(self, *entry);
  const Indexed x = plan_indices("index_put_", self, safe);
  const Dims shape = indexed_shape(x);
  check_same_device("index_put_", self, values);
  bool fits = values.ndim() <= shape.size();
  for (int d = 0; fits && d < values.ndim(); ++d) {
    const int64_t want = shape[shape.size() - values.ndim() + d];
    fits = values.size(d) == want || values.size(d) == 1;
  }
  RL_CHECK(fits, "index_put_(): shape mismatch: value tensor of shape ", values.shape(),
           " cannot be broadcast to indexing result of shape ", shape);
  check_not_empty("index_put_", x);
  Tensor source = expand_to("index_put_", apart_from(self, values), shape);
  if (source.numel() == 0) return;
  const Tensor offsets = index_offsets("index_put_", x);

  // (before, n, after): the index's dims become one.
  const int inner = x.broadcast.size();
  if (inner == 0)
    source = unsqueeze(source, x.before);
  else if (!merge_dims(source, x.before, inner)) {
    source = contiguous(source);
    merge_dims(source, x.before, inner);
  }
  const Tensor target = spread(x.self, x, source.shape(), Dims({0}));
  Dims none(source.ndim(), 0);
  none[x.before] = 1;
  const Tensor entries = offsets.view_as(Layout(source.shape(), none, offsets.offset()));
  const bool single = x.indices.size() == 1;
  int64_t spacing = step_bytes(x.self, x.before);
  for (size_t k = 1; k < x.indices.size(); ++k)
    spacing = std::min(spacing, step_bytes(x.self, x.before + int(k)));
  scatter_entries("index_put_", accumulate ? ScatterOp::Add : ScatterOp::Assign, target, x.before,
                  entries, source, single ? spacing : 1, spacing,
                  single ? x.self.size(x.before) : 0);
}

Tensor index_put(const Tensor& self, const IndexList& indices, const Tensor& values,
                 bool accumulate) {
  Tensor out = clone(self);
  index_put_(out, indices, values, accumulate);
  return out;
}

}  // namespace rushlight
