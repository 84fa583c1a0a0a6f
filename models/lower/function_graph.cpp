/// Runs a function of the program on placeholders, once for each way in which solvers call it.
#include "leapgraph/models/lower/function_graph.hpp"

#include <fmt/format.h>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::DType;
using symbolic::element_count;
using symbolic::Expr;
using symbolic::Shape;

namespace {

/// Pieces of a vector one after the other, each in its own shape.
class Pieces {
 public:
  Pieces(std::int64_t length, const std::string& name) : whole_(symbolic::input({DType::float64, {length}}, name)) {}

  Expr next(const Shape& shape) {
    const std::int64_t first = next_;
    next_ += element_count(shape);
    return symbolic::reshape(symbolic::slice(whole_, 0, {first, next_}), shape);
  }
  const Expr& whole() const { return whole_; }

 private:
  Expr whole_;
  std::int64_t next_ = 0;
};

}  // namespace

void Evaluator::FunctionPieces::add_argument(const StanType& type, const Value& value, bool variable) {
  const Shape& shape = shape_of(value);
  if (holds_integers(type)) {
    if (!is_known(value)) throw library::UnknownInteger("an integer that the function is given is not known");
    pieces_.push_back({.role = Role::known, .type = type, .shape = shape, .known = value});
    return;
  }
  pieces_.push_back({.role = variable ? Role::parameter : Role::data, .type = type, .shape = shape, .known = value});
  (variable ? parameters_ : data_).push_back(expression_from(value));
}

std::string Evaluator::FunctionPieces::key(const UserFunctionUse& use, bool data_is_known) const {
  std::string key = fmt::format("{} {}", use.function, use.unnormalized);
  for (const Piece& piece : pieces_) {
    key += fmt::format(";{} {}", static_cast<int>(piece.role), fmt::join(piece.shape, ","));
    const bool known = piece.role == Role::known || (data_is_known && piece.role == Role::data);
    if (!known) continue;
    const symbolic::Array array = array_from(piece.known);
    key.append(reinterpret_cast<const char*>(array.raw()), static_cast<std::size_t>(array.bytes()));
  }
  return key;
}

solvers::FunctionGraph Evaluator::FunctionPieces::graph(const UserFunctionUse& use, Range range,
                                                        bool data_is_known) const {
  const auto total = [&](Role role) {
    std::int64_t count = 0;
    for (const Piece& piece : pieces_) count += piece.role == role ? element_count(piece.shape) : 0;
    return count;
  };
  Pieces point(total(Role::point), "point"), state(total(Role::state), "state"),
      parameters(total(Role::parameter), "parameters"), data(total(Role::data), "data");
  std::vector<Value> arguments;
  std::vector<bool> variables;
  for (const Piece& piece : pieces_) {
    const bool known = piece.role == Role::known || (data_is_known && piece.role == Role::data);
    variables.push_back(piece.role == Role::state || piece.role == Role::parameter);
    Pieces& pieces = piece.role == Role::point       ? point
                     : piece.role == Role::state     ? state
                     : piece.role == Role::parameter ? parameters
                                                     : data;
    const std::int64_t size = element_count(piece.shape);
    Value value = known || size == 0 ? piece.known : Value(pieces.next(piece.shape));
    if (size == 0 && !is_known(value)) value = unset(piece.type, piece.shape);
    arguments.push_back(std::move(value));
  }
  // What the function adds to the log density is that it rejects.
  const std::size_t before = evaluator_.contributions_.size();
  const auto densities = evaluator_.densities_;
  const std::vector<Value> value = evaluator_.call(use, std::move(arguments), std::move(variables), range);
  evaluator_.densities_ = densities;
  solvers::FunctionGraph graph{.point = point.whole(),
                               .state = state.whole(),
                               .parameters = parameters.whole(),
                               .data = data.whole(),
                               .value = symbolic::reshape(expression_from(value.at(0)), {-1})};
  for (std::size_t i = before; i < evaluator_.contributions_.size(); ++i) {
    const Contribution& rejection = evaluator_.contributions_[i];
    const Expr term = expression_from(rejection.value);
    graph.rejection = graph.rejection ? graph.rejection + term : term;
    if (!rejection.reason.empty()) graph.reasons.push_back(rejection.reason);
  }
  evaluator_.contributions_.resize(before);
  return graph;
}

std::shared_ptr<const solvers::ProgramFunction> Evaluator::FunctionPieces::function(const UserFunctionUse& use,
                                                                                    Range range) const {
  // Data are arguments, so that calls with other data share the code, unless the function has to know them.
  for (const bool data_is_known : {false, true}) {
    const std::string name = key(use, data_is_known);
    auto& known = evaluator_.program_functions_;
    if (const auto found = known.find(name); found != known.end()) return found->second;
    const std::vector<Slot> slots = evaluator_.slots_;
    const auto contributions = evaluator_.contributions_;
    const auto calls = evaluator_.active_calls_;
    const int depth = evaluator_.call_depth_;
    const Frame frame = evaluator_.call_;
    const auto loop_variables = evaluator_.loop_variables_;
    const auto* const bound = evaluator_.bound_;
    const auto restore = [&] {
      evaluator_.slots_ = slots;
      evaluator_.contributions_ = contributions;
      evaluator_.active_calls_ = calls;
      evaluator_.call_depth_ = depth;
      evaluator_.call_ = frame;
      evaluator_.loop_variables_ = loop_variables;
      evaluator_.bound_ = bound;
    };
    try {
      auto made = std::make_shared<const solvers::ProgramFunction>(graph(use, range, data_is_known));
      restore();
      return known.emplace(name, std::move(made)).first->second;
    } catch (const ModelError&) {
      restore();
      bool may_be_known = false;
      for (const Piece& piece : pieces_)
        may_be_known = may_be_known || (piece.role == Role::data && element_count(piece.shape) > 0);
      for (const Piece& piece : pieces_)
        may_be_known = may_be_known && (piece.role != Role::data || is_known(piece.known));
      if (data_is_known || !may_be_known) throw;
    } catch (...) {
      restore();
      throw;
    }
  }
  throw InternalError("a function that solvers call");
}

}  // namespace leapgraph::models::lower
