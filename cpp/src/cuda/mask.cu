// Packing by a mask: see Note [Mask blocks]. A block of threads for each block of the mask.
#include "launch.cuh"

namespace rushlight::cuda {
namespace {

constexpr int kRound = kThreads;
static_assert(kMaskBlock % kRound == 0);

// Calls f(i, place) for the true elements of a mask block in order, `place` counting them from 0;
// returns their number.
template <class F>
__device__ int pack_block(const uint8_t* mask, int64_t n, int64_t first, const F& f) {
  __shared__ int before[kThreads / 32];
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int done = 0;
  for (int64_t begin = first; begin < first + kMaskBlock && begin < n; begin += kRound) {
    const int64_t i = begin + threadIdx.x;
    const bool is_true = i < n && mask[i] != 0;
    const unsigned votes = __ballot_sync(0xFFFFFFFFu, is_true);
    if (lane == 0) before[warp] = __popc(votes);
    __syncthreads();
    int place = done + __popc(votes & ((1u << lane) - 1)), all = 0;
    for (unsigned w = 0; w < kThreads / 32; ++w) {
      if (w < warp) place += before[w];
      all += before[w];
    }
    if (is_true) f(i, place);
    done += all;
    __syncthreads();
  }
  return done;
}

__global__ void __launch_bounds__(kThreads) count_kernel(const uint8_t* mask, int64_t n, int64_t* counts) {
  const int count = pack_block(mask, n, int64_t(blockIdx.x) * kMaskBlock, [](int64_t, int) {});
  if (threadIdx.x == 0) counts[blockIdx.x] = count;
}
template <class T>
__global__ void __launch_bounds__(kThreads)
    select_kernel(const uint8_t* mask, int64_t n, const int64_t* starts, const T* in, T* out) {
  T* const own = out + starts[blockIdx.x];
  pack_block(mask, n, int64_t(blockIdx.x) * kMaskBlock, [&](int64_t i, int place) { own[place] = in[i]; });
}
template <class T>
__global__ void __launch_bounds__(kThreads)
    scatter_kernel(const uint8_t* mask, int64_t n, const int64_t* starts, const T* in, T* out) {
  const T* const own = in + starts[blockIdx.x];
  pack_block(mask, n, int64_t(blockIdx.x) * kMaskBlock, [&](int64_t i, int place) { out[i] = own[place]; });
}

struct Shape {
  int ndim;
  int64_t sizes[kMaxLaunchDims];
};
__global__ void __launch_bounds__(kThreads) nonzero_kernel(const uint8_t* mask, int64_t n, const Shape shape,
                                                           const int64_t* starts, int64_t* out) {
  const int64_t first = starts[blockIdx.x];
  pack_block(mask, n, int64_t(blockIdx.x) * kMaskBlock, [&](int64_t i, int place) {
    int64_t* at = out + (first + place) * shape.ndim;
    for (int d = shape.ndim - 1; d >= 0; --d) {
      at[d] = i % shape.sizes[d];
      i /= shape.sizes[d];
    }
  });
}

unsigned mask_blocks(int64_t n) {
  const int64_t blocks = (n + kMaskBlock - 1) / kMaskBlock;
  RL_CHECK(blocks <= INT32_MAX, "too many elements in a mask for one CUDA kernel: ", n);
  return unsigned(blocks);
}
const uint8_t* bytes(const void* mask) { return static_cast<const uint8_t*>(mask); }

void mask_count(const void* mask, int64_t n, int64_t* counts) {
  if (n == 0) return;
  count_kernel<<<mask_blocks(n), kThreads, 0, current_stream()>>>(bytes(mask), n, counts);
  check_launch();
}
void masked_select(const void* mask, int64_t n, const int64_t* starts, const void* in, void* out, int itemsize) {
  if (n == 0) return;
  for_size(itemsize, [&](auto tag) {
    using T = typename decltype(tag)::type;
    select_kernel<<<mask_blocks(n), kThreads, 0, current_stream()>>>(
        bytes(mask), n, starts, static_cast<const T*>(in), static_cast<T*>(out));
  });
  check_launch();
}
void masked_scatter(const void* mask, int64_t n, const int64_t* starts, const void* in, void* out, int itemsize) {
  if (n == 0) return;
  for_size(itemsize, [&](auto tag) {
    using T = typename decltype(tag)::type;
    scatter_kernel<<<mask_blocks(n), kThreads, 0, current_stream()>>>(
        bytes(mask), n, starts, static_cast<const T*>(in), static_cast<T*>(out));
  });
  check_launch();
}
void nonzero(const void* mask, const int64_t* sizes, int ndim, const int64_t* starts, int64_t* out) {
  RL_CHECK_IMPLEMENTED(ndim <= kMaxLaunchDims, "nonzero(): at most ", kMaxLaunchDims, " dimensions on cuda, got ", ndim);
  Shape shape{ndim, {}};
  int64_t n = 1;
  for (int d = 0; d < ndim; ++d) n *= shape.sizes[d] = sizes[d];
  if (n == 0 || ndim == 0) return;
  nonzero_kernel<<<mask_blocks(n), kThreads, 0, current_stream()>>>(bytes(mask), n, shape, starts, out);
  check_launch();
}

template <class T>
struct FillElement {
  T value;
  __device__ void operator()(char* (&at)[2]) const {
    if (*at[1]) *reinterpret_cast<T*>(at[0]) = value;
  }
};
void masked_fill(const NdPlan& plan, const void* element, int itemsize) {
  for_size(itemsize, [&](auto tag) {
    FillElement<typename decltype(tag)::type> fill;
    __builtin_memcpy(&fill.value, element, sizeof fill.value);
    for_each<2>(plan, fill);
  });
}

template <class T>
struct TriangleElement {
  T* out;
  const T* in;
  int64_t rows, columns, diagonal;
  bool upper;
  __device__ void operator()(int64_t i) const {
    const int64_t apart = i % columns - i / columns % rows;
    out[i] = (upper ? apart >= diagonal : apart <= diagonal) ? in[i] : T{};
  }
};
void triangle(char* out, const char* in, int64_t batch, int64_t rows, int64_t columns, int64_t diagonal,
              bool upper, int itemsize) {
  for_size(itemsize, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for_range(batch * rows * columns,
              TriangleElement<T>{reinterpret_cast<T*>(out), reinterpret_cast<const T*>(in), rows, columns,
                                 diagonal, upper});
  });
}

}  // namespace

void register_mask(KernelSlots& slots) {
  slots.mask_count = &mask_count;
  slots.masked_select = &masked_select;
  slots.masked_scatter = &masked_scatter;
  slots.nonzero = &nonzero;
  slots.masked_fill = &masked_fill;
  slots.triangle = &triangle;
}

}  // namespace rushlight::cuda
