/// A scan taken apart so that passes can edit it, and put together again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// The body's results are expressions of the `variable`s, which are inputs that nothing else uses. What the node
/// computes is written down before there is a new node: `final`, `rows` and `count` stand for its outputs, and `values`
/// are the outputs of the old node in terms of them.
struct LoopParts {
  struct Carry {
    Expr variable, initial, next, final;
  };
  struct Sequence {
    Expr variable, rows;
  };
  struct Constant {
    Expr variable, value;
  };
  struct Output {
    Expr element, rows;
  };

  /// `read` says of each output of the scan whether anything uses it.
  LoopParts(const Node& scan, const std::vector<bool>& read);
  /// The values of the old node's outputs, absent where they are unread.
  Exprs close() const;

  Exprs results() const;  ///< of the body: new carries, elements of outputs, the stop condition
  bool is_variable(const Expr& e) const;
  std::vector<const Node*> body_nodes() const;  ///< inputs first, variables included

  void replace_in_body(const Substitution& replacements);
  void replace_in_values(const Substitution& replacements);
  /// Of `exprs` in the variables of constants, what they are outside the body.
  Exprs outside(const Exprs& exprs) const;

  Expr add_constant(const Expr& value);
  Expr add_sequence(const Expr& rows);
  /// Stands for the rows of `element`, which becomes an output if it is none.
  Expr add_output(const Expr& element);
  /// The same rows of a longer sequence, one a step.
  Expr one_a_step(const Expr& rows) const;

  bool stops() const { return static_cast<bool>(stop); }
  /// The number of steps and all shapes are known, and it does not stop by itself; else `obstacle` says what is not so.
  bool is_definite() const { return obstacle().empty(); }
  std::string obstacle() const;

  /// Joins what the other scan was given.
  void absorb_outside(const LoopParts& other) { outside_.insert(other.outside_.begin(), other.outside_.end()); }
  bool is_outside(const Expr& e) const { return outside_.contains(e); }

  std::shared_ptr<const Node> node;
  Expr steps;
  std::int64_t length;
  std::vector<Carry> carries;
  std::vector<Sequence> sequences;
  std::vector<Constant> constants;
  std::vector<Output> outputs;
  Expr stop, count;  ///< absent where it does not stop by itself
  Exprs values;
  std::string refusal;  ///< why something that would have been computed whole was not

 private:
  Substitution outside_;  ///< expressions that the scan node was given, to themselves: nobody looks behind them
};

/// Whether expressions of a body depend on carries, on sequences, on both or none.
class Dependence {
 public:
  /// Knows the results of the body, and `more` expressions of its variables.
  explicit Dependence(const LoopParts& loop, const Exprs& more = {});
  bool on_carry(const Expr& e) const { return (of(e) & 1) != 0; }
  bool on_sequence(const Expr& e) const { return (of(e) & 2) != 0; }
  const std::vector<const Node*>& nodes() const { return nodes_; }

 private:
  unsigned of(const Expr& e) const;
  std::vector<const Node*> nodes_;
  std::unordered_map<const Node*, unsigned> bits_;
};

/// A step of tidying that leaves the number of steps alone; each says whether it changed anything.
bool drop_unread(LoopParts& loop);       ///< outputs, carries, sequences and constants that nothing reads
bool merge_equal(LoopParts& loop);       ///< equal sequences, constants, outputs, and carries that run in step
bool settle_constants(LoopParts& loop);  ///< literals, carries that never change, sequences of one value
bool move_invariants_out(LoopParts& loop);
/// All of these until nothing changes.
bool tidy(LoopParts& loop);

/// Two scans of the same steps as one, not tidied.
LoopParts joined(const LoopParts& a, const LoopParts& b);

}  // namespace leapgraph::symbolic
