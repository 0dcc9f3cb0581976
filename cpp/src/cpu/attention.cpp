// Attention by blocks of queries and keys, on the tiles of gemm_micro.h. See Note [Attention].
#include "rushlight/iter/attention_kernels.h"

#include "gemm_micro.h"
#include "row_loops.h"
#include "rushlight/core/parallel.h"
#include "rushlight/iter/kernel_slots.h"
#include "scratch.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Note [Attention blocks]
// Blocks depend on the shapes alone. Each row sums over the blocks of keys in order, each block of
// keys over the blocks of queries in order, whichever task does it: so the number of tasks, which
// depends on the number of threads, does not change the bits.
constexpr int64_t kQueryBlock = 64, kKeyBlock = 128;
constexpr int64_t kTaskWork = 1 << 19;  // multiply-adds for which a thread is worth it

RL_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
RL_INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
RL_INLINE int64_t blocks_of(int64_t n, int64_t block) { return (n + block - 1) / block; }
RL_INLINE int64_t round_up(int64_t n, int64_t multiple) {
  return blocks_of(n, multiple) * multiple;
}

// Gives out pieces of one allocation, by their offsets.
struct Pieces {
  int64_t bytes = 0;
  RL_INLINE int64_t take(int64_t count, size_t itemsize) {
    const int64_t begin = bytes;
    bytes += round_up(count * int64_t(itemsize), 64);
    return begin;
  }
};

// A task's share of the blocks: number `part`, and every `parts`-th after it.
struct Share {
  int64_t part, parts;
  RL_INLINE bool has(int64_t block) const { return block % parts == part; }
};

// How many tasks one group of heads is cut into, and how many tasks a thread takes at least.
struct Tasks {
  int64_t parts, grain;
  Tasks(int64_t groups, int64_t most, double work) {
    const int64_t threads = num_threads();
    const int64_t wanted = threads == 1 || groups >= 4 * threads || groups * work < 2 * kTaskWork
                               ? 1
                               : blocks_of(4 * threads, groups);
    parts = larger(1, smaller(wanted, most));
    const double one = work / double(parts);
    grain = one >= double(kTaskWork) ? 1 : int64_t(double(kTaskWork) / larger(1, int64_t(one)));
  }
};

template <class T>
struct Attention : RowLoops<T> {
  using Rows = RowLoops<T>;
  using Rows::kSize;
  using typename Rows::C;
  using typename Rows::V;
  static constexpr bool kConverts = !std::is_same_v<T, C>;

  const AttentionPlan& p;
  const GemmMicro& stored;                      // packs T
  const GemmMicro& computed;                    // multiplies C
  const int64_t shared = p.heads / p.kv_heads;  // heads of q for one of k and v
  const int64_t query_blocks = blocks_of(p.queries, kQueryBlock);
  const int64_t key_blocks = blocks_of(p.keys, kKeyBlock);
  const int64_t width = round_up(p.width, stored.cols);
  const int64_t value_width = round_up(p.value_width, stored.cols);

  static const GemmMicro& micro(DType dtype) {
    return *kernel_slots(DeviceType::CPU).gemm_micro(dtype);
  }
  explicit Attention(const AttentionPlan& plan, DType dtype)
      : p(plan), stored(micro(dtype)), computed(micro(kConverts ? DType::F32 : dtype)) {}

  template <class E>
  static RL_INLINE auto rows_of(const AttentionOperand<E>& x, int64_t batch, int64_t head) {
    using P = std::conditional_t<std::is_const_v<E>, const T*, T*>;
    return static_cast<P>(x.data) + batch * x.batch + head * x.head;
  }
  RL_INLINE C* logsum_of(int64_t batch, int64_t head) const {
    return static_cast<C*>(p.logsum) + (batch * p.heads + head) * p.queries;
  }

  // to = alpha * a @ b + beta * to, for rows of T.
  RL_INLINE void multiply_rows(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const C* b,
                               double alpha, C* to, int64_t ldc, C* packed) const {
    if constexpr (kConverts) {
      stored.pack_a(a, lda, false, m, k, packed);
      stored.multiply(m, n, k, packed, 0, b, alpha, 0, to, ldc);
    } else {
      stored.multiply_rows(m, n, k, a, lda, b, alpha, 0, to, ldc);
    }
  }
  // The same for what is computed here.
  RL_INLINE void add_product(int64_t m, int64_t n, int64_t k, const C* a, int64_t lda, const C* b,
                             double alpha, bool first, C* to, int64_t ldc) const {
    computed.multiply_rows(m, n, k, a, lda, b, alpha, first ? 0 : 1, to, ldc);
  }

  // -inf where a query sees no key, in `scores` of keys [j0, j0 + n) that query i has computed;
  // behind them up to `filled`, a whole number of registers.
  RL_INLINE void mask_row(int64_t batch, int64_t head, int64_t i, int64_t j0, int64_t n,
                          int64_t filled, C* scores) const {
    const C never = C(-__builtin_inf());
    if (p.added.data) {
      const C* added = static_cast<const C*>(p.added.data) + batch * p.added.batch +
                       head * p.added.head + i * p.added.row + j0;
      for (int64_t c = 0; c < n; ++c) scores[c] += added[c];
    }
    if (p.allowed.data) {
      const bool* allowed = static_cast<const bool*>(p.allowed.data) + batch * p.allowed.batch +
                            head * p.allowed.head + i * p.allowed.row + j0;
      for (int64_t c = 0; c < n; ++c) scores[c] = allowed[c] ? scores[c] : never;
    }
    const int64_t seen = p.causal ? smaller(n, larger(0, i + 1 - j0)) : n;
    for (int64_t c = seen; c < filled; ++c) scores[c] = never;
  }

  // How many of the keys [j0, j0 + count) the queries before `end` may see.
  RL_INLINE int64_t seen_keys(int64_t j0, int64_t count, int64_t end) const {
    return p.causal ? smaller(count, end - j0) : count;
  }
  RL_INLINE int64_t keys_in(int64_t j0) const { return smaller(kKeyBlock, p.keys - j0); }

  // -- the forward pass ----------------------------------------------------------------------

  struct RowState {
    C largest[kQueryBlock];
    double total[kQueryBlock];
  };

  // exp(scores - largest) in place, the row's sums and its output so far scaled to a new maximum.
  RL_INLINE void soften_row(C* scores, int64_t filled, bool first, RowState& state, int64_t row,
                            C* sum) const {
    V top = V::loadu(scores);
    for (int64_t c = kSize; c < filled; c += kSize) top = Max::combine(top, V::loadu(scores + c));
    C largest = VecLanes<Max, C>::template fold_register<kSize / 2>(top);
    if (!first) largest = Max::combine(state.largest[row], largest);
    // Nothing is seen yet: exp(-inf - 0) is 0.
    const V shift(largest == C(-__builtin_inf()) ? C(0) : largest);
    V total(C(0));
    for (int64_t c = 0; c < filled; c += kSize) {
      const V e = math::exp(V::loadu(scores + c) - shift);
      e.storeu(scores + c);
      total += e;
    }
    const double here = double(Rows::fold(total));
    if (first) {
      state.total[row] = here;
    } else {
      const V factor = math::exp(V(state.largest[row]) - shift);
      state.total[row] = state.total[row] * double(factor[0]) + here;
      if (!(factor[0] == C(1)))
        for (int64_t c = 0; c < value_width; c += kSize)
          (V::loadu(sum + c) * factor).storeu(sum + c);
    }
    state.largest[row] = largest;
  }

  struct ForwardScratch {
    C *keys, *values, *scores, *sum, *packed;
  };

  RL_INLINE void forward_block(int64_t batch, int64_t head, int64_t i0,
                               const ForwardScratch& s) const {
    const int64_t rows = smaller(kQueryBlock, p.queries - i0);
    const T* q = rows_of(p.q, batch, head) + i0 * p.q.row;
    RowState state;
    for (int64_t j0 = 0; j0 < p.keys && (!p.causal || j0 < i0 + rows); j0 += kKeyBlock) {
      const int64_t count = keys_in(j0), n = seen_keys(j0, count, i0 + rows);
      const int64_t filled = round_up(count, kSize);
      multiply_rows(rows, n, p.width, q, p.q.row, s.keys + j0 * p.width, p.scale, s.scores,
                    kKeyBlock, s.packed);
      for (int64_t r = 0; r < rows; ++r) {
        C* scores = s.scores + r * kKeyBlock;
        mask_row(batch, head, i0 + r, j0, n, filled, scores);
        soften_row(scores, filled, j0 == 0, state, r, s.sum + r * value_width);
      }
      add_product(rows, p.value_width, count, s.scores, kKeyBlock, s.values + j0 * value_width, 1,
                  j0 == 0, s.sum, value_width);
    }
    T* out = rows_of(p.out, batch, head) + i0 * p.out.row;
    C* logsum = logsum_of(batch, head) + i0;
    for (int64_t r = 0; r < rows; ++r) {
      const double total = state.total[r];
      const V scale(total == 0 ? C(0) : C(1 / total));
      Rows::for_registers(p.value_width, [&](int64_t c,
                                             int64_t here) __attribute__((always_inline)) {
        Rows::store(out + r * p.out.row + c, V::loadu(s.sum + r * value_width + c) * scale, here);
      });
      logsum[r] =
          total == 0 ? C(__builtin_inf()) : C(double(state.largest[r]) + __builtin_log(total));
    }
  }

  void forward() const {
    const int64_t groups = p.batch * p.kv_heads,
                  seen = p.causal ? smaller(p.keys, p.queries) : p.keys;
    const double work =
        double(shared) * double(p.queries) * double(seen) * double(p.width + p.value_width);
    const Tasks tasks(groups, shared * query_blocks, work);
    // Of the last block as a whole: its values are packed to that depth.
    const int64_t packed_keys = smaller(p.keys, round_up(seen, kKeyBlock));
    Pieces pieces;
    const int64_t keys = pieces.take(round_up(packed_keys, stored.cols) * p.width, sizeof(C));
    const int64_t values = pieces.take(packed_keys * value_width, sizeof(C));
    const int64_t scores = pieces.take(kQueryBlock * kKeyBlock, sizeof(C));
    const int64_t sum = pieces.take(kQueryBlock * value_width, sizeof(C));
    const int64_t packed =
        kConverts ? pieces.take(round_up(kQueryBlock, stored.rows) * p.width, sizeof(C)) : 0;
    parallel_for(0, groups * tasks.parts, tasks.grain, [&](int64_t begin, int64_t end) {
      with_scratch(size_t(pieces.bytes), [&](void* scratch) {
        char* base = static_cast<char*>(scratch);
        const ForwardScratch s{(C*)(base + keys), (C*)(base + values), (C*)(base + scores),
                               (C*)(base + sum), (C*)(base + packed)};
        int64_t at = -1;
        for (int64_t task = begin; task < end; ++task) {
          const int64_t group = task / tasks.parts, batch = group / p.kv_heads;
          const int64_t kv_head = group % p.kv_heads;
          if (group != at) {
            stored.pack_b(rows_of(p.k, batch, kv_head), p.k.row, true, packed_keys, p.width,
                          s.keys);
            for (int64_t j0 = 0; j0 < packed_keys; j0 += kKeyBlock)
              stored.pack_b(rows_of(p.v, batch, kv_head) + j0 * p.v.row, p.v.row, false,
                            p.value_width, keys_in(j0), s.values + j0 * value_width);
            at = group;
          }
          for (int64_t block = task % tasks.parts; block < shared * query_blocks;
               block += tasks.parts)
            forward_block(batch, kv_head * shared + block / query_blocks,
                          block % query_blocks * kQueryBlock, s);
        }
      });
    });
  }

  // -- the gradient --------------------------------------------------------------------------

  struct BackwardScratch {
    C *keys_across, *values_across, *keys;  // the block of k, v and k, for products of rows
    C *queries, *grads;                     // all blocks of q and grad, for sums over rows
    C* delta;                               // of every row: the sum of grad * out
    C *weights, *slopes;                    // a block of softmax(scores), and its gradient
    C* packed;                              // one of those, turned
    C *grad_q, *grad_k, *grad_v;            // sums
  };

  // scores become weights, and slopes (of the weights) the gradient of the scores.
  RL_INLINE void slope_row(C* weights, C* slopes, int64_t filled, C logsum, C delta) const {
    const V log_total(logsum), mean(delta);
    for (int64_t c = 0; c < filled; c += kSize) {
      const V w = math::exp(V::loadu(weights + c) - log_total);
      w.storeu(weights + c);
      (w * (V::loadu(slopes + c) - mean)).storeu(slopes + c);
    }
  }

  RL_INLINE int64_t row_index(int64_t local_head, int64_t i0) const {
    return local_head * query_blocks * kQueryBlock + i0;
  }

  // The sums of all products of one block of keys with the blocks of queries.
  RL_INLINE void backward_keys(const AttentionGradients& g, int64_t batch, int64_t kv_head,
                               int64_t j0, const Share& queries, bool wants_q, bool wants_kv,
                               const BackwardScratch& s) const {
    const int64_t count = keys_in(j0), filled = round_up(count, kSize);
    const T *k = rows_of(p.k, batch, kv_head) + j0 * p.k.row,
            *v = rows_of(p.v, batch, kv_head) + j0 * p.v.row;
    stored.pack_b(k, p.k.row, true, count, p.width, s.keys_across);
    stored.pack_b(v, p.v.row, true, count, p.value_width, s.values_across);
    if (wants_q) stored.pack_b(k, p.k.row, false, p.width, count, s.keys);
    bool first = true;
    for (int64_t block = 0; block < shared * query_blocks; ++block) {
      const int64_t local = block / query_blocks, head = kv_head * shared + local;
      const int64_t i0 = block % query_blocks * kQueryBlock;
      const int64_t rows = smaller(kQueryBlock, p.queries - i0);
      if (!queries.has(block) || (p.causal && i0 + rows <= j0)) continue;
      const int64_t n = seen_keys(j0, count, i0 + rows), at = row_index(local, i0);
      multiply_rows(rows, n, p.width, rows_of(p.q, batch, head) + i0 * p.q.row, p.q.row,
                    s.keys_across, p.scale, s.weights, kKeyBlock, s.packed);
      multiply_rows(rows, n, p.value_width, rows_of(g.grad, batch, head) + i0 * g.grad.row,
                    g.grad.row, s.values_across, 1, s.slopes, kKeyBlock, s.packed);
      const C* logsum = logsum_of(batch, head) + i0;
      for (int64_t r = 0; r < rows; ++r) {
        C *weights = s.weights + r * kKeyBlock, *slopes = s.slopes + r * kKeyBlock;
        mask_row(batch, head, i0 + r, j0, n, filled, weights);
        for (int64_t c = n; c < filled; ++c) slopes[c] = 0;
        slope_row(weights, slopes, filled, logsum[r], s.delta[at + r]);
      }
      if (wants_kv) {
        computed.pack_a(s.weights, kKeyBlock, true, count, rows, s.packed);
        computed.multiply(count, p.value_width, rows, s.packed, 0, s.grads + at * value_width, 1,
                          first ? 0 : 1, s.grad_v, value_width);
        computed.pack_a(s.slopes, kKeyBlock, true, count, rows, s.packed);
        computed.multiply(count, p.width, rows, s.packed, 0, s.queries + at * width, p.scale,
                          first ? 0 : 1, s.grad_k, width);
      }
      if (wants_q)
        add_product(rows, p.width, count, s.slopes, kKeyBlock, s.keys, p.scale, j0 == 0,
                    s.grad_q + at * width, width);
      first = false;
    }
    if (!wants_kv) return;
    write_rows(g.k, batch, kv_head, j0, count, p.width, first ? nullptr : s.grad_k, width);
    write_rows(g.v, batch, kv_head, j0, count, p.value_width, first ? nullptr : s.grad_v,
               value_width);
  }

  // Rows [begin, begin + count) of an operand from sums; null: zeros.
  RL_INLINE void write_rows(const AttentionOperand<void>& to, int64_t batch, int64_t head,
                            int64_t begin, int64_t count, int64_t columns, const C* sums,
                            int64_t ld) const {
    T* rows = rows_of(to, batch, head) + begin * to.row;
    for (int64_t r = 0; r < count; ++r)
      Rows::for_registers(columns, [&](int64_t c, int64_t here) __attribute__((always_inline)) {
        Rows::store(rows + r * to.row + c, sums ? V::loadu(sums + r * ld + c) : V(C(0)), here);
      });
  }

  // What the products with all blocks of keys share.
  RL_INLINE void prepare_queries(const AttentionGradients& g, int64_t batch, int64_t kv_head,
                                 const Share& queries, bool wants_kv,
                                 const BackwardScratch& s) const {
    for (int64_t block = 0; block < shared * query_blocks; ++block) {
      if (!queries.has(block)) continue;
      const int64_t local = block / query_blocks, head = kv_head * shared + local;
      const int64_t i0 = block % query_blocks * kQueryBlock;
      const int64_t rows = smaller(kQueryBlock, p.queries - i0), at = row_index(local, i0);
      const T* grad = rows_of(g.grad, batch, head) + i0 * g.grad.row;
      const T* out = rows_of(p.out, batch, head) + i0 * p.out.row;
      for (int64_t r = 0; r < rows; ++r) {
        const T *g_row = grad + r * g.grad.row, *out_row = out + r * p.out.row;
        s.delta[at + r] = C(Rows::sum_terms(
            p.value_width, [&](int64_t c, int64_t here) __attribute__((always_inline)) {
              return Rows::load(g_row + c, here) * Rows::load(out_row + c, here);
            }));
      }
      if (!wants_kv) continue;
      stored.pack_b(rows_of(p.q, batch, head) + i0 * p.q.row, p.q.row, false, p.width, rows,
                    s.queries + at * width);
      stored.pack_b(grad, g.grad.row, false, p.value_width, rows, s.grads + at * value_width);
    }
  }

  void backward_group(const AttentionGradients& g, int64_t group, const Share& queries,
                      const Share& keys, bool wants_q, bool wants_kv,
                      const BackwardScratch& s) const {
    const int64_t batch = group / p.kv_heads, kv_head = group % p.kv_heads;
    prepare_queries(g, batch, kv_head, queries, wants_kv, s);
    for (int64_t block = 0; block < key_blocks; ++block)
      if (keys.has(block))
        backward_keys(g, batch, kv_head, block * kKeyBlock, queries, wants_q, wants_kv, s);
    if (!wants_q) return;
    for (int64_t block = 0; block < shared * query_blocks; ++block) {
      if (!queries.has(block)) continue;
      const int64_t local = block / query_blocks, i0 = block % query_blocks * kQueryBlock;
      write_rows(g.q, batch, kv_head * shared + local, i0, smaller(kQueryBlock, p.queries - i0),
                 p.width, s.grad_q + row_index(local, i0) * width, width);
    }
  }

  void backward(const AttentionGradients& g) const {
    const int64_t groups = p.batch * p.kv_heads;
    const int64_t all_rows = shared * query_blocks * kQueryBlock;
    const double work = 5 * double(shared) * double(p.queries) * double(p.keys) *
                        double(larger(p.width, p.value_width));
    // Of few groups one task sums over keys and another over queries, computing the weights twice.
    const Tasks tasks(groups, smaller(shared * query_blocks, key_blocks), work);
    const int64_t parts = tasks.parts;
    const int64_t each = parts == 1 ? 1 : 2 * parts;
    Pieces pieces;
    const int64_t across = pieces.take(kKeyBlock * p.width, sizeof(C));
    const int64_t values = pieces.take(kKeyBlock * p.value_width, sizeof(C));
    const int64_t keys = pieces.take(kKeyBlock * width, sizeof(C));
    const int64_t queries = pieces.take(all_rows * width, sizeof(C));
    const int64_t grads = pieces.take(all_rows * value_width, sizeof(C));
    const int64_t delta = pieces.take(all_rows, sizeof(C));
    const int64_t weights = pieces.take(kQueryBlock * kKeyBlock, sizeof(C));
    const int64_t slopes = pieces.take(kQueryBlock * kKeyBlock, sizeof(C));
    const int64_t deepest = larger(larger(p.width, p.value_width), kKeyBlock);
    const int64_t packed = pieces.take(
        round_up(larger(kQueryBlock, kKeyBlock), stored.rows) * larger(deepest, kQueryBlock),
        sizeof(C));
    const int64_t grad_q = pieces.take(all_rows * width, sizeof(C));
    const int64_t grad_k = pieces.take(kKeyBlock * width, sizeof(C));
    const int64_t grad_v = pieces.take(kKeyBlock * value_width, sizeof(C));
    parallel_for(0, groups * each, tasks.grain, [&](int64_t begin, int64_t end) {
      with_scratch(size_t(pieces.bytes), [&](void* scratch) {
        char* base = static_cast<char*>(scratch);
        const BackwardScratch s{(C*)(base + across),  (C*)(base + values), (C*)(base + keys),
                                (C*)(base + queries), (C*)(base + grads),  (C*)(base + delta),
                                (C*)(base + weights), (C*)(base + slopes), (C*)(base + packed),
                                (C*)(base + grad_q),  (C*)(base + grad_k), (C*)(base + grad_v)};
        for (int64_t task = begin; task < end; ++task) {
          const int64_t group = task / each, part = task % each;
          const Share all{0, 1};
          if (each == 1)
            backward_group(g, group, all, all, true, true, s);
          else if (part < parts)
            backward_group(g, group, Share{part, parts}, all, true, false, s);
          else
            backward_group(g, group, all, Share{part - parts, parts}, false, true, s);
        }
      });
    });
  }
};

template <class T>
constexpr DType kDTypeOf = std::is_same_v<T, Half>       ? DType::F16
                           : std::is_same_v<T, BFloat16> ? DType::BF16
                           : std::is_same_v<T, float>    ? DType::F32
                                                         : DType::F64;

template <class T>
void forward(const AttentionPlan& plan) {
  Attention<T>(plan, kDTypeOf<T>).forward();
}
template <class T>
void backward(const AttentionPlan& plan, const AttentionGradients& gradients) {
  Attention<T>(plan, kDTypeOf<T>).backward(gradients);
}

template <class T>
constexpr AttentionKernels kKernels{&forward<T>, &backward<T>};

const AttentionKernels* attention(DType dtype) {
  switch (dtype) {
    case DType::F16: return &kKernels<Half>;
    case DType::BF16: return &kKernels<BFloat16>;
    case DType::F32: return &kKernels<float>;
    case DType::F64: return &kKernels<double>;
    default: return nullptr;
  }
}

}  // namespace

void register_attention(KernelSlots& slots) { slots.attention = &attention; }

}  // namespace rushlight::cpu::RL_ISA
