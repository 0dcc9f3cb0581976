// Reductions by a monoid. What a thread, a block and the grid add up depends on the sizes alone, so
// the bits are the same in every run.
#pragma once

#include "launch.cuh"

namespace rushlight::cuda {

struct DeviceReducePlan {
  int kept, reduced;
  bool packed;
  bool across;  // neighbouring threads have neighbouring outputs, not elements of one output
  int lanes;    // threads an output
  int splits;   // blocks an output
  uint32_t outputs;
  uint32_t count;  // elements an output
  const char* in;
  Divider kept_shape[kMaxLaunchDims], reduced_shape[kMaxLaunchDims];
  int64_t kept_in[kMaxLaunchDims], kept_out[kMaxLaunchDims], reduced_in[kMaxLaunchDims];

  explicit DeviceReducePlan(const ReducePlan& plan) : kept(plan.kept), reduced(plan.reduced), in(plan.in) {
    RL_CHECK_IMPLEMENTED(kept <= kMaxLaunchDims && reduced <= kMaxLaunchDims,
                         "CUDA reductions take at most ", kMaxLaunchDims,
                         " kept and reduced dimensions each, got ", kept, " and ", reduced);
    RL_CHECK_IMPLEMENTED(plan.count < INT32_MAX && plan.outputs < INT32_MAX,
                         "CUDA reductions take fewer than 2^31 elements for each of fewer than 2^31 "
                         "results, got ", plan.count, " and ", plan.outputs);
    outputs = uint32_t(plan.outputs);
    count = uint32_t(plan.count);
    for (int d = 0; d < kept; ++d) {
      kept_shape[d] = Divider(plan.kept_shape[d]);
      kept_in[d] = plan.kept_in[d];
      kept_out[d] = plan.kept_out[d];
    }
    for (int d = 0; d < reduced; ++d) {
      reduced_shape[d] = Divider(plan.reduced_shape[d]);
      reduced_in[d] = plan.reduced_in[d];
    }
    across = plan.kind == ReduceCase::Columns || plan.kind == ReduceCase::StridedColumns;
    // 32 neighbouring outputs make whole lines of the cache.
    lanes = 1;
    const int most = across ? 8 : kThreads;
    while (lanes < most && int64_t(lanes) * 4 < count) lanes *= 2;
    // Enough blocks to fill a large device, as long as each has some work.
    constexpr int64_t kWanted = 1056;
    const int64_t least = int64_t(lanes) * 32;
    int64_t parts = kWanted / blocks();
    if (parts > count / least) parts = count / least;
    splits = parts < 2 ? 1 : int(parts);
    // Whole packs of 16 bytes can be read where the elements of a result lie together.
    const int64_t size = plan.itemsize;
    packed = !across && reduced == 1 && plan.reduced_in[0] == size && size <= 8 &&
             reinterpret_cast<uintptr_t>(in) % 16 == 0;
    for (int d = 0; d < kept; ++d) packed &= plan.kept_in[d] % 16 == 0;
  }
  int64_t blocks() const { return (int64_t(outputs) * lanes + kThreads - 1) / kThreads; }

  __device__ const char* element(const char* base, uint32_t index) const {
    for (int d = 0; d < reduced; ++d) {
      const uint32_t i = d + 1 < reduced ? reduced_shape[d].step(index) : index;
      base += int64_t(i) * reduced_in[d];
    }
    return base;
  }
};

template <class T, int kCount>
struct alignas(kCount * sizeof(T)) ReducePack {
  T at[kCount];
};

// A monoid M has: using A, Element; A identity(); A load(const Element& element, uint32_t index);
// A combine(A, A); void store(int64_t at, A).
template <class M>
__global__ void __launch_bounds__(kThreads) reduce_kernel(
    const DeviceReducePlan plan, const M m, typename M::A* parts, unsigned* arrived) {
  using A = typename M::A;
  __shared__ __align__(16) unsigned char shared_bytes[kThreads * sizeof(A)];
  A* shared = reinterpret_cast<A*>(shared_bytes);
  const int per_block = kThreads / plan.lanes;
  const int lane = plan.across ? int(threadIdx.x) / per_block : int(threadIdx.x) % plan.lanes;
  const int own = plan.across ? int(threadIdx.x) % per_block : int(threadIdx.x) / plan.lanes;
  const int apart = plan.across ? per_block : 1;  // threads between neighbouring lanes
  const uint32_t output = blockIdx.x * per_block + own;
  const bool valid = output < plan.outputs;
  const char* base = plan.in;
  int64_t at = 0;
  if (valid) {
    uint32_t rest = output;
    for (int d = 0; d < plan.kept; ++d) {
      const uint32_t i = d + 1 < plan.kept ? plan.kept_shape[d].step(rest) : rest;
      base += int64_t(i) * plan.kept_in[d];
      at += int64_t(i) * plan.kept_out[d];
    }
  }
  using T = typename M::Element;
  const uint32_t step = uint32_t(plan.lanes) * plan.splits;
  const uint32_t first = blockIdx.y * plan.lanes + lane;
  A total = m.identity();
  if (valid && plan.packed) {
    constexpr int kPack = sizeof(T) <= 8 ? int(16 / sizeof(T)) : 1;
    using Pack = ReducePack<T, kPack>;
    A own_parts[kPack];
#pragma unroll
    for (int j = 0; j < kPack; ++j) own_parts[j] = m.identity();
    const Pack* from = reinterpret_cast<const Pack*>(base);
    const uint32_t packs = plan.count / kPack;
    const auto add = [&](const Pack& pack, uint32_t p) {
#pragma unroll
      for (int j = 0; j < kPack; ++j)
        own_parts[j] = m.combine(own_parts[j], m.load(pack.at[j], p * kPack + j));
    };
    uint32_t p = first;
    for (; uint64_t(p) + uint64_t(step) * 3 < packs; p += step * 4) {
      const Pack a = from[p], b = from[p + step], c = from[p + 2 * step], d = from[p + 3 * step];
      add(a, p);
      add(b, p + step);
      add(c, p + 2 * step);
      add(d, p + 3 * step);
    }
    for (; p < packs; p += step) add(from[p], p);
    for (uint32_t rest = packs * kPack + first; rest < plan.count; rest += step)
      own_parts[0] = m.combine(own_parts[0], m.load(reinterpret_cast<const T*>(base)[rest], rest));
    total = own_parts[0];
#pragma unroll
    for (int j = 1; j < kPack; ++j) total = m.combine(total, own_parts[j]);
  } else if (valid) {
    constexpr int kTogether = sizeof(A) <= 8 ? 4 : 2;
    A own_parts[kTogether];
#pragma unroll
    for (int j = 0; j < kTogether; ++j) own_parts[j] = m.identity();
    const auto element = [&](uint32_t i) {
      const char* at = plan.reduced == 1 ? base + int64_t(i) * plan.reduced_in[0] : plan.element(base, i);
      return *reinterpret_cast<const T*>(at);
    };
    uint32_t i = first;
    for (; uint64_t(i) + uint64_t(step) * (kTogether - 1) < plan.count; i += step * kTogether) {
      T read[kTogether];
#pragma unroll
      for (int j = 0; j < kTogether; ++j) read[j] = element(i + j * step);
#pragma unroll
      for (int j = 0; j < kTogether; ++j) own_parts[j] = m.combine(own_parts[j], m.load(read[j], i + j * step));
    }
    for (; i < plan.count; i += step) own_parts[0] = m.combine(own_parts[0], m.load(element(i), i));
    total = own_parts[0];
#pragma unroll
    for (int j = 1; j < kTogether; ++j) total = m.combine(total, own_parts[j]);
  }
  const auto over_lanes = [&] {
    shared[threadIdx.x] = total;
    for (int half = plan.lanes / 2; half > 0; half /= 2) {
      __syncthreads();
      if (lane < half)
        shared[threadIdx.x] = m.combine(shared[threadIdx.x], shared[threadIdx.x + half * apart]);
    }
  };
  over_lanes();
  if (plan.splits == 1) {
    if (valid && lane == 0) m.store(at, shared[threadIdx.x]);
    return;
  }
  if (valid && lane == 0) parts[int64_t(blockIdx.y) * plan.outputs + output] = shared[threadIdx.x];
  // The block that comes last finds all parts written.
  __shared__ bool last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) last = atomicAdd(arrived + blockIdx.x, 1u) == unsigned(plan.splits) - 1;
  __syncthreads();
  if (!last) return;
  __threadfence();
  total = m.identity();
  if (valid)
    for (int s = lane; s < plan.splits; s += plan.lanes)
      total = m.combine(total, parts[int64_t(s) * plan.outputs + output]);
  over_lanes();
  if (valid && lane == 0) m.store(at, shared[threadIdx.x]);
}

template <class M>
void reduce(const ReducePlan& host_plan, const M& m) {
  using A = typename M::A;
  const DeviceReducePlan plan(host_plan);
  const dim3 grid(unsigned(plan.blocks()), unsigned(plan.splits));
  if (plan.splits == 1) {
    reduce_kernel<<<grid, kThreads, 0, current_stream()>>>(plan, m, static_cast<A*>(nullptr), static_cast<unsigned*>(nullptr));
    return check_launch();
  }
  const Workspace parts(sizeof(A) * size_t(plan.splits) * plan.outputs);
  const Workspace arrived(sizeof(unsigned) * grid.x);
  check(cudaMemsetAsync(arrived.as<void>(), 0, sizeof(unsigned) * grid.x, current_stream()), "cudaMemsetAsync");
  reduce_kernel<<<grid, kThreads, 0, current_stream()>>>(plan, m, parts.as<A>(), arrived.as<unsigned>());
  check_launch();
}

}  // namespace rushlight::cuda
