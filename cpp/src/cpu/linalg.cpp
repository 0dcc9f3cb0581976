// LAPACK on the CPU: single-threaded calls, the matrices of a batch over our threads.
#include <algorithm>
#include <cmath>
#include <complex>
#include <string>
#include <tuple>
#include <type_traits>

#include "rushlight/core/blas.h"
#include "rushlight/core/dtype.h"
#include "rushlight/core/parallel.h"
#include "rushlight/iter/lapack_kernels.h"
#include "scratch.h"

namespace rushlight::cpu {
namespace {

using Int = blas::Int;

template <class T>
struct Real {
  using Type = T;
  static constexpr bool kComplex = false;
};
template <class T>
struct Real<std::complex<T>> {
  using Type = T;
  static constexpr bool kComplex = true;
};
template <class T>
inline constexpr bool kComplex = Real<T>::kComplex;

template <class T>
char prefix() {
  return std::is_same_v<T, float>                 ? 's'
         : std::is_same_v<T, double>              ? 'd'
         : std::is_same_v<T, std::complex<float>> ? 'c'
                                                  : 'z';
}

template <class T>
void* find(const char* real, const char* complex) {
  return blas::symbol((prefix<T>() + std::string(kComplex<T> ? complex : real) + "_").c_str());
}
// The address of a routine, looked up once; `complex` is its name for complex numbers.
#define RL_ROUTINE(T, real, complex)                     \
  ([] {                                                  \
    static void* const address = find<T>(real, complex); \
    return address;                                      \
  }())

// Fortran takes everything by address, and the lengths of strings by value at the end.
template <class... A>
void call(void* routine, A... arguments) {
  reinterpret_cast<void (*)(A...)>(routine)(arguments...);
}
constexpr size_t kOne = 1;

// Scratch cut into arrays, each aligned for vectors. Twice: with no memory it counts the bytes.
class Carver {
 public:
  explicit Carver(void* memory) : memory_(static_cast<char*>(memory)) {}
  template <class T>
  T* take(int64_t n) {
    char* at = memory_ ? memory_ + used_ : nullptr;
    used_ += (size_t(std::max<int64_t>(n, 1)) * sizeof(T) + 63) / 64 * 64;
    return reinterpret_cast<T*>(at);
  }
  size_t used() const { return used_; }

 private:
  char* memory_;
  size_t used_ = 0;
};

// The lengths of a routine's three work arrays, which lie one behind another.
template <class X, class Y, class Z>
struct WorkArrays {
  int64_t x, y, z;
  std::tuple<X*, Y*, Z*> in(void* memory) const {
    Carver carver(memory);
    return take(carver);
  }
  size_t bytes() const {
    Carver carver(nullptr);
    take(carver);
    return carver.used();
  }

 private:
  std::tuple<X*, Y*, Z*> take(Carver& carver) const {
    X* const first = carver.take<X>(x);
    Y* const second = carver.take<Y>(y);
    return {first, second, carver.take<Z>(z)};
  }
};

// f(i, scratch) for every matrix; the cuts depend on nothing that f sees.
template <class F>
void for_batch(int64_t batch, double work, size_t scratch, const F& f) {
  constexpr double kSerial = 1e5;
  const int64_t grain = std::max<int64_t>(1, int64_t(kSerial / std::max(work, 1.0)));
  parallel_for(0, batch, grain, [&](int64_t begin, int64_t end) {
    with_scratch(std::max<size_t>(scratch, 64), [&](void* memory) {
      for (int64_t i = begin; i < end; ++i) f(i, memory);
    });
  });
}

template <class T>
int64_t asked(T answer) {
  // float rounds a large size; LAPACK rounds up, and so do we.
  return std::max<int64_t>(1, int64_t(std::ceil(double(std::real(answer)))));
}

template <class T>
bool all_finite(const T* a, int64_t n) {
  using R = typename Real<T>::Type;
  const R* x = reinterpret_cast<const R*>(a);
  const int64_t count = n * int64_t(sizeof(T) / sizeof(R));
  R sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += x[i] * R(0);
  return sum == R(0);
}

double cube(int64_t a, int64_t b, int64_t c) { return double(a) * double(b) * double(c); }

template <class T>
struct Lapack {
  using R = typename Real<T>::Type;
  using C = std::complex<R>;

  static void potrf(int64_t batch, int64_t n, bool upper, void* a, int32_t* info) {
    void* const fn = RL_ROUTINE(T, "potrf", "potrf");
    const Int order = Int(n);
    for_batch(batch, cube(n, n, n) / 3, 0, [&](int64_t i, void*) {
      T* x = static_cast<T*>(a) + i * n * n;
      const char uplo = upper ? 'U' : 'L';
      call(fn, &uplo, &order, x, &order, &info[i], kOne);
      for (int64_t c = 0; c < n; ++c) {
        T* column = x + c * n;
        if (upper)
          std::fill(column + c + 1, column + n, T(0));
        else
          std::fill(column, column + c, T(0));
      }
    });
  }

  static void getrf(int64_t batch, int64_t m, int64_t n, void* a, int32_t* pivots, int32_t* info) {
    void* const fn = RL_ROUTINE(T, "getrf", "getrf");
    const Int rows = Int(m), columns = Int(n);
    const int64_t k = std::min(m, n);
    for_batch(batch, cube(m, n, k), 0, [&](int64_t i, void*) {
      call(fn, &rows, &columns, static_cast<T*>(a) + i * m * n, &rows, pivots + i * k, &info[i]);
    });
  }

  static void getrs(int64_t batch, int64_t n, int64_t columns, char trans, const void* lu,
                    const int32_t* pivots, void* b) {
    void* const fn = RL_ROUTINE(T, "getrs", "getrs");
    const Int order = Int(n), count = Int(columns);
    for_batch(batch, cube(n, n, columns) * 2, 0, [&](int64_t i, void*) {
      Int info = 0;
      call(fn, &trans, &order, &count, static_cast<const T*>(lu) + i * n * n, &order,
           pivots + i * n, static_cast<T*>(b) + i * n * columns, &order, &info, kOne);
    });
  }

  static void lu_det(int64_t batch, int64_t n, const void* lu, const int32_t* pivots, void* sign,
                     void* logabs) {
    for (int64_t i = 0; i < batch; ++i) {
      const T* x = static_cast<const T*>(lu) + i * n * n;
      T product = T(1);
      R sum = 0;
      for (int64_t j = 0; j < n; ++j) {
        if (pivots[i * n + j] != int32_t(j + 1)) product = -product;
        const T d = x[j * n + j];
        if (!logabs) {
          product *= d;
          continue;
        }
        const R modulus = std::abs(d);
        sum += std::log(modulus);
        // NaN has no sign, as PyTorch's sgn of a real number says.
        if constexpr (kComplex<T>)
          product *= modulus == R(0) ? T(0) : d / modulus;
        else
          product *= T((d > T(0)) - (d < T(0)));
      }
      static_cast<T*>(sign)[i] = product;
      if (logabs) static_cast<R*>(logabs)[i] = sum;
    }
  }

  static void trsm(int64_t batch, int64_t m, int64_t n, bool left, bool upper, char trans,
                   bool unit, const void* a, void* b) {
    void* const fn = RL_ROUTINE(T, "trsm", "trsm");
    const Int rows = Int(m), columns = Int(n), order = left ? rows : columns;
    const char side = left ? 'L' : 'R', uplo = upper ? 'U' : 'L', diagonal = unit ? 'U' : 'N';
    const T one = T(1);
    for_batch(batch, cube(m, n, order), 0, [&](int64_t i, void*) {
      call(fn, &side, &uplo, &trans, &diagonal, &rows, &columns, &one,
           static_cast<const T*>(a) + i * order * order, &order, static_cast<T*>(b) + i * m * n,
           &rows, kOne, kOne, kOne, kOne);
    });
  }

  static void geqrf(int64_t batch, int64_t m, int64_t n, void* a, void* tau) {
    void* const fn = RL_ROUTINE(T, "geqrf", "geqrf");
    const Int rows = Int(m), columns = Int(n);
    const int64_t k = std::min(m, n);
    Int query = -1, info = 0;
    T answer;
    call(fn, &rows, &columns, a, &rows, tau, &answer, &query, &info);
    const Int lwork = Int(asked(answer));
    for_batch(batch, 2 * cube(m, n, k), size_t(lwork) * sizeof(T), [&](int64_t i, void* work) {
      Int code = 0;
      call(fn, &rows, &columns, static_cast<T*>(a) + i * m * n, &rows, static_cast<T*>(tau) + i * k,
           static_cast<T*>(work), &lwork, &code);
    });
  }

  static void orgqr(int64_t batch, int64_t m, int64_t n, int64_t k, void* a, const void* tau) {
    void* const fn = RL_ROUTINE(T, "orgqr", "ungqr");
    const Int rows = Int(m), columns = Int(n), count = Int(k);
    Int query = -1, info = 0;
    T answer;
    call(fn, &rows, &columns, &count, a, &rows, tau, &answer, &query, &info);
    const Int lwork = Int(asked(answer));
    for_batch(batch, 4 * cube(m, n, k), size_t(lwork) * sizeof(T), [&](int64_t i, void* work) {
      Int code = 0;
      call(fn, &rows, &columns, &count, static_cast<T*>(a) + i * m * n, &rows,
           static_cast<const T*>(tau) + i * k, static_cast<T*>(work), &lwork, &code);
    });
  }

  static void ormqr(int64_t batch, int64_t m, int64_t n, int64_t k, bool left, bool adjoint,
                    const void* a, const void* tau, void* c) {
    void* const fn = RL_ROUTINE(T, "ormqr", "unmqr");
    const Int rows = Int(m), columns = Int(n), count = Int(k), lda = left ? rows : columns;
    const char side = left ? 'L' : 'R', trans = !adjoint ? 'N' : kComplex<T> ? 'C' : 'T';
    Int query = -1, info = 0;
    T answer;
    call(fn, &side, &trans, &rows, &columns, &count, a, &lda, tau, c, &rows, &answer, &query, &info,
         kOne, kOne);
    const Int lwork = Int(asked(answer));
    for_batch(batch, 4 * cube(m, n, k), size_t(lwork) * sizeof(T), [&](int64_t i, void* work) {
      Int code = 0;
      call(fn, &side, &trans, &rows, &columns, &count, static_cast<const T*>(a) + i * lda * k, &lda,
           static_cast<const T*>(tau) + i * k, static_cast<T*>(c) + i * m * n, &rows,
           static_cast<T*>(work), &lwork, &code, kOne, kOne);
    });
  }

  static void gesdd(int64_t batch, int64_t m, int64_t n, char job, void* a, void* s, void* u,
                    void* vt, int32_t* info) {
    void* const fn = RL_ROUTINE(T, "gesdd", "gesdd");
    const int64_t k = std::min(m, n), larger = std::max(m, n);
    const int64_t u_columns = job == 'A' ? m : k, vt_rows = job == 'A' ? n : k;
    const Int rows = Int(m), columns = Int(n), ldvt = Int(vt_rows);
    const int64_t lrwork =
        job == 'N' ? 7 * k : std::max(5 * k * k + 5 * k, 2 * larger * k + 2 * k * k + k);
    const auto run = [&](int64_t i, T* work, Int lwork, R* rwork, Int* iwork, Int* code) {
      T* const x = static_cast<T*>(a) + i * m * n;
      R* const values = static_cast<R*>(s) + i * k;
      T* const left = u ? static_cast<T*>(u) + i * m * u_columns : nullptr;
      T* const right = vt ? static_cast<T*>(vt) + i * vt_rows * n : nullptr;
      if constexpr (kComplex<T>)
        call(fn, &job, &rows, &columns, x, &rows, values, left, &rows, right, &ldvt, work, &lwork,
             rwork, iwork, code, kOne);
      else
        call(fn, &job, &rows, &columns, x, &rows, values, left, &rows, right, &ldvt, work, &lwork,
             iwork, code, kOne);
    };
    T answer;
    R no_rwork;
    Int no_iwork, code = 0;
    run(0, &answer, -1, &no_rwork, &no_iwork, &code);
    const int64_t lwork = asked(answer);
    const WorkArrays<T, R, Int> arrays{lwork, kComplex<T> ? lrwork : 1, 8 * k};
    for_batch(batch, 10 * cube(m, n, k), arrays.bytes(), [&](int64_t i, void* memory) {
      const auto [work, rwork, iwork] = arrays.in(memory);
      info[i] = -1;
      if (all_finite(static_cast<T*>(a) + i * m * n, m * n))
        run(i, work, Int(lwork), rwork, iwork, &info[i]);
    });
  }

  static void syevd(int64_t batch, int64_t n, bool vectors, bool upper, void* a, void* w,
                    int32_t* info) {
    void* const fn = RL_ROUTINE(T, "syevd", "heevd");
    const Int order = Int(n);
    const char job = vectors ? 'V' : 'N', uplo = upper ? 'U' : 'L';
    const auto run = [&](int64_t i, T* work, Int lwork, R* rwork, Int lrwork, Int* iwork,
                         Int liwork, Int* code) {
      T* const x = static_cast<T*>(a) + i * n * n;
      R* const values = static_cast<R*>(w) + i * n;
      if constexpr (kComplex<T>)
        call(fn, &job, &uplo, &order, x, &order, values, work, &lwork, rwork, &lrwork, iwork,
             &liwork, code, kOne, kOne);
      else
        call(fn, &job, &uplo, &order, x, &order, values, work, &lwork, iwork, &liwork, code, kOne,
             kOne);
    };
    T answer;
    R real_answer = 1;
    Int int_answer = 1, code = 0;
    run(0, &answer, -1, &real_answer, -1, &int_answer, -1, &code);
    const int64_t lwork = asked(answer), lrwork = asked(real_answer), liwork = int_answer;
    const WorkArrays<T, R, Int> arrays{lwork, lrwork, liwork};
    for_batch(batch, 5 * cube(n, n, n), arrays.bytes(), [&](int64_t i, void* memory) {
      const auto [work, rwork, iwork] = arrays.in(memory);
      info[i] = -1;
      if (all_finite(static_cast<T*>(a) + i * n * n, n * n))
        run(i, work, Int(lwork), rwork, Int(lrwork), iwork, Int(liwork), &info[i]);
    });
  }

  // Real eigenvectors come as columns, a conjugate pair as its real and imaginary parts.
  static void complex_vectors(int64_t n, const R* wi, const R* vr, C* v) {
    for (int64_t j = 0; j < n; ++j) {
      const R* x = vr + j * n;
      if (wi[j] == R(0) || j + 1 == n) {
        for (int64_t r = 0; r < n; ++r) v[j * n + r] = C(x[r], R(0));
        continue;
      }
      for (int64_t r = 0; r < n; ++r) {
        v[j * n + r] = C(x[r], x[n + r]);
        v[(j + 1) * n + r] = C(x[r], -x[n + r]);
      }
      ++j;
    }
  }

  static void geev(int64_t batch, int64_t n, void* a, void* w, void* v, int32_t* info) {
    void* const fn = RL_ROUTINE(T, "geev", "geev");
    const Int order = Int(n), one = 1;
    const char none = 'N', job = v ? 'V' : 'N';
    // extra: the real parts and the imaginary ones of a real matrix, rwork of a complex one.
    const auto run = [&](int64_t i, R* extra, T* vectors, T* work, Int lwork, Int* code) {
      T* const x = static_cast<T*>(a) + i * n * n;
      T* const no_left = nullptr;
      if constexpr (kComplex<T>)
        call(fn, &none, &job, &order, x, &order, static_cast<C*>(w) + i * n, no_left, &one, vectors,
             &order, work, &lwork, extra, code, kOne, kOne);
      else
        call(fn, &none, &job, &order, x, &order, extra, extra + n, no_left, &one, vectors, &order,
             work, &lwork, code, kOne, kOne);
    };
    T answer, no_vectors;
    R no_extra;
    Int code = 0;
    run(0, &no_extra, &no_vectors, &answer, -1, &code);
    const int64_t lwork = asked(answer);
    const WorkArrays<T, R, T> arrays{lwork, 2 * n, v && !kComplex<T> ? n * n : 1};
    for_batch(batch, 20 * cube(n, n, n), arrays.bytes(), [&](int64_t i, void* memory) {
      const auto [work, extra, vectors] = arrays.in(memory);
      info[i] = -1;
      if (!all_finite(static_cast<T*>(a) + i * n * n, n * n)) return;
      C* const values = static_cast<C*>(w) + i * n;
      C* const out = v ? static_cast<C*>(v) + i * n * n : nullptr;
      if constexpr (kComplex<T>) {
        run(i, extra, out, work, Int(lwork), &info[i]);
      } else {
        run(i, extra, vectors, work, Int(lwork), &info[i]);
        for (int64_t j = 0; j < n; ++j) values[j] = C(extra[j], extra[n + j]);
        if (out) complex_vectors(n, extra + n, vectors, out);
      }
    });
  }

  static void gels(int64_t batch, int64_t m, int64_t n, int64_t columns, char driver, double rcond,
                   void* a, void* b, int64_t* rank, void* s, int32_t* info) {
    void* const fn = driver == 'l'   ? RL_ROUTINE(T, "gels", "gels")
                     : driver == 'y' ? RL_ROUTINE(T, "gelsy", "gelsy")
                     : driver == 'd' ? RL_ROUTINE(T, "gelsd", "gelsd")
                                     : RL_ROUTINE(T, "gelss", "gelss");
    const int64_t k = std::min(m, n), larger = std::max(m, n);
    const Int rows = Int(m), width = Int(n), count = Int(columns), ldb = Int(larger);
    const R tolerance = R(rcond);
    const char no = 'N';
    const auto run = [&](int64_t i, T* work, Int lwork, R* rwork, Int* iwork, Int* code) {
      T* const x = static_cast<T*>(a) + i * m * n;
      T* const y = static_cast<T*>(b) + i * larger * columns;
      R* const values = static_cast<R*>(s) + i * k;
      Int found = 0;
      if (driver == 'l') {
        call(fn, &no, &rows, &width, &count, x, &rows, y, &ldb, work, &lwork, code, kOne);
        return;
      }
      if constexpr (kComplex<T>) {
        if (driver == 'y')
          call(fn, &rows, &width, &count, x, &rows, y, &ldb, iwork, &tolerance, &found, work,
               &lwork, rwork, code);
        else if (driver == 'd')
          call(fn, &rows, &width, &count, x, &rows, y, &ldb, values, &tolerance, &found, work,
               &lwork, rwork, iwork, code);
        else
          call(fn, &rows, &width, &count, x, &rows, y, &ldb, values, &tolerance, &found, work,
               &lwork, rwork, code);
      } else {
        if (driver == 'y')
          call(fn, &rows, &width, &count, x, &rows, y, &ldb, iwork, &tolerance, &found, work,
               &lwork, code);
        else if (driver == 'd')
          call(fn, &rows, &width, &count, x, &rows, y, &ldb, values, &tolerance, &found, work,
               &lwork, iwork, code);
        else
          call(fn, &rows, &width, &count, x, &rows, y, &ldb, values, &tolerance, &found, work,
               &lwork, code);
      }
      rank[i] = found;
    };
    T answer;
    R real_answer = 1;
    Int int_answer = 1, code = 0;
    run(0, &answer, -1, &real_answer, &int_answer, &code);
    const int64_t lwork = asked(answer);
    // gelsd's query gives these two; their bounds hold for every LAPACK.
    const int64_t lrwork = driver == 'd' ? asked(real_answer) : 5 * k + 2 * n;
    const int64_t liwork = driver == 'd' ? std::max<int64_t>(1, int_answer) : n;
    const WorkArrays<T, R, Int> arrays{lwork, lrwork, liwork};
    const double cost = 4 * cube(m, n, k) + 4 * cube(m, n, columns);
    for_batch(batch, cost, arrays.bytes(), [&](int64_t i, void* memory) {
      const auto [work, rwork, iwork] = arrays.in(memory);
      info[i] = -1;
      if (!all_finite(static_cast<T*>(a) + i * m * n, m * n) ||
          !all_finite(static_cast<T*>(b) + i * larger * columns, larger * columns))
        return;
      std::fill(iwork, iwork + liwork, Int(0));  // gelsy: no column is fixed
      run(i, work, Int(lwork), rwork, iwork, &info[i]);
    });
  }

  static void sytrf(int64_t batch, int64_t n, bool hermitian, void* a, int32_t* pivots,
                    int32_t* info) {
    void* const fn = hermitian ? RL_ROUTINE(T, "sytrf", "hetrf") : RL_ROUTINE(T, "sytrf", "sytrf");
    const Int order = Int(n);
    const char uplo = 'L';
    Int query = -1, code = 0;
    T answer;
    call(fn, &uplo, &order, a, &order, pivots, &answer, &query, &code, kOne);
    const Int lwork = Int(asked(answer));
    for_batch(batch, cube(n, n, n) / 3, size_t(lwork) * sizeof(T), [&](int64_t i, void* work) {
      call(fn, &uplo, &order, static_cast<T*>(a) + i * n * n, &order, pivots + i * n,
           static_cast<T*>(work), &lwork, &info[i], kOne);
    });
  }

  static void sytrs(int64_t batch, int64_t n, int64_t columns, bool hermitian, const void* a,
                    const int32_t* pivots, void* b) {
    void* const fn = hermitian ? RL_ROUTINE(T, "sytrs", "hetrs") : RL_ROUTINE(T, "sytrs", "sytrs");
    const Int order = Int(n), count = Int(columns);
    const char uplo = 'L';
    for_batch(batch, 2 * cube(n, n, columns), 0, [&](int64_t i, void*) {
      Int code = 0;
      call(fn, &uplo, &order, &count, static_cast<const T*>(a) + i * n * n, &order, pivots + i * n,
           static_cast<T*>(b) + i * n * columns, &order, &code, kOne);
    });
  }

  static constexpr LapackKernels kTable = {&potrf, &getrf, &getrs, &lu_det, &trsm, &geqrf, &orgqr,
                                           &ormqr, &gesdd, &syevd, &geev,   &gels, &sytrf, &sytrs};
};

}  // namespace

const LapackKernels* lapack_kernels(DType dtype);
const LapackKernels* lapack_kernels(DType dtype) {
  switch (dtype) {
    case DType::F32: return &Lapack<float>::kTable;
    case DType::F64: return &Lapack<double>::kTable;
    case DType::C64: return &Lapack<std::complex<float>>::kTable;
    case DType::C128: return &Lapack<std::complex<double>>::kTable;
    default: return nullptr;
  }
}

}  // namespace rushlight::cpu
