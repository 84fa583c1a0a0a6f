/// Rebuilding that keeps places and says what it did.
#include "leapgraph/symbolic/rewrite/firing.hpp"

namespace leapgraph::symbolic {

namespace {

bool is_same_anew(const Expr& made, const Node& node, const Exprs& inputs) {
  return &made.op() == &node.op() && made.node().inputs() == inputs && made.node().attributes() == node.attributes();
}

}  // namespace

Exprs rebuild_noted(std::span<const Expr> outputs, std::string_view rule, const PassLog& log, const Rebuild& f) {
  return rebuild(outputs, [&](const Node& node, const Exprs& inputs) {
    const MadeAt at(node.place());
    Exprs made = f(node, inputs);
    if (log.firings == nullptr) return made;
    Exprs same;
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (is_same_anew(made[i], node, inputs)) continue;
      if (same.empty()) same = rebuild_same(node, inputs);
      log.note(rule, same[i], made[i]);
    }
    return made;
  });
}

}  // namespace leapgraph::symbolic
