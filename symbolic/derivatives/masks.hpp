/// Adjoints of which only some elements count, and how masks pass the ops.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// An adjoint that is `value` where `mask` holds and 0 elsewhere (no mask: everywhere). The choice is made after the
/// multiplications on the way and not before, since 0 times the infinite slope of a branch not taken is nan.
struct Adjoint {
  Expr value;
  Expr mask;
};
/// The value with its choice made.
Expr chosen(const Adjoint& a);
/// Of two masks, either of which may be absent.
Expr both(const Expr& a, const Expr& b);
/// The choice between something and 0 that an adjoint consists of; rules write it as `where`, two at most one in the
/// other.
Adjoint split_choice(const Expr& e);
/// What an input of an elementwise op gets: the adjoint of one element, summed over the axes along which the input was
/// broadcast. A summed adjoint is masked where no element was chosen.
Adjoint undo_broadcast(const Adjoint& adjoint, const Expr& output, const Expr& input);

// --- What ops do to masks ---

/// Whether the op moves or adds elements and nothing else, so that its gradient rule tells of each element of an input
/// whether a mask of the output chooses it.
bool moves_elements(const Op& op);
/// Others that do: most are adjoints of the former, met in second derivatives.
bool places_elements(const Op& op);
/// Whether an element of an input of such an op may be several elements of the output, whose adjoints are then added.
bool repeats_elements(const Op& op);
/// Whether the slope of the op is infinite somewhere: its record names the numbers where its derivatives are tested.
bool may_be_steep(const Op& op);
/// Whether a slope in the body, or in a body in it, may be infinite.
bool is_steep(const Graph& body);
/// Whether an element of the first input of the node may be none of the output: not read, or written over.
bool drops_elements(const Node& node);
/// The operands of a contraction with 0 in what only elements of the output read that `mask` leaves out: in
/// where(observed, dot(x, b), 0) the rows of x that were not observed may hold anything.
Exprs masked_operands(const Node& node, const Expr& mask, const std::vector<bool>& wanted);

/// A node with bodies, the outputs of which are 0 where their masks do not hold: the choice is made in the body, whose
/// derivative then knows of it. The masks are inputs number `first` and after.
struct MaskedBodies {
  std::shared_ptr<const Node> node;
  std::size_t first;
  std::size_t count;
};
/// Absent where masks change nothing or the node has no bodies. Masks of final carries of loops are left out.
std::optional<MaskedBodies> with_masks_in_bodies(const Node& node, const Exprs& masks);
bool is_final_carry(const Node& node, std::size_t output);

}  // namespace leapgraph::symbolic
