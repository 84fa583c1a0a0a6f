/// Everything that leapgraph::symbolic offers, in one header.
#pragma once
