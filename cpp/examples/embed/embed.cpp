// A program that uses the installed library and nothing else.
#include <cstdio>
#include <cstdlib>

#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/view.h"

using namespace rushlight;

namespace {

void expect(const char* what, double got, double want) {
  std::printf("%-24s %g\n", what, got);
  if (got != want) {
    std::printf("expected %g\n", want);
    std::exit(1);
  }
}

double item(const Tensor& x) { return *to_dtype(contiguous(x), DType::F64).data<double>(); }

}  // namespace

int main() {
  // Rows 0 and 2 of a 3 x 4 table, transposed: views of one storage.
  const Tensor table = view(arange(0, 12, 1, DType::F32), {3, 4});
  const Tensor columns = transpose(slice(table, 0, 0, 3, 2), 0, 1);
  expect("columns[3][1]", item(select(select(columns, 0, 3), 0, 1)), 11);

  const Tensor shifted = add(columns, Scalar(0.5));
  expect("shifted[0][1]", item(select(select(shifted, 0, 0), 0, 1)), 8.5);

  try {
    view(table, {5, 3});
    return 1;
  } catch (const Error& error) {
    std::printf("as expected: %s\n", error.what());
  }
  return 0;
}
