// Binary search and histograms.
#include <algorithm>
#include <cstring>

#include "rushlight/core/parallel.h"
#include "rushlight/iter/kernel_slots.h"
#include "scratch.h"

namespace rushlight::cpu {
namespace {

// Comparisons as PyTorch writes them: a NaN on either side counts as too small.
template <class T, class At>
int64_t position(T value, int64_t n, bool right, const At& at) {
  int64_t low = 0, high = n;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const T here = at(middle);
    if (right ? !(here > value) : !(here >= value))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

template <class T>
void search_of(const SearchPlan& plan) {
  parallel_for(0, plan.rows * plan.values_per_row, kGrain / 16, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; ++i) {
      const int64_t begin = plan.shared ? 0 : i / plan.values_per_row * plan.n;
      const T* sorted = static_cast<const T*>(plan.sorted) + begin;
      const T value = static_cast<const T*>(plan.values)[i];
      int64_t at;
      if (plan.sorter) {
        const int64_t* order = plan.sorter + begin;
        at = position(value, plan.n, plan.right, [&](int64_t k) { return sorted[order[k]]; });
      } else {
        at = position(value, plan.n, plan.right, [&](int64_t k) { return sorted[k]; });
      }
      if (plan.out_int32)
        static_cast<int32_t*>(plan.out)[i] = int32_t(at);
      else
        static_cast<int64_t*>(plan.out)[i] = at;
    }
  });
}

void search(const SearchPlan& plan, DType dtype) {
  switch (dtype) {
    case DType::F32:
      return search_of<float>(plan);
    case DType::F64:
      return search_of<double>(plan);
    case DType::I32:
      return search_of<int32_t>(plan);
    default:
      return search_of<int64_t>(plan);
  }
}

template <class T>
void histogram_of(const HistogramPlan& plan) {
  const T* x = static_cast<const T*>(plan.in);
  const T* weight = static_cast<const T*>(plan.weight);
  const T* edges = static_cast<const T*>(plan.edges);
  const int64_t bins = plan.bins;
  const T lo = edges ? edges[0] : T(plan.lo), hi = edges ? edges[bins] : T(plan.hi);
  T* out = static_cast<T*>(plan.out);
  const T span = hi - lo;
  const auto bin_of = [&](T value) {
    if (!plan.uniform)
      return position(value, bins + 1, true, [&](int64_t k) { return edges[k]; }) - 1;
    // A span of 0, or one that overflowed, gives NaN here.
    const T place = (value - lo) * T(bins) / span;
    int64_t at = place >= T(bins) ? bins - 1 : place >= T(0) ? int64_t(place) : 0;
    if (edges) {
      // Rounding may have chosen a neighbour.
      const int64_t first = std::max<int64_t>(0, at - 1), last = std::min(at + 2, bins + 1);
      at = first + position(value, last - first, true, [&](int64_t k) { return edges[first + k]; }) - 1;
    }
    return at;
  };
  const auto add = [&](int64_t begin, int64_t end, auto* counts) {
    for (int64_t i = begin; i < end; ++i) {
      const T value = x[i];
      if (!(value >= lo && value <= hi)) continue;
      const int64_t at = std::clamp<int64_t>(bin_of(value), 0, bins - 1);
      if (weight)
        counts[at] += weight[i];
      else
        counts[at] += 1;
    }
  };
  if (weight) return add(0, plan.n, out);
  // Whole numbers are counted exactly, in any order.
  const int64_t pieces = std::clamp<int64_t>(plan.n / (kGrain + bins), 1, num_threads());
  with_scratch(size_t(pieces * bins) * sizeof(int64_t), [&](void* scratch) {
    int64_t* counts = static_cast<int64_t*>(scratch);
    std::memset(counts, 0, size_t(pieces * bins) * sizeof(int64_t));
    const int64_t length = (plan.n + pieces - 1) / pieces;
    parallel_for(0, pieces, 1, [&](int64_t b, int64_t e) {
      for (int64_t p = b; p < e; ++p)
        add(p * length, std::min(plan.n, (p + 1) * length), counts + p * bins);
    });
    for (int64_t k = 0; k < bins; ++k) {
      int64_t total = 0;
      for (int64_t p = 0; p < pieces; ++p) total += counts[p * bins + k];
      out[k] = T(total);
    }
  });
}

void histogram(const HistogramPlan& plan, DType dtype) {
  if (dtype == DType::F32)
    histogram_of<float>(plan);
  else
    histogram_of<double>(plan);
}

// out has a zero for every bin; entries of x are bins.
template <class W>
void count_bins(const int64_t* x, const void* weight, int64_t n, void* out) {
  W* const counts = static_cast<W*>(out);
  if (const W* w = static_cast<const W*>(weight))
    for (int64_t i = 0; i < n; ++i) counts[x[i]] += w[i];
  else
    for (int64_t i = 0; i < n; ++i) counts[x[i]] += 1;
}
void bincount(const int64_t* x, const void* weight, int64_t n, void* out, DType dtype) {
  switch (dtype) {
    case DType::F32:
      return count_bins<float>(x, weight, n, out);
    case DType::F64:
      return count_bins<double>(x, weight, n, out);
    default:
      return count_bins<int64_t>(x, weight, n, out);
  }
}

}  // namespace

void register_search(KernelSlots& slots) {
  slots.search = &search;
  slots.histogram = &histogram;
  slots.bincount = &bincount;
}

}  // namespace rushlight::cpu
