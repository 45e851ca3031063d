// Hand-written kernels. Each has a reference beside it in the tests and is chosen at run time: levels.h.
#pragma once
#include "levels.h"
#include "checksum.h"
#include "resample.h"
#include "convolution.h"
#include "matrix_product.h"
#include "elementwise.h"
#include "elementary.h"
#include "allocation.h"
