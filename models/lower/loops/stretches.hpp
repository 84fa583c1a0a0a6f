/// Sums over stretches whose lengths change from iteration to iteration, written out as loops over their elements.
#pragma once

#include "leapgraph/models/types/typed_ast.hpp"

namespace leapgraph::models::lower {

/// Within loops, `dot_product(head(x, t), w[1:t])`, `sum(x[a[g]:b[g]])`, a row times a column, and densities of numbers
/// (`y[a:b] ~ normal(mu[a:b], sigma)`, their `_lpdf`s) become loops over elements where the number of these depends on
/// what the loop changes: a nest of loops is one index space however ragged it is, while each length of a whole-array
/// expression is another expression. Transformed data are left alone, where the whole-array form is quicker.
void write_out_stretches(TypedProgram& program);

}  // namespace leapgraph::models::lower
