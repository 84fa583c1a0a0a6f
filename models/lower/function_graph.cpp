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

solvers::FunctionGraph Evaluator::FunctionPieces::graph(Evaluator& evaluator, const UserFunctionUse& use, Range range,
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
    if (known) {
      arguments.push_back(piece.known);
    } else {
      arguments.push_back(size == 0 ? unset(piece.type, piece.shape) : Value(pieces.next(piece.shape)));
    }
  }
  // What the function adds to the log density is that it rejects.
  evaluator.contributions_.clear();
  const std::vector<Value> value = evaluator.call(use, std::move(arguments), std::move(variables), range);
  solvers::FunctionGraph graph{.point = point.whole(),
                               .state = state.whole(),
                               .parameters = parameters.whole(),
                               .data = data.whole(),
                               .value = symbolic::reshape(expression_from(value.at(0)), {-1})};
  for (const Contribution& rejection : evaluator.contributions_) {
    const Expr term = expression_from(rejection.value);
    graph.rejection = graph.rejection ? graph.rejection + term : term;
    if (!rejection.reason.empty()) graph.reasons.push_back(rejection.reason);
  }
  return graph;
}

std::size_t Evaluator::FunctionPieces::data_count() const {
  std::size_t count = 0;
  for (const Expr& part : data_) count += static_cast<std::size_t>(element_count(part.shape()));
  return count;
}

bool Evaluator::FunctionPieces::may_know_data() const {
  bool any = false;
  for (const Piece& piece : pieces_) {
    if (piece.role != Role::data || element_count(piece.shape) == 0) continue;
    if (!is_known(piece.known)) return false;
    any = true;
  }
  return any;
}

std::shared_ptr<const solvers::ProgramFunction> Evaluator::FunctionPieces::function(const UserFunctionUse& use,
                                                                                    Range range) const {
  // Data are arguments, so that calls with other data share the code, unless the function has to know them.
  for (const bool data_is_known : {false, true}) {
    const std::string name = key(use, data_is_known);
    ProgramFunctions& functions = *evaluator_.program_functions_;
    {
      const std::lock_guard lock(functions.mutex);
      if (const auto found = functions.by_key.find(name); found != functions.by_key.end()) return found->second;
    }
    try {
      // On a copy: the function may stop in the middle of something.
      Evaluator evaluator = evaluator_;
      auto made = std::make_shared<const solvers::ProgramFunction>(graph(evaluator, use, range, data_is_known));
      const std::lock_guard lock(functions.mutex);
      return functions.by_key.emplace(name, std::move(made)).first->second;
    } catch (const ModelError&) {
      if (data_is_known || !may_know_data()) throw;
    }
  }
  throw InternalError("a function that solvers call");
}

}  // namespace leapgraph::models::lower
