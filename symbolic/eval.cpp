/// Values of expressions by functions that are made when first asked for.
#include <algorithm>
#include <list>
#include <mutex>

#include "leapgraph/symbolic/function.hpp"

namespace leapgraph::symbolic {

namespace {

/// The functions used last. Functions keep their expressions, which are therefore the same ones as long as one is here.
class Evaluations {
 public:
  static Evaluations& instance() {
    static auto* evaluations = new Evaluations;  // never destroyed: expressions may be evaluated by other destructors
    return *evaluations;
  }

  Function find_or_make(const Expr& expression, const Exprs& variables) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.expression == expression && entry.variables == variables;
      });
      if (found != entries_.end()) {
        entries_.splice(entries_.begin(), entries_, found);
        return found->function;
      }
    }
    Entry made{expression, variables, Function(variables, expression)};
    const std::lock_guard lock(mutex_);
    entries_.push_front(made);
    if (entries_.size() > capacity) entries_.pop_back();
    return made.function;
  }

 private:
  static constexpr std::size_t capacity = 100;
  struct Entry {
    Expr expression;
    Exprs variables;
    Function function;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;  ///< the last used one first
};

}  // namespace

Results eval(const Expr& expression, std::initializer_list<std::pair<Expr, Argument>> values) {
  Exprs variables;
  std::vector<Argument> arguments;
  for (const auto& [variable, value] : values) {
    variables.push_back(variable);
    arguments.push_back(value);
  }
  return Evaluations::instance().find_or_make(expression, variables)(std::span<const Argument>(arguments));
}

}  // namespace leapgraph::symbolic
