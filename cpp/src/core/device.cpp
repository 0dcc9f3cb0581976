#include "rushlight/core/device.h"

#include "rushlight/core/error.h"

namespace rushlight {

std::string Device::str() const {
  std::string text = is_cpu() ? "cpu" : "cuda";
  if (index >= 0) text += ":" + std::to_string(int(index));
  return text;
}

Device Device::parse(const std::string& text) {
  const size_t colon = text.find(':');
  const std::string type = text.substr(0, colon);
  Device device;
  if (type == "cuda")
    device.type = DeviceType::CUDA;
  else
    RL_CHECK(type == "cpu", "Expected one of cpu, cuda device type at start of device string: ", text);
  if (colon != std::string::npos) {
    const std::string digits = text.substr(colon + 1);
    RL_CHECK(!digits.empty() && digits.size() <= 2 &&
                 digits.find_first_not_of("0123456789") == std::string::npos,
             "Invalid device string: '", text, "'");
    device.index = int8_t(std::stoi(digits));
  }
  return device;
}

}  // namespace rushlight
