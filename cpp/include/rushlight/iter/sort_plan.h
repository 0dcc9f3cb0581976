// Operands of sorting, selection, searching and running extremes. Device-free.
#pragma once

#include <cstdint>

namespace rushlight {

// Note [Sorted order]
// NaN is larger than every number and equal to NaN; the two zeros are equal. Every row is dense, of
// n elements; results are unique (stable), or follow the element order of a fixed algorithm, so they
// do not depend on the number of threads.
struct RowsPlan {
  int64_t rows, n;
  const void* in;
  void* values;      // may be null
  int64_t* indices;  // may be null
};

struct TopKPlan {
  RowsPlan rows;  // results have k elements a row
  int64_t k;
  bool largest, sorted;
};

enum class Pick : uint8_t { Kth, Median, NanMedian, Mode };

// For each value the first position in its row of `sorted` that is not below it, or behind it
// (right). All rows are dense.
struct SearchPlan {
  int64_t rows, n, values_per_row;
  const void* sorted;  // (rows, n), or (n) for all rows
  bool shared;
  const void* values;
  const int64_t* sorter;  // like sorted, or null; entries lie in [0, n)
  bool right;
  void* out;
  bool out_int32;
};

// Counts of a 1-d input in `bins` equal bins between lo and hi, both included.
struct HistogramPlan {
  int64_t n, bins;
  const void* in;
  const void* weight;  // of the input's dtype, or null
  const void* edges;   // bins + 1 ascending values that decide at the borders, or null
  bool uniform;        // edges are equally spaced
  double lo, hi;
  void* out;  // (bins), of the input's dtype
};

}  // namespace rushlight
