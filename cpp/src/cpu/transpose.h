// Moves between memory orders that disagree, turned over in registers.
#pragma once

#include <utility>

#include "moves.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Lanes of a tile's row. Bytes use 16: no ISA here permutes more of them across a register.
template <class T>
struct TileOf {
  static constexpr int kBytes = sizeof(T) == 1 ? 16 : kVecBytes;
  static constexpr int kSize = kBytes / int(sizeof(T));
  using Row [[gnu::vector_size(kBytes), gnu::may_alias]] = T;
};

// The shortest side worth turning over.
template <class T>
RL_INLINE constexpr int64_t shortest_side() {
  if constexpr (sizeof(T) <= 8) return TileOf<T>::kSize;
  return 4;
}

// Which lane of (a, b) goes to lane `lane`: of each 2h lanes the low half of a, then b's low half
// (kHigh: the high halves).
template <int kLane, int kHalf, int kLanesOfRow, bool kHigh>
inline constexpr int kSource =
    (kLane & kHalf) == 0 ? kLane + (kHigh ? kHalf : 0) : kLane + kLanesOfRow - (kHigh ? 0 : kHalf);

template <int kHalf, bool kHigh, class Row, int... kLane>
RL_INLINE Row mix(Row a, Row b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(a, b, kSource<kLane, kHalf, int(sizeof...(kLane)), kHigh>...);
}

// Exchanges the off-diagonal quarters of all 2h x 2h blocks; done for h = 1, 2, 4, .. a tile is
// transposed.
template <class T, int kHalf = 1>
RL_INLINE void turn(typename TileOf<T>::Row* rows) {
  constexpr int kSize = TileOf<T>::kSize;
  using Lanes = std::make_integer_sequence<int, kSize>;
  if constexpr (kHalf < kSize) {
#pragma GCC unroll 64
    for (int i = 0; i < kSize; ++i) {
      if (i & kHalf) continue;
      const auto a = rows[i], b = rows[i + kHalf];
      rows[i] = mix<kHalf, false>(a, b, Lanes{});
      rows[i + kHalf] = mix<kHalf, true>(a, b, Lanes{});
    }
    turn<T, 2 * kHalf>(rows);
  }
}

// out[j][i] = in[i][j] for i, j < kSize; rows lie `so` and `si` bytes apart.
template <class T>
RL_INLINE void transpose_tile(char* out, int64_t so, const char* in, int64_t si) {
  using Tile = TileOf<T>;
  typename Tile::Row rows[Tile::kSize];
#pragma GCC unroll 64
  for (int i = 0; i < Tile::kSize; ++i) __builtin_memcpy(&rows[i], in + i * si, Tile::kBytes);
  turn<T>(rows);
#pragma GCC unroll 64
  for (int j = 0; j < Tile::kSize; ++j) __builtin_memcpy(out + j * so, &rows[j], Tile::kBytes);
}

// n x m elements: out is dense along i < n, in along j < m.
template <class T>
void transpose_block(char* out, int64_t so, const char* in, int64_t si, int64_t n, int64_t m) {
  constexpr int64_t kItem = sizeof(T);
  // The part made of whole tiles.
  int64_t whole_n = 0, whole_m = 0;
  if constexpr (sizeof(T) <= 8) {
    constexpr int64_t kSize = TileOf<T>::kSize;
    whole_n = n / kSize * kSize;
    whole_m = m / kSize * kSize;
    for (int64_t i = 0; i < whole_n; i += kSize)
      for (int64_t j = 0; j < whole_m; j += kSize)
        transpose_tile<T>(out + j * so + i * kItem, so, in + i * si + j * kItem, si);
  }
  // What is left over of the columns, then of the rows.
  char* const from = const_cast<char*>(in);
  if (whole_n < n)
    move_block(kItem, {out + whole_n * kItem, kItem, so}, {from + whole_n * si, si, kItem},
               n - whole_n, whole_m);
  if (whole_m < m)
    move_block(kItem, {out + whole_m * so, so, kItem}, {from + whole_m * kItem, kItem, si},
               m - whole_m, n);
}

template <class Row, int... kLane>
RL_INLINE Row backwards(Row row, std::integer_sequence<int, kLane...>) {
  constexpr int kLast = int(sizeof...(kLane)) - 1;
  return __builtin_shufflevector(row, row, (kLast - kLane)...);
}

// out[i] = in[-i] for i < n.
template <class T>
void move_backwards(T* out, const T* in, int64_t n) {
  int64_t i = 0;
  if constexpr (sizeof(T) <= 8) {
    using Tile = TileOf<T>;
    constexpr int kSize = Tile::kSize;
    for (; i + kSize <= n; i += kSize) {
      typename Tile::Row row;
      __builtin_memcpy(&row, in - i - (kSize - 1), Tile::kBytes);
      row = backwards(row, std::make_integer_sequence<int, kSize>{});
      __builtin_memcpy(out + i, &row, Tile::kBytes);
    }
  }
  for (; i < n; ++i) out[i] = in[-i];
}

// Elements along each side of the blocks that are handed out: both sides' pages stay mapped.
constexpr int64_t kBlockSide = 64;

// The dim along which the input is dense while the output is dense along dim 0; 0 when there is
// none or a tile is larger than what is to be moved.
template <class T>
RL_INLINE int transposed_dim(const NdPlan& plan) {
  constexpr int64_t kItem = sizeof(T);
  if (plan.ndim < 2 || plan.strides[0][0] != kItem || plan.strides[0][1] == kItem ||
      plan.shape[0] < shortest_side<T>())
    return 0;
  for (int d = 1; d < plan.ndim; ++d)
    if (plan.strides[d][1] == kItem && plan.shape[d] >= shortest_side<T>()) return d;
  return 0;
}

template <class T>
void transposing_move(const NdPlan& plan, int dim) {
  const int64_t n = plan.shape[0], m = plan.shape[dim];
  const int64_t so = plan.strides[dim][0], si = plan.strides[0][1];
  const int64_t across = (n + kBlockSide - 1) / kBlockSide,
                down = (m + kBlockSide - 1) / kBlockSide;
  NdPlan rest;
  rest.operands = 2;
  rest.ndim = 0;
  rest.numel = 1;
  rest.data[0] = plan.data[0];
  rest.data[1] = plan.data[1];
  for (int d = 1; d < plan.ndim; ++d) {
    if (d == dim) continue;
    rest.shape[rest.ndim] = plan.shape[d];
    rest.strides[rest.ndim][0] = plan.strides[d][0];
    rest.strides[rest.ndim][1] = plan.strides[d][1];
    rest.numel *= plan.shape[d];
    ++rest.ndim;
  }
  const int64_t blocks = across * down;
  const int64_t block_size = (n < kBlockSide ? n : kBlockSide) * (m < kBlockSide ? m : kBlockSide);
  const int64_t grain = kGrain / block_size;
  parallel_for(0, rest.numel * blocks, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
    for (int64_t t = b; t < e; ++t) {
      char* out = rest.data[0];
      const char* in = rest.data[1];
      int64_t outer = t / blocks;
      for (int d = 0; d < rest.ndim; ++d) {
        const int64_t at = outer % rest.shape[d];
        outer /= rest.shape[d];
        out += at * rest.strides[d][0];
        in += at * rest.strides[d][1];
      }
      const int64_t block = t % blocks;
      const int64_t j = block / across * kBlockSide, i = block % across * kBlockSide;
      transpose_block<T>(
          out + j * so + i * int64_t(sizeof(T)), so, in + i * si + j * int64_t(sizeof(T)), si,
          n - i < kBlockSide ? n - i : kBlockSide, m - j < kBlockSide ? m - j : kBlockSide);
    }
  });
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
