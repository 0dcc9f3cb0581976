// Sorting and selection by CUB's radix sorts, searching and counting. See Note [Sorted order].
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_segmented_radix_sort.cuh>

#include "atomic.cuh"
#include "launch.cuh"
#include "rushlight/iter/sort_plan.h"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

// A number whose unsigned order is the sorted order of x.
template <class Key, class T>
__device__ Key key_of(T x, bool descending) {
  Key key;
  if constexpr (dtype_of<T> >= DType::F16) {
    using C = Compute<T>;
    using Bits = std::conditional_t<sizeof(C) == 8, uint64_t, uint32_t>;
    const C value = C(x) == C(0) ? C(0) : C(x);
    Bits bits;
    memcpy(&bits, &value, sizeof bits);
    constexpr Bits kSign = Bits(1) << (8 * sizeof(Bits) - 1);
    bits = bits & kSign ? ~bits : bits | kSign;
    key = value != value ? ~Key(0) : Key(bits);
  } else if constexpr (std::is_signed_v<T>) {
    constexpr Key kSign = Key(1) << (8 * sizeof(Key) - 1);
    key = Key(Key(std::make_signed_t<Key>(x)) ^ kSign);
  } else {
    key = Key(x);
  }
  return descending ? ~key : key;
}

template <class T>
using KeyOf = std::conditional_t<(sizeof(T) == 8), uint64_t, uint32_t>;

template <class T>
struct KeyElement {
  const T* in;
  KeyOf<T>* keys;
  int64_t* places;
  int64_t n;
  bool descending;
  __device__ void operator()(int64_t i) const {
    keys[i] = key_of<KeyOf<T>>(in[i], descending);
    places[i] = i % n;
  }
};

struct MultipleElement {
  int64_t* out;
  int64_t step;
  __device__ void operator()(int64_t i) const { out[i] = i * step; }
};

// The place of each sorted element in its row.
template <class T>
class SortedPlaces {
 public:
  SortedPlaces(const RowsPlan& p, bool descending)
      : keys_(bytes<KeyOf<T>>(p)), sorted_keys_(bytes<KeyOf<T>>(p)), places_(bytes<int64_t>(p)), sorted_(bytes<int64_t>(p)) {
    using Key = KeyOf<T>;
    const int64_t total = p.rows * p.n;
    for_range(total, KeyElement<T>{static_cast<const T*>(p.in), keys_.as<Key>(), places_.as<int64_t>(), p.n, descending});
    constexpr int64_t kLongRow = 1 << 16;
    if (p.n >= kLongRow || p.rows == 1) {
      for (int64_t r = 0; r < p.rows; ++r) {
        const int64_t at = r * p.n;
        run([&](void* scratch, size_t& size) {
          return cub::DeviceRadixSort::SortPairs(scratch, size, keys_.as<Key>() + at, sorted_keys_.as<Key>() + at,
                                                 places_.as<int64_t>() + at, sorted_.as<int64_t>() + at, p.n, 0,
                                                 int(8 * sizeof(Key)), current_stream());
        });
      }
      return;
    }
    const Workspace offsets(size_t(p.rows + 1) * sizeof(int64_t));
    int64_t* starts = offsets.as<int64_t>();
    const int64_t n = p.n;
    for_range(p.rows + 1, MultipleElement{starts, n});
    run([&](void* scratch, size_t& size) {
      return cub::DeviceSegmentedRadixSort::SortPairs(scratch, size, keys_.as<Key>(), sorted_keys_.as<Key>(),
                                                      places_.as<int64_t>(), sorted_.as<int64_t>(), total, p.rows,
                                                      starts, starts + 1, 0, int(8 * sizeof(Key)), current_stream());
    });
  }
  const int64_t* data() const { return sorted_.as<int64_t>(); }

 private:
  template <class E>
  static size_t bytes(const RowsPlan& p) {
    return size_t(p.rows * p.n) * sizeof(E);
  }
  template <class Sort>
  static void run(const Sort& sort) {
    size_t size = 0;
    check(sort(nullptr, size), "radix sort");
    const Workspace scratch(size);
    check(sort(scratch.as<void>(), size), "radix sort");
  }

  Workspace keys_, sorted_keys_, places_, sorted_;
};

// Results r of each row: its sorted elements from `first` on, `count` of them.
template <class T>
struct TakeElement {
  const T* in;
  const int64_t* places;
  T* values;
  int64_t* indices;
  int64_t n, count, first;
  __device__ void operator()(int64_t i) const {
    const int64_t row = i / count, place = places[row * n + first + i % count];
    if (values) values[i] = in[row * n + place];
    if (indices) indices[i] = place;
  }
};

template <class T>
void take(const RowsPlan& p, const SortedPlaces<T>& sorted, int64_t first, int64_t count) {
  for_range(p.rows * count, TakeElement<T>{static_cast<const T*>(p.in), sorted.data(), static_cast<T*>(p.values),
                                           p.indices, p.n, count, first});
}

// The lower of the middle elements; of a row with NaN that, or the middle of the others.
template <class T>
struct MedianElement {
  const T* in;
  const int64_t* places;
  T* values;
  int64_t* indices;
  int64_t n;
  bool skips_nan;
  __device__ void operator()(int64_t row) const {
    int64_t numbers = n;
    if constexpr (dtype_of<T> >= DType::F16) {
      // Numbers come first: the end of them by bisection.
      int64_t low = 0, high = n;
      while (low < high) {
        const int64_t middle = (low + high) / 2;
        const auto x = Compute<T>(in[row * n + places[row * n + middle]]);
        x != x ? high = middle : low = middle + 1;
      }
      numbers = low;
    }
    const bool has_nan = numbers < n;
    const int64_t at = has_nan && !skips_nan ? numbers : numbers == 0 ? 0 : (numbers - 1) / 2;
    const int64_t place = places[row * n + at];
    values[row] = in[row * n + place];
    indices[row] = place;
  }
};

template <class F>
void for_sortable(const char* op, DType dtype, const F& fn) {
  switch (dtype) {
    case DType::Bool: return fn(TypeTag<uint8_t>{});
    case DType::U8: return fn(TypeTag<uint8_t>{});
    case DType::I8: return fn(TypeTag<int8_t>{});
    case DType::I16: return fn(TypeTag<int16_t>{});
    case DType::I32: return fn(TypeTag<int32_t>{});
    case DType::I64: return fn(TypeTag<int64_t>{});
    default: return for_floats(op, dtype, fn);
  }
}

void sort_rows(const RowsPlan& p, DType dtype, bool descending) {
  for_sortable("sort", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    take<T>(p, SortedPlaces<T>(p, descending), 0, p.n);
  });
}
void topk(const TopKPlan& p, DType dtype) {
  for_sortable("topk", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    take<T>(p.rows, SortedPlaces<T>(p.rows, p.largest), 0, p.k);
  });
}
void pick(const RowsPlan& p, DType dtype, Pick how, int64_t k) {
  RL_CHECK_IMPLEMENTED(how != Pick::Mode, "mode(): not available on cuda");
  for_sortable("pick", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const SortedPlaces<T> sorted(p, false);
    if (how == Pick::Kth) return take<T>(p, sorted, k, 1);
    for_range(p.rows, MedianElement<T>{static_cast<const T*>(p.in), sorted.data(), static_cast<T*>(p.values),
                                       p.indices, p.n, how == Pick::NanMedian});
  });
}

template <class T>
struct SearchElement {
  SearchPlan p;
  __device__ void operator()(int64_t i) const {
    const int64_t row = p.shared ? 0 : i / p.values_per_row;
    const T* sorted = static_cast<const T*>(p.sorted) + row * p.n;
    const int64_t* sorter = p.sorter ? p.sorter + row * p.n : nullptr;
    const T value = static_cast<const T*>(p.values)[i];
    int64_t low = 0, high = p.n;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      const T x = sorted[sorter ? sorter[middle] : middle];
      // A NaN on either side counts as too small, as on the CPU.
      const bool before = p.right ? !(x > value) : !(x >= value);
      before ? low = middle + 1 : high = middle;
    }
    if (p.out_int32)
      static_cast<int32_t*>(p.out)[i] = int32_t(low);
    else
      static_cast<int64_t*>(p.out)[i] = low;
  }
};
void search(const SearchPlan& p, DType dtype) {
  const int64_t n = p.rows * p.values_per_row;
  switch (dtype) {
    case DType::F32: return for_range(n, SearchElement<float>{p});
    case DType::F64: return for_range(n, SearchElement<double>{p});
    case DType::I32: return for_range(n, SearchElement<int32_t>{p});
    case DType::I64: return for_range(n, SearchElement<int64_t>{p});
    default: raise_no_kernel("searchsorted", Device{DeviceType::CUDA, -1}, dtype);
  }
}

template <class T>
struct CountElement {
  const int64_t* x;
  const T* weight;
  T* out;
  __device__ void operator()(int64_t i) const { atomic_add(out + x[i], weight ? weight[i] : T(1)); }
};
void bincount(const int64_t* x, const void* weight, int64_t n, void* out, DType dtype) {
  switch (dtype) {
    case DType::I64: return for_range(n, CountElement<int64_t>{x, nullptr, static_cast<int64_t*>(out)});
    case DType::F32:
      return for_range(n, CountElement<float>{x, static_cast<const float*>(weight), static_cast<float*>(out)});
    case DType::F64:
      return for_range(n, CountElement<double>{x, static_cast<const double*>(weight), static_cast<double*>(out)});
    default: raise_no_kernel("bincount", Device{DeviceType::CUDA, -1}, dtype);
  }
}

}  // namespace

void register_sort(KernelSlots& slots) {
  slots.sort_rows = &sort_rows;
  slots.topk = &topk;
  slots.pick = &pick;
  slots.search = &search;
  slots.bincount = &bincount;
}

}  // namespace rushlight::cuda
