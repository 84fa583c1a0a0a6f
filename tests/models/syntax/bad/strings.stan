model {
  print("not closed);
  real x = "text";
  reject(reason);
  profile(name) { }
  print();
}
