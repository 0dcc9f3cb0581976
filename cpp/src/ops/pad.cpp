#include "rushlight/ops/pad.h"

#include "rushlight/core/error.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {

Tensor pad_constant(const Tensor& input, const Dims& widths, const Scalar& value) {
  constexpr const char* kName = "pad";
  const int n = input.ndim(), padded_dims = widths.size() / 2;
  RL_CHECK(widths.size() % 2 == 0, kName, "(): Padding length must be divisible by 2, got ",
           widths);
  RL_CHECK(
      padded_dims <= n, kName,
      "(): Padding length should be less than or equal to two times the input dimension but got "
      "padding length ",
      widths.size(), " and input of dimension ", n);
  Dims padded = input.shape(), kept = input.shape();
  int64_t from = input.offset();
  bool grows = false;
  for (int i = 0; i < padded_dims; ++i) {
    const int d = n - 1 - i;
    const int64_t size = input.size(d), before = widths[2 * i], after = widths[2 * i + 1];
    padded[d] = checked_add(checked_add(size, before), after);
    const int64_t cut_before = before < 0 && before >= -size ? -before : 0;
    const int64_t cut_after = after < 0 && after >= -size ? -after : 0;
    RL_CHECK(padded[d] >= 0 && before >= -size && after >= -size && cut_before + cut_after <= size,
             kName, "(): The input size ", size, ", plus padding ", before, " and ", after,
             " resulted in a negative output size at dimension ", d);
    kept[d] = size - cut_before - cut_after;
    from += cut_before * input.stride(d);
    grows |= before > 0 || after > 0;
  }
  Tensor out = empty(padded, input.dtype(), input.device());
  if (out.numel() == 0) return out;
  if (grows) fill_(out, value);
  int64_t to = 0;
  for (int i = 0; i < padded_dims; ++i)
    if (widths[2 * i] > 0) to += widths[2 * i] * out.stride(n - 1 - i);
  const Tensor source = input.view_as(Layout(kept, input.strides(), from));
  if (source.numel() > 0) copy_(out.view_as(Layout(kept, out.strides(), to)), source);
  return out;
}

}  // namespace rushlight
