# the style of long ago
model {
  real x;
  x <- 3;
  x[1] <- 4;   # a comment
  real y <- 2;
  increment_log_prob(normal_lpdf(x | 0, 1));
  print(get_lp());
  lp__ <- lp__ + 1;
}
