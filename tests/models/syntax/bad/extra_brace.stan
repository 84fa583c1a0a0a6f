model {
  for (n in 1:10) {
    print(n);
  } }
  print("done");
}
generated quantities {
  real x = 1
}
