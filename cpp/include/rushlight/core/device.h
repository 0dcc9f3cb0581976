// Where a tensor's bytes live.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "rushlight/core/macros.h"

namespace rushlight {

enum class DeviceType : uint8_t { CPU, CUDA };

struct Device {
  DeviceType type = DeviceType::CPU;
  int8_t index = -1;  // -1: the current device of that type

  RL_INLINE bool is_cpu() const { return type == DeviceType::CPU; }
  RL_INLINE bool operator==(const Device& b) const { return type == b.type && index == b.index; }
  RL_INLINE bool operator!=(const Device& b) const { return !(*this == b); }
  RL_API std::string str() const;
  // "cpu", "cuda", "cuda:1"; raises Error for anything else.
  RL_API static Device parse(const std::string& text);
};

inline std::ostream& operator<<(std::ostream& out, const Device& d) { return out << d.str(); }

}  // namespace rushlight
