// Draws: numbers at random, and where their sequence stands.
#pragma once

#include <algorithm>
#include <cstdint>

namespace mixtura {

// Numbers from [0, 1); Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators".
class Draws {
  public:
    explicit Draws(std::int64_t seed) : state_(static_cast<std::uint64_t>(seed)) {}

    double operator()() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
    }
    // One of n.
    std::int64_t of(std::int64_t n) {
        return std::min(static_cast<std::int64_t>((*this)() * static_cast<double>(n)), n - 1);
    }
    // The seed from which the numbers to come would come.
    std::int64_t state() const { return static_cast<std::int64_t>(state_); }

  private:
    std::uint64_t state_;
};

}  // namespace mixtura
