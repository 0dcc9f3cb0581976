// Ops whose mask says which elements take part. See Note [Mask blocks].
#include "index_support.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/index.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

// How many elements of a dense mask are true before each block; the last entry is their number.
struct MaskStarts {
  Tensor dense;   // bool
  Tensor starts;  // int64, blocks + 1
  int64_t count;

  MaskStarts(const char* op, const Tensor& mask) : dense(contiguous(mask)) {
    const int64_t n = dense.numel();
    const int64_t blocks = n / kMaskBlock + (n % kMaskBlock != 0);
    starts = empty(Dims({blocks + 1}), DType::I64, mask.device());
    kernel_or_raise(kernel_slots(mask.device().type).mask_count, op, mask.device(), DType::Bool)(
        dense.bytes(), n, starts.data<int64_t>());
    const Tensor counts = to_device(starts, Device{});
    int64_t* at = counts.data<int64_t>();
    count = 0;
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t own = at[b];
      at[b] = count;
      count += own;
    }
    at[blocks] = count;
    starts = to_device(counts, mask.device());
  }
};

void check_mask(const char* op, const Tensor& self, const Tensor& mask) {
  RL_CHECK(mask.dtype() == DType::Bool, op,
           "(): only supports boolean masks, but got mask with dtype ", mask.dtype());
  check_same_device(op, self, mask);
}

void check_mask_shape(const char* op, const Tensor& self, const Tensor& mask) {
  const Dims shape = broadcast_shapes(op, self.shape(), mask.shape());
  RL_CHECK(shape == self.shape(), op, "(): output with shape ", self.shape(),
           " doesn't match the broadcast shape ", shape);
}

void fill_where(const Tensor& self, const Tensor& mask, const void* element) {
  check_no_internal_overlap("masked_fill_", self);
  if (self.numel() == 0) return;
  const Tensor safe = apart_from(self, mask);
  NdPlan plan;
  const Tensor* operands[] = {&self, &safe};
  make_plan(plan, self.shape(), operands, 2);
  kernel_or_raise(kernel_slots(self.device().type).masked_fill, "masked_fill_", self.device(),
                  self.dtype())(plan, element, int(self.itemsize()));
}

// A number for dtype d; raises Error where it does not fit.
void check_fits(const char* op, const Scalar& value, DType d) {
  bool fits = value.kind() != Scalar::Kind::Complex || is_complex(d) || value.to_complex().im == 0;
  if (d != DType::Bool && d < DType::F16 && d != DType::U64) {
    const double v = value.to_double();
    const int bits = 8 * int(itemsize(d)) - is_signed(d);
    const double high = double(uint64_t(1) << (bits - 1)) * 2;
    // Negative numbers may enter an unsigned dtype, wrapped around, as in PyTorch.
    fits &= v < high && v >= -high;
  }
  RL_CHECK(fits, op, "(): value cannot be converted to type ", d, " without overflow");
}

}  // namespace

Tensor nonzero(const Tensor& input) {
  const MaskStarts mask("nonzero", to_dtype(input, DType::Bool));
  Tensor out = empty(Dims({mask.count, input.ndim()}), DType::I64, input.device());
  if (out.numel() > 0)
    kernel_or_raise(kernel_slots(input.device().type).nonzero, "nonzero", input.device(),
                    DType::Bool)(mask.dense.bytes(), input.shape().data(), input.ndim(),
                                 mask.starts.data<int64_t>(), out.data<int64_t>());
  return out;
}

std::vector<Tensor> nonzero_tuple(const Tensor& input) {
  return unbind(nonzero(at_least_1d(input)), 1);
}

Tensor masked_select(const Tensor& input, const Tensor& mask) {
  RL_CHECK(mask.dtype() == DType::Bool, "masked_select(): expected BoolTensor for mask, but got ",
           mask.dtype());
  check_same_device("masked_select", input, mask);
  const Dims shape = broadcast_shapes("masked_select", input.shape(), mask.shape());
  const MaskStarts packed("masked_select", expand_to("masked_select", mask, shape));
  const Tensor dense = contiguous(expand_to("masked_select", input, shape));
  Tensor out = empty(Dims({packed.count}), input.dtype(), input.device());
  if (packed.count > 0)
    kernel_or_raise(kernel_slots(input.device().type).masked_select, "masked_select",
                    input.device(), input.dtype())(packed.dense.bytes(), dense.numel(),
                                                   packed.starts.data<int64_t>(), dense.bytes(),
                                                   out.bytes(), int(input.itemsize()));
  return out;
}

void masked_fill_(const Tensor& self, const Tensor& mask, const Scalar& value) {
  check_mask("masked_fill_", self, mask);
  check_mask_shape("masked_fill_", self, mask);
  check_fits("masked_fill_", value, self.dtype());
  alignas(16) char element[16];
  value.store(self.dtype(), element);
  fill_where(self, mask, element);
}

void masked_fill_(const Tensor& self, const Tensor& mask, const Tensor& value) {
  RL_CHECK(value.ndim() == 0,
           "masked_fill_(): only supports a 0-dimensional value tensor, but got "
           "tensor with ",
           value.ndim(), " dimension(s).");
  check_mask("masked_fill_", self, mask);
  check_mask_shape("masked_fill_", self, mask);
  RL_CHECK(!is_complex(value.dtype()) || is_complex(self.dtype()),
           "masked_fill_(): value cannot be converted to type ", self.dtype(), " without overflow");
  const Tensor converted = to_device(to_dtype(value, self.dtype()), Device{});
  alignas(16) char element[16];
  __builtin_memcpy(element, converted.bytes(), converted.itemsize());
  fill_where(self, mask, element);
}

namespace {

template <class Value>
Tensor filled_copy(const Tensor& self, const Tensor& mask, const Value& value) {
  const Dims shape = broadcast_shapes("masked_fill", self.shape(), mask.shape());
  Tensor out = clone(expand_to("masked_fill", self, shape));
  masked_fill_(out, mask, value);
  return out;
}

}  // namespace

Tensor masked_fill(const Tensor& self, const Tensor& mask, const Scalar& value) {
  return filled_copy(self, mask, value);
}
Tensor masked_fill(const Tensor& self, const Tensor& mask, const Tensor& value) {
  return filled_copy(self, mask, value);
}

void masked_scatter_(const Tensor& self, const Tensor& mask, const Tensor& source) {
  check_mask("masked_scatter_", self, mask);
  check_same_device("masked_scatter_", self, source);
  RL_CHECK(self.dtype() == source.dtype(),
           "masked_scatter_(): expected self and source to have same dtypes but got ", self.dtype(),
           " and ", source.dtype());
  check_no_internal_overlap("masked_scatter_", self);
  const MaskStarts packed("masked_scatter_",
                          expand_to("masked_scatter_", apart_from(self, mask), self.shape()));
  RL_CHECK(source.numel() >= packed.count, "masked_scatter_(): Number of elements of source ",
           source.numel(), " < number of ones in mask ", packed.count);
  if (packed.count == 0) return;
  const Tensor from = contiguous(apart_from(self, source));
  const Tensor to = contiguous(self);
  kernel_or_raise(kernel_slots(self.device().type).masked_scatter, "masked_scatter_", self.device(),
                  self.dtype())(packed.dense.bytes(), to.numel(), packed.starts.data<int64_t>(),
                                from.bytes(), to.bytes(), int(self.itemsize()));
  copy_(self, to);
}

Tensor masked_scatter(const Tensor& self, const Tensor& mask, const Tensor& source) {
  const Dims shape = broadcast_shapes("masked_scatter", self.shape(), mask.shape());
  Tensor out = clone(expand_to("masked_scatter", self, shape));
  masked_scatter_(out, mask, source);
  return out;
}

}  // namespace rushlight
