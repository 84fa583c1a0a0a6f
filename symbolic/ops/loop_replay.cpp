/// Steps of a scan from its inputs, as the reference evaluation does them.
#include "leapgraph/symbolic/ops/loop_replay.hpp"

#include <algorithm>

#include "leapgraph/symbolic/ops/scan.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

void replay_loop(const Node& node, std::span<const Array> inputs,
                 const std::function<std::optional<std::vector<Array>>(std::int64_t step,
                                                                       const std::vector<Array>& arguments)>& visit) {
  const std::size_t carries = count_of(node.attributes(), "carries"),
                    sequences = count_of(node.attributes(), "sequences");
  const bool may_stop = ending_of(node.attributes()) != Ending::none;
  std::vector<Array> arguments(inputs.begin() + 1, inputs.end());
  std::int64_t steps = inputs[0].integer();
  for (std::size_t j = 0; j < sequences; ++j) steps = std::min(steps, inputs[input_of(carries + j)].shape()[0]);
  for (std::int64_t step = 0; step < steps; ++step) {
    for (std::size_t j = carries; j < carries + sequences; ++j) {
      const Array& sequence = inputs[input_of(j)];
      arguments[j] = Array(Type{sequence.dtype(), Shape(sequence.shape().begin() + 1, sequence.shape().end())});
      copy_elements(sequence, step * arguments[j].size(), arguments[j], 0, arguments[j].size());
    }
    const auto results = visit(step, arguments);
    if (!results || (may_stop && results->back().integer() != 0)) return;
    std::copy(results->begin(), results->begin() + static_cast<std::ptrdiff_t>(carries), arguments.begin());
  }
}

}  // namespace leapgraph::symbolic
