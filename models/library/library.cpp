/// Puts the families together and finds things in them.
#include "leapgraph/models/library/library.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace leapgraph::models::library {
namespace {

struct OperatorName {
  BinaryOperator op;
  std::string_view name;
};

constexpr std::array<OperatorName, 20> binary_names = {{
    {BinaryOperator::Or, "logical_or"},
    {BinaryOperator::And, "logical_and"},
    {BinaryOperator::Equal, "logical_eq"},
    {BinaryOperator::NotEqual, "logical_neq"},
    {BinaryOperator::Less, "logical_lt"},
    {BinaryOperator::LessOrEqual, "logical_lte"},
    {BinaryOperator::Greater, "logical_gt"},
    {BinaryOperator::GreaterOrEqual, "logical_gte"},
    {BinaryOperator::Add, "add"},
    {BinaryOperator::Subtract, "subtract"},
    {BinaryOperator::Multiply, "multiply"},
    {BinaryOperator::Divide, "divide"},
    {BinaryOperator::Divide, "mdivide_right"},
    {BinaryOperator::Modulo, "modulus"},
    {BinaryOperator::ElementMultiply, "elt_multiply"},
    {BinaryOperator::ElementDivide, "elt_divide"},
    {BinaryOperator::LeftDivide, "mdivide_left"},
    {BinaryOperator::IntegerDivide, "divide"},
    {BinaryOperator::Power, "pow"},
    {BinaryOperator::ElementPower, "pow"},
}};

/// Ends of the names of functions that belong to distributions; for those of densities the kind of their outcomes.
enum class Outcomes { any, reals, integers };
struct DensitySuffix {
  std::string_view text;
  std::optional<Quantity> quantity;  ///< none: random numbers
  bool unnormalized = false;
  Outcomes outcomes = Outcomes::any;
};
constexpr std::array<DensitySuffix, 8> density_suffixes = {{
    {"_lpdf", Quantity::log_density, false, Outcomes::reals},
    {"_lpmf", Quantity::log_density, false, Outcomes::integers},
    {"_lupdf", Quantity::log_density, true, Outcomes::reals},
    {"_lupmf", Quantity::log_density, true, Outcomes::integers},
    {"_cdf", Quantity::cdf},
    {"_lcdf", Quantity::lcdf},
    {"_lccdf", Quantity::lccdf},
    {"_rng", std::nullopt},
}};

}  // namespace

std::vector<Family> families() {
  return {{"Operators", operator_functions()},
          {"Constants", constant_functions()},
          {"Element by element", elementwise_functions()},
          {"Sums and other reductions", reduction_functions()},
          {"Sizes, parts and rearrangements", container_functions()},
          {"Filling", fill_functions()},
          {"Sorting", order_functions()},
          {"Matrices", matrix_functions()},
          {"Linear algebra", linear_algebra_functions()},
          {"Covariances", covariance_functions()},
          {"Sparse matrices", sparse_functions()},
          {"Constraints", constrain_functions()},
          {"Special functions", special_functions()},
          {"Complex numbers", complex_functions()},
          {"Hidden Markov models", hidden_markov_functions()},
          {"Drawing", drawing_functions()}};
}

std::vector<const Function*> all_functions() {
  std::vector<const Function*> all;
  for (const Family& family : families()) {
    for (const Function& function : family.functions) all.push_back(&function);
  }
  return all;
}

std::vector<const Function*> find_functions(std::string_view name) {
  std::vector<const Function*> found;
  for (const Function* function : all_functions()) {
    if (function->name == name) found.push_back(function);
  }
  return found;
}

std::vector<std::string_view> function_names(UnaryOperator op) {
  switch (op) {
    case UnaryOperator::Plus:
      return {"plus"};
    case UnaryOperator::Minus:
      return {"minus"};
    case UnaryOperator::Not:
      return {"logical_negation"};
    case UnaryOperator::Transpose:
      return {"transpose"};
  }
  throw InternalError("unknown unary operator");
}

std::vector<std::string_view> function_names(BinaryOperator op) {
  std::vector<std::string_view> names;
  for (const OperatorName& row : binary_names) {
    if (row.op == op) names.push_back(row.name);
  }
  if (names.empty()) throw InternalError("unknown binary operator");
  return names;
}

std::optional<DensityName> find_density(std::string_view function) {
  for (const DensitySuffix& suffix : density_suffixes) {
    if (!suffix.quantity || !function.ends_with(suffix.text)) continue;
    const Distribution* distribution = find_distribution(function.substr(0, function.size() - suffix.text.size()));
    if (distribution == nullptr) continue;
    const bool exists = suffix.outcomes == Outcomes::any
                            ? formula_of(*distribution, *suffix.quantity) != nullptr
                            : distribution->is_discrete() == (suffix.outcomes == Outcomes::integers);
    if (exists) return DensityName{distribution, *suffix.quantity, suffix.unnormalized};
  }
  return std::nullopt;
}

std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> candidates) {
  // Damerau's distance: letters inserted, dropped, changed, or swapped with their neighbour.
  const auto distance = [&](std::string_view other) {
    std::vector<std::vector<std::size_t>> d(name.size() + 1, std::vector<std::size_t>(other.size() + 1));
    for (std::size_t i = 0; i <= name.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= other.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= name.size(); ++i) {
      for (std::size_t j = 1; j <= other.size(); ++j) {
        d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (name[i - 1] == other[j - 1] ? 0 : 1)});
        if (i > 1 && j > 1 && name[i - 1] == other[j - 2] && name[i - 2] == other[j - 1]) {
          d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[name.size()][other.size()];
  };
  std::optional<std::string> best;
  std::size_t best_distance = 1 + std::min<std::size_t>(3, name.size() / 3);
  for (const std::string& candidate : candidates) {
    const std::size_t longer = std::max(candidate.size(), name.size());
    if (longer - std::min(candidate.size(), name.size()) >= best_distance || candidate == name) continue;
    const std::size_t d = distance(candidate);
    if (d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

bool is_known_but_unsupported(std::string_view name) {
  if (find_density(name) || find_drawn_distribution(name) || !find_functions(name).empty()) return false;
  const auto unsupported = unsupported_names();
  if (std::binary_search(unsupported.begin(), unsupported.end(), name)) return true;
  return std::any_of(density_suffixes.begin(), density_suffixes.end(), [&](const DensitySuffix& suffix) {
    if (!name.ends_with(suffix.text)) return false;
    const std::string_view base = name.substr(0, name.size() - suffix.text.size());
    return std::binary_search(unsupported.begin(), unsupported.end(), base) ||
           (suffix.outcomes == Outcomes::any && find_distribution(base) != nullptr);
  });
}

}  // namespace leapgraph::models::library
