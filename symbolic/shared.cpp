/// Shared variables: inputs with a storage among their attributes.
#include "leapgraph/symbolic/shared.hpp"

#include <fmt/format.h>

#include <atomic>

#include "leapgraph/symbolic/calls/storage.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"

namespace leapgraph::symbolic {

namespace {

SharedStorage& storage_behind(const Expr& variable) {
  if (SharedStorage* storage = storage_of(variable)) return *storage;
  throw GraphError("a shared variable is an empty expression: it was moved from");
}

}  // namespace

SharedVariable shared(const Argument& value, std::string name, Where place) {
  Array array = copy_of(value.array());
  Type type{array.dtype(), Shape(array.shape().size(), unknown)};
  auto storage = std::make_shared<SharedStorage>(std::move(array), name);
  static std::atomic<std::int64_t> next{0};
  return SharedVariable(make(input_op, {},
                             {{"type", std::move(type)},
                              {"name", std::move(name)},
                              {"id", next.fetch_add(1)},
                              {"storage", std::move(storage)}},
                             place));
}

bool is_shared(const Expr& e) { return storage_of(e) != nullptr; }

SharedVariable shared_variable(const Expr& e) {
  if (!is_shared(e)) throw GraphError(fmt::format("'{}' is no shared variable", e ? name_of(e) : ""));
  return SharedVariable(e);
}

Result SharedVariable::get_value() const { return storage_behind(*this).copy(); }

void SharedVariable::set_value(const Argument& value) const {
  SharedStorage& storage = storage_behind(*this);
  Array array;
  try {
    array = converted(value, storage.dtype());
  } catch (const GraphError& error) {
    error.rethrow(fmt::format("the value of '{}': {}", storage.name(), error.what()));
  }
  if (array.type().rank() != storage.rank())
    throw ShapeError(fmt::format("the value of '{}' must be {}, got {}", storage.name(), to_string(type()),
                                 to_string(array.type())));
  storage.set(copy_of(array));
}

void SharedVariable::set_default_update(const Operand& update) const {
  storage_behind(*this).set_default_update(*this, update.expr() ? as_update_of(*this, update) : Expr());
}

Expr SharedVariable::default_update() const { return storage_behind(*this).default_update(*this); }

}  // namespace leapgraph::symbolic
