// The Mersenne Twister engine MT19937.
#pragma once

#include <cstdint>

#include "rushlight/core/macros.h"

namespace rushlight {

// M. Matsumoto, T. Nishimura, "Mersenne Twister: A 623-dimensionally equidistributed uniform
// pseudorandom number generator", ACM TOMACS 8(1), 1998; the seeding is their revision of 2002.
// The fields are those of a saved PyTorch state, so that states can be exchanged.
class RL_API Mt19937 {
 public:
  static constexpr int kSize = 624;

  struct State {
    uint64_t seed;
    // words[next], ..., words[next + left - 2] are still to be drawn; left == 1 asks for a block.
    int32_t left;
    uint32_t next;
    uint32_t words[kSize];
  };

  // Only the low 32 bits of the seed reach the state, as in PyTorch.
  explicit Mt19937(uint64_t seed);

  const State& state() const { return state_; }
  // False, and nothing changes, if the counters would let the engine read past its words.
  bool set_state(const State& state);

  // The next 32 random bits.
  uint32_t operator()() {
    uint32_t word;
    fill(&word, 1);
    return word;
  }

  // The next two words as one number, the first one on top.
  uint64_t next64() {
    uint32_t words[2];
    fill(words, 2);
    return uint64_t(words[0]) << 32 | words[1];
  }

  // The next n words of the stream.
  void fill(uint32_t* out, int64_t n);

 private:
  State state_;
};

}  // namespace rushlight
