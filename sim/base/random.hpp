// Random numbers keyed by what they decide (D11): a stream for each (seed, purpose, submission,
// ...), so that adding a job, a policy or a draw moves no other draw, and two policies meet the
// same luck. A stream is SplitMix64 (Steele, Lea, Flood 2014) started from a hash of its key: any
// program can compute it, and Boost.Random's distributions, unlike <random>'s, make the same of it
// everywhere.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>

namespace rehearse {

/// A uniform random bit generator of 64 bits; models what Boost.Random asks of an engine.
class RandomStream {
 public:
  using result_type = std::uint64_t;

  /// Equal keys give equal streams; keys that differ in any part or length, unrelated ones.
  explicit RandomStream(std::initializer_list<std::uint64_t> key) {
    for (const std::uint64_t part : key) state_ = mix((state_ ^ part) + kKey);
  }

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() { return mix(state_ += kGamma); }

  /// Uniform in [0, 1), of 53 bits.
  double uniform() { return static_cast<double>((*this)() >> 11U) * 0x1.0p-53; }

 private:
  static constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15;  // of the steps
  static constexpr std::uint64_t kKey = 0xd1342543de82ef95;    // of the key's parts: any other
  static constexpr std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111eb;
    return value ^ (value >> 31U);
  }

  std::uint64_t state_ = 0;
};

}  // namespace rehearse
