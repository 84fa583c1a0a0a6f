/// Everything that leapgraph::symbolic offers, in one header.
#pragma once

#include "leapgraph/symbolic/array.hpp"
#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/error.hpp"
#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/graph.hpp"
#include "leapgraph/symbolic/host_function.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/loops.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/type.hpp"
#include "leapgraph/symbolic/variables.hpp"
#include "leapgraph/symbolic/vectorize.hpp"
