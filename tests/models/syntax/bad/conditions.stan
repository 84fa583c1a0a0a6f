model {
  if x > 3 {
    x = 1;
  }
  if (x > 3 {
    x = 1;
  }
  if (x >) {
    y = 2
  } else
  while (x > ;
}
