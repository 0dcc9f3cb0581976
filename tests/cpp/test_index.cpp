// Indexing, scattering and joining from C++: values, bad indices, the same bits for any threads.
#include <cstring>
#include <vector>

#include "check.h"
#include "rushlight/core/parallel.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/index.h"
#include "rushlight/ops/join.h"
#include "rushlight/ops/scatter.h"
#include "rushlight/ops/view.h"

using namespace rushlight;

namespace {

Tensor range(int64_t n, DType dtype = DType::F32) {
  return to_dtype(arange(Scalar(0), Scalar(n), Scalar(1), DType::I64), dtype);
}

Tensor longs(std::initializer_list<int64_t> values) {
  Tensor t = empty(Dims({int64_t(values.size())}), DType::I64);
  std::memcpy(t.bytes(), values.begin(), t.nbytes());
  return t;
}

std::vector<float> values_of(const Tensor& t) {
  const Tensor dense = contiguous(to_dtype(t, DType::F32));
  return {dense.data<float>(), dense.data<float>() + dense.numel()};
}

void test_reads() {
  const Tensor x = view(range(12), Dims({3, 4}));
  CHECK((values_of(index_select(x, 1, longs({3, 0}))) == std::vector<float>{3, 0, 7, 4, 11, 8}));
  CHECK((values_of(gather(t(x), 0, view(longs({1, 2}), Dims({1, 2})))) == std::vector<float>{1, 6}));
  CHECK((values_of(index(x, IndexList{longs({-1, 0}), longs({1, -1})})) == std::vector<float>{9, 3}));
  CHECK((index(x, IndexList{std::nullopt, longs({0})}).shape() == Dims({3, 1})));
  CHECK((values_of(masked_select(x, gt(x, Scalar(8)))) == std::vector<float>{9, 10, 11}));
  CHECK((nonzero(x).shape() == Dims({11, 2})));
  CHECK_THROWS(IndexError, index(x, IndexList{longs({3})}));
  CHECK_THROWS(Error, gather(x, 0, view(longs({3}), Dims({1, 1}))));
}

void test_writes() {
  Tensor x = zeros(Dims({4}), DType::F32);
  scatter_add_(x, 0, longs({1, 1, 3}), range(3));
  CHECK((values_of(x) == std::vector<float>{0, 1, 0, 2}));
  CHECK_THROWS(Error, scatter_(x, 0, longs({0, 4}), Scalar(9)));
  CHECK((values_of(x) == std::vector<float>{0, 1, 0, 2}));
  index_put_(x, IndexList{longs({-1, -1})}, range(2));
  CHECK((values_of(x) == std::vector<float>{0, 1, 0, 1}));
  masked_fill_(x, eq(x, Scalar(1)), Scalar(5));
  CHECK((values_of(x) == std::vector<float>{0, 5, 0, 5}));
}

void test_joins() {
  const Tensor x = view(range(6), Dims({2, 3}));
  CHECK((cat({x, x}, 1).shape() == Dims({2, 6})));
  CHECK((values_of(stack({longs({1}), longs({2})}, 1)) == std::vector<float>{1, 2}));
  CHECK((values_of(flip(x, Dims({1}))) == std::vector<float>{2, 1, 0, 5, 4, 3}));
  CHECK((values_of(tril(x)) == std::vector<float>{0, 0, 0, 3, 4, 0}));
  CHECK_THROWS(ValueError, cat({}, 0));
}

void test_threads() {
  const int64_t n = 200'000;
  Tensor entries = range(n, DType::I64), values = empty(Dims({n}), DType::F32);
  for (int64_t i = 0; i < n; ++i) {
    entries.data<int64_t>()[i] = (i * 7919) % 101;
    values.data<float>()[i] = 1.0f / float(1 + i % 977);
  }
  std::vector<float> first;
  for (int threads : {1, 2, 7}) {
    set_num_threads(threads);
    const Tensor sums = scatter_add(zeros(Dims({101}), DType::F32), 0, entries, values);
    if (first.empty()) first = values_of(sums);
    CHECK(values_of(sums) == first);
  }
}

}  // namespace

int main() {
  test_reads();
  test_writes();
  test_joins();
  test_threads();
  return rushlight_test::failures();
}
