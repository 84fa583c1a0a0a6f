/// Parsing, checking and lowering under one roof.
#include "leapgraph/models/model.hpp"

#include <utility>

#include "leapgraph/models/lower/loops/stretches.hpp"
#include "leapgraph/models/lower/lower.hpp"
#include "leapgraph/models/pedantic/pedantic.hpp"
#include "leapgraph/models/syntax/format.hpp"
#include "leapgraph/models/syntax/parser.hpp"
#include "leapgraph/models/types/typecheck.hpp"
#include "leapgraph/symbolic/counter_random.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models {

std::string formatted(Source source) {
  std::vector<Diagnostic> warnings;
  const CommentedProgram program = parse_with_comments(source, warnings);
  return format(program, source);
}

struct CheckedProgram::State {
  Source source;
  std::vector<Diagnostic> warnings;
  UntypedProgram parsed;
  TypedProgram typed;
};

CheckedProgram CheckedProgram::read(const std::filesystem::path& path,
                                    std::vector<std::filesystem::path> include_paths) {
  return from_source(Source::read(path, std::move(include_paths)));
}

CheckedProgram CheckedProgram::from_source(Source source) {
  auto state = std::make_shared<State>(State{.source = std::move(source), .warnings = {}, .parsed = {}, .typed = {}});
  state->parsed = parse(state->source, state->warnings);
  state->typed = typecheck(state->parsed, state->source, state->warnings);
  lower::write_out_stretches(state->typed);
  return CheckedProgram(std::move(state));
}

const Source& CheckedProgram::source() const { return state_->source; }
const std::vector<Diagnostic>& CheckedProgram::warnings() const { return state_->warnings; }
std::vector<Diagnostic> CheckedProgram::pedantic_warnings() const { return pedantic::warnings(state_->typed); }
std::string CheckedProgram::ast_text() const { return format(state_->parsed); }

struct Model::State {
  CheckedProgram program;
  lower::Lowered lowered;
  std::vector<std::string> coordinates;
  samplers::Density density;
};

namespace {

/// The functions of a density share the lowered program; they must not own the Model's state, which owns them.
samplers::Density density_of(const lower::Lowered& lowered, const CheckedProgram& program) {
  const auto shared = std::make_shared<const lower::Lowered>(lowered);
  const auto at = [shared](const symbolic::Exprs& expressions, const symbolic::Expr& position) {
    return symbolic::substitute(expressions, {{shared->position, position}});
  };
  samplers::Density density{
      .dimension = shared->dimension(),
      .log_density = [shared, at](const symbolic::Expr& position) { return at({shared->log_density}, position)[0]; },
      .variables = shared->variables,
      .constrain = [shared, at](const symbolic::Expr& position) { return at(shared->values, position); },
      .why = [shared, program](
                 std::span<const double> position) { return lower::explain(*shared, program.source(), position); }};
  if (!shared->generator) return density;
  density.stream = shared->stream;
  if (shared->drawable)
    density.drawable = [shared, at](const symbolic::Expr& position) { return at({shared->drawable}, position)[0]; };
  density.complete = [shared, program](const samplers::DrawKey& key, std::span<double> values) {
    try {
      shared->generator->run(symbolic::counter_stream(key.seed, key.chain, key.draw), values);
    } catch (const ModelError& error) {
      throw samplers::DrawError(error.what());
    }
  };
  return density;
}

}  // namespace

Model::Model(CheckedProgram program, const DataSet& data, std::uint64_t seed) {
  lower::Lowered lowered = lower::lower(program.state().typed, program.source(), data, lower::Loops::whole, seed);
  samplers::Density density = density_of(lowered, program);
  std::vector<std::string> coordinates = lower::coordinate_names(lowered.parameters);
  state_ = std::make_shared<const State>(State{.program = std::move(program),
                                               .lowered = std::move(lowered),
                                               .coordinates = std::move(coordinates),
                                               .density = std::move(density)});
}

const samplers::Density& Model::density() const { return state_->density; }
std::int64_t Model::dimension() const { return state_->lowered.dimension(); }
const std::vector<std::string>& Model::coordinate_names() const { return state_->coordinates; }
const std::vector<samplers::TraceConstant>& Model::constants() const { return state_->lowered.constants; }

const std::vector<Diagnostic>& Model::warnings() const { return state_->lowered.warnings; }

std::vector<double> Model::unconstrain(const DataSet& values) const {
  return lower::unconstrain(state_->lowered.parameters, state_->lowered.position, values, state_->program.source());
}

std::string Model::why(std::span<const double> position) const {
  return lower::explain(state_->lowered, state_->program.source(), position);
}

}  // namespace leapgraph::models
