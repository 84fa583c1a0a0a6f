/// Every formula of stability_formulas.hpp has its true value, gradient and second derivative however it is spelled and
/// wherever it stands.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "symbolic/stability_formulas.hpp"

namespace leapgraph::symbolic {
namespace {

// --- True values ---

struct Point {
  std::vector<double> x;
  double value = 0;
  std::vector<double> gradient, hessian;
  double third = 0;  ///< of functions of one variable
};

double parse(const std::string& word) { return word == "nan" ? std::nan("") : std::strtod(word.c_str(), nullptr); }

const std::map<std::string, std::vector<Point>>& truth() {
  static const std::map<std::string, std::vector<Point>> table = [] {
    std::map<std::string, std::vector<Point>> result;
    std::ifstream file(std::string(LEAPGRAPH_SOURCE_DIR) + "/tests/symbolic/stability_values.txt");
    bool several = false;
    for (std::string line; std::getline(file, line);) {
      if (line == "--") {
        several = true;
        continue;
      }
      std::istringstream words(line);
      std::string name, word;
      words >> name;
      std::vector<double> numbers;
      while (words >> word) numbers.push_back(parse(word));
      const std::size_t n = several ? static_cast<std::size_t>(numbers[0]) : 1;
      auto next = numbers.begin() + (several ? 1 : 0);
      const auto take = [&next](std::size_t count) {
        const std::vector<double> taken(next, next + static_cast<std::ptrdiff_t>(count));
        next += static_cast<std::ptrdiff_t>(count);
        return taken;
      };
      Point p;
      p.x = take(n);
      p.value = take(1)[0];
      p.gradient = take(n);
      p.hessian = take(n * n);
      if (!several) p.third = take(1)[0];
      result[name].push_back(std::move(p));
    }
    return result;
  }();
  return table;
}

std::string key_of(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

// --- What is allowed ---

/// Some places of the result, and what a change of the arguments by some of their places does to it. Numbers whose
/// squares are no normal ones are 0 to us.
struct Allowance {
  double places = 16, argument_places = 8;
};
constexpr double unit = 0x1p-53;

double allowed(double truth, double sensitivity, const Allowance& a) {
  const double change = std::isfinite(sensitivity) ? a.argument_places * sensitivity : 0.0;
  return unit * (a.places * std::abs(truth) + change) + 1e-307;
}

/// The largest |x_i df/dx_i|.
double sensitivity(const std::vector<double>& x, const double* derivatives) {
  double total = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double d = std::abs(x[i] * derivatives[i]);
    if (std::isfinite(d)) total += d;
  }
  return total;
}

struct Wanted {
  double truth, tolerance;
};

/// Formulas whose derivatives cancel at 0 or far out as they do on paper, quotients mostly: there is no more than the
/// places of f / x in them.
bool has_lax_derivatives(const std::string& name) {
  for (const char* lax : {"entropy", "x/hypot", "x/(x^2+1)^.5", "(1-cos)/x^2", "(1-cos)/x", "(1-cos)/sin", "expm1/x"})
    if (name == lax) return true;
  return false;
}
/// What the README says about gradients: differences of roots.
bool has_derivative(const std::string& name) { return name != "sqrt(x^2+1)-x" && name != "expm1/x"; }
/// Second derivatives that nobody would ask for.
bool has_second_derivative(const std::string& name) {
  for (const char* without : {"(1-cos)/x^2", "expm1/x", "erfcx", "csch", "hazard", "mills", "sqrt(x^2+1)-x",
                              "x/(x^2+1)^.5", "x^1.5", "sech", "1-tanh^2"})
    if (name == without) return false;
  return true;
}

/// f, its gradient and, of functions of one variable, f'', which may lose what is small beside f' / x.
std::vector<Wanted> wanted_at(const std::string& name, const Point& p) {
  // The derivative of phi / Phi is (phi / Phi) (phi / Phi - x), and the difference is small.
  const bool tails = name == "hazard" || name == "mills" || name == "erfcx";
  const Allowance a = tails ? Allowance{512, 256} : Allowance{};
  const std::size_t n = p.x.size();
  std::vector<Wanted> result{{p.value, allowed(p.value, sensitivity(p.x, p.gradient.data()), a)}};
  const auto slope = [&](double value, double x) {
    return unit * a.places * std::abs(value) * std::max(1.0, x == 0 ? 0.0 : 1.0 / std::abs(x));
  };
  for (std::size_t i = 0; i < n; ++i) {
    const double lax = has_lax_derivatives(name) ? slope(p.value, p.x[i]) : 0.0;
    result.push_back({has_derivative(name) ? p.gradient[i] : std::nan(""),
                      allowed(p.gradient[i], sensitivity(p.x, p.hessian.data() + i * n), a) + lax});
  }
  if (n != 1) return result;
  const double relative = allowed(p.hessian[0], sensitivity(p.x, &p.third), a);
  const double lost = std::isfinite(p.gradient[0]) ? slope(p.gradient[0], p.x[0]) : 0.0;
  result.push_back({has_second_derivative(name) ? p.hessian[0] : std::nan(""), 4 * (relative + lost)});
  return result;
}

bool is_right(double got, const Wanted& w) {
  if (std::isnan(w.truth)) return true;  // beyond the range, or none
  return std::abs(got - w.truth) <= w.tolerance;
}

const char* const what_names[] = {"f", "f'", "f''"};

// --- Forms ---

/// f, gradient and second derivative for fresh variables of a type.
Graph with_derivatives(const Spelling& spelling, std::size_t n, const Type& type) {
  Graph graph;
  for (std::size_t i = 0; i < n; ++i) graph.inputs.push_back(input(type, "x" + std::to_string(i)));
  const Expr f = spelling.of(graph.inputs);
  graph.outputs.push_back(f);
  const Exprs first = grad(type.rank() == 0 ? f : sum(f), graph.inputs, Disconnected::zero);
  for (const Expr& e : first) graph.outputs.push_back(e);
  if (n == 1)
    graph.outputs.push_back(grad(type.rank() == 0 ? first[0] : sum(first[0]), graph.inputs, Disconnected::zero)[0]);
  return graph;
}

/// Every expression in the graph is an output too: nothing is used once only.
Graph exposed(Graph graph) {
  const Exprs outputs = graph.outputs;
  for (const Node* node : topological_order(outputs))
    if (!node->inputs().empty())
      for (const Expr& e : outputs_of(*node))
        if (is_floating(e.dtype())) graph.outputs.push_back(e);
  return graph;
}

/// The same mathematics in another spelling.
class Respeller {
 public:
  explicit Respeller(unsigned seed) : random_(seed) {}

  Expr operator()(const Expr& e) {
    return rebuild(std::span(&e, 1), [this](const Node& node, const Exprs& in) -> Exprs {
      Exprs same = rebuild_same(node, in);
      if (same.size() == 1 && is_floating(same[0].dtype())) same[0] = spelled(node.op(), in, same[0]);
      return same;
    })[0];
  }

 private:
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  Expr spelled(const Op& op, const Exprs& in, const Expr& same) {
    const auto pick = [this](const Exprs& choices) { return choices[below(choices.size())]; };
    if (&op == &add_op) return pick({same, in[1] + in[0], in[0] - -in[1], -(-in[0] - in[1]), in[1] - -in[0]});
    if (&op == &sub_op) return pick({same, in[0] + -in[1], -(in[1] - in[0]), -in[1] + in[0], in[0] + -1.0 * in[1]});
    if (&op == &mul_op) return pick({same, in[1] * in[0], -(-in[0] * in[1]), in[0] / inv(in[1])});
    if (&op == &div_op)
      return pick({same, in[0] * inv(in[1]), in[0] * pow(in[1], -1.0), inv(in[1]) * in[0], -(in[0] / -in[1])});
    if (&op == &neg_op) return pick({same, -1.0 * in[0], in[0] * -1.0, in[0] / -1.0});
    if (&op == &sqr_op) return pick({same, in[0] * in[0], pow(in[0], 2.0), sqr(-in[0])});
    if (&op == &inv_op) return pick({same, 1.0 / in[0], pow(in[0], -1.0), -1.0 / -in[0]});
    if (&op == &sqrt_op) return pick({same, pow(in[0], 0.5)});
    return same;
  }

  std::mt19937 random_;
};

struct Failures {
  std::string text;
  int count = 0, checks = 0;
  void operator()(const std::string& form, std::size_t spelling, const Point& p, std::size_t k, double got,
                  const Wanted& w) {
    ++checks;
    if (is_right(got, w)) return;
    ++count;
    if (count > 12) return;
    std::ostringstream line;
    line.precision(17);
    line << "  " << form << ", spelling " << spelling << ", "
         << (p.x.size() == 1 ? what_names[k]
             : k == 0        ? "f"
             : k == 1        ? "df/dx"
                             : "df/dy")
         << " at";
    for (const double x : p.x) line << " " << x;
    line << ": " << got << ", true " << w.truth << " (" << std::abs(got - w.truth) / (unit * std::abs(w.truth))
         << " units)\n";
    text += line.str();
  }
};

class Formula : public testing::TestWithParam<std::string> {
 protected:
  const std::vector<Spelling>& spellings() const {
    static const Formulas all = formulas();
    return all.at(GetParam());
  }
  const std::vector<Point>& points() const { return truth().at(key_of(GetParam())); }
  std::size_t variables() const { return points()[0].x.size(); }

  void check(const Graph& rewritten, const std::string& form, std::size_t spelling) {
    const std::size_t outputs = variables() + (variables() == 1 ? 2 : 1);
    for (const Point& p : points()) {
      std::vector<Array> arguments;
      for (const double x : p.x) arguments.push_back(Array::scalar(x));
      const auto values = interpret(rewritten, arguments);
      const auto wanted = wanted_at(GetParam(), p);
      for (std::size_t k = 0; k < outputs; ++k) failures(form, spelling, p, k, values[k].real(), wanted[k]);
    }
  }
  void check_vector(const std::vector<Array>& values, const std::string& form, std::size_t spelling) {
    for (std::size_t i = 0; i < points().size(); ++i) {
      const auto wanted = wanted_at(GetParam(), points()[i]);
      for (std::size_t k = 0; k < std::min(values.size(), wanted.size()); ++k)
        failures(form, spelling, points()[i], k, values[k].real(static_cast<std::int64_t>(i)), wanted[k]);
    }
  }
  std::vector<Array> columns() const {
    std::vector<Array> result;
    for (std::size_t k = 0; k < variables(); ++k) {
      std::vector<double> column;
      for (const Point& p : points()) column.push_back(p.x[k]);
      result.push_back(Array::vector(column));
    }
    return result;
  }
  void TearDown() override {
    EXPECT_EQ(failures.count, 0) << failures.count << " of " << failures.checks << "\n" << failures.text;
  }

  Failures failures;
};

TEST_P(Formula, OfScalars) {
  for (std::size_t s = 0; s < spellings().size(); ++s)
    check(rewrite(with_derivatives(spellings()[s], variables(), {DType::float64, {}})), "scalar", s);
}

TEST_P(Formula, OfVectors) {
  const auto length = static_cast<std::int64_t>(points().size());
  const std::vector<Array> arguments = columns();
  for (std::size_t s = 0; s < spellings().size(); ++s) {
    const Graph open = with_derivatives(spellings()[s], variables(), {DType::float64, {unknown}});
    const Graph known = rewrite(specialize(open, std::vector<Shape>(variables(), Shape{length})));
    check_vector(interpret(known, arguments), "vector", s);
  }
}

TEST_P(Formula, WithEveryPartAnOutput) {
  for (std::size_t s = 0; s < spellings().size(); ++s)
    check(rewrite(exposed(with_derivatives(spellings()[s], variables(), {DType::float64, {}}))), "exposed", s);
}

TEST_P(Formula, OfConstants) {
  for (std::size_t s = 0; s < spellings().size(); ++s) {
    Graph graph;
    for (const Point& p : points()) {
      Exprs x;
      for (const double value : p.x) x.push_back(constant(value));
      graph.outputs.push_back(spellings()[s].of(x));
    }
    const auto values = interpret(rewrite(graph), {});
    for (std::size_t i = 0; i < points().size(); ++i)
      failures("constants", s, points()[i], 0, values[i].real(), wanted_at(GetParam(), points()[i])[0]);
  }
}

TEST_P(Formula, InOtherSpellings) {
  for (std::size_t s = 0; s < spellings().size(); ++s)
    for (unsigned seed = 0; seed < 4; ++seed) {
      const Spelling& original = spellings()[s];
      Respeller respell(seed * 100 + static_cast<unsigned>(s));
      Spelling other = original;
      other.of = [&](const Exprs& x) { return respell(original.of(x)); };
      check(rewrite(with_derivatives(other, variables(), {DType::float64, {}})), "respelled " + std::to_string(seed),
            s);
    }
}

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const auto& [name, spellings] : formulas()) result.push_back(name);
  return result;
}

INSTANTIATE_TEST_SUITE_P(Table, Formula, testing::ValuesIn(names()), [](const auto& test) {
  std::string name = std::to_string(test.index) + "_";
  for (const char c : test.param)
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
  return name;
});

}  // namespace
}  // namespace leapgraph::symbolic
