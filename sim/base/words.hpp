// A row of 64-bit words, such as a bitset's. Up to `kFew` of them lie in the object itself: sets of
// nodes and cores come and go by the million, and an allocation for each is what that costs most.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rehearse {

template <std::size_t kFew>
class Words {
 public:
  Words() = default;
  explicit Words(std::size_t size, std::uint64_t value = 0) : size_(size) {
    if (size > kFew) {
      many_.assign(size, value);
    } else {
      for (std::size_t i = 0; i < size; ++i) few_[i] = value;
    }
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::uint64_t* data() { return size_ > kFew ? many_.data() : few_.data(); }
  const std::uint64_t* data() const { return size_ > kFew ? many_.data() : few_.data(); }
  std::uint64_t& operator[](std::size_t i) { return data()[i]; }
  std::uint64_t operator[](std::size_t i) const { return data()[i]; }
  std::uint64_t* begin() { return data(); }
  std::uint64_t* end() { return data() + size_; }
  const std::uint64_t* begin() const { return data(); }
  const std::uint64_t* end() const { return data() + size_; }
  std::uint64_t& back() { return data()[size_ - 1]; }
  bool operator==(const Words&) const = default;

 private:
  std::size_t size_ = 0;
  std::array<std::uint64_t, kFew> few_{};  ///< zero where it is not used
  std::vector<std::uint64_t> many_;        ///< empty where they are few
};

}  // namespace rehearse
