/// From a typed program and data to expressions of the position: the log density statement by statement, and the values
/// of a draw.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "leapgraph/models/data.hpp"
#include "leapgraph/models/lower/evaluator.hpp"
#include "leapgraph/models/lower/generator.hpp"
#include "leapgraph/models/lower/parameters.hpp"
#include "leapgraph/models/types/typed_ast.hpp"
#include "leapgraph/samplers/trace.hpp"

namespace leapgraph::models::lower {

/// A program with its data. Refers to the typed program, which must outlive it.
struct Lowered {
  symbolic::Expr position;  ///< the free variable of every expression here: float64[dimension]
  std::vector<Parameter> parameters;
  /// What adds to the log density: Jacobians, checks of transformed parameters and statements, in the order in which
  /// they run.
  std::vector<Contribution> contributions;
  symbolic::Expr log_density;

  /// Parameters, transformed parameters, generated quantities.
  std::vector<samplers::TraceVariable> variables;
  /// Their values; without those of generated quantities where only the generator can have them.
  symbolic::Exprs values;
  symbolic::Expr stream;  ///< the free variable of their random numbers: symbolic::counter_stream_type
  /// bool: false where the generated quantities of a draw are an error; absent where that cannot be.
  symbolic::Expr drawable;
  /// Runs draws with everything known; null where nobody needs that.
  std::shared_ptr<const Generator> generator;
  bool each_draw = false;  ///< the generator has values or prints; else it only explains what is not `drawable`
  std::vector<samplers::TraceConstant> constants;  ///< the data block

  std::vector<Diagnostic> warnings;

  std::int64_t dimension() const { return dimension_of(parameters); }
};

/// Random numbers of transformed data are those of `seed`. Throws DataError and ModelError as Model does.
Lowered lower(const TypedProgram& program, const Source& source, const DataSet& data, Loops loops = Loops::whole,
              std::uint64_t seed = 0);

/// The first contribution that is not finite at the position, in words: "model.stan:12:3: `y ~ normal(mu, sigma)` is
/// nan: sigma must be positive and finite, found 0". Empty when all are finite.
std::string explain(const Lowered& program, const Source& source, std::span<const double> position);

}  // namespace leapgraph::models::lower
