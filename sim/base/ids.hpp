// Ids are scoped enums, and a table is a vector that only its own id can index (D6): mixing up a
// node and a job does not compile. An id costs four bytes and nothing at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace rehearse {

enum class NodeId : std::uint32_t {};  // position in the natural order of names: n2 < n10
enum class GresId : std::uint32_t {};  // a kind of generic resource: (gpu, a40)
enum class PartitionId : std::uint32_t {};
enum class QosId : std::uint32_t {};
enum class AssocId : std::uint32_t {};       // an account, or a user of an account
enum class UserId : std::uint32_t {};        // a user, whatever the account
enum class NameId : std::uint32_t {};        // an interned text of a trace
enum class AskedId : std::uint32_t {};       // a distinct shape of request, as written
enum class RequestId : std::uint32_t {};     // the same, resolved for a partition
enum class SubmissionId : std::uint32_t {};  // a row of the trace
enum class JobId : std::uint32_t {};         // order of creation
enum class AttemptId : std::uint32_t {};     // order of creation; a requeued job has several

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
  void resize(std::size_t count, const T& item = T()) { items_.resize(count, item); }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  T& back() { return items_.back(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  bool operator==(const IdVector&) const = default;

 private:
  std::vector<T> items_;
};

}  // namespace rehearse
