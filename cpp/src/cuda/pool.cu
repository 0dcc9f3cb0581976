// Pooling: a thread for each element of the result.
#include "atomic.cuh"
#include "launch.cuh"
#include "rushlight/functors/pool_window.h"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

template <class Plan>
RL_HD_INLINE int64_t in_plane(const Plan& p) {
  return p.in_height * p.in_width;
}
template <class Plan>
RL_HD_INLINE int64_t out_plane(const Plan& p) {
  return p.out_height * p.out_width;
}

// Index: uint32_t where it can count the outputs and the elements of a plane.
template <class T, class Index>
struct MaxElement {
  MaxPoolPlan p;
  __device__ void operator()(int64_t wide) const {
    using C = Compute<T>;
    const Index index = Index(wide), width = Index(p.out_width), height = Index(p.out_height);
    const Index row = index / width, plane = row / height;
    const int64_t i = index - row * width, j = row - plane * height;
    const T* in = static_cast<const T*>(p.input) + int64_t(plane) * in_plane(p);
    const int64_t y0 = j * p.stride_y - p.pad_y, x0 = i * p.stride_x - p.pad_x;
    int64_t best = -1;
    C most = C(0);
    for (int64_t y = y0, ky = 0; ky < p.kernel_y; ++ky, y += p.dilation_y) {
      if (y < 0 || y >= p.in_height) continue;
      for (int64_t x = x0, kx = 0; kx < p.kernel_x; ++kx, x += p.dilation_x) {
        if (x < 0 || x >= p.in_width) continue;
        const int64_t at = y * p.in_width + x;
        const C here = C(in[at]);
        // NaN beats everything.
        if (best < 0 || here > most || here != here) {
          best = at;
          most = here;
        }
      }
    }
    static_cast<T*>(p.values)[wide] = best < 0 ? lowest() : in[best];
    if (p.indices) p.indices[wide] = best < 0 ? 0 : best;
  }
  static __device__ T lowest() {
    if constexpr (FloatScalar<T> || is_half_v<T>)
      return T(-Compute<T>(INFINITY));
    else if constexpr (std::is_signed_v<T>)
      return T(T(1) << (8 * sizeof(T) - 1));
    else
      return T(0);
  }
};

template <class T>
void max_pool_of(const MaxPoolPlan& p) {
  const int64_t n = p.planes * out_plane(p);
  if (n <= INT32_MAX)
    for_range(n, MaxElement<T, uint32_t>{p});
  else
    for_range(n, MaxElement<T, int64_t>{p});
}

void max_pool(const MaxPoolPlan& p) {
  if (p.kernel_y == 0)
    raise_no_kernel("adaptive_max_pool2d", Device{DeviceType::CUDA, -1}, p.dtype);
  switch (p.dtype) {
#define RL_POOL(name) \
  case DType::name:   \
    return max_pool_of<CTypeOf<DType::name>::Type>(p);
    RL_POOL(F32)
    RL_POOL(F64)
    RL_POOL(F16)
    RL_POOL(BF16)
    RL_POOL(U8)
    RL_POOL(I8)
    RL_POOL(I16)
    RL_POOL(I32)
    RL_POOL(I64)
#undef RL_POOL
    default: raise_no_kernel("max_pool2d", Device{DeviceType::CUDA, -1}, p.dtype);
  }
}

template <class T>
struct MaxBackwardElement {
  MaxPoolBackwardPlan p;
  int* bad;
  __device__ void operator()(int64_t index) const {
    const int64_t at = p.indices[index];
    if (uint64_t(at) >= uint64_t(p.in_plane)) {
      *bad = 1;
      return;
    }
    T* to = static_cast<T*>(p.grad_input) + index / p.out_plane * p.in_plane + at;
    const T grad = static_cast<const T*>(p.grad_output)[index];
    if constexpr (is_half_v<T>)
      atomic_update(to, [&](T x) { return T(float(x) + float(grad)); });
    else
      atomic_add(to, grad);
  }
};

bool max_pool_backward(const MaxPoolBackwardPlan& p) {
  const Answer<int> bad(0);
  check(cudaMemsetAsync(p.grad_input, 0, size_t(p.planes * p.in_plane) * itemsize(p.dtype), current_stream()),
        "cudaMemsetAsync");
  for_floats("max_pool2d_backward", p.dtype, [&](auto tag) {
    for_range(p.planes * p.out_plane, MaxBackwardElement<typename decltype(tag)::type>{p, bad.data()});
  });
  return bad.read() == 0;
}

template <class T>
struct AverageElement {
  AveragePoolPlan p;
  __device__ void operator()(int64_t index) const {
    using C = Compute<T>;
    const PoolSpan x = pool_span_x(p, index % p.out_width), y = pool_span_y(p, index / p.out_width % p.out_height);
    const T* in = static_cast<const T*>(p.from) + index / out_plane(p) * in_plane(p);
    C sum = C(0);
    for (int64_t r = y.begin; r < y.end; ++r)
      for (int64_t c = x.begin; c < x.end; ++c) sum += C(in[r * p.in_width + c]);
    const bool any = y.begin < y.end && x.begin < x.end;
    static_cast<T*>(p.to)[index] = T(any ? sum / C(pool_divisor(p, y, x)) : C(0));
  }
};

// The outputs whose windows hold a position: [first, last).
struct Outputs {
  int64_t first, last;
};
__device__ inline Outputs outputs_of(int64_t at, int64_t stride, int64_t kernel, int64_t pad, int64_t out) {
  const int64_t first = at + pad - kernel + 1, last = (at + pad) / stride + 1;
  return {first > 0 ? (first + stride - 1) / stride : 0, last < out ? last : out};
}

template <class T>
struct AverageBackwardElement {
  AveragePoolPlan p;
  __device__ void operator()(int64_t index) const {
    using C = Compute<T>;
    const Outputs i = outputs_of(index % p.in_width, p.stride_x, p.kernel_x, p.pad_x, p.out_width);
    const Outputs j = outputs_of(index / p.in_width % p.in_height, p.stride_y, p.kernel_y, p.pad_y, p.out_height);
    const T* grad = static_cast<const T*>(p.from) + index / in_plane(p) * out_plane(p);
    C sum = C(0);
    for (int64_t r = j.first; r < j.last; ++r)
      for (int64_t c = i.first; c < i.last; ++c)
        sum += C(grad[r * p.out_width + c]) / C(pool_divisor(p, pool_span_y(p, r), pool_span_x(p, c)));
    static_cast<T*>(p.to)[index] = T(sum);
  }
};

template <class T>
struct AdaptiveElement {
  AdaptivePoolPlan p;
  __device__ void operator()(int64_t index) const {
    using C = Compute<T>;
    const int64_t i = index % p.out_width, j = index / p.out_width % p.out_height;
    const int64_t x0 = adaptive_begin(i, p.in_width, p.out_width), x1 = adaptive_end(i, p.in_width, p.out_width);
    const int64_t y0 = adaptive_begin(j, p.in_height, p.out_height), y1 = adaptive_end(j, p.in_height, p.out_height);
    const T* in = static_cast<const T*>(p.from) + index / out_plane(p) * in_plane(p);
    C sum = C(0);
    for (int64_t y = y0; y < y1; ++y)
      for (int64_t x = x0; x < x1; ++x) sum += C(in[y * p.in_width + x]);
    static_cast<T*>(p.to)[index] = T(sum / C(y1 - y0) / C(x1 - x0));
  }
};

template <class T>
struct AdaptiveBackwardElement {
  AdaptivePoolPlan p;
  __device__ void operator()(int64_t index) const {
    using C = Compute<T>;
    const int64_t x = index % p.in_width, y = index / p.in_width % p.in_height;
    const T* grad = static_cast<const T*>(p.from) + index / in_plane(p) * out_plane(p);
    C sum = C(0);
    for (int64_t j = y * p.out_height / p.in_height; j < p.out_height; ++j) {
      const int64_t y0 = adaptive_begin(j, p.in_height, p.out_height), y1 = adaptive_end(j, p.in_height, p.out_height);
      if (y0 > y) break;
      if (y >= y1) continue;
      for (int64_t i = x * p.out_width / p.in_width; i < p.out_width; ++i) {
        const int64_t x0 = adaptive_begin(i, p.in_width, p.out_width), x1 = adaptive_end(i, p.in_width, p.out_width);
        if (x0 > x) break;
        if (x < x1) sum += C(grad[j * p.out_width + i]) / C(y1 - y0) / C(x1 - x0);
      }
    }
    static_cast<T*>(p.to)[index] = T(sum);
  }
};

void average_pool(const AveragePoolPlan& p) {
  for_floats("avg_pool2d", p.dtype, [&](auto tag) {
    for_range(p.planes * out_plane(p), AverageElement<typename decltype(tag)::type>{p});
  });
}
void average_pool_backward(const AveragePoolPlan& p) {
  for_floats("avg_pool2d_backward", p.dtype, [&](auto tag) {
    for_range(p.planes * in_plane(p), AverageBackwardElement<typename decltype(tag)::type>{p});
  });
}
void adaptive_pool(const AdaptivePoolPlan& p) {
  for_floats("adaptive_avg_pool2d", p.dtype, [&](auto tag) {
    for_range(p.planes * out_plane(p), AdaptiveElement<typename decltype(tag)::type>{p});
  });
}
void adaptive_pool_backward(const AdaptivePoolPlan& p) {
  for_floats("adaptive_avg_pool2d_backward", p.dtype, [&](auto tag) {
    for_range(p.planes * in_plane(p), AdaptiveBackwardElement<typename decltype(tag)::type>{p});
  });
}

}  // namespace

void register_pool(KernelSlots& slots) {
  slots.max_pool = &max_pool;
  slots.max_pool_backward = &max_pool_backward;
  slots.average_pool = &average_pool;
  slots.average_pool_backward = &average_pool_backward;
  slots.adaptive_pool = &adaptive_pool;
  slots.adaptive_pool_backward = &adaptive_pool_backward;
}

}  // namespace rushlight::cuda
