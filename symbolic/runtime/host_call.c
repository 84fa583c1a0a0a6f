/* Calls functions of the program that called us: the routines behind the ops `host_call` and `host_map`. */

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

typedef int host_map(void* context, const double* x, long n, const double* data, long count, double* value, long m,
                     double* jacobian);

/* in: {address, context} as long[2], x as double[rows][n], data as double[rows][count]; out: value[rows][m],
 * jacobian[rows][m][n]; sizes: {rows, n, count, m}. A rejected point gives nan.
 */
long lg_host_map(const void* const* in, void* const* out, const long* sizes);

long lg_host_map(const void* const* in, void* const* out, const long* sizes) {
  const long* function = in[0];
  const long n = sizes[1], count = sizes[2], m = sizes[3];
  for (long row = 0; row < sizes[0]; ++row) {
    double* value = (double*)out[0] + row * m;
    double* jacobian = (double*)out[1] + row * m * n;
    const double* x = (const double*)in[1] + row * n;
    const double* data = (const double*)in[2] + row * count;
    if (((host_map*)function[0])((void*)function[1], x, n, data, count, value, m, jacobian) == 0) continue;
    for (long i = 0; i < m; ++i) value[i] = __builtin_nan("");
    for (long i = 0; i < m * n; ++i) jacobian[i] = __builtin_nan("");
  }
  return 0;
}
