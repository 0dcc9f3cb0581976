// The inner parts of the blocked matrix product, one set per instruction set.
#pragma once

#include <cstdint>

namespace rushlight {

// Note [Packed panels]
// A block of a (m x k) is stored as slivers of `rows` rows, each k x rows with a row of k after the
// other; a block of b (k x n) as slivers of `cols` columns, each k x cols:
//
//        k                       cols
//      +----+ sliver 0         +----+----+---
//   rows|    |               k |  0 |  1 | ..
//      +----+ sliver 1         +----+----+---
//
// The last sliver is filled up with zeros. One tile of rows x cols sums in registers over k in
// order, so an element's bits do not depend on which tile or block it falls into.
struct GemmMicro {
  int rows, cols;  // of a tile
  int depth;       // k of a block
  int itemsize;    // of a packed element and of c: float or double

  // `stored` is m x k, or k x m with trans, its rows ld elements apart.
  void (*pack_a)(const void* stored, int64_t ld, bool trans, int64_t m, int64_t k, void* to);
  // `stored` is k x n, or n x k with trans.
  void (*pack_b)(const void* stored, int64_t ld, bool trans, int64_t n, int64_t k, void* to);
  // c = alpha * a @ b + beta * c for packed blocks; c is not read if beta is 0.
  using Multiply = void (*)(int64_t m, int64_t n, int64_t k, const void* a, int64_t lda,
                            const void* b, double alpha, double beta, void* c, int64_t ldc);
  Multiply multiply;
  // The same with a as it is stored, m x k with rows lda apart; null where it must be converted.
  Multiply multiply_rows;
};

}  // namespace rushlight
