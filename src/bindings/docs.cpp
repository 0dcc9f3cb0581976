#include "docs.h"

#include <algorithm>

namespace rushlight::python {

std::string doc_of(const std::string& name) {
  for (std::span<const Doc> docs : {elementwise_docs(), numeric_docs(), structural_docs()}) {
    const auto found = std::ranges::lower_bound(docs, std::string_view(name), {}, &Doc::name);
    if (found != docs.end() && found->name == name) return found->text;
  }
  if (name.front() != '_' && name.back() == '_')
    return "In-place :func:`" + name.substr(0, name.size() - 1) + "`; returns the tensor itself.";
  return "";
}

}  // namespace rushlight::python
