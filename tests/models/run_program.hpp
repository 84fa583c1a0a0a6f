/// Models from program text, their log densities and draws, and the messages of those that are refused.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "leapgraph/models/model.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models {

inline Model model(const std::string& program, const std::string& data = "{}") {
  return {CheckedProgram::from_source(Source::from_text("model.stan", program)), DataSet::from_text("data.json", data)};
}

struct Evaluated {
  double log_density = 0;
  std::vector<double> gradient;
};

/// Log density and gradient by the reference interpreter.
inline Evaluated evaluate(const Model& m, const std::vector<double>& position) {
  const symbolic::Expr q = symbolic::input({symbolic::DType::float64, {m.dimension()}}, "q");
  const symbolic::Expr value = m.density().log_density(q);
  const symbolic::Expr gradient = symbolic::grad(value, q, symbolic::Disconnected::zero);
  const symbolic::Array arguments[] = {symbolic::Array::vector(position)};
  const std::vector<symbolic::Array> results = symbolic::interpret({{q}, {value, gradient}}, arguments);
  return {results[0].real(), results[1].reals()};
}

/// The variables of a draw, row-major.
inline std::map<std::string, std::vector<double>> draw(const Model& m, const std::vector<double>& position = {}) {
  const symbolic::Expr q = symbolic::input({symbolic::DType::float64, {m.dimension()}}, "q");
  const symbolic::Array arguments[] = {symbolic::Array::vector(position)};
  const std::vector<symbolic::Array> values = symbolic::interpret({{q}, m.density().constrain(q)}, arguments);
  std::map<std::string, std::vector<double>> result;
  for (std::size_t i = 0; i < values.size(); ++i) result[m.density().variables[i].name] = values[i].reals();
  return result;
}

/// The message of the error that `action` throws.
template <class Action>
std::string complaint(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace leapgraph::models
