// Running sums and products along n of contiguous (outer, n, inner) operands: a thread a column, or,
// where the columns are few and long, a block a column.
#include "launch.cuh"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

struct Times {
  template <class A>
  __device__ A operator()(A a, A b) const {
    return a * b;
  }
};
struct Plus {
  template <class A>
  __device__ A operator()(A a, A b) const {
    return a + b;
  }
};

template <class Op, class T>
struct ColumnScan {
  SoftmaxPlan plan;
  bool reversed;
  __device__ void operator()(int64_t column) const {
    using A = Compute<T>;
    const int64_t first = column / plan.inner * plan.n * plan.inner + column % plan.inner;
    const T* in = static_cast<const T*>(plan.in) + first;
    T* out = static_cast<T*>(plan.out) + first;
    A running{};
    for (int64_t i = 0; i < plan.n; ++i) {
      const int64_t at = (reversed ? plan.n - 1 - i : i) * plan.inner;
      running = i == 0 ? A(in[at]) : Op{}(running, A(in[at]));
      out[at] = T(running);
    }
  }
};

// kItems elements a thread at a time: each scans its own, the threads' totals are scanned (Hillis and
// Steele 1986), and what came before is carried along.
template <class Op, class T>
__global__ void __launch_bounds__(kThreads) block_scan(const SoftmaxPlan plan, const bool reversed) {
  using A = Compute<T>;
  constexpr int kItems = int(32 / sizeof(A)), kTile = kThreads * kItems;
  __shared__ __align__(16) unsigned char tile_bytes[kTile * sizeof(A)];
  __shared__ __align__(16) unsigned char total_bytes[2 * kThreads * sizeof(A)];
  A* tile = reinterpret_cast<A*>(tile_bytes);
  A* totals = reinterpret_cast<A*>(total_bytes);
  const int thread = int(threadIdx.x);
  const int64_t first = int64_t(blockIdx.x) / plan.inner * plan.n * plan.inner + int64_t(blockIdx.x) % plan.inner;
  const T* in = static_cast<const T*>(plan.in) + first;
  T* out = static_cast<T*>(plan.out) + first;
  A carried{};
  for (int64_t begin = 0; begin < plan.n; begin += kTile) {
    const int count = plan.n - begin < kTile ? int(plan.n - begin) : kTile;
    const auto place = [&](int i) { return (reversed ? plan.n - 1 - (begin + i) : begin + i) * plan.inner; };
    for (int i = thread; i < count; i += kThreads) tile[i] = A(in[place(i)]);
    __syncthreads();
    const int own = thread * kItems, threads = (count + kItems - 1) / kItems;
    for (int j = 1; j < kItems && own + j < count; ++j) tile[own + j] = Op{}(tile[own + j - 1], tile[own + j]);
    if (thread < threads) totals[thread] = tile[(own + kItems < count ? own + kItems : count) - 1];
    int side = 0;
    for (int apart = 1; apart < threads; apart *= 2) {
      __syncthreads();
      const A* from = totals + side * kThreads;
      A* to = totals + (1 - side) * kThreads;
      if (thread < threads) to[thread] = thread >= apart ? Op{}(from[thread - apart], from[thread]) : from[thread];
      side = 1 - side;
    }
    __syncthreads();
    const A* done = totals + side * kThreads;
    for (int i = thread; i < count; i += kThreads) {
      const int owner = i / kItems;
      A value = owner > 0 ? Op{}(done[owner - 1], tile[i]) : tile[i];
      if (begin > 0) value = Op{}(carried, value);
      out[place(i)] = T(value);
    }
    carried = begin == 0 ? done[threads - 1] : Op{}(carried, done[threads - 1]);
    __syncthreads();
  }
}

template <class T>
void scan_of(const SoftmaxPlan& plan, ScanOp op) {
  const int64_t columns = plan.outer * plan.inner;
  if (columns == 0 || plan.n == 0) return;
  const bool reversed = op == ScanOp::ReversedSum;
  if (plan.n > 64 && columns < 16384) {
    if (op == ScanOp::Product)
      block_scan<Times, T><<<unsigned(columns), kThreads, 0, current_stream()>>>(plan, reversed);
    else
      block_scan<Plus, T><<<unsigned(columns), kThreads, 0, current_stream()>>>(plan, reversed);
    return check_launch();
  }
  if (op == ScanOp::Product)
    for_range(columns, ColumnScan<Times, T>{plan, reversed});
  else
    for_range(columns, ColumnScan<Plus, T>{plan, reversed});
}

void scan(const SoftmaxPlan& plan, DType dtype, ScanOp op) {
  switch (dtype) {
    case DType::F16: return scan_of<Half>(plan, op);
    case DType::BF16: return scan_of<BFloat16>(plan, op);
    case DType::F32: return scan_of<float>(plan, op);
    case DType::F64: return scan_of<double>(plan, op);
    case DType::C64: return scan_of<c64>(plan, op);
    case DType::C128: return scan_of<c128>(plan, op);
    default: return scan_of<int64_t>(plan, op);
  }
}

}  // namespace

void register_scan(KernelSlots& slots) { slots.scan = &scan; }

}  // namespace rushlight::cuda
