// Random fills from Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
// as 1, 2, 3", 2011). Which thread draws which element follows PyTorch, so that the same seed gives
// its numbers: thread i uses subsequence i, and its j-th number goes j blocks of threads further.
#include "random.cuh"

#include "launch.cuh"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

struct Words {
  uint32_t x, y, z, w;
};

struct Philox {
  uint64_t seed, subsequence, counter;

  __device__ Words next() {
    Words c{uint32_t(counter), uint32_t(counter >> 32), uint32_t(subsequence), uint32_t(subsequence >> 32)};
    uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
#pragma unroll
    for (int round = 0; round < 10; ++round) {
      const uint64_t a = uint64_t(0xD2511F53u) * c.x, b = uint64_t(0xCD9E8D57u) * c.z;
      c = Words{uint32_t(b >> 32) ^ c.y ^ k0, uint32_t(b), uint32_t(a >> 32) ^ c.w ^ k1, uint32_t(a)};
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    ++counter;
    return c;
  }
};

// In (0, 1], from 32 or 53 bits.
__device__ inline float unit(uint32_t x) { return float(x) * 2.3283064e-10f + 1.1641532e-10f; }
__device__ inline double unit(uint32_t x, uint32_t y) {
  const uint64_t z = uint64_t(x) ^ (uint64_t(y) << (53 - 32));
  return z * 1.1102230246251565e-16 + 5.5511151231257827e-17;
}
// Two normal numbers of two uniform ones (Box and Muller 1958).
__device__ inline void normal_pair(uint32_t x, uint32_t y, float& a, float& b) {
  const float u = unit(x), angle = fmaf(float(y), 1.46291807e-09f, 7.31459037e-10f);
  const float radius = sqrtf(-2.0f * logf(u));
  __sincosf(angle, &a, &b);
  a *= radius;
  b *= radius;
}
__device__ inline void normal_pair(Words w, double& a, double& b) {
  const double u = unit(w.x, w.y);
  const uint64_t z = uint64_t(w.z) ^ (uint64_t(w.w) << (53 - 32));
  const double turn = z * (1.1102230246251565e-16 * 2.0) + 1.1102230246251565e-16;
  const double radius = sqrt(-2.0 * log(u));
  sincospi(turn, &a, &b);
  a *= radius;
  b *= radius;
}

// draw(philox, out) gives kCount numbers of type V; give(i, v) stores one.
template <int kCount, class V, class Draw, class Give>
__global__ void __launch_bounds__(kThreads)
    draw_kernel(const int64_t n, const uint64_t seed, const uint64_t counter, const Draw draw, const Give give) {
  const int64_t thread = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  const int64_t threads = int64_t(gridDim.x) * kThreads;
  Philox philox{seed, uint64_t(thread), counter};
  for (int64_t first = thread; first < n; first += threads * kCount) {
    V drawn[kCount];
    draw(philox, drawn);
#pragma unroll
    for (int j = 0; j < kCount; ++j)
      if (first + threads * j < n) give(first + threads * j, drawn[j]);
  }
}

int most_blocks() {
  static int of[kMaxDevices] = {};
  int& blocks = of[use(-1)];
  if (blocks == 0) {
    int processors = 0, threads = 0;
    check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, use(-1)), "cudaDeviceGetAttribute");
    check(cudaDeviceGetAttribute(&threads, cudaDevAttrMaxThreadsPerMultiProcessor, use(-1)), "cudaDeviceGetAttribute");
    blocks = processors * (threads / kThreads);
  }
  return blocks;
}

template <int kCount, class V, class Draw, class Give>
void run(RandomRequest& r, const Draw& draw, const Give& give) {
  const int64_t wanted = (r.numel + kThreads - 1) / kThreads;
  const int64_t blocks = wanted < most_blocks() ? wanted : most_blocks();
  draw_kernel<kCount, V><<<unsigned(blocks), kThreads, 0, current_stream()>>>(r.numel, r.seed, r.offset / 4, draw, give);
  check_launch();
  r.offset += ((r.numel - 1) / (blocks * kThreads * kCount) + 1) * 4;
}

// give(i, u) with u uniform in (0, 1]: float, or double for float64.
template <class T, class Give>
void uniform_numbers(RandomRequest& r, const Give& give) {
  if constexpr (std::is_same_v<Compute<T>, double>)
    run<2, double>(r, [] __device__(Philox & p, double (&out)[2]) {
      const Words w = p.next();
      out[0] = unit(w.x, w.y);
      out[1] = unit(w.z, w.w);
    }, give);
  else
    run<4, float>(r, [] __device__(Philox & p, float (&out)[4]) {
      const Words w = p.next();
      out[0] = unit(w.x);
      out[1] = unit(w.y);
      out[2] = unit(w.z);
      out[3] = unit(w.w);
    }, give);
}
template <class T, class Give>
void normal_numbers(RandomRequest& r, const Give& give) {
  if constexpr (std::is_same_v<Compute<T>, double>)
    run<2, double>(r, [] __device__(Philox & p, double (&out)[2]) { normal_pair(p.next(), out[0], out[1]); }, give);
  else
    run<4, float>(r, [] __device__(Philox & p, float (&out)[4]) {
      const Words w = p.next();
      normal_pair(w.x, w.y, out[0], out[1]);
      normal_pair(w.z, w.w, out[2], out[3]);
    }, give);
}

template <class T>
void float_fill(RandomRequest& r) {
  using C = Compute<T>;
  T* data = static_cast<T*>(r.data);
  const C a = C(r.a), b = C(r.b), range = C(r.b - r.a);
  switch (r.fill) {
    case RandomFill::Uniform:
      return uniform_numbers<T>(r, [=] __device__(int64_t i, C u) {
        const T value = T(fma(u, range, a));
        data[i] = C(value) == b ? T(a) : value;
      });
    case RandomFill::Normal:
      return normal_numbers<T>(r, [=] __device__(int64_t i, C z) { data[i] = T(fma(z, b, a)); });
    case RandomFill::LogNormal:
      return normal_numbers<T>(r, [=] __device__(int64_t i, C z) { data[i] = T(exp(fma(z, b, a))); });
    case RandomFill::Exponential:
      return uniform_numbers<T>(r, [=] __device__(int64_t i, C u) {
        constexpr C kHalfEpsilon = sizeof(C) == 8 ? C(1.1102230246251565e-16) : C(5.9604645e-08);
        const C negative = u >= C(1) - kHalfEpsilon ? -kHalfEpsilon : C(log(u));
        data[i] = T(C(-1) / a * negative);
      });
    case RandomFill::Cauchy:
      return uniform_numbers<T>(r, [=] __device__(int64_t i, C u) {
        constexpr C kEpsilon = sizeof(C) == 8 ? C(2.220446049250313e-16) : C(1.1920929e-07);
        const C inner = u > C(1) - kEpsilon ? C(1) - kEpsilon : u < kEpsilon ? kEpsilon : u;
        data[i] = T(a + b * C(tan(C(3.14159265358979323846) * (inner - C(0.5)))));
      });
    default: raise<NotImplementedError>("random numbers of this kind on cuda");
  }
}

// One with its own probability each; u lies in (0, 1], so what is certain needs no luck.
template <class T, class P>
void choices(RandomRequest& r) {
  T* data = static_cast<T*>(r.data);
  const P* p = static_cast<const P*>(r.probabilities);
  uniform_numbers<P>(r, [=] __device__(int64_t i, Compute<P> u) {
    data[i] = convert<T>(u < Compute<P>(p[i]) || Compute<P>(p[i]) >= Compute<P>(1));
  });
}

template <class T>
void number_fill(RandomRequest& r) {
  T* data = static_cast<T*>(r.data);
  if (r.fill == RandomFill::Integer) {
    const uint64_t range = r.range;
    const int64_t low = r.low;
    const auto give = [=] __device__(int64_t i, uint64_t bits) {
      data[i] = convert<T>(int64_t(range ? bits % range : bits) + low);
    };
    if (range != 0 && range < (uint64_t(1) << 32))
      return run<4, uint64_t>(r, [] __device__(Philox & p, uint64_t (&out)[4]) {
        const Words w = p.next();
        out[0] = w.x, out[1] = w.y, out[2] = w.z, out[3] = w.w;
      }, give);
    return run<2, uint64_t>(r, [] __device__(Philox & p, uint64_t (&out)[2]) {
      const Words w = p.next();
      out[0] = uint64_t(w.x) << 32 | w.y;
      out[1] = uint64_t(w.z) << 32 | w.w;
    }, give);
  }
  if (r.fill == RandomFill::Geometric) {
    const double log_failure = log1p(-r.a);
    return uniform_numbers<double>(r, [=] __device__(int64_t i, double u) {
      const double trials = ceil(log(u) / log_failure);
      data[i] = convert<T>(trials < 1 ? 1.0 : trials);
    });
  }
  using C = std::conditional_t<std::is_same_v<T, double>, double, float>;
  if (!r.probabilities) {
    const C p = C(r.a);
    return uniform_numbers<C>(r, [=] __device__(int64_t i, C u) { data[i] = convert<T>(u < p || p >= C(1)); });
  }
  for_floats("bernoulli_", r.probability_dtype,
             [&](auto tag) { choices<T, typename decltype(tag)::type>(r); });
}

}  // namespace

void fill_random(RandomRequest& r) {
  if (r.numel == 0) return;
  switch (r.fill) {
    case RandomFill::Integer:
    case RandomFill::Geometric:
    case RandomFill::Bernoulli: break;
    default:
      return for_floats("random", r.dtype, [&](auto tag) { float_fill<typename decltype(tag)::type>(r); });
  }
  switch (r.dtype) {
#define RL_CASE(name, type, text) \
  case DType::name: return number_fill<type>(r);
    RL_CASE(Bool, bool, "")
    RL_CASE(U8, uint8_t, "")
    RL_CASE(I8, int8_t, "")
    RL_CASE(I16, int16_t, "")
    RL_CASE(I32, int32_t, "")
    RL_CASE(I64, int64_t, "")
    RL_CASE(F16, Half, "")
    RL_CASE(BF16, BFloat16, "")
    RL_CASE(F32, float, "")
    RL_CASE(F64, double, "")
#undef RL_CASE
    default: raise_no_kernel("random", Device{DeviceType::CUDA, -1}, r.dtype);
  }
}

}  // namespace rushlight::cuda
