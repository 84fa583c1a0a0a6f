parameters {
  real mu;
}
data {
  int N
}
model {
}
transformed data {
}
model {
}
