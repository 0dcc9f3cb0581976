// What every kernel file starts from.
#pragma once

#include "for_each.h"
#include "rushlight/functors/binary.h"
#include "rushlight/functors/rules.h"
#include "rushlight/functors/unary.h"
#include "rushlight/iter/kernel_slots.h"
#include "vec.h"

namespace rushlight::cpu::RL_ISA {
namespace {

using namespace rushlight::rules;

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
