#include "included/itself.stan"
