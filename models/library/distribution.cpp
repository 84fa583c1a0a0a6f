/// From the terms of a distribution to the log density of its arguments.
#include "leapgraph/models/library/distribution.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>

#include "leapgraph/models/library/function.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {

using symbolic::Array;
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

constexpr double log_of_zero = -std::numeric_limits<double>::infinity();

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

/// The row-major place of the first element outside; nothing when there is none.
std::optional<std::int64_t> first_outside(const Domain& domain, const Array& value) {
  for (std::int64_t i = 0; i < value.size(); ++i) {
    if (!domain.holds(value.real(i))) return i;
  }
  return std::nullopt;
}

/// What has to hold: what is known is tested as it is added, the rest becomes a part of the expression.
class Requirements {
 public:
  void add(const Expr& test) {
    const Expr everywhere = test.rank() > 0 ? symbolic::all(test) : test;
    if (is_known_true(everywhere)) return;
    all_ = all_ ? symbolic::logical_and(all_, everywhere) : everywhere;
  }
  void add(const Domain& domain, const Expr& argument, bool test_unknown) {
    if (const std::optional<Array> value = symbolic::constant_value(argument)) {
      if (first_outside(domain, *value)) all_ = symbolic::constant(false);
    } else if (test_unknown) {
      add(domain.test(argument));
    }
  }
  Expr value_or(const Expr& value, double otherwise) const {
    return all_ ? symbolic::where(all_, value, otherwise) : value;
  }

 private:
  Expr all_;
};

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

  Requirements valid;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const DensityArgument& argument = distribution.arguments[i];
    valid.add(*argument.domain, arguments[i], argument.guard == Guard::test);
  }
  for (const Condition& condition : distribution.conditions) valid.add(condition.test(arguments));
  const Support& support = distribution.support;
  if (support.least != nullptr) valid.add(arguments[0] >= support.least(arguments));
  if (support.greatest != nullptr) valid.add(arguments[0] <= support.greatest(arguments));
  return valid.value_or(total, log_of_zero);
}

// ---------------------------------------------------------------- distribution functions

Formula formula_of(const Distribution& distribution, Quantity quantity) {
  switch (quantity) {
    case Quantity::log_density:
      break;
    case Quantity::cdf:
      return distribution.cdf;
    case Quantity::lcdf:
      return distribution.lcdf;
    case Quantity::lccdf:
      return distribution.lccdf;
    case Quantity::truncation_from:
    case Quantity::truncation_to:
    case Quantity::truncation_between:
      break;
  }
  return nullptr;
}

namespace {

/// The distribution function, of one outcome, where the outcome is below or above the support.
struct Ends {
  double below, above;
};
Ends ends_of(Quantity quantity) {
  if (quantity == Quantity::cdf) return {0, 1};
  return quantity == Quantity::lcdf ? Ends{log_of_zero, 0} : Ends{0, log_of_zero};
}

/// The formula of one outcome, with its values outside the support.
Expr of_one_outcome(const Distribution& distribution, Quantity quantity, std::span<const Expr> arguments) {
  const auto [below, above] = ends_of(quantity);
  const Support& support = distribution.support;
  Expr value = formula_of(distribution, quantity)(arguments);
  if (support.least != nullptr) value = symbolic::where(arguments[0] < support.least(arguments), below, value);
  if (support.greatest != nullptr) value = symbolic::where(arguments[0] >= support.greatest(arguments), above, value);
  return value;
}

/// What distribution functions need: formulas of densities that need no test are no help here.
Requirements parameters_are_valid(const Distribution& distribution, std::span<const Expr> arguments) {
  Requirements valid;
  for (std::size_t i = 1; i < arguments.size(); ++i) valid.add(*distribution.arguments[i].domain, arguments[i], true);
  for (const Condition& condition : distribution.conditions) valid.add(condition.test(arguments));
  return valid;
}

}  // namespace

Expr distribution_function(const Distribution& distribution, Quantity quantity, std::span<const Expr> arguments) {
  const bool is_product = quantity == Quantity::cdf;
  const std::int64_t count = outcome_count(distribution, arguments);
  if (count == 0) return symbolic::constant(is_product ? 1.0 : 0.0);
  const Expr one = of_one_outcome(distribution, quantity, arguments);
  Expr total;
  if (is_product) {
    total = one.rank() > 0 ? symbolic::prod(one) : symbolic::pow(one, static_cast<double>(count));
  } else {
    total = sum_over_outcomes(one, count);
  }
  Requirements valid = parameters_are_valid(distribution, arguments);
  if (distribution.cdf_domain != nullptr) valid.add(*distribution.cdf_domain, arguments[0], true);
  return valid.value_or(total, std::numeric_limits<double>::quiet_NaN());
}

// ---------------------------------------------------------------- truncation

bool is_truncation(Quantity quantity) {
  return quantity == Quantity::truncation_from || quantity == Quantity::truncation_to ||
         quantity == Quantity::truncation_between;
}

namespace {

/// The bounds behind the arguments of a truncation.
template <class T>
struct TruncationBounds {
  const T *lower = nullptr, *upper = nullptr;
};
template <class T>
TruncationBounds<T> bounds_of(Quantity quantity, std::span<const T> arguments) {
  if (quantity == Quantity::truncation_from) return {&arguments.back(), nullptr};
  if (quantity == Quantity::truncation_to) return {nullptr, &arguments.back()};
  return {&arguments[arguments.size() - 2], &arguments.back()};
}

/// log(exp(high) - exp(low)); what is -inf has no slope.
Expr log_difference(const Expr& high, const Expr& low) {
  const Expr is_nothing = symbolic::eq(low, log_of_zero);
  const Expr ratio = symbolic::where(is_nothing, -1.0, low - high);
  return symbolic::where(is_nothing, high, high + symbolic::log1mexp(ratio));
}

/// log P(lower <= outcome <= upper) of one outcome.
Expr log_between(const Distribution& distribution, std::span<const Expr> arguments,
                 const TruncationBounds<Expr>& bounds) {
  const auto at = [&](Quantity quantity, const Expr& bound) {
    const std::optional<Array> known = symbolic::constant_value(bound);
    if (known && std::isinf(known->real())) {  // formulas need not have slopes there
      const auto [below, above] = ends_of(quantity);
      return symbolic::constant(known->real() < 0 ? below : above);
    }
    symbolic::Exprs changed(arguments.begin(), arguments.end());
    changed[0] = bound;
    return of_one_outcome(distribution, quantity, changed);
  };
  // The distribution function below a discrete outcome is that of the outcome before it.
  const Expr below = bounds.lower == nullptr ? Expr() : distribution.is_discrete() ? *bounds.lower - 1 : *bounds.lower;
  if (bounds.upper == nullptr) return at(Quantity::lccdf, below);
  if (bounds.lower == nullptr) return at(Quantity::lcdf, *bounds.upper);
  // From the side on which less lies beyond the bounds, so that neither probability is 1 to rounding.
  const Expr low = at(Quantity::lcdf, below);
  return symbolic::where(low < -std::numbers::ln2, log_difference(at(Quantity::lcdf, *bounds.upper), low),
                         log_difference(at(Quantity::lccdf, below), at(Quantity::lccdf, *bounds.upper)));
}

}  // namespace

Expr log_truncation(const Distribution& distribution, Quantity quantity, std::span<const Expr> arguments) {
  const TruncationBounds<Expr> bounds = bounds_of(quantity, arguments);
  arguments = arguments.first(distribution.arguments.size());
  const std::int64_t count = outcome_count(distribution, arguments);
  if (count == 0) return symbolic::constant(0.0);
  const Expr total = -sum_over_outcomes(log_between(distribution, arguments, bounds), count);
  Requirements inside;
  for (const Expr* bound : {bounds.lower, bounds.upper}) {
    if (bound == nullptr) continue;
    inside.add(bound == bounds.lower ? arguments[0] >= *bound : arguments[0] <= *bound);
    if (distribution.cdf_domain != nullptr) inside.add(*distribution.cdf_domain, *bound, true);
  }
  return inside.value_or(total, log_of_zero);
}

Expr value_of(const Distribution& distribution, Quantity quantity, std::span<const Expr> arguments,
              ArgumentSet symbolic_arguments) {
  if (quantity == Quantity::log_density) return log_density(distribution, arguments, symbolic_arguments);
  if (is_truncation(quantity)) return log_truncation(distribution, quantity, arguments);
  return distribution_function(distribution, quantity, arguments);
}

// ---------------------------------------------------------------- what is wrong

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

std::optional<std::string> outside(std::string_view name, const Domain& domain, const Array& value) {
  const std::optional<std::int64_t> place = first_outside(domain, value);
  if (!place) return std::nullopt;
  return fmt::format("{}{} must be {}, found {}", name, indices(value.shape(), *place), domain.words,
                     value.real(*place));
}

/// An outcome on the wrong side of a bound; both may be the same for all.
std::optional<std::string> beyond(std::string_view name, std::string_view words, bool above, const Array& outcome,
                                  const Array& bound) {
  for (std::int64_t i = 0; i < std::max(outcome.size(), bound.size()); ++i) {
    const double y = outcome.real(outcome.size() == 1 ? 0 : i), limit = bound.real(bound.size() == 1 ? 0 : i);
    if (above ? y <= limit : y >= limit) continue;
    return fmt::format("{}{} must be {} {}, found {}", name,
                       outcome.shape().empty() ? "" : indices(outcome.shape(), outcome.size() == 1 ? 0 : i), words,
                       limit, y);
  }
  return std::nullopt;
}

Array computed(const Expr& expression) { return symbolic::interpret({{}, {expression}}, {}).at(0); }

}  // namespace

std::optional<std::string> violation(const DensityArgument& argument, const Array& value) {
  return outside(argument.name, *argument.domain, value);
}

std::optional<std::string> violation(const Distribution& distribution, Quantity quantity,
                                     std::span<const Array> arguments) {
  const bool of_density = quantity == Quantity::log_density;
  const DensityArgument& outcome = distribution.arguments[0];
  if (is_truncation(quantity)) {
    const auto [lower, upper] = bounds_of(quantity, arguments);
    if (lower != nullptr) {
      if (auto wrong = beyond(outcome.name, "at least", false, arguments[0], *lower)) return wrong;
    }
    return upper == nullptr ? std::nullopt : beyond(outcome.name, "at most", true, arguments[0], *upper);
  }
  const Domain* domain = of_density ? outcome.domain : distribution.cdf_domain;
  if (domain != nullptr) {
    if (auto wrong = outside(outcome.name, *domain, arguments[0])) return wrong;
  }
  symbolic::Exprs constants = {symbolic::constant(arguments[0])};
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (auto wrong = violation(distribution.arguments[i], arguments[i])) return wrong;
    constants.push_back(symbolic::constant(arguments[i]));
  }
  for (const Condition& condition : distribution.conditions) {
    const Array test = computed(condition.test(constants));
    for (std::int64_t i = 0; i < test.size(); ++i) {
      if (test.real(i) == 0) return fmt::format("{} does not hold", condition.words);
    }
  }
  const Support& support = distribution.support;
  if (of_density && support.least != nullptr) {
    if (auto wrong = beyond(outcome.name, "at least", false, arguments[0], computed(support.least(constants))))
      return wrong;
  }
  if (of_density && support.greatest != nullptr) {
    return beyond(outcome.name, "at most", true, arguments[0], computed(support.greatest(constants)));
  }
  return std::nullopt;
}

Expr log_inv_logit_of_density(const Expr& x) {
  constexpr double cutoff = 20;
  return symbolic::where(x < -cutoff, x, symbolic::log_sigmoid(x));
}

}  // namespace leapgraph::models::library
