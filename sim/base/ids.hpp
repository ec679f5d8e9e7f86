// Ids are scoped enums, and a table is a vector that only its own id can index (D6): mixing up a
// node and a job does not compile. An id costs four bytes and nothing at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace rehearse {

enum class NodeId : std::uint32_t {};
enum class SubmissionId : std::uint32_t {};
enum class JobId : std::uint32_t {};
enum class NameId : std::uint32_t {};  // an interned text of a trace: user, account, queue

/// The position that `id` stands for.
template <class Id>
constexpr std::size_t index(Id id) {
  return static_cast<std::size_t>(id);
}

/// "No such thing" of an id's kind.
template <class Id>
inline constexpr Id kNone = static_cast<Id>(std::numeric_limits<std::uint32_t>::max());

/// A vector that only `Id` can index. Bounds are the caller's duty, as with std::vector.
template <class Id, class T>
class IdVector {
 public:
  T& operator[](Id id) { return items_[index(id)]; }
  const T& operator[](Id id) const { return items_[index(id)]; }
  Id push_back(T item) {
    items_.push_back(std::move(item));
    return static_cast<Id>(items_.size() - 1);
  }
  void reserve(std::size_t count) { items_.reserve(count); }
  std::size_t size() const { return items_.size(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

 private:
  std::vector<T> items_;
};

}  // namespace rehearse
