// Party identification on ideology, race, age group, education, gender and income.
data {
  int<lower=0> N;
  vector[N] partyid7, real_ideo, race_adj, educ1, gender, income;
  array[N] int<lower=1, upper=4> age_discrete;
}
transformed data {
  matrix[N, 3] older = rep_matrix(0, N, 3);
  for (n in 1 : N) {
    if (age_discrete[n] == 1) continue;
    older[n, age_discrete[n] - 1] = 1;
  }
}
parameters {
  vector[9] beta;
  real<lower=0> sigma;
}
model {
  vector[N] expected = beta[1] + beta[2] * real_ideo + beta[3] * race_adj;
  expected += older * segment(beta, 4, 3);
  expected += beta[7] * educ1 + beta[8] * gender + beta[9] * income;
  partyid7 ~ normal(expected, sigma);
}
