// Names that contain, begin with or look like words of the language.
data {
  int T;
  int data_size;
  int iffy, elsewhere, format, inner, integer, reality, vectors, matrix_;
  array[T] real targets;
  real lowered, upper1, offset_, e1, E, i, lp, T_;
}
model {
  real target_ = 1;
  real jacobians = 2;
  real models = 3e1;
  T ~ poisson(e1);
}
