// Constants of float and double that the elementary functions share.
#pragma once

#include "rushlight/functors/math/lanes.h"

namespace rushlight::math {

template <class T>
struct FloatFormat;

template <>
struct FloatFormat<float> {
  static constexpr int kMantissaBits = 23;
  static constexpr int32_t kBias = 127;
  static constexpr float kMinNormal = 0x1p-126f;
  static constexpr float kInfinity = __builtin_huge_valf(), kNan = __builtin_nanf("");
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  static constexpr float kShifter = 12582912.0f;
  static constexpr int32_t kShifterBits = 0x4b400000;

  static constexpr float kLog2E = 1.44269504f, kLn2 = 0.693147181f;
  static constexpr float kLn2High = 0x1.62e4p-1f, kLn2Low = 0x1.7f7d1cp-20f;
  static constexpr float kLog10Of2High = 0x1.344p-2f, kLog10Of2Low = 0x1.3509f8p-18f;
  static constexpr float kLog10EHigh = 0x1.bcap-2f, kLog10ELow = 0x1.7b1526p-14f;
  static constexpr float kLog10E = 0.434294482f;
  static constexpr float kPi = 0x1.921fb6p+1f, kPiLow = -0x1.777a5cp-24f;
  static constexpr float kInvPi = 0.318309886f;

  // Beyond these the result is 0 or infinity.
  static constexpr float kExpLow = -104.0f, kExpHigh = 89.0f;
  static constexpr float kExp2Low = -151.0f, kExp2High = 129.0f;
  static constexpr float kSinhHigh = 90.0f;
};

template <>
struct FloatFormat<double> {
  static constexpr int kMantissaBits = 52;
  static constexpr int64_t kBias = 1023;
  static constexpr double kMinNormal = 0x1p-1022;
  static constexpr double kInfinity = __builtin_huge_val(), kNan = __builtin_nan("");
  static constexpr double kShifter = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr int64_t kShifterBits = 0x4338000000000000;

  static constexpr double kLog2E = 1.4426950408889634, kLn2 = 0.69314718055994531;
  static constexpr double kLn2High = 0x1.62e42fefa38p-1, kLn2Low = 0x1.ef35793c7673p-45;
  static constexpr double kLog10Of2High = 0x1.34413509f78p-2;
  static constexpr double kLog10Of2Low = 0x1.fef311f12b358p-46;
  static constexpr double kLog10EHigh = 0x1.bcb7b1p-2, kLog10ELow = 0x1.49b9438ca9aaep-28;
  static constexpr double kLog10E = 0.43429448190325183;
  static constexpr double kPi = 0x1.921fb54442d18p+1, kPiLow = 0x1.1a62633145c07p-53;
  static constexpr double kInvPi = 0.31830988618379067;

  static constexpr double kExpLow = -746.0, kExpHigh = 710.0;
  static constexpr double kExp2Low = -1076.0, kExp2High = 1025.0;
  static constexpr double kSinhHigh = 711.0;
};

// x 2^n without a double rounding: the first of the two factors keeps x normal.
template <class V>
RL_HD_INLINE V scale_in_two_steps(V x, IntOf<V> n) {
  using F = FloatFormat<ScalarOf<V>>;
  const auto biased = wrapping_add(n, IntOf<V>(2 * F::kBias));
  const auto first = shift_right_logical(biased, 1), second = wrapping_sub(biased, first);
  return x * as_float(shift_left(first, F::kMantissaBits)) *
         as_float(shift_left(second, F::kMantissaBits));
}
// The same for n <= 0, with fewer instructions: 2^(n + bias/2) is normal.
template <class V>
RL_HD_INLINE V scale_down_in_two_steps(V x, IntOf<V> n) {
  using T = ScalarOf<V>;
  using F = FloatFormat<T>;
  const V power =
      as_float(shift_left(wrapping_add(n, IntOf<V>(F::kBias + F::kBias / 2)), F::kMantissaBits));
  return x * power * V(sizeof(T) == 4 ? T(0x1p-63) : T(0x1p-511));
}
// x 2^n for a normal x and |n| up to twice the exponent range; n is given in both types.
template <FloatScalar T>
RL_HD_INLINE T scale_by_power(T x, T, IntOf<T> n) {
  return scale_in_two_steps(x, n);
}
template <FloatScalar T>
RL_HD_INLINE T scale_down(T x, T, IntOf<T> n) {
  return scale_down_in_two_steps(x, n);
}

}  // namespace rushlight::math
