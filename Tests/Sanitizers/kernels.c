// Every kernel on random sizes at every CPU level, in buffers of exactly the size that is promised: all levels must give the bits of the
// plain C, and products the plain sum in f64. Then threads that share the operands of products, blocks and elementwise steps.
//
// usage: kernels alone|threads ROUNDS      Built with a sanitizer by run.sh.
#include <math.h>
#include <pthread.h>

#include "CKernels.h"
#include "support.h"

static _Atomic int failures;

// Kept results of the plain C, to be compared with those of the other levels.
static _Thread_local struct { void *bytes; size_t count; } kept[64];
static _Thread_local int results, is_first;

static void result(const char *name, void *bytes, size_t count) {
  if (is_first) {
    kept[results].bytes = copy_of(bytes, count);
    kept[results].count = count;
  } else if (kept[results].count != count || memcmp(kept[results].bytes, bytes, count)) {
    printf("%s: %s differs from %s\n", name, captioneer_level_name(captioneer_current_level()),
           captioneer_level_name(captioneer_level_count() - 1));
    ++failures;
  }
  ++results;
  free(bytes);
}

static void product(float *scratch) {
  const int large = below(60) == 0;  // beyond the blocks in every direction
  const int rows = 1 + below(large ? 300 : 40), columns = 1 + below(large ? 1300 : 70), depth = 1 + below(large ? 1200 : 60);
  const int a_turned = below(2), b_turned = below(2), accumulates = below(2), is_packed = below(2);
  const int a_stride = (a_turned ? rows : depth) + below(3), b_stride = (b_turned ? depth : columns) + below(3);
  const int c_stride = columns + below(3);
  float *a = numbers((size_t)((a_turned ? depth : rows) - 1) * a_stride + (a_turned ? rows : depth));
  float *b = numbers((size_t)((b_turned ? columns : depth) - 1) * b_stride + (b_turned ? depth : columns));
  const size_t c_count = (size_t)(rows - 1) * c_stride + columns;
  float *c = numbers(c_count), *before = copy_of(c, c_count * sizeof *c), *packed = NULL;
  captioneer_matrix_product product = {
    .a = a, .a_row = a_turned ? 1 : a_stride, .a_column = a_turned ? a_stride : 1,
    .b = b, .b_row = b_turned ? 1 : b_stride, .b_column = b_turned ? b_stride : 1,
    .c = c, .c_row = c_stride, .rows = rows, .depth = depth, .columns = columns, .accumulates = accumulates};
  if (is_packed) {
    packed = malloc(captioneer_packed_factor_count(depth, columns) * sizeof *packed);
    captioneer_pack_factor(b, product.b_row, product.b_column, depth, columns, packed);
    product.packed = packed;
  }
  captioneer_multiply_matrices(&product, scratch);
  for (size_t i = 0; i < c_count && is_first; ++i) {
    const int row = (int)(i / c_stride), column = (int)(i % c_stride);
    double expected = before[i];  // between the rows nothing may change
    if (column < columns) {
      if (!accumulates) expected = 0;
      for (int k = 0; k < depth; ++k)
        expected += (double)a[row * product.a_row + k * product.a_column] * b[k * product.b_row + column * product.b_column];
    }
    if (fabs(expected - c[i]) <= 5e-6 * (depth + 10)) continue;
    printf("product %d x %d x %d: [%d, %d] is %g, not %g\n", rows, columns, depth, row, column, c[i], expected);
    ++failures;
    break;
  }
  free(a), free(b), free(before), free(packed);
  result("product", c, c_count * sizeof *c);
}

static void block(void) {
  const int is_stem = below(3) == 0, images = 1 + below(3), stride = 1 + below(2);
  const int has_residual = !is_stem && stride == 1 && below(2), input = is_stem ? 3 : 1 + below(40);
  const captioneer_block shape = {
    is_stem ? captioneer_first_stem : captioneer_first_expansion, input, 1 + below(70),
    has_residual ? input : 1 + below(50), stride, has_residual, 1 + below(20), 1 + below(20)};
  const size_t depth = is_stem ? 27 : (size_t)input, expanded = (size_t)shape.expanded;
  const size_t inputs = (size_t)images * shape.height * shape.width * (size_t)input;
  const size_t outputs =
    (size_t)images * captioneer_block_output_height(&shape) * captioneer_block_output_width(&shape) * shape.output;
  void *from = is_stem ? bytes_of_chance(inputs) : numbers(inputs);
  float *first = numbers(expanded * depth), *first_bias = numbers(expanded), *depthwise = numbers(expanded * 9);
  float *depthwise_bias = numbers(expanded), *projection = numbers(expanded * (size_t)shape.output);
  float *projection_bias = numbers((size_t)shape.output), *output = numbers(outputs);
  float *parameters = aligned_numbers(captioneer_block_parameter_count(&shape));
  float *scratch = aligned_numbers(captioneer_block_scratch_count(&shape, images));
  const float scale[] = {0.01f, 0.02f, 0.015f}, shift[] = {-1, -2, -1.5f};
  captioneer_pack_block(&shape, first, first_bias, depthwise, depthwise_bias, projection, projection_bias, parameters);
  captioneer_run_block(&shape, parameters, from, scale, shift, images, output, scratch);
  free(from), free(first), free(first_bias), free(depthwise), free(depthwise_bias), free(projection), free(projection_bias);
  free(parameters), free(scratch);
  result("block", output, outputs * sizeof *output);
}

static void pointwise(void) {
  const int rows = 1 + below(40), depth = 1 + below(50), columns = 1 + below(80), padded = (columns + 15) / 16 * 16;
  float *input = numbers((size_t)(rows * depth)), *weights = numbers((size_t)(columns * depth));
  float *packed = aligned_numbers((size_t)(padded * depth)), *bias = aligned_numbers((size_t)padded);
  float *output = numbers((size_t)(rows * columns)), *mean = numbers((size_t)columns);
  float *turned = numbers((size_t)(rows * columns));
  int32_t *offsets = malloc((size_t)rows * sizeof *offsets);
  uint16_t *halves = malloc((size_t)columns * sizeof *halves);
  captioneer_pack_panels(weights, depth, columns, packed);
  captioneer_pointwise(input, rows, depth, columns, packed, bias, below(2), output, offsets);
  captioneer_average(output, rows, columns, mean);
  captioneer_transpose(output, rows, columns, turned);
  captioneer_to_half(mean, (size_t)columns, halves);
  captioneer_widen_halves(halves, (size_t)columns, mean);
  free(input), free(weights), free(packed), free(bias), free(offsets);
  result("pointwise", output, (size_t)(rows * columns) * sizeof *output);
  result("transposed", turned, (size_t)(rows * columns) * sizeof *turned);
  result("halves", halves, (size_t)columns * sizeof *halves);
  result("widened", mean, (size_t)columns * sizeof *mean);
}

static void elementwise(void) {
  const size_t rows = 1 + (size_t)below(5), columns = 2 + (size_t)below(90), count = rows * columns;
  const size_t size = count * sizeof(float), first = (size_t)below((int)columns), part = columns - first;
  float *x = numbers(count), *y = numbers(count), *bias = numbers(columns), *sums = numbers(columns), *scores = numbers(count);
  float *carry = numbers(count / 2 + 1), *table = numbers(3 * columns), *mean = numbers(count), *variance = numbers(count);
  float *gathered = numbers(count);
  int32_t *targets = malloc(rows * sizeof *targets), *places = malloc(rows * sizeof *places);
  for (size_t row = 0; row < rows; ++row) targets[row] = below((int)columns), places[row] = below(3);
  for (size_t i = 0; i < count; ++i) variance[i] = fabsf(variance[i]);
  captioneer_tanh(x, count);
  captioneer_bias_tanh(y, bias, rows, columns);
  captioneer_tanh_gradient(x, carry, count / 2, y, count);
  captioneer_add_bias(x, bias, rows, columns);
  captioneer_add_column_sums(x, rows, columns, columns, sums);
  captioneer_gather_rows(table, places, rows, columns, gathered);
  captioneer_scatter_add_rows(x, places, rows, columns, first, part, table);
  const int has_gradient = below(2);
  double *loss = malloc(3 * sizeof *loss);
  loss[0] = captioneer_softmax_loss(scores, bias, targets, below(2) ? 0 : -1, rows, columns, 0.25f, has_gradient ? sums : NULL);
  captioneer_adam(x, scores, mean, variance, count, 0.7f, 1e-3f, 0.9f, 0.9f, 0.999f, 1e-8f);
  loss[1] = captioneer_sum_of_squares(scores, count);
  loss[2] = (double)captioneer_argmax(scores, count) + captioneer_exp(loss[1] / 1e4) + captioneer_log(2) + captioneer_cos(loss[1]);
  free(bias), free(carry), free(targets), free(places);
  result("adam", x, size), result("tanh", y, size), result("sums", sums, columns * sizeof *sums);
  result("scores", scores, size), result("scattered", table, 3 * columns * sizeof *table), result("mean", mean, size);
  result("variance", variance, size), result("gathered", gathered, size), result("loss", loss, 3 * sizeof *loss);
}

static void pixels(void) {
  const int inputs = 1 + below(120), outputs = 1 + below(60), row_count = 1 + below(7), has_quads = below(2);
  int taps = 1 + below(24);
  if (taps > inputs) taps = inputs;
  const int pair_count = (taps + 2) / 2, quad_count = has_quads && taps > 2 ? (taps + 6) / 4 : 0, width = 2 * pair_count;
  int32_t *first = malloc((size_t)outputs * 4), *coefficients = calloc((size_t)(outputs * width), 4);
  int32_t *pairs = calloc((size_t)(outputs * width), 4), *first_quad = malloc((size_t)outputs * 4);
  int32_t *quads = calloc((size_t)(outputs * quad_count * 3 + 1), 4);
  const int latest = (inputs + 1) / 2 * 2 - width, latest_quad = (inputs + 3) / 4 * 4 - 4 * quad_count;
  for (int x = 0; x < outputs; ++x) {
    const int begin = below(inputs - taps + 1), even = begin / 2 * 2 < latest ? begin / 2 * 2 : latest > 0 ? latest : 0;
    const int quad = begin / 4 * 4 < latest_quad ? begin / 4 * 4 : latest_quad > 0 ? latest_quad : 0;
    first[x] = even;
    first_quad[x] = quad;
    for (int tap = 0; tap < taps; ++tap) {
      const int32_t weight = (1 << 22) / taps - (tap == 0 ? below(100) : 0);
      const int place = begin - even + tap, digit = begin - quad + tap;
      coefficients[x * width + place] = weight;
      pairs[x * width + place / 2 * 2] |= (int32_t)((uint32_t)(weight >> 15) << 16 * (place % 2));
      pairs[x * width + place / 2 * 2 + 1] |= (int32_t)((uint32_t)(weight & 0x7FFF) << 16 * (place % 2));
      for (int part = 0; part < 3 && quad_count; ++part)
        quads[(x * quad_count + digit / 4) * 3 + part] |=
          (int32_t)((uint32_t)(weight >> (14 - 7 * part) & (part ? 127 : 255)) << 8 * (digit % 4));
    }
  }
  const captioneer_resample_filter filter = {inputs, outputs, first, coefficients, pair_count, pairs, quad_count, first_quad, quads};
  const size_t stride = 3 * (size_t)inputs + 64, target_stride = 3 * (size_t)outputs + 4;
  uint8_t *rows = bytes_of_chance(stride * (size_t)row_count), *scratch = bytes_of_chance(captioneer_resample_scratch(&filter));
  uint8_t *ring = calloc(1, target_stride * (size_t)row_count), *column = calloc(1, target_stride);
  uint8_t *planes = calloc(3, (size_t)outputs);
  captioneer_resample_rows(&filter, rows, stride, row_count, scratch, ring, target_stride);
  for (int row = 0; row < row_count; ++row) memset(ring + (size_t)row * target_stride + 3 * outputs, 0, 4);  // don't count
  int32_t *mix = malloc((size_t)row_count * 4);
  for (int row = 0; row < row_count; ++row) mix[row] = (1 << 22) / row_count;
  captioneer_resample_column(ring, target_stride, row_count, below(9), mix, row_count, 3 * outputs, column);
  captioneer_split_planes(column, outputs, planes, (size_t)outputs);
  const size_t count = (size_t)below(8000), odd = (size_t)below(9);
  uint8_t *bytes = bytes_of_chance(count + odd);
  uint32_t *crc = malloc(sizeof *crc);
  *crc = captioneer_crc32c(draw(), bytes + odd, count);
  free(first), free(coefficients), free(pairs), free(first_quad), free(quads), free(rows), free(scratch), free(mix), free(bytes);
  result("rows", ring, target_stride * (size_t)row_count), result("column", column, target_stride);
  result("planes", planes, 3 * (size_t)outputs), result("checksum", crc, sizeof *crc);
}

// All kernels at all levels on the same numbers.
static void one_round(uint64_t seed, float *scratch) {
  is_first = 1;
  int count = 0;
  for (int level = captioneer_level_count() - 1; level >= 0; --level) {
    if (!captioneer_level_is_available(level)) continue;
    captioneer_set_level(level);
    captioneer_forget_marks();
    random_state = seed * 2654435761u + 1;
    results = 0;
    product(scratch);
    block();
    pointwise();
    elementwise();
    pixels();
    is_first = 0;
    count = results;
    for (int kernel = 0; kernel < captioneer_kernel_count(); ++kernel) {
      const int mark = captioneer_kernel_mark(kernel);
      if (mark == level || mark < 0) continue;  // the stem's normalisation isn't in every round
      printf("%s ran at %s\n", captioneer_kernel_name(kernel), captioneer_level_name(mark));
      ++failures;
    }
  }
  for (int each = 0; each < count; ++each) free(kept[each].bytes);
}

static float *new_scratch(void) { return aligned_numbers(captioneer_matrix_product_scratch_count()); }

// Threads that read the same operands and write rows of the same result.
enum { thread_count = 4, shared_depth = 90, shared_columns = 77, shared_rows = 61 };
static float *shared_a, *shared_packed, *shared_c, *shared_table;
static int thread_rounds;

static void *share(void *number) {
  const int thread = (int)(intptr_t)number;
  float *scratch = new_scratch();
  const int begin = shared_rows * thread / thread_count, end = shared_rows * (thread + 1) / thread_count;
  const size_t column = (size_t)(shared_columns * thread / thread_count);
  const size_t columns = (size_t)(shared_columns * (thread + 1) / thread_count) - column;
  int32_t indices[shared_rows];
  for (int row = 0; row < shared_rows; ++row) indices[row] = row % 5;
  for (int round = 0; round < thread_rounds; ++round) {
    // The first rounds at the process's level: all threads may be the first to ask for it.
    int level = round < 2 ? -1 : round % captioneer_level_count();
    if (level < 0 || captioneer_level_is_available(level)) captioneer_set_level(level);
    captioneer_multiply_matrices(
      &(captioneer_matrix_product){
        .a = shared_a + begin * shared_depth, .a_row = shared_depth, .a_column = 1, .packed = shared_packed,
        .c = shared_c + begin * shared_columns, .c_row = shared_columns, .rows = end - begin, .depth = shared_depth,
        .columns = shared_columns},
      scratch);
    captioneer_bias_tanh(shared_c + begin * shared_columns, shared_a, (size_t)(end - begin), shared_columns);
    captioneer_scatter_add_rows(shared_a, indices, shared_rows, shared_columns, column, columns, shared_table);
    one_round((uint64_t)(round * thread_count + thread), scratch);
  }
  free(scratch);
  return NULL;
}

int main(int count, char **arguments) {
  const int rounds = count > 2 ? atoi(arguments[2]) : 100, is_threaded = count > 1 && !strcmp(arguments[1], "threads");
  int levels = 0;
  for (int level = 0; level < captioneer_level_count(); ++level) levels += captioneer_level_is_available(level);
  if (is_threaded) {
    thread_rounds = rounds;
    shared_a = numbers(shared_rows * shared_depth + shared_columns);
    float *b = numbers(shared_depth * shared_columns);
    shared_packed = numbers(captioneer_packed_factor_count(shared_depth, shared_columns));
    captioneer_pack_factor(b, shared_columns, 1, shared_depth, shared_columns, shared_packed);
    shared_c = numbers(shared_rows * shared_columns);
    shared_table = numbers(5 * shared_columns);
    pthread_t threads[thread_count];
    for (intptr_t i = 0; i < thread_count; ++i) pthread_create(&threads[i], NULL, share, (void *)i);
    for (int i = 0; i < thread_count; ++i) pthread_join(threads[i], NULL);
    free(b), free(shared_a), free(shared_packed), free(shared_c), free(shared_table);
  } else {
    float *scratch = new_scratch();
    for (int round = 0; round < rounds; ++round) one_round((uint64_t)round, scratch);
    free(scratch);
  }
  printf("kernels: %d rounds of all %d kernels at %d levels%s: %s\n", rounds, captioneer_kernel_count(), levels,
         is_threaded ? " in each of 4 threads, which share operands" : "", failures ? "WRONG" : "right");
  return failures != 0;
}
