// A set of nodes as a bitset over NodeId: partitions, reservations, the nodes a job may use.
// All sets of one cluster have the same size; operators require it. Iteration is in NodeId order.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/base/ids.hpp"
#include "sim/base/words.hpp"

namespace rehearse {

class NodeSet {
 public:
  NodeSet() = default;
  /// The empty set over `nodes` nodes.
  explicit NodeSet(std::size_t nodes) : nodes_(nodes), words_((nodes + 63) / 64, 0) {}
  static NodeSet all(std::size_t nodes) {
    NodeSet set(nodes);
    for (std::uint64_t& word : set.words_) word = ~std::uint64_t{0};
    if (nodes % 64 != 0) set.words_.back() = (std::uint64_t{1} << (nodes % 64)) - 1;
    return set;
  }

  std::size_t universe() const { return nodes_; }
  bool contains(NodeId node) const { return (words_[index(node) / 64] >> (index(node) % 64)) & 1U; }
  void insert(NodeId node) { words_[index(node) / 64] |= std::uint64_t{1} << (index(node) % 64); }
  void erase(NodeId node) { words_[index(node) / 64] &= ~(std::uint64_t{1} << (index(node) % 64)); }

  std::size_t count() const {
    std::size_t result = 0;
    for (const std::uint64_t word : words_) result += static_cast<std::size_t>(std::popcount(word));
    return result;
  }
  bool empty() const {
    for (const std::uint64_t word : words_) {
      if (word != 0) return false;
    }
    return true;
  }
  bool intersects(const NodeSet& other) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if ((words_[i] & other.words_[i]) != 0) return true;
    }
    return false;
  }
  /// Whether it has a member that `less` has not and `within` has.
  bool exceeds(const NodeSet& less, const NodeSet& within) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if ((words_[i] & ~less.words_[i] & within.words_[i]) != 0) return true;
    }
    return false;
  }
  bool is_within(const NodeSet& other) const { return !exceeds(other, *this); }
  NodeSet& operator&=(const NodeSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
    return *this;
  }
  NodeSet& operator|=(const NodeSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  NodeSet& operator-=(const NodeSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
    return *this;
  }
  bool operator==(const NodeSet&) const = default;

  /// Calls visit(NodeId) for each member in order; stops early when it returns false.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        if (!visit(static_cast<NodeId>(i * 64 + static_cast<std::size_t>(std::countr_zero(word)))))
          return;
      }
    }
  }
  /// 64 members at a time, for loops that combine sets; word i holds nodes 64 i to 64 i + 63.
  std::span<const std::uint64_t> words() const { return {words_.data(), words_.size()}; }

 private:
  std::size_t nodes_ = 0;
  Words<4> words_;
};

}  // namespace rehearse
