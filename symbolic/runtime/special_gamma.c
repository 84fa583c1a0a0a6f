/* The gamma function, the beta function, zeta and polygamma functions. `lg_gamma` is without branches, as special.c;
 * the others are not. */
#include "special_gamma.h"

#include <math.h>

#include "special.h"
#include "special_kernels.h"

static const double gamma_table[] = {0.0,
                                     1.0,
                                     1.0,
                                     2.0,
                                     6.0,
                                     24.0,
                                     120.0,
                                     720.0,
                                     5040.0,
                                     40320.0,
                                     362880.0,
                                     3628800.0,
                                     39916800.0,
                                     479001600.0,
                                     6227020800.0,
                                     87178291200.0,
                                     1307674368000.0,
                                     20922789888000.0,
                                     355687428096000.0,
                                     6402373705728000.0,
                                     1.21645100408832e+17,
                                     2.43290200817664e+18,
                                     5.109094217170944e+19,
                                     1.1240007277776077e+21,
                                     2.585201673888498e+22,
                                     6.204484017332394e+23,
                                     1.5511210043330986e+25,
                                     4.0329146112660565e+26,
                                     1.0888869450418352e+28,
                                     3.0488834461171387e+29,
                                     8.841761993739702e+30,
                                     2.6525285981219107e+32,
                                     8.222838654177922e+33,
                                     2.631308369336935e+35,
                                     8.683317618811886e+36,
                                     2.9523279903960416e+38,
                                     1.0333147966386145e+40,
                                     3.7199332678990125e+41,
                                     1.3763753091226346e+43,
                                     5.230226174666011e+44,
                                     2.0397882081197444e+46,
                                     8.159152832478977e+47,
                                     3.345252661316381e+49,
                                     1.40500611775288e+51,
                                     6.041526306337383e+52,
                                     2.658271574788449e+54,
                                     1.1962222086548019e+56,
                                     5.502622159812089e+57,
                                     2.5862324151116818e+59,
                                     1.2413915592536073e+61,
                                     6.082818640342675e+62,
                                     3.0414093201713376e+64,
                                     1.5511187532873822e+66,
                                     8.065817517094388e+67,
                                     4.2748832840600255e+69,
                                     2.308436973392414e+71,
                                     1.2696403353658276e+73,
                                     7.109985878048635e+74,
                                     4.0526919504877214e+76,
                                     2.3505613312828785e+78,
                                     1.3868311854568984e+80,
                                     8.32098711274139e+81,
                                     5.075802138772248e+83,
                                     3.146997326038794e+85,
                                     1.98260831540444e+87,
                                     1.2688693218588417e+89,
                                     8.247650592082472e+90,
                                     5.443449390774431e+92,
                                     3.647111091818868e+94,
                                     2.4800355424368305e+96,
                                     1.711224524281413e+98,
                                     1.1978571669969892e+100,
                                     8.504785885678623e+101,
                                     6.1234458376886085e+103,
                                     4.4701154615126844e+105,
                                     3.307885441519386e+107,
                                     2.48091408113954e+109,
                                     1.8854947016660504e+111,
                                     1.4518309202828587e+113,
                                     1.1324281178206297e+115,
                                     8.946182130782976e+116,
                                     7.156945704626381e+118,
                                     5.797126020747368e+120,
                                     4.753643337012842e+122,
                                     3.945523969720659e+124,
                                     3.314240134565353e+126,
                                     2.81710411438055e+128,
                                     2.4227095383672734e+130,
                                     2.107757298379528e+132,
                                     1.8548264225739844e+134,
                                     1.650795516090846e+136,
                                     1.4857159644817615e+138,
                                     1.352001527678403e+140,
                                     1.2438414054641308e+142,
                                     1.1567725070816416e+144,
                                     1.087366156656743e+146,
                                     1.032997848823906e+148,
                                     9.916779348709496e+149,
                                     9.619275968248212e+151,
                                     9.426890448883248e+153,
                                     9.332621544394415e+155,
                                     9.332621544394415e+157,
                                     9.42594775983836e+159,
                                     9.614466715035127e+161,
                                     9.90290071648618e+163,
                                     1.0299016745145628e+166,
                                     1.081396758240291e+168,
                                     1.1462805637347084e+170,
                                     1.226520203196138e+172,
                                     1.324641819451829e+174,
                                     1.4438595832024937e+176,
                                     1.588245541522743e+178,
                                     1.7629525510902446e+180,
                                     1.974506857221074e+182,
                                     2.2311927486598138e+184,
                                     2.5435597334721877e+186,
                                     2.925093693493016e+188,
                                     3.393108684451898e+190,
                                     3.969937160808721e+192,
                                     4.684525849754291e+194,
                                     5.574585761207606e+196,
                                     6.689502913449127e+198,
                                     8.094298525273444e+200,
                                     9.875044200833601e+202,
                                     1.214630436702533e+205,
                                     1.506141741511141e+207,
                                     1.882677176888926e+209,
                                     2.372173242880047e+211,
                                     3.0126600184576594e+213,
                                     3.856204823625804e+215,
                                     4.974504222477287e+217,
                                     6.466855489220474e+219,
                                     8.47158069087882e+221,
                                     1.1182486511960043e+224,
                                     1.4872707060906857e+226,
                                     1.9929427461615188e+228,
                                     2.6904727073180504e+230,
                                     3.659042881952549e+232,
                                     5.012888748274992e+234,
                                     6.917786472619489e+236,
                                     9.615723196941089e+238,
                                     1.3462012475717526e+241,
                                     1.898143759076171e+243,
                                     2.695364137888163e+245,
                                     3.854370717180073e+247,
                                     5.5502938327393044e+249,
                                     8.047926057471992e+251,
                                     1.1749972043909107e+254,
                                     1.727245890454639e+256,
                                     2.5563239178728654e+258,
                                     3.80892263763057e+260,
                                     1.3768797493598976e+82,
                                     2.0790884215334453e+84,
                                     3.160214400730837e+86,
                                     4.8351280331181804e+88,
                                     7.446097171001998e+90,
                                     1.1541450615053098e+93,
                                     1.800466295948283e+95,
                                     2.8267320846388047e+97,
                                     4.466236693729312e+99,
                                     7.101316343029605e+101,
                                     1.1362106148847368e+104,
                                     1.8292990899644263e+106,
                                     2.9634645257423704e+108,
                                     4.830447176960064e+110,
                                     7.921933370214504e+112,
                                     1.3071190060853933e+115,
                                     2.169817550101753e+117,
                                     3.6235953086699275e+119,
                                     6.087640118565478e+121,
                                     1.0288111800375657e+124,
                                     1.7489790060638618e+126,
                                     2.9907541003692036e+128,
                                     5.14409705263503e+130,
                                     8.899287901058602e+132,
                                     1.548476094784197e+135,
                                     2.7098331658723445e+137,
                                     4.769306371935326e+139,
                                     8.441672278325527e+141,
                                     1.502617665541944e+144,
                                     2.6896856213200797e+146,
                                     4.841434118376143e+148,
                                     8.762995754260819e+150,
                                     1.5948652272754691e+153,
                                     2.9186033659141083e+155,
                                     5.370230193281959e+157,
                                     9.934925857571625e+159,
                                     1.847896209508322e+162};

/* Up to 8 by steps of 1 to 1 + w with -3/8 <= w < 11/8 as lgamma; above from the factorial of the nearest integer n, as
 * gamma(n + r) / gamma(n) = exp(r log(n) + (n + r - 1/2) log(1 + r / n) - r + difference of Stirling's series); below 0
 * by reflection: gamma(-a) = -pi / (a sin(pi a) gamma(a)). */
double lg_gamma(double x) {
  const int reflected = x < 0.0;
  const double size = magnitude(x);
  const double y = size < 186.0 ? size : 186.0;
  const int small = y < 0.625;

  double w = small ? y : y - 1.0, product = 1.0;
#pragma GCC unroll 16
  for (int i = 0; i < 6; ++i) {
    const int above = w >= 1.375;
    product = above ? product * w : product;
    w = above ? w - 1.0 : w;
  }
  const double near_log = w * (w - 1.0) * RATIO(lgamma_near, w + 0.375);

  const double far_y = y < 8.0 ? 8.0 : y;
  const double n = __builtin_rint(far_y), r = far_y - n;
  const double whole = 1.0 / n, inverse = 1.0 / far_y;
  const double series = inverse * RATIO(lgamma_far, inverse * inverse) - whole * RATIO(lgamma_far, whole * whole);
  /* log(1 + r / n), of a number near 1, as log_normal finds it without cancellation. */
  const double sum = 1.0 + r * whole;
  const double ratio = log_normal(sum, (r * whole - (sum - 1.0)) / sum);
  const double far_log = r * log_normal(n, 0.0) + (((far_y - 0.5) * ratio - r) + series);

  const int is_near = y < 8.0;
  const double factor = is_near ? (small ? 1.0 / y : product) : gamma_table[(int)n];
  const double value = exp_of(is_near ? near_log : far_log) * factor; /* less 2^600 from 150.5 on */
  const double high = n > 150.0 ? 0x1p300 : 1.0;
  const double positive = value * high * high;

  const double nearest = __builtin_rint(size), distance = size - nearest;
  const double parity = nearest - 2.0 * __builtin_rint(0.5 * nearest); /* 0, or 1 or -1 where odd */
  const double low = n > 150.0 ? 0x1p-300 : 1.0;
  const double below = 1.0 / (distance * sine_ratio(distance) * (small ? exp_of(near_log) : y * value)) * low * low;
  const double signed_below = parity == 0.0 ? -below : below;
  const double negative = distance == 0.0 ? not_a_number : signed_below;
  const double result = reflected ? negative : positive;
  const double beyond = reflected ? (size == infinity ? not_a_number : result) : infinity;
  const double known = size >= 186.0 ? beyond : result;
  return x == 0.0 ? 1.0 / x : (x == x ? known : x);
}

double lg_stirling_rest(double a) {
  const double inverse = 1.0 / a;
  return inverse * RATIO(lgamma_far, inverse * inverse);
}

long double lg_log1p_rest(long double y) {
  if (fabsl(y) > 0.003L) return y - log1pl(y);
  long double sum = 0.0L; /* y^2 / 2 - y^3 / 3 + ..., to y^9 */
  for (int k = 9; k >= 2; --k) sum = 1.0L / (long double)k - y * sum;
  return y * y * sum;
}

/* By Stirling's formula for what is at least 10, whose large terms cancel on paper. */
long double lg_log_beta(double first, double second) {
  const double a = first < second ? first : second, b = first < second ? second : first;
  const long double wide_a = a, wide_b = b, sum = wide_a + wide_b;
  if (a >= 10.0) {
    const long double rest = (long double)lg_stirling_rest(a) + lg_stirling_rest(b) - lg_stirling_rest((double)sum);
    return 0.91893853320467274178L - 0.5L * logl(wide_b) - (wide_a - 0.5L) * log1pl(wide_b / wide_a) -
           wide_b * log1pl(wide_a / wide_b) + rest;
  }
  if (b >= 10.0) {
    const long double rest = (long double)lg_stirling_rest(b) - lg_stirling_rest((double)sum);
    const long double quotient = wide_a / wide_b;
    return lgammal(wide_a) - wide_a * logl(sum) + wide_b * lg_log1p_rest(quotient) + 0.5L * log1pl(quotient) + rest;
  }
  return lgammal(wide_a) + lgammal(wide_b) - lgammal(sum);
}

double lg_betaln(double a, double b) {
  if (!(a > 0.0 && b > 0.0)) {
    if (a == 0.0 || b == 0.0) return infinity;
    return lg_lgamma(a) + lg_lgamma(b) - lg_lgamma(a + b);
  }
  if (a == infinity || b == infinity) return -infinity;
  return (double)lg_log_beta(a, b);
}

double lg_beta(double a, double b) {
  if (a > 0.0 && b > 0.0) return a == infinity || b == infinity ? 0.0 : (double)expl(lg_log_beta(a, b));
  const double sum = a + b;
  if (sum <= 0.0 && sum == __builtin_rint(sum) && a != __builtin_rint(a)) return 0.0; /* a pole below */
  const double sign = (lg_gamma(a) < 0.0) != ((lg_gamma(b) < 0.0) != (lg_gamma(sum) < 0.0)) ? -1.0 : 1.0;
  const double direct = lg_gamma(a) * lg_gamma(b) / lg_gamma(sum);
  return direct != 0.0 && magnitude(direct) < infinity ? direct : sign * __builtin_exp(lg_betaln(a, b));
}

/* gamma(a + n) / gamma(a): a product for small whole n, by beta functions elsewhere. */
double lg_poch(double a, double n) {
  if (n == __builtin_rint(n) && magnitude(n) <= 20.0) {
    long double product = 1.0L;
    for (int k = 0; k < (int)n; ++k) product *= (long double)a + k;
    for (int k = -1; k >= (int)n; --k) product /= (long double)a + k;
    return (double)product;
  }
  if (a > 0.0 && n > 0.0) return (double)expl(lgammal(n) - lg_log_beta(a, n));
  if (a > 0.0 && a + n > 0.0) return (double)expl(lg_log_beta(a + n, -n) - lgammal(-n));
  return lg_gamma(a + n) / lg_gamma(a);
}

/* --- digamma functions whose large terms cancel --- */

static const double bernoulli[] = {1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12};

double lg_log_less_digamma(double a) {
  if (a < 12.0) return __builtin_log(a) - lg_digamma(a);
  const double w = 1.0 / (a * a);
  return 0.5 / a + w * POLYNOMIAL(bernoulli, w);
}

/* Steps of 1 up to 12, then the difference of the asymptotic series, divided by what it vanishes with. */
double lg_digamma_rise(double x, double h) {
  if (!(x > 0.0 && x + h > 0.0)) return lg_digamma(x + h) - lg_digamma(x);
  if (h == infinity) return infinity;
  double sum = 0.0, low = x, high = x + h;
  for (; low < 12.0 || high < 12.0; low += 1.0, high += 1.0) sum += h / low / high;
  const double u = 1.0 / low, v = 1.0 / high, gap = h / low / high;
  const double first = u * u, second = v * v;
  double slope = 0.0, value = 0.0; /* of w p(w), divided difference, and its value at `second` */
  for (int k = DEGREE(bernoulli); k >= 0; --k) {
    slope = slope * first + value;
    value = value * second + bernoulli[k];
  }
  slope = slope * first + value;
  return sum + __builtin_log1p(h / low) + gap * (0.5 + slope * (u + v));
}

/* --- zeta and polygamma --- */

/* Euler and Maclaurin's formula from 12 on (DLMF 25.11.5). */
long double lg_hurwitz(long double s, long double q) {
  static const long double bernoulli_number[] = {
      1.0L / 6, -1.0L / 30,     1.0L / 42,      -1.0L / 30,       5.0L / 66,       -691.0L / 2730,
      7.0L / 6, -3617.0L / 510, 43867.0L / 798, -174611.0L / 330, 854513.0L / 138, -236364091.0L / 2730};
  long double sum = 0.0L;
  const long double far = 12.0L + 0.5L * (s < 200.0L ? s : 200.0L);
  while (q < far) {
    const long double term = powl(q, -s);
    sum += term;
    if (term <= sum * 1e-22L) return sum;
    q += 1.0L;
  }
  const long double last = powl(q, -s);
  sum += last * (q / (s - 1.0L) + 0.5L);
  long double factor = last * s / q / 2.0L; /* s (s + 1) ... / (2 k)! q^-(s + 2 k - 1) */
  for (int k = 1; k <= 12; ++k) {
    const long double term = factor * bernoulli_number[k - 1];
    sum += term;
    if (fabsl(term) <= sum * 1e-21L) break;
    factor *= (s + 2 * k - 1) * (s + 2 * k) / ((2 * k + 1) * (2 * k + 2)) / (q * q);
  }
  return sum;
}

double lg_zeta(double s, double q) {
  if (s != s || q != q) return not_a_number;
  if (s <= 1.0) return s == 1.0 ? infinity : not_a_number;
  if (q > 0.0) {
    if (s == infinity) return q > 1.0 ? 0.0 : (q < 1.0 ? infinity : 1.0);
    return q == infinity ? 0.0 : (double)lg_hurwitz(s, q);
  }
  if (q == __builtin_floor(q)) return infinity;
  if (s != __builtin_rint(s) || q < -1e6) return not_a_number; /* powers of negative numbers */
  long double sum = 0.0L, wide = q;
  for (; wide < 0.0L; wide += 1.0L) sum += powl(wide, -(long double)s);
  return (double)(sum + lg_hurwitz(s, wide));
}

/* (-1)^(n + 1) n! zeta(n + 1, x); below 0 by the sum over all integers, both ways from the nearest one:
 * zeta(s, x) = zeta(s, r) + (-1)^s zeta(s, 1 - r) - (-1)^s zeta(s, 1 - x) with x = r - m. */
double lg_polygamma(double order, double x) {
  if (order != order || x != x || order < 0.0 || order != __builtin_rint(order)) return not_a_number;
  if (order == 0.0) return lg_digamma(x);
  if (order == 1.0) return lg_trigamma(x);
  if (order == 2.0) return lg_tetragamma(x);
  const long double s = order + 1.0;
  const int odd = order / 2.0 != __builtin_floor(order / 2.0);
  if (x == -infinity) return not_a_number;
  if (x == infinity) return odd ? 0.0 : -0.0;
  if (x <= 0.0 && x == __builtin_floor(x))
    return odd ? infinity : (x == 0.0 ? -__builtin_copysign(infinity, x) : not_a_number);
  const long double sign = odd ? 1.0L : -1.0L; /* also (-1)^s */
  long double zeta;
  if (x > 0.0) {
    zeta = lg_hurwitz(s, x);
  } else {
    const double distance = from_integer(x);
    const long double r = distance > 0.0 ? distance : 1.0L + distance;
    const long double other = distance > 0.0 ? 1.0L - distance : -distance;
    zeta = lg_hurwitz(s, r) + sign * (lg_hurwitz(s, other) - lg_hurwitz(s, 1.0L - x));
  }
  return (double)(sign * tgammal(s) * zeta);
}
