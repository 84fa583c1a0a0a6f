/// From the terms of a distribution to the log density of its arguments.
#include "leapgraph/models/library/distribution.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "leapgraph/models/library/function.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {

using symbolic::Expr;

namespace domains {
const Domain number{"a number", [](double x) { return !std::isnan(x); },
                    [](const Expr& x) { return symbolic::logical_not(symbolic::isnan(x)); }};
const Domain finite{"finite", [](double x) { return std::isfinite(x); },
                    [](const Expr& x) { return symbolic::abs(x) < std::numeric_limits<double>::infinity(); }};
const Domain positive{
    "positive and finite", [](double x) { return x > 0 && std::isfinite(x); },
    [](const Expr& x) { return symbolic::logical_and(x > 0.0, x < std::numeric_limits<double>::infinity()); }};
const Domain nonnegative{"at least 0", [](double x) { return x >= 0; }, [](const Expr& x) { return x >= 0; }};
const Domain probability{"between 0 and 1", [](double x) { return x >= 0 && x <= 1; },
                         [](const Expr& x) { return symbolic::logical_and(x >= 0.0, x <= 1.0); }};
const Domain binary{"0 or 1", [](double x) { return x == 0 || x == 1; },
                    [](const Expr& x) { return symbolic::logical_or(symbolic::eq(x, 0), symbolic::eq(x, 1)); }};
const Domain counting{"at least 1", [](double x) { return x >= 1; }, [](const Expr& x) { return x >= 1; }};
}  // namespace domains

namespace {

/// What types an argument takes, as messages say it, and the dimensions that one outcome has of it.
struct FormInfo {
  Form form;
  std::string_view reals, integers;
  int rank;             ///< at most
  bool may_be_several;  ///< there may be an axis of outcomes in front
  bool (*fits)(const StanType& type);
};

constexpr std::array<FormInfo, 7> forms = {{
    {Form::each, "real, vector, row_vector or array[] real", "int or array[] int", 0, true,
     [](const StanType& type) { return rank(type) <= 1; }},
    {Form::one, "real", "int", 0, false, [](const StanType& type) { return rank(type) == 0; }},
    {Form::vectors, "vector, row_vector or an array of them", "array[] int", 1, true,
     [](const StanType& type) {
       return holds_integers(type) ? type.depth == 1 : base_rank(type.base) == 1 && type.depth <= 1;
     }},
    {Form::vector, "vector", "array[] int", 1, false,
     [](const StanType& type) { return rank(type) == 1 && holds_integers(type) == type.is_array(); }},
    {Form::rows, "matrix or row_vector", "", 1, true,
     [](const StanType& type) { return type.is(Base::matrix) || type.is(Base::row_vector); }},
    {Form::matrix, "matrix", "", 2, false, [](const StanType& type) { return type.is(Base::matrix); }},
    {Form::diagonal, "matrix or vector", "", 2, false,
     [](const StanType& type) { return type.is(Base::matrix) || type.is(Base::vector); }},
}};

const FormInfo& info(const DensityArgument& argument) { return forms[static_cast<std::size_t>(argument.form)]; }

}  // namespace

std::span<const Distribution> all_distributions() {
  static const std::vector<Distribution> table = [] {
    std::vector<Distribution> all;
    for (const auto family :
         {continuous_distributions(), discrete_distributions(), category_distributions(), multivariate_distributions(),
          matrix_distributions(), regression_distributions(), state_space_distributions()}) {
      all.insert(all.end(), family.begin(), family.end());
    }
    return all;
  }();
  return table;
}

const Distribution* find_distribution(std::string_view name) {
  for (const Distribution& distribution : all_distributions()) {
    if (distribution.name == name) return &distribution;
  }
  return nullptr;
}

std::string_view accepted(const DensityArgument& argument) {
  return argument.integer ? info(argument).integers : info(argument).reals;
}

std::optional<std::size_t> misfit(const Distribution& distribution, std::span<const StanType> types,
                                  std::size_t first) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    const DensityArgument& argument = distribution.arguments[first + i];
    const bool element_fits = argument.integer ? holds_integers(types[i]) : holds_reals(types[i]);
    if (!element_fits || !info(argument).fits(types[i])) return i;
  }
  return std::nullopt;
}

namespace {

/// A length that several axes share; -1 before one is known.
struct SharedLength {
  std::int64_t length = -1;
  std::string_view argument = {}, what = {};

  void add(std::string_view name, std::string_view of, std::int64_t found) {
    if (length >= 0 && found != length) {
      throw ArgumentError(
          fmt::format("sizes differ: {} has {} {}, {} has {} {}", argument, length, what, name, found, of));
    }
    length = found;
    argument = name;
    what = of;
  }
};

/// What messages call the axes that one outcome has of an argument.
std::string_view axis_word(const DensityArgument& argument, std::size_t own_rank, std::size_t axis, bool several) {
  if (own_rank == 2) return axis == 0 ? "rows" : "columns";
  if (argument.form == Form::rows) return "columns";
  return several ? "elements in each" : "elements";
}

/// The number of outcomes: the one length of all arguments that have an entry for each, 1 if there is none; 0 too where
/// an outcome has no elements. The other axes have the lengths that their letters share.
std::int64_t outcome_count(const Distribution& distribution, std::span<const Expr> arguments) {
  SharedLength outcomes;
  std::map<char, SharedLength> lengths;
  bool empty = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const DensityArgument& argument = distribution.arguments[i];
    const FormInfo& form = info(argument);
    const symbolic::Shape& shape = arguments[i].shape();
    const std::size_t own =
        form.may_be_several ? static_cast<std::size_t>(form.rank) : shape.size();  // of a diagonal one axis, or two
    const bool several = shape.size() > own;
    if (several) outcomes.add(argument.name, argument.form == Form::rows ? "rows" : "elements", shape[0]);
    for (std::size_t axis = 0; axis < own; ++axis) {
      const char letter = argument.axes.empty() ? 'K' : argument.axes[axis];
      const std::int64_t length = shape[shape.size() - own + axis];
      lengths[letter].add(argument.name, axis_word(argument, own, axis, several), length);
      if (i == 0 && length == 0) empty = true;
    }
  }
  if (empty) return 0;
  return outcomes.length < 0 ? 1 : outcomes.length;
}

/// The sum over outcomes of a term that may be the same for all of them.
Expr sum_over_outcomes(const Expr& term, std::int64_t count) {
  if (term.rank() > 0) return symbolic::sum(term);
  return count == 1 ? term : static_cast<double>(count) * term;
}

bool is_known_true(const Expr& test) {
  if (!symbolic::free_inputs(std::span(&test, 1)).empty()) return false;
  return symbolic::interpret({{}, {test}}, {}).at(0).real() != 0;
}

}  // namespace

Expr log_density(const Distribution& distribution, std::span<const Expr> arguments, ArgumentSet symbolic_arguments) {
  const std::int64_t count = outcome_count(distribution, arguments);
  Expr total = symbolic::constant(0.0);
  bool empty = true;
  if (count == 0) return total;
  for (const Term& term : distribution.terms) {
    const bool kept =
        symbolic_arguments == everything || term.kept_for == everything || (term.kept_for & symbolic_arguments) != 0;
    if (!kept) continue;
    const Expr summed = sum_over_outcomes(term.value(arguments), count);
    total = empty ? summed : total + summed;
    empty = false;
  }

  // What is known now is tested now; the rest becomes part of the expression.
  Expr valid;
  const auto require = [&](const Expr& test) {
    const Expr everywhere = test.rank() > 0 ? symbolic::all(test) : test;
    if (is_known_true(everywhere)) return;
    valid = valid ? symbolic::logical_and(valid, everywhere) : everywhere;
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const DensityArgument& argument = distribution.arguments[i];
    if (const std::optional<symbolic::Array> value = symbolic::constant_value(arguments[i])) {
      if (violation(argument, *value)) valid = symbolic::constant(false);
    } else if (argument.guard == Guard::test) {
      require(argument.domain->test(arguments[i]));
    }
  }
  for (const Condition& condition : distribution.conditions) require(condition.test(arguments));
  if (!valid) return total;
  return symbolic::where(valid, total, -std::numeric_limits<double>::infinity());
}

namespace {

/// "[2, 3]": the place of a row-major element, counting from 1.
std::string indices(const symbolic::Shape& shape, std::int64_t element) {
  std::string text;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    text = fmt::format("{}{}{}", element % shape[axis] + 1, text.empty() ? "" : ", ", text);
    element /= shape[axis];
  }
  return text.empty() ? "" : "[" + text + "]";
}

}  // namespace

std::optional<std::string> violation(const DensityArgument& argument, const symbolic::Array& value) {
  for (std::int64_t i = 0; i < value.size(); ++i) {
    const double element = value.real(i);
    if (argument.domain->holds(element)) continue;
    return fmt::format("{}{} must be {}, found {}", argument.name, indices(value.shape(), i), argument.domain->words,
                       element);
  }
  return std::nullopt;
}

Expr log_inv_logit_of_density(const Expr& x) {
  constexpr double cutoff = 20;
  return symbolic::where(x < -cutoff, x, symbolic::log_sigmoid(x));
}

}  // namespace leapgraph::models::library
