model {
  if (x = 3) {
    y = 2
  }
  while (x = 1) x = 2;
  x == 3;
  x = = 4;
  x + 1 = 3;
  f(x) = 2;
  (x, y + 1) = t;
  (x, y).1 = 2;
}
