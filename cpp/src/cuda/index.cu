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
bool gather(const GatherPlan& plan, int itemsize) {
  if (plan.nd.numel == 0) return true;
  const bool checks = plan.size >= 0;
  const Answer<int> bad(0);
  for_size(itemsize, [&](auto tag) {
    for_each<3>(plan.nd, GatherElement<typename decltype(tag)::type>{
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
