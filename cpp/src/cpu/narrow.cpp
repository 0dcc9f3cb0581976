#include "narrow.h"

namespace rushlight::cpu {

// Note [Narrow rows]
// A loop over three columns of a table costs its call and its start for three elements each time:
// 6 ns an element. Where rows are short, operands whose rows do not follow each other in memory are
// copied to a buffer, some hundred elements at a time, and the loop runs over the whole buffer. The
// copy has no short loops either: rows that are dense go by overlapping pieces, of others element i
// of all rows is moved before element i + 1. An operand that is the same for all rows is copied
// once.

namespace {

template <class T>
void move_elements(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t n) {
  constexpr int64_t kItem = sizeof(T);
  const auto run = [&](int64_t to_step, int64_t from_step) __attribute__((always_inline)) {
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<T*>(to + i * to_step) = *reinterpret_cast<const T*>(from + i * from_step);
  };
  if (to_step == kItem)
    run(kItem, from_step);
  else if (from_step == kItem)
    run(to_step, kItem);
  else
    run(to_step, from_step);
}

// Rows are put together of pieces of 8 or 16 bytes, the last one over the end of the one before.
template <class Piece>
Piece piece_at(const char* in) {
  Piece piece;
  __builtin_memcpy(&piece, in, sizeof(Piece));
  return piece;
}
template <class Piece>
void put(char* out, const Piece& piece) {
  __builtin_memcpy(out, &piece, sizeof(Piece));
}

struct CopiedRow {
  const char* in;
  const char* at(int64_t offset) const { return in + offset; }
};
// One element again and again: pieces start at multiples of it.
struct FilledRow {
  char elements[16];
  const char* at(int64_t) const { return elements; }
};

// Rows of one or two pieces; row_at(r) is what row r is made of.
template <class Piece, class Source>
void write_pairs(const Block& to, int64_t bytes, int64_t rows, const Source& row_at) {
  const int64_t end = bytes - int64_t(sizeof(Piece));
  char* out = to.data;
  for (int64_t r = 0; r < rows; ++r, out += to.row) {
    const auto row = row_at(r);
    const auto first = piece_at<Piece>(row.at(0)), last = piece_at<Piece>(row.at(end));
    put(out, first);
    put(out + end, last);
  }
}

// Rows of at least 8 bytes.
template <class Source>
void write_rows(const Block& to, int64_t bytes, int64_t rows, const Source& row_at) {
  if (bytes < 16) return write_pairs<uint64_t>(to, bytes, rows, row_at);
  if (bytes <= 32) return write_pairs<Bits128>(to, bytes, rows, row_at);
  char* out = to.data;
  for (int64_t r = 0; r < rows; ++r, out += to.row) {
    const auto row = row_at(r);
    const auto last = piece_at<Bits128>(row.at(bytes - 16));
    for (int64_t at = 0; at + 16 < bytes; at += 16) put(out + at, piece_at<Bits128>(row.at(at)));
    put(out + bytes - 16, last);
  }
}

template <class T>
void move_block(const Block& to, const Block& from, int64_t n, int64_t rows) {
  constexpr int64_t kItem = sizeof(T);
  const int64_t bytes = n * kItem;
  if (to.step == kItem && from.step == kItem && bytes >= 8) {
    write_rows(to, bytes, rows, [&](int64_t r) { return CopiedRow{from.data + r * from.row}; });
  } else if (to.step == kItem && from.step == 0 && bytes >= 8) {
    write_rows(to, bytes, rows, [&](int64_t r) {
      const T element = *reinterpret_cast<const T*>(from.data + r * from.row);
      FilledRow row;
      for (int64_t at = 0; at < 16; at += kItem) put(row.elements + at, element);
      return row;
    });
  } else if (n <= rows) {
    for (int64_t i = 0; i < n; ++i)
      move_elements<T>(to.data + i * to.step, to.row, from.data + i * from.step, from.row, rows);
  } else {
    for (int64_t r = 0; r < rows; ++r)
      move_elements<T>(to.data + r * to.row, to.step, from.data + r * from.row, from.step, n);
  }
}

}  // namespace

void move_block(int item, const Block& to, const Block& from, int64_t n, int64_t rows) {
  switch (item) {
#define RL_SIZE(size, T) \
  case size: return move_block<T>(to, from, n, rows);
    RL_FOR_SIZES(RL_SIZE)
#undef RL_SIZE
  }
}

void move_narrow(const NdPlan& plan, int item) {
  NdPlan rows;
  drop_inner(plan, rows);
  const int64_t n = plan.shape[0];
  parallel_for(0, rows.numel, kGrain / n, [&](int64_t b, int64_t e) {
    walk_rows(rows, b, e, [&](char* const* data, int64_t count) {
      move_block(item, {data[0], plan.strides[0][0], rows.strides[0][0]},
                 {data[1], plan.strides[0][1], rows.strides[0][1]}, n, count);
    });
  });
}

}  // namespace rushlight::cpu
