// Functors at the corners that the tensor tests cannot reach or would only reach by luck: results
// that must not trap, Python's rounding, NaN and signed zeros, half-precision conversions on every
// bit pattern, partial loads and stores. Compiled once per instruction set.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>

#include "../../cpp/src/cpu/vec.h"
#include "rushlight/functors/binary.h"
#include "rushlight/functors/unary.h"

namespace rushlight::cpu::RL_ISA {
namespace {

int failures = 0;
#define RL_EXPECT(condition)                                      \
  do {                                                            \
    if (!(condition)) {                                           \
      std::printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                 \
    }                                                             \
  } while (0)

bool same(float a, float b) { return std::memcmp(&a, &b, 4) == 0 || (a != a && b != b); }

template <class T>
void integer_corners() {
  constexpr T kMin = std::numeric_limits<T>::min(), kMax = std::numeric_limits<T>::max();
  RL_EXPECT(Add{}(kMax, T(1)) == kMin);
  RL_EXPECT(Sub{}(kMin, T(1)) == kMax);
  RL_EXPECT(Mul{}(kMax, kMax) == T(1));
  RL_EXPECT(Square{}(kMax) == T(1));
  RL_EXPECT(FloorDiv{}(T(7), T(0)) == T(0) && Remainder{}(T(7), T(0)) == T(0));
  RL_EXPECT(TruncDiv{}(T(7), T(0)) == T(0) && Fmod{}(T(7), T(0)) == T(0));
  RL_EXPECT(ShiftLeft{}(T(1), T(8 * sizeof(T) - 1)) == T(uint64_t(1) << (8 * sizeof(T) - 1)));
  RL_EXPECT(ShiftLeft{}(T(1), T(8 * sizeof(T))) == T(0));
  RL_EXPECT(ShiftRight{}(kMax, T(8 * sizeof(T))) == T(0));
  RL_EXPECT(Pow{}(T(3), T(4)) == T(81) && Pow{}(T(0), T(0)) == T(1));
  RL_EXPECT(Pow{}(T(2), T(8 * sizeof(T))) == T(0));
  if constexpr (std::is_signed_v<T>) {
    RL_EXPECT(Neg{}(kMin) == kMin && Abs{}(kMin) == kMin);
    RL_EXPECT(FloorDiv{}(kMin, T(-1)) == kMin && TruncDiv{}(kMin, T(-1)) == kMin);
    RL_EXPECT(Remainder{}(kMin, T(-1)) == T(0) && Fmod{}(kMin, T(-1)) == T(0));
    RL_EXPECT(FloorDiv{}(T(-7), T(2)) == T(-4) && TruncDiv{}(T(-7), T(2)) == T(-3));
    RL_EXPECT(Remainder{}(T(-7), T(3)) == T(2) && Fmod{}(T(-7), T(3)) == T(-1));
    RL_EXPECT(Remainder{}(T(7), T(-3)) == T(-2) && Fmod{}(T(7), T(-3)) == T(1));
    RL_EXPECT(ShiftLeft{}(T(1), T(-1)) == T(0) && ShiftRight{}(T(-8), T(-1)) == T(-1));
    RL_EXPECT(ShiftRight{}(T(-8), T(1)) == T(-4) && ShiftRight{}(T(-8), T(100)) == T(-1));
    RL_EXPECT(Pow{}(T(-1), T(-3)) == T(-1) && Pow{}(T(-1), T(-2)) == T(1));
    RL_EXPECT(Pow{}(T(2), T(-1)) == T(0) && Pow{}(T(1), T(-5)) == T(1));
  }
}

// The scalar result and every lane's.
template <class F>
void expect(float a, float b, float want, int line) {
  float lane[Vec<float>::kSize];
  F{}(Vec<float>(a), Vec<float>(b)).storeu(lane);
  const float scalar = F{}(a, b);
  if (same(scalar, want) && same(lane[0], want) && same(lane[Vec<float>::kSize - 1], want)) return;
  std::printf("line %d: f(%g, %g) = %g, in a vector %g; expected %g\n", line, a, b, scalar, lane[0],
              want);
  ++failures;
}

void float_corners() {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect<FloorDiv>(1.0f, 0.1f, 9.0f, __LINE__);
  expect<FloorDiv>(-7.0f, 2.0f, -4.0f, __LINE__);
  expect<FloorDiv>(5.0f, 0.0f, kInf, __LINE__);
  expect<FloorDiv>(-5.0f, kInf, -1.0f, __LINE__);
  expect<FloorDiv>(-0.0f, 3.0f, -0.0f, __LINE__);
  expect<Remainder>(-7.0f, 3.0f, 2.0f, __LINE__);
  expect<Remainder>(-5.0f, kInf, kInf, __LINE__);
  expect<Remainder>(5.0f, 0.0f, nan, __LINE__);
  expect<Remainder>(-6.0f, 3.0f, -0.0f, __LINE__);
  expect<Fmod>(-7.0f, 3.0f, -1.0f, __LINE__);
  expect<Fmod>(5.0f, kInf, 5.0f, __LINE__);
  expect<Fmod>(kInf, 2.0f, nan, __LINE__);
  expect<Fmod>(3e38f, 0.7f, std::fmod(3e38f, 0.7f), __LINE__);
  expect<Maximum>(nan, 1.0f, nan, __LINE__);
  expect<Maximum>(1.0f, nan, nan, __LINE__);
  expect<Minimum>(1.0f, nan, nan, __LINE__);
  expect<Fmax>(nan, 1.0f, 1.0f, __LINE__);
  expect<Fmin>(1.0f, nan, 1.0f, __LINE__);
  expect<Pow>(-2.0f, 3.0f, -8.0f, __LINE__);
  expect<Pow>(-2.0f, 0.5f, nan, __LINE__);
  expect<Pow>(-0.0f, -3.0f, -kInf, __LINE__);
  expect<Pow>(nan, 0.0f, 1.0f, __LINE__);
  expect<Pow>(1.0f, nan, 1.0f, __LINE__);
  expect<Pow>(-1.0f, kInf, 1.0f, __LINE__);
  expect<Pow>(-kInf, 3.0f, -kInf, __LINE__);
  expect<ThresholdBackward>(2.0f, 0.0f, 0.0f, __LINE__);
  RL_EXPECT(same(Round{}(2.5f), 2.0f) && same(Round{}(-0.5f), -0.0f));
  RL_EXPECT(same(Relu{}(-0.0f), -0.0f) && std::isnan(Relu{}(nan)));
  RL_EXPECT(same(Sign{}(nan), 0.0f) && same(Sign{}(-0.0f), 0.0f) && same(Sign{}(-3.0f), -1.0f));
  RL_EXPECT(same(Frac{}(-1.5f), -0.5f));
}

void half_precision() {
  constexpr int kSize = Vec<float>::kSize;
  long wrong = 0;
  for (int first = 0; first < 65536; first += kSize) {
    Half half[kSize];
    BFloat16 brain[kSize];
    float from_half[kSize], from_brain[kSize];
    for (int i = 0; i < kSize; ++i) half[i].bits = brain[i].bits = uint16_t(first + i);
    load_float(half).storeu(from_half);
    load_float(brain).storeu(from_brain);
    for (int i = 0; i < kSize; ++i)
      wrong += !same(from_half[i], float(half[i])) + !same(from_brain[i], float(brain[i]));
  }
  for (int64_t bits = 0; bits < int64_t(1) << 32; bits += 257 * kSize) {
    float value[kSize];
    Half half[kSize];
    BFloat16 brain[kSize];
    for (int i = 0; i < kSize; ++i) value[i] = bit_cast<float>(uint32_t(bits + 257 * i));
    store_float(half, Vec<float>::loadu(value));
    store_float(brain, Vec<float>::loadu(value));
    for (int i = 0; i < kSize; ++i)
      wrong += (half[i].bits != Half::from_float(value[i])) +
               (brain[i].bits != BFloat16::from_float(value[i]));
  }
  RL_EXPECT(wrong == 0);
}

template <class T>
void partial() {
  using V = Vec<T>;
  T in[2 * V::kSize], out[2 * V::kSize];
  bool truth[2 * V::kSize];
  for (int i = 0; i < 2 * V::kSize; ++i) in[i] = T(i + 1);
  for (int count = 0; count <= V::kSize; ++count) {
    for (T& x : out) x = T(99);
    std::memset(truth, 1, sizeof(truth));
    const V loaded = V::load_partial(in, count);
    loaded.storeu(out);
    bool good = true;
    for (int i = 0; i < V::kSize; ++i) good &= out[i] == (i < count ? in[i] : T(0));
    for (T& x : out) x = T(99);
    V::loadu(in).store_partial(out, count);
    (V::loadu(in) > T(V::kSize)).store_partial(truth, count);
    for (int i = 0; i < 2 * V::kSize; ++i)
      good &= out[i] == (i < count ? in[i] : T(99)) && truth[i] == (i >= count);
    V::load_partial(in, count, T(7)).storeu(out);
    for (int i = 0; i < V::kSize; ++i) good &= out[i] == (i < count ? in[i] : T(7));
    RL_EXPECT(good);
  }
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA

int main() {
  using namespace rushlight::cpu::RL_ISA;
  integer_corners<uint8_t>();
  integer_corners<int8_t>();
  integer_corners<int16_t>();
  integer_corners<int32_t>();
  integer_corners<int64_t>();
  float_corners();
  half_precision();
  partial<uint8_t>();
  partial<int8_t>();
  partial<int16_t>();
  partial<int32_t>();
  partial<int64_t>();
  partial<float>();
  partial<double>();
  if (failures == 0) std::puts("ok");
  return failures != 0;
}
