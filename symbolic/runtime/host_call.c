/* Calls a function of the program that called us: the routine behind the op `host_call`. */

typedef int host_function(void* context, const double* x, long n, double* value, double* gradient);

/* in: {address, context} as long[2], x as double[n]; out: value, gradient[n]; sizes: {n}. A rejected point gives nan.
 */
long lg_host_call(const void* const* in, void* const* out, const long* sizes);

long lg_host_call(const void* const* in, void* const* out, const long* sizes) {
  const long* function = in[0];
  double* value = out[0];
  double* gradient = out[1];
  if (((host_function*)function[0])((void*)function[1], in[1], sizes[0], value, gradient) != 0) {
    *value = __builtin_nan("");
    for (long i = 0; i < sizes[0]; ++i) gradient[i] = __builtin_nan("");
  }
  return 0;
}
