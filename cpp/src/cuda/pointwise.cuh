// One result for each element of up to three operands.
#pragma once

#include <tuple>

#include "launch.cuh"

namespace rushlight::cuda {

// An operand that is one number on the host travels by value.
template <class T>
struct Operand {
  const char* data;
  T value;
  bool given;   // `value` holds it
  bool single;  // one element for all (its stride is 0), or given

  __device__ T at(int64_t bytes) const {
    return given ? value : *reinterpret_cast<const T*>(data + bytes);
  }
};

inline bool is_host_pointer(const void* p) {
  cudaPointerAttributes attributes;
  check(cudaPointerGetAttributes(&attributes, p), "cudaPointerGetAttributes");
  return attributes.type == cudaMemoryTypeUnregistered || attributes.type == cudaMemoryTypeHost;
}

template <class T>
Operand<T> operand(const NdPlan& plan, int k) {
  Operand<T> o{plan.data[k], T(), false, true};
  for (int d = 0; d < plan.ndim; ++d) o.single &= plan.strides[d][k] == 0;
  if (o.single && is_host_pointer(o.data)) {
    o.given = true;
    o.value = *reinterpret_cast<const T*>(o.data);
  }
  return o;
}

template <class T, int kCount>
struct alignas(kCount * sizeof(T)) Pack {
  T at[kCount];
};

template <int kPack, class T>
__device__ Pack<T, kPack> load_pack(const Operand<T>& o, uint32_t first) {
  Pack<T, kPack> pack;
  if (!o.single) {
    pack = reinterpret_cast<const Pack<T, kPack>*>(o.data)[first / kPack];
  } else {
    const T value = o.at(0);
#pragma unroll
    for (int j = 0; j < kPack; ++j) pack.at[j] = value;
  }
  return pack;
}

// Dense operands, aligned to whole packs: kPack elements a thread.
template <int kPack, class R, class F, class... T>
__global__ void __launch_bounds__(kThreads)
    dense_kernel(R* out, const uint32_t numel, const F f, const Operand<T>... in) {
  const uint32_t first = (blockIdx.x * kThreads + threadIdx.x) * kPack;
  if (first >= numel) return;
  if (first + kPack <= numel) {
    const auto compute = [&](const Pack<T, kPack>&... x) {
      Pack<R, kPack> result;
#pragma unroll
      for (int j = 0; j < kPack; ++j) result.at[j] = f(x.at[j]...);
      return result;
    };
    reinterpret_cast<Pack<R, kPack>*>(out)[first / kPack] = compute(load_pack<kPack>(in, first)...);
  } else {
    for (uint32_t i = first; i < numel; ++i)
      out[i] = f(in.at(in.single ? 0 : int64_t(i) * int64_t(sizeof(T)))...);
  }
}

template <class R, class F, class... T>
struct StridedElement {
  F f;
  std::tuple<Operand<T>...> in;

  __device__ void operator()(char* (&at)[1 + sizeof...(T)]) const {
    run(at, std::index_sequence_for<T...>{});
  }
  template <size_t... k>
  __device__ void run(char* (&at)[1 + sizeof...(T)], std::index_sequence<k...>) const {
    *reinterpret_cast<R*>(at[0]) =
        f((std::get<k>(in).given ? std::get<k>(in).value : *reinterpret_cast<const T*>(at[k + 1]))...);
  }
};

constexpr size_t largest_size(std::initializer_list<size_t> sizes) {
  size_t most = 1;
  for (const size_t s : sizes) most = s > most ? s : most;
  return most;
}

// out = f(in...) with operand 0 of the plan of type R and the others of types T.
template <class R, class... T, class F>
void pointwise(const NdPlan& plan, const F& f) {
  constexpr int kCount = sizeof...(T);
  constexpr int kPack = int(16 / largest_size({sizeof(R), sizeof(T)...}));
  in_parts(plan, [&](const NdPlan& part) {
    const auto launch = [&]<size_t... k>(std::index_sequence<k...>) {
      const std::tuple<Operand<T>...> in{operand<T>(part, int(k) + 1)...};
      const size_t sizes[] = {sizeof(R), sizeof(T)...};
      const bool single[] = {false, std::get<k>(in).single...};
      bool dense = part.ndim <= 1;
      for (int j = 0; j <= kCount; ++j) {
        if (single[j]) continue;
        dense &= part.ndim == 0 || part.shape[0] == 1 || part.strides[0][j] == int64_t(sizes[j]);
        dense &= reinterpret_cast<uintptr_t>(part.data[j]) % (sizes[j] * kPack) == 0;
      }
      if (dense) {
        dense_kernel<kPack, R>
            <<<blocks_for((part.numel + kPack - 1) / kPack), kThreads, 0, current_stream()>>>(
                reinterpret_cast<R*>(part.data[0]), uint32_t(part.numel), f, std::get<k>(in)...);
      } else {
        const StridedElement<R, F, T...> element{f, in};
        for_each_kernel<1 + kCount><<<blocks_for(part.numel), kThreads, 0, current_stream()>>>(
            DevicePlan<1 + kCount>(part), element);
      }
      check_launch();
    };
    launch(std::index_sequence_for<T...>{});
  });
}

}  // namespace rushlight::cuda
