/// One draw with everything known: generated quantities that no expression can say, why a draw is refused, what blocks
/// print.
#pragma once

#include <span>
#include <vector>

#include "leapgraph/models/lower/constraint.hpp"
#include "leapgraph/models/lower/evaluator.hpp"
#include "leapgraph/samplers/trace.hpp"

namespace leapgraph::models::lower {

/// Of generated quantities the one by whose name models are compared.
inline bool is_log_likelihood(const Declared& variable) { return variable.name == "log_lik"; }

/// Runs blocks as transformed data are run. May run on several threads at once.
class Generator {
 public:
  /// `after_data`: data and transformed data are known. `before`: the variables of a draw before those of generated
  /// quantities. `printing`: the blocks that are run for what they print.
  Generator(const TypedProgram& program, const Evaluator& after_data, std::vector<Declared> before,
            std::vector<const ProgramBlock<Typed>*> printing);

  /// The variables of generated quantities. Throws ModelError for sizes that are not known.
  std::vector<samplers::TraceVariable> variables() const;
  /// `draw` has all variables in their order, each row-major: fills generated quantities from the others and random
  /// numbers of `stream`. Throws ModelError where the program, its sizes or its constraints do.
  void run(const symbolic::Array& stream, std::span<double> draw) const;

 private:
  const TypedProgram& program_;
  const ProgramBlock<Typed>* block_;  ///< of generated quantities, or null
  Evaluator after_data_;
  std::vector<Declared> before_;
  std::vector<const ProgramBlock<Typed>*> printing_;
};

}  // namespace leapgraph::models::lower
