/// Values of shared variables, double-buffered.
#include "leapgraph/symbolic/calls/storage.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "leapgraph/symbolic/arguments.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"

namespace leapgraph::symbolic {

std::shared_ptr<std::byte> uninitialized(std::int64_t bytes) {
  const std::size_t rounded = (static_cast<std::size_t>(bytes) + 63) / 64 * 64 + 64;  // as Array has it
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(64, rounded));
  if (memory == nullptr) throw std::bad_alloc();
  return {memory, [](std::byte* p) { std::free(p); }};
}

Array copy_of(const Array& array) {
  Array copy(array.type(), uninitialized(array.bytes()));
  std::memcpy(copy.raw(), array.raw(), static_cast<std::size_t>(array.bytes()));
  return copy;
}

SharedStorage::SharedStorage(Array value, std::string name)
    : name_(std::move(name)),
      dtype_(value.dtype()),
      rank_(value.type().rank()),
      current_(std::make_shared<Array>(std::move(value))) {}

SharedStorage::Value SharedStorage::snapshot() const {
  const std::lock_guard guard(lock_);
  return current_;
}

void SharedStorage::set(Array value) {
  begin_turn();
  try {
    set_next(std::move(value));
  } catch (...) {
    end_turn();
    throw;
  }
  {
    const std::lock_guard guard(lock_);
    commit();
  }
  end_turn();
}

void SharedStorage::begin_turn() {
  const std::thread::id self = std::this_thread::get_id();
  if (holder_.load(std::memory_order_relaxed) == self)
    throw UpdateError(fmt::format("'{}' cannot be set while a call that updates it runs on this thread", name_));
  turn_.lock();
  holder_.store(self, std::memory_order_relaxed);
}

void SharedStorage::end_turn() {
  holder_.store({}, std::memory_order_relaxed);
  turn_.unlock();
}

Array& SharedStorage::next(const Shape& shape) {
  // Others let go of what they held without a lock of ours: what they read is read before it is written.
  const bool is_free = next_ != nullptr && next_.use_count() == 1 && next_->is_only_holder() && next_->shape() == shape;
  if (is_free) {
    std::atomic_thread_fence(std::memory_order_acquire);
  } else {
    Type type{dtype_, shape};
    const std::int64_t bytes = element_count(shape) * info(dtype_).bytes;
    next_ = std::make_shared<Array>(std::move(type), uninitialized(bytes));
  }
  return *next_;
}

void SharedStorage::set_next(Array value) { next_ = std::make_shared<Array>(std::move(value)); }

void SharedStorage::set_default_update(const Expr& variable, const Expr& update) {
  const std::lock_guard guard(update_mutex_);
  if (!update) {
    update_ = {};
    return;
  }
  if (!placeholder_) placeholder_ = input(variable.type(), name_);
  update_ = substitute(std::span(&update, 1), {{variable, placeholder_}})[0];
}

Expr SharedStorage::default_update(const Expr& variable) const {
  const std::lock_guard guard(update_mutex_);
  if (!update_) return {};
  return substitute(std::span(&update_, 1), {{placeholder_, variable}})[0];
}

SharedStorage* storage_of(const Expr& e) {
  if (!e || &e.op() != &input_op) return nullptr;
  const Attribute* found = e.node().attributes().find("storage");
  return found == nullptr ? nullptr : std::get<std::shared_ptr<SharedStorage>>(*found).get();
}

Expr as_update_of(const Expr& variable, const Operand& value) {
  const Expr update = value.is_weak() && variable.dtype() != value.expr().dtype() && value.expr().rank() == 0
                          ? [&] {
                              const Array number = *constant_value(value.expr());
                              return constant(converted(Argument(number.real()), variable.dtype()));
                            }()
                          : value.expr();
  const Type &wanted = variable.type(), &got = update.type();
  const auto refuse = [&](const std::string& advice) {
    throw UpdateError(fmt::format("the update of '{}', which is {}, must have its type, got {} (made at {}:{}){}",
                                  name_of(variable), to_string(wanted), to_string(got),
                                  update.node().place().file_name(), update.node().place().line(), advice));
  };
  if (wanted.dtype != got.dtype) refuse(fmt::format("; cast(..., DType::{}) converts it", info(wanted.dtype).name));
  if (wanted.rank() != got.rank()) refuse("");
  for (std::size_t axis = 0; axis < wanted.shape.size(); ++axis)
    if (wanted.shape[axis] != unknown && got.shape[axis] != unknown && wanted.shape[axis] != got.shape[axis])
      refuse("");
  return update;
}

}  // namespace leapgraph::symbolic
