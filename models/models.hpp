/// Everything that leapgraph::models offers, in one header.
#pragma once

#include "leapgraph/models/data.hpp"
#include "leapgraph/models/model.hpp"
#include "leapgraph/models/reference.hpp"
#include "leapgraph/models/source.hpp"
