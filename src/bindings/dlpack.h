// The structures of DLPack 1.x (github.com/dmlc/dlpack): how libraries hand each other tensors.
#pragma once

#include <cstdint>

namespace rushlight::python::dlpack {

inline constexpr uint32_t kMajor = 1, kMinor = 0;
inline constexpr uint64_t kReadOnly = 1, kCopied = 2;
inline constexpr int32_t kCpu = 1, kCuda = 2, kCudaHost = 3;

enum Code : uint8_t { kInt = 0, kUInt = 1, kFloat = 2, kBfloat = 4, kComplex = 5, kBool = 6 };

struct Device {
  int32_t type;
  int32_t id;
};
struct DataType {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
};
struct Array {
  void* data;
  Device device;
  int32_t ndim;
  DataType dtype;
  int64_t* shape;
  int64_t* strides;  // in elements; null when row-major
  uint64_t byte_offset;
};
// In a capsule named "dltensor".
struct Managed {
  Array array;
  void* context;
  void (*deleter)(Managed* self);
};
struct Version {
  uint32_t major;
  uint32_t minor;
};
// In a capsule named "dltensor_versioned".
struct ManagedVersioned {
  Version version;
  void* context;
  void (*deleter)(ManagedVersioned* self);
  uint64_t flags;
  Array array;
};

}  // namespace rushlight::python::dlpack
