#include "rushlight/ops/scatter.h"

#include <limits>

#include "index_support.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/index.h"
#include "rushlight/ops/view.h"

namespace rushlight {

void scatter_entries(const char* op, ScatterOp how, const Tensor& self, int dim,
                     const Tensor& index, const Tensor& values, int64_t step, int64_t spacing,
                     int64_t targets) {
  const Dims& shape = values.shape();
  const Tensor a = first_of(self, shape, dim), b = first_of(values, shape, dim),
               c = first_of(index, shape, dim);
  ScatterPlan plan;
  const Tensor* operands[] = {&a, &b, &c};
  make_plan(plan.rows, a.shape(), operands, 3);
  plan.n = shape[dim];
  plan.values_stride = step_bytes(values, dim);
  plan.index_stride = step_bytes(index, dim);
  plan.step = step;
  plan.spacing = spacing;
  plan.targets = targets;
  kernel_or_raise(kernel_slots(self.device().type).scatter, op, self.device(), self.dtype())(
      plan, how, self.dtype());
}

namespace {

bool same_categories(DType d) { return d != DType::U16 && d != DType::U32 && d != DType::U64; }

void check_reducible(const char* op, ScatterOp how, DType d) {
  if (how == ScatterOp::Assign) return;
  const bool ordered = how == ScatterOp::Maximum || how == ScatterOp::Minimum;
  RL_CHECK_IMPLEMENTED(same_categories(d) && !(ordered && is_complex(d)), "\"", op,
                       "\" not implemented for '", d, "'");
}

// Sums of 16 bit floats are made in float32 and rounded once. What takes several steps is made
// aside, so that self is as it was when one of them fails.
template <class Run>
void in_wide_dtype(const Tensor& self, bool reduces, const Tensor& src, const Run& run,
                   bool steps = false) {
  if (!reduces || !is_reduced_float(self.dtype())) {
    if (!steps) return run(self, src);
    const Tensor aside = clone(self);
    run(aside, src);
    return copy_(self, aside);
  }
  const Tensor wide = to_dtype(self, DType::F32);
  run(wide, to_dtype(src, DType::F32));
  copy_(self, wide);
}

void check_target(const char* op, const Tensor& self, int d, const Tensor& entries) {
  check_no_internal_overlap(op, self);
  if (!entries_in_range(op, entries, self.size(d)))
    raise_out_of_range<Error>(op, entries, d, self.size(d), false);
}

// The op proper. src is at least as large as index; everything but the entries' range is checked.
void scatter_all(const char* op, ScatterOp how, const Tensor& self_given, int d,
                 const Tensor& index, const Tensor& src_given) {
  check_reducible(op, how, self_given.dtype());
  const Tensor entries = at_least_1d(apart_from(self_given, index));
  check_target(op, at_least_1d(self_given), d, entries);
  in_wide_dtype(
      self_given, how != ScatterOp::Assign, src_given, [&](const Tensor& given, const Tensor& src) {
        const Tensor self = at_least_1d(given), safe = at_least_1d(apart_from(given, src));
        const Tensor values = safe.view_as(Layout(entries.shape(), safe.strides(), safe.offset()));
        const int64_t step = step_bytes(self, d);
        scatter_entries(op, how, standing_still(self, entries.shape(), d), d, entries, values, step,
                        step, self.size(d));
      });
}

// Checks shapes and dtypes; the entries as int64, undefined when there is nothing to do.
Tensor check_scatter(const char* op, const Tensor& self, int d, const Tensor& index,
                     const Tensor* src) {
  check_same_device(op, self, index);
  const Tensor entries = index_as_int64(op, index);
  if (src) {
    RL_CHECK(self.dtype() == src->dtype(), op,
             "(): Expected self.dtype to be equal to src.dtype, got ", self.dtype(), " and ",
             src->dtype());
    check_same_device(op, self, *src);
  }
  check_no_internal_overlap(op, self);
  if (index.numel() == 0) return Tensor();
  const int n = self.ndim() > 0 ? self.ndim() : 1;
  const Tensor i = at_least_1d(index), s = at_least_1d(self), v = src ? at_least_1d(*src) : i;
  RL_CHECK(i.ndim() == n, op,
           "(): Index tensor must have the same number of dimensions as self tensor, "
           "got ",
           index.shape(), " and ", self.shape());
  RL_CHECK(v.ndim() == n, op,
           "(): Index tensor must have the same number of dimensions as src tensor, "
           "got ",
           index.shape(), " and ", src ? src->shape() : index.shape());
  for (int k = 0; k < n; ++k) {
    const bool in_self = k == d || i.size(k) <= s.size(k);
    if (src)
      RL_CHECK(in_self && i.size(k) <= v.size(k), op, "(): Expected index ", index.shape(),
               " to be no larger than self ", self.shape(), " apart from dimension ", d,
               " and to be no larger size than src ", src->shape());
    else
      RL_CHECK(in_self, op, "(): Expected index ", index.shape(), " to be no larger than self ",
               self.shape(), " apart from dimension ", d);
  }
  return entries;
}

ScatterOp parse_reduce(const std::optional<std::string>& reduce) {
  if (!reduce) return ScatterOp::Assign;
  RL_CHECK(*reduce == "add" || *reduce == "multiply",
           "scatter_(): reduce argument must be either add or multiply, got ", *reduce);
  return *reduce == "add" ? ScatterOp::Add : ScatterOp::Multiply;
}

// One number in the shape of an index.
Tensor spread_number(const Tensor& self, const Scalar& value, const Dims& shape) {
  const Tensor number = scalar_tensor(value, self.dtype(), self.device());
  return expand_to("scatter_", number, shape);
}

}  // namespace

void scatter_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
              const std::optional<std::string>& reduce) {
  const int d = wrap_dim("scatter_", dim, self.ndim());
  const ScatterOp how = parse_reduce(reduce);
  const Tensor entries = check_scatter("scatter_", self, d, index, &src);
  if (entries.defined()) scatter_all("scatter_", how, self, d, entries, src);
}

void scatter_(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value,
              const std::optional<std::string>& reduce) {
  const int d = wrap_dim("scatter_", dim, self.ndim());
  const ScatterOp how = parse_reduce(reduce);
  RL_CHECK(value.kind() != Scalar::Kind::Complex || is_complex(self.dtype()),
           "scatter_(): value cannot be converted to type ", self.dtype(), " without overflow");
  const Tensor entries = check_scatter("scatter_", self, d, index, nullptr);
  if (entries.defined())
    scatter_all("scatter_", how, self, d, entries, spread_number(self, value, entries.shape()));
}

void scatter_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  const int d = wrap_dim("scatter_add_", dim, self.ndim());
  const Tensor entries = check_scatter("scatter_add_", self, d, index, &src);
  if (entries.defined()) scatter_all("scatter_add_", ScatterOp::Add, self, d, entries, src);
}

void scatter_reduce_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                     const std::string& reduce, bool include_self) {
  const char* op = "scatter_reduce_";
  const int d = wrap_dim(op, dim, self.ndim());
  const bool mean = reduce == "mean";
  ScatterOp how = ScatterOp::Add;
  if (reduce == "prod")
    how = ScatterOp::Multiply;
  else if (reduce == "amax" || reduce == "max")
    how = ScatterOp::Maximum;
  else if (reduce == "amin" || reduce == "min")
    how = ScatterOp::Minimum;
  else
    RL_CHECK(mean || reduce == "sum", op,
             "(): reduce argument must be either sum, prod, mean, amax or amin, got ", reduce);
  RL_CHECK_IMPLEMENTED(!mean || self.dtype() != DType::Bool, op,
                       "(): mean is not implemented for bool");
  const Tensor entries = check_scatter(op, self, d, index, &src);
  if (!entries.defined()) return;
  check_reducible(op, how, self.dtype());
  check_target(op, at_least_1d(self), d, at_least_1d(entries));
  const Tensor safe_entries = apart_from(self, entries);
  in_wide_dtype(
      self, true, apart_from(self, src),
      [&](const Tensor& to, const Tensor& from) {
        if (!include_self) {
          const bool inexact = is_inexact(to.dtype());
          const bool boolean = to.dtype() == DType::Bool;
          Scalar start(0);
          if (how == ScatterOp::Multiply) start = Scalar(1);
          if (how == ScatterOp::Maximum || how == ScatterOp::Minimum) {
            const bool low = how == ScatterOp::Maximum;
            if (inexact) {
              const double inf = std::numeric_limits<double>::infinity();
              start = Scalar(low ? -inf : inf);
            } else if (boolean || !is_signed(to.dtype())) {
              start = Scalar(low ? int64_t(0) : boolean ? int64_t(1) : int64_t(255));
            } else {
              const int bits = 8 * int(to.itemsize()) - 1;
              const int64_t highest = int64_t((uint64_t(1) << bits) - 1);
              start = Scalar(low ? -highest - 1 : highest);
            }
          }
          scatter_all(op, ScatterOp::Assign, to, d, safe_entries,
                      spread_number(to, start, entries.shape()));
        }
        scatter_all(op, how, to, d, safe_entries, from);
        if (!mean) return;
        const DType counted = is_inexact(to.dtype()) ? to.dtype() : DType::I64;
        const Tensor count = full(to.shape(), Scalar(include_self ? 1 : 0), counted, to.device());
        scatter_all(op, ScatterOp::Add, count, d, safe_entries,
                    spread_number(count, Scalar(1), entries.shape()));
        // Elements that nothing lands on are divided by 1.
        masked_fill_(count, eq(count, Scalar(0)), Scalar(1));
        if (is_inexact(to.dtype()))
          binary_out(BinaryOp::div, to, count, to);
        else
          copy_(to, binary(BinaryOp::floor_divide, to, count));
      },
      mean || !include_self);
}

namespace {

Tensor check_vector_index(const char* op, const Tensor& self, const Tensor& index) {
  check_same_device(op, self, index);
  RL_CHECK_INDEX(index.ndim() <= 1, op, "(): Index is supposed to be a vector, but got shape ",
                 index.shape());
  return at_least_1d(index_as_int64(op, index));
}

// The entries of a vector in the shape of `values`, standing in dim.
Tensor along(const Tensor& entries, const Dims& shape, int dim) {
  Dims strides(shape.size(), 0);
  strides[dim] = entries.stride(0);
  return entries.view_as(Layout(shape, strides, entries.offset()));
}

// Sizes outside dim agree, and source has one slice per entry.
void check_slices(const char* op, const Tensor& self, int d, const Tensor& entries,
                  const Tensor& source) {
  RL_CHECK(self.dtype() == source.dtype(), op, "(): self (", self.dtype(), ") and source (",
           source.dtype(), ") must have the same dtype");
  check_same_device(op, self, source);
  const Tensor s = at_least_1d(self), v = at_least_1d(source);
  bool same = s.ndim() == v.ndim();
  for (int k = 0; same && k < s.ndim(); ++k) same = k == d || s.size(k) == v.size(k);
  RL_CHECK(same, op,
           "(): source tensor shape must match self tensor shape, excluding the specified "
           "dimension ",
           d, ". Got self.shape = ", self.shape(), " source.shape = ", source.shape());
  RL_CHECK_INDEX(v.size(d) == entries.numel(), op, "(): Number of indices (", entries.numel(),
                 ") should be equal to source.size(dim): (", v.size(d), "), for dim: ", d);
}

}  // namespace

void index_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source,
                const Scalar& alpha) {
  const char* op = "index_add_";
  const int d = wrap_dim(op, dim, self.ndim());
  const Tensor entries = check_vector_index(op, self, index);
  const Tensor v = at_least_1d(source);
  RL_CHECK(v.ndim() == at_least_1d(self).ndim(), op, "(): source tensor shape ", source.shape(),
           " must match self tensor shape ", self.shape(), ", excluding the specified dimension ",
           d);
  RL_CHECK(v.size(d) == entries.numel(), op, "(): Number of indices (", entries.numel(),
           ") should be equal to source.size(dim): (", v.size(d), "), for dim: ", d);
  check_slices(op, self, d, entries, source);
  RL_CHECK(alpha.kind() != Scalar::Kind::Complex || is_complex(self.dtype()), op,
           "(): a complex alpha needs a complex tensor, got ", self.dtype());
  const bool unit = alpha.kind() != Scalar::Kind::Complex && alpha.to_double() == 1;
  Tensor values = v;
  if (!unit) {
    const Tensor factor = scalar_tensor(alpha, self.dtype(), self.device());
    values = mul(v, factor);
  }
  check_no_internal_overlap(op, self);
  if (values.numel() == 0) {
    if (!entries_in_range(op, entries, at_least_1d(self).size(d)))
      raise_out_of_range<Error>(op, entries, d, at_least_1d(self).size(d), false);
    return;
  }
  scatter_all(op, ScatterOp::Add, self, d, along(entries, values.shape(), d), values);
}

void index_copy_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source) {
  const char* op = "index_copy_";
  const int d = wrap_dim(op, dim, self.ndim());
  RL_CHECK(index.dtype() == DType::I64, op, "(): Expected a long tensor for index, but got ",
           index.dtype());
  const Tensor entries = check_vector_index(op, self, index);
  RL_CHECK_INDEX(
      self.ndim() == source.ndim() || self.ndim() == 0 || source.ndim() == 0, op,
      "(): When source and destination are not scalars, their dimensionality must match. "
      "Source dimensionality (",
      source.ndim(), "), destination dimensionality (", self.ndim(), ")");
  check_slices(op, self, d, entries, source);
  check_no_internal_overlap(op, self);
  const Tensor s = at_least_1d(self), v = at_least_1d(source);
  if (!entries_in_range(op, entries, s.size(d)))
    raise_out_of_range<IndexError>(op, entries, d, s.size(d), false);
  if (v.numel() > 0) scatter_all(op, ScatterOp::Assign, self, d, along(entries, v.shape(), d), v);
}

void index_fill_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& value) {
  const char* op = "index_fill_";
  RL_CHECK(value.ndim() == 0, op,
           "(): only supports a 0-dimensional value tensor, but got tensor with ", value.ndim(),
           " dimension(s).");
  const int d = wrap_dim(op, dim, self.ndim());
  RL_CHECK_INDEX(index.dtype() == DType::I64, op, "(): Expected dtype int64 for index, but got ",
                 index.dtype());
  RL_CHECK(index.ndim() <= 1, op, "(): Index has to be a vector/scalar, got shape ", index.shape());
  RL_CHECK(!is_complex(value.dtype()) || is_complex(self.dtype()), op,
           "(): Converting complex Scalar to non-complex type is not supported");
  check_no_internal_overlap(op, self);
  const Tensor entries = check_vector_index(op, self, index);
  const Tensor s = at_least_1d(self);
  const int64_t size = s.size(d);
  // Wrapped around and checked in one pass.
  const Tensor positions = empty(entries.shape(), DType::I64, self.device());
  OffsetsPlan plan;
  const Tensor* operands[] = {&positions, &entries};
  make_plan(plan.nd, entries.shape(), operands, 2);
  plan.size = size;
  plan.step = 1;
  plan.wrap = true;
  plan.accumulate = false;
  if (entries.numel() > 0 && !kernel_or_raise(kernel_slots(self.device().type).index_offsets, op,
                                              self.device(), DType::I64)(plan))
    raise_out_of_range<IndexError>(op, entries, d, size, true);
  Dims shape = s.shape();
  shape[d] = entries.numel();
  if (Layout(shape).numel() == 0) return;
  const Tensor values =
      expand_to(op, to_device(to_dtype(value, self.dtype()), self.device()), shape);
  scatter_all(op, ScatterOp::Assign, self, d, along(positions, shape, d), values);
}

void index_fill_(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value) {
  RL_CHECK(value.kind() != Scalar::Kind::Complex || is_complex(self.dtype()),
           "index_fill_(): Converting complex Scalar to non-complex type is not supported");
  index_fill_(self, dim, index, scalar_tensor(value, self.dtype(), self.device()));
}

// The forms that write a copy.
#define RL_COPYING(name, parameters, ...) \
  Tensor name parameters {                \
    Tensor out = clone(self);             \
    name##_(out, __VA_ARGS__);            \
    return out;                           \
  }
#define RL_INDEXED const Tensor &self, int64_t dim, const Tensor &index
#define RL_REDUCE  const std::optional<std::string>& reduce
RL_COPYING(scatter, (RL_INDEXED, const Tensor& src, RL_REDUCE), dim, index, src, reduce)
RL_COPYING(scatter, (RL_INDEXED, const Scalar& value, RL_REDUCE), dim, index, value, reduce)
RL_COPYING(scatter_add, (RL_INDEXED, const Tensor& src), dim, index, src)
RL_COPYING(scatter_reduce,
           (RL_INDEXED, const Tensor& src, const std::string& reduce, bool include_self), dim,
           index, src, reduce, include_self)
RL_COPYING(index_add, (RL_INDEXED, const Tensor& source, const Scalar& alpha), dim, index, source,
           alpha)
RL_COPYING(index_copy, (RL_INDEXED, const Tensor& source), dim, index, source)
RL_COPYING(index_fill, (RL_INDEXED, const Scalar& value), dim, index, value)
RL_COPYING(index_fill, (RL_INDEXED, const Tensor& value), dim, index, value)

}  // namespace rushlight
