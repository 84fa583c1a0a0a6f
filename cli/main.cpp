/// The executable hmc-run.
#include <string>
#include <vector>

#include "leapgraph/cli/run.hpp"

int main(int argc, char** argv) {
  return leapgraph::cli::run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
