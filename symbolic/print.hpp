/// Graphs as text: formulas, trees, numbered lists and Graphviz drawings. None is limited by the depth of a graph.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

class CompiledFunction;

/// Names for expressions that have none of their own.
using ExprNames = std::vector<std::pair<Expr, std::string>>;

struct FormulaOptions {
  std::size_t longest = 1 << 16;        ///< characters; then "..." ends the text
  std::size_t longest_repeated = 1000;  ///< what is shared and longer is "op(...)" where it is used again
  ExprNames names = {};                 ///< written in the place of what they name
};

/// The formula of an expression in PyTensor's style: every operation in parentheses, "(x + y)", "(x ** 2)", "|x|",
/// "(X \dot v)", "X.T", "X[1:, 2]", "sum(X, axis=(0,))", "ge(x, y)". Numbers are the shortest text that reads back as
/// them: 2 for the integer and for the real number, 0.1, inf. A scan shows its step:
/// "scan(c0 <- (c0 * A), c0=1, n_steps=k)"; a call and both sides of a branch are written out.
std::string pp(const Expr& e, const FormulaOptions& options);
std::string pp(const Expr& e, std::size_t longest = 1 << 16);

struct TreeOptions {
  enum class Ids { letters, numbers, none };
  Ids ids = Ids::letters;       ///< A, ..., Z, AA, ...; or the numbers of `order`
  int depth = -1;               ///< levels to print; -1: all
  bool types = false;           ///< " <float64[3]>"
  bool places = false;          ///< " model.cpp:12"
  bool order = false;           ///< the number of each node in topological order, at the end of its line
  bool inner_graphs = true;     ///< bodies of scans, calls and branches, after the trees
  bool stop_at_names = false;   ///< what `names` names is not looked into
  ExprNames names = {};         ///< shown behind the op: " 'energy'"
  std::size_t lines = 100'000;  ///< then the text ends
};

/// A tree an output, as PyTensor prints it: one line a node with its id; what is below a node is printed where it is
/// met first, and "···" stands for it elsewhere. Bodies follow under "Inner graphs:", with what their parameters stand
/// for.
///
///     add [id A]
///      ├─ x [id B]
///      └─ mul [id C]
///         ├─ 2 [id D]
///         └─ x [id B]
std::string debugprint(std::span<const Expr> outputs, const TreeOptions& options = {});
std::string debugprint(const Expr& output, const TreeOptions& options = {});
/// The outputs of a graph; of a compiled function the rewritten one, with the order of its nodes.
std::string debugprint(const Graph& graph, const TreeOptions& options = {});
std::string debugprint(const CompiledFunction& function, TreeOptions options = {});

/// One line a node, inputs first, then nodes before their users; literals stand where they are used. Bodies follow,
/// each once. Equal for graphs built in the same way, so that tests can compare it.
///
///     %0 = input x : float64[8]
///     %1 = mul(%0, 2.0) : float64[8]
///     return %1
std::string describe(const Graph& graph);

/// A Graphviz drawing: inputs, constants and outputs in their own shapes, bodies in boxes of their own.
std::string to_dot(const Graph& graph);

}  // namespace leapgraph::symbolic
