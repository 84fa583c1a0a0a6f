#include "leapgraph/models/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "leapgraph/models/library/draws.hpp"
#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/types/signature.hpp"

namespace leapgraph::models {
namespace {

using library::DensityArgument;
using library::Distribution;

constexpr std::size_t name_columns = 28;

/// The functions of a distribution: which endings its name takes.
std::vector<std::string_view> forms(const Distribution& distribution) {
  std::vector<std::string_view> result;
  const std::string name(distribution.name);
  for (const std::string_view suffix : {"_lpdf", "_lpmf", "_lupdf", "_lupmf", "_cdf", "_lcdf", "_lccdf"}) {
    if (library::find_density(name + std::string(suffix))) result.push_back(suffix);
  }
  if (library::find_drawn_distribution(name + "_rng")) result.push_back("_rng");
  return result;
}

/// "mu, sigma"
std::string parameters(const Distribution& distribution) {
  std::string names;
  for (std::size_t i = 1; i < distribution.arguments.size(); ++i) {
    names += fmt::format("{}{}", i > 1 ? ", " : "", distribution.arguments[i].name);
  }
  return names;
}

std::string entry(const library::Function& function) {
  std::string text = fmt::format("{}: {}\n", function.name, function.summary);
  for (const std::string& alternative : alternatives(function.signature)) {
    text += fmt::format("  {}{}\n", function.name, alternative);
  }
  if (const std::string letters = legend(function.signature); !letters.empty()) text += fmt::format(" {}\n", letters);
  return text;
}

std::string entry(const library::Solver& solver) {
  std::string text = fmt::format("{}: {}\n", solver.name, solver.summary);
  for (const std::string& alternative : alternatives(solver.signature)) {
    text += fmt::format("  {}(f, {}\n", solver.name, std::string_view(alternative).substr(1));
  }
  for (const std::string& alternative : alternatives(solver.function)) text += fmt::format("  f{}\n", alternative);
  return text;
}

std::string entry(const Distribution& distribution) {
  std::string text = fmt::format("{}: {}\n", distribution.name, distribution.summary);
  const std::string_view outcome = distribution.arguments[0].name;
  const std::string given = parameters(distribution);
  text += fmt::format("  {} ~ {}({});\n", outcome, distribution.name, given);
  for (const std::string_view suffix : forms(distribution)) {
    text += suffix == "_rng" ? fmt::format("  {}_rng({})\n", distribution.name, given)
                             : fmt::format("  {}{}({} | {}) => real\n", distribution.name, suffix, outcome, given);
  }
  for (const DensityArgument& argument : distribution.arguments) {
    text += fmt::format("  {}: {}, {}\n", argument.name, library::accepted(argument), argument.domain->words);
  }
  for (const library::Condition& condition : distribution.conditions) {
    text += fmt::format("  where {}\n", condition.words);
  }
  return text;
}

/// "normal" for "normal", "normal_lpdf", "normal_rng", ...
const Distribution* distribution_of(std::string_view name) {
  for (const Distribution& distribution : library::all_distributions()) {
    if (name == distribution.name) return &distribution;
    if (!name.starts_with(distribution.name)) continue;
    const std::vector<std::string_view> endings = forms(distribution);
    if (std::ranges::find(endings, name.substr(distribution.name.size())) != endings.end()) return &distribution;
  }
  return nullptr;
}

std::string line(std::string_view name, std::string_view summary) {
  return fmt::format("  {:<{}} {}\n", name, name_columns, summary);
}

}  // namespace

std::string reference() {
  std::string text;
  for (const library::Family& family : library::families()) {
    text += fmt::format("{}\n", family.heading);
    for (const library::Function& function : family.functions) text += line(function.name, function.summary);
    text += "\n";
  }
  text += "Functions of functions\n";
  for (const library::Solver& solver : library::solvers()) text += line(solver.name, solver.summary);
  text += "\nDistributions\n";
  for (const Distribution& distribution : library::all_distributions()) {
    text += line(distribution.name, distribution.summary);
    text += line("", fmt::format("{}", fmt::join(forms(distribution), " ")));
  }
  text += "\nConstrained types\n";
  for (const library::StructuredTransform& transform : library::all_structured_transforms()) {
    text += line(models::text(transform.word), transform.summary);
  }
  for (const library::Transform& transform : library::all_transforms()) {
    text += line(fmt::format("<{}>", transform.name), transform.summary);
  }
  return text;
}

std::optional<std::string> reference(std::string_view name) {
  std::string text;
  for (const library::Function* function : library::find_functions(name)) text += entry(*function);
  if (const library::Solver* solver = library::find_solver(name)) text += entry(*solver);
  if (const Distribution* distribution = distribution_of(name)) text += entry(*distribution);
  for (const library::StructuredTransform& transform : library::all_structured_transforms()) {
    if (models::text(transform.word) == name) text += fmt::format("{}: {}\n", name, transform.summary);
  }
  return text.empty() ? std::nullopt : std::optional(text);
}

std::string not_in_reference(std::string_view name) {
  if (const std::string instead = library::replacement_of_removed(name); !instead.empty()) {
    return fmt::format("'{}' is no longer part of the language; write {}", name, instead);
  }
  if (library::is_known_but_unsupported(name)) return fmt::format("'{}' is not supported yet by this version", name);
  std::vector<std::string> names;
  for (const library::Function* function : library::all_functions()) names.emplace_back(function->name);
  for (const library::Solver& solver : library::solvers()) names.emplace_back(solver.name);
  for (const Distribution& distribution : library::all_distributions()) {
    names.emplace_back(distribution.name);
    for (const std::string_view suffix : forms(distribution)) {
      names.push_back(std::string(distribution.name) + std::string(suffix));
    }
  }
  const std::optional<std::string> near = library::nearest_name(name, names);
  return fmt::format("there is no function '{}'{}", name, near ? fmt::format("; did you mean '{}'?", *near) : "");
}

}  // namespace leapgraph::models
