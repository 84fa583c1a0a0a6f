real f(real x) {
  return x
}
