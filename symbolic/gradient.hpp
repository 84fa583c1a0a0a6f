/// Derivatives as graphs: reverse mode (grad, vjp), forward mode (jvp), whole Jacobians and Hessians, and rules of the
/// user's own. All ask the ops for their rules and list none.
#pragma once

#include <functional>
#include <utility>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// What to do about a variable that the cost does not depend on: throw DisconnectedInput, return zeros of the
/// variable's type, or return an absent Expr.
enum class Disconnected { error, zero, absent };

struct GradOptions {
  /// Expressions that count as constants: gradients arrive at them and go no further.
  Exprs consider_constant = {};
  /// Expressions whose gradient is known already, with it: it takes the place of what the cost would give. With them
  /// the cost may be an absent Expr.
  std::vector<std::pair<Expr, Expr>> known_grads = {};
  Disconnected disconnected = Disconnected::error;
};

/// The gradient of a scalar floating `cost` with respect to each of `wrt`; each has the type of its variable. A
/// variable may be any floating expression: the gradient then is by all ways through it, and a variable that it was
/// computed from also gets what comes through it. Comparisons, rounding, integers and booleans hand on a gradient of 0.
/// Throws ShapeError when the cost is not a scalar; NotDifferentiable when the cost or a variable is not floating or an
/// op on the way has no gradient (naming op, place and way); DisconnectedInput, see `Disconnected`.
Exprs grad(const Expr& cost, std::span<const Expr> wrt, const GradOptions& options);
Exprs grad(const Expr& cost, std::span<const Expr> wrt, Disconnected disconnected = Disconnected::error);
Expr grad(const Expr& cost, const Expr& wrt, const GradOptions& options);
Expr grad(const Expr& cost, const Expr& wrt, Disconnected disconnected = Disconnected::error);
/// The same for a list in braces: grad(cost, {x, y}).
Exprs grad(const Expr& cost, std::initializer_list<Expr> wrt, const GradOptions& options = {});

/// Reverse mode (Theano's Lop) with given adjoints of several outputs, broadcast to their types (an absent one: 0);
/// entries nobody depends on are absent in the result. Throws ShapeError for an adjoint that does not fit its output.
Exprs vjp(std::span<const Expr> outputs, std::span<const Expr> wrt, std::span<const Expr> adjoints);
/// The adjoint of one variable; zeros where the output does not depend on it.
Expr vjp(const Expr& output, const Expr& wrt, const Expr& adjoint);

/// Forward mode (Theano's Rop): the tangents of `outputs` when `wrt` move along `tangents`, which are broadcast to
/// their types (an absent one: 0); absent where an output does not depend on them. Where one of `wrt` was computed from
/// another it moves along both its tangent and what follows from the other's, so that jvp is the transpose of vjp.
Exprs jvp(std::span<const Expr> outputs, std::span<const Expr> wrt, std::span<const Expr> tangents);
/// The tangent of one output along one variable; zeros where it does not depend on it.
Expr jvp(const Expr& output, const Expr& wrt, const Expr& tangent);

/// How the rows or columns of a Jacobian are found: one vjp for each element of the output or one jvp for each element
/// of the variable, all at once. Automatic: forward where the variable is known to have fewer elements.
enum class Mode { automatic, reverse, forward };

/// d output[i...] / d wrt[j...], of the shape of `output` followed by that of `wrt`. One batch of vjps or jvps; a loop
/// over them where an op on the way does not work on batches. Throws as `grad` does.
Expr jacobian(const Expr& output, const Expr& wrt, Mode mode = Mode::automatic,
              Disconnected disconnected = Disconnected::error);
/// The Jacobian with respect to each of `wrt`.
Exprs jacobian(const Expr& output, std::span<const Expr> wrt, Mode mode = Mode::automatic,
               Disconnected disconnected = Disconnected::error);

/// d^2 cost / d wrt[i...] d wrt[j...], of the shape of `wrt` twice: the Jacobian of the gradient, forward over reverse.
/// What is linear in the variable has a Hessian of zeros.
Expr hessian(const Expr& cost, const Expr& wrt);
/// All blocks: result[i][j] is d^2 cost / d wrt[i] d wrt[j], of the shape of wrt[i] followed by that of wrt[j].
std::vector<Exprs> hessian(const Expr& cost, std::span<const Expr> wrt);

/// The Hessian of `cost` times `vectors`, one of the type of each variable, without the Hessian.
Exprs hessian_vector_product(const Expr& cost, std::span<const Expr> wrt, std::span<const Expr> vectors);
Expr hessian_vector_product(const Expr& cost, const Expr& wrt, const Expr& vector);

/// Gradients within a part of a graph.
struct SubgraphGrad {
  Exprs wrt;  ///< of the variables asked for; zeros where they are not reached
  Exprs end;  ///< of the expressions where the part ends: the `start` of the part before it
};
/// From known gradients `start` (and a cost, which may be absent) back to `wrt`, going no further than `end`.
SubgraphGrad subgraph_grad(std::span<const Expr> wrt, std::span<const Expr> end,
                           const std::vector<std::pair<Expr, Expr>>& start, const Expr& cost = {});

// --- Derivatives of one's own (ops/custom_gradient.cpp) ---

/// How something is differentiated, in the place of the rules of what it is made of. Both are functions of expressions
/// and may use nothing but their arguments and constants. One of them is enough: the other is its transpose.
struct GradientRule {
  /// Adjoints of the inputs from inputs, outputs and the adjoints of the outputs, in which they must be linear if
  /// forward mode is to follow from them. An absent adjoint: the outputs count as independent of that input.
  std::function<Exprs(const Exprs& inputs, const Exprs& outputs, const Exprs& adjoints)> reverse;
  /// Tangents of the outputs from inputs, outputs and the tangents of the inputs.
  std::function<Exprs(const Exprs& inputs, const Exprs& outputs, const Exprs& tangents)> forward;
};

/// `outputs`, functions of `inputs`, differentiated by `rule`; their values and the code for them stay the same. Inputs
/// may be any expressions. Throws GraphError naming a variable that the outputs or the rule use besides.
Exprs with_gradient(std::span<const Expr> outputs, std::span<const Expr> inputs, const GradientRule& rule,
                    std::source_location place = std::source_location::current());

/// `x`, whose gradient is clipped to [low, high], element by element; so is its tangent.
Expr grad_clip(const Expr& x, double low, double high, std::source_location place = std::source_location::current());
/// `x`, whose gradient is multiplied by `factor`; so is its tangent.
Expr grad_scale(const Expr& x, double factor, std::source_location place = std::source_location::current());
/// `x`, whose gradient is 0.
Expr zero_grad(const Expr& x, std::source_location place = std::source_location::current());
/// `x` as a constant: its gradient is 0, and a cost that depends on a variable through it only is disconnected from it.
Expr disconnected_grad(const Expr& x, std::source_location place = std::source_location::current());
/// The same as `zero_grad`, by its old name.
Expr consider_constant(const Expr& x, std::source_location place = std::source_location::current());
/// `x`, whose derivative is an error: NotDifferentiable, with the reason and the place.
Expr undefined_grad(const Expr& x, std::string reason = "",
                    std::source_location place = std::source_location::current());

/// Expressions worth differentiating in the place of `outputs`: with elementwise work on rows that an index picks, data
/// known when building, moved to the table where that is less work. The gradient then has less to do too, which no
/// rewriting of the finished gradient can find again. Values are the same to rounding.
Exprs simplified_for_gradient(std::span<const Expr> outputs);

}  // namespace leapgraph::symbolic
