// What the convolution kernels share: zero-padded pieces of the input, weights in vector order, and
// the transposition between "channels in a vector" and "pixels in memory".
#pragma once

#include "loops.h"
#include "rushlight/core/allocator.h"
#include "rushlight/iter/conv_plan.h"

namespace rushlight::cpu::RL_ISA {
namespace {

#if RL_VEC_AVX512
inline constexpr int kAccumulators = 28;  // of 32 registers
inline constexpr int kMaxPixels = 14;
#else
inline constexpr int kAccumulators = 12;  // of 16
inline constexpr int kMaxPixels = 6;
#endif
inline constexpr int kMaxVectors = 4;

// Uninitialised elements, given back at the end of the scope.
template <class T>
class Scratch {
 public:
  explicit RL_INLINE Scratch(int64_t count)
      : bytes_(size_t(count) * sizeof(T)), data_(static_cast<T*>(cpu_allocate(bytes_))) {}
  RL_INLINE ~Scratch() { cpu_free(data_, bytes_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  RL_INLINE T* get() const { return data_; }

 private:
  size_t bytes_;
  T* data_;
};

RL_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
RL_INLINE int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
RL_INLINE int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

template <class T>
RL_INLINE void fill_zero(T* to, int64_t count) {
  __builtin_memset(to, 0, size_t(max64(count, 0)) * sizeof(T));
}

// The part of the input plane that `rows` x `cols` outputs touch.
struct Window {
  int64_t min_dy, max_dy, min_dx, max_dx;

  explicit Window(const ConvGeometry& g) : min_dy(0), max_dy(0), min_dx(0), max_dx(0) {
    for (int64_t t = 0; t < g.tap_count; ++t) {
      const ConvTap& tap = g.taps[t];
      min_dy = t == 0 ? tap.dy : min64(min_dy, tap.dy);
      max_dy = t == 0 ? tap.dy : max64(max_dy, tap.dy);
      min_dx = t == 0 ? tap.dx : min64(min_dx, tap.dx);
      max_dx = t == 0 ? tap.dx : max64(max_dx, tap.dx);
    }
  }
  int64_t rows(const ConvGeometry& g, int64_t j_count) const {
    return (j_count - 1) * g.in_sy + max_dy - min_dy + 1;
  }
  int64_t cols(const ConvGeometry& g) const { return (g.cols - 1) * g.in_sx + max_dx - min_dx + 1; }
  bool is_inside(const ConvGeometry& g) const {
    return min_dy >= 0 && min_dx >= 0 && (g.rows - 1) * g.in_sy + max_dy < g.in_height &&
           (g.cols - 1) * g.in_sx + max_dx < g.in_width;
  }
};

// Where the kernels read: element (c, y, x) of a group lies at data + c * plane + y * pitch + x, for
// the y and x that the taps of the current rows reach. Rows may be split by column residue: then
// column x lies at (x - first) % split * part + (x - first) / split, and the vector kernels see
// stride 1.
template <class T>
struct Block {
  const T* data;
  int64_t plane, pitch;
};

struct BlockShape {
  int64_t pitch, plane;  // of the copy
  int64_t split, part;
  bool is_copy;

  // `max_rows` output rows at most; `by_residue` asks for split rows where the stride is not 1.
  BlockShape(const ConvGeometry& g, const Window& w, int64_t max_rows, bool by_residue) {
    split = by_residue ? g.in_sx : 1;
    part = ceil_div(w.cols(g), split);
    is_copy = split > 1 || !w.is_inside(g);
    pitch = is_copy ? part * split : g.in_width;
    plane = is_copy ? w.rows(g, max_rows) * pitch : g.in_plane();
  }
  // Offset of a tap from an output's origin.
  int64_t offset(const Window& w, const ConvTap& tap) const {
    if (split == 1) return tap.dy * pitch + tap.dx;
    const int64_t x = tap.dx - w.min_dx;
    return tap.dy * pitch + x % split * part + x / split;
  }
};

// Copies one row of the window, with zeros outside of the input where nobody wrote them before.
template <class T>
RL_INLINE void copy_row(const T* in, int64_t width, int64_t first, int64_t cols, int64_t split,
                        int64_t part, T* to, bool has_margin) {
  if (split == 1) {
    const int64_t left = min64(max64(-first, 0), cols);
    const int64_t right = max64(min64(width - first, cols), left);
    constexpr int64_t w = Vec<T>::kSize;
    int64_t x = left;
    for (; x + w <= right; x += w) Vec<T>::loadu(in + first + x).storeu(to + x);
    if (x < right) Vec<T>::load_partial(in + first + x, right - x).store_partial(to + x, right - x);
    if (has_margin) return;
    for (x = 0; x < left; ++x) to[x] = T(0);
    for (x = right; x < cols; ++x) to[x] = T(0);
    return;
  }
  for (int64_t s = 0; s < split; ++s)
    for (int64_t i = 0; i < part; ++i) {
      const int64_t x = first + i * split + s;
      to[s * part + i] = x >= 0 && x < width ? in[x] : T(0);
    }
}

// Makes the block of output rows [j0, j1) readable; `buffer` has channels * shape.plane elements,
// which are 0 outside of the input already if `has_margin`.
template <class T>
Block<T> load_block(const ConvGeometry& g, const Window& w, const BlockShape& shape, const T* in,
                    int64_t j0, int64_t j1, T* buffer, bool has_margin) {
  if (!shape.is_copy) return {in, shape.plane, shape.pitch};
  const int64_t first = j0 * g.in_sy + w.min_dy, rows = w.rows(g, j1 - j0), cols = w.cols(g);
  for (int64_t c = 0; c < g.in_channels; ++c) {
    const T* plane = in + c * g.in_plane();
    T* to = buffer + c * shape.plane;
    for (int64_t r = 0; r < rows; ++r, to += shape.pitch) {
      const int64_t y = first + r;
      if (y >= 0 && y < g.in_height)
        copy_row(plane + y * g.in_width, g.in_width, w.min_dx, cols, shape.split, shape.part, to,
                 has_margin);
      else if (!has_margin)
        fill_zero(to, shape.pitch);
    }
  }
  const int64_t origin = first * shape.pitch + (shape.split == 1 ? w.min_dx : 0);
  return {buffer - origin, shape.plane, shape.pitch};
}

template <class T, int kStep, int... kLane>
RL_INLINE void exchange(Native<T>& a, Native<T>& b) {
  constexpr int n = kLanes<T>;
  using Index = Native<Signed<T>>;
  const Index low{((kLane & kStep) == 0 ? kLane : n + kLane - kStep)...};
  const Index high{((kLane & kStep) == 0 ? kLane + kStep : n + kLane)...};
  const Native<T> x = a, y = b;
  a = __builtin_shuffle(x, y, low);
  b = __builtin_shuffle(x, y, high);
}
template <class T, int kStep, int... kLane>
RL_INLINE void transpose_steps(Native<T>* v, std::integer_sequence<int, kLane...> lanes) {
  if constexpr (kStep < kLanes<T>) {
#pragma GCC unroll 16
    for (int i = 0; i < kLanes<T>; ++i)
      if ((i & kStep) == 0) exchange<T, kStep, kLane...>(v[i], v[i + kStep]);
    transpose_steps<T, 2 * kStep>(v, lanes);
  }
}
// Swaps rows and columns of kLanes<T> registers.
template <class T>
RL_INLINE void transpose(Native<T>* v) {
  transpose_steps<T, 1>(v, std::make_integer_sequence<int, kLanes<T>>());
}

// to[l * to_step + r] = from[r * from_step + l] for r < rows, l < lanes; both at most kLanes<T>.
template <class T>
RL_INLINE void transpose_tile(const T* from, int64_t from_step, int64_t rows, T* to,
                              int64_t to_step, int64_t lanes) {
  constexpr int n = kLanes<T>;
  Native<T> v[n];
  if (rows == n && lanes == n) {
#pragma GCC unroll 16
    for (int r = 0; r < n; ++r) v[r] = Vec<T>::loadu(from + r * from_step).v;
    transpose<T>(v);
#pragma GCC unroll 16
    for (int l = 0; l < n; ++l) Vec<T>(v[l]).storeu(to + l * to_step);
    return;
  }
  for (int r = 0; r < n; ++r)
    v[r] = r < rows ? Vec<T>::load_partial(from + r * from_step, lanes).v : Native<T>{};
  transpose<T>(v);
  for (int l = 0; l < n; ++l)
    if (l < lanes) Vec<T>(v[l]).store_partial(to + l * to_step, rows);
}

// The same for any sizes.
template <class T>
void transpose_matrix(const T* from, int64_t from_step, int64_t rows, T* to, int64_t to_step,
                      int64_t cols) {
  constexpr int64_t n = kLanes<T>;
  for (int64_t r = 0; r < rows; r += n)
    for (int64_t c = 0; c < cols; c += n)
      transpose_tile(from + r * from_step + c, from_step, min64(n, rows - r), to + c * to_step + r,
                     to_step, min64(n, cols - c));
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
