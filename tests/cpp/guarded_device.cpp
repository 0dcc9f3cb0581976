// A device for machines without one: librushlight_cuda.so's table over the CPU's kernels, whose memory
// no one but them can read. Code that takes a device's pointer for the host's crashes on it, as it
// would (or worse) on a GPU. See tests/python/test_device.py.
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "rushlight/core/device_backend.h"
#include "rushlight/core/error.h"
#include "rushlight/iter/kernel_slots.h"

namespace rushlight::guarded {
namespace {

constexpr size_t kArena = size_t(4) << 30, kUnit = 256;

struct Memory {
  std::recursive_mutex mutex;
  char* base;
  size_t used = 0;
  int open = 0;
  std::map<size_t, std::vector<void*>> spare;
  CudaMemory sizes{};

  Memory() {
    void* at = mmap(nullptr, kArena, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) std::abort();
    base = static_cast<char*>(at);
  }
  void protect(int how) {
    if (used && mprotect(base, (used + 4095) / 4096 * 4096, how) != 0) std::abort();
  }
};
Memory& memory() {
  static auto* m = new Memory;
  return *m;
}

// Page-locked memory, and copies that nobody waited for: they are made when something else happens on
// the device, as late as a GPU may make them.
struct Late {
  void* to;
  const void* from;
  size_t nbytes;
};
struct Pinned {
  std::map<const char*, size_t> used;
  std::map<size_t, std::vector<void*>> spare;
  std::vector<void*> freed;  // while copies are late
  std::map<void*, size_t> sizes;
  std::vector<Late> late;

  bool holds(const void* data) const {
    auto at = used.upper_bound(static_cast<const char*>(data));
    if (at == used.begin()) return false;
    --at;
    return data < at->first + at->second;
  }
  void catch_up() {
    for (const Late& copy : late) std::memmove(copy.to, copy.from, copy.nbytes);
    late.clear();
    for (void* block : freed) spare[sizes[block]].push_back(block);
    freed.clear();
  }
};
Pinned& pinned_memory() {
  static auto* p = new Pinned;
  return *p;
}

// The memory can be read while one lives.
struct Open {
  std::lock_guard<std::recursive_mutex> lock{memory().mutex};
  Open() {
    if (memory().open++ > 0) return;
    memory().protect(PROT_READ | PROT_WRITE);
    pinned_memory().catch_up();
  }
  ~Open() {
    if (--memory().open == 0) memory().protect(PROT_NONE);
  }
};

size_t rounded(size_t nbytes) { return nbytes < kUnit ? kUnit : (nbytes + kUnit - 1) / kUnit * kUnit; }

int device_count(const char**) { return 1; }
int current_device() { return 0; }
void set_device(int) {}
void properties(int, CudaProperties* out) {
  std::memset(out, 0, sizeof *out);
  std::snprintf(out->name, sizeof out->name, "guarded host memory");
  out->total_memory = kArena;
  out->multiprocessors = 1;
}

void* allocate(size_t nbytes, int) {
  Memory& m = memory();
  std::lock_guard<std::recursive_mutex> lock(m.mutex);
  const size_t size = rounded(nbytes);
  auto& list = m.spare[size];
  void* p = nullptr;
  if (!list.empty()) {
    p = list.back();
    list.pop_back();
  } else {
    if (size > kArena - m.used)
      raise<OutOfMemoryError>("CUDA out of memory: tried to allocate ", nbytes, " bytes on cuda:0");
    p = m.base + m.used;
    m.used += size;
    if (m.open) m.protect(PROT_READ | PROT_WRITE);
    m.sizes.reserved += size;
  }
  m.sizes.allocated += size;
  if (m.sizes.allocated > m.sizes.most_allocated) m.sizes.most_allocated = m.sizes.allocated;
  m.sizes.most_reserved = m.sizes.reserved;
  return p;
}
void release(void* data, size_t nbytes, int) {
  Memory& m = memory();
  std::lock_guard<std::recursive_mutex> lock(m.mutex);
  m.spare[rounded(nbytes)].push_back(data);
  m.sizes.allocated -= rounded(nbytes);
}
void memory_sizes(int, CudaMemory* out) { *out = memory().sizes; }
void reset_peaks(int) { memory().sizes.most_allocated = memory().sizes.allocated; }
void empty_cache() {}

void* pinned_allocate(size_t nbytes) {
  std::lock_guard<std::recursive_mutex> lock(memory().mutex);
  Pinned& all = pinned_memory();
  const size_t size = rounded(nbytes);
  auto& list = all.spare[size];
  if (list.empty()) {
    list.push_back(std::malloc(size));
    all.sizes[list.back()] = size;
  }
  void* p = list.back();
  list.pop_back();
  all.used[static_cast<const char*>(p)] = size;
  return p;
}
void pinned_free(void* data) {
  std::lock_guard<std::recursive_mutex> lock(memory().mutex);
  Pinned& all = pinned_memory();
  all.used.erase(static_cast<const char*>(data));
  if (all.late.empty())
    all.spare[all.sizes[data]].push_back(data);
  else
    all.freed.push_back(data);
}
bool pinned(const void* data) {
  std::lock_guard<std::recursive_mutex> lock(memory().mutex);
  return pinned_memory().holds(data);
}

void copy(void* to, const void* from, size_t nbytes, int kind, int, bool wait) {
  if (!wait && kind != 2) {
    std::lock_guard<std::recursive_mutex> lock(memory().mutex);
    if (pinned_memory().holds(kind == 0 ? from : to))
      return pinned_memory().late.push_back({to, from, nbytes});
  }
  const Open open;
  std::memmove(to, from, nbytes);
}

// Numbers in the right range are all that is asked of it.
void random(RandomRequest& r) {
  const Open open;
  uint64_t state = r.seed * 6364136223846793005u + r.offset + 1;
  for (int64_t i = 0; i < r.numel; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double u = double(state >> 11) * 0x1p-53;
    double value = r.a + u * (r.b - r.a);
    if (r.fill == RandomFill::Bernoulli) value = u < r.a;
    if (r.fill == RandomFill::Integer) value = double(r.low) + u * double(r.range);
    switch (r.dtype) {
      case DType::F32: static_cast<float*>(r.data)[i] = float(value); break;
      case DType::F64: static_cast<double*>(r.data)[i] = value; break;
      case DType::I64: static_cast<int64_t*>(r.data)[i] = int64_t(value); break;
      case DType::Bool: static_cast<bool*>(r.data)[i] = value != 0; break;
      default: raise_no_kernel("random", Device{DeviceType::CUDA, 0}, r.dtype);
    }
  }
  r.offset += uint64_t(r.numel);
}

void synchronize(int) { const Open open; }
void* no_handle(int, int) { return nullptr; }
void nothing(void*) {}
void wait_for(void*) { const Open open; }
void* current(int) { return nullptr; }
void set_stream(int, void*) {}
bool is_over(void*) {
  const Open open;
  return true;
}
void* new_event(bool, bool) { return nullptr; }
void two(void*, void*) {}
double elapsed(void*, void*) { return 0; }

KernelSlots& cpu() { return kernel_slots(DeviceType::CPU); }

template <int kOp, int kType>
void unary(const NdPlan& plan) {
  const Open open;
  cpu().unary[kOp][kType](plan);
}
template <int kOp, int kType>
void binary(const NdPlan& plan) {
  const Open open;
  cpu().binary[kOp][kType](plan);
}
template <int kOp, int kType>
void reduce(const ReducePlan& plan) {
  const Open open;
  cpu().reduce[kOp][kType](plan);
}
template <int kTo, int kFrom>
void convert(const NdPlan& plan) {
  const Open open;
  cpu().copy[kTo][kFrom](plan);
}
template <auto kMember, class Result, class... Args>
struct Slot {
  static Result call(Args... args) {
    const Open open;
    return (cpu().*kMember)(args...);
  }
};
template <auto kMember, class Result, class... Args>
void wrap(Result (*&slot)(Args...)) {
  slot = (cpu().*kMember) ? &Slot<kMember, Result, Args...>::call : nullptr;
}
// Tables of kernels stay empty: their functions would run unguarded.
template <auto kMember, class Table>
void wrap(const Table* (*&)(DType)) {}

template <int kOp = 0, int kType = 0>
void fill_rows(KernelSlots& slots) {
  if constexpr (kOp < kNumUnaryOps)
    if (cpu().unary[kOp][kType]) slots.unary[kOp][kType] = &unary<kOp, kType>;
  if constexpr (kOp < kNumBinaryOps)
    if (cpu().binary[kOp][kType]) slots.binary[kOp][kType] = &binary<kOp, kType>;
  if constexpr (kOp < kNumReduceOps)
    if (cpu().reduce[kOp][kType]) slots.reduce[kOp][kType] = &reduce<kOp, kType>;
  if constexpr (kOp < kNumDTypes)
    if (cpu().copy[kOp][kType]) slots.copy[kOp][kType] = &convert<kOp, kType>;
  constexpr int kMost = kNumUnaryOps > kNumBinaryOps ? kNumUnaryOps : kNumBinaryOps;
  if constexpr (kType + 1 < kNumDTypes)
    fill_rows<kOp, kType + 1>(slots);
  else if constexpr (kOp + 1 < (kMost > kNumDTypes ? kMost : kNumDTypes))
    fill_rows<kOp + 1, 0>(slots);
}

void register_kernels(KernelSlots& slots) {
  fill_rows(slots);
#define RL_KERNEL(name, result, parameters) wrap<&KernelSlots::name>(slots.name);
#include "rushlight/iter/kernels.def"
#undef RL_KERNEL
}

}  // namespace
}  // namespace rushlight::guarded

extern "C" RL_API const rushlight::CudaBackend* rushlight_cuda_backend() {
  using namespace rushlight;
  static const CudaBackend backend = {
      sizeof(CudaBackend),    CudaBackend::kAbiVersion, guarded::device_count, guarded::current_device,
      guarded::set_device,    guarded::properties,      guarded::allocate,     guarded::release,
      guarded::memory_sizes,  guarded::reset_peaks,     guarded::empty_cache,
      guarded::pinned_allocate, guarded::pinned_free,   guarded::pinned,       guarded::copy,
      guarded::random,        guarded::synchronize,     guarded::no_handle,    guarded::nothing,
      guarded::current,       guarded::set_stream,      guarded::wait_for,     guarded::is_over,
      guarded::new_event,     guarded::nothing,         guarded::two,          guarded::two,
      guarded::wait_for,      guarded::is_over,         guarded::elapsed,      sizeof(KernelSlots),
      guarded::register_kernels};
  return &backend;
}
