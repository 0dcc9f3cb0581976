// The largest k, the k-th, the median and the commonest element of each row.
#include <algorithm>

#include "rushlight/core/parallel.h"
#include "rushlight/iter/kernel_slots.h"
#include "scratch.h"
#include "sort_keys.h"

namespace rushlight::cpu {
namespace {

// Which of several equal elements is named follows from the algorithms, so these are PyTorch's: the
// standard library's for top-k and mode, Hoare's quickselect for the k-th, stable for the median.

template <class E>
bool by_key(const E& a, const E& b) {
  return a.key < b.key;
}

template <class E>
void top_k(E* a, int64_t n, int64_t k, bool sorted) {
  if (k * 64 <= n) {
    std::partial_sort(a, a + k, a + n, &by_key<E>);
    return;
  }
  std::nth_element(a, a + k - 1, a + n, &by_key<E>);
  if (sorted) std::sort(a, a + k - 1, &by_key<E>);
}

// Leaves the k-th smallest at a[k]. Median-of-three pivots, as in "Numerical Recipes", 8.5.
template <class E>
void quickselect(E* a, int64_t n, int64_t k) {
  int64_t left = 0, right = n - 1;
  const auto order = [&](int64_t i, int64_t j) {
    if (a[i].key > a[j].key) std::swap(a[i], a[j]);
  };
  while (right > left + 1) {
    std::swap(a[left + (right - left) / 2], a[left + 1]);
    order(left + 1, right);
    order(left, right);
    order(left + 1, left);
    int64_t i = left + 1, j = right;
    const auto pivot = a[left].key;
    while (true) {
      do ++i;
      while (a[i].key < pivot);
      do --j;
      while (a[j].key > pivot);
      if (j < i) break;
      std::swap(a[i], a[j]);
    }
    std::swap(a[left], a[j]);
    if (j <= k) left = i;
    if (j >= k) right = j - 1;
  }
  if (right == left + 1) order(left, right);
}

// The position of the median; of an even number of elements the lower one.
template <class T, class E>
int64_t median_of(const T* x, E* a, int64_t n, bool ignore_nan) {
  int64_t numbers = n;
  if constexpr (kHasNan<T>) {
    int64_t nans = 0;
    for (int64_t i = 0; i < n; ++i) {
      if (a[i].key != kAllOnes<T>) continue;
      if (!ignore_nan) return i;
      ++nans;
    }
    numbers = n - nans;
    if (numbers == 0) return 0;
  }
  E* const middle = a + (numbers - 1) / 2;
  std::nth_element(a, middle, a + n, [](const E& x, const E& y) {
    return x.key < y.key || (x.key == y.key && x.index < y.index);
  });
  return int64_t(middle->index);
}

// The position of the commonest element; of several the smallest. A NaN equals nothing.
template <class T, class E>
int64_t mode_of(E* a, int64_t n) {
  std::sort(a, a + n, &by_key<E>);
  int64_t best = 0, index = 0;
  for (int64_t begin = 0; begin < n;) {
    int64_t end = begin + 1;
    const bool nan = kHasNan<T> && a[begin].key == kAllOnes<T>;
    while (!nan && end < n && a[end].key == a[begin].key) ++end;
    if (end - begin > best) {
      best = end - begin;
      index = int64_t(a[end - 1].index);
    }
    begin = end;
  }
  return index;
}

// f(row, entries) for every row, the entries filled in.
template <class T, class F>
void with_entries(const RowsPlan& plan, bool descending, const F& f) {
  using E = Entry<KeyOf<T>, uint64_t>;
  const int64_t n = plan.n, grain = kGrain / (4 * n);
  parallel_for(0, plan.rows, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
    with_scratch(size_t(n) * sizeof(E), [&](void* scratch) {
      E* const a = static_cast<E*>(scratch);
      for (int64_t row = b; row < e; ++row) {
        KeyOf<T> varying;
        fill_entries(static_cast<const T*>(plan.in) + row * n, n, descending, a, varying);
        f(row, a);
      }
    });
  });
}

void topk(const TopKPlan& plan, DType dtype) {
  dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (dtype_of<T> < DType::C64) {
      const RowsPlan& rows = plan.rows;
      with_entries<T>(rows, plan.largest, [&](int64_t row, auto* a) {
        top_k(a, rows.n, plan.k, plan.sorted);
        const T* x = static_cast<const T*>(rows.in) + row * rows.n;
        T* values = static_cast<T*>(rows.values) + row * plan.k;
        int64_t* indices = rows.indices + row * plan.k;
        for (int64_t i = 0; i < plan.k; ++i) {
          indices[i] = int64_t(a[i].index);
          values[i] = x[a[i].index];
        }
      });
    }
  });
}

void pick(const RowsPlan& plan, DType dtype, Pick how, int64_t k) {
  dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (dtype_of<T> < DType::C64) {
      with_entries<T>(plan, false, [&](int64_t row, auto* a) {
        const T* x = static_cast<const T*>(plan.in) + row * plan.n;
        int64_t at = 0;
        switch (how) {
          case Pick::Kth:
            quickselect(a, plan.n, k);
            at = int64_t(a[k].index);
            break;
          case Pick::Median:
          case Pick::NanMedian:
            at = median_of(x, a, plan.n, how == Pick::NanMedian);
            break;
          case Pick::Mode:
            at = mode_of<T>(a, plan.n);
            break;
        }
        static_cast<T*>(plan.values)[row] = x[at];
        plan.indices[row] = at;
      });
    }
  });
}

}  // namespace

void register_select(KernelSlots& slots) {
  slots.topk = &topk;
  slots.pick = &pick;
}

}  // namespace rushlight::cpu
