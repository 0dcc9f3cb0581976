// Sorting, selection, binary search and counting.
//
// Indices are int64. NaN is larger than every number. Raises IndexError for a dim out of range,
// Error for complex input.
#pragma once

#include <optional>
#include <tuple>

#include "rushlight/core/tensor.h"

namespace rushlight {

// (values, indices) along dim; always stable.
RL_API std::tuple<Tensor, Tensor> sort(const Tensor& self, int64_t dim = -1,
                                       bool descending = false);
RL_API Tensor argsort(const Tensor& self, int64_t dim = -1, bool descending = false);
// The k largest or smallest along dim, in order when sorted. Raises Error unless 0 <= k <= size.
RL_API std::tuple<Tensor, Tensor> topk(const Tensor& self, int64_t k, int64_t dim = -1,
                                       bool largest = true, bool sorted = true);
// The k-th smallest, counted from 1.
RL_API std::tuple<Tensor, Tensor> kthvalue(const Tensor& self, int64_t k, int64_t dim = -1,
                                           bool keepdim = false);
// Of an even number of elements the lower middle one; NaN where any element is.
RL_API std::tuple<Tensor, Tensor> median(const Tensor& self, int64_t dim, bool keepdim = false);
RL_API std::tuple<Tensor, Tensor> nanmedian(const Tensor& self, int64_t dim, bool keepdim = false);
// Of all elements; NaN where there are none.
RL_API Tensor median(const Tensor& self);
RL_API Tensor nanmedian(const Tensor& self);
// The commonest element, of several the smallest.
RL_API std::tuple<Tensor, Tensor> mode(const Tensor& self, int64_t dim = -1, bool keepdim = false);
// The stable lexicographic order of the rows of a 2-d tensor.
RL_API Tensor row_order(const Tensor& self);

// Positions in ascending rows at which values would be inserted: before equals, or behind them
// (right). sorted is 1-d, or has the values' leading dims. Both have one dtype; sorter, int64 like
// sorted, says where the elements of an ascending row are.
RL_API Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool out_int32 = false,
                           bool right = false, const std::optional<Tensor>& sorter = {});

// How often each of 0, 1, ... comes in a 1-d integer tensor, or the sum of its weights.
RL_API Tensor bincount(const Tensor& self, const std::optional<Tensor>& weights = {},
                       int64_t minlength = 0);
// Counts in equal bins of [lo, hi], of the input's floating dtype. With edges (bins + 1 of them,
// ascending, lo and hi among them) values are compared with these. weight has the input's shape.
RL_API Tensor histogram_counts(const Tensor& self, int64_t bins, double lo, double hi,
                               const std::optional<Tensor>& edges = {}, bool uniform = true,
                               const std::optional<Tensor>& weight = {});

}  // namespace rushlight
