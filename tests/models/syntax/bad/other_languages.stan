data {
  float x;
  integer n;
}
model {
  double y = 3;
  bool ok = true;
  x++;
  x = x ** 2;
  if (x > 3) then x = 2;
  x := 3;
}
