// A test program is a main() of checks; it ends with `return rushlight_test::failures();`.
#pragma once

#include <cstdio>
#include <string>

namespace rushlight_test {

inline int& failures() {
  static int count = 0;
  return count;
}

inline void report(bool ok, const char* file, int line, const std::string& text) {
  if (ok) return;
  if (++failures() <= 20) std::fprintf(stderr, "%s:%d: failed: %s\n", file, line, text.c_str());
}

template <class E, class F>
bool throws(F&& f) {
  try {
    f();
  } catch (const E&) {
    return true;
  } catch (...) {
  }
  return false;
}

}  // namespace rushlight_test

#define CHECK(cond) ::rushlight_test::report(bool(cond), __FILE__, __LINE__, #cond)
#define CHECK_MSG(cond, text) \
  ::rushlight_test::report(bool(cond), __FILE__, __LINE__, std::string(#cond ": ") + (text))
#define CHECK_THROWS(E, ...) \
  CHECK_MSG((::rushlight_test::throws<E>([&] { __VA_ARGS__; })), "expected " #E)
