// Convolutions and their input gradients. See Note [Correlation].
#include "conv_tile.h"
#include "rushlight/core/parallel.h"

namespace rushlight::cpu::RL_ISA {
namespace {

constexpr int64_t kBlockBytes = 256 << 10;  // of padded input that a thread works on: half an L2
constexpr int64_t kWantedItems = 32;
constexpr int64_t kJoinedCols = 512;
constexpr double kSerialWork = 1 << 20;     // multiply-adds

// Output rows of one item. More items feed more threads, but neighbours copy shared rows twice.
int64_t rows_per_item(const ConvGeometry& g, const Window& w, size_t item) {
  const int64_t row_bytes = g.in_channels * w.cols(g) * int64_t(item);
  const int64_t halo = w.max_dy - w.min_dy + 1;
  int64_t rows = (kBlockBytes / max64(row_bytes, 1) - halo) / g.in_sy + 1;
  rows = min64(max64(rows, 4), g.rows);
  const int64_t images = g.batch * g.groups;
  if (images * ceil_div(g.rows, rows) < kWantedItems)
    rows = min64(rows, max64(4, ceil_div(g.rows * images, kWantedItems)));
  return ceil_div(g.rows, ceil_div(g.rows, rows));
}

template <class T>
struct Engine {
  const CorrelatePlan& p;
  Window window;
  int64_t rows;
  BlockShape shape;

  Engine(const CorrelatePlan& p, bool by_residue)
      : p(p), window(p), rows(rows_per_item(p, window, sizeof(T))),
        shape(p, window, rows, by_residue) {}

  const T* weight(int64_t group) const {
    return static_cast<const T*>(p.weight) + group * p.weight_group;
  }
  int64_t terms() const { return p.in_channels * p.tap_count; }
  int64_t row_items() const { return ceil_div(p.rows, rows); }
  double work() const {
    return double(p.batch) * double(p.groups) * double(p.out_channels) * double(p.rows) *
           double(p.cols) * double(terms() + 1);
  }

  // Calls each(n, g, j0, j1, block, output of the group) for every image, group and run of rows;
  // `share` in [0, shares) splits the output channels where there are too few items otherwise.
  template <class Each>
  void run(int64_t shares, const Each& each) const {
    const int64_t items = p.batch * p.groups * row_items() * shares;
    const int64_t grain = max64(1, int64_t(kSerialWork * double(items) / (work() + 1)));
    parallel_for(0, items, grain, [&](int64_t begin, int64_t end) {
      const Scratch<T> buffer(shape.is_copy ? p.in_channels * shape.plane : 0);
      Block<T> block{};
      int64_t loaded = -1;
      // Whole planes have their margin in one place, which nobody writes to.
      const bool has_margin = shape.is_copy && shape.split == 1 && row_items() == 1;
      if (has_margin) fill_zero(buffer.get(), p.in_channels * shape.plane);
      for (int64_t item = begin; item < end; ++item) {
        const int64_t share = item % shares, at = item / shares;
        const int64_t j0 = at % row_items() * rows, j1 = min64(j0 + rows, p.rows);
        const int64_t image = at / row_items();
        const T* in = static_cast<const T*>(p.input) + image * p.in_channels * p.in_plane();
        T* out = static_cast<T*>(p.output) + image * p.out_channels * p.out_plane() +
                 p.out_y * p.out_width + p.out_x;
        if (loaded != at) block = load_block(p, window, shape, in, j0, j1, buffer.get(), has_margin);
        loaded = at;
        each(image % p.groups, share, j0, j1, block, out);
      }
    });
  }

  void tap_offsets(int64_t* offsets) const {
    for (int64_t t = 0; t < p.tap_count; ++t) offsets[t] = shape.offset(window, p.taps[t]);
  }
};

// ---- vectors of output channels

template <class T>
void pack_channels(const Engine<T>& e, int64_t group, int64_t first, int64_t count, int64_t width,
                   T* to) {
  const CorrelatePlan& p = e.p;
  const T* from = e.weight(group) + first * p.weight_out;
  const int64_t taps = p.tap_count;
  if (taps > 0 && p.taps[0].weight == 0 && p.taps[taps - 1].weight == taps - 1) {
    // All taps in order: the weights of one output and one input channel lie together.
    if (count < width) fill_zero(to, e.terms() * width);
    if (p.weight_in == taps)
      return transpose_matrix(from, p.weight_out, count, to, width, e.terms());
    for (int64_t c = 0; c < p.in_channels; ++c, to += taps * width)
      transpose_matrix(from + c * p.weight_in, p.weight_out, count, to, width, taps);
    return;
  }
  for (int64_t c = 0; c < p.in_channels; ++c)
    for (int64_t t = 0; t < p.tap_count; ++t, to += width) {
      const T* w = from + c * p.weight_in + p.taps[t].weight;
      for (int64_t o = 0; o < count; ++o) to[o] = w[o * p.weight_out];
      for (int64_t o = count; o < width; ++o) to[o] = T(0);
    }
}

// How taps follow each other in a row, where the kernels can make use of it.
struct Runs {
  int64_t length = 0;  // 3, 5, or 0
  int64_t sign = 1;
  int64_t margin = 0;  // columns of padding read on both sides of a row

  Runs(const CorrelatePlan& p, const Window& w) {
    if (p.in_sx != 1) return;
    const auto look_for = [&](int64_t run, int64_t s) {
      if (length == 0 && has_runs(p.taps, p.tap_count, run, s)) length = run, sign = s;
    };
    look_for(3, 1), look_for(3, -1), look_for(5, 1), look_for(5, -1);
    if (w.max_dx - w.min_dx + 1 != length) return;
    const int64_t right = p.cols - 1 + w.max_dx - (p.in_width - 1);
    margin = max64(0, min64(-w.min_dx, right));
  }
};

// The taps between the first and the last that meet a row of the input: a tap whose row is padding
// for all outputs of rows [j0, j1] adds nothing. Taps are ordered by rows.
struct TapRange {
  int64_t begin, end;
};
RL_INLINE TapRange taps_inside(const CorrelatePlan& p, int64_t j0, int64_t j1) {
  int64_t begin = 0, end = p.tap_count;
  const auto meets = [&](int64_t t) {
    const int64_t first = j0 * p.in_sy + p.taps[t].dy, last = j1 * p.in_sy + p.taps[t].dy;
    return last >= 0 && first < p.in_height;
  };
  while (begin < end && !meets(begin)) ++begin;
  while (begin < end && !meets(end - 1)) --end;
  return {begin, end};
}

// Stores a tile [pixels][width] of which `channels` columns count.
template <class T>
RL_INLINE void store_tile(const T* tile, int64_t pixels, int64_t width, int64_t channels, T* out,
                          int64_t plane, int64_t step) {
  if (step == 1) return transpose_matrix(tile, width, pixels, out, plane, channels);
  for (int64_t o = 0; o < channels; ++o)
    for (int64_t i = 0; i < pixels; ++i) out[o * plane + i * step] = tile[i * width + o];
}

template <class T>
void correlate_by_channels(const CorrelatePlan& p) {
  constexpr int64_t n = kLanes<T>;
  const Engine<T> e(p, false);
  const int64_t tiles = ceil_div(p.cols, kMaxPixels), pixels = ceil_div(p.cols, tiles);
  const int64_t rest = p.cols - pixels * (tiles - 1);
  const int64_t all = ceil_div(p.out_channels, n);
  const int64_t at_most = min64(kAccumulators / pixels, min64(kMaxVectors, all));
  const int64_t panels = ceil_div(all, at_most), vectors = ceil_div(all, panels);
  // Vectors of panel i; the last may have fewer.
  const auto vectors_of = [&](int64_t i) { return min64(vectors, all - i * vectors); };

  const int64_t terms = e.terms(), group_size = terms * all * n;
  const Scratch<T> weight(p.groups * group_size), bias(p.groups * all * n);
  const Scratch<int64_t> offsets(p.tap_count);
  e.tap_offsets(offsets.get());
  parallel_for(0, p.groups * panels, max64(1, kGrain / max64(1, terms * vectors * n)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t g = i / panels, first = i % panels * vectors * n;
                   const int64_t width = vectors_of(i % panels) * n;
                   pack_channels(e, g, first, min64(width, p.out_channels - first), width,
                                 weight.get() + g * group_size + first * terms);
                 }
               });
  for (int64_t g = 0; g < p.groups; ++g)
    for (int64_t o = 0; o < all * n; ++o)
      bias.get()[g * all * n + o] = p.bias && o < p.out_channels
                                        ? static_cast<const T*>(p.bias)[g * p.out_channels + o]
                                        : T(0);

  const int64_t images = p.batch * p.groups * e.row_items();
  const int64_t shares = min64(panels, max64(1, kWantedItems / (2 * images)));
  const Runs runs(p, e.window);
  const bool whole_rows = tiles == 1;
  const RunTile<T> two_rows =
      whole_rows && p.rows > 1 ? find_run_tile<T>(2, pixels, runs.length, runs.margin) : nullptr;
  e.run(shares, [&](int64_t g, int64_t share, int64_t j0, int64_t j1, const Block<T>& block,
                    T* out) {
    alignas(64) T tile[kAccumulators * n];
    const int64_t first_panel = panels * share / shares, end_panel = panels * (share + 1) / shares;
    for (int64_t panel = first_panel; panel < end_panel; ++panel) {
      const int64_t first = panel * vectors * n, count = vectors_of(panel), wide = count * n;
      const int64_t channels = min64(wide, p.out_channels - first);
      const T* w = weight.get() + g * group_size + first * terms;
      const T* b = bias.get() + g * all * n + first;
      const auto full = find_channel_tile<T>(pixels, count, p.in_sx);
      const auto last = find_channel_tile<T>(rest, count, p.in_sx);
      const int64_t length = count == 1 ? runs.length : 0, margin = whole_rows ? runs.margin : 0;
      const auto full_run = find_run_tile<T>(1, pixels, length, margin);
      const auto last_run = find_run_tile<T>(1, rest, length, margin);
      for (int64_t j = j0; j < j1;) {
        const bool pair = count == 1 && two_rows && j + 2 <= j1;
        const TapRange range = taps_inside(p, j, pair ? j + 1 : j);
        TileInput<T> in{block.data + j * p.in_sy * block.pitch,
                        offsets.get() + range.begin,
                        range.end - range.begin,
                        p.in_channels,
                        block.plane,
                        p.tap_count * wide};
        const T* from = w + range.begin * wide;
        T* to = out + first * p.out_plane() + j * p.out_sy * p.out_width;
        if (pair) {
          two_rows(in, p.in_sy * block.pitch, runs.sign, from, b, tile);
          store_tile(tile, pixels, n, channels, to, p.out_plane(), p.out_sx);
          store_tile(tile + pixels * n, pixels, n, channels, to + p.out_sy * p.out_width,
                     p.out_plane(), p.out_sx);
          j += 2;
          continue;
        }
        for (int64_t i = 0; i < tiles; ++i) {
          const bool is_last = i == tiles - 1;
          if (full_run)
            (is_last ? last_run : full_run)(in, 0, runs.sign, from, b, tile);
          else
            (is_last ? last : full)(in, p.in_sx, from, b, tile);
          store_tile(tile, is_last ? rest : pixels, wide, channels, to, p.out_plane(), p.out_sx);
          in.data += pixels * p.in_sx;
          to += pixels * p.out_sx;
        }
        ++j;
      }
    }
  });
}

// ---- vectors of pixels

template <class T>
void correlate_by_pixels(const CorrelatePlan& p) {
  constexpr int64_t n = kLanes<T>;
  const Engine<T> e(p, true);
  const int64_t all = ceil_div(p.cols, n);
  const int64_t tiles = ceil_div(all, kMaxPixelVectors), vectors = ceil_div(all, tiles);
  const int64_t rest = all - vectors * (tiles - 1);
  const int64_t last_lanes = p.cols - (all - 1) * n;
  const int64_t at_most = min64(min64(kAccumulators / vectors, kMaxPixels), p.out_channels);
  const int64_t panels = ceil_div(p.out_channels, at_most);
  const int64_t channels = ceil_div(p.out_channels, panels);

  const int64_t terms = e.terms(), group_size = terms * p.out_channels;
  const Scratch<T> weight(p.groups * group_size), bias(p.groups * p.out_channels);
  const Scratch<int64_t> offsets(p.tap_count);
  e.tap_offsets(offsets.get());
  for (int64_t g = 0; g < p.groups; ++g)
    for (int64_t first = 0; first < p.out_channels; first += channels) {
      const int64_t count = min64(channels, p.out_channels - first);
      T* to = weight.get() + g * group_size + first * terms;
      for (int64_t c = 0; c < p.in_channels; ++c)
        for (int64_t t = 0; t < p.tap_count; ++t) {
          const T* w = e.weight(g) + first * p.weight_out + c * p.weight_in + p.taps[t].weight;
          for (int64_t o = 0; o < count; ++o) *to++ = w[o * p.weight_out];
        }
    }
  for (int64_t o = 0; o < p.groups * p.out_channels; ++o)
    bias.get()[o] = p.bias ? static_cast<const T*>(p.bias)[o] : T(0);

  e.run(1, [&](int64_t g, int64_t, int64_t j0, int64_t j1, const Block<T>& block, T* out) {
    alignas(64) T tile[kAccumulators * n];
    for (int64_t first = 0; first < p.out_channels; first += channels) {
      const int64_t count = min64(channels, p.out_channels - first);
      const auto full = find_pixel_tile<T, false>(count, vectors);
      const auto last = last_lanes == n ? find_pixel_tile<T, false>(count, rest)
                                        : find_pixel_tile<T, true>(count, rest);
      const T* w = weight.get() + g * group_size + first * terms;
      const T* b = bias.get() + g * p.out_channels + first;
      for (int64_t j = j0; j < j1; ++j) {
        TileInput<T> in{block.data + j * p.in_sy * block.pitch, offsets.get(), p.tap_count,
                        p.in_channels, block.plane, 0};
        T* to = out + first * p.out_plane() + j * p.out_sy * p.out_width;
        for (int64_t i = 0; i < tiles; ++i) {
          const bool is_last = i == tiles - 1;
          const auto run = is_last ? last : full;
          if (p.out_sx == 1) {
            run(in, w, b, last_lanes, to, p.out_plane());
          } else {
            const int64_t width = (is_last ? rest : vectors) * n;
            const int64_t pixels = is_last ? width - n + last_lanes : width;
            run(in, w, b, last_lanes, tile, width);
            for (int64_t o = 0; o < count; ++o)
              for (int64_t x = 0; x < pixels; ++x)
                to[o * p.out_plane() + x * p.out_sx] = tile[o * width + x];
          }
          in.data += vectors * n;
          to += vectors * n * p.out_sx;
        }
      }
    }
  });
}

// ---- one plane to one plane

constexpr int kPlaneRows = 4;

// The side of the square of neighbouring taps, 0 where they are none or the strides are not 1.
int64_t plane_side(const CorrelatePlan& p, const Window& w) {
  if (p.in_channels != 1 || p.out_channels != 1) return 0;
  if (p.in_sy != 1 || p.in_sx != 1 || p.out_sy != 1 || p.out_sx != 1) return 0;
  const int64_t side = w.max_dy - w.min_dy + 1;
  if ((side != 3 && side != 5) || w.max_dx - w.min_dx + 1 != side) return 0;
  return p.tap_count == side * side ? side : 0;
}

template <class T, int kSide>
void correlate_planes(const CorrelatePlan& p) {
  constexpr int64_t n = kLanes<T>;
  const Engine<T> e(p, false);
  const Scratch<T> weight(p.groups * kSide * kSide);
  for (int64_t g = 0; g < p.groups; ++g)
    for (int64_t t = 0; t < p.tap_count; ++t) {
      const ConvTap& tap = p.taps[t];
      weight.get()[(g * kSide + tap.dy - e.window.min_dy) * kSide + tap.dx - e.window.min_dx] =
          e.weight(g)[tap.weight];
    }
  e.run(1, [&](int64_t g, int64_t, int64_t j0, int64_t j1, const Block<T>& block, T* out) {
    const T* w = weight.get() + g * kSide * kSide;
    const T bias = p.bias ? static_cast<const T*>(p.bias)[g] : T(0);
    const T* corner = block.data + e.window.min_dy * block.pitch + e.window.min_dx;
    for (int64_t j = j0; j < j1;) {
      const bool many = j + kPlaneRows <= j1;
      const T* in = corner + j * block.pitch;
      T* to = out + j * p.out_width;
      int64_t i = 0;
      for (; i + 2 * n <= p.cols; i += 2 * n)
        (many ? plane_tile<T, kSide, kPlaneRows, 2, false> : plane_tile<T, kSide, 1, 2, false>)(
            in + i, block.pitch, w, bias, n, to + i, p.out_width);
      if (i + n < p.cols)
        (many ? plane_tile<T, kSide, kPlaneRows, 2, true> : plane_tile<T, kSide, 1, 2, true>)(
            in + i, block.pitch, w, bias, p.cols - i - n, to + i, p.out_width);
      else if (i < p.cols)
        (many ? plane_tile<T, kSide, kPlaneRows, 1, true> : plane_tile<T, kSide, 1, 1, true>)(
            in + i, block.pitch, w, bias, p.cols - i, to + i, p.out_width);
      j += many ? kPlaneRows : 1;
    }
  });
}

// ---- other dtypes

template <class T>
struct PlainSum {
  using Type = T;
};
template <IntScalar T>
struct PlainSum<T> {
  using Type = uint64_t;  // wraps without overflow
};

template <class T>
void correlate_plain(const CorrelatePlan& p) {
  using S = typename PlainSum<T>::Type;
  const int64_t outputs = p.groups * p.out_channels;
  parallel_for(0, p.batch * outputs, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t n = at / outputs, g = at % outputs / p.out_channels, o = at % p.out_channels;
      const T* in =
          static_cast<const T*>(p.input) + (n * p.groups + g) * p.in_channels * p.in_plane();
      const T* w =
          static_cast<const T*>(p.weight) + g * p.weight_group + o * p.weight_out;
      T* out = static_cast<T*>(p.output) + at * p.out_plane() + p.out_y * p.out_width + p.out_x;
      const S start = p.bias ? S(static_cast<const T*>(p.bias)[g * p.out_channels + o]) : S(0);
      for (int64_t j = 0; j < p.rows; ++j)
        for (int64_t i = 0; i < p.cols; ++i) {
          S sum = start;
          for (int64_t c = 0; c < p.in_channels; ++c)
            for (int64_t t = 0; t < p.tap_count; ++t) {
              const int64_t y = j * p.in_sy + p.taps[t].dy, x = i * p.in_sx + p.taps[t].dx;
              if (y < 0 || y >= p.in_height || x < 0 || x >= p.in_width) continue;
              sum = sum + S(in[c * p.in_plane() + y * p.in_width + x]) *
                              S(w[c * p.weight_in + p.taps[t].weight]);
            }
          out[j * p.out_sy * p.out_width + i * p.out_sx] = T(sum);
        }
    }
  });
}

// Lanes that do nothing, and what turning channels into pixels costs, decide.
template <class T>
bool pixels_are_better(const CorrelatePlan& p) {
  constexpr int64_t n = kLanes<T>;
  const double pixel_lanes = double(ceil_div(p.cols, n) * n) / double(p.cols);
  const double channel_lanes = double(ceil_div(p.out_channels, n) * n) / double(p.out_channels);
  const double terms = double(p.in_channels * p.tap_count);
  const double by_pixels = pixel_lanes * (p.in_sx == 1 ? 1.05 : 1.3);
  const double by_channels = channel_lanes * (1 + 12 / (terms + 1));
  return by_pixels < by_channels;
}

template <class T>
void correlate_float(const CorrelatePlan& plan) {
  CorrelatePlan p = plan;
  const bool pointwise = p.tap_count == 1 && p.taps[0].dy == 0 && p.taps[0].dx == 0 &&
                         p.in_sy == 1 && p.in_sx == 1 && p.out_sy == 1 && p.out_sx == 1 &&
                         p.in_width == p.out_width && p.in_height == p.out_height;
  if (pointwise) {
    // Rows mean nothing to a 1x1 kernel: join some, so that fewer end in the middle of a tile.
    int64_t joined = 1;
    for (int64_t k = 2; k <= p.rows && k * p.cols <= kJoinedCols; ++k)
      if (p.rows % k == 0) joined = k;
    p.cols = p.in_width = p.out_width = joined * p.cols;
    p.rows = p.in_height = p.out_height = p.rows / joined;
  }
  const int64_t side = plane_side(p, Window(p));
  if (side == 3)
    correlate_planes<T, 3>(p);
  else if (side == 5)
    correlate_planes<T, 5>(p);
  else if (pixels_are_better<T>(p))
    correlate_by_pixels<T>(p);
  else
    correlate_by_channels<T>(p);
}

void correlate(const CorrelatePlan& p) {
  switch (p.dtype) {
    case DType::F32:
      return correlate_float<float>(p);
    case DType::F64:
      return correlate_float<double>(p);
#define RL_PLAIN(name) \
  case DType::name:    \
    return correlate_plain<CTypeOf<DType::name>::Type>(p);
      RL_PLAIN(U8)
      RL_PLAIN(I8)
      RL_PLAIN(I16)
      RL_PLAIN(I32)
      RL_PLAIN(I64)
      RL_PLAIN(C64)
      RL_PLAIN(C128)
#undef RL_PLAIN
    default:
      return;
  }
}

}  // namespace

void register_conv(KernelSlots& slots) { slots.correlate = &correlate; }

}  // namespace rushlight::cpu::RL_ISA
