#include "scratch.h"

#include "rushlight/core/allocator.h"

namespace rushlight::cpu {
namespace {

struct Block {
  explicit Block(size_t n) : bytes(n), data(cpu_allocate(n)) {}
  ~Block() { cpu_free(data, bytes); }
  Block(const Block&) = delete;
  size_t bytes;
  void* data;
};

}  // namespace

void run_with_scratch(size_t bytes, void (*body)(const void* context, void* scratch),
                      const void* context) {
  const Block block(bytes);
  body(context, block.data);
}

}  // namespace rushlight::cpu
