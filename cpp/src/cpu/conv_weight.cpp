// Weight gradients of convolutions. See Note [Correlation].
#include "conv_block.h"
#include "rushlight/core/parallel.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Note [Weight gradient order]
// The positions summed over are cut into pieces, each a run of rows of one image, and units: one
// piece, or several where they are whole images. A unit is summed in registers and added to a
// running sum in memory, unit after unit; where the result has too few tiles to feed the threads,
// pieces are dealt to `parts` running sums, added up at the end. All of it depends on the shapes
// alone.
constexpr int64_t kPieceBytes = 128 << 10;        // of gradient that a tile reads: stays in L2
constexpr int64_t kUnitBytes = 32 << 10;          // the same where pieces are joined
constexpr int64_t kWorkspaceBytes = 16 << 20;     // of units made ready at a time
constexpr int64_t kWantedItems = 32;
constexpr double kSerialWork = 1 << 20;           // multiply-adds

constexpr int kMaxGradRows = 3;
constexpr int kMaxTerms = 9;

// Where a tile reads and how far.
template <class T>
struct UnitInput {
  const T* data;      // input of output (j0, 0)
  const T* grad;
  int64_t rows, cols;
  int64_t in_row;     // elements between the input rows of neighbouring outputs
  int64_t in_step;    // the same for columns
  int64_t grad_row, grad_plane;
  int64_t images, in_image, grad_image;
};

// sum[r][v] += over positions: input at terms[r] times kVectors vectors of output channels.
template <class T, int kRows, int kVectors, int kStep>
[[gnu::noinline]] void channel_terms(const UnitInput<T>& u, const int64_t* terms, T* sums) {
  using V = Vec<T>;
  V sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[r][v] = V(T(0));
  const T* row[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) row[r] = u.data + terms[r];
  const int64_t step = kStep ? kStep : u.in_step;
  for (int64_t image = 0; image < u.images; ++image) {
    const T* grad = u.grad + image * u.grad_image;
    for (int64_t j = 0; j < u.rows; ++j) {
      for (int64_t i = 0; i < u.cols; ++i) {
        V g[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) g[v] = V::loadu(grad + v * V::kSize);
        grad += kVectors * V::kSize;
#pragma GCC unroll 16
        for (int r = 0; r < kRows; ++r) {
          const V x(row[r][i * step]);
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) sum[r][v] = fma(x, g[v], sum[r][v]);
        }
      }
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) row[r] += u.in_row;
    }
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) row[r] += u.in_image - u.rows * u.in_row;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      T* to = sums + (r * kVectors + v) * V::kSize;
      (V::loadu(to) + sum[r][v]).storeu(to);
    }
}

// sum[o][r] += over vectors of positions: gradient of channel o times input at terms[r].
template <class T, int kChannels, int kRows>
[[gnu::noinline]] void pixel_terms(const UnitInput<T>& u, const int64_t* terms, T* sums) {
  using V = Vec<T>;
  V sum[kChannels][kRows];
#pragma GCC unroll 4
  for (int o = 0; o < kChannels; ++o)
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) sum[o][r] = V(T(0));
  const int64_t whole = u.cols / V::kSize * V::kSize, rest = u.cols - whole;
  for (int64_t image = 0; image < u.images; ++image) {
    const T* in_row = u.data + image * u.in_image;
    const T* grad_row = u.grad + image * u.grad_image;
    for (int64_t j = 0; j < u.rows; ++j, in_row += u.in_row, grad_row += u.grad_row) {
      const T *in = in_row, *grad = grad_row;
      const auto add = [&](auto load) __attribute__((always_inline)) {
        V g[kChannels];
#pragma GCC unroll 4
        for (int o = 0; o < kChannels; ++o) g[o] = load(grad + o * u.grad_plane);
#pragma GCC unroll 16
        for (int r = 0; r < kRows; ++r) {
          const V x = load(in + terms[r]);
#pragma GCC unroll 4
          for (int o = 0; o < kChannels; ++o) sum[o][r] = fma(g[o], x, sum[o][r]);
        }
      };
      for (int64_t i = 0; i < whole; i += V::kSize, in += V::kSize, grad += V::kSize)
        add([](const T* p) __attribute__((always_inline)) { return V::loadu(p); });
      if (rest > 0)
        add([&](const T* p) __attribute__((always_inline)) { return V::load_partial(p, rest); });
    }
  }
#pragma GCC unroll 4
  for (int o = 0; o < kChannels; ++o)
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      T* to = sums + (o * kRows + r) * V::kSize;
      (V::loadu(to) + sum[o][r]).storeu(to);
    }
}

// kRows rows of one plane's gradient with 3 x 3 neighbouring taps: rows share what they read.
template <class T, int kRows, class Load>
RL_INLINE void add_plane_rows(const T* in, int64_t in_row, const T* grad, int64_t grad_row,
                              Vec<T> (&sum)[9], const Load& load) {
  Vec<T> g[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) g[r] = load(grad + r * grad_row);
#pragma GCC unroll 8
  for (int y = 0; y < kRows + 2; ++y)
#pragma GCC unroll 4
    for (int k = 0; k < 3; ++k) {
      const Vec<T> x = load(in + y * in_row + k);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r)
        if (y - r >= 0 && y - r < 3) sum[(y - r) * 3 + k] = fma(g[r], x, sum[(y - r) * 3 + k]);
    }
}

template <class T>
[[gnu::noinline]] void plane_terms(const UnitInput<T>& u, const int64_t* terms, T* sums) {
  using V = Vec<T>;
  V sum[9];
#pragma GCC unroll 16
  for (int k = 0; k < 9; ++k) sum[k] = V(T(0));
  for (int64_t image = 0; image < u.images; ++image)
    for (int64_t j = 0; j < u.rows;) {
      const bool many = j + 4 <= u.rows;
      const T* in = u.data + terms[0] + image * u.in_image + j * u.in_row;
      const T* grad = u.grad + image * u.grad_image + j * u.grad_row;
      for (int64_t i = 0; i < u.cols; i += V::kSize) {
        const int64_t count = min64(u.cols - i, V::kSize);
        const auto whole = [](const T* p) __attribute__((always_inline)) { return V::loadu(p); };
        const auto part = [&](const T* p) __attribute__((always_inline)) {
          return V::load_partial(p, count);
        };
        if (many && count == V::kSize)
          add_plane_rows<T, 4>(in + i, u.in_row, grad + i, u.grad_row, sum, whole);
        else if (many)
          add_plane_rows<T, 4>(in + i, u.in_row, grad + i, u.grad_row, sum, part);
        else
          add_plane_rows<T, 1>(in + i, u.in_row, grad + i, u.grad_row, sum, part);
      }
      j += many ? 4 : 1;
    }
#pragma GCC unroll 16
  for (int k = 0; k < 9; ++k) (V::loadu(sums + k * V::kSize) + sum[k]).storeu(sums + k * V::kSize);
}

// Whether one plane meets one plane under 3 x 3 neighbouring taps.
RL_INLINE bool is_plane(const WeightGradientPlan& p) {
  if (p.in_channels != 1 || p.out_channels != 1 || p.in_sy != 1 || p.in_sx != 1) return false;
  if (p.tap_count != 9) return false;
  for (int64_t t = 0; t < 9; ++t)
    if (p.taps[t].dy != p.taps[0].dy + t / 3 || p.taps[t].dx != p.taps[0].dx + t % 3) return false;
  return true;
}

template <class T>
using TermTile = void (*)(const UnitInput<T>& u, const int64_t* terms, T* sums);

template <class T, int kStep, int kVectors, int kRows = 1>
RL_INLINE TermTile<T> find_channel_terms(int64_t rows) {
  if constexpr (kRows * kVectors <= kAccumulators && kRows <= kMaxPixels) {
    if (rows == kRows) return &channel_terms<T, kRows, kVectors, kStep>;
    return find_channel_terms<T, kStep, kVectors, kRows + 1>(rows);
  } else {
    return nullptr;
  }
}
template <class T, int kStep>
RL_INLINE TermTile<T> find_channel_terms(int64_t rows, int64_t vectors) {
  return vectors == 1   ? find_channel_terms<T, kStep, 1>(rows)
         : vectors == 2 ? find_channel_terms<T, kStep, 2>(rows)
                        : find_channel_terms<T, kStep, 3>(rows);
}
template <class T>
TermTile<T> find_channel_terms(int64_t rows, int64_t vectors, int64_t step) {
  if constexpr (sizeof(T) == 4) {
    if (step == 1) return find_channel_terms<T, 1>(rows, vectors);
    if (step == 2) return find_channel_terms<T, 2>(rows, vectors);
  }
  return find_channel_terms<T, 0>(rows, vectors);
}

template <class T, int kChannels, int kRows = 1>
RL_INLINE TermTile<T> find_pixel_terms(int64_t rows) {
  if constexpr (kRows * kChannels <= kAccumulators && kRows <= kMaxTerms) {
    if (rows == kRows) return &pixel_terms<T, kChannels, kRows>;
    return find_pixel_terms<T, kChannels, kRows + 1>(rows);
  } else {
    return nullptr;
  }
}
template <class T>
TermTile<T> find_pixel_terms(int64_t channels, int64_t rows) {
  return channels == 1   ? find_pixel_terms<T, 1>(rows)
         : channels == 2 ? find_pixel_terms<T, 2>(rows)
                         : find_pixel_terms<T, 3>(rows);
}

template <class T>
RL_INLINE T lane_sum(Vec<T> v) {
  T lanes[Vec<T>::kSize];
  v.storeu(lanes);
  for (int width = Vec<T>::kSize / 2; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  return lanes[0];
}

// How the result is cut into register tiles: `tile_terms` terms by `panel` output channels.
struct Tiling {
  int64_t terms, tile_terms, term_tiles;
  int64_t panel, panels;     // output channels (by pixels) or vectors of them (by channels)
  int64_t sums_of_tile;      // elements of a full tile in memory

  void cut(int64_t all_terms, int64_t most_terms, int64_t all_panels, int64_t most_panel) {
    terms = all_terms;
    panels = ceil_div(all_panels, most_panel);
    panel = ceil_div(all_panels, panels);
    panels = ceil_div(all_panels, panel);
    term_tiles = ceil_div(terms, most_terms);
    tile_terms = ceil_div(terms, term_tiles);
    term_tiles = ceil_div(terms, tile_terms);
  }
};

template <class T>
void weight_gradient(const WeightGradientPlan& p, bool by_pixels) {
  constexpr int64_t n = kLanes<T>;
  const Window window(p);
  Tiling t;
  const int64_t terms = p.in_channels * p.tap_count;
  if (by_pixels) {
    const int64_t rows = min64(terms, kMaxTerms);
    t.cut(terms, rows, p.out_channels, max64(1, min64(kMaxGradRows, kAccumulators / rows)));
    t.sums_of_tile = t.tile_terms * t.panel * n;
  } else {
    const int64_t all = ceil_div(p.out_channels, n), most = kAccumulators >= 27 ? 3 : 2;
    const int64_t vectors = ceil_div(all, ceil_div(all, most));
    t.cut(terms, min64(kMaxPixels, kAccumulators / vectors), all, vectors);
    t.sums_of_tile = t.tile_terms * t.panel * n;
  }
  const int64_t tiles = p.groups * t.panels * t.term_tiles;
  const int64_t width = ceil_div(p.out_channels, n) * n;  // of packed gradients

  // Pieces.
  const int64_t row_bytes = p.cols * t.panel * (by_pixels ? 1 : n) * int64_t(sizeof(T));
  int64_t rows = min64(p.rows, max64(1, kPieceBytes / row_bytes));
  rows = ceil_div(p.rows, ceil_div(p.rows, rows));
  const int64_t pieces_of_image = ceil_div(p.rows, rows), pieces = p.batch * pieces_of_image;
  const int64_t unit =
      pieces_of_image > 1 ? 1 : max64(1, kUnitBytes / (row_bytes * p.rows));
  const BlockShape shape(p, window, rows, by_pixels);
  const int64_t block_size = shape.is_copy ? p.in_channels * shape.plane : 0;
  const int64_t grad_size = by_pixels ? 0 : rows * p.cols * width;
  const int64_t piece_bytes = p.groups * (block_size + grad_size) * int64_t(sizeof(T));
  const int64_t ready = min64(pieces, max64(1, kWorkspaceBytes / max64(piece_bytes, 1)));
  const int64_t parts = tiles >= kWantedItems ? 1 : min64(ready, ceil_div(kWantedItems, tiles));

  const Scratch<T> blocks(ready * p.groups * block_size), grads(ready * p.groups * grad_size);
  const Scratch<T> sums(parts * tiles * t.sums_of_tile);
  const Scratch<int64_t> offsets(terms);
  for (int64_t c = 0; c < p.in_channels; ++c)
    for (int64_t k = 0; k < p.tap_count; ++k)
      offsets.get()[c * p.tap_count + k] = c * shape.plane + shape.offset(window, p.taps[k]);
  fill_zero(sums.get(), parts * tiles * t.sums_of_tile);

  // A piece where the tiles read it; `make` also writes it.
  const auto open = [&](int64_t piece, int64_t slot, int64_t g, bool make) -> UnitInput<T> {
    const int64_t image = piece / pieces_of_image * p.groups + g;
    const int64_t j0 = piece % pieces_of_image * rows, j1 = min64(j0 + rows, p.rows);
    const T* in = static_cast<const T*>(p.input) + image * p.in_channels * p.in_plane();
    const T* grad = static_cast<const T*>(p.grad) + image * p.out_channels * p.out_plane() +
                    j0 * p.out_width;
    T* buffer = blocks.get() + (slot * p.groups + g) * block_size;
    T* packed = grads.get() + (slot * p.groups + g) * grad_size;
    if (make) {
      load_block(p, window, shape, in, j0, j1, buffer, false);
      for (int64_t panel = 0; panel < t.panels && !by_pixels; ++panel) {
        const int64_t pixels = (j1 - j0) * p.cols, first = panel * t.panel * n;
        const int64_t lanes = min64(t.panel * n, width - first);
        const int64_t count = min64(lanes, p.out_channels - first);
        T* to = packed + first * rows * p.cols;
        if (count < lanes) fill_zero(to, pixels * lanes);
        transpose_matrix(grad + first * p.out_plane(), p.out_plane(), count, to, lanes, pixels);
      }
    }
    const int64_t origin =
        (j0 * p.in_sy + window.min_dy) * shape.pitch + (shape.split == 1 ? window.min_dx : 0);
    UnitInput<T> u;
    u.data = (shape.is_copy ? buffer - origin : in) + j0 * p.in_sy * shape.pitch;
    u.grad = by_pixels ? grad : packed;
    u.rows = j1 - j0, u.cols = p.cols;
    u.in_row = p.in_sy * shape.pitch;
    u.in_step = shape.split == 1 ? p.in_sx : 1;
    u.grad_row = p.out_width, u.grad_plane = p.out_plane();
    u.images = 1;
    u.in_image = p.groups * (shape.is_copy ? block_size : p.in_channels * p.in_plane());
    u.grad_image = p.groups * (by_pixels ? p.out_channels * p.out_plane() : grad_size);
    return u;
  };

  const bool planes = by_pixels && is_plane(p);
  const double piece_work = double(p.out_channels) * double(rows) * double(p.cols) * double(terms);
  for (int64_t first_piece = 0; first_piece < pieces; first_piece += ready) {
    const int64_t count = min64(ready, pieces - first_piece);
    if (shape.is_copy || !by_pixels)
      parallel_for(0, count * p.groups, max64(1, kGrain / max64(1, block_size + grad_size)),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i)
                       open(first_piece + i / p.groups, i / p.groups, i % p.groups, true);
                   });
    // An item is a tile of one part; neighbours share the panel, whose gradients stay in cache.
    const int64_t items = parts * tiles;
    const double item_work = piece_work * double(count) * double(p.groups) / double(items);
    const int64_t grain = max64(1, int64_t(kSerialWork / (item_work + 1)));
    parallel_for(0, items, grain, [&](int64_t begin, int64_t end) {
      int64_t item = begin;
      while (item < end) {
        // A run of tiles of one panel and part, unit after unit.
        const int64_t run = item / t.term_tiles;
        const int64_t run_end = min64(end, (run + 1) * t.term_tiles);
        const int64_t panel = run % t.panels, g = run / t.panels % p.groups;
        const int64_t part = run / t.panels / p.groups;
        const int64_t p0 = count * part / parts, p1 = count * (part + 1) / parts;
        for (int64_t at_piece = p0; at_piece < p1; at_piece += unit) {
          UnitInput<T> in = open(first_piece + at_piece, at_piece, g, false);
          in.images = min64(unit, p1 - at_piece);
          int64_t panel_size;
          if (by_pixels) {
            panel_size = min64(t.panel, p.out_channels - panel * t.panel);
            in.grad += panel * t.panel * p.out_plane();
          } else {
            panel_size = min64(t.panel, width / n - panel * t.panel);
            in.grad += panel * t.panel * n * rows * p.cols;
          }
          for (int64_t at = item; at < run_end; ++at) {
            const int64_t k0 = at % t.term_tiles * t.tile_terms;
            const int64_t k = min64(t.tile_terms, terms - k0);
            const auto tile = planes      ? &plane_terms<T>
                              : by_pixels ? find_pixel_terms<T>(panel_size, k)
                                          : find_channel_terms<T>(k, panel_size, p.in_sx);
            tile(in, offsets.get() + k0, sums.get() + at * t.sums_of_tile);
          }
        }
        item = run_end;
      }
    });
  }

  parallel_for(0, tiles, max64(1, kGrain / (parts * t.sums_of_tile)), [&](int64_t b, int64_t e) {
    for (int64_t at = b; at < e; ++at) {
      T* sum = sums.get() + at * t.sums_of_tile;
      for (int64_t part = 1; part < parts; ++part) {
        const T* other = sum + part * tiles * t.sums_of_tile;
        for (int64_t i = 0; i < t.sums_of_tile; i += n)
          (Vec<T>::loadu(sum + i) + Vec<T>::loadu(other + i)).storeu(sum + i);
      }
      const int64_t k0 = at % t.term_tiles * t.tile_terms, k = min64(t.tile_terms, terms - k0);
      const int64_t panel = at / t.term_tiles % t.panels, g = at / t.term_tiles / t.panels;
      T* to = static_cast<T*>(p.grad_weight) + g * p.out_channels * terms + k0;
      if (by_pixels) {
        const int64_t first = panel * t.panel, count = min64(t.panel, p.out_channels - first);
        for (int64_t o = 0; o < count; ++o)
          for (int64_t r = 0; r < k; ++r)
            to[(first + o) * terms + r] = lane_sum(Vec<T>::loadu(sum + (o * k + r) * n));
      } else {
        const int64_t first = panel * t.panel * n;
        const int64_t lanes = min64(t.panel * n, width - first);
        transpose_matrix(sum, lanes, k, to + first * terms, terms,
                         min64(lanes, p.out_channels - first));
      }
    }
  });
}

// Lanes that do nothing, and what turning pixels into channels costs, decide.
template <class T>
void weight_gradient_float(const WeightGradientPlan& p) {
  constexpr int64_t n = kLanes<T>;
  const double pixel_lanes = double(ceil_div(p.cols, n) * n) / double(p.cols);
  const double channel_lanes = double(ceil_div(p.out_channels, n) * n) / double(p.out_channels);
  const double terms = double(p.in_channels * p.tap_count);
  weight_gradient<T>(p, pixel_lanes * (p.in_sx == 1 ? 1.1 : 1.3) <
                            channel_lanes * (1 + 12 / (terms + 1)));
}

template <class T>
void weight_gradient_plain(const WeightGradientPlan& p) {
  const int64_t terms = p.in_channels * p.tap_count;
  parallel_for(0, p.groups * p.out_channels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at)
      for (int64_t c = 0; c < p.in_channels; ++c)
        for (int64_t t = 0; t < p.tap_count; ++t) {
          T sum(0);
          for (int64_t n = 0; n < p.batch; ++n) {
            const T* in = static_cast<const T*>(p.input) +
                          ((n * p.groups + at / p.out_channels) * p.in_channels + c) * p.in_plane();
            const T* grad = static_cast<const T*>(p.grad) +
                            (n * p.groups * p.out_channels + at) * p.out_plane();
            for (int64_t j = 0; j < p.rows; ++j)
              for (int64_t i = 0; i < p.cols; ++i) {
                const int64_t y = j * p.in_sy + p.taps[t].dy, x = i * p.in_sx + p.taps[t].dx;
                if (y < 0 || y >= p.in_height || x < 0 || x >= p.in_width) continue;
                sum = sum + grad[j * p.out_width + i] * in[y * p.in_width + x];
              }
          }
          static_cast<T*>(p.grad_weight)[at * terms + c * p.tap_count + t] = sum;
        }
  });
}

void correlate_weight(const WeightGradientPlan& p) {
  switch (p.dtype) {
    case DType::F32:
      return weight_gradient_float<float>(p);
    case DType::F64:
      return weight_gradient_float<double>(p);
    case DType::C64:
      return weight_gradient_plain<c64>(p);
    case DType::C128:
      return weight_gradient_plain<c128>(p);
    default:
      return;
  }
}

}  // namespace

void register_conv_weight(KernelSlots& slots) { slots.correlate_weight = &correlate_weight; }

}  // namespace rushlight::cpu::RL_ISA
