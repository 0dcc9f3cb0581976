// Matrix products against a plain triple loop in higher precision.
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "check.h"
#include "cpu/gemm.h"
#include "rushlight/core/blas.h"
#include "rushlight/core/error.h"
#include "rushlight/core/parallel.h"

using namespace rushlight;

namespace {

std::mt19937 rng(7);

struct Shape {
  int64_t m, n, k;
};

template <class T>
T random_value() {
  if constexpr (std::is_integral_v<T>)
    return T(rng());
  else if constexpr (std::is_same_v<T, c64> || std::is_same_v<T, c128>) {
    using R = decltype(T::re);
    return T(R(int(rng() % 17) - 8) / 4, R(int(rng() % 17) - 8) / 4);
  } else {
    return T(float(int(rng() % 17) - 8) / 4);
  }
}

template <class T>
std::vector<T> random_vector(size_t count) {
  std::vector<T> values(count);
  for (T& v : values) v = random_value<T>();
  return values;
}

// Quarters of small integers: every product and sum here is exact in float32, so results must
// agree to the bit whatever the order of the sum.
template <class T>
void check_shape(Shape s, bool ta, bool tb, int pad, int alpha, int beta, int64_t batch = 1,
                 bool share_b = false) {
  using Wide = std::conditional_t<
      std::is_integral_v<T>, uint64_t,
      std::conditional_t<std::is_same_v<T, c64> || std::is_same_v<T, c128>, c128, double>>;
  const int64_t rows_a = ta ? s.k : s.m, cols_a = ta ? s.m : s.k;
  const int64_t rows_b = tb ? s.n : s.k, cols_b = tb ? s.k : s.n;
  const int64_t lda = cols_a + pad, ldb = cols_b + pad, ldc = s.n + pad;
  const auto a = random_vector<T>(size_t(batch * rows_a * lda + 1));
  const auto b = random_vector<T>(size_t((share_b ? 1 : batch) * rows_b * ldb + 1));
  auto c = random_vector<T>(size_t(batch * s.m * ldc + 1));
  if (beta == 0)
    if constexpr (std::is_floating_point_v<T>)
      for (T& v : c) v = std::numeric_limits<T>::quiet_NaN();
  const auto before = c;
  const int64_t stride_b = share_b ? 0 : rows_b * ldb;
  cpu::gemm_batched(dtype_of<T>, ta, tb, batch, s.m, s.n, s.k, alpha, a.data(), lda, rows_a * lda,
                    b.data(), ldb, stride_b, beta, c.data(), ldc, s.m * ldc);
  bool good = true;
  for (int64_t q = 0; q < batch; ++q)
    for (int64_t i = 0; i < s.m; ++i)
      for (int64_t j = 0; j < s.n; ++j) {
        Wide sum(0);
        for (int64_t k = 0; k < s.k; ++k) {
          const T x = a[size_t(q * rows_a * lda + (ta ? k * lda + i : i * lda + k))];
          const T y = b[size_t(q * stride_b + (tb ? j * ldb + k : k * ldb + j))];
          sum = sum + Wide(x) * Wide(y);
        }
        const size_t at = size_t(q * s.m * ldc + i * ldc + j);
        Wide want = Wide(alpha) * sum;
        if (beta != 0) want = want + Wide(beta) * Wide(before[at]);
        T rounded;
        if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>)
          rounded = T(float(want));
        else
          rounded = T(want);
        good = good && rounded == c[at];
      }
  CHECK_MSG(good, std::string(dtype_name(dtype_of<T>)) + " m=" + std::to_string(s.m) + " n=" +
                      std::to_string(s.n) + " k=" + std::to_string(s.k) + " ta=" +
                      std::to_string(ta) + " tb=" + std::to_string(tb) + " pad=" +
                      std::to_string(pad) + " batch=" + std::to_string(batch));
  for (int64_t i = 0; pad && i < batch * s.m; ++i)
    CHECK(!std::memcmp(&c[size_t(i * ldc + s.n)], &before[size_t(i * ldc + s.n)], sizeof(T)));
}

template <class T>
void check_dtype() {
  const Shape shapes[] = {{1, 1, 1},    {1, 1, 37},   {3, 5, 7},     {16, 16, 16}, {33, 1, 20},
                          {1, 40, 19},  {64, 10, 50}, {65, 130, 70}, {4, 6, 0},    {0, 3, 2},
                          {129, 67, 40}};
  for (const Shape& s : shapes)
    for (int v = 0; v < 4; ++v)
      for (int pad : {0, 3}) {
        check_shape<T>(s, v & 1, v & 2, pad, 1, 0);
        check_shape<T>(s, v & 1, v & 2, pad, 2, 3);
      }
  check_shape<T>({5, 4, 6}, false, true, 1, 1, 1, 9);
  check_shape<T>({5, 4, 6}, false, false, 0, 1, 0, 9, true);
}

// Shapes that are cut into tiles or into slices of k.
void check_cuts() {
  for (int v = 0; v < 4; ++v) {
    check_shape<float>({128, 130, 100}, v & 1, v & 2, 0, 1, 0);
    check_shape<float>({260, 200, 300}, v & 1, v & 2, 2, 1, 2);
    check_shape<float>({67, 97, 801}, v & 1, v & 2, 3, 2, 1);
    check_shape<double>({131, 140, 400}, v & 1, v & 2, 1, 1, 3);
    check_shape<float>({131, 133, 135}, v & 1, v & 2, 1, 1, 0, 3);
    check_shape<Half>({61, 70, 50}, v & 1, v & 2, 1, 1, 2, 2);
    check_shape<BFloat16>({2, 3, 900}, v & 1, v & 2, 0, 1, 0);
    check_shape<float>({5, 6, 70000}, v & 1, v & 2, 0, 2, 1);
    check_shape<double>({40, 3, 20000}, v & 1, v & 2, 1, 1, 0);
    check_shape<int64_t>({16, 8, 20000}, v & 1, v & 2, 1, 3, 2);
    check_shape<float>({1200, 1, 900}, v & 1, v & 2, 0, 1, 1);
    check_shape<float>({1, 1200, 900}, v & 1, v & 2, 0, 1, 0);
    check_shape<float>({1, 1, 600000}, v & 1, v & 2, 0, 1, 0);
  }
  check_shape<Half>({1, 1100, 260}, false, false, 0, 1, 0);
  check_shape<BFloat16>({600, 9, 700}, false, true, 0, 1, 0);
  check_shape<float>({32, 32, 32}, false, false, 0, 1, 0, 64);
}

std::vector<float> product_with(int threads, Shape s) {
  std::mt19937 local(3);
  std::normal_distribution<float> normal;
  std::vector<float> a(size_t(s.m * s.k)), b(size_t(s.k * s.n)), c(size_t(s.m * s.n));
  for (float& v : a) v = normal(local);
  for (float& v : b) v = normal(local);
  set_num_threads(threads);
  cpu::gemm(DType::F32, false, false, s.m, s.n, s.k, 1, a.data(), s.k, b.data(), s.n, 0, c.data(),
            s.n);
  return c;
}

void check_same_bits_for_any_thread_count() {
  for (Shape s : {Shape{200, 300, 400}, {517, 260, 530}, {3, 5, 90000}, {1000, 1, 1000}, {1, 1000, 1000}}) {
    const auto one = product_with(1, s);
    for (int threads : {2, 3, 7}) {
      const auto many = product_with(threads, s);
      CHECK(!std::memcmp(one.data(), many.data(), one.size() * sizeof(float)));
    }
  }
  set_num_threads(2);
}

int count_threads() {
  int count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
    ++count;
  return count;
}

// Several callers inside OpenBLAS at once, each on its own operands.
void check_concurrent_callers() {
  const int64_t n = 48;
  std::vector<std::thread> callers;
  std::vector<int> wrong(4, 0);
  const auto expected = product_with(1, {n, n, n});
  for (int id = 0; id < 4; ++id)
    callers.emplace_back([&, id] {
      set_num_threads(1);
      std::mt19937 local(3);
      std::normal_distribution<float> normal;
      std::vector<float> a(size_t(n * n)), b(size_t(n * n));
      for (float& v : a) v = normal(local);
      for (float& v : b) v = normal(local);
      for (int round = 0; round < 1000; ++round) {
        std::vector<float> c(size_t(n * n), -1.0f);
        cpu::gemm(DType::F32, false, false, n, n, n, 1, a.data(), n, b.data(), n, 0, c.data(), n);
        wrong[size_t(id)] += std::memcmp(c.data(), expected.data(), c.size() * sizeof(float)) != 0;
      }
    });
  for (auto& caller : callers) caller.join();
  for (int count : wrong) CHECK(count == 0);
}

void check_errors() {
  float value = 1;
  CHECK_THROWS(TypeError, cpu::gemm(DType::Bool, false, false, 1, 1, 1, 1, &value, 1, &value, 1, 0,
                                    &value, 1));
  CHECK_THROWS(Error, cpu::gemm(DType::F32, false, false, 1, 1, -1, 1, &value, 1, &value, 1, 0,
                                &value, 1));
  CHECK_THROWS(Error, cpu::gemm(DType::F32, false, false, 2, 2, 2, 1, &value, 1, &value, 2, 0,
                                &value, 2));
  CHECK_THROWS(Error, blas::symbol("no_such_routine_"));
}

void check_special_values() {
  const float inf = std::numeric_limits<float>::infinity();
  const float a[4] = {0, 0, 0, 0}, b[4] = {inf, 1, 1, 1};
  float c[4];
  cpu::gemm(DType::F32, false, false, 2, 2, 2, 1, a, 2, b, 2, 0, c, 2);
  CHECK(std::isnan(c[0]) && std::isnan(c[2]) && c[1] == 0 && c[3] == 0);
  cpu::gemm(DType::F32, false, false, 1, 2, 2, 1, a, 2, b, 2, 0, c, 2);
  CHECK(std::isnan(c[0]) && c[1] == 0);
  cpu::gemm(DType::F32, false, false, 2, 1, 2, 1, a, 2, b, 2, 0, c, 1);
  CHECK(std::isnan(c[0]) && std::isnan(c[1]));
}

}  // namespace

int main() {
  set_num_threads(1);
  check_dtype<float>();
  CHECK(count_threads() == 1);  // OpenBLAS is loaded by now
  CHECK(blas::symbol("dgesv_") != nullptr);
  CHECK(std::getenv("OPENBLAS_NUM_THREADS") == nullptr ||
        std::strcmp(std::getenv("OPENBLAS_NUM_THREADS"), "1") != 0);
  set_num_threads(2);
  check_dtype<double>();
  check_dtype<c64>();
  check_dtype<c128>();
  check_dtype<Half>();
  check_dtype<BFloat16>();
  check_dtype<uint8_t>();
  check_dtype<int8_t>();
  check_dtype<int16_t>();
  check_dtype<int32_t>();
  check_dtype<int64_t>();
  check_cuts();
  check_same_bits_for_any_thread_count();
  check_concurrent_callers();
  check_errors();
  check_special_values();
  return rushlight_test::failures() ? 1 : 0;
}
