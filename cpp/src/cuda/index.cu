// Reads at positions given by index tensors. See Note [Index plans]. Those that check wait for the
// device, since a bad entry raises.
#include "launch.cuh"

namespace rushlight::cuda {
namespace {

struct Resolve {
  uint64_t size;
  int64_t negative_shift;
  __device__ bool operator()(int64_t& entry) const {
    entry += (entry >> 63) & negative_shift;
    return uint64_t(entry) < size;
  }
};

template <class T>
struct GatherElement {
  Resolve resolve;
  bool checks;
  int64_t step;
  int* flag;
  __device__ void operator()(char* (&at)[3]) const {
    int64_t entry = *reinterpret_cast<const int64_t*>(at[2]);
    if (checks && !resolve(entry)) {
      *flag = 1;
      return;
    }
    *reinterpret_cast<T*>(at[0]) = *reinterpret_cast<const T*>(at[1] + entry * step);
  }
};
// Where whole rows are copied, in words of 16 bytes if they fit.
int widen_rows(NdPlan& nd, int itemsize) {
  const bool rows = nd.ndim > 1 && nd.strides[0][0] == itemsize && nd.strides[0][1] == itemsize && nd.strides[0][2] == 0;
  const int64_t bytes = nd.shape[0] * itemsize;
  if (!rows || bytes % 16 != 0 || itemsize == 16) return itemsize;
  for (int k = 0; k < 2; ++k) {
    if (reinterpret_cast<uintptr_t>(nd.data[k]) % 16 != 0) return itemsize;
    for (int d = 1; d < nd.ndim; ++d)
      if (nd.strides[d][k] % 16 != 0) return itemsize;
  }
  nd.strides[0][0] = nd.strides[0][1] = 16;
  nd.numel = nd.numel / nd.shape[0] * (bytes / 16);
  nd.shape[0] = bytes / 16;
  return 16;
}

bool gather(const GatherPlan& plan, int itemsize) {
  if (plan.nd.numel == 0) return true;
  const bool checks = plan.size >= 0;
  const Answer<int> bad(0);
  NdPlan nd;
  nd.ndim = plan.nd.ndim;
  nd.operands = plan.nd.operands;
  nd.numel = plan.nd.numel;
  for (int d = 0; d < nd.ndim; ++d) {
    nd.shape[d] = plan.nd.shape[d];
    for (int k = 0; k < 3; ++k) nd.strides[d][k] = plan.nd.strides[d][k];
  }
  for (int k = 0; k < 3; ++k) nd.data[k] = plan.nd.data[k];
  const int width = plan.step % 16 == 0 ? widen_rows(nd, itemsize) : itemsize;
  for_size(width, [&](auto tag) {
    for_each<3>(nd, GatherElement<typename decltype(tag)::type>{
                             {uint64_t(plan.size), plan.wrap ? plan.size : 0}, checks, plan.step, bad.data()});
  });
  return !checks || bad.read() == 0;
}

struct OffsetsElement {
  Resolve resolve;
  int64_t step;
  bool accumulate;
  int* flag;
  __device__ void operator()(char* (&at)[2]) const {
    int64_t entry = *reinterpret_cast<const int64_t*>(at[1]);
    if (!resolve(entry)) *flag = 1;
    int64_t* to = reinterpret_cast<int64_t*>(at[0]);
    *to = int64_t(uint64_t(accumulate ? *to : 0) + uint64_t(entry) * uint64_t(step));
  }
};
bool offsets(const OffsetsPlan& plan) {
  if (plan.nd.numel == 0) return true;
  const Answer<int> bad(0);
  for_each<2>(plan.nd, OffsetsElement{{uint64_t(plan.size), plan.wrap ? plan.size : 0}, plan.step,
                                      plan.accumulate, bad.data()});
  return bad.read() == 0;
}

struct RangeElement {
  int64_t size;
  int* flag;
  __device__ void operator()(char* (&at)[1]) const {
    if (*reinterpret_cast<const uint64_t*>(at[0]) >= uint64_t(size)) *flag = 1;
  }
};
bool in_range(const NdPlan& plan, int64_t size) {
  if (plan.numel == 0) return true;
  const Answer<int> bad(0);
  for_each<1>(plan, RangeElement{size, bad.data()});
  return bad.read() == 0;
}

}  // namespace

void register_index(KernelSlots& slots) {
  slots.gather = &gather;
  slots.index_offsets = &offsets;
  slots.index_in_range = &in_range;
}

}  // namespace rushlight::cuda
