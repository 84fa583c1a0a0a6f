/// Says which statement makes a log density not finite, and which argument of which density.
#include <fmt/format.h>

#include <cmath>

#include "leapgraph/models/lower/lower.hpp"
#include "leapgraph/symbolic/host_function.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Exprs;

namespace {

/// The program's text on one line, without the semicolon, cut where it is long.
std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 80;
  std::string line;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(';') || line.ends_with(' ')) line.pop_back();
  if (line.size() > longest) line = line.substr(0, longest) + "...";
  return "`" + line + "`";
}

std::vector<Array> evaluate(const Lowered& program, const Exprs& expressions, std::span<const double> position) {
  const Array arguments[] = {Array::vector({position.begin(), position.end()})};
  return symbolic::interpret({{program.position}, expressions}, arguments);
}

/// What is wrong with the arguments of a density there; empty when nothing is.
std::string fault(const Lowered& program, const DensityAt& density, std::span<const double> position) {
  const std::vector<Array> values = evaluate(program, density.arguments, position);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (auto wrong = library::violation(density.distribution->arguments[i], values[i])) return *std::move(wrong);
  }
  for (const library::Condition& condition : density.distribution->conditions) {
    const Expr test = condition.test(density.arguments);
    const Expr everywhere = test.rank() > 0 ? symbolic::all(test) : test;
    if (evaluate(program, {everywhere}, position).at(0).real() == 0) {
      return fmt::format("{} does not hold", condition.words);
    }
  }
  return "";
}

/// Why a solver that the contribution needs has no solution there; empty where all have.
std::string solver_failure(const Lowered& program, const Expr& contribution, std::span<const double> position) {
  for (const symbolic::Node* node : symbolic::topological_order({&contribution, 1})) {
    if (node->op().name != "host_map") continue;
    std::string failure = symbolic::host_map_failure(*node, evaluate(program, node->inputs(), position));
    if (!failure.empty()) return failure;
  }
  return "";
}

}  // namespace

std::string explain(const Lowered& program, const Source& source, std::span<const double> position) {
  for (const Contribution& contribution : program.contributions) {
    const Expr term = expression_from(contribution.value);
    const double value = evaluate(program, {term}, position).at(0).real();
    if (std::isfinite(value)) continue;
    const double shown = std::isnan(value) ? std::abs(value) : value;  // the sign of a nan says nothing
    const Location place = source.locate(contribution.range.begin);
    std::string words =
        fmt::format("{}:{}:{}: {} is {}", place.file, place.line, place.column,
                    contribution.text.empty() ? quoted(source.text(contribution.range)) : contribution.text, shown);
    std::string reason = contribution.reason;
    if (reason.empty()) reason = solver_failure(program, term, position);
    for (const DensityAt& density : contribution.densities) {
      if (reason.empty()) reason = fault(program, density, position);
    }
    return reason.empty() ? words : words + ": " + reason;
  }
  return "";
}

}  // namespace leapgraph::models::lower
