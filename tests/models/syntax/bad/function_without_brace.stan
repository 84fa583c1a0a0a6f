functions {
  real f(real x)
    return x;
  }
  real g(real x)
  real h(real x) {
    return x + ;
  }
}
model {
}
