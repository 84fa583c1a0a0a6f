// Two topics, without a loop: words pick from the topics of their documents.
data {
  int<lower=2> V;
  int<lower=1> M;
  int<lower=1> N;
  array[N] int<lower=1, upper=V> w;
  array[N] int<lower=1, upper=M> doc;
}
parameters {
  array[M] simplex[2] theta;
  array[2] simplex[V] phi;
}
model {
  theta ~ dirichlet(rep_vector(1, 2));
  phi ~ dirichlet(rep_vector(1, V));
  target += log_sum_exp(log(to_vector(theta[doc, 1])) + log(phi[1][w]), log(to_vector(theta[doc, 2])) + log(phi[2][w]));
}
