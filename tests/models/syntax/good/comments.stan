data {
  int N; // a comment with café ∀
  /* two
     lines */ vector[N] /* in between */ y;
}
model {
  print("été: ", y); /**/ // /* not open
  y ~ normal(0, 1); /* // */
}
//at the end