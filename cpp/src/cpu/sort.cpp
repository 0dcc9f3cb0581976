// Stable radix sort of rows.
#include <algorithm>
#include <cstring>

#include "rushlight/core/parallel.h"
#include "rushlight/iter/kernel_slots.h"
#include "scratch.h"
#include "sort_keys.h"

namespace rushlight::cpu {
namespace {

constexpr int64_t kInsertion = 32;          // shorter runs are sorted by insertion
constexpr int64_t kPiece = int64_t(1) << 17;  // entries of a pass that are worth a thread
constexpr int kMaxPieces = 16;
constexpr int kMaxDigits = 1 << 11;

template <class E>
void insertion_sort(E* a, int64_t n) {
  for (int64_t i = 1; i < n; ++i) {
    const E x = a[i];
    int64_t j = i;
    for (; j > 0 && a[j - 1].key > x.key; --j) a[j] = a[j - 1];
    a[j] = x;
  }
}

template <class K>
int bit_width(K x) {
  return x == 0 ? 0 : 64 - __builtin_clzll(uint64_t(x));
}

constexpr int kMaxPasses = 4;

template <class E>
using CountOf = decltype(E::index);

// Counts of kPasses digits from `low` on, in one walk.
template <int kPasses, class E>
void count_digits(const E* a, int64_t n, int low, int digit, CountOf<E>* counts) {
  const auto mask = decltype(a->key)((1 << digit) - 1);
  for (int64_t i = 0; i < n; ++i) {
    const auto key = a[i].key >> low;
    for (int p = 0; p < kPasses; ++p) ++counts[(p << digit) + int(key >> (p * digit) & mask)];
  }
}
template <class E>
void count_passes(const E* a, int64_t n, int low, int digit, int passes, CountOf<E>* counts) {
  std::memset(counts, 0, (size_t(passes) << digit) * sizeof(*counts));
  switch (passes) {
    case 1:
      return count_digits<1>(a, n, low, digit, counts);
    case 2:
      return count_digits<2>(a, n, low, digit, counts);
    case 3:
      return count_digits<3>(a, n, low, digit, counts);
    default:
      return count_digits<4>(a, n, low, digit, counts);
  }
}

// Entries of a to out, ordered by a digit whose counts are known.
template <class E>
void move_counted(const E* a, E* out, int64_t n, int shift, int digit, CountOf<E>* at) {
  const int digits = 1 << digit;
  const auto mask = decltype(a->key)(digits - 1);
  CountOf<E> total = 0;
  for (int d = 0; d < digits; ++d) {
    const CountOf<E> here = at[d];
    at[d] = total;
    total += here;
  }
  for (int64_t i = 0; i < n; ++i) out[at[a[i].key >> shift & mask]++] = a[i];
}

// The same on several threads. Pieces of the input keep their order, so the result is the same for
// any number of them.
template <class E>
void move_in_pieces(const E* a, E* out, int64_t n, int shift, int digit, int pieces) {
  const int digits = 1 << digit;
  const auto mask = decltype(a->key)(digits - 1);
  const int64_t length = (n + pieces - 1) / pieces;
  const auto each = [&](int64_t p, const auto& f) {
    const int64_t end = std::min(n, (p + 1) * length);
    for (int64_t i = p * length; i < end; ++i) f(a[i], a[i].key >> shift & mask);
  };
  with_scratch(size_t(pieces) * kMaxDigits * sizeof(int64_t), [&](void* scratch) {
    int64_t* counts = static_cast<int64_t*>(scratch);
    parallel_for(0, pieces, 1, [&](int64_t b, int64_t e) {
      for (int64_t p = b; p < e; ++p) {
        int64_t* own = counts + p * kMaxDigits;
        std::memset(own, 0, size_t(digits) * sizeof(int64_t));
        each(p, [&](const E&, auto d) { ++own[d]; });
      }
    });
    int64_t total = 0;
    for (int d = 0; d < digits; ++d)
      for (int p = 0; p < pieces; ++p) {
        const int64_t here = counts[p * kMaxDigits + d];
        counts[p * kMaxDigits + d] = total;
        total += here;
      }
    parallel_for(0, pieces, 1, [&](int64_t b, int64_t e) {
      for (int64_t p = b; p < e; ++p) {
        int64_t* at = counts + p * kMaxDigits;
        each(p, [&](const E& entry, auto d) { out[at[d]++] = entry; });
      }
    });
  });
}

}  // namespace

// The highest varying bits (33 of long keys) are sorted by passes from the lowest digit on; runs
// that agree in them, which are short unless most keys are equal, are then sorted by the rest.
template <class K, class I>
Entry<K, I>* sort_entries(Entry<K, I>* a, Entry<K, I>* spare, int64_t n, K varying) {
  if (n <= kInsertion) {
    insertion_sort(a, n);
    return a;
  }
  if (varying == 0) return a;
  const int top = bit_width(varying);
  const int digit = n < 4096 ? 8 : 11;
  const int window = n < 4096 ? 32 : 33;
  static_assert(32 / 8 <= kMaxPasses && 33 / 11 <= kMaxPasses && (1 << 11) <= kMaxDigits);
  const int low = top > window ? top - window : 0;
  const int pieces =
      in_parallel() ? 1 : int(std::clamp<int64_t>(n / kPiece, 1, std::min(kMaxPieces, num_threads())));
  const int passes = (top - low + digit - 1) / digit;
  I counts[kMaxDigits * 3];
  if (pieces == 1) count_passes(a, n, low, digit, passes, counts);
  Entry<K, I>*from = a, *to = spare;
  for (int p = 0; p < passes; ++p) {
    const int shift = low + p * digit;
    if ((varying >> shift & ((K(1) << digit) - 1)) == 0) continue;
    if (pieces == 1)
      move_counted(from, to, n, shift, digit, counts + (p << digit));
    else
      move_in_pieces(from, to, n, shift, digit, pieces);
    std::swap(from, to);
  }
  const K rest = low > 0 ? (K(1) << low) - 1 : 0;
  if ((varying & rest) == 0) return from;
  for (int64_t begin = 0; begin < n;) {
    const K window_key = from[begin].key >> low;
    K differ = 0;
    int64_t end = begin + 1;
    for (; end < n && from[end].key >> low == window_key; ++end)
      differ |= from[end].key ^ from[begin].key;
    if (differ != 0) {
      const Entry<K, I>* sorted = sort_entries(from + begin, to + begin, end - begin, differ);
      if (sorted != from + begin)
        std::memcpy(from + begin, sorted, size_t(end - begin) * sizeof(*sorted));
    }
    begin = end;
  }
  return from;
}

template Entry<uint32_t, uint32_t>* sort_entries(Entry<uint32_t, uint32_t>*,
                                                 Entry<uint32_t, uint32_t>*, int64_t, uint32_t);
template Entry<uint64_t, uint64_t>* sort_entries(Entry<uint64_t, uint64_t>*,
                                                 Entry<uint64_t, uint64_t>*, int64_t, uint64_t);
template Entry<uint32_t, uint64_t>* sort_entries(Entry<uint32_t, uint64_t>*,
                                                 Entry<uint32_t, uint64_t>*, int64_t, uint32_t);

namespace {

template <class T, class I>
void sort_row(const T* x, int64_t n, bool descending, T* values, int64_t* indices, void* scratch) {
  using E = Entry<KeyOf<T>, I>;
  E* const a = static_cast<E*>(scratch);
  KeyOf<T> varying;
  fill_entries(x, n, descending, a, varying);
  const E* sorted = sort_entries(a, a + n, n, varying);
  const KeyOf<T> flip = descending ? kAllOnes<T> : 0;
  const int64_t grain = kPiece;
  parallel_for(0, n, grain, [&](int64_t b, int64_t e) {
    if (values)
      for (int64_t i = b; i < e; ++i) {
        const KeyOf<T> key = sorted[i].key ^ flip;
        values[i] = RL_LIKELY(is_exact<T>(key)) ? element_of<T>(key) : x[sorted[i].index];
      }
    if (indices)
      for (int64_t i = b; i < e; ++i) indices[i] = int64_t(sorted[i].index);
  });
}

template <class T>
void sort_rows_of(const RowsPlan& plan, bool descending) {
  const int64_t n = plan.n;
  using Short = Entry<KeyOf<T>, std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>>;
  const bool is_long = n >= int64_t(1) << 32;
  const size_t bytes = 2 * size_t(n) * (is_long ? sizeof(Entry<KeyOf<T>, uint64_t>) : sizeof(Short));
  const int64_t grain = kGrain / (8 * n);
  parallel_for(0, plan.rows, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
    with_scratch(bytes, [&](void* scratch) {
      for (int64_t row = b; row < e; ++row) {
        const T* x = static_cast<const T*>(plan.in) + row * n;
        T* values = plan.values ? static_cast<T*>(plan.values) + row * n : nullptr;
        int64_t* indices = plan.indices ? plan.indices + row * n : nullptr;
        if (is_long || sizeof(T) == 8)
          sort_row<T, uint64_t>(x, n, descending, values, indices, scratch);
        else
          sort_row<T, uint32_t>(x, n, descending, values, indices, scratch);
      }
    });
  });
}

void sort_rows(const RowsPlan& plan, DType dtype, bool descending) {
  dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (dtype_of<T> < DType::C64) sort_rows_of<T>(plan, descending);
  });
}

// Rows of one matrix in lexicographic order; equal ones keep theirs.
template <class T>
void order_of(const RowsPlan& plan) {
  const int64_t n = plan.n, rows = plan.rows;
  const T* x = static_cast<const T*>(plan.in);
  for (int64_t i = 0; i < rows; ++i) plan.indices[i] = i;
  std::stable_sort(plan.indices, plan.indices + rows, [&](int64_t a, int64_t b) {
    const T *p = x + a * n, *q = x + b * n;
    for (int64_t k = 0; k < n; ++k) {
      const KeyOf<T> left = key_of(p[k]), right = key_of(q[k]);
      if (left != right) return left < right;
    }
    return false;
  });
}
void row_order(const RowsPlan& plan, DType dtype) {
  dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (dtype_of<T> < DType::C64) order_of<T>(plan);
  });
}

}  // namespace

void register_sort(KernelSlots& slots) {
  slots.sort_rows = &sort_rows;
  slots.row_order = &row_order;
}

}  // namespace rushlight::cpu
