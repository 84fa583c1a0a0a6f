/// Everything that leapgraph::samplers offers, in one header.
#pragma once
