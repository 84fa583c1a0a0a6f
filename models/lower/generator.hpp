/// Generated quantities of one draw with everything known: what blocks do that no expression can say, and why a draw is
/// refused.
#pragma once

#include <span>
#include <vector>

#include "leapgraph/models/lower/constraint.hpp"
#include "leapgraph/models/lower/evaluator.hpp"
#include "leapgraph/samplers/trace.hpp"

namespace leapgraph::models::lower {

/// Of generated quantities the one by whose name models are compared.
inline bool is_log_likelihood(const Declared& variable) { return variable.name == "log_lik"; }

/// Runs the block as transformed data are run. Copies may run on several threads at once.
class Generator {
 public:
  /// `after_data`: data and transformed data are known. `before`: the variables of a draw before those of the block.
  Generator(const TypedProgram& program, const Source& source, const ProgramBlock<Typed>& block,
            const Evaluator& after_data, std::vector<Declared> before);

  /// The block's variables. Throws ModelError for sizes that are not known.
  std::vector<samplers::TraceVariable> variables() const;
  /// `draw` has all variables in their order, each row-major: fills those of the block from the others and random
  /// numbers of `stream`. Throws ModelError where the program, its sizes or its constraints do.
  void run(const symbolic::Array& stream, std::span<double> draw) const;

 private:
  const TypedProgram& program_;
  const ProgramBlock<Typed>& block_;
  Evaluator after_data_;
  std::vector<Declared> before_;
};

}  // namespace leapgraph::models::lower
