/// The executable hmc-run.
#include <string>
#include <vector>

#include "leapgraph/cli/memory.hpp"
#include "leapgraph/cli/message.hpp"
#include "leapgraph/cli/run.hpp"

int main(int argc, char** argv) {
  leapgraph::cli::occupy_closed_descriptors();
  leapgraph::cli::limit_memory();
  return leapgraph::cli::run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
