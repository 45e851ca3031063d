#include "elementary.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// ln 2 in two parts, the first with 21 trailing zeros: its product with an exponent is exact.
static const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double of_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/// 2^exponent for normal numbers.
static double power_of_two(int exponent) { return of_bits((uint64_t)(exponent + 1023) << 52); }

// x = 2^n (1 + f) with 1 + f in √½ ... √2. With s = f / (2 + f):
//   ln(1 + f) = 2 artanh s = 2 s + s R, R = ⅔ s² + ⅖ s⁴ + …, and since 2 s = f − s f:
//   ln(1 + f) = f − (f²/2 − s (f²/2 + R)),
// so that what is rounded stays small beside f.
double captioneer_log(double x) {
  if (!(x > 0)) return x == 0 ? -INFINITY : NAN;
  if (x > 0x1.fffffffffffffp1023) return x;
  int exponent = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    exponent = -54;
  }
  // Adding what lies between √½ and 1 carries into the exponent from √2 on.
  const uint64_t bits = bits_of(x) + (0x3FF0000000000000 - 0x3FE6A09E667F3BCD);
  exponent += (int)(bits >> 52) - 1023;
  const double f = of_bits((bits & 0xFFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD) - 1;
  const double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
  double rest = 2.0 / 25;
  rest = rest * z + 2.0 / 23;
  rest = rest * z + 2.0 / 21;
  rest = rest * z + 2.0 / 19;
  rest = rest * z + 2.0 / 17;
  rest = rest * z + 2.0 / 15;
  rest = rest * z + 2.0 / 13;
  rest = rest * z + 2.0 / 11;
  rest = rest * z + 2.0 / 9;
  rest = rest * z + 2.0 / 7;
  rest = rest * z + 2.0 / 5;
  rest = (rest * z + 2.0 / 3) * z;
  const double n = exponent;
  return n * ln2_high + (f - (half - (s * (half + rest) + n * ln2_low)));
}

// x = n ln 2 + r with r in ±½ ln 2; e^r by its series, the small terms first.
double captioneer_exp(double x) {
  if (!(x < 709.79)) return x > 0 ? INFINITY : x;
  if (x < -745.2) return 0;
  const double n = (x * 0x1.71547652b82fep0 + 0x1.8p52) - 0x1.8p52;
  const double high = x - n * ln2_high, low = n * ln2_low, r = high - low;
  double rest = 1.0 / 6227020800;
  rest = rest * r + 1.0 / 479001600;
  rest = rest * r + 1.0 / 39916800;
  rest = rest * r + 1.0 / 3628800;
  rest = rest * r + 1.0 / 362880;
  rest = rest * r + 1.0 / 40320;
  rest = rest * r + 1.0 / 5040;
  rest = rest * r + 1.0 / 720;
  rest = rest * r + 1.0 / 120;
  rest = rest * r + 1.0 / 24;
  rest = rest * r + 1.0 / 6;
  rest = rest * r + 0.5;
  // What r lost to rounding comes back with the small terms.
  const double lost = (high - r) - low;
  const double value = 1 + (high - (low - (rest * r * r + lost * r)));
  // In two steps: 2^n alone may be no normal number where the result is one.
  const int first = (int)n / 2, second = (int)n - first;
  return value * power_of_two(first) * power_of_two(second);
}

// r + t in ±π/4, t the part that does not fit into r.
static double cosine(double r, double t) {
  const double z = r * r;
  double rest = -1.0 / 6402373705728000;
  rest = rest * z + 1.0 / 20922789888000;
  rest = rest * z - 1.0 / 87178291200;
  rest = rest * z + 1.0 / 479001600;
  rest = rest * z - 1.0 / 3628800;
  rest = rest * z + 1.0 / 40320;
  rest = rest * z - 1.0 / 720;
  rest = rest * z + 1.0 / 24;
  const double half = 0.5 * z, whole = 1 - half;
  return whole + (((1 - whole) - half) + (z * z * rest - r * t));
}

static double sine(double r, double t) {
  const double z = r * r;
  double rest = 1.0 / 355687428096000;
  rest = rest * z - 1.0 / 1307674368000;
  rest = rest * z + 1.0 / 6227020800;
  rest = rest * z - 1.0 / 39916800;
  rest = rest * z + 1.0 / 362880;
  rest = rest * z - 1.0 / 5040;
  rest = rest * z + 1.0 / 120;
  rest = rest * z - 1.0 / 6;
  return r + (rest * z * r + t * (1 - 0.5 * z));
}

// x = k π/2 + r + t (Cody & Waite 1980): π/2 in three parts of 33, 33 and 53 bits, so that k times the first two is exact.
double captioneer_cos(double x) {
  if (!(x >= -0x1p20 && x <= 0x1p20)) return NAN;
  const double k = (x * 0x1.45f306dc9c883p-1 + 0x1.8p52) - 0x1.8p52;
  const double first = x - k * 0x1.921fb544p0, second = k * 0x1.0b4611a6p-34, third = k * 0x1.3198a2e037073p-69;
  const double high = first - second;
  const double low = ((first - high) - second) - third;
  const double r = high + low, t = (high - r) + low;
  switch ((int)k & 3) {
    case 0: return cosine(r, t);
    case 1: return -sine(r, t);
    case 2: return -cosine(r, t);
    default: return sine(r, t);
  }
}
