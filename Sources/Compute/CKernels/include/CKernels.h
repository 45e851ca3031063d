// Hand-written kernels. Each has a reference beside it in the tests and is chosen at run time by `dispatch.h`.
#pragma once
#include "dispatch.h"
#include "checksum.h"
#include "resample.h"
#include "convolution.h"
#include "matrix_product.h"
#include "recurrent.h"
#include "elementary.h"
#include "allocation.h"
