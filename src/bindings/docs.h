// The docstrings of compiled functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rushlight::python {

struct Doc {
  std::string_view name;
  const char* text;
};
// Sorted by name.
std::span<const Doc> elementwise_docs();
std::span<const Doc> numeric_docs();
std::span<const Doc> structural_docs();

// The text of a table; an in-place form that has none of its own refers to its function.
std::string doc_of(const std::string& name);

template <size_t kSize>
constexpr bool sorted_by_name(const Doc (&docs)[kSize]) {
  for (size_t i = 1; i < kSize; ++i)
    if (docs[i].name <= docs[i - 1].name) return false;
  return true;
}

}  // namespace rushlight::python
