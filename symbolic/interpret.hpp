/// The reference evaluator: the living definition of every op.
#pragma once

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// The outputs of `graph` for the given inputs, one node after another by the ops' own `evaluate`. Throws GraphError
/// when an argument does not fit the type of its input.
std::vector<Array> interpret(const Graph& graph, std::span<const Array> arguments);

/// A graph made ready to be evaluated many times, as the bodies of loops are. Refers to the graph.
class Evaluator {
 public:
  explicit Evaluator(const Graph& graph);
  /// As `interpret`. What is given away here and held by nobody else may be written in place.
  std::vector<Array> operator()(std::vector<Array> arguments) const;

 private:
  struct Use {
    std::size_t slot;
    bool is_last;  ///< the value is not needed afterwards
  };
  struct Step {
    const Node* node;
    std::vector<Use> inputs;
    std::size_t first_output;  ///< slot
    std::vector<bool> is_used;
  };
  const Graph& graph_;
  std::vector<Step> steps_;
  std::vector<Use> outputs_;
  std::vector<std::size_t> arguments_;  ///< slots
  std::size_t slots_ = 0;
};

/// Takes an input of a node that is being evaluated out of the evaluator's list, which is used for nothing else:
/// whoever has it then may be its only holder.
inline Array take(const Array& input) { return std::move(const_cast<Array&>(input)); }

/// Throws DTypeError or ShapeError naming the variable when the argument does not fit it.
void require_fitting(const Expr& variable, const Array& argument);

}  // namespace leapgraph::symbolic
