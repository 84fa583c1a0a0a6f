/// Everything that leapgraph::models offers, in one header.
#pragma once
