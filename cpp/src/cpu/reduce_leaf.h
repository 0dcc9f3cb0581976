// The inner loops of reductions: see Note [Fixed reduction trees].
#pragma once

#include "lanes.h"
#include "loops.h"
#include "reduce_driver.h"
#include "rushlight/functors/reduce.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// True where any order of combining gives the same bits, so that plain loops do.
template <class Op, class A>
inline constexpr bool kAnyOrder = IntScalar<A>;

template <class Op, class T>
using AccOf = typename Op::template Acc<T>;
template <class Op, class T>
RL_INLINE AccOf<Op, T> lift(T x) {
  return lift_element<Op>(x);
}

RL_INLINE Vec<double> load_lanes(const double* p) { return Vec<double>::loadu(p); }
RL_INLINE Vec<double> load_lanes_partial(const double* p, int64_t count) {
  return Vec<double>::load_partial(p, count);
}
template <class T>
RL_INLINE Vec<float> load_lanes(const T* p) {
  return load_float(p);
}
template <class T>
RL_INLINE Vec<float> load_lanes_partial(const T* p, int64_t count) {
  return load_float_partial(p, count);
}

// kLaneBytes of accumulators in registers.
template <class Op, class T>
struct VecLanes {
  using A = AccOf<Op, T>;
  using V = Vec<A>;
  static constexpr int kCount = kLaneBytes / int(sizeof(A));
  static constexpr int kRegisters = kCount / V::kSize;
  // As many as stay in registers beside the loads.
  static constexpr int kTogether = kRegisters < 8 ? kRegisters : 8;

  V lanes[kRegisters];

  RL_INLINE void combine(const VecLanes& b) {
#pragma GCC unroll 16
    for (int k = 0; k < kRegisters; ++k) lanes[k] = Op::combine(lanes[k], b.lanes[k]);
  }
  RL_INLINE void load_steps(const T* x, int64_t steps) {
#pragma GCC unroll 2
    for (int g = 0; g < kRegisters; g += kTogether) {
      V a[kTogether];
#pragma GCC unroll 8
      for (int k = 0; k < kTogether; ++k) a[k] = Op::lift(load_lanes(x + (g + k) * V::kSize));
      for (int64_t s = 1; s < steps; ++s) {
#pragma GCC unroll 8
        for (int k = 0; k < kTogether; ++k)
          a[k] = Op::combine(a[k], Op::lift(load_lanes(x + s * kCount + (g + k) * V::kSize)));
      }
#pragma GCC unroll 8
      for (int k = 0; k < kTogether; ++k) lanes[g + k] = a[k];
    }
  }
  static RL_INLINE V load_some(const T* x, int64_t count) {
    const V loaded = Op::lift(load_lanes_partial(x, count));
    return select(V::first_mask(count), loaded, V(Op::template identity<A>()));
  }
  RL_INLINE void load_tail(const T* x, int64_t count) {
#pragma GCC unroll 16
    for (int k = 0; k < kRegisters; ++k) {
      const int64_t here = count - k * V::kSize;
      lanes[k] = here >= V::kSize ? Op::lift(load_lanes(x + k * V::kSize))
                 : here > 0       ? load_some(x + k * V::kSize, here)
                                  : V(Op::template identity<A>());
    }
  }
  // The tail added to the lanes it falls on; the others stay as they are.
  RL_INLINE void combine_tail(const T* x, int64_t count) {
#pragma GCC unroll 16
    for (int k = 0; k < kRegisters; ++k) {
      const int64_t here = count - k * V::kSize;
      if (here >= V::kSize)
        lanes[k] = Op::combine(lanes[k], Op::lift(load_lanes(x + k * V::kSize)));
      else if (here > 0)
        lanes[k] = Op::combine(lanes[k], load_some(x + k * V::kSize, here));
    }
  }
  template <int Shift, int... I>
  static RL_INLINE V rotate(V v, std::integer_sequence<int, I...>) {
    return V(typename V::NativeT(__builtin_shufflevector(v.v, v.v, ((I + Shift) % V::kSize)...)));
  }
  template <int Shift>
  static RL_INLINE A fold_register(V v) {
    if constexpr (Shift == 0)
      return v.v[0];
    else
      return fold_register<Shift / 2>(
          Op::combine(v, rotate<Shift>(v, std::make_integer_sequence<int, V::kSize>{})));
  }
  RL_INLINE A fold() {
#pragma GCC unroll 4
    for (int half = kRegisters / 2; half > 0; half /= 2)
#pragma GCC unroll 8
      for (int k = 0; k < half; ++k) lanes[k] = Op::combine(lanes[k], lanes[k + half]);
    return fold_register<V::kSize / 2>(lanes[0]);
  }
};

// The same for types without vectors.
template <class Op, class T>
struct ArrayLanes {
  using A = AccOf<Op, T>;
  static constexpr int kCount = kLaneBytes / int(sizeof(A));

  A lanes[kCount];

  RL_INLINE void combine(const ArrayLanes& b) {
    for (int k = 0; k < kCount; ++k) lanes[k] = Op::combine(lanes[k], b.lanes[k]);
  }
  RL_INLINE void load_steps(const T* x, int64_t steps) {
    for (int k = 0; k < kCount; ++k) lanes[k] = lift<Op>(x[k]);
    for (int64_t s = 1; s < steps; ++s)
      for (int k = 0; k < kCount; ++k)
        lanes[k] = Op::combine(lanes[k], lift<Op>(x[s * kCount + k]));
  }
  RL_INLINE void load_tail(const T* x, int64_t count) {
    for (int k = 0; k < kCount; ++k)
      lanes[k] = k < count ? lift<Op>(x[k]) : Op::template identity<A>();
  }
  RL_INLINE void combine_tail(const T* x, int64_t count) {
    for (int64_t k = 0; k < count; ++k) lanes[k] = Op::combine(lanes[k], lift<Op>(x[k]));
  }
  RL_INLINE A fold() {
    for (int half = kCount / 2; half > 0; half /= 2)
      for (int k = 0; k < half; ++k) lanes[k] = Op::combine(lanes[k], lanes[k + half]);
    return lanes[0];
  }
};

template <class Op, class T, bool kVector>
struct LanesOf {
  using Type = ArrayLanes<Op, T>;
};
template <class Op, class T>
struct LanesOf<Op, T, true> {
  using Type = VecLanes<Op, T>;
};
template <class Op, class T>
inline constexpr bool kUsesVec = FloatScalar<AccOf<Op, T>> && !ComplexScalar<T> && !IntScalar<T>;
// Half precision that is computed in floats.
template <class Op, class T>
inline constexpr bool kWidened = is_half_v<T> && kUsesVec<Op, T>;
// Of these, a sum of long runs and columns has loops of its own: the conversions are half its time.
template <class Op, class T>
inline constexpr bool kWidenedRuns = kWidened<Op, T> && !std::is_same_v<Op, Sum>;
template <class Op, class T>
using Lanes = typename LanesOf<Op, T, kUsesVec<Op, T>>::Type;

// A contiguous run, read front to back in pieces of at most kBlock elements.
template <class T, int64_t kBlock>
struct Run {
  const T* data;

  RL_INLINE const T* read(int64_t n) {
    const T* here = data;
    data += n;
    return here;
  }
};
// Of half precision too: `widened` makes floats of it.
template <int64_t kBlock>
struct Run<float, kBlock> {
  const void* data;
  void (*widened)(const void* from, int64_t n, float* to);
  alignas(64) float room[kBlock];

  RL_INLINE const float* read(int64_t n) {
    if (RL_LIKELY(!widened)) {
      const float* here = static_cast<const float*>(data);
      data = here + n;
      return here;
    }
    widened(data, n, room);
    data = static_cast<const char*>(data) + n * int64_t(sizeof(Half));
    return room;
  }
};

// n >= Lanes::kCount. T is float where the elements have half precision.
template <class Op, class T>
AccOf<Op, T> run_lanes(const void* data, int64_t n, void (*widened)(const void*, int64_t, float*)) {
  using L = Lanes<Op, T>;
  constexpr int64_t kBlock = int64_t(L::kCount) * kBlockSteps;
  static_assert(kReduceChunk / kBlock < 1024);
  Run<T, kBlock> x;
  x.data = static_cast<const T*>(data);
  if constexpr (std::is_same_v<T, float>) x.widened = widened;
  L levels[10], current;
  const int64_t blocks = n / kBlock;
  for (int64_t b = 0; b < blocks; ++b) {
    current.load_steps(x.read(kBlock), kBlockSteps);
    int level = 0;
#pragma GCC unroll 1
    for (; b >> level & 1; ++level) {
      levels[level].combine(current);
      current = levels[level];
    }
    levels[level] = current;
  }
  n -= blocks * kBlock;
  int64_t merged = blocks;
  const int64_t steps = n / L::kCount, tail = n % L::kCount;
  const T* rest = n > 0 ? x.read(n) : nullptr;
  if (steps > 0) {
    current.load_steps(rest, steps);
    if (tail > 0) current.combine_tail(rest + steps * L::kCount, tail);
  } else {
    const int lowest = __builtin_ctzll(uint64_t(blocks));
    current = levels[lowest];
    if (tail > 0) current.combine_tail(rest, tail);
    merged = blocks & (blocks - 1);
  }
#pragma GCC unroll 1
  for (; merged != 0; merged &= merged - 1) {
    const int level = __builtin_ctzll(uint64_t(merged));
    levels[level].combine(current);
    current = levels[level];
  }
  return current.fold();
}

// Narrow integers are summed in 32 bits for a while.
template <class Op, class T>
struct PartialOf {
  using Type = AccOf<Op, T>;
};
template <class T>
  requires(IntScalar<T> && sizeof(T) <= 2)
struct PartialOf<Sum, T> {
  using Type = int32_t;
};
template <class T>
struct PartialOf<CountNonzero, T> {
  using Type = int32_t;
};

template <class Op, class T>
AccOf<Op, T> run_any_order(const T* x, int64_t n) {
  using A = AccOf<Op, T>;
  using P = typename PartialOf<Op, T>::Type;
  A total = Op::template identity<A>();
  constexpr int64_t kPart = 8192;
  for (int64_t b = 0; b < n; b += kPart) {
    const int64_t e = b + kPart < n ? b + kPart : n;
    if constexpr (std::is_same_v<P, A>) {
      A part = Op::template identity<A>();
      for (int64_t i = b; i < e; ++i) part = Op::combine(part, lift<Op>(x[i]));
      total = Op::combine(total, part);
    } else {
      P part = 0;
      for (int64_t i = b; i < e; ++i) {
        if constexpr (detail::kOfTruth<Op>)
          part += Compute<T>(x[i]) != Compute<T>(0);
        else
          part += P(x[i]);
      }
      total += part;
    }
    if constexpr (std::is_same_v<Op, Any> || std::is_same_v<Op, All>)
      if (Op::decided(total)) break;
  }
  return total;
}

// 0 < n <= kReduceChunk.
template <class Op, class T>
RL_INLINE AccOf<Op, T> run(const T* x, int64_t n) {
  if constexpr (kAnyOrder<Op, AccOf<Op, T>>) {
    return run_any_order<Op>(x, n);
  } else {
    if constexpr (kWidenedRuns<Op, T>) {
      constexpr int64_t kFew = Lanes<Op, float>::kCount;
      if (n >= kFew) return run_lanes<Op, float>(x, n, &widen<T>);
      float few[kFew];
      widen<T>(x, n, few);
      return run<Op>(few, n);
    }
    using L = Lanes<Op, T>;
    if (n >= L::kCount) return run_lanes<Op, T>(x, n, nullptr);
    if constexpr (kUsesVec<Op, T>)
      if (n <= L::V::kSize) return L::template fold_register<L::V::kSize / 2>(L::load_some(x, n));
    L lanes;
    lanes.load_tail(x, n);
    return lanes.fold();
  }
}

// The same tree as run() for N <= 8 elements, without the lanes that hold nothing.
template <class Op, int N, class T>
RL_INLINE AccOf<Op, T> run_few(const T* x) {
  AccOf<Op, T> a[N];
  for (int i = 0; i < N; ++i) a[i] = lift<Op>(x[i]);
  for (int half = 4; half > 0; half /= 2)
    for (int i = 0; i < half && i + half < N; ++i) a[i] = Op::combine(a[i], a[i + half]);
  return a[0];
}

// A constant stride becomes loads and shuffles of whole registers.
template <int Bytes>
void gather_items(const char* in, int64_t stride, int64_t n, char* to) {
  struct Item {
    char bytes[Bytes];
  };
  using T =
      std::conditional_t<Bytes == 4, uint32_t, std::conditional_t<Bytes == 8, uint64_t, Item>>;
  T* const out = reinterpret_cast<T*>(to);
  if (Bytes <= 8 && stride == 2 * Bytes) {
    const T* x = reinterpret_cast<const T*>(in);
    for (int64_t i = 0; i < n; ++i) out[i] = x[2 * i];
    return;
  }
  for (int64_t i = 0; i < n; ++i) out[i] = *reinterpret_cast<const T*>(in + i * stride);
}

template <class Op, class T, bool kFresh, int kRows>
RL_INLINE void add_rows(const char* in, int64_t row_stride, int64_t width, AccOf<Op, T>* acc) {
  using A = AccOf<Op, T>;
  if constexpr (kUsesVec<Op, T>) {
    using L = Lanes<Op, T>;
    using V = typename L::V;
    // acc has room for whole registers.
    int64_t c = 0;
    for (; c + V::kSize <= width; c += V::kSize) {
      V a;
      if constexpr (!kFresh) a = V::loadu(acc + c);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const V x = Op::lift(load_lanes(reinterpret_cast<const T*>(in + r * row_stride) + c));
        a = kFresh && r == 0 ? x : Op::combine(a, x);
      }
      a.storeu(acc + c);
    }
    if (c < width) {
      V a;
      if constexpr (!kFresh) a = V::loadu(acc + c);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const V x = Op::lift(
            load_lanes_partial(reinterpret_cast<const T*>(in + r * row_stride) + c, width - c));
        a = kFresh && r == 0 ? x : Op::combine(a, x);
      }
      a.storeu(acc + c);
    }
  } else {
#pragma GCC ivdep
    for (int64_t c = 0; c < width; ++c) {
      A a = kFresh ? lift<Op>(reinterpret_cast<const T*>(in)[c])
                   : Op::combine(acc[c], lift<Op>(reinterpret_cast<const T*>(in)[c]));
#pragma GCC unroll 8
      for (int r = 1; r < kRows; ++r)
        a = Op::combine(a, lift<Op>(reinterpret_cast<const T*>(in + r * row_stride)[c]));
      acc[c] = a;
    }
  }
}
// ReduceLeaf::columns.
template <class Op, class T>
[[gnu::noinline]] void add_columns(const char* in, int64_t row_stride, int64_t rows, int64_t width,
                                   void* to) {
  auto* acc = static_cast<AccOf<Op, T>*>(to);
  if (rows < 4) {
    add_rows<Op, T, true, 1>(in, row_stride, width, acc);
    for (int64_t r = 1; r < rows; ++r)
      add_rows<Op, T, false, 1>(in + r * row_stride, row_stride, width, acc);
    return;
  }
  add_rows<Op, T, true, 4>(in, row_stride, width, acc);
  int64_t r = 4;
  for (; r + 4 <= rows; r += 4)
    add_rows<Op, T, false, 4>(in + r * row_stride, row_stride, width, acc);
  for (; r < rows; ++r) add_rows<Op, T, false, 1>(in + r * row_stride, row_stride, width, acc);
}

template <class Op, class T, class R>
struct Leaf {
  using A = AccOf<Op, T>;
  static_assert(sizeof(A) <= kMaxAccBytes);

  static RL_INLINE R project_one(A a, const ReduceHow& how) {
    if constexpr (ComplexScalar<R> || ComplexScalar<A>)
      return R(Op::project(a, how));
    else if constexpr (is_half_v<R>)
      return R(float(Op::project(a, how)));
    else
      return R(Op::project(a, how));
  }

  static void rows(const char* in, int64_t in_stride, int64_t n, int64_t outputs, int64_t first,
                   int64_t out_stride, const ReducePlan& plan) {
    rows_to(in, in_stride, n, outputs, reinterpret_cast<R*>(plan.out[0]) + first, out_stride,
            plan.how);
  }
  template <int N>
  static RL_INLINE void rows_of(const char* in, int64_t in_stride, int64_t outputs, R* out,
                                int64_t out_stride, const ReduceHow& how) {
    for (int64_t i = 0; i < outputs; ++i)
      out[i * out_stride] =
          project_one(run_few<Op, N>(reinterpret_cast<const T*>(in + i * in_stride)), how);
  }
  [[gnu::noinline]] static void rows_to(const char* in, int64_t in_stride, int64_t n,
                                        int64_t outputs, R* out, int64_t out_stride,
                                        const ReduceHow how) {
    switch (outputs > 8 ? n : 0) {
      case 2: return rows_of<2>(in, in_stride, outputs, out, out_stride, how);
      case 3: return rows_of<3>(in, in_stride, outputs, out, out_stride, how);
      case 4: return rows_of<4>(in, in_stride, outputs, out, out_stride, how);
      case 5: return rows_of<5>(in, in_stride, outputs, out, out_stride, how);
      case 8: return rows_of<8>(in, in_stride, outputs, out, out_stride, how);
    }
    for (int64_t i = 0; i < outputs; ++i)
      out[i * out_stride] =
          project_one(run<Op>(reinterpret_cast<const T*>(in + i * in_stride), n), how);
  }

  static void run_to(const char* in, int64_t n, void* acc) {
    *static_cast<A*>(acc) = run<Op>(reinterpret_cast<const T*>(in), n);
  }

  static void combine(void* acc, const void* other, int64_t count) {
    A* a = static_cast<A*>(acc);
    const A* b = static_cast<const A*>(other);
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) a[i] = Op::combine(a[i], b[i]);
  }
  static void project(const void* acc, int64_t count, int64_t first, int64_t out_stride,
                      const ReducePlan& plan) {
    const A* a = static_cast<const A*>(acc);
    R* out = reinterpret_cast<R*>(plan.out[0]) + first;
    const ReduceHow how = plan.how;
    for (int64_t i = 0; i < count; ++i) out[i * out_stride] = project_one(a[i], how);
  }

  static constexpr ReduceLeaf kTable = {
      sizeof(A), &rows, &run_to, &add_columns<Op, T>, &combine, &gather_items<sizeof(T)>, &project};
};

// Of half precision: the loops are those of floats.
template <class Op, class T, class R>
  requires kWidened<Op, T>
struct Leaf<Op, T, R> {
  using Wide = Leaf<Op, float, float>;
  using A = typename Wide::A;
  static constexpr int64_t kWide = 1024;  // floats of rows widened at once
  static constexpr int64_t kStrip = 128;  // columns of up to kBlockSteps rows widened at once

  static void rows(const char* in, int64_t in_stride, int64_t n, int64_t outputs, int64_t first,
                   int64_t out_stride, const ReducePlan& plan) {
    R* out = reinterpret_cast<R*>(plan.out[0]) + first;
    if (n > kWide / 2) {
      for (int64_t i = 0; i < outputs; ++i) {
        const A total = run<Op>(reinterpret_cast<const T*>(in + i * in_stride), n);
        out[i * out_stride] = R(Wide::project_one(total, plan.how));
      }
      return;
    }
    alignas(64) float wide[kWide], results[kWide];
    const int64_t together = n > 0 ? kWide / n : kWide;
    for (int64_t i = 0; i < outputs; i += together) {
      const int64_t here = outputs - i < together ? outputs - i : together;
      const char* from = in + i * in_stride;
      if (in_stride == n * int64_t(sizeof(T))) {
        widen<T>(from, here * n, wide);
      } else {
        for (int64_t k = 0; k < here; ++k) widen<T>(from + k * in_stride, n, wide + k * n);
      }
      Wide::rows_to(reinterpret_cast<const char*>(wide), n * sizeof(float), n, here, results, 1,
                    plan.how);
      narrow<R>(results, here, reinterpret_cast<char*>(out + i * out_stride),
                out_stride * int64_t(sizeof(R)));
    }
  }

  static void run_to(const char* in, int64_t n, void* acc) {
    *static_cast<A*>(acc) = run<Op>(reinterpret_cast<const T*>(in), n);
  }

  static void columns(const char* in, int64_t row_stride, int64_t rows, int64_t width, void* to) {
    if constexpr (!kWidenedRuns<Op, T>) {
      add_columns<Op, T>(in, row_stride, rows, width, to);
    } else {
      alignas(64) float wide[kBlockSteps * kStrip];
      for (int64_t c = 0; c < width; c += kStrip) {
        const int64_t here = width - c < kStrip ? width - c : kStrip;
        for (int64_t r = 0; r < rows; ++r)
          widen<T>(in + r * row_stride + c * int64_t(sizeof(T)), here, wide + r * kStrip);
        add_columns<Op, float>(reinterpret_cast<const char*>(wide), kStrip * sizeof(float), rows,
                               here, static_cast<A*>(to) + c);
      }
    }
  }

  static void project(const void* acc, int64_t count, int64_t first, int64_t out_stride,
                      const ReducePlan& plan) {
    const A* a = static_cast<const A*>(acc);
    R* out = reinterpret_cast<R*>(plan.out[0]) + first;
    const ReduceHow how = plan.how;
    float results[kStrip];
    for (int64_t i = 0; i < count; i += kStrip) {
      const int64_t here = count - i < kStrip ? count - i : kStrip;
      for (int64_t k = 0; k < here; ++k) results[k] = Wide::project_one(a[i + k], how);
      narrow<R>(results, here, reinterpret_cast<char*>(out + i * out_stride),
                out_stride * int64_t(sizeof(R)));
    }
  }

  static constexpr ReduceLeaf kTable = {
      sizeof(A), &rows, &run_to, &columns, &Wide::combine, &gather_items<sizeof(T)>, &project};
};

template <class Op, class Rule, DType D>
void reduce_kernel(const ReducePlan& plan) {
  // Whether a number is zero shows in the same bits of both half precisions.
  constexpr bool truth = detail::kOfTruth<Op> && D == DType::BF16;
  using T = typename CTypeOf<truth ? DType::F16 : D>::Type;
  reduce_with(plan, Leaf<Op, T, typename Rule::template Result<T>>::kTable);
}

template <class Op, class Rule, unsigned kAccepts, int D = 0>
void fill_reduce(ReduceFn* slots) {
  if constexpr (D < kNumDTypes) {
    if constexpr (accepts(kAccepts, DType(D))) slots[D] = &reduce_kernel<Op, Rule, DType(D)>;
    fill_reduce<Op, Rule, kAccepts, D + 1>(slots);
  }
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
