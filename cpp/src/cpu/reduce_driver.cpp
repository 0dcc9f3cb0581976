#include "reduce_driver.h"

#include <cstring>

#include "rushlight/core/allocator.h"
#include "rushlight/core/parallel.h"

namespace rushlight::cpu {
namespace {

constexpr int kMaxLevels = 48;
constexpr int64_t kStrip = 1024;     // columns worked on together
constexpr int64_t kFoldBelow = 64;   // narrower rows are read several at a time
constexpr int64_t kPacked = 1024;    // elements gathered at once

class Scratch {
 public:
  explicit Scratch(int64_t bytes) : bytes_(size_t(bytes)), data_(static_cast<char*>(cpu_allocate(bytes_))) {}
  ~Scratch() { cpu_free(data_, bytes_); }
  Scratch(const Scratch&) = delete;
  char* data() const { return data_; }

 private:
  size_t bytes_;
  char* data_;
};

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t at_least_one(int64_t x) { return x > 0 ? x : 1; }

// Blocks of `width` accumulators that arrive one after the other, merged pairwise: level i holds a
// merge of 2^i of them.
class Counter {
 public:
  Counter(const ReduceLeaf& leaf, int64_t width, char* levels, int64_t level_bytes)
      : leaf_(leaf), width_(width), levels_(levels), level_bytes_(level_bytes) {}

  // Where the next block goes; then call push().
  char* next() { return blocks_ & 1 ? levels_ : level(0); }
  void push() {
    const int top = __builtin_ctzll(~blocks_);
    // The levels hold earlier elements, so they stand on the left.
    char* fresh = levels_;
    for (int i = 0; i < top; ++i) {
      leaf_.combine(level(i), fresh, width_);
      fresh = level(i);
    }
    if (top > 0) std::memcpy(level(top), fresh, size_t(width_ * leaf_.acc_bytes));
    ++blocks_;
  }
  // The slot `levels` itself is free afterwards.
  char* finish() {
    char* result = nullptr;
    for (int i = 0; blocks_ >> i; ++i) {
      if (!(blocks_ >> i & 1)) continue;
      if (result) leaf_.combine(level(i), result, width_);
      result = level(i);
    }
    blocks_ = 0;
    return result;
  }

 private:
  char* level(int i) { return levels_ + (i + 1) * level_bytes_; }

  const ReduceLeaf& leaf_;
  int64_t width_;
  char* levels_;
  int64_t level_bytes_;
  uint64_t blocks_ = 0;
};

// data[0], data[stride], ... merged pairwise into data[0].
void merge_pairwise(const ReduceLeaf& leaf, char* data, int64_t stride, int64_t count, int64_t width) {
  for (int64_t step = 1; step < count; step *= 2)
    for (int64_t i = 0; i + step < count; i += 2 * step)
      leaf.combine(data + i * stride, data + (i + step) * stride, width);
}

// A position among kept dims [from, plan.kept): input bytes and output index.
struct Place {
  int64_t in, out;
};
Place kept_place(const ReducePlan& plan, int from, int64_t index) {
  Place place{0, 0};
  for (int d = from; d < plan.kept; ++d) {
    const int64_t i = index % plan.kept_shape[d];
    index /= plan.kept_shape[d];
    place.in += i * plan.kept_in[d];
    place.out += i * plan.kept_out[d];
  }
  return place;
}
int64_t reduced_offset(const ReducePlan& plan, int64_t index) {
  int64_t offset = 0;
  for (int d = 1; d < plan.reduced; ++d) {
    offset += index % plan.reduced_shape[d] * plan.reduced_in[d];
    index /= plan.reduced_shape[d];
  }
  return offset;
}

// One run per output, none long: whole outputs are independent.
void short_rows(const ReducePlan& plan, const ReduceLeaf& leaf) {
  const int64_t n = plan.reduced_shape[0];
  const int64_t inner = plan.kept > 0 ? plan.kept_shape[0] : 1;
  const int64_t in_stride = plan.kept > 0 ? plan.kept_in[0] : 0;
  const int64_t out_stride = plan.kept > 0 ? plan.kept_out[0] : 0;
  parallel_for(0, plan.outputs, at_least_one(kGrain / n), [&](int64_t b, int64_t e) {
    while (b < e) {
      const int64_t i = b % inner;
      const int64_t rows = inner - i < e - b ? inner - i : e - b;
      const Place place = kept_place(plan, 1, b / inner);
      leaf.rows(plan.in + place.in + i * in_stride, in_stride, n, rows,
                place.out + i * out_stride, out_stride, plan);
      b += rows;
    }
  });
}

// Any number of runs per output, of any length: each is cut into pieces, and groups of pieces are
// handed to threads.
void long_rows(const ReducePlan& plan, const ReduceLeaf& leaf) {
  const int64_t n = plan.reduced_shape[0], stride = plan.reduced_in[0];
  const bool packed = stride != plan.itemsize;
  const int64_t limit = packed ? kPacked : kReduceChunk;
  const int64_t piece = n < limit ? n : limit;
  const int64_t pieces_per_run = ceil_div(n, piece);
  const int64_t pieces = pieces_per_run * (plan.count / n);
  const int64_t group = at_least_one(kReduceChunk / piece);
  const int64_t groups = ceil_div(pieces, group);
  const int64_t acc = leaf.acc_bytes;
  const Scratch partial(groups > 1 ? plan.outputs * groups * acc : 1);

  const int64_t work = group * piece < plan.count ? group * piece : plan.count;
  parallel_for(0, plan.outputs * groups, at_least_one(kGrain / work), [&](int64_t b, int64_t e) {
    alignas(64) char levels[kMaxLevels * kMaxAccBytes];
    alignas(64) char buffer[kPacked * 16];
    for (int64_t unit = b; unit < e; ++unit) {
      const int64_t output = unit / groups, first = unit % groups * group;
      const int64_t last = first + group < pieces ? first + group : pieces;
      const Place place = kept_place(plan, 0, output);
      Counter counter(leaf, 1, levels, acc);
      for (int64_t p = first; p < last; ++p) {
        const int64_t begin = p % pieces_per_run * piece;
        const int64_t length = n - begin < piece ? n - begin : piece;
        const char* from =
            plan.in + place.in + reduced_offset(plan, p / pieces_per_run) + begin * stride;
        if (packed) {
          leaf.gather(from, stride, length, buffer);
          from = buffer;
        }
        leaf.run(from, length, counter.next());
        counter.push();
      }
      const char* total = counter.finish();
      if (groups == 1)
        leaf.project(total, 1, place.out, 0, plan);
      else
        std::memcpy(partial.data() + unit * acc, total, size_t(acc));
    }
  });
  if (groups == 1) return;
  for (int64_t output = 0; output < plan.outputs; ++output) {
    char* parts = partial.data() + output * groups * acc;
    merge_pairwise(leaf, parts, acc, groups, 1);
    leaf.project(parts, 1, kept_place(plan, 0, output).out, 0, plan);
  }
}

// Several short runs per output: rows of columns, which are folded at the end.
void stacked_rows(const ReducePlan& plan, const ReduceLeaf& leaf) {
  const int64_t n = plan.reduced_shape[0], rows = plan.reduced_shape[1];
  const int64_t stride = plan.reduced_in[1], acc = leaf.acc_bytes;
  const int64_t all_rows = plan.count / n;
  int64_t unit_rows = kReduceChunk / n / kBlockSteps * kBlockSteps;
  if (unit_rows < kBlockSteps) unit_rows = kBlockSteps;
  const int64_t units = ceil_div(all_rows, unit_rows);
  if (all_rows < unit_rows) unit_rows = all_rows;
  const Scratch partial(units > 1 ? plan.outputs * units * acc : 1);
  const int64_t level_bytes = n * acc + kLaneBytes;
  parallel_for(0, plan.outputs * units, at_least_one(kGrain / (unit_rows * n)),
               [&](int64_t b, int64_t e) {
    const int levels = 66 - __builtin_clzll(uint64_t(unit_rows));
    const Scratch scratch(levels * level_bytes);
    for (int64_t i = b; i < e; ++i) {
      const Place place = kept_place(plan, 0, i / units);
      const int64_t first = i % units * unit_rows;
      const int64_t last = first + unit_rows < all_rows ? first + unit_rows : all_rows;
      Counter counter(leaf, n, scratch.data(), level_bytes);
      for (int64_t row = first; row < last;) {
        const int64_t in_run = row % rows;
        int64_t block = rows - in_run < last - row ? rows - in_run : last - row;
        if (block > kBlockSteps) block = kBlockSteps;
        // reduced_offset counts dim 1 from its start.
        leaf.columns(plan.in + place.in + reduced_offset(plan, row), stride, block, n, counter.next());
        counter.push();
        row += block;
      }
      char* total = counter.finish();
      for (int64_t width = n; width > 1;) {
        const int64_t half = (width + 1) / 2;
        leaf.combine(total, total + half * acc, width - half);
        width = half;
      }
      if (units == 1)
        leaf.project(total, 1, place.out, 0, plan);
      else
        std::memcpy(partial.data() + i * acc, total, size_t(acc));
    }
  });
  if (units == 1) return;
  for (int64_t output = 0; output < plan.outputs; ++output) {
    char* parts = partial.data() + output * units * acc;
    merge_pairwise(leaf, parts, acc, units, 1);
    leaf.project(parts, 1, kept_place(plan, 0, output).out, 0, plan);
  }
}

// Kept columns side by side, gathered first where they are not contiguous. Narrow contiguous matrices are read as wider ones of fewer rows:
// `fold` rows make one, and its pieces are merged at the end.
void columns(const ReducePlan& plan, const ReduceLeaf& leaf) {
  const int64_t acc = leaf.acc_bytes;
  const int64_t own_width = plan.kept_shape[0], apart = plan.kept_in[0];
  const bool packed = apart != plan.itemsize;
  int64_t width = own_width, rows = plan.reduced_shape[0], stride = plan.reduced_in[0], fold = 1;
  if (plan.reduced == 1 && own_width < kFoldBelow && !packed && stride == own_width * plan.itemsize)
    while (width * 2 <= kStrip && rows / (fold * 2) >= kBlockSteps) {
      fold *= 2;
      width *= 2;
    }
  const int64_t left_over = rows % fold;
  rows /= fold;
  stride *= fold;

  const int64_t all_rows = rows * (plan.reduced == 1 ? 1 : plan.count / plan.reduced_shape[0]);
  const int64_t strip = width < kStrip ? width : kStrip;
  const int64_t strips = ceil_div(width, strip);
  int64_t rows_per_unit = kReduceChunk / strip / kBlockSteps * kBlockSteps;
  if (rows_per_unit < kBlockSteps) rows_per_unit = kBlockSteps;
  const int64_t cuts = ceil_div(all_rows, rows_per_unit);
  const int64_t matrices = plan.outputs / own_width;
  const Scratch partial(cuts > 1 ? matrices * strips * cuts * strip * acc : 1);
  const int64_t level_bytes = strip * acc + kLaneBytes;

  // Everything of the rows that `fold` left over, then the result.
  const auto finish = [&](char* total, int64_t columns_here, int64_t column, const Place& place,
                          char* scratch) {
    for (int64_t half = fold / 2; half > 0; half /= 2)
      leaf.combine(total, total + half * own_width * acc, half * own_width);
    if (fold > 1) columns_here = own_width;
    const char* rest = plan.in + place.in + rows * stride;
    const int64_t row_bytes = stride / fold;
    for (int64_t row = 0; row < left_over; row += kBlockSteps) {
      const int64_t block = left_over - row < kBlockSteps ? left_over - row : kBlockSteps;
      leaf.columns(rest + row * row_bytes, row_bytes, block, own_width, scratch);
      leaf.combine(total, scratch, own_width);
    }
    leaf.project(total, columns_here, place.out + column * plan.kept_out[0], plan.kept_out[0], plan);
  };

  const int64_t unit_rows = all_rows < rows_per_unit ? all_rows : rows_per_unit;
  parallel_for(0, matrices * strips * cuts, at_least_one(kGrain / (unit_rows * strip)),
               [&](int64_t b, int64_t e) {
    // A unit has at most unit_rows blocks, as every block has a row.
    const int levels = 66 - __builtin_clzll(uint64_t(unit_rows));
    const Scratch scratch(levels * level_bytes);
    const Scratch dense(packed ? kBlockSteps * strip * plan.itemsize : 1);
    for (int64_t unit = b; unit < e; ++unit) {
      const int64_t cut = unit % cuts, s = unit / cuts % strips, matrix = unit / cuts / strips;
      const int64_t column = s * strip;
      const int64_t here = width - column < strip ? width - column : strip;
      const Place place = kept_place(plan, 1, matrix);
      const char* base = plan.in + place.in + column * apart;
      const int64_t last = (cut + 1) * rows_per_unit < all_rows ? (cut + 1) * rows_per_unit : all_rows;
      Counter counter(leaf, here, scratch.data(), level_bytes);
      for (int64_t row = cut * rows_per_unit; row < last;) {
        const int64_t in_run = row % rows;
        int64_t block = rows - in_run < last - row ? rows - in_run : last - row;
        if (block > kBlockSteps) block = kBlockSteps;
        const char* from = base + reduced_offset(plan, row / rows) + in_run * stride;
        int64_t step = stride;
        if (packed) {
          step = here * plan.itemsize;
          for (int64_t r = 0; r < block; ++r)
            leaf.gather(from + r * stride, apart, here, dense.data() + r * step);
          from = dense.data();
        }
        leaf.columns(from, step, block, here, counter.next());
        counter.push();
        row += block;
      }
      char* total = counter.finish();
      if (cuts == 1)
        finish(total, here, column, place, scratch.data());
      else
        std::memcpy(partial.data() + unit * strip * acc, total, size_t(here * acc));
    }
  });
  if (cuts == 1) return;
  parallel_for(0, matrices * strips, at_least_one(kGrain / (cuts * strip)), [&](int64_t b, int64_t e) {
    const Scratch scratch(level_bytes);
    for (int64_t i = b; i < e; ++i) {
      const int64_t column = i % strips * strip;
      const int64_t here = width - column < strip ? width - column : strip;
      char* parts = partial.data() + i * cuts * strip * acc;
      merge_pairwise(leaf, parts, strip * acc, cuts, here);
      finish(parts, here, column, kept_place(plan, 1, i / strips), scratch.data());
    }
  });
}

}  // namespace

void run_reduce(const ReducePlan& plan, const ReduceLeaf& leaf) {
  switch (plan.kind) {
    case ReduceCase::Columns:
    case ReduceCase::StridedColumns:
      return columns(plan, leaf);
    case ReduceCase::All:
    case ReduceCase::Rows:
      if (plan.reduced == 1 && plan.count <= kReduceChunk) return short_rows(plan, leaf);
      // Moments are cheaper to take of a run than of its columns.
      if (plan.reduced > 1 && plan.reduced_shape[0] <= kStrip && plan.reduced_shape[1] >= 4 &&
          leaf.acc_bytes < kMaxAccBytes)
        return stacked_rows(plan, leaf);
      return long_rows(plan, leaf);
    case ReduceCase::StridedRows:
      return long_rows(plan, leaf);
  }
}

}  // namespace rushlight::cpu
