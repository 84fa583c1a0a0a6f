functions { real f(real x,data  array[ , ] int  long_argument_name, vector another_long_name, matrix m) { return x+1.50 ; }
  // said before a declaration
  void g(real x);
  void g(real x) {print("x = ",x);} // said behind a function
}


data {int<lower = 0>N;vector<lower=0,upper=1>[N] y; // said behind a declaration
  array [ N,2 ] int k;}
transformed data { real tol=1e-10; int big = 1_000_000;


  /* a block
     of two lines */
  real s = ((1 + 2)) * (3) - -4; // redundant parentheses stay around operations only
}
parameters { real mu /* between */ ; tuple(real,vector[2])t; }
model
{ // said behind a brace
  if(N>1)mu~normal(0,1);else if (N==1) { mu ~ cauchy(0,1); } // before else
  else target+=-mu^2;
  for(n in 1:N)for(j in k[n]){ y[n]~normal(mu,1)T[0,]; }
  while(0){;}
  target += normal_lpdf(y | a_function_with_a_long_name(mu, sigma, tau) + another_function(mu, sigma), sqrt(square(sigma) + tau));
  y[1:N]  ~  a_distribution_with_a_long_name(first_argument_of_it, second_argument_of_it, third_argument);
  mu = mu // inside an expression
     + 1;
  x = a ? b : c ? d[1, , 2:, :3] : {1,2}; profile("p") { z .*= [1,2]'; }
  // said at the end of a block
}
// said at the end
