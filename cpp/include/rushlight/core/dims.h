// A short list of sizes or strides, kept inline up to six entries.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <ostream>

#include "rushlight/core/error.h"

namespace rushlight {

inline constexpr int kMaxDims = 64;

class Dims {
 public:
  static constexpr int kInline = 6;

  RL_INLINE Dims() : size_(0) {}
  RL_INLINE explicit Dims(int n) : size_(n) {
    if (RL_UNLIKELY(n > kInline)) heap_ = allocate(n);
  }
  Dims(int n, int64_t value) : Dims(n) {
    for (int i = 0; i < n; ++i) data()[i] = value;
  }
  Dims(std::initializer_list<int64_t> values) : Dims(int(values.size())) {
    int i = 0;
    for (int64_t v : values) data()[i++] = v;
  }
  Dims(const int64_t* values, int n) : Dims(n) { copy_from(values); }
  RL_INLINE Dims(const Dims& other) : Dims(int(other.size_)) { copy_from(other.data()); }
  RL_INLINE Dims(Dims&& other) noexcept : size_(other.size_) {
    if (RL_UNLIKELY(size_ > kInline)) {
      heap_ = other.heap_;
      other.size_ = 0;
    } else {
      copy_from(other.inline_);
    }
  }
  RL_INLINE Dims& operator=(const Dims& other) {
    if (this != &other) {
      resize(other.size());
      copy_from(other.data());
    }
    return *this;
  }
  Dims& operator=(Dims&& other) noexcept {
    if (this != &other) {
      this->~Dims();
      new (this) Dims(static_cast<Dims&&>(other));
    }
    return *this;
  }
  RL_INLINE ~Dims() {
    if (RL_UNLIKELY(size_ > kInline)) delete[] heap_;
  }

  RL_INLINE int size() const { return size_; }
  RL_INLINE bool empty() const { return size_ == 0; }
  RL_INLINE int64_t* data() { return RL_LIKELY(size_ <= kInline) ? inline_ : heap_; }
  RL_INLINE const int64_t* data() const { return RL_LIKELY(size_ <= kInline) ? inline_ : heap_; }
  RL_INLINE int64_t& operator[](int i) { return data()[i]; }
  RL_INLINE int64_t operator[](int i) const { return data()[i]; }
  RL_INLINE const int64_t* begin() const { return data(); }
  RL_INLINE const int64_t* end() const { return data() + size_; }
  RL_INLINE int64_t* begin() { return data(); }
  RL_INLINE int64_t* end() { return data() + size_; }
  RL_INLINE int64_t back() const { return data()[size_ - 1]; }

  // Keeps no contents.
  RL_INLINE void resize(int n) {
    if (n == size_) return;
    if (RL_LIKELY(n <= kInline && size_ <= kInline)) {
      size_ = n;
      return;
    }
    this->~Dims();
    size_ = n;
    if (RL_UNLIKELY(n > kInline)) heap_ = allocate(n);
  }
  void push_back(int64_t v) { insert(size_, v); }
  void insert(int at, int64_t v) {
    Dims next(size_ + 1);
    for (int i = 0; i < at; ++i) next[i] = (*this)[i];
    next[at] = v;
    for (int i = at; i < size_; ++i) next[i + 1] = (*this)[i];
    *this = static_cast<Dims&&>(next);
  }
  void erase(int at) {
    Dims next(size_ - 1);
    for (int i = 0; i < at; ++i) next[i] = (*this)[i];
    for (int i = at + 1; i < size_; ++i) next[i - 1] = (*this)[i];
    *this = static_cast<Dims&&>(next);
  }

  RL_INLINE bool operator==(const Dims& b) const {
    if (size_ != b.size_) return false;
    const int64_t *x = data(), *y = b.data();
    for (int i = 0; i < size_; ++i)
      if (x[i] != y[i]) return false;
    return true;
  }
  RL_INLINE bool operator!=(const Dims& b) const { return !(*this == b); }

 private:
  static int64_t* allocate(int n) {
    RL_CHECK(n <= kMaxDims, "tensors have at most ", kMaxDims, " dimensions, got ", n);
    return new int64_t[size_t(n)];
  }
  RL_INLINE void copy_from(const int64_t* values) {
    int64_t* to = data();
    for (int i = 0; i < size_; ++i) to[i] = values[i];
  }

  int size_;
  union {
    int64_t inline_[kInline];
    int64_t* heap_;
  };
};

inline std::ostream& operator<<(std::ostream& out, const Dims& dims) {
  out << '[';
  for (int i = 0; i < dims.size(); ++i) out << (i ? ", " : "") << dims[i];
  return out << ']';
}

// a * b and a + b; raise Error when the result does not fit in 64 bits.
RL_INLINE int64_t checked_mul(int64_t a, int64_t b) {
  int64_t result;
  RL_CHECK(!__builtin_mul_overflow(a, b, &result), "size overflow: ", a, " * ", b);
  return result;
}
RL_INLINE int64_t checked_add(int64_t a, int64_t b) {
  int64_t result;
  RL_CHECK(!__builtin_add_overflow(a, b, &result), "size overflow: ", a, " + ", b);
  return result;
}

// Python's negative dims: dim in [-ndim, ndim) to [0, ndim); a 0-d tensor accepts -1 and 0.
RL_INLINE int wrap_dim(const char* op, int64_t dim, int ndim) {
  const int n = ndim > 0 ? ndim : 1;
  RL_CHECK_INDEX(dim >= -n && dim < n, op, "(): Dimension out of range (expected to be in range of [",
                 -n, ", ", n - 1, "], but got ", dim, ")");
  return int(dim < 0 ? dim + n : dim);
}

}  // namespace rushlight
