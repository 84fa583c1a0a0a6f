/// `hmc-run dump`: what each stage between model text and C makes of a model.
#include <fmt/format.h>

#include <cstdio>
#include <span>

#include "leapgraph/cli/commands.hpp"
#include "leapgraph/cli/model_files.hpp"
#include "leapgraph/samplers/leapfrog.hpp"
#include "leapgraph/symbolic/compile.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::cli {
namespace {

using symbolic::Expr;
using symbolic::Exprs;
using symbolic::Graph;

Graph density_graph(const samplers::Density& density, const Exprs& arguments) {
  const Expr position = symbolic::input({symbolic::DType::float64, {density.dimension}}, "position");
  Exprs inputs{position};
  inputs.insert(inputs.end(), arguments.begin(), arguments.end());
  return {inputs, {density.log_density(position)}};
}

std::string stage_text(DumpCommand::Stage stage, const samplers::Density& density) {
  Exprs arguments;
  for (const auto& [variable, value] : density.arguments) arguments.push_back(variable);
  if (stage == DumpCommand::Stage::graph) {
    const Graph graph = density_graph(density, arguments);
    return symbolic::dump_stage({&graph, 1}, "graph");
  }
  const samplers::LeapfrogGraphs graphs =
      samplers::leapfrog_graphs(density.dimension, density.log_density, arguments, samplers::MetricKind::diagonal);
  if (stage == DumpCommand::Stage::gradient) return symbolic::dump_stage({&graphs.log_density, 1}, "graph");
  const Graph both[] = {graphs.log_density, graphs.leapfrog};
  return symbolic::dump_stage(both, stage == DumpCommand::Stage::rewritten ? "rewritten"
                                    : stage == DumpCommand::Stage::kernels ? "kernels"
                                                                           : "c");
}

}  // namespace

ExitStatus execute(const DumpCommand& command) {
  const models::CheckedProgram program = read_program(command.files);
  const std::string text = command.stage == DumpCommand::Stage::ast
                               ? program.ast_text()
                               : stage_text(command.stage, bind(program, read_data(command.files)).density());
  fmt::print("{}{}", text, text.ends_with('\n') ? "" : "\n");
  return ExitStatus::done;
}

}  // namespace leapgraph::cli
