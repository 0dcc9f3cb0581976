// The innermost loops of a convolution: a tile of outputs held in registers.
#pragma once

#include "conv_block.h"

namespace rushlight::cpu::RL_ISA {
namespace {

template <class T>
struct TileInput {
  const T* data;        // of the tile's first output
  const int64_t* taps;  // offsets
  int64_t tap_count, channels, plane;
  int64_t weight_step;  // elements of weight between the taps of neighbouring channels
};

// kPixels neighbours in a row, `step` input elements apart (kStep, or any if that is 0), times
// kVectors vectors of output channels. weight: [channel][tap][kVectors * lanes], tile:
// [pixel][kVectors * lanes].
template <class T, int kPixels, int kVectors, int kStep>
[[gnu::noinline]] void channel_tile(const TileInput<T>& in, int64_t step, const T* weight,
                                    const T* bias, T* tile) {
  using V = Vec<T>;
  V sum[kPixels][kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const V start = V::loadu(bias + v * V::kSize);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) sum[p][v] = start;
  }
  const int64_t apart = kStep ? kStep : step;
  const T* plane = in.data;
  for (int64_t c = 0; c < in.channels; ++c, plane += in.plane, weight += in.weight_step) {
    const T* from = weight;
    for (int64_t t = 0; t < in.tap_count; ++t) {
      const T* x = plane + in.taps[t];
      V w[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) w[v] = V::loadu(from + v * V::kSize);
      from += kVectors * V::kSize;
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p) {
        const V value(x[p * apart]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sum[p][v] = fma(value, w[v], sum[p][v]);
      }
    }
  }
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[p][v].storeu(tile + (p * kVectors + v) * V::kSize);
}

// The same for kRows rows, `row_step` apart, and one vector of channels, where taps come in runs of
// kRun neighbours, to the right (sign 1) or to the left (sign -1). Neighbouring pixels share what
// they read, which would otherwise bound the speed. The first and last kMargin columns read are
// padding: known zeros.
template <class T, int kRows, int kPixels, int kRun, int kMargin>
[[gnu::noinline]] void run_tile(const TileInput<T>& in, int64_t row_step, int64_t sign,
                                const T* weight, const T* bias, T* tile) {
  using V = Vec<T>;
  V sum[kRows][kPixels];
  const V start = V::loadu(bias);
#pragma GCC unroll 2
  for (int j = 0; j < kRows; ++j)
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) sum[j][p] = start;
  const T* plane = in.data;
  const int64_t first = sign > 0 ? 0 : kRun - 1;
  for (int64_t c = 0; c < in.channels; ++c, plane += in.plane, weight += in.weight_step) {
    const T* from = weight + first * V::kSize;
    for (int64_t t = 0; t < in.tap_count; t += kRun, from += kRun * V::kSize) {
      const T* x = plane + in.taps[t + first];
      V w[kRun];
#pragma GCC unroll 8
      for (int r = 0; r < kRun; ++r) w[r] = V::loadu(from + sign * r * V::kSize);
#pragma GCC unroll 32
      for (int q = kMargin; q < kPixels + kRun - 1 - kMargin; ++q)
#pragma GCC unroll 2
        for (int j = 0; j < kRows; ++j) {
          const V value(x[q + j * row_step]);
#pragma GCC unroll 8
          for (int r = 0; r < kRun; ++r)
            if (q - r >= 0 && q - r < kPixels) sum[j][q - r] = fma(value, w[r], sum[j][q - r]);
        }
    }
  }
#pragma GCC unroll 2
  for (int j = 0; j < kRows; ++j)
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) sum[j][p].storeu(tile + (j * kPixels + p) * V::kSize);
}

template <class T>
using RunTile = void (*)(const TileInput<T>& in, int64_t row_step, int64_t sign, const T* weight,
                         const T* bias, T* tile);

template <class T>
using ChannelTile = void (*)(const TileInput<T>& in, int64_t step, const T* weight, const T* bias,
                             T* tile);

template <class T, int kStep, int kVectors, int kPixels = 1>
RL_INLINE ChannelTile<T> find_channel_tile(int64_t pixels) {
  if constexpr (kPixels <= kMaxPixels && kPixels * kVectors <= kAccumulators) {
    if (pixels == kPixels) return &channel_tile<T, kPixels, kVectors, kStep>;
    return find_channel_tile<T, kStep, kVectors, kPixels + 1>(pixels);
  } else {
    return nullptr;
  }
}
template <class T, int kStep>
RL_INLINE ChannelTile<T> find_channel_tile(int64_t pixels, int64_t vectors) {
  switch (vectors) {
    case 1:
      return find_channel_tile<T, kStep, 1>(pixels);
    case 2:
      return find_channel_tile<T, kStep, 2>(pixels);
    case 3:
      return find_channel_tile<T, kStep, 3>(pixels);
    default:
      return find_channel_tile<T, kStep, 4>(pixels);
  }
}
template <class T>
ChannelTile<T> find_channel_tile(int64_t pixels, int64_t vectors, int64_t step) {
  if constexpr (sizeof(T) == 4) {
    if (step == 1) return find_channel_tile<T, 1>(pixels, vectors);
    if (step == 2) return find_channel_tile<T, 2>(pixels, vectors);
  }
  return find_channel_tile<T, 0>(pixels, vectors);
}

template <class T, int kRows, int kRun, int kMargin, int kPixels = 1>
RL_INLINE RunTile<T> find_run_tile(int64_t pixels) {
  if constexpr (kPixels <= kMaxPixels && kRows * kPixels <= 16) {
    if (pixels == kPixels) return &run_tile<T, kRows, kPixels, kRun, kMargin>;
    return find_run_tile<T, kRows, kRun, kMargin, kPixels + 1>(pixels);
  } else {
    return nullptr;
  }
}
template <class T, int kRun>
RL_INLINE RunTile<T> find_run_tile(int64_t rows, int64_t pixels, int64_t margin) {
  constexpr int kHalf = (kRun - 1) / 2;
  if (rows == 2)
    return margin >= kHalf ? find_run_tile<T, 2, kRun, kHalf>(pixels)
                           : find_run_tile<T, 2, kRun, 0>(pixels);
  return margin >= kRun - 1 ? find_run_tile<T, 1, kRun, kRun - 1>(pixels)
         : margin >= kHalf  ? find_run_tile<T, 1, kRun, kHalf>(pixels)
                            : find_run_tile<T, 1, kRun, 0>(pixels);
}
// Null where there is none: then one row is done at a time, or all of it tap after tap.
template <class T>
RunTile<T> find_run_tile(int64_t rows, int64_t pixels, int64_t run, int64_t margin) {
  if constexpr (sizeof(T) == 4) {
    if (run == 3) return find_run_tile<T, 3>(rows, pixels, margin);
    if (run == 5) return find_run_tile<T, 5>(rows, pixels, margin);
  }
  return nullptr;
}

// Whether all taps come in runs of `run` offsets that differ by `sign`.
RL_INLINE bool has_runs(const ConvTap* taps, int64_t count, int64_t run, int64_t sign) {
  if (count == 0 || count % run != 0) return false;
  for (int64_t t = 0; t < count; ++t)
    if (t % run != 0 && (taps[t].dy != taps[t - 1].dy || taps[t].dx - taps[t - 1].dx != sign))
      return false;
  return true;
}

// kVectors vectors of neighbouring pixels in a row (of the last one `count` lanes, where kPartial)
// times kChannels output channels. weight: [channel][tap][kChannels].
template <class T, int kChannels, int kVectors, bool kPartial>
[[gnu::noinline]] void pixel_tile(const TileInput<T>& in, const T* weight, const T* bias,
                                  int64_t count, T* out, int64_t out_plane) {
  using V = Vec<T>;
  V sum[kChannels][kVectors];
#pragma GCC unroll 16
  for (int o = 0; o < kChannels; ++o)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[o][v] = V(bias[o]);
  const T* plane = in.data;
  for (int64_t c = 0; c < in.channels; ++c, plane += in.plane)
    for (int64_t t = 0; t < in.tap_count; ++t) {
      const T* from = plane + in.taps[t];
      V x[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v)
        x[v] = kPartial && v == kVectors - 1 ? V::load_partial(from + v * V::kSize, count)
                                             : V::loadu(from + v * V::kSize);
#pragma GCC unroll 16
      for (int o = 0; o < kChannels; ++o) {
        const V w(weight[o]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sum[o][v] = fma(w, x[v], sum[o][v]);
      }
      weight += kChannels;
    }
#pragma GCC unroll 16
  for (int o = 0; o < kChannels; ++o)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      T* to = out + o * out_plane + v * V::kSize;
      if (kPartial && v == kVectors - 1)
        sum[o][v].store_partial(to, count);
      else
        sum[o][v].storeu(to);
    }
}

// One plane to one plane: kRows rows of kVectors vectors of pixels, kSide x kSide neighbouring taps.
// Rows share what they read. Output rows are `out_row` apart, input rows `in_row`.
template <class T, int kSide, int kRows, int kVectors, bool kPartial>
[[gnu::noinline]] void plane_tile(const T* in, int64_t in_row, const T* weight, T bias,
                                  int64_t count, T* out, int64_t out_row) {
  using V = Vec<T>;
  V sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[r][v] = V(bias);
#pragma GCC unroll 16
  for (int y = 0; y < kRows + kSide - 1; ++y, in += in_row)
#pragma GCC unroll 8
    for (int k = 0; k < kSide; ++k) {
      V x[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v)
        x[v] = kPartial && v == kVectors - 1 ? V::load_partial(in + k + v * V::kSize, count)
                                             : V::loadu(in + k + v * V::kSize);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r)
        if (y - r >= 0 && y - r < kSide) {
          const V w(weight[(y - r) * kSide + k]);
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) sum[r][v] = fma(w, x[v], sum[r][v]);
        }
    }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r, out += out_row)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      if (kPartial && v == kVectors - 1)
        sum[r][v].store_partial(out + v * V::kSize, count);
      else
        sum[r][v].storeu(out + v * V::kSize);
    }
}

template <class T>
using PixelTile = void (*)(const TileInput<T>& in, const T* weight, const T* bias, int64_t count,
                           T* out, int64_t out_plane);

inline constexpr int kMaxPixelVectors = 3;

template <class T, bool kPartial, int kVectors, int kChannels = 1>
RL_INLINE PixelTile<T> find_pixel_tile(int64_t channels) {
  if constexpr (kChannels * kVectors <= kAccumulators && kChannels <= kMaxPixels) {
    if (channels == kChannels) return &pixel_tile<T, kChannels, kVectors, kPartial>;
    return find_pixel_tile<T, kPartial, kVectors, kChannels + 1>(channels);
  } else {
    return nullptr;
  }
}
template <class T, bool kPartial>
PixelTile<T> find_pixel_tile(int64_t channels, int64_t vectors) {
  switch (vectors) {
    case 1:
      return find_pixel_tile<T, kPartial, 1>(channels);
    case 2:
      return find_pixel_tile<T, kPartial, 2>(channels);
    default:
      return find_pixel_tile<T, kPartial, 3>(channels);
  }
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
