#include "rushlight/ops/pad.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "rushlight/core/error.h"
#include "rushlight/core/parallel.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/index.h"

namespace rushlight {
namespace {

constexpr int64_t kConstant = -1;
constexpr int64_t kGrainBytes = int64_t(1) << 16;

// Note [Padding by runs]
// The places along a dim are a few runs: each copies the input's elements in order, in reverse, one
// of them again and again, or is constant. An output row is its runs one after the other; whole rows
// are told where to copy from by the runs of the other dims.
struct Run {
  int64_t count, from;  // from: the source of the first place, or kConstant
  int step;             // between the sources of two places: 1, -1 or 0
};
using Runs = std::vector<Run>;

void add_run(Runs& runs, int64_t count, int64_t from, int step) {
  if (count > 0) runs.push_back({count, from, step});
}

int64_t size_of(const Runs& runs) {
  int64_t size = 0;
  for (const Run& run : runs) size = checked_add(size, run.count);
  return size;
}

Runs constant_runs(int64_t size, int64_t before, int64_t after, int d) {
  const int64_t cut_before = before < 0 && before >= -size ? -before : 0;
  const int64_t cut_after = after < 0 && after >= -size ? -after : 0;
  const int64_t padded = checked_add(checked_add(size, before), after);
  RL_CHECK(padded >= 0 && before >= -size && after >= -size && cut_before + cut_after <= size,
           "pad(): The input size ", size, ", plus padding ", before, " and ", after,
           " resulted in a negative output size at dimension ", d);
  Runs runs;
  add_run(runs, before, kConstant, 0);
  add_run(runs, size - cut_before - cut_after, cut_before, 1);
  add_run(runs, after, kConstant, 0);
  return runs;
}

Runs mapped_runs(std::string_view mode, int64_t size, int64_t before, int64_t after, int d) {
  RL_CHECK(before >= 0 && after >= 0, "pad(): negative padding (", before, ", ", after,
           ") at dimension ", d, ": crop first");
  Runs runs;
  if (mode == "reflect") {
    RL_CHECK(before < size && after < size,
             "pad(): Padding size should be less than the corresponding input dimension, but got: "
             "padding (",
             before, ", ", after, ") at dimension ", d, " of size ", size);
    add_run(runs, before, before, -1);
    add_run(runs, size, 0, 1);
    add_run(runs, after, size - 2, -1);
  } else if (mode == "replicate") {
    RL_CHECK(size > 0, "pad(): cannot replicate the edge of dimension ", d, ", which is empty");
    add_run(runs, before, 0, 0);
    add_run(runs, size, 0, 1);
    add_run(runs, after, size - 1, 0);
  } else if (mode == "circular") {
    RL_CHECK(before <= size && after <= size,
             "pad(): Padding value causes wrapping around more than once: padding (", before, ", ",
             after, ") at dimension ", d, " of size ", size);
    add_run(runs, before, size - before, 1);
    add_run(runs, size, 0, 1);
    add_run(runs, after, 0, 1);
  } else {
    raise<NotImplementedError>("pad(): Unrecognised padding mode ", mode,
                               "; expected constant, reflect, replicate or circular");
  }
  return runs;
}

template <class T>
void write_row(T* to, const T* row, const Runs& runs, T constant) {
  for (const Run& run : runs) {
    if (run.from == kConstant || run.step == 0) {
      std::fill_n(to, run.count, run.from == kConstant ? constant : row[run.from]);
    } else if (run.step == 1) {
      std::memcpy(to, row + run.from, size_t(run.count) * sizeof(T));
    } else {
      for (int64_t i = 0; i < run.count; ++i) to[i] = row[run.from - i];
    }
    to += run.count;
  }
}

struct Wide {
  uint64_t words[2];
};

// runs: of the last dims of input. Rows are what they differ in; a row has the last of these dims and
// unit stride.
template <class T>
void write_rows(const Tensor& out, const Tensor& input, const std::vector<Runs>& runs,
                const void* value) {
  T constant{};
  if (value) std::memcpy(&constant, value, sizeof(T));
  const int n = out.ndim(), first = n - int(runs.size());
  const int64_t width = out.size(n - 1), rows = out.numel() / width;
  // The offset into the input of each place along the other dims; kConstant for none.
  std::vector<std::vector<int64_t>> offsets(static_cast<size_t>(n - 1));
  for (int d = 0; d + 1 < n; ++d) {
    std::vector<int64_t>& at = offsets[size_t(d)];
    at.reserve(size_t(out.size(d)));
    if (d < first)
      for (int64_t i = 0; i < out.size(d); ++i) at.push_back(i * input.stride(d));
    else
      for (const Run& run : runs[size_t(d - first)])
        for (int64_t i = 0; i < run.count; ++i)
          at.push_back(run.from == kConstant ? kConstant
                                             : (run.from + i * run.step) * input.stride(d));
  }
  const Runs outside{{width, kConstant, 0}};
  const T* from = reinterpret_cast<const T*>(input.bytes());
  T* to = reinterpret_cast<T*>(out.bytes());
  const int64_t grain = std::max<int64_t>(1, kGrainBytes / (width * int64_t(sizeof(T))));
  parallel_for(0, rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t offset = 0, rest = r;
      for (int d = n - 2; d >= 0; --d) {
        const int64_t at = offsets[size_t(d)][size_t(rest % out.size(d))];
        offset = at == kConstant || offset == kConstant ? kConstant : offset + at;
        rest /= out.size(d);
      }
      const bool inside = offset != kConstant;
      write_row(to + r * width, from + (inside ? offset : 0), inside ? runs.back() : outside,
                constant);
    }
  });
}

// On another device than the CPU: a call for each dim, or the constant first and the kept part over
// it.
Tensor pad_by_calls(const Tensor& input, const std::vector<Runs>& runs, const Dims& padded,
                    const Scalar* value) {
  const int first = input.ndim() - int(runs.size());
  if (value) {
    Tensor out = empty(padded, input.dtype(), input.device());
    fill_(out, *value);
    Dims kept = input.shape();
    int64_t from = input.offset(), to = 0;
    for (size_t k = 0; k < runs.size(); ++k) {
      const int d = first + int(k);
      int64_t at = 0;
      kept[d] = 0;
      for (const Run& run : runs[k]) {
        if (run.from != kConstant) {
          kept[d] = run.count;
          from += run.from * input.stride(d);
          to += at * out.stride(d);
        }
        at += run.count;
      }
    }
    const Tensor source = input.view_as(Layout(kept, input.strides(), from));
    if (source.numel() > 0) copy_(out.view_as(Layout(kept, out.strides(), to)), source);
    return out;
  }
  Tensor out = input;
  for (size_t k = 0; k < runs.size(); ++k) {
    Tensor index = empty(Dims({size_of(runs[k])}), DType::I64, Device());
    int64_t* at = reinterpret_cast<int64_t*>(index.bytes());
    for (const Run& run : runs[k])
      for (int64_t i = 0; i < run.count; ++i) *at++ = run.from + i * run.step;
    out = index_select(out, first + int(k), to_device(index, input.device()));
  }
  return out;
}

Tensor pad_runs(const Tensor& input, const std::vector<Runs>& runs, const Scalar* value) {
  const int n = input.ndim(), first = n - int(runs.size());
  Dims padded = input.shape();
  for (size_t k = 0; k < runs.size(); ++k) padded[first + int(k)] = size_of(runs[k]);
  if (runs.empty()) return contiguous(clone(input));
  if (!input.device().is_cpu()) return pad_by_calls(input, runs, padded, value);
  Tensor out = empty(padded, input.dtype(), input.device());
  if (out.numel() == 0) return out;
  const Tensor source = input.stride(n - 1) == 1 || input.size(n - 1) == 1 ? input
                                                                          : contiguous(input);
  alignas(16) char constant[16] = {};
  if (value) value->store(input.dtype(), constant);
  switch (input.itemsize()) {
    case 1: write_rows<uint8_t>(out, source, runs, constant); break;
    case 2: write_rows<uint16_t>(out, source, runs, constant); break;
    case 4: write_rows<uint32_t>(out, source, runs, constant); break;
    case 8: write_rows<uint64_t>(out, source, runs, constant); break;
    default: write_rows<Wide>(out, source, runs, constant); break;
  }
  return out;
}

// The runs of the last dims, outermost first, by a function of (size, before, after, dim).
template <class Fn>
std::vector<Runs> runs_of(const Tensor& input, const Dims& widths, Fn fn) {
  const int n = input.ndim(), count = widths.size() / 2;
  RL_CHECK(widths.size() % 2 == 0, "pad(): Padding length must be divisible by 2, got ", widths);
  RL_CHECK(count <= n,
           "pad(): Padding length should be less than or equal to two times the input dimension but "
           "got padding length ",
           widths.size(), " and input of dimension ", n);
  std::vector<Runs> runs(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    const int d = n - 1 - i;
    runs[size_t(count - 1 - i)] = fn(input.size(d), widths[2 * i], widths[2 * i + 1], d);
  }
  return runs;
}

}  // namespace

Tensor pad_constant(const Tensor& input, const Dims& widths, const Scalar& value) {
  return pad_runs(input, runs_of(input, widths, constant_runs), &value);
}

Tensor pad_mapped(const Tensor& input, const Dims& widths, std::string_view mode) {
  const auto runs = [&](int64_t size, int64_t before, int64_t after, int d) {
    return mapped_runs(mode, size, before, after, d);
  };
  return pad_runs(input, runs_of(input, widths, runs), nullptr);
}

}  // namespace rushlight
