// All kernels of one CPU level. Included last by its file, which has defined NAME(x),
// NAME(is_available) (outside its target attributes: every CPU runs it), LEVEL_NAME, BLAS_CORE, CRC32C, RESAMPLE_ROWS (a file)
// and what vectors.h and product_tile.h ask for, inside its target attributes.
#include "checksum_kernels.h"
#include "halves.h"
#include "product_tile.h"
#include "convolution_kernels.h"
#include "matrix_product_kernels.h"
#include "elementwise_kernels.h"
#include "resample_kernels.h"
#include RESAMPLE_ROWS

static uint32_t NAME(crc32c)(uint32_t crc, const uint8_t *bytes, size_t count) {
  MARK(crc32c);
  return CRC32C(crc, bytes, count);
}

const captioneer_kernels NAME(captioneer_kernels) = {
  .name = LEVEL_NAME,
  .is_available = NAME(is_available),
  .blas_core = BLAS_CORE,
  .convolve = NAME(convolve),
  .depthwise = NAME(depthwise),
  .normalise = NAME(normalise),
  .narrow_to_halves = NAME(narrow_to_halves),
  .pack = NAME(pack),
  .tiles = &NAME(product_tiles)[0][0],
  .tile_rows = TILE_ROWS,
  .tile_vectors = TILE_VECTORS,
  .tanh = NAME(tanh),
  .tanh_gradient = NAME(tanh_gradient),
  .add_bias = NAME(add_bias),
  .add_column_sums = NAME(add_column_sums),
  .softmax_loss = NAME(softmax_loss),
  .scatter_add_rows = NAME(scatter_add_rows),
  .widen_halves = NAME(widen_halves),
  .adam = NAME(adam),
  .sum_of_squares = NAME(sum_of_squares),
  .resample_rows = NAME(resample_rows),
  .resample_column = NAME(resample_column),
  .split_planes = NAME(split_planes),
  .crc32c = NAME(crc32c),
};
