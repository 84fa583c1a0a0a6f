/// Runs the blocks of a program in their order, each with what is known by then.
#include "leapgraph/models/lower/lower.hpp"

#include <fmt/format.h>

#include <limits>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::DType;
using symbolic::Expr;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

samplers::TraceConstant trace_constant(const std::string& name, const Array& value) {
  samplers::TraceConstant constant{.name = name, .shape = value.shape(), .reals = {}, .integers = {}};
  if (value.dtype() == DType::int64) {
    const auto integers = value.data<std::int64_t>();
    constant.integers.assign(integers.begin(), integers.end());
  } else {
    constant.reals = value.reals();
  }
  return constant;
}

/// One run over a program, block by block.
class Lowering {
 public:
  Lowering(const TypedProgram& program, const Source& source, Loops loops)
      : program_(program), source_(source), evaluator_(program, source, loops) {}

  Lowered run(const DataSet& data) {
    if (const auto* block = find(BlockKind::Data)) read_data(*block, data);
    if (const auto* block = find(BlockKind::TransformedData)) transform_data(*block);
    if (const auto* block = find(BlockKind::Parameters)) {
      result_.parameters = parameters_of(evaluator_, program_, *block);
    }
    result_.position = symbolic::input({DType::float64, {result_.dimension()}}, "position");
    constrain_parameters(evaluator_, result_.parameters, result_.position);
    for (const Parameter& parameter : result_.parameters) add_output(parameter.variable, {});
    bool accepted = true;
    if (const auto* block = find(BlockKind::TransformedParameters)) accepted = transform_parameters(*block);
    if (const auto* block = find(BlockKind::Model); block != nullptr && accepted) evaluator_.run(*block);
    result_.contributions = evaluator_.contributions();
    const Expr log_density = expression_from(evaluator_.target());
    result_.log_density = symbolic::simplified_for_gradient(std::span(&log_density, 1))[0];
    if (const auto* block = find(BlockKind::GeneratedQuantities)) generate_quantities(*block);
    result_.warnings = evaluator_.warnings();
    return std::move(result_);
  }

 private:
  const ProgramBlock<Typed>* find(BlockKind kind) const { return program_.tree.block(kind); }

  void read_data(const ProgramBlock<Typed>& block, const DataSet& data) {
    for (const TypedStatement& statement : block.statements) {
      // One declaration at a time: the sizes of later ones are data that earlier ones read.
      const auto* declaration = std::get_if<Declaration<Typed>>(&statement.node);
      if (declaration == nullptr) continue;
      for (const Declared& variable : declared_variables(evaluator_, program_, *declaration)) read(variable, data);
    }
  }

  void read(const Declared& variable, const DataSet& data) {
    const DataWanted wanted{.name = variable.name,
                            .dtype = dtype_of(variable.type),
                            .shape = variable.shape,
                            .declaration = declaration_text(variable, source_)};
    const Array value = data.array(wanted);
    if (const std::optional<Violation> wrong = violation(variable, constraint_of(evaluator_, variable), value)) {
      throw data.error(wanted, static_cast<std::size_t>(wrong->element), wrong->message);
    }
    result_.constants.push_back(trace_constant(variable.name, value));
    evaluator_.declare(variable.symbol, variable.shape, value_from(value));
  }

  void transform_data(const ProgramBlock<Typed>& block) {
    evaluator_.run(block);
    for (const Declared& variable : declared_variables(evaluator_, program_, block)) {
      const Array value = array_from(evaluator_.value(variable.symbol));
      const std::optional<Violation> wrong = violation(variable, constraint_of(evaluator_, variable), value);
      if (!wrong) continue;
      const auto element = static_cast<std::size_t>(wrong->element);
      evaluator_.fail(
          {.range = variable.range,
           .message = fmt::format("{}{} {}", variable.name, element_indices(variable.shape, element), wrong->message),
           .found = fmt::format("{}", value.real(wrong->element)),
           .hint = "checked at the end of the transformed data block"});
    }
  }

  /// False when the block rejects.
  bool transform_parameters(const ProgramBlock<Typed>& block) {
    const bool accepted = evaluator_.run(block);
    for (const Declared& variable : declared_variables(evaluator_, program_, block)) {
      if (accepted) {
        if (const Expr valid = validity(variable)) {
          evaluator_.add({.range = variable.range,
                          .value = value_from(symbolic::where(valid, 0.0, -infinity)),
                          .text = fmt::format("the constraint of `{}`", variable.name)});
        }
      }
      add_output(variable, {});
    }
    return accepted;
  }

  void generate_quantities(const ProgramBlock<Typed>& block) {
    evaluator_.run(block);
    for (const Declared& variable : declared_variables(evaluator_, program_, block)) {
      add_output(variable, validity(variable));
    }
  }

  /// True where a variable with a constraint holds it; absent for one without.
  Expr validity(const Declared& variable) {
    const Constraint constraint = constraint_of(evaluator_, variable);
    if (!constraint.is_checked()) return {};
    return holds(variable, constraint, expression_from(evaluator_.value(variable.symbol)));
  }

  /// A variable of the draws; nan where `valid` is given and false.
  void add_output(const Declared& variable, const Expr& valid) {
    const Expr value = symbolic::cast(expression_from(evaluator_.value(variable.symbol)), DType::float64);
    result_.variables.push_back({variable.name, variable.shape});
    result_.values.push_back(valid ? symbolic::where(valid, value, nan) : value);
  }

  const TypedProgram& program_;
  const Source& source_;
  Evaluator evaluator_;
  Lowered result_;
};

}  // namespace

Lowered lower(const TypedProgram& program, const Source& source, const DataSet& data, Loops loops) {
  return Lowering(program, source, loops).run(data);
}

}  // namespace leapgraph::models::lower
