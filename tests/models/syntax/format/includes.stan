functions {
#include included_functions.inc
  real own(real x) { return x; }
}
model {
  // before
  #include "included_statement.inc"
  target += 1;
}
