// rushlight::math: elementary functions, written once over V = float, double, and the CPU backend's
// Vec<float> and Vec<double>. Device code gets CUDA's own.
//
// exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh
// erf erfc sigmoid rsqrt pow(x, y) atan2(y, x) hypot(x, y) fmod(x, y), and the primitives of
// math/lanes.h: sqrt abs floor ceil trunc nearbyint copysign fma select ...
//
// Errors: float at most 2 ULP, double at most 4 ULP, for every input, denormals included; the
// measured maxima are printed by tools/ulp_table.py. A scalar and a vector lane give the same bits
// within one instruction set.
#pragma once

#if defined(__CUDA_ARCH__)
#include "rushlight/functors/math/device.h"
#else
#include "rushlight/functors/math/exp.h"
#include "rushlight/functors/math/log.h"
#include "rushlight/functors/math/special.h"
#include "rushlight/functors/math/trig.h"
#endif
