/// Hands a draw to the evaluator and takes the block's variables from it.
#include "leapgraph/models/lower/generator.hpp"

#include <algorithm>

#include "leapgraph/symbolic/counter_random.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;

Generator::Generator(const TypedProgram& program, const Evaluator& after_data, std::vector<Declared> before,
                     std::vector<const ProgramBlock<Typed>*> printing)
    : program_(program),
      block_(program.tree.block(BlockKind::GeneratedQuantities)),
      after_data_(after_data),
      before_(std::move(before)),
      printing_(std::move(printing)) {}

std::vector<samplers::TraceVariable> Generator::variables() const {
  Evaluator evaluator = after_data_;
  std::vector<samplers::TraceVariable> variables;
  if (block_ == nullptr) return variables;
  for (const Declared& variable : declared_variables(evaluator, program_, *block_))
    variables.push_back({variable.name, variable.shape, is_log_likelihood(variable)});
  return variables;
}

void Generator::run(const Array& stream, std::span<double> draw) const {
  Evaluator evaluator = after_data_;
  evaluator.draw_from(symbolic::constant(stream));
  std::size_t next = 0;
  for (const Declared& variable : before_) {
    const auto size = static_cast<std::size_t>(symbolic::element_count(variable.shape));
    const std::span<const double> elements = draw.subspan(next, size);
    next += size;
    evaluator.declare(variable.symbol, variable.shape,
                      value_from(Array::of<double>(variable.shape, {elements.begin(), elements.end()})));
  }
  for (const ProgramBlock<Typed>* block : printing_) evaluator.run(*block);
  if (block_ == nullptr) return;
  evaluator.run(*block_);
  for (const Declared& variable : declared_variables(evaluator, program_, *block_)) {
    require_constraint(evaluator, variable, "checked at the end of the generated quantities block");
    const std::vector<double> elements = array_from(evaluator.value(variable.symbol)).reals();
    std::ranges::copy(elements, draw.begin() + static_cast<std::ptrdiff_t>(next));
    next += elements.size();
  }
}

}  // namespace leapgraph::models::lower
