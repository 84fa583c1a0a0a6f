/// Samples our own program for a posterior of posteriordb and compares it with the reference draws.
#pragma once

#include <iosfwd>
#include <string>

namespace leapgraph::models {

/// A posterior with reference draws.
struct Posterior {
  const char* program;  ///< of tests/models/programs
  const char* data;
  const char* reference;  ///< file of the reference means, which is also the posterior's name
  double adapt_delta = 0.8;
};

/// Means and mean squares of all quantities of the reference: |z| < 5 with both Monte Carlo standard errors. Each
/// posterior has 6 to 20 of them, so that a correct sampler with another seed fails one posterior in some 100,000.
/// Skips where there are no reference data, or no compiler: the interpreter would take minutes.
void expect_reference_moments(const Posterior& posterior);

void PrintTo(const Posterior& posterior, std::ostream* out);
/// For the name of a parameterised test.
std::string identifier(std::string name);

}  // namespace leapgraph::models
