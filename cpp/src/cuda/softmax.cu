// softmax, log_softmax and logsumexp with their gradients: a block for each row of the contiguous
// (outer, n, inner) operands, whose elements lie `inner` apart. Half types are computed in float.
#include "launch.cuh"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

struct Larger {
  template <class C>
  __device__ C operator()(C a, C b) const {
    return a != a || a > b ? a : b;  // NaN stays
  }
};
struct Plus {
  template <class C>
  __device__ C operator()(C a, C b) const {
    return a + b;
  }
};

// A row belongs to the `width` threads with the same threadIdx.y; a tree over them, in shared memory.
template <class C, class Op>
__device__ C over_row(C value, C* shared, const Op& op) {
  C* own = shared + threadIdx.y * blockDim.x;
  __syncthreads();
  own[threadIdx.x] = value;
  for (int half = int(blockDim.x) / 2; half > 0; half /= 2) {
    __syncthreads();
    if (int(threadIdx.x) < half) own[threadIdx.x] = op(own[threadIdx.x], own[threadIdx.x + half]);
  }
  __syncthreads();
  return own[0];
}

enum class Kind { Softmax, LogSoftmax, LogSumExp };

// Up to this many elements of a row stay in a thread's registers between the passes.
constexpr int kKept = 16;

template <class T, Kind kKind>
__global__ void __launch_bounds__(kThreads) forward_kernel(const SoftmaxPlan plan) {
  using C = Compute<T>;
  __shared__ C shared[kThreads];
  const int64_t row = int64_t(blockIdx.x) * blockDim.y + threadIdx.y;
  const bool valid = row < plan.outer * plan.inner;
  const int64_t first = valid ? row / plan.inner * plan.n * plan.inner + row % plan.inner : 0;
  const int64_t n = valid ? plan.n : 0;
  const T* in = static_cast<const T*>(plan.in) + first;
  const bool keeps = plan.n <= int64_t(kKept) * blockDim.x;
  C kept[kKept];
  C top = -C(INFINITY);
  if (keeps) {
#pragma unroll
    for (int j = 0; j < kKept; ++j) {
      const int64_t i = threadIdx.x + int64_t(j) * blockDim.x;
      kept[j] = i < n ? C(in[i * plan.inner]) : -C(INFINITY);
      top = Larger{}(top, kept[j]);
    }
  } else {
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) top = Larger{}(top, C(in[i * plan.inner]));
  }
  top = over_row(top, shared, Larger{});
  const C shift = kKind == Kind::LogSumExp && isinf(top) ? C(0) : top;
  C sum = C(0);
  if (keeps) {
#pragma unroll
    for (int j = 0; j < kKept; ++j) {
      if (threadIdx.x + int64_t(j) * blockDim.x >= n) continue;
      const C e = exp(kept[j] - shift);
      if (kKind == Kind::Softmax) kept[j] = e;
      sum += e;
    }
  } else {
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) sum += exp(C(in[i * plan.inner]) - shift);
  }
  sum = over_row(sum, shared, Plus{});
  if (kKind == Kind::LogSumExp) {
    if (valid && threadIdx.x == 0) static_cast<T*>(plan.out)[row] = T(shift + log(sum));
    return;
  }
  T* out = static_cast<T*>(plan.out) + first;
  const C log_sum = log(sum), scale = C(1) / sum;
  if (keeps) {
#pragma unroll
    for (int j = 0; j < kKept; ++j) {
      const int64_t i = threadIdx.x + int64_t(j) * blockDim.x;
      if (i < n) out[i * plan.inner] = T(kKind == Kind::LogSoftmax ? kept[j] - shift - log_sum : kept[j] * scale);
    }
    return;
  }
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    const C x = C(in[i * plan.inner]) - shift;
    out[i * plan.inner] = T(kKind == Kind::LogSoftmax ? x - log_sum : exp(x) * scale);
  }
}

template <class T, bool kLog>
__global__ void __launch_bounds__(kThreads) backward_kernel(const SoftmaxPlan plan) {
  using C = Compute<T>;
  __shared__ C shared[kThreads];
  const int64_t row = int64_t(blockIdx.x) * blockDim.y + threadIdx.y;
  const bool valid = row < plan.outer * plan.inner;
  const int64_t first = valid ? row / plan.inner * plan.n * plan.inner + row % plan.inner : 0;
  const int64_t n = valid ? plan.n : 0;
  const T* grad = static_cast<const T*>(plan.grad) + first;
  const T* result = static_cast<const T*>(plan.in) + first;
  C sum = C(0);
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    const C g = C(grad[i * plan.inner]);
    sum += kLog ? g : g * C(result[i * plan.inner]);
  }
  sum = over_row(sum, shared, Plus{});
  T* out = static_cast<T*>(plan.out) + first;
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    const C g = C(grad[i * plan.inner]), y = C(result[i * plan.inner]);
    out[i * plan.inner] = T(kLog ? g - exp(y) * sum : (g - sum) * y);
  }
}

template <class Kernel>
void launch(const SoftmaxPlan& plan, const Kernel& kernel) {
  const int64_t rows = plan.outer * plan.inner;
  if (rows == 0) return;
  int width = 1;
  while (width < kThreads && int64_t(width) * 4 < plan.n) width *= 2;
  // Neighbouring threads read neighbouring rows where those are the ones that lie together.
  if (plan.inner > 1 && width > 8) width = 8;
  const int height = kThreads / width;
  const int64_t blocks = (rows + height - 1) / height;
  RL_CHECK(blocks <= INT32_MAX, "softmax(): too many rows for one CUDA kernel: ", rows);
  kernel<<<unsigned(blocks), dim3(unsigned(width), unsigned(height)), 0, current_stream()>>>(plan);
  check_launch();
}

void softmax(const SoftmaxPlan& plan, DType dtype, bool logarithm) {
  for_floats("softmax", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    logarithm ? launch(plan, forward_kernel<T, Kind::LogSoftmax>)
              : launch(plan, forward_kernel<T, Kind::Softmax>);
  });
}
void softmax_backward(const SoftmaxPlan& plan, DType dtype, bool logarithm) {
  for_floats("softmax_backward", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    logarithm ? launch(plan, backward_kernel<T, true>) : launch(plan, backward_kernel<T, false>);
  });
}
void logsumexp(const SoftmaxPlan& plan, DType dtype) {
  for_floats("logsumexp", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    launch(plan, forward_kernel<T, Kind::LogSumExp>);
  });
}

}  // namespace

void register_softmax(KernelSlots& slots) {
  slots.softmax = &softmax;
  slots.softmax_backward = &softmax_backward;
  slots.logsumexp = &logsumexp;
}

}  // namespace rushlight::cuda
