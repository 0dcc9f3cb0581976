// Numbers that belong to a whole reduction rather than to an element.
#pragma once

namespace rushlight {

struct ReduceHow {
  double count = 1;       // elements per result
  double divisor = 1;     // sum: what the total is divided by (mean)
  double correction = 1;  // variance: taken from count in the divisor
  bool root = false;      // variance: the square root of it
};

}  // namespace rushlight
