model {
  real x = 3 $ 4;
  real y = “text”;
  x = a & b;
  x = a @ b;
  print("ok");
}
