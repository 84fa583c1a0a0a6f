data {
  int N;
}
}
model {
}
