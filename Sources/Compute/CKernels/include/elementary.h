// Elementary functions in f64 that are the same on every host: sums, products and quotients in a fixed order, nothing of the
// C library's, whose last bit differs between versions and CPUs. Each is right to one unit in the last place.
#pragma once

/// The natural logarithm; minus infinity of 0, not a number below.
double captioneer_log(double x);

/// e to the x.
double captioneer_exp(double x);

/// The cosine of an angle in radians of at most 2^20; beyond, not a number.
double captioneer_cos(double x);
