/// Which steps of a loop program emitted code counts calls and time of, and whose time it is.
#pragma once

#include <string>
#include <vector>

#include "leapgraph/symbolic/schedule/kernel.hpp"

namespace leapgraph::symbolic {

/// One row of counters in emitted code.
struct Counter {
  std::string what;       ///< "loop nest [1000]: exp, mul", "routine lg_cholesky", "loop", "branch", "call", "fill"
  std::size_t function;   ///< of the module
  int around = -1;        ///< counter of the loop or branch that the step is in; -1: none
  int called = -1;        ///< function that a call calls
  bool is_entry = false;  ///< calls of the function itself; no time
  std::vector<Share> shares = {};
};

/// Numbers the steps of all functions, so that emitted code counts them: first one counter a function for its calls.
std::vector<Counter> count_steps(Module& module);

/// What one evaluation of an op costs beside others, in additions: a rough guess by which fused nests share their time.
double work_of_element(const Op& op);

}  // namespace leapgraph::symbolic
