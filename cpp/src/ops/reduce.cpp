#include "rushlight/ops/reduce.h"

#include <cmath>
#include <limits>

#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

constexpr DimMask kAllDims = ~DimMask(0);

DimMask mask_of(const char* op, const OptionalDims& dim, int ndim) {
  return dim ? reduced_dims(op, *dim, ndim) : kAllDims;
}

enum class Rule : uint8_t { Same, Wide, Truth, Count, Real };
constexpr Rule kRules[] = {
#define RL_REDUCE(name, functor, accepts, result) Rule::result,
#include "rushlight/ops.def"
#undef RL_REDUCE
};

RL_INLINE DType result_dtype(ReduceOp op, DType d) {
  switch (kRules[int(op)]) {
    case Rule::Same:
      return d;
    case Rule::Wide:
      return d < DType::F16 ? DType::I64 : d;
    case Rule::Truth:
      return d == DType::U8 ? DType::U8 : DType::Bool;
    case Rule::Count:
      return DType::I64;
    case Rule::Real:
      return real_of(d);
  }
  __builtin_unreachable();
}

RL_INLINE ReduceFn kernel_of(const char* name, ReduceOp op, const Tensor& self) {
  return kernel_or_raise(kernel_slots(self.device().type).reduce[int(op)][int(self.dtype())], name,
                         self.device(), self.dtype());
}

// `empty_value` is the answer over no elements.
Tensor reduce(const char* name, ReduceOp op, const Tensor& self, DimMask dims, bool keepdim,
              double empty_value, double divisor = 1) {
  const ReduceFn kernel = kernel_of(name, op, self);
  Tensor out = empty(reduced_shape(self.shape(), dims, keepdim), result_dtype(op, self.dtype()),
                     self.device());
  if (out.numel() == 0) return out;
  if (self.numel() == 0) {
    fill_(out, Scalar(empty_value));
    return out;
  }
  ReducePlan plan;
  make_reduce_plan(plan, self, dims, out);
  plan.how.divisor = divisor;
  kernel(plan);
  return out;
}

// Everything, without sorting dims.
RL_INLINE bool try_reduce_all(const char* name, ReduceOp op, const Tensor& self, double divisor,
                              Tensor& out) {
  if (RL_UNLIKELY(!self.is_contiguous() || self.numel() == 0)) return false;
  const ReduceFn kernel = kernel_of(name, op, self);
  out = empty(Dims(), result_dtype(op, self.dtype()), self.device());
  ReducePlan plan;
  plan.set_all(self, out);
  plan.how.divisor = divisor;
  kernel(plan);
  return true;
}

bool is_storage_only(DType d) { return d == DType::U16 || d == DType::U32 || d == DType::U64; }

// Sums and products: what to convert the input to before, so that the result has `wanted`.
Tensor wide_input(const Tensor& self, std::optional<DType> wanted) {
  const DType d = self.dtype();
  if (!wanted) return is_storage_only(d) ? to_dtype(self, DType::I64) : self;
  // Integers wrap, so that the int64 result can be narrowed later.
  if (*wanted != DType::Bool && *wanted < DType::F16 && d < DType::F16)
    return is_storage_only(d) ? to_dtype(self, DType::I64) : self;
  const Tensor converted = to_dtype(self, *wanted);
  return is_storage_only(*wanted) ? to_dtype(converted, DType::I64) : converted;
}

void check_not_empty(const char* op, const Tensor& self, DimMask dims) {
  if (RL_LIKELY(self.numel() != 0)) return;
  RL_CHECK(dims != kAllDims, op,
           "(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
           "dim with the 'dim' argument.");
  for (int d = 0; d < self.ndim(); ++d)
    RL_CHECK_INDEX(!(dims >> d & 1) || self.size(d) != 0, op, "(): Expected reduction dim ", d,
                   " to have non-zero size.");
}

Tensor extreme(const char* op, ReduceOp row, const Tensor& self, DimMask dims, bool keepdim) {
  check_not_empty(op, self, dims);
  return reduce(op, row, self, dims, keepdim, 0);
}

void check_ordered(const char* op, const Tensor& self) {
  if (is_complex(self.dtype()) || is_storage_only(self.dtype()))
    raise_no_kernel(op, self.device(), self.dtype());
}

std::tuple<Tensor, Tensor> extreme_along(const char* op, const Tensor& self, int64_t dim, bool keepdim,
                                         bool largest) {
  check_ordered(op, self);
  const int d = wrap_dim(op, dim, self.ndim());
  const DimMask mask = DimMask(1) << d;
  check_not_empty(op, self, mask);
  const Dims shape = reduced_shape(self.shape(), mask, keepdim);
  Tensor values = empty(shape, self.dtype(), self.device());
  Tensor indices = empty(shape, DType::I64, self.device());
  if (values.numel() != 0) {
    ReducePlan plan;
    make_reduce_plan(plan, self, mask, values);
    plan.out[1] = indices.bytes();
    kernel_or_raise(kernel_slots(self.device().type).arg_extreme, op, self.device(), self.dtype())(
        plan, self.dtype(), largest);
  }
  return {values, indices};
}

Tensor arg_extreme(const char* op, const Tensor& self, std::optional<int64_t> dim, bool keepdim,
                   bool largest) {
  RL_CHECK(!is_complex(self.dtype()), op, "(): does not support complex input");
  RL_CHECK(self.dtype() != DType::Bool, op, "(): does not support bool input");
  check_ordered(op, self);
  auto kernel =
      kernel_or_raise(kernel_slots(self.device().type).arg_extreme, op, self.device(), self.dtype());
  ReducePlan plan;
  if (!dim) {
    RL_CHECK_INDEX(self.numel() != 0, op,
                   "(): Expected reduction dim to be specified for input.numel() == 0.");
    // The index counts in row-major order, so the elements are walked in it.
    const Tensor dense = contiguous(self);
    Tensor indices = empty(reduced_shape(self.shape(), kAllDims, keepdim), DType::I64, self.device());
    plan.set_all(dense, indices);
    plan.out[0] = nullptr;
    plan.out[1] = indices.bytes();
    kernel(plan, self.dtype(), largest);
    return indices;
  }
  const int d = wrap_dim(op, *dim, self.ndim());
  const DimMask mask = DimMask(1) << d;
  check_not_empty(op, self, mask);
  Tensor indices = empty(reduced_shape(self.shape(), mask, keepdim), DType::I64, self.device());
  if (indices.numel() == 0) return indices;
  make_reduce_plan(plan, self, mask, indices);
  plan.out[0] = nullptr;
  plan.out[1] = indices.bytes();
  kernel(plan, self.dtype(), largest);
  return indices;
}

const char* torch_name(DType d) {
  switch (d) {
    case DType::Bool:
      return "Bool";
    case DType::U8:
      return "Byte";
    case DType::I8:
      return "Char";
    case DType::I16:
      return "Short";
    case DType::I32:
      return "Int";
    case DType::I64:
      return "Long";
    default:
      return dtype_name(d);
  }
}

// Variances or standard deviations, and means where asked for.
std::tuple<Tensor, Tensor> moments(const char* op, const Tensor& self, const OptionalDims& dim,
                                   double correction, bool keepdim, bool root, bool with_mean) {
  RL_CHECK(is_floating(self.dtype()) || is_complex(self.dtype()), op,
           "(): std and var only support floating point and complex dtypes, got ", self.dtype());
  const DimMask dims = mask_of(op, dim, self.ndim());
  if (is_complex(self.dtype())) {
    // The variances of the two parts add up.
    const Tensor parts = view_as_real(self);
    Dims over;
    for (int d = 0; d < self.ndim(); ++d)
      if (dims >> d & 1) over.push_back(d);
    Tensor variance;
    if (over.empty()) over.push_back(self.ndim() == 0 ? 1 : 0);
    if (self.ndim() == 0)
      variance = scalar_tensor(Scalar(std::numeric_limits<double>::quiet_NaN()), real_of(self.dtype()));
    else
      variance = sum(var(parts, over, correction, keepdim), Dims({-1}));
    if (root) variance = sqrt(variance);
    return {variance, with_mean ? mean(self, dim, keepdim) : Tensor()};
  }
  const Dims shape = reduced_shape(self.shape(), dims, keepdim);
  Tensor out = empty(shape, self.dtype(), self.device());
  Tensor means = with_mean ? empty(shape, self.dtype(), self.device()) : Tensor();
  if (out.numel() == 0) return {out, means};
  if (self.numel() == 0) {
    const Scalar nan(std::numeric_limits<double>::quiet_NaN());
    fill_(out, nan);
    if (with_mean) fill_(means, nan);
    return {out, means};
  }
  ReducePlan plan;
  make_reduce_plan(plan, self, dims, out);
  if (with_mean) plan.out[1] = means.bytes();
  plan.how.count = double(plan.count);
  plan.how.correction = correction;
  plan.how.root = root;
  kernel_or_raise(kernel_slots(self.device().type).variance, op, self.device(), self.dtype())(
      plan, self.dtype());
  return {out, means};
}

}  // namespace

Tensor sum(const Tensor& self) {
  Tensor out;
  if (RL_LIKELY(!is_storage_only(self.dtype())) && try_reduce_all("sum", ReduceOp::sum, self, 1, out))
    return out;
  return reduce("sum", ReduceOp::sum, wide_input(self, {}), kAllDims, false, 0);
}

Tensor sum(const Tensor& self, const OptionalDims& dim, bool keepdim, std::optional<DType> dtype) {
  const DimMask dims = mask_of("sum", dim, self.ndim());
  const Tensor out = reduce("sum", ReduceOp::sum, wide_input(self, dtype), dims, keepdim, 0);
  return dtype ? to_dtype(out, *dtype) : out;
}

Tensor prod(const Tensor& self, std::optional<int64_t> dim, bool keepdim, std::optional<DType> dtype) {
  const DimMask dims = dim ? DimMask(1) << wrap_dim("prod", *dim, self.ndim()) : kAllDims;
  const Tensor out = reduce("prod", ReduceOp::prod, wide_input(self, dtype), dims, keepdim, 1);
  return dtype ? to_dtype(out, *dtype) : out;
}

Tensor mean(const Tensor& self, const OptionalDims& dim, bool keepdim, std::optional<DType> dtype) {
  const DType d = dtype ? *dtype : self.dtype();
  RL_CHECK(is_inexact(d), "mean(): could not infer output dtype. ", dtype ? "Optional" : "Input",
           " dtype must be either a floating point or complex dtype. Got: ", torch_name(d));
  const Tensor in = to_dtype(self, d);
  const DimMask dims = mask_of("mean", dim, self.ndim());
  Tensor out;
  if (dims == kAllDims && !keepdim && try_reduce_all("mean", ReduceOp::sum, in, double(in.numel()), out))
    return out;
  double count = 1;
  for (int i = 0; i < self.ndim(); ++i)
    if (dims >> i & 1) count *= double(self.size(i));
  return reduce("mean", ReduceOp::sum, in, dims, keepdim, std::numeric_limits<double>::quiet_NaN(), count);
}

Tensor var(const Tensor& self, const OptionalDims& dim, double correction, bool keepdim) {
  return std::get<0>(moments("var", self, dim, correction, keepdim, false, false));
}
Tensor std_dev(const Tensor& self, const OptionalDims& dim, double correction, bool keepdim) {
  return std::get<0>(moments("std", self, dim, correction, keepdim, true, false));
}
std::tuple<Tensor, Tensor> var_mean(const Tensor& self, const OptionalDims& dim, double correction,
                                    bool keepdim) {
  return moments("var_mean", self, dim, correction, keepdim, false, true);
}
std::tuple<Tensor, Tensor> std_mean(const Tensor& self, const OptionalDims& dim, double correction,
                                    bool keepdim) {
  return moments("std_mean", self, dim, correction, keepdim, true, true);
}

Tensor max(const Tensor& self) {
  Tensor out;
  if (RL_LIKELY(try_reduce_all("max", ReduceOp::amax, self, 1, out))) return out;
  return extreme("max", ReduceOp::amax, self, kAllDims, false);
}
Tensor min(const Tensor& self) {
  Tensor out;
  if (RL_LIKELY(try_reduce_all("min", ReduceOp::amin, self, 1, out))) return out;
  return extreme("min", ReduceOp::amin, self, kAllDims, false);
}
Tensor amax(const Tensor& self, const OptionalDims& dim, bool keepdim) {
  return extreme("amax", ReduceOp::amax, self, mask_of("amax", dim, self.ndim()), keepdim);
}
Tensor amin(const Tensor& self, const OptionalDims& dim, bool keepdim) {
  return extreme("amin", ReduceOp::amin, self, mask_of("amin", dim, self.ndim()), keepdim);
}
std::tuple<Tensor, Tensor> max(const Tensor& self, int64_t dim, bool keepdim) {
  return extreme_along("max", self, dim, keepdim, true);
}
std::tuple<Tensor, Tensor> min(const Tensor& self, int64_t dim, bool keepdim) {
  return extreme_along("min", self, dim, keepdim, false);
}
Tensor argmax(const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  return arg_extreme("argmax", self, dim, keepdim, true);
}
Tensor argmin(const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  return arg_extreme("argmin", self, dim, keepdim, false);
}

namespace {

// An empty list of dims reduces nothing here: each element's own truth value, as in PyTorch.
Tensor truth(const char* op, ReduceOp row, const Tensor& self, const OptionalDims& dim, bool keepdim,
             double empty_value) {
  if (dim && dim->empty() && self.ndim() > 0) return reduce(op, row, self, 0, keepdim, empty_value);
  return reduce(op, row, self, mask_of(op, dim, self.ndim()), keepdim, empty_value);
}

}  // namespace

Tensor any(const Tensor& self, const OptionalDims& dim, bool keepdim) {
  return truth("any", ReduceOp::any, self, dim, keepdim, 0);
}
Tensor all(const Tensor& self, const OptionalDims& dim, bool keepdim) {
  return truth("all", ReduceOp::all, self, dim, keepdim, 1);
}
Tensor count_nonzero(const Tensor& self, const OptionalDims& dim) {
  return reduce("count_nonzero", ReduceOp::count_nonzero, self,
                mask_of("count_nonzero", dim, self.ndim()), false, 0);
}

Tensor vector_norm(const Tensor& self, double ord, const OptionalDims& dim, bool keepdim,
                   std::optional<DType> dtype) {
  constexpr const char* kName = "linalg.vector_norm";
  RL_CHECK(is_inexact(self.dtype()), kName,
           ": Expected a floating point or complex tensor as input. Got ", torch_name(self.dtype()));
  if (dtype) {
    RL_CHECK(is_inexact(*dtype), kName, ": dtype should be floating point or complex, got ", *dtype);
    RL_CHECK(is_complex(*dtype) == is_complex(self.dtype()), kName,
             ": dtype should be ", is_complex(self.dtype()) ? "complex" : "real", " for ", self.dtype(),
             " inputs, but got ", *dtype);
  }
  const Tensor in = dtype ? to_dtype(self, *dtype) : self;
  const DimMask dims = mask_of(kName, dim, self.ndim());
  if (self.numel() == 0 && (ord < 0 || ord == std::numeric_limits<double>::infinity())) {
    RL_CHECK(dims != kAllDims, kName, " cannot compute the ", ord,
             " norm on an empty tensor because the operation does not have an identity");
    for (int d = 0; d < self.ndim(); ++d)
      RL_CHECK(!(dims >> d & 1) || self.size(d) != 0, kName, " cannot compute the ", ord,
               " norm on the dimension ", d,
               " because this dimension is empty and the operation does not have an identity");
  }
  if (ord == 2) return reduce(kName, ReduceOp::norm_2, in, dims, keepdim, 0);
  if (ord == 1) return reduce(kName, ReduceOp::norm_1, in, dims, keepdim, 0);
  if (ord == std::numeric_limits<double>::infinity())
    return reduce(kName, ReduceOp::norm_inf, in, dims, keepdim, 0);
  if (ord == -std::numeric_limits<double>::infinity())
    return reduce(kName, ReduceOp::norm_neg_inf, in, dims, keepdim, 0);
  if (ord == 0)
    return to_dtype(reduce(kName, ReduceOp::count_nonzero, in, dims, keepdim, 0), real_of(in.dtype()));
  const DType result = real_of(in.dtype());
  const Tensor size = to_dtype(abs(in), is_reduced_float(result) ? DType::F32 : result);
  const Tensor total = reduce(kName, ReduceOp::sum, pow(size, Scalar(ord)), dims, keepdim, 0);
  return to_dtype(pow(total, Scalar(1 / ord)), result);
}

}  // namespace rushlight
