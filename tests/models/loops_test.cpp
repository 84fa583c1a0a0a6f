/// Loops of model programs: each program of a table gives the log density and gradient that its loops have when they
/// are unrolled, interpreted and compiled, agrees with finite differences, and its graph does not grow with the data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "leapgraph/models/lower/loops/stretches.hpp"
#include "leapgraph/models/lower/lower.hpp"
#include "leapgraph/models/model.hpp"
#include "leapgraph/models/syntax/parser.hpp"
#include "leapgraph/models/types/typecheck.hpp"
#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models {
namespace {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Exprs;

/// Data of a program as JSON text, for a given number of observations.
class Json {
 public:
  Json& number(const std::string& name, std::int64_t value) { return add(name, std::to_string(value)); }
  template <class F>
  Json& list(const std::string& name, std::int64_t n, F f) {
    std::string text = "[";
    for (std::int64_t i = 0; i < n; ++i) text += (i > 0 ? "," : "") + word(f(i));
    return add(name, text + "]");
  }
  template <class F>
  Json& table(const std::string& name, std::int64_t rows, std::int64_t columns, F f) {
    std::string text = "[";
    for (std::int64_t i = 0; i < rows; ++i) {
      text += i > 0 ? ",[" : "[";
      for (std::int64_t j = 0; j < columns; ++j) text += (j > 0 ? "," : "") + word(f(i, j));
      text += "]";
    }
    return add(name, text + "]");
  }
  std::string text() const { return "{" + text_ + "}"; }

 private:
  static std::string word(std::int64_t value) { return std::to_string(value); }
  static std::string word(double value) { return std::to_string(value); }
  Json& add(const std::string& name, const std::string& value) {
    text_ += (text_.empty() ? "\"" : ",\"") + name + "\":" + value;
    return *this;
  }
  std::string text_;
};

double wave(std::int64_t i) { return std::sin(1.7 * static_cast<double>(i) + 0.3); }

struct LoopProgram {
  std::string name;
  std::string text;
  std::function<std::string(std::int64_t)> data;
};

std::string series(std::int64_t n) { return Json().number("N", n).list("y", n, wave).text(); }
std::string grouped(std::int64_t n) {
  return Json()
      .number("N", n)
      .number("G", 4)
      .list("y", n, wave)
      .list("g", n, [](std::int64_t i) { return 1 + (i * i + i / 3) % 4; })
      .text();
}
/// Groups of 1, 2, 3, 1, 2, 3, ... observations.
std::string ragged(std::int64_t n) {
  std::vector<std::int64_t> start, end;
  for (std::int64_t at = 1, length = 1; at <= n; length = length % 3 + 1) {
    start.push_back(at);
    end.push_back(std::min(n, at + length - 1));
    at = end.back() + 1;
  }
  const auto groups = static_cast<std::int64_t>(start.size());
  return Json()
      .number("N", n)
      .number("G", groups)
      .list("y", n, wave)
      .list("start", groups, [&](std::int64_t i) { return start[static_cast<std::size_t>(i)]; })
      .list("end", groups, [&](std::int64_t i) { return end[static_cast<std::size_t>(i)]; })
      .text();
}

const std::string series_data = "data { int N; vector[N] y; } ";
const std::string grouped_data = "data { int N; int G; vector[N] y; array[N] int g; } ";
const std::string ragged_data = "data { int N; int G; vector[N] y; array[G] int start; array[G] int end; } ";

const std::vector<LoopProgram>& zoo() {
  static const std::vector<LoopProgram> programs = {
      {"PlainSum", series_data + "parameters { real mu; } model { for (n in 1:N) y[n] ~ normal(mu, 1.5); }", series},
      {"GroupMeans", grouped_data + R"(parameters { vector[G] mu; real<lower=0> sigma; }
        model { for (n in 1:N) y[n] ~ normal(mu[g[n]], sigma); })",
       grouped},
      {"LinearPredictorInTransformedParameters", grouped_data + R"(parameters { vector[G] a; real b; }
        transformed parameters { vector[N] eta; for (n in 1:N) eta[n] = a[g[n]] + b * y[n] * n; }
        model { y ~ normal(eta, 1); target += sum(eta) / 7; })",
       grouped},
      {"TargetIncrement",
       series_data + "parameters { real m; } model { for (n in 1:N) target += -square(y[n] - m) * n; }", series},
      {"RunningSum", series_data + R"(parameters { real a; } model { real s = a; for (n in 1:N) s += sin(a * y[n]);
        target += -square(s); })",
       series},
      {"SumOfDifferences", series_data + R"(parameters { real a; } model { real s = 0; for (n in 1:N)
        { s = s + exp(a * y[n]); s -= a; } target += -s * 0.01; })",
       series},
      {"VectorOfSums", series_data + R"(parameters { vector[3] a; } model { vector[3] s = a; for (n in 1:N)
        s += sin(a * y[n]); target += -dot_self(s); })",
       series},
      {"Product", series_data + R"(parameters { real a; } model { real p = 1; for (n in 1:N)
        p *= 1 + 0.001 * a * y[n]; target += -square(p); })",
       series},
      {"CumulativeBuffer", series_data + R"(parameters { real a; } transformed parameters { vector[N] c;
        c[1] = a * y[1]; for (n in 2:N) c[n] = c[n - 1] + sin(a + y[n]); } model { c ~ normal(0, 10); })",
       series},
      {"Autoregression", series_data + R"(parameters { real a; real<lower=-1, upper=1> phi; real<lower=0> sigma; }
        model { for (n in 2:N) y[n] ~ normal(a + phi * y[n - 1], sigma); })",
       series},
      {"AutoregressionOfOrderK", series_data + R"(transformed data { int K = 3; } parameters { real a; vector[K] b; }
        model { for (t in (K + 1):N) { real mu; mu = a; for (k in 1:K) mu = mu + b[k] * y[t - k];
        y[t] ~ normal(mu, 1); } })",
       series},
      {"MovingAverage",
       series_data + R"(parameters { real mu; real<lower=-1, upper=1> phi; real<lower=-1, upper=1> theta; }
        model { vector[N] nu; vector[N] err; nu[1] = mu + phi * mu; err[1] = y[1] - nu[1];
        for (t in 2:N) { nu[t] = mu + phi * y[t - 1] + theta * err[t - 1]; err[t] = y[t] - nu[t]; }
        err ~ normal(0, 1); })",
       series},
      {"Garch", series_data + R"(parameters { real mu; real<lower=0> a0; real<lower=0, upper=1> a1;
        real<lower=0, upper=1 - a1> b1; } model { real sigma; sigma = 1.2; for (t in 2:N) {
        sigma = sqrt(a0 + a1 * square(y[t - 1] - mu) + b1 * square(sigma)); y[t] ~ normal(mu, sigma); } })",
       series},
      {"LagTwelve", series_data + R"(parameters { real a; } model { vector[N] s; for (n in 1:N) {
        if (n <= 12) s[n] = a * n; else s[n] = 0.5 * s[n - 12] + 0.1 * s[n - 1] + y[n]; } s ~ normal(0, 20); })",
       series},
      {"LagThroughAnIndexArray", grouped_data + R"(transformed data { array[N] int parent; parent[1] = 1;
        for (n in 2:N) parent[n] = 1 + (n * n) % (n - 1); } parameters { real a; } model { vector[N] x; x[1] = a;
        for (n in 2:N) x[n] = tanh(0.9 * x[parent[n]] + y[n] * a); x ~ normal(0, 1); })",
       grouped},
      {"TwoStatesInterleaved", series_data + R"(parameters { real a; real b; } model { real u = a; real v = b;
        for (n in 1:N) { real w = 0.7 * u + 0.1 * v; v = 0.2 * u - 0.5 * v + y[n] * a; u = tanh(w);
        y[n] ~ normal(u, exp(0.1 * v)); } })",
       series},
      {"LocalLevelKalmanFilter", series_data + R"(parameters { real<lower=0> q; real<lower=0> r; }
        model { real m = 0; real P = 10; for (t in 1:N) { real S; real K; P += q; S = P + r; K = P / S;
        target += -0.5 * (log(S) + square(y[t] - m) / S); m += K * (y[t] - m); P *= 1 - K; } })",
       series},
      {"ForwardAlgorithm",
       series_data + R"(transformed data { int K = 3; } parameters { matrix[K, K] logits; vector[K] mu; }
        model { array[N] vector[K] gamma; vector[K] acc; for (k in 1:K) gamma[1, k] = normal_lpdf(y[1] | mu[k], 1);
        for (t in 2:N) for (k in 1:K) { for (j in 1:K) acc[j] = gamma[t - 1, j] + logits[j, k] - log_sum_exp(logits[j])
        + normal_lpdf(y[t] | mu[k], 1); gamma[t, k] = log_sum_exp(acc); } target += log_sum_exp(gamma[N]); })",
       series},
      {"BranchOnData", grouped_data + R"(parameters { real a; vector[G] b; } model { for (n in 1:N) { if (g[n] == 1)
        y[n] ~ normal(a, 1); else if (g[n] == 2) target += -cosh(0.1 * (b[2] - y[n])); else { real m = a * b[g[n]];
        y[n] ~ cauchy(m, 2); } } })",
       grouped},
      {"BranchInsideARecurrence", grouped_data + R"(parameters { real a; } model { real x = a; for (n in 1:N) {
        if (y[n] > 0) x = 0.5 * x + a * y[n]; else x = sin(x); target += -square(x); } })",
       grouped},
      {"ContinueAndBreak", grouped_data + R"(parameters { real a; vector[G] b; } model { for (n in 1:N) {
        if (g[n] == 3) continue; target += -square(a * y[n] - b[g[n]]); if (n > N - 3) break;
        target += -exp(0.1 * b[g[n]]); } })",
       grouped},
      {"WhileOnData", series_data + R"(parameters { real a; } model { int n = 1; while (n <= N) {
        y[n] ~ normal(a * n, 3.0 * N); n += 1 + n % 2; } })",
       series},
      {"TernaryOnData", grouped_data + R"(parameters { vector[G] b; real a; } model { for (n in 1:N)
        y[n] ~ normal(g[n] > 2 ? a : b[g[n]] * (n % 2 == 0 ? 2 : y[n]), 2); })",
       grouped},
      {"ForeachOverData", series_data + "parameters { real a; } model { for (x in y) x ~ normal(a * x, 1); }", series},
      {"ForeachOverParameters",
       series_data + R"(parameters { vector[4] a; } model { real s = 0; for (x in a) { s += x * x;
        for (n in 1:N) target += -square(y[n] - x); } target += -s; })",
       series},
      {"RaggedSlices", ragged_data + R"(parameters { real mu; real<lower=0> sigma; } model { for (i in 1:G)
        y[start[i]:end[i]] ~ normal(mu * i, sigma * i); })",
       ragged},
      {"RaggedNest", ragged_data + R"(parameters { real mu; real tau; } model { for (i in 1:G) { real s = 0;
        for (n in start[i]:end[i]) { if (y[n] > 0) s += mu * y[n]; else s += tau; } target += -square(s - i * 0.01); } })",
       ragged},
      {"RaggedLocals", ragged_data + R"(parameters { real mu; } model { for (i in 1:G) { int m = end[i] - start[i] + 1;
        vector[m] z; for (k in 1:m) z[k] = sin(mu * k) * y[start[i] + k - 1]; target += -log_sum_exp(z); } })",
       ragged},
      {"RestartingRandomWalks", ragged_data + R"(parameters { real phi; } model { vector[N] x; for (i in 1:G)
        for (n in start[i]:end[i]) { if (n == start[i]) x[n] = phi * i * 0.01; else x[n] = phi * x[n - 1] + y[n]; }
        x ~ normal(0, 2); })",
       ragged},
      {"NestedMatrix", series_data + R"(transformed data { int J = 5; } parameters { vector[J] a; real b; }
        transformed parameters { matrix[N, J] p; for (n in 1:N) for (j in 1:J) p[n, j] = a[j] * y[n] + b * j; }
        model { for (n in 1:N) for (j in 1:J) target += -square(tanh(p[n, j])); })",
       series},
      {"RowsOfAMatrix", series_data + R"(parameters { vector[3] a; } model { matrix[N, 3] x; for (n in 1:N)
        x[n] = a' * y[n]; for (n in 1:N) x[n, 1:2] ~ normal(x[n, 3], 1); })",
       series},
      {"DynamicProgramming",
       series_data + R"(transformed data { int J = 3; } parameters { real a; } model { matrix[N, J] d;
        for (n in 1:N) for (j in 1:J) { if (n == 1 && j == 1) d[n, j] = a; else if (n == 1) d[n, j] = d[n, j - 1] * 0.5;
        else if (j == 1) d[n, j] = d[n - 1, j] * 0.3; else d[n, j] = tanh(0.4 * d[n - 1, j] + 0.6 * d[n, j - 1] + y[n]); }
        target += -sum(d); })",
       series},
      {"Mixture", series_data + R"(parameters { vector[2] mu; } model { for (n in 1:N) { vector[2] lp;
        lp[1] = normal_lpdf(y[n] | mu[1], 1); lp[2] = normal_lpdf(y[n] | mu[2], 2); target += log_sum_exp(lp); } })",
       series},
      {"TopicsOfWords", grouped_data + R"(transformed data { int K = 2; } parameters { array[G] vector[K] theta;
        array[K] vector[3] phi; } model { for (n in 1:N) { array[K] real gamma; for (k in 1:K)
        gamma[k] = theta[g[n], k] + phi[k, 1 + n % 3]; target += log_sum_exp(gamma); }
        for (i in 1:G) theta[i] ~ normal(0, 1); })",
       grouped},
      {"Sieve", grouped_data + R"(parameters { real a; } model { vector[N] s = rep_vector(a, N); for (p in 2:4) {
        int m = p; while (m <= N) { s[m] = s[m] * 0.9 + p * a; m += p; } } s ~ normal(0, 3); })",
       grouped},
      {"OverwrittenScratch", series_data + R"(parameters { vector[3] a; } model { vector[3] t; for (n in 1:N) {
        for (k in 1:3) t[k] = a[k] * y[n]; for (k in 1:3) t[k] = t[k] + t[4 - k]; target += -dot_self(t); } })",
       series},
      {"CounterOfData", grouped_data + R"(parameters { real a; real b; } model { real seen = 0; for (n in 1:N) {
        target += -square(a + b * seen * 0.01 - y[n]); if (g[n] == 1) seen += 1; } })",
       grouped},
      {"DeclaredInside", series_data + R"(parameters { real a; } model { for (n in 1:N) { real m = a * y[n];
        real v; v = square(m) + 1; { real w = v * m; target += -w * w / (n + 1); } } })",
       series},
      {"NoIterations", series_data + R"(parameters { real a; } model { real s = a; for (n in (N + 1):N) s += y[n];
        target += -square(s); for (n in 2:1) target += s; })",
       series},
      {"SizesOfVariables", series_data + R"(parameters { vector[4] a; } model { for (i in 1:size(a)) {
        vector[2] z = a[1:2] * i; for (j in 1:num_elements(z)) target += -square(z[j] - y[i]); } })",
       series},
      {"SecondOrder", series_data + R"(parameters { vector[2] phi; } model { real before = 0; real last = 1;
        for (n in 1:N) { real now = tanh(phi[1]) * last + tanh(phi[2]) * 0.3 * before + 0.1 * y[n];
        before = last; last = now; target += -square(now - y[n]); } })",
       series},
      {"SlicesThatGrow", series_data + R"(transformed data { int M = 6; } parameters { vector[M] a; } model {
        for (i in 2:M) target += -square(sum(a[1:(i - 1)]) - a[i] * y[i]); })",
       series},
      {"ConditionOnParameters", series_data + R"(parameters { real a; } model { real s = 0; for (n in 1:N) {
        if (y[n] > 0.8 * a) { real d = y[n] - a; s += d * d; target += -0.1 * a; } else if (n % 3 == 0) s -= 0.2 * a;
        else s += sin(a); } target += -s; if (s > 1e6) target += s; })",
       series},
      {"ClippedRecurrence", series_data + R"(parameters { real a; } model { real x = 0; for (n in 1:N) {
        x = 0.9 * x + a * y[n]; if (x < -0.1) x = -0.1; target += -square(x - 1); } })",
       series},
      {"BestPath",
       series_data + R"(transformed data { int K = 3; } parameters { vector[K] mu; } transformed parameters {
        real best; real path; { array[N, K] int back; array[N, K] real score; array[N] int z;
        for (k in 1:K) score[1, k] = -square(y[1] - mu[k] * k);
        for (t in 2:N) for (k in 1:K) { score[t, k] = negative_infinity(); for (j in 1:K) { real s = score[t - 1, j]
        - 0.1 * abs(j - k) - square(y[t] - mu[k] * k); if (s > score[t, k]) { back[t, k] = j; score[t, k] = s; } } }
        best = max(score[N]); for (k in 1:K) if (score[N, k] == best) z[N] = k;
        for (t in 1:(N - 1)) z[N - t] = back[N - t + 1, z[N - t + 1]]; path = 0; for (n in 1:N) path += mu[z[n]]; } }
        model { target += 0.01 * best - 0.01 * square(path); })",
       series},
      {"CallsOfFunctions",
       R"(functions { real slope(real x, int n) { return x * n; }
        vector shifted(vector v, real d) { vector[rows(v)] r; for (i in 1:rows(v)) { if (i > 2) r[i] = v[i] + d;
        else r[i] = slope(v[i], i); } return r; } real piece_lpdf(real y, real m) { if (y > 0) return normal_lpdf(y | m, 1);
        return -square(y - m); } void add_lp(real x) { target += -0.01 * square(x); } } )" +
           series_data + R"(parameters { vector[4] a; } model { for (n in 1:N) {
        vector[4] b = shifted(a * y[n], 0.1); y[n] ~ piece(sum(b)); add_lp(slope(b[3], n)); }
        target += -dot_self(shifted(a, 1)); })",
       series},
      {"SegmentsOfAVector", ragged_data + R"(parameters { vector[6] a; } model { for (i in 1:G)
        target += -square(sum(segment(a, 1 + i % 3, end[i] - start[i] + 1)) - y[start[i]]); })",
       ragged},
      {"Convolution",
       series_data + R"(transformed data { int T = min({N, 23}); vector[T] w; for (n in 1:T) w[n] = exp(-0.3 * n);
        vector[T] w_rev = reverse(w); } parameters { real a; real b; } model { matrix[T, 2] x = rep_matrix(a, T, 2);
        for (m in 1:2) for (i in 2:T) { real c = dot_product(sub_col(x, 1, m, i - 1), tail(w_rev, i - 1));
        x[i, m] = tanh(c * b * m) + y[i] * a; target += -square(x[i, m]) - 0.1 * sum(log1p_exp(x[1:i, m] - a * w[1:i])); } })",
       series},
      {"StretchesOfAllKinds", ragged_data + R"(parameters { vector[N] a; row_vector[N] r; real s; } model {
        for (i in 1:G) { int f = start[i]; int l = end[i]; array[l - f + 1] int at; for (j in f:l) at[1 + l - j] = j;
        target += -square(r[f:l] * y[f:l]) - dot_self(-segment(a, f, l - f + 1) / 3) + normal_lupdf(y[at] | a[at] .* a[f:l], 2);
        target += -dot_self(to_vector(head(r, i % 5 + 1))) - sum(exp(-square(head(reverse(a), i % 4)))) + sum(a[:i % 3 + 1] + s * i) / 50;
        y[f:l] ~ student_t(4, to_vector(r[f:l]) * s, 1.5); for (j in 1:2) y[f:f] ~ normal(a[f], j); } })",
       ragged},
      {"GuardedByData", series_data + R"(parameters { real a; } model { vector[N] x; for (n in 1:N) {
        if (n > 1 && x[n > 1 ? n - 1 : 1] > a) x[n] = 0.5 * x[n - 1] + y[n]; else x[n] = a + y[n]; } x ~ normal(0, 1); })",
       series},
  };
  return programs;
}

struct Program {
  /// `as_written`: without loops for stretches whose lengths change.
  explicit Program(const std::string& text, bool as_written = false) : source(Source::from_text("model.stan", text)) {
    std::vector<Diagnostic> warnings;
    parsed = parse(source, warnings);
    typed = typecheck(parsed, source, warnings);
    if (!as_written) lower::write_out_stretches(typed);
  }
  lower::Lowered bind(const std::string& data, lower::Loops loops = lower::Loops::whole) const {
    return lower::lower(typed, source, DataSet::from_text("data.json", data), loops);
  }
  Source source;
  UntypedProgram parsed;
  TypedProgram typed;
};

symbolic::Graph value_and_gradient(const lower::Lowered& program) {
  return {{program.position},
          {program.log_density, symbolic::grad(program.log_density, program.position, symbolic::Disconnected::zero)}};
}

std::vector<double> somewhere(std::int64_t n) {
  std::vector<double> position;
  for (std::int64_t i = 0; i < n; ++i) position.push_back(0.35 + 0.3 * std::cos(2.1 * static_cast<double>(i)));
  return position;
}

void PrintTo(const LoopProgram& program, std::ostream* out) { *out << program.name; }

class LoopZoo : public testing::TestWithParam<LoopProgram> {};

/// Sums are added up in another order: a few thousand roundings of terms of one size.
constexpr double rounding = 1e-12;

TEST_P(LoopZoo, AgreesWithItsUnrolledSelf) {
  const Program program(GetParam().text), as_written(GetParam().text, true);
  const std::string data = GetParam().data(23);
  const lower::Lowered whole = program.bind(data), unrolled = as_written.bind(data, lower::Loops::unrolled);
  EXPECT_TRUE(whole.warnings.empty()) << (whole.warnings.empty() ? "" : whole.warnings[0].message);
  const std::vector<Array> position = {Array::vector(somewhere(whole.dimension()))};
  const std::vector<Array> expected = symbolic::interpret(value_and_gradient(unrolled), position);
  ASSERT_TRUE(std::isfinite(expected[0].real()));
  double largest = 1;
  for (double g : expected[1].reals()) largest = std::max(largest, std::abs(g));
  const symbolic::Graph graph = value_and_gradient(whole);
  const auto compare = [&](const std::vector<Array>& found, const std::string& how) {
    EXPECT_NEAR(found[0].real(), expected[0].real(), rounding * std::max(1.0, std::abs(expected[0].real()))) << how;
    for (std::int64_t i = 0; i < whole.dimension(); ++i)
      EXPECT_NEAR(found[1].real(i), expected[1].real(i), rounding * largest) << how << ", coordinate " << i;
  };
  compare(symbolic::interpret(graph, position), "interpreted");
  compare(symbolic::function(graph.inputs, graph.outputs)(position), "compiled");
}

TEST_P(LoopZoo, HasTheGradientOfFiniteDifferences) {
  const Program program(GetParam().text);
  const lower::Lowered whole = program.bind(GetParam().data(11));
  const symbolic::Graph graph = value_and_gradient(whole);
  const std::vector<double> position = somewhere(whole.dimension());
  const std::vector<double> gradient =
      symbolic::interpret(graph, std::vector<Array>{Array::vector(position)})[1].reals();
  const auto at = [&](std::size_t i, double step) {
    std::vector<double> moved = position;
    moved[i] += step;
    return symbolic::interpret({graph.inputs, {graph.outputs[0]}}, std::vector<Array>{Array::vector(moved)})[0].real();
  };
  for (std::size_t i = 0; i < position.size(); ++i) {
    // Two central differences, extrapolated: errors of the order h^4, and of rounding / h.
    const double h = 1e-3;
    const double near = (at(i, h) - at(i, -h)) / (2 * h), far = (at(i, 2 * h) - at(i, -2 * h)) / (4 * h);
    EXPECT_NEAR(gradient[i], (4 * near - far) / 3, 2e-7 * std::max(1.0, std::abs(gradient[i])));
  }
}

TEST_P(LoopZoo, DoesNotGrowWithTheData) {
  const Program program(GetParam().text);
  const auto nodes = [&](std::int64_t n) {
    const lower::Lowered whole = program.bind(GetParam().data(n));
    EXPECT_TRUE(whole.warnings.empty());
    return symbolic::topological_order(value_and_gradient(whole).outputs).size();
  };
  // Tables that happen to be regular for short data may be read more directly.
  EXPECT_LE(nodes(10002), nodes(30) + 10);
}

INSTANTIATE_TEST_SUITE_P(Programs, LoopZoo, testing::ValuesIn(zoo()),
                         [](const auto& tested) { return tested.param.name; });

std::string refusal(const std::string& text, const std::string& data) {
  try {
    Program(text).bind(data);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(LoopErrors, NameTheIterationOfAnIndexOutOfRange) {
  const std::string message = refusal(
      grouped_data + "parameters { vector[3] mu; }\nmodel { for (n in 1:N) y[n] ~ normal(mu[g[n]], 1); }", grouped(8));
  EXPECT_THAT(message, testing::HasSubstr("index out of range in dimension 1 of 'mu': expected 1 to 3, found 4"));
  EXPECT_THAT(message, testing::HasSubstr("at n = "));
}

TEST(Loops, AreLeftWhereAConditionOnParametersSaysSo) {
  const auto at = [](const std::string& statements, double a) {
    const lower::Lowered program =
        Program(series_data + "parameters { real a; } model { " + statements + " }").bind(series(4));
    const Array position[] = {Array::vector({a})};
    return symbolic::interpret({{program.position}, {program.log_density}}, position)[0].real();
  };
  // y is wave: 0.30, 0.91, -0.53, -0.77
  const std::string count = "for (n in 1:N) { if (a > y[n]) break; target += 1; }";
  EXPECT_EQ(at(count, 0.5), 0);
  EXPECT_EQ(at(count, 0.1), 2);
  EXPECT_EQ(at(count, -1), 4);
  EXPECT_DOUBLE_EQ(at("real b = a; while (b > 0) b -= 1; target += b;", 2.5), -0.5);
}

TEST(LoopErrors, RefuseLengthsThatDependOnParameters) {
  EXPECT_THAT(
      refusal(series_data + "parameters { real a; } model { int k = a > 0 ? 1 : 2; for (n in 1:k) target += a; }",
              series(4)),
      testing::HasSubstr("the last value of a loop variable that depends on parameters is not supported yet"));
}

TEST(LoopErrors, RefuseSizesThatDoNotFit) {
  EXPECT_THAT(
      refusal(series_data + R"(parameters { vector[2] a; } model { for (n in 1:N) { vector[3] b = a; } })", series(4)),
      testing::HasSubstr("sizes differ"));
}

TEST(LoopRejections, OfAFunctionGiveNoDensity) {
  const std::string program = R"(functions { real f(int n) { if (n > 2) reject("too big"); return n; }
    int position(int n) { if (n > 2) reject("too big"); return n; } } )" +
                              series_data + "parameters { vector[2] a; } model { ";
  for (const std::string statements : {"for (n in 1:N) target += a[1] * f(n); }", "target += a[1] * f(N); }",
                                       "for (n in 1:N) target += a[position(n)]; }", "target += a[position(N)]; }"}) {
    const Program checked(program + statements);
    const auto log_density = [&](std::int64_t n) {
      const lower::Lowered lowered = checked.bind(series(n));
      const Array position[] = {Array::vector({1.0, 2.0})};
      return symbolic::interpret({{lowered.position}, {lowered.log_density}}, position)[0].real();
    };
    EXPECT_TRUE(std::isfinite(log_density(2))) << statements;
    EXPECT_EQ(log_density(4), -std::numeric_limits<double>::infinity()) << statements;
  }
}

TEST(LoopErrors, NameAFunctionThatReturnsNothing) {
  EXPECT_THAT(refusal(R"(functions { real f(int n) { for (i in 1:n) return i; } } parameters { real a; }
    model { target += a * f(0); })",
                      "{}"),
              testing::HasSubstr("'f' ends without returning a value"));
}

TEST(LoopWarnings, NameAVariableThatIsReadBeforeItIsAssigned) {
  const Program program(series_data + R"(parameters { real a; } model { for (n in 1:N) { vector[2] z; z[1] = a;
    target += z[2]; } })");
  const lower::Lowered lowered = program.bind(series(3));
  ASSERT_EQ(lowered.warnings.size(), 1U);
  EXPECT_EQ(lowered.warnings[0].message, "'z' is read before it is assigned, at n = 1: it is nan");
  const Array position[] = {Array::vector({1.0})};
  EXPECT_TRUE(std::isnan(symbolic::interpret({{lowered.position}, {lowered.log_density}}, position)[0].real()));
}

TEST(LoopWarnings, SayWhyALoopIsUnrolled) {
  const Program program(series_data + "parameters { real a; } model { for (n in 1:N) target += -0.1 * target() + a; }");
  const lower::Lowered lowered = program.bind(series(3));
  ASSERT_EQ(lowered.warnings.size(), 1U);
  EXPECT_EQ(lowered.warnings[0].message, "this loop is unrolled: it reads the log density so far");
  EXPECT_THAT(refusal(series_data + "parameters { real a; } model { for (n in 1:N) target += -0.1 * target() + a; }",
                      series(3000)),
              testing::HasSubstr("too long to be unrolled"));
}

}  // namespace
}  // namespace leapgraph::models
