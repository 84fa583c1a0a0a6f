/// Parameters between their two scales: coordinates of the position, and constrained values.
#pragma once

#include <string>
#include <vector>

#include "leapgraph/models/data.hpp"
#include "leapgraph/models/lower/constraint.hpp"

namespace leapgraph::models::lower {

/// A parameter and its part of the position.
struct Parameter {
  Declared variable;
  std::int64_t offset = 0;  ///< of its first coordinate
  std::int64_t size = 0;    ///< the number of its coordinates; a simplex has one less than elements
  /// Of each of its coordinates, where they do not stand together: those of one tuple of an array do.
  std::vector<std::int64_t> places = {};
  Constraint constraint = {};  ///< its bounds may depend on parameters before it

  std::int64_t place(std::int64_t coordinate) const {
    return places.empty() ? offset + coordinate : places[static_cast<std::size_t>(coordinate)];
  }
};

/// The parameters with their offsets, constraints not evaluated yet.
std::vector<Parameter> parameters_of(Evaluator& evaluator, const TypedProgram& program,
                                     const ProgramBlock<Typed>& block);
std::int64_t dimension_of(const std::vector<Parameter>& parameters);

/// Declares each parameter as a function of the position, evaluates its constraint, and adds its log-Jacobian to the
/// log density.
void constrain_parameters(Evaluator& evaluator, std::vector<Parameter>& parameters, const symbolic::Expr& position);

/// "mu", "theta[2]", "Sigma[2,1]"; coordinates that are not those of an element are numbered, "L[3]"
std::vector<std::string> coordinate_names(const std::vector<Parameter>& parameters);

/// The position of the given constrained values; coordinates of parameters that are not there are nan. Throws
/// DataError.
std::vector<double> unconstrain(const std::vector<Parameter>& parameters, const symbolic::Expr& position,
                                const DataSet& values, const Source& source);

}  // namespace leapgraph::models::lower
