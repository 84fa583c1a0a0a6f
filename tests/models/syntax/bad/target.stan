model {
  target = 3;
  target -= 1;
  target + 2;
  target(1);
  jacobian = 2;
  real x = target;
}
