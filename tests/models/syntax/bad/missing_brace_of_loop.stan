model {
  for (n in 1:10) {
    if (n > 3) {
      print(n);
    }
}
generated quantities {
  real x = 1;
}
