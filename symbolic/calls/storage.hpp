/// Where a shared variable keeps its value: who may read, replace and update it when.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "leapgraph/symbolic/array.hpp"
#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// A lock for what takes a few instructions.
class SpinLock {
 public:
  void lock() {
    while (taken_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  }
  void unlock() { taken_.clear(std::memory_order_release); }

 private:
  std::atomic_flag taken_ = ATOMIC_FLAG_INIT;
};

/// Memory for a tensor of `bytes`, not set to anything.
std::shared_ptr<std::byte> uninitialized(std::int64_t bytes);

/// The same elements in memory of its own.
Array copy_of(const Array& array);

/// A value and the memory of the one before it. Values are immutable while somebody else holds them: a new one is
/// written beside the current one, and takes its place in one step. Two locks, taken in this order: the turn, which a
/// call that updates the variable holds from the time when it reads the old value until it has replaced it, and the
/// spin lock, without which `current` is neither read nor replaced by others.
class SharedStorage {
 public:
  using Value = std::shared_ptr<Array>;

  SharedStorage(Array value, std::string name);

  const std::string& name() const { return name_; }
  DType dtype() const { return dtype_; }
  std::int64_t rank() const { return rank_; }

  /// The value as it is; nobody writes into it while it is held.
  Value snapshot() const;
  Array copy() const { return copy_of(*snapshot()); }
  /// Throws UpdateError where this thread has its turn.
  void set(Array value);

  /// Waits for the turn. Throws UpdateError where this thread has it already.
  void begin_turn();
  void end_turn();
  /// In a turn: the old value, and room for the new one of that shape.
  const Array& current() const { return *current_; }
  Array& next(const Shape& shape);
  /// In a turn: makes `value` what `commit` puts in place.
  void set_next(Array value);
  /// In a turn, under `lock`: `next` becomes the value.
  void commit() noexcept { current_.swap(next_); }
  SpinLock& lock() const { return lock_; }
  /// Under `lock`.
  const Value& value() const { return current_; }

  /// The default update, in which a placeholder stands for the variable: a variable does not own itself.
  void set_default_update(const Expr& variable, const Expr& update);
  Expr default_update(const Expr& variable) const;

 private:
  const std::string name_;
  const DType dtype_;
  const std::int64_t rank_;
  std::mutex turn_;
  std::atomic<std::thread::id> holder_{};
  mutable SpinLock lock_;
  Value current_, next_;
  mutable std::mutex update_mutex_;
  Expr placeholder_, update_;
};

/// The storage of a shared variable; null for other expressions.
SharedStorage* storage_of(const Expr& e);

/// Throws UpdateError unless `value` can become the value of `variable`, a shared variable: its element type and rank,
/// and lengths that may be equal. A plain number takes the type of the variable: the result.
Expr as_update_of(const Expr& variable, const Operand& value);

}  // namespace leapgraph::symbolic
