data
  int N;
}
model {
}
