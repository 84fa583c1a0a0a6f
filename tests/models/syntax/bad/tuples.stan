data {
  tuple(int) a;
  tuple(int, real b;
  tuple[int, real] c;
  array[3] array[2] real d;
  tuple(int, real[3]) e;
}
model {
  x = t.a;
}
