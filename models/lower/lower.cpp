/// Runs the blocks of a program in their order, each with what is known by then.
#include "leapgraph/models/lower/lower.hpp"

#include <fmt/format.h>

#include <limits>

#include "leapgraph/symbolic/counter_random.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::DType;
using symbolic::Expr;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

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
  Lowering(const TypedProgram& program, const Source& source, Loops loops, std::uint64_t seed)
      : program_(program), source_(source), evaluator_(program, source, loops) {
    // A chain that no run has: its numbers are nobody else's.
    constexpr std::uint32_t chain_of_data = (1U << 21) - 1;
    evaluator_.draw_from(symbolic::constant(symbolic::counter_stream(seed, chain_of_data, 0)));
  }

  Lowered run(const DataSet& data) {
    if (const auto* block = find(BlockKind::Data)) read_data(*block, data);
    if (const auto* block = find(BlockKind::TransformedData)) transform_data(*block);
    const Evaluator after_data = evaluator_;
    result_.stream = symbolic::input(symbolic::counter_stream_type, "stream");
    evaluator_.draw_from(result_.stream);
    if (const auto* block = find(BlockKind::Parameters)) {
      result_.parameters = parameters_of(evaluator_, program_, *block);
    }
    result_.position = symbolic::input({DType::float64, {result_.dimension()}}, "position");
    constrain_parameters(evaluator_, result_.parameters, result_.position);
    for (const Parameter& parameter : result_.parameters) add_output(parameter.variable);
    bool accepted = true;
    if (const auto* block = find(BlockKind::TransformedParameters)) accepted = transform_parameters(*block);
    if (const auto* block = find(BlockKind::Model); block != nullptr && accepted) evaluator_.run(*block);
    result_.contributions = evaluator_.contributions();
    const Expr log_density = expression_from(evaluator_.target());
    result_.log_density = symbolic::simplified_for_gradient(std::span(&log_density, 1))[0];
    // Transformed parameters first: the model uses them, printing or not.
    std::vector<const ProgramBlock<Typed>*> printing;
    for (const BlockKind kind : {BlockKind::TransformedParameters, BlockKind::Model})
      if (const auto* block = find(kind); block != nullptr && evaluator_.prints()) printing.push_back(block);
    const auto* generated = find(BlockKind::GeneratedQuantities);
    if (generated != nullptr || !printing.empty())
      result_.generator = std::make_shared<const Generator>(program_, after_data, outputs_, std::move(printing));
    result_.each_draw = evaluator_.prints();
    if (generated != nullptr) generate_quantities(*generated);
    if (result_.each_draw) result_.drawable = {};
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
    for (const Declared& variable : declared_variables(evaluator_, program_, block))
      require_constraint(evaluator_, variable, "checked at the end of the transformed data block");
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
      add_output(variable);
    }
    return accepted;
  }

  /// As expressions like everything else; where the block does with drawn values what expressions cannot say, draw by
  /// draw.
  void generate_quantities(const ProgramBlock<Typed>& block) {
    const std::size_t before = result_.values.size();
    try {
      evaluator_.run(block);
      for (const Declared& variable : declared_variables(evaluator_, program_, block)) {
        if (const Expr valid = validity(variable)) evaluator_.require({.range = variable.range, .holds = valid});
        add_output(variable);
        result_.variables.back().log_likelihood = is_log_likelihood(variable);
      }
      for (const Evaluator::Requirement& requirement : evaluator_.requirements())
        result_.drawable =
            result_.drawable ? symbolic::logical_and(result_.drawable, requirement.holds) : requirement.holds;
    } catch (const Unsupported&) {
      try_generator(before);
      result_.values.resize(before);
      result_.variables.resize(before);
      for (samplers::TraceVariable& variable : result_.generator->variables())
        result_.variables.push_back(std::move(variable));
      result_.each_draw = true;
    }
  }

  /// Throws Unsupported, before anything is drawn, where the generator cannot run the block either.
  void try_generator(std::size_t before) {
    std::vector<double> draw;
    const symbolic::Exprs values(result_.values.begin(), result_.values.begin() + static_cast<std::ptrdiff_t>(before));
    const Array at_zero[] = {Array(symbolic::Type{DType::float64, {result_.dimension()}})};
    for (const Array& value : symbolic::interpret({{result_.position}, values}, at_zero)) {
      const std::vector<double> elements = value.reals();
      draw.insert(draw.end(), elements.begin(), elements.end());
    }
    for (const samplers::TraceVariable& variable : result_.generator->variables())
      draw.resize(draw.size() + static_cast<std::size_t>(symbolic::element_count(variable.shape)));
    try {
      result_.generator->run(symbolic::counter_stream(0, 0, 0), draw);
    } catch (const Unsupported&) {
      throw;
    } catch (const ModelError&) {  // of this draw only, perhaps
    }
  }

  /// True where a variable with a constraint holds it; absent for one without.
  Expr validity(const Declared& variable) {
    const Constraint constraint = constraint_of(evaluator_, variable);
    if (!constraint.is_checked()) return {};
    return holds(variable, constraint, expression_from(evaluator_.value(variable.symbol)));
  }

  /// A variable of the draws.
  void add_output(const Declared& variable) {
    result_.variables.push_back({variable.name, variable.shape});
    result_.values.push_back(symbolic::cast(expression_from(evaluator_.value(variable.symbol)), DType::float64));
    outputs_.push_back(variable);
  }

  const TypedProgram& program_;
  const Source& source_;
  Evaluator evaluator_;
  Lowered result_;
  std::vector<Declared> outputs_;  // what the draws have so far
};

}  // namespace

Lowered lower(const TypedProgram& program, const Source& source, const DataSet& data, Loops loops, std::uint64_t seed) {
  return Lowering(program, source, loops, seed).run(data);
}

}  // namespace leapgraph::models::lower
