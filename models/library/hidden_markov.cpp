/// Hidden Markov models of finitely many states: the likelihood with the states summed out, and their probabilities.
/// The recursions over time are loops over vectors that are scaled to sum to 1.
#include <fmt/format.h>

#include <limits>
#include <optional>
#include <vector>

#include "leapgraph/models/library/draws.hpp"
#include "leapgraph/models/library/function.hpp"
#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using symbolic::Exprs;

/// The likelihoods of the states, a row for each time, divided by the largest of their row; and the logarithms of
/// those.
struct Likelihoods {
  Expr rows, log_scales;
};

Likelihoods likelihoods(const Expr& log_omega) {
  const Expr rows = symbolic::transpose(log_omega);
  const Expr largest = symbolic::max(rows, {1}, true);
  const Expr scales = symbolic::where(symbolic::isinf(largest), 0.0, largest);  // nothing is possible: all stay 0
  return {.rows = symbolic::exp(rows - scales), .log_scales = scales};
}

/// The probabilities of the states given what was seen so far, a row for each time, and how likely each observation was
/// given those before it, in units of its scale.
struct Forward {
  Expr states, likelihoods;
};

Forward forward(const Expr& omega, const Expr& transitions, const Expr& start) {
  const std::int64_t times = omega.shape()[0];
  const auto normalised = [](const Expr& states) {
    const Expr sum = symbolic::sum(states);
    return std::pair{states / sum, sum};
  };
  const auto [first, likelihood] = normalised(start * symbolic::at(omega, 0));
  const Expr first_row = symbolic::expand_dims(first, 0), first_likelihood = symbolic::expand_dims(likelihood, 0);
  if (times == 1) return {.states = first_row, .likelihoods = first_likelihood};
  const auto step = [&](const Exprs& carry, const Exprs& element) {
    const auto [states, sum] = normalised(element[0] * symbolic::dot(carry[0], transitions));
    return symbolic::ScanBody{{states}, {states, sum}};
  };
  const Exprs later = symbolic::scan(step, {first}, {symbolic::slice(omega, 0, {1, times})}).outputs;
  return {.states = symbolic::concatenate({first_row, later[0]}),
          .likelihoods = symbolic::concatenate({first_likelihood, later[1]})};
}

Expr is_simplex(const Expr& rows) {
  const Expr sums = symbolic::abs(symbolic::sum(rows, {-1}) - 1.0) <= 1e-8;  // as Stan checks it
  return symbolic::logical_and(symbolic::all(rows >= 0.0), symbolic::all(sums));
}

/// Checks the arguments of both functions; whether they hold probabilities is an expression.
Expr valid(const BuildCall& call) {
  require_square(call, 1);
  if (call.length(0) != call.length(1)) {
    throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, 1));
  }
  if (call.length(0) != call.length(2)) {
    throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, 2));
  }
  if (call.length(0, 1) == 0) throw ArgumentError("there is no observation: " + describe(call, 0));
  if (call.length(0, 1) == 1) return is_simplex(call[2]);
  return symbolic::logical_and(is_simplex(call[2]), is_simplex(call[1]));
}

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Expr marginal(const BuildCall& call) {
  const Expr holds = valid(call);
  const Likelihoods omega = likelihoods(call[0]);
  const Forward filtered = forward(omega.rows, call[1], call[2]);
  return symbolic::where(holds, symbolic::sum(symbolic::log(filtered.likelihoods)) + symbolic::sum(omega.log_scales),
                         nan);
}

Expr hidden_state_probabilities(const BuildCall& call) {
  const Expr holds = valid(call);
  const Expr omega = likelihoods(call[0]).rows;
  const Expr filtered = forward(omega, call[1], call[2]).states;
  const std::int64_t states = call.length(0), times = call.length(0, 1);
  // How likely the observations after each time are, for each state then; from the last time backwards.
  const auto step = [&](const Exprs& carry, const Exprs& element) {
    const Expr before = symbolic::dot(call[1], element[0] * carry[0]);
    const Expr scaled = before / symbolic::sum(before);
    return symbolic::ScanBody{{scaled}, {scaled}};
  };
  const Expr last = symbolic::full({states}, 1.0);
  Expr future = symbolic::expand_dims(last, 0);
  if (times > 1) {
    const Expr backwards = symbolic::slice(symbolic::slice(omega, 0, {1, times}), 0, {std::nullopt, std::nullopt, -1});
    const Expr earlier = symbolic::scan(step, {last}, {backwards}).outputs[0];
    future = symbolic::concatenate({symbolic::slice(earlier, 0, {std::nullopt, std::nullopt, -1}), future});
  }
  const Expr joint = filtered * future;
  const Expr probabilities = symbolic::transpose(joint / symbolic::sum(joint, {1}, true));
  return symbolic::where(holds, probabilities, nan);
}

/// The number, from 0, of the category that a uniform number falls into; `weights` need not sum to 1.
Expr drawn_state(const Expr& uniform, const Expr& weights) {
  const std::int64_t count = weights.shape()[0];
  const Expr limits = symbolic::slice(symbolic::cumsum(weights, 0), 0, {0, count - 1});
  return symbolic::sum(symbolic::cast(uniform * symbolic::sum(weights) > limits, symbolic::DType::int64));
}

/// States given all observations: the last from what is known then, each before it given the one after it.
Expr latent_states(Draws& draws, const BuildCall& call) {
  const Expr holds = valid(call);
  const Expr filtered = forward(likelihoods(call[0]).rows, call[1], call[2]).states;
  const std::int64_t times = call.length(0, 1);
  const Expr uniforms = draws.uniform({times});
  const Expr last = drawn_state(symbolic::at(uniforms, times - 1), symbolic::at(filtered, times - 1));
  Expr states = symbolic::expand_dims(last, 0);
  if (times > 1) {
    const auto backwards = [&](const Expr& x) {
      return symbolic::slice(symbolic::slice(x, 0, {0, times - 1}), 0, {std::nullopt, std::nullopt, -1});
    };
    const auto step = [&](const Exprs& carry, const Exprs& element) {
      const Expr weights = element[0] * symbolic::gather(call[1], carry[0], 1);
      const Expr state = drawn_state(element[1], weights);
      return symbolic::ScanBody{{state}, {state}};
    };
    const Expr earlier = symbolic::scan(step, {last}, {backwards(filtered), backwards(uniforms)}).outputs[0];
    states = symbolic::concatenate({symbolic::slice(earlier, 0, {std::nullopt, std::nullopt, -1}), states});
  }
  return symbolic::where(holds, states + std::int64_t{1}, std::int64_t{-1});
}

}  // namespace

std::span<const Function> hidden_markov_functions() {
  static const std::vector<Function> table = {
      {"hmm_marginal",
       "log likelihood of a hidden Markov model: log likelihoods of the states (rows) at each time (columns), "
       "transition matrix, distribution of the first state",
       "(matrix, matrix, vector) => real", marginal},
      {"hmm_hidden_state_prob",
       "probabilities of the states of a hidden Markov model at each time given all observations; arguments as of "
       "hmm_marginal",
       "(matrix, matrix, vector) => matrix", hidden_state_probabilities},
      {.name = "hmm_latent_rng",
       .summary = "states of a hidden Markov model drawn given all observations; arguments as of hmm_marginal",
       .signature = "(matrix, matrix, vector) => array[] int",
       .build = nullptr,
       .draw = latent_states},
  };
  return table;
}

}  // namespace leapgraph::models::library
