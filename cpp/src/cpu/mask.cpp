// Packing by a mask: see Note [Mask blocks].
#include "moves.h"
#include "rushlight/iter/kernel_slots.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Elements packed at a time before they are written out.
constexpr int64_t kPack = 256;

RL_INLINE const uint8_t* block_of(const void* mask, int64_t n, int64_t block, int64_t& length) {
  const int64_t first = block * kMaskBlock;
  length = n - first < kMaskBlock ? n - first : kMaskBlock;
  return static_cast<const uint8_t*>(mask) + first;
}

template <class Body>
RL_INLINE void for_blocks(int64_t n, const Body& body) {
  const int64_t blocks = (n + kMaskBlock - 1) / kMaskBlock;
  parallel_for(0, blocks, kGrain / kMaskBlock, [&](int64_t b, int64_t e) {
    for (int64_t block = b; block < e; ++block) body(block);
  });
}

RL_INLINE int64_t count_true(const uint8_t* mask, int64_t n) {
  int64_t count = 0, i = 0;
  while (i < n) {
    // A byte's counter holds 255 rounds of 64 lanes.
    uint8_t lanes[64] = {};
    for (int round = 0; round < 255 && i + 64 <= n; ++round, i += 64)
      for (int k = 0; k < 64; ++k) lanes[k] = uint8_t(lanes[k] + (mask[i + k] != 0));
    for (int k = 0; k < 64; ++k) count += lanes[k];
    if (i + 64 > n)
      for (; i < n; ++i) count += mask[i] != 0;
  }
  return count;
}

void count_kernel(const void* mask, int64_t n, int64_t* counts) {
  for_blocks(n, [&](int64_t block) {
    int64_t length;
    const uint8_t* m = block_of(mask, n, block, length);
    counts[block] = count_true(m, length);
  });
}

template <class T>
RL_INLINE void select_block(const uint8_t* mask, const T* in, int64_t n, T* out, T* out_end) {
  int64_t i = 0;
#if RL_VEC_AVX512
  if constexpr (sizeof(T) == 4 || sizeof(T) == 8) {
    constexpr int kLanesOfT = 64 / int(sizeof(T));
    using V = Vec<T>;
    for (; i + kLanesOfT <= n; i += kLanesOfT) {
      const auto bits = Mask<T>::loadu(reinterpret_cast<const bool*>(mask + i)).bits;
      const int count = __builtin_popcount(unsigned(bits));
      const __m512i x = _mm512_loadu_si512(in + i);
      V packed;
      if constexpr (sizeof(T) == 4)
        packed = V(typename V::NativeT(_mm512_maskz_compress_epi32(bits, x)));
      else
        packed = V(typename V::NativeT(_mm512_maskz_compress_epi64(bits, x)));
      // A whole store may reach into the next block's elements only while they are this block's.
      if (out + kLanesOfT <= out_end)
        packed.storeu(out);
      else
        packed.store_partial(out, count);
      out += count;
    }
  }
#endif
  while (i < n) {
    T packed[kPack];
    const int64_t stop = i + kPack < n ? i + kPack : n;
    int64_t count = 0;
    for (; i < stop; ++i) {
      packed[count] = in[i];
      count += mask[i] != 0;
    }
    __builtin_memcpy(out, packed, size_t(count) * sizeof(T));
    out += count;
  }
}

template <class T>
void select_all(const void* mask, int64_t n, const int64_t* starts, const T* in, T* out) {
  for_blocks(n, [&](int64_t block) {
    int64_t length;
    const uint8_t* m = block_of(mask, n, block, length);
    select_block(m, in + block * kMaskBlock, length, out + starts[block], out + starts[block + 1]);
  });
}

template <class T>
void scatter_all(const void* mask, int64_t n, const int64_t* starts, const T* in, T* out) {
  for_blocks(n, [&](int64_t block) {
    int64_t length;
    const uint8_t* m = block_of(mask, n, block, length);
    T* to = out + block * kMaskBlock;
    const T* next = in + starts[block];
    for (int64_t i = 0; i < length; ++i)
      if (m[i] != 0) to[i] = *next++;
  });
}

void masked_select_kernel(const void* mask, int64_t n, const int64_t* starts, const void* in,
                          void* out, int itemsize) {
  switch (itemsize) {
#define RL_SIZE(size, T) \
  case size: return select_all(mask, n, starts, static_cast<const T*>(in), static_cast<T*>(out));
    RL_FOR_SIZES(RL_SIZE)
#undef RL_SIZE
  }
}
void masked_scatter_kernel(const void* mask, int64_t n, const int64_t* starts, const void* in,
                           void* out, int itemsize) {
  switch (itemsize) {
#define RL_SIZE(size, T) \
  case size: return scatter_all(mask, n, starts, static_cast<const T*>(in), static_cast<T*>(out));
    RL_FOR_SIZES(RL_SIZE)
#undef RL_SIZE
  }
}

// Columns first, first + 1, ... where the mask is true. Writes up to kSlack elements too many.
constexpr int64_t kSlack = 8;
RL_INLINE int64_t pack_columns(const uint8_t* mask, int64_t n, int64_t first, int64_t* out) {
  int64_t count = 0, i = 0;
#if RL_VEC_AVX512
  const __m512i step = _mm512_set1_epi64(8);
  __m512i column =
      _mm512_add_epi64(_mm512_set1_epi64(first), _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
  for (; i + 8 <= n; i += 8) {
    const auto bits = Mask<int64_t>::loadu(reinterpret_cast<const bool*>(mask + i)).bits;
    _mm512_storeu_si512(out + count, _mm512_maskz_compress_epi64(bits, column));
    count += __builtin_popcount(unsigned(bits));
    column = _mm512_add_epi64(column, step);
  }
#endif
  for (; i < n; ++i) {
    out[count] = first + i;
    count += mask[i] != 0;
  }
  return count;
}

void nonzero_kernel(const void* mask, const int64_t* shape, int ndim, const int64_t* starts,
                    int64_t* out) {
  if (ndim == 0) return;
  int64_t n = 1;
  for (int d = 0; d < ndim; ++d) n *= shape[d];
  const int64_t columns = shape[ndim - 1];
  for_blocks(n, [&](int64_t block) {
    int64_t length;
    const uint8_t* m = block_of(mask, n, block, length);
    int64_t* to = out + starts[block] * ndim;
    int64_t at[kMaxDims];
    int64_t rest = block * kMaskBlock;
    for (int d = ndim - 1; d >= 0; --d) {
      at[d] = rest % shape[d];
      rest /= shape[d];
    }
    int64_t packed[kPack + kSlack];
    const int64_t* const end = out + starts[block + 1] * ndim;
    for (int64_t i = 0; i < length;) {
      int64_t piece = columns - at[ndim - 1];
      piece = piece < kPack ? piece : kPack;
      piece = piece < length - i ? piece : length - i;
      if (ndim == 1 && end - to >= piece + kSlack) {
        to += pack_columns(m + i, piece, at[0], to);
      } else {
        const int64_t count = pack_columns(m + i, piece, at[ndim - 1], packed);
        for (int64_t c = 0; c < count; ++c, to += ndim) {
          for (int d = 0; d < ndim - 1; ++d) to[d] = at[d];
          to[ndim - 1] = packed[c];
        }
      }
      i += piece;
      at[ndim - 1] += piece;
      for (int d = ndim - 1; d > 0 && at[d] == shape[d]; --d) {
        at[d] = 0;
        ++at[d - 1];
      }
    }
  });
}

template <class T>
void fill_masked(const NdPlan& plan, const void* element) {
  const T value = *static_cast<const T*>(element);
  const int64_t so = plan.strides[0][0], sm = plan.strides[0][1];
  parallel_for(0, plan.numel, kGrain, [&](int64_t b, int64_t e) {
    walk_rows(plan, b, e, [&](char* const* data, int64_t n) {
      char* out = data[0];
      const char* mask = data[1];
      int64_t i = 0;
      if constexpr (sizeof(T) <= 8) {
        // A branch for each element would be guessed wrong half of the time.
        using V = Vec<T>;
        const V filled(value);
        T* to = reinterpret_cast<T*>(out);
        if (so == sizeof(T) && sm == 1)
          for (; i + V::kSize <= n; i += V::kSize) {
            const auto m = Mask<T>::loadu(reinterpret_cast<const bool*>(mask + i));
            select(m, filled, V::loadu(to + i)).storeu(to + i);
          }
      }
      for (; i < n; ++i)
        if (mask[i * sm]) *reinterpret_cast<T*>(out + i * so) = value;
    });
  });
}

void masked_fill_kernel(const NdPlan& plan, const void* element, int itemsize) {
  switch (itemsize) {
#define RL_SIZE(size, T) \
  case size: return fill_masked<T>(plan, element);
    RL_FOR_SIZES(RL_SIZE)
#undef RL_SIZE
  }
}

}  // namespace

void register_mask(KernelSlots& slots) {
  slots.mask_count = &count_kernel;
  slots.masked_select = &masked_select_kernel;
  slots.masked_scatter = &masked_scatter_kernel;
  slots.nonzero = &nonzero_kernel;
  slots.masked_fill = &masked_fill_kernel;
}

}  // namespace rushlight::cpu::RL_ISA
