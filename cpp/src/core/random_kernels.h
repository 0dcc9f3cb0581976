// The inner loops of the random fills, chosen once by cpuid. Every variant gives the same bits.
#pragma once

#include <cstdint>

namespace rushlight::detail {

struct RandomKernels {
  // Replaces the 624 words of an MT19937 state by the next 624.
  void (*twist)(uint32_t* words);
  // MT19937's output transform.
  void (*temper)(const uint32_t* words, uint32_t* out, int64_t n);
  // [0, 1) from the low 24 bits of each word.
  void (*unit_float)(const uint32_t* words, float* out, int64_t n);
  // [0, 1) from the low 53 bits of each pair of words, the first word on top.
  void (*unit_double)(const uint32_t* words, double* out, int64_t n);
  // x * scale + offset in one rounding.
  void (*affine_float)(float* data, int64_t n, float scale, float offset);
  void (*affine_double)(double* data, int64_t n, double scale, double offset);
  // Turns `blocks` blocks of 16 uniform numbers into normal ones.
  void (*box_muller)(float* data, int64_t blocks, float mean, float std);
  void (*to_half)(const float* in, uint16_t* out, int64_t n);
};

const RandomKernels& random_kernels();

}  // namespace rushlight::detail
