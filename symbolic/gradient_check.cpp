/// Derivatives against differences: random projections, Ridders' extrapolation, and the search for the op to blame.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/looking.hpp"
#include "leapgraph/symbolic/verification.hpp"

namespace leapgraph::symbolic {

namespace {

/// Tolerances and steps for the coarsest element type among the things that are differentiated.
struct Precision {
  double eps, abs_tol, rel_tol;
  double smallest;  ///< size of a number below which steps do not follow it

  Precision(const GradCheckOptions& options, std::span<const Expr> exprs) {
    std::int64_t bytes = 8;
    for (const Expr& e : exprs)
      if (is_floating(e.dtype())) bytes = std::min(bytes, info(e.dtype()).bytes);
    const auto pick = [bytes](double given, double for_double, double for_single, double for_half) {
      return given > 0 ? given : bytes >= 8 ? for_double : bytes >= 4 ? for_single : for_half;
    };
    eps = pick(options.eps, 0.02, 0.1, 0.5);
    smallest = pick(0, 1e-4, 1e-2, 0.1);
    abs_tol = pick(options.abs_tol, 1e-6, 5e-3, 0.1);
    rel_tol = pick(options.rel_tol, 1e-6, 5e-3, 0.1);
  }
};

/// What a step from x is in proportion to: a pole may be at 0 if x is not.
double scale_of(double x, const Precision& precision) {
  return x == 0 ? 1.0 : std::max(std::abs(x), precision.smallest);
}

struct Slope {
  double value = std::numeric_limits<double>::quiet_NaN();
  double error = std::numeric_limits<double>::infinity();
};

/// df/dt at 0 by Ridders' method: central differences with steps h, h/2, h/4, ... extrapolated to 0, the entry of the
/// tableau with the smallest error taken. Steps at which f is not finite are left out.
Slope slope_of(const std::function<double(double)>& f, double h) {
  constexpr std::size_t rows = 9;
  std::array<std::array<double, rows>, rows> table{};
  Slope best;
  std::size_t row = 0;
  for (int tries = 0; row < rows && tries < 24; ++tries, h /= 2) {
    const double difference = (f(h) - f(-h)) / (2 * h);
    if (!std::isfinite(difference)) {
      if (row > 0) break;
      continue;
    }
    table[row][0] = difference;
    if (row == 0) best.value = difference;
    double factor = 1;
    for (std::size_t k = 1; k <= row; ++k) {
      factor *= 4;
      table[row][k] = (factor * table[row][k - 1] - table[row - 1][k - 1]) / (factor - 1);
      const double error =
          std::max(std::abs(table[row][k] - table[row][k - 1]), std::abs(table[row][k] - table[row - 1][k - 1]));
      if (error <= best.error) best = {table[row][k], error};
    }
    ++row;
  }
  return best;
}

Array random_array(const Type& type, std::mt19937_64& random) {
  Array array(type);
  for (std::int64_t i = 0; i < array.size(); ++i) array.set(i, static_cast<double>(random() >> 11) * 0x1p-52 - 1.0);
  return array;
}

double inner(const Array& a, const Array& b) {
  double total = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) total += a.real(i) * b.real(i);
  return total;
}

/// One problem: outputs of inputs at a point, and everything that is compared there.
class GradientCheck {
 public:
  GradientCheck(const Exprs& inputs, const Exprs& outputs, std::span<const Array> points,
                const GradCheckOptions& options)
      : inputs_(inputs),
        points_(points.begin(), points.end()),
        options_(options),
        precision_(options, joined(inputs, outputs)) {
    if (inputs.size() != points.size())
      throw GraphError(fmt::format("verify_grad: {} inputs and {} points", inputs.size(), points.size()));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!is_input(inputs[i])) throw GraphError(fmt::format("verify_grad: input {} is not a variable", i));
      require_fitting(inputs[i], points_[i]);
      if (!is_floating(inputs[i].dtype())) continue;
      wrt_.push_back(inputs[i]);
      numbers_.push_back(i);
    }
    for (const Expr& e : outputs)
      if (e && is_floating(e.dtype())) outputs_.push_back(e);
    if (outputs_.empty() || wrt_.empty())
      throw NotDifferentiable("verify_grad: there must be a floating input and a floating output");
  }

  GradReport run() {
    std::mt19937_64 random(options_.seed * 7919 + 11);
    const std::vector<Array> values = interpret(Graph{inputs_, outputs_}, points_);
    for (std::size_t k = 0; k < values.size(); ++k)
      for (std::int64_t i = 0; i < values[k].size(); ++i)
        if (!std::isfinite(values[k].real(i)))
          throw GraphError(fmt::format("verify_grad: the function is {} at the point", values[k].real(i)));
    for (int test = 0; test < options_.n_tests && report_.passed; ++test) {
      report_.test = test;
      cost_ = constant(0.0);
      for (std::size_t k = 0; k < outputs_.size(); ++k)
        cost_ = cost_ + sum(cast(outputs_[k], DType::float64) *
                            constant(random_array({DType::float64, values[k].shape()}, random)));
      check_cost(random);
    }
    if (report_.passed) report_.test = 0;
    if (!report_.passed) write_report();
    return report_;
  }

 private:
  static Exprs joined(Exprs a, const Exprs& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }

  void check_cost(std::mt19937_64& random) {
    const Exprs gradient = grad(cost_, wrt_, Disconnected::zero);
    const std::vector<Array> analytic = interpret(Graph{inputs_, gradient}, points_);
    const Graph graph{inputs_, {cost_}};
    const Evaluator evaluate(graph);
    // Along a direction of all inputs; the elements one by one; forward mode.
    std::vector<Array> direction;
    for (std::size_t k = 0; k < wrt_.size(); ++k) {
      const Array& point = points_[numbers_[k]];
      direction.push_back(random_array({DType::float64, point.shape()}, random));
      for (std::int64_t i = 0; i < point.size(); ++i)
        direction[k].set(i, direction[k].real(i) * scale_of(point.real(i), precision_));
    }
    double along = 0;
    for (std::size_t k = 0; k < wrt_.size(); ++k) along += inner(analytic[k], direction[k]);
    const auto moved_along = [&](double t) {
      std::vector<Array> moved = points_;
      for (std::size_t k = 0; k < wrt_.size(); ++k) {
        Array& array = moved[numbers_[k]] = Array(points_[numbers_[k]].type());
        for (std::int64_t i = 0; i < array.size(); ++i)
          array.set(i, points_[numbers_[k]].real(i) + t * direction[k].real(i));
      }
      return evaluate(std::move(moved))[0].real();
    };
    for (std::size_t k = 0; k < wrt_.size() && report_.passed; ++k) {
      const Array& point = points_[numbers_[k]];
      const std::int64_t count = std::min(point.size(), options_.elements);
      for (std::int64_t j = 0; j < count && report_.passed; ++j) {
        const std::int64_t i = j * point.size() / count;
        const double x = point.real(i);
        const auto moved = [&](double t) {
          std::vector<Array> changed = points_;
          Array& array = changed[numbers_[k]] = Array(point.type());
          for (std::int64_t e = 0; e < array.size(); ++e) array.set(e, point.real(e) + (e == i ? t : 0.0));
          // What was added to the element in its own precision.
          const double done = array.real(i) - x;
          return t == 0 || done == 0 ? evaluate(std::move(changed))[0].real()
                                     : evaluate(std::move(changed))[0].real() * (t / done) + (1 - t / done) * base();
        };
        compare("reverse mode", numbers_[k], i, analytic[k].real(i),
                slope_of(moved, precision_.eps * scale_of(x, precision_)));
      }
    }
    if (report_.passed) compare("reverse mode", inputs_.size(), -1, along, slope_of(moved_along, precision_.eps));
    if (report_.passed && options_.forward) {
      Exprs tangents;
      for (std::size_t k = 0; k < wrt_.size(); ++k) tangents.push_back(cast(constant(direction[k]), wrt_[k].dtype()));
      const Expr forward = jvp(std::span(&cost_, 1), wrt_, tangents)[0];
      const double moved = forward ? interpret(Graph{inputs_, {forward}}, points_)[0].real() : 0.0;
      compare("forward mode", inputs_.size(), -1, moved, {along, 0});
    }
    if (report_.passed && options_.second) check_second(gradient);
  }

  void check_second(const Exprs& gradient) {
    Exprs connected;
    for (std::size_t k = 0; k < gradient.size(); ++k) connected.push_back(gradient[k]);
    GradCheckOptions options = options_;
    options.second = false;
    options.n_tests = 1;
    GradReport second = GradientCheck(inputs_, connected, points_, options).run();
    const double largest = std::max(report_.largest_error, second.largest_error);
    if (!second.passed) {
      second.test = report_.test;
      second.derivative = "second derivative, " + second.derivative;
      report_ = second;
    }
    report_.largest_error = largest;
  }

  /// The cost at the point.
  double base() {
    if (base_of_ != cost_) {
      base_ = interpret(Graph{inputs_, {cost_}}, points_)[0].real();
      base_of_ = cost_;
    }
    return base_;
  }

  void compare(const std::string& derivative, std::size_t input, std::int64_t element, double analytic,
               const Slope& numeric) {
    const double size = std::max(std::abs(analytic), std::abs(numeric.value));
    const double difference = std::abs(analytic - numeric.value);
    const double tolerance = precision_.abs_tol + precision_.rel_tol * size;
    // Differences that say themselves how bad they are get some benefit of the doubt.
    const bool passed = difference <= tolerance + std::min(numeric.error, 10 * tolerance);
    const double error = difference / (1 + size);
    if (!(error <= report_.largest_error)) report_.largest_error = error;
    if (passed) return;
    report_.passed = false;
    report_.derivative = derivative;
    report_.input = input;
    report_.element = element;
    report_.analytic = analytic;
    report_.numeric = numeric.value;
    report_.relative_error = size > 0 ? difference / size : 0;
    if (!std::isfinite(report_.relative_error)) report_.relative_error = std::numeric_limits<double>::infinity();
  }

  /// The first op in order of evaluation whose derivative by itself is wrong for the inputs that it has here.
  void blame() {
    if (!options_.elements) return;
    const Values values(std::span(&cost_, 1), inputs_, points_);
    GradCheckOptions alone = options_;
    alone.second = report_.derivative.starts_with("second");
    alone.n_tests = 1;
    alone.elements = 0;  // one direction; and no blame in there
    for (const Node* node : values.order) {
      if (node->inputs().empty() || node->op().gradient == nullptr) continue;
      Exprs fresh;
      for (const Expr& e : node->inputs()) fresh.push_back(input(e.type(), "x"));
      try {
        const auto local = make_node(node->op(), fresh, node->attributes(), node->place());
        const std::vector<Array> at = values.inputs_of(*node);
        if (GradientCheck(fresh, outputs_of(*local), at, alone).run().passed) continue;
      } catch (const GraphError&) {
        continue;  // not differentiable, or not finite here
      }
      report_.op = node->op().name;
      report_.place = node->place();
      return;
    }
  }

  void write_report() {
    blame();
    const std::string of = report_.element < 0
                               ? "along a random direction"
                               : fmt::format("by '{}'{}", name_of(inputs_[report_.input]),
                                             to_text(index_at(points_[report_.input].shape(), report_.element)));
    report_.text = fmt::format("verify_grad: {}: the derivative {} is {}, {} {} (relative error {:.2g}, test {})",
                               report_.derivative, of, report_.analytic,
                               report_.derivative.ends_with("forward mode") ? "reverse mode gives" : "differences give",
                               report_.numeric, report_.relative_error, report_.test);
    if (!report_.op.empty())
      report_.text += fmt::format("; wrong by itself is '{}' (made at {}:{})", report_.op, report_.place.file_name(),
                                  report_.place.line());
  }

  Exprs inputs_;
  std::vector<Array> points_;
  GradCheckOptions options_;
  Precision precision_;
  Exprs wrt_, outputs_;
  std::vector<std::size_t> numbers_;  // of `wrt_` among the inputs
  Expr cost_, base_of_;
  double base_ = 0;
  GradReport report_;
};

/// The same problem in real numbers: the parts of complex inputs are inputs of their own, called "z.real" and "z.imag",
/// and those of complex outputs outputs.
struct RealProblem {
  Exprs inputs, outputs;
  std::vector<Array> points;
  std::vector<std::size_t> numbers;  // of the inputs that these are, or are parts of

  RealProblem(const Exprs& given, const Exprs& functions, std::span<const Array> at) {
    Substitution parts;
    for (std::size_t i = 0; i < given.size(); ++i) {
      const bool split = given[i] && is_complex(given[i].dtype()) && i < at.size() && is_complex(at[i].dtype());
      numbers.insert(numbers.end(), split ? 2 : 1, i);
      if (!split) {
        inputs.push_back(given[i]);
        if (i < at.size()) points.push_back(at[i]);
        continue;
      }
      const Type type{part_of(given[i].dtype()), given[i].shape()};
      const Expr re = input(type, name_of(given[i]) + ".real"), im = input(type, name_of(given[i]) + ".imag");
      inputs.insert(inputs.end(), {re, im});
      parts.emplace(given[i], complex(re, im));
      Array real_part(Type{type.dtype, at[i].shape()}), imaginary_part(Type{type.dtype, at[i].shape()});
      for (std::int64_t e = 0; e < at[i].size(); ++e) {
        real_part.set(e, at[i].real(e));
        imaginary_part.set(e, at[i].imaginary(e));
      }
      points.insert(points.end(), {real_part, imaginary_part});
    }
    for (const Expr& e : parts.empty() ? functions : substitute(functions, parts))
      if (e && is_complex(e.dtype()))
        outputs.insert(outputs.end(), {real(e), imag(e)});
      else
        outputs.push_back(e);
  }
};

}  // namespace

GradReport check_grad(const Exprs& inputs, const Exprs& outputs, std::span<const Array> points,
                      const GradCheckOptions& options) {
  for (const Expr& e : outputs)
    if (!e) throw GraphError("verify_grad: an output is an empty expression");
  if (inputs.size() != points.size())
    throw GraphError(fmt::format("verify_grad: {} inputs and {} points", inputs.size(), points.size()));
  const RealProblem problem(inputs, outputs, points);
  GradReport report = GradientCheck(problem.inputs, problem.outputs, problem.points, options).run();
  report.input = report.input < problem.numbers.size() ? problem.numbers[report.input] : inputs.size();
  return report;
}

void verify_grad(const Exprs& inputs, const Exprs& outputs, std::span<const Array> points,
                 const GradCheckOptions& options) {
  const GradReport report = check_grad(inputs, outputs, points, options);
  if (!report.passed) throw AssertionFailed(report.text);
}

void verify_grad(const std::function<Expr(const Exprs&)>& f, const std::vector<Array>& points,
                 const GradCheckOptions& options) {
  Exprs inputs;
  for (std::size_t i = 0; i < points.size(); ++i) inputs.push_back(input(points[i].type(), fmt::format("x{}", i)));
  verify_grad(inputs, {f(inputs)}, points, options);
}

}  // namespace leapgraph::symbolic
