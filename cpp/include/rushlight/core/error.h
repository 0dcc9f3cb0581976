// Exception classes and checks. The only file that throws.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

#include "rushlight/core/macros.h"

namespace rushlight {

// Mapped to Python in src/bindings/errors.h: Error -> RuntimeError, the others to their namesakes,
// OutOfMemoryError -> MemoryError.
class RL_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
class RL_API IndexError : public Error {
 public:
  using Error::Error;
};
class RL_API ValueError : public Error {
 public:
  using Error::Error;
};
class RL_API TypeError : public Error {
 public:
  using Error::Error;
};
class RL_API NotImplementedError : public Error {
 public:
  using Error::Error;
};
class RL_API OutOfMemoryError : public Error {
 public:
  using Error::Error;
};

template <class E, class... Args>
[[noreturn, gnu::cold, gnu::noinline]] void raise(const Args&... args) {
  std::ostringstream text;
  (text << ... << args);
  throw E(text.str());
}

#define RL_CHECK_AS(E, cond, ...)                                         \
  do {                                                                    \
    if (RL_UNLIKELY(!(cond))) ::rushlight::raise<::rushlight::E>(__VA_ARGS__); \
  } while (0)
#define RL_CHECK(cond, ...) RL_CHECK_AS(Error, cond, __VA_ARGS__)
#define RL_CHECK_INDEX(cond, ...) RL_CHECK_AS(IndexError, cond, __VA_ARGS__)
#define RL_CHECK_VALUE(cond, ...) RL_CHECK_AS(ValueError, cond, __VA_ARGS__)
#define RL_CHECK_TYPE(cond, ...) RL_CHECK_AS(TypeError, cond, __VA_ARGS__)
#define RL_CHECK_IMPLEMENTED(cond, ...) RL_CHECK_AS(NotImplementedError, cond, __VA_ARGS__)

}  // namespace rushlight
