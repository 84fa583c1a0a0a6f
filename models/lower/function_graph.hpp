/// A function of the program as a graph for solvers: whose arguments are solved for, differentiated by, or data.
#pragma once

#include <string>
#include <vector>

#include "leapgraph/models/lower/evaluator.hpp"

namespace leapgraph::models::lower {

/// The arguments of a function that a solver calls, in their order, and the expressions that those which are not the
/// solver's own stand for in the model.
class Evaluator::FunctionPieces {
 public:
  explicit FunctionPieces(Evaluator& evaluator) : evaluator_(evaluator) {}

  /// A number or vector that the solver chooses; it has no derivative by it.
  void add_point(const StanType& type) { pieces_.push_back({.role = Role::point, .type = type}); }
  /// What is solved for, `length` numbers.
  void add_state(const StanType& type, std::int64_t length) {
    pieces_.push_back({.role = Role::state, .type = type, .shape = {length}});
  }
  /// An argument of the call: a parameter of the problem when it is a variable, else data; integers are known.
  void add_argument(const StanType& type, const Value& value, bool variable);

  /// All parameters, all data as one vector each: what the solver gets from the model.
  const symbolic::Exprs& parameters() const { return parameters_; }
  const symbolic::Exprs& data() const { return data_; }
  /// More of the same for the solver, behind those of the function.
  void add_parameter(const Value& value) { parameters_.push_back(expression_from(value)); }
  void add_data(const Value& value) { data_.push_back(expression_from(value)); }

  /// The function over placeholders, made once for all calls with such arguments. Its value as one vector.
  std::shared_ptr<const solvers::ProgramFunction> function(const UserFunctionUse& use, Range range) const;

 private:
  enum class Role { point, state, parameter, data, known };
  struct Piece {
    Role role;
    StanType type;
    symbolic::Shape shape = {};
    Value known = 0.0;
  };
  std::string key(const UserFunctionUse& use, bool data_is_known) const;
  solvers::FunctionGraph graph(const UserFunctionUse& use, Range range, bool data_is_known) const;

  Evaluator& evaluator_;
  std::vector<Piece> pieces_;
  symbolic::Exprs parameters_, data_;
};

}  // namespace leapgraph::models::lower
