/// For users' tests and for finding faults: derivatives against differences, native code against the interpreter node
/// by node, and where a nan or an infinity comes from.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <vector>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

// --- Derivatives (gradient_check.cpp) ---

struct GradCheckOptions {
  int n_tests = 2;  ///< random projections of the outputs, and random directions of the inputs
  std::uint64_t seed = 1;
  /// The largest step of the differences, times |x| (1e-4 at least, 1 at x = 0); smaller ones follow and are
  /// extrapolated (Ridders 1982). 0: 0.02 in double precision, 0.1 where something is in single precision, 0.5 in half.
  double eps = 0;
  /// |analytic - numeric| may be abs_tol + rel_tol max(|analytic|, |numeric|). 0: both 1e-6; 5e-3 in single precision,
  /// 0.1 in half.
  double abs_tol = 0;
  double rel_tol = 0;
  std::int64_t elements = 40;  ///< of each input: how many partial derivatives are looked at, spread evenly
  bool forward = true;         ///< forward mode must give the same as reverse mode
  bool second = false;         ///< second derivatives too: the same checks of the gradient
};

struct GradReport {
  bool passed = true;
  double largest_error = 0;  ///< |analytic - numeric| / (1 + max(|analytic|, |numeric|)) over all that was looked at

  // Of the first that failed:
  std::string derivative;     ///< "reverse mode", "forward mode", "second derivative, reverse mode", ...
  int test = 0;               ///< from 0
  std::size_t input = 0;      ///< number among the inputs; as many as there are: along a direction of all of them
  std::int64_t element = -1;  ///< row-major position in the input; -1: along a direction
  double analytic = 0, numeric = 0, relative_error = 0;
  std::string op;              ///< the first op whose own derivative is wrong at this point; empty: none was found
  std::source_location place;  ///< where it was made
  std::string text;            ///< all that as a sentence
};

/// Compares derivatives of the floating `outputs` by the floating `inputs` with differences, at `points`. Other inputs
/// keep their values. Throws what the gradient throws, and GraphError where the value is not finite.
GradReport check_grad(const Exprs& inputs, const Exprs& outputs, std::span<const Array> points,
                      const GradCheckOptions& options = {});
/// The same, throwing AssertionFailed with the report's text where a derivative is wrong.
void verify_grad(const Exprs& inputs, const Exprs& outputs, std::span<const Array> points,
                 const GradCheckOptions& options = {});
/// For a function of variables like the points: verify_grad([](const Exprs& x) { return sin(x[0]) * x[1]; }, {a, b}).
void verify_grad(const std::function<Expr(const Exprs&)>& f, const std::vector<Array>& points,
                 const GradCheckOptions& options = {});

// --- Where in a graph something happened ---

/// A node in the words of its user.
struct NodePlace {
  Expr node;  ///< its output
  std::string op;
  std::source_location place;       ///< where it was made
  std::vector<std::string> within;  ///< the loops, calls and branches around it, outermost first: "scan (made at
                                    ///< model.cpp:12), step 3"
};

// --- Native code against the interpreter (compare_modes.cpp) ---

struct CompareOptions {
  /// Elements may differ by abs_tol + rel_tol times the larger of them, or of the whole array.
  double rel_tol = 1e-9;  ///< single precision: at least 1e-4
  double abs_tol = 1e-12;
  /// What the graph becomes before it is compiled; absent: `rewrite`.
  std::function<Graph(const Graph&)> rewriting = {};
  CompileOptions compile = {};
};

struct Difference {
  /// "rewriting" with the pass where it is one of ours ("rewriting, pass 'stability'"), or "native code".
  std::string stage;
  NodePlace where;                  ///< the first node that differs, in order of evaluation
  std::vector<Array> inputs;        ///< of that node, as interpreted
  Array expected, got;              ///< interpreted as built or rewritten; what the stage made of it
  std::vector<std::int64_t> index;  ///< of the first element that differs
};

/// Evaluates the graph three times: interpreted as built, interpreted after rewriting, native; and names the first node
/// that comes out different, inside of loops with the step. Shared variables have their current values. Nothing where
/// all agree. Where the graph as built gives nan or an infinity and the rewritten one a number, rewriting has done what
/// it is there for. The cost is two interpretations and a compiled call; that of finding the node comes only then.
std::optional<Difference> compare_modes(const Graph& graph, std::span<const Array> arguments,
                                        const CompareOptions& options = {});
std::optional<Difference> compare_modes(const Function& function, std::span<const Array> arguments,
                                        const CompareOptions& options = {});
std::string to_string(const Difference& difference);

// --- Where a nan or an infinity comes from (bad_values.cpp) ---

struct BadValueOptions {
  bool nan = true;
  bool infinity = true;
  double big = std::numeric_limits<double>::infinity();  ///< larger magnitudes count as infinities
  /// Those too that reach no output: log(0) behind a `where` that chooses the other side.
  bool all = false;
};

struct BadValue {
  NodePlace where;                  ///< the node that made it of good values
  std::vector<Array> inputs;        ///< of that node
  Array value;                      ///< its output
  std::vector<std::int64_t> index;  ///< of the first bad element
};

/// The nodes that make a nan, an infinity or a big number, in order of evaluation; inside of loops the first step that
/// does. Only those whose bad elements reach an output, as far as elementwise ops and choices tell; see `all`.
/// Infinities that are constants or arguments are meant, and count only where a nan is made of them; a nan among them
/// is named as it is. The cost is one interpretation, and that of a loop again if it made something bad.
std::vector<BadValue> bad_values(const Graph& graph, std::span<const Array> arguments,
                                 const BadValueOptions& options = {});
/// The first of them.
std::optional<BadValue> first_bad_value(const Graph& graph, std::span<const Array> arguments,
                                        const BadValueOptions& options = {});
std::optional<BadValue> first_bad_value(const Function& function, std::span<const Array> arguments,
                                        const BadValueOptions& options = {});
/// "log made -inf at [1] (made at model.cpp:12), in scan (made at ...), step 3; inputs: [1, 0]".
std::string to_string(const BadValue& value);

// --- Both, around a call (checked_call.cpp) ---

struct CheckedCall {
  std::optional<BadValueOptions> bad_values = BadValueOptions{};  ///< absent: any value is fine
  std::optional<CompareOptions> compare = std::nullopt;           ///< absent: native code is trusted
};
/// The results of the call. Throws AssertionFailed with the words of `to_string` where an output is bad or native code
/// differs; the function's updates have been made then. A call with good outputs costs the call alone, unless modes are
/// compared.
Results checked_call(const Function& function, std::span<const Array> arguments, const CheckedCall& checks = {});

}  // namespace leapgraph::symbolic
