functions {
  #include "included/first.stanfunctions"
  #include <included/second.stanfunctions>
}
model {
#include included/statement.stan
  target += second(2);
}
