/// What the backward step of a loop stores of the forward one, and derivatives through it.
#include "leapgraph/symbolic/function.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

}  // namespace
}  // namespace leapgraph::symbolic
