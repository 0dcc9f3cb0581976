// A program that uses the installed library and nothing else: the mean of each group of rows.
#include <cmath>
#include <cstdio>

#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/matmul.h"
#include "rushlight/ops/reduce.h"
#include "rushlight/ops/scatter.h"
#include "rushlight/ops/view.h"

using namespace rushlight;

namespace {

int failures = 0;

void expect(const char* what, const Tensor& got, double want) {
  const double value = *to_dtype(got, DType::F64).data<double>();
  std::printf("%-28s %g\n", what, value);
  if (std::abs(value - want) > 1e-6) {
    std::printf("expected %g\n", want);
    ++failures;
  }
}

}  // namespace

int main() {
  // Six measurements of two values each; a strided view takes every other row of a table of twelve.
  const Tensor table = view(arange(0, 24, 1, DType::F32), {12, 2});
  const Tensor rows = slice(table, 0, 0, 12, 2);  // 0 1, 4 5, 8 9, ..., 20 21
  const Tensor group = empty({6}, DType::I64);
  const int64_t groups[] = {0, 2, 0, 1, 2, 0};
  for (int i = 0; i < 6; ++i) group.data<int64_t>()[i] = groups[i];

  // Sum the rows of each group, count them, divide.
  const Tensor index = expand(unsqueeze(group, 1), {6, 2});
  const Tensor sums = zeros({3, 2}, DType::F32);
  scatter_add_(sums, 0, index, rows);
  const Tensor counts = zeros({3}, DType::F32);
  scatter_add_(counts, 0, group, full({6}, 1.0, DType::F32));
  const Tensor means = div(sums, unsqueeze(counts, 1));
  expect("mean of group 0, value 0", select(select(means, 0, 0), 0, 0), (0 + 8 + 20) / 3.0);
  expect("mean of group 1, value 1", select(select(means, 0, 1), 0, 1), 13);
  expect("sum over groups of sums", sum(sums), 6 * 10 + 6 * 11);
  expect("largest count", max(counts), 3);

  // A product large enough for every thread, through the transposed view of one operand.
  const Tensor ones = full({300, 200}, 1.0, DType::F64);
  expect("(ones @ ones^T)[7][9]", select(select(matmul(ones, transpose(ones, 0, 1)), 0, 7), 0, 9),
         200);

  try {
    scatter_add_(sums, 0, index, view(table, {24}));
    ++failures;
  } catch (const Error& error) {
    std::printf("as it should be: %s\n", error.what());
  }
  return failures != 0;
}
