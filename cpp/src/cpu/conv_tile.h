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
  for (int64_t c = 0; c < in.channels; ++c, plane += in.plane)
    for (int64_t t = 0; t < in.tap_count; ++t) {
      const T* x = plane + in.taps[t];
      V w[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) w[v] = V::loadu(weight + v * V::kSize);
      weight += kVectors * V::kSize;
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p) {
        const V value(x[p * apart]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sum[p][v] = fma(value, w[v], sum[p][v]);
      }
    }
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[p][v].storeu(tile + (p * kVectors + v) * V::kSize);
}

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
  return step == 1   ? find_channel_tile<T, 1>(pixels, vectors)
         : step == 2 ? find_channel_tile<T, 2>(pixels, vectors)
                     : find_channel_tile<T, 0>(pixels, vectors);
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
