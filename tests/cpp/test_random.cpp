// Random fills against PyTorch 2.13's CPU numbers. A hash is FNV-1a over the bytes of 1000 elements
// (1001 normal ones) drawn after manual_seed(2024); tests/parity compares element by element.
#include "rushlight/core/random.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

#include "check.h"

using namespace rushlight;

namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

uint64_t hash(const std::vector<uint8_t>& bytes) {
  uint64_t value = 0xcbf29ce484222325u;
  for (uint8_t byte : bytes) value = (value ^ byte) * 0x100000001b3u;
  return value;
}

void expect_hash(const char* what, DType dtype, int64_t n, uint64_t expected,
                 const std::function<void(Generator&, void*)>& fill) {
  Generator generator(2024);
  std::vector<uint8_t> bytes(size_t(n) * itemsize(dtype));
  fill(generator, bytes.data());
  CHECK_MSG(hash(bytes) == expected, std::string(what) + " " + dtype_name(dtype));
}

void test_hashes() {
  struct Row {
    DType dtype;
    uint64_t unit, scaled, normal, any;
  };
  // The last column is random_(); float64's normal numbers depend on the C library, see below.
  const Row rows[] = {
      {DType::F16, 0xb9f5c38edbaaf160, 0x0a1113509e9ba8be, 0xbe83f3bd8f879891, 0x9c52bc78fb1ba660},
      {DType::BF16, 0x8b01f5ae81d638d7, 0xe3a5012599fa6c5f, 0xf7d37146f5433417, 0x5a9d0e5af78fdaff},
      {DType::F32, 0xbeb59babb7b9f075, 0x28095e2c3339dc96, 0x37ebeda04ce48357, 0xda520addd3cf4bbb},
      {DType::F64, 0x4e767c65236d4320, 0x4a8826dd92871c21, 0, 0x28c9b6a4987f2040},
  };
  for (const Row& row : rows) {
    const DType d = row.dtype;
    expect_hash("uniform(0, 1)", d, 1000, row.unit,
                [&](Generator& g, void* out) { fill_uniform(g, out, d, 1000, 0, 1); });
    expect_hash("uniform(-1.25, 3.5)", d, 1000, row.scaled,
                [&](Generator& g, void* out) { fill_uniform(g, out, d, 1000, -1.25, 3.5); });
    if (row.normal != 0)
      expect_hash("normal(0.5, 2)", d, 1001, row.normal,
                  [&](Generator& g, void* out) { fill_normal(g, out, d, 1001, 0.5, 2); });
    expect_hash("random", d, 1000, row.any,
                [&](Generator& g, void* out) { fill_random(g, out, d, 1000); });
  }
  expect_hash("normal(0, 1)", DType::C64, 1001, 0x276ca794dc48eb08,
              [](Generator& g, void* out) { fill_normal(g, out, DType::C64, 1001, 0, 1); });

  const std::pair<DType, uint64_t> integers[] = {
      {DType::Bool, 0x01b5e72aaaa15a1d}, {DType::U8, 0x8271a04e8dd2d3bb},
      {DType::I8, 0x33c28fc071132e3b},   {DType::I16, 0xd65c94f4bcd175dd},
      {DType::I32, 0x5010970448b58b6e},  {DType::I64, 0xd0e08819dd0ae180}};
  for (const auto& [dtype, expected] : integers)
    expect_hash("random", dtype, 1000, expected,
                [d = dtype](Generator& g, void* out) { fill_random(g, out, d, 1000); });

  struct Range {
    DType dtype;
    int64_t low;
    std::optional<int64_t> high;
    uint64_t expected;
  };
  const Range ranges[] = {
      {DType::I64, -3, 97, 0x0dedc7d7a023e070},
      {DType::U8, 0, 256, 0x8271a04e8dd2d3bb},
      {DType::I64, 0, int64_t(1) << 28, 0xecd985dad8c267b1},
      {DType::F32, -7, (1 << 24) + 3, 0x6b72f84978089368},
      {DType::BF16, 5, std::nullopt, 0x6fbfbb824529350b},
      {DType::I64, kMin, std::nullopt, 0x984a0cd7a680a800},
  };
  for (const Range& r : ranges)
    expect_hash("randint", r.dtype, 1000, r.expected, [&](Generator& g, void* out) {
      fill_randint(g, out, r.dtype, 1000, r.low, r.high);
    });

  for (const auto& [dtype, expected] :
       {std::pair(DType::F32, 0x1ba0d2ccadbabd68), std::pair(DType::Bool, 0x758fc9f00853263e)})
    expect_hash("bernoulli(0.3)", dtype, 1000, expected,
                [d = dtype](Generator& g, void* out) { fill_bernoulli(g, out, d, 1000, 0.3); });
  std::vector<float> p(1000);
  for (int i = 0; i < 1000; ++i) p[size_t(i)] = float(i) / 1000;
  const std::vector<double> wide(p.begin(), p.end());
  expect_hash("bernoulli(p)", DType::F32, 1000, 0x8d72e00f1e594dd8, [&](Generator& g, void* out) {
    fill_bernoulli(g, out, DType::F32, p.data(), DType::F32, 1000);
  });
  expect_hash("bernoulli(p)", DType::U8, 1000, 0x778e50813344ee51, [&](Generator& g, void* out) {
    fill_bernoulli(g, out, DType::U8, wide.data(), DType::F64, 1000);
  });
  expect_hash("randperm", DType::I64, 1000, 0x9c04408a27747b35,
              [](Generator& g, void* out) { fill_randperm(g, out, DType::I64, 1000); });
  expect_hash("randperm", DType::I16, 1000, 0x45c22bbb3adda7ad,
              [](Generator& g, void* out) { fill_randperm(g, out, DType::I16, 1000); });
}

void expect_close(const std::vector<double>& got, const std::vector<double>& expected) {
  for (size_t i = 0; i < expected.size(); ++i)
    CHECK(std::abs(got[i] - expected[i]) <= 1e-14 * (1 + std::abs(expected[i])));
}

// One sequence on one generator: the draws must stay in step, the cached normal included.
void test_sequence() {
  Generator g(2024);
  std::vector<double> out(17);
  fill_normal(g, out.data(), DType::F64, 5, 1, 2);
  expect_close(out, {0.9191416652611727, 4.45198424045962, -0.628077528561533, 3.7443332683616983,
                     2.011929574975586});
  const auto saved = g.get_state();
  CHECK(saved.size() == Generator::kStateBytes);
  fill_normal(g, out.data(), DType::F64, 17, 1, 2);
  expect_close(out, {-0.3833171138110145, 3.5215044322341726, -2.8317240091110416,
                     -0.8874693754582448, -0.12470911214526215, -0.22253546617429332,
                     -0.6891564987374867, -0.44975422695541334, -0.3744154019763277,
                     2.170623476870431, 2.3786103906409313, 1.5606371908149708,
                     1.0901520276640144, 1.4162122156289358, -2.0743993720445832,
                     3.3796901714641985, -0.36544447260202007});
  fill_exponential(g, out.data(), DType::F64, 3, 2);
  expect_close(out, {0.23455609054085697, 0.22391939489732668, 0.8486907176123015});
  fill_cauchy(g, out.data(), DType::F64, 3, 1, 2);
  expect_close(out, {0.9632676472635566, 4.610762386268475, 3.985537860071612});
  fill_log_normal(g, out.data(), DType::F64, 3, 0.5, 0.25);
  expect_close(out, {1.4614303544513416, 1.3092209645509447, 1.0084704684245882});
  fill_geometric(g, out.data(), DType::F64, 3, 0.1);
  expect_close(out, {3, 20, 23});

  const auto clone = g.clone();
  CHECK(clone->get_state() == g.get_state() && clone->random64() == g.random64());
  g.set_state(saved.data(), saved.size());
  CHECK(g.get_state() == saved && g.initial_seed() == 2024);
  fill_normal(g, out.data(), DType::F64, 1, 1, 2, false);
  const double cached = out[0];
  g.set_state(saved.data(), saved.size());
  CHECK(cached == std::fma(g.next_normal(), 2, 1));
}

void test_engine() {
  Generator g(5489);
  // The 10,000th word of the reference seed, as the C++ standard gives it for std::mt19937.
  std::vector<uint32_t> words(10000);
  Mt19937 engine(5489);
  engine.fill(words.data(), 9999);
  CHECK(engine() == 4123659995u);
  // Any partition of the stream gives the same words, as single draws do.
  engine.fill(words.data(), 10000);
  Mt19937 other(5489);
  for (int i = 0; i < 10000; ++i) other();
  int64_t done = 0;
  for (int64_t size = 1; done < 10000; size = size * 3 % 1000 + 1) {
    std::vector<uint32_t> part(size_t(std::min<int64_t>(size, 10000 - done)));
    other.fill(part.data(), int64_t(part.size()));
    CHECK(std::memcmp(part.data(), words.data() + done, part.size() * 4) == 0);
    done += int64_t(part.size());
  }
  CHECK(g.random() == 3499211612u);
  CHECK(g.random64() == (581869302ull << 32 | 3890346734ull));
}

void test_defaults() {
  CHECK(Generator().initial_seed() == 67280421310721);
  default_generator().manual_seed(3);
  CHECK(default_generator().random() == Generator(3).random());
  Generator g;
  const uint64_t seed = g.seed();
  CHECK(g.initial_seed() == seed && g.random() == Generator(seed).random());
}

void test_errors() {
  Generator g(1);
  const auto before = g.get_state();
  double out[64];
  float p[2] = {0.5f, std::numeric_limits<float>::quiet_NaN()};
  CHECK_THROWS(Error, fill_uniform(g, out, DType::F32, 3, 1, 0));
  CHECK_THROWS(Error, fill_uniform(g, out, DType::F16, 3, 0, 1e5));
  CHECK_THROWS(NotImplementedError, fill_uniform(g, out, DType::I64, 3, 0, 1));
  CHECK_THROWS(Error, fill_normal(g, out, DType::F32, 3, 0, -1));
  CHECK_THROWS(NotImplementedError, fill_normal(g, out, DType::I32, 3, 0, 1));
  CHECK_THROWS(Error, fill_randint(g, out, DType::I64, 3, 5, 5));
  CHECK_THROWS(Error, fill_randint(g, out, DType::U8, 3, 0, 257));
  CHECK_THROWS(Error, fill_randint(g, out, DType::C64, 3, 0, 2));
  CHECK_THROWS(NotImplementedError, fill_randint(g, out, DType::I32, 3, kMin, std::nullopt));
  CHECK_THROWS(NotImplementedError, fill_random(g, out, DType::U32, 3));
  CHECK_THROWS(Error, fill_bernoulli(g, out, DType::F32, 3, 1.5));
  CHECK_THROWS(Error, fill_bernoulli(g, out, DType::F32, p, DType::F32, 2));
  CHECK_THROWS(NotImplementedError, fill_bernoulli(g, out, DType::C64, 3, 0.5));
  CHECK_THROWS(Error, fill_exponential(g, out, DType::F32, 3, 0));
  CHECK_THROWS(Error, fill_geometric(g, out, DType::F32, 3, 1));
  CHECK_THROWS(Error, fill_cauchy(g, out, DType::I32, 3, 0, 1));
  CHECK_THROWS(Error, fill_log_normal(g, out, DType::F32, 3, 0, 0));
  CHECK_THROWS(Error, fill_randperm(g, out, DType::I64, -1));
  CHECK_THROWS(Error, fill_randperm(g, out, DType::I8, 129));
  CHECK_THROWS(Error, g.set_state(before.data(), before.size() - 1));
  auto broken = before;
  broken[8] = 2;  // left
  broken[17] = 2;  // next = 512, still inside
  g.set_state(broken.data(), broken.size());
  broken[16] = 0x70;  // next = 624: one word is asked for, none is left
  CHECK_THROWS(Error, g.set_state(broken.data(), broken.size()));
  g.set_state(before.data(), before.size());
  CHECK(g.get_state() == before);
  fill_randperm(g, nullptr, DType::I64, 0);
  fill_uniform(g, nullptr, DType::F32, 0, 0, 1);
  CHECK(g.get_state() == before);
}

}  // namespace

int main() {
  test_engine();
  test_hashes();
  test_sequence();
  test_defaults();
  test_errors();
  return rushlight_test::failures();
}
