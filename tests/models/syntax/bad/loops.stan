model {
  for (int i in 1:3) print(i);
  for (i = 1; i < 3; i++) {
    print(i)
  }
  for i in 1:3 print(i);
  for (i in 1:) print(i);
  for (in in 1:3) print(i);
  for (i of 1:3) { print(i); }
}
