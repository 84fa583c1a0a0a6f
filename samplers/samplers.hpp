/// Everything that leapgraph::samplers offers, in one header.
#pragma once

#include "leapgraph/samplers/chain.hpp"
#include "leapgraph/samplers/config.hpp"
#include "leapgraph/samplers/density.hpp"
#include "leapgraph/samplers/diagnostics.hpp"
#include "leapgraph/samplers/draw.hpp"
#include "leapgraph/samplers/hamiltonian.hpp"
#include "leapgraph/samplers/leapfrog.hpp"
#include "leapgraph/samplers/metric.hpp"
#include "leapgraph/samplers/nuts.hpp"
#include "leapgraph/samplers/random.hpp"
#include "leapgraph/samplers/sample.hpp"
#include "leapgraph/samplers/static_hmc.hpp"
#include "leapgraph/samplers/step_size.hpp"
#include "leapgraph/samplers/summary.hpp"
#include "leapgraph/samplers/trace.hpp"
#include "leapgraph/samplers/warmup.hpp"
