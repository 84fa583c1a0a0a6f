/// Shared variables: tensors that functions read without being given them, and that functions and users set.
#pragma once

#include <string>

#include "leapgraph/symbolic/arguments.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/results.hpp"

namespace leapgraph::symbolic {

/// A variable with a value of its own; a handle, copies share the value: a const handle sets it, too. It is used in
/// expressions as any other variable: its element type and rank are fixed, its lengths are known when a function is
/// called. Any number of threads may read and set it while functions run: they see it as it was before or after a call.
class SharedVariable : public Expr {
 public:
  SharedVariable(const SharedVariable&) = default;  // and so is moving: a handle always has its variable
  SharedVariable& operator=(const SharedVariable&) = default;

  const Expr& variable() const { return *this; }
  std::string name() const { return name_of(*this); }

  /// A copy of the value.
  Result get_value() const;
  /// Takes a copy. Throws DTypeError for numbers that the element type cannot hold and arrays of another one,
  /// ShapeError for another rank; UpdateError inside a call that updates the variable on this thread. Waits for such
  /// calls on other threads.
  void set_value(const Argument& value) const;

  /// The new value that every function which reads the variable gives it, if it does not say otherwise. Throws
  /// UpdateError for an expression of another type. An absent expression: none.
  void set_default_update(const Operand& update) const;
  /// Absent where there is none.
  Expr default_update() const;

 private:
  friend SharedVariable shared(const Argument& value, std::string name, Where place);
  friend SharedVariable shared_variable(const Expr& e);
  explicit SharedVariable(Expr e) : Expr(std::move(e)) {}
};

/// A shared variable of the value's type: numbers and lists without a real number are int64, others float64.
SharedVariable shared(const Argument& value, std::string name = "", Where place = Where::current());

bool is_shared(const Expr& e);
/// The variable that `e` is. Throws GraphError when it is no shared variable.
SharedVariable shared_variable(const Expr& e);

}  // namespace leapgraph::symbolic
