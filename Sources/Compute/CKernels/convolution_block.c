// Inverted residuals, strip by strip: the expanded tensor, six times the block's input, is never whole in memory. For each
// strip of rows and each group of 32 channels: first step → ring of rows (in L1) → depthwise → the strip's depthwise result
// (in L2); then one projection for the strip. Ring rows keep what the next strip needs again.
#include <string.h>

#include "kernels.h"

typedef struct {
  int inner_height, inner_width;    // of the expanded tensor
  int output_height, output_width;
  int padded;                       // expanded channels, rounded up to whole vectors
  int groups;                       // of 32 channels
  int strip;                        // output rows at once
  int slots;                        // rows in the ring
  size_t row;                       // floats of one ring row: [1 + width + 1][32]
  size_t plane;                     // floats of one normalised colour plane (stem)
  int plane_width;
} layout;

static int rounded(int channels) { return (channels + captioneer_lanes - 1) / captioneer_lanes * captioneer_lanes; }
static int halved(int size) { return (size - 1) / 2 + 1; }
static size_t lines(size_t floats) { return (floats + 15) / 16 * 16; }

static layout layout_of(const captioneer_block *block) {
  layout l = {0};
  const int is_stem = block->first == captioneer_first_stem;
  l.inner_height = is_stem ? halved(block->height) : block->height;
  l.inner_width = is_stem ? halved(block->width) : block->width;
  l.output_height = (l.inner_height - 1) / block->stride + 1;
  l.output_width = (l.inner_width - 1) / block->stride + 1;
  l.padded = rounded(block->expanded);
  l.groups = (l.padded + captioneer_group - 1) / captioneer_group;
  l.row = (size_t)(l.inner_width + 2) * captioneer_group;
  const int level_1 = 32768 / (int)sizeof(float);
  int strip = (level_1 / (int)l.row - 2) / block->stride;
  if (strip < 1) strip = 1;
  if (strip > l.output_height) strip = l.output_height;
  const int strips = (l.output_height + strip - 1) / strip;
  l.strip = (l.output_height + strips - 1) / strips;
  l.slots = (l.strip - 1) * block->stride + 3;
  if (l.slots > l.inner_height) l.slots = l.inner_height;
  if (is_stem) {
    l.plane_width = (int)lines((size_t)block->width + 2);
    l.plane = (size_t)l.plane_width * (size_t)(block->height + 2);
  }
  return l;
}

int32_t captioneer_block_output_height(const captioneer_block *block) { return layout_of(block).output_height; }
int32_t captioneer_block_output_width(const captioneer_block *block) { return layout_of(block).output_width; }

// Where a block's parameters lie, in floats from their start.
typedef struct {
  size_t first, first_bias, depthwise, depthwise_bias, projection, projection_bias, count;
  int first_depth;
} places;

static places places_of(const captioneer_block *block) {
  places p = {0};
  const size_t expanded = (size_t)rounded(block->expanded), output = (size_t)rounded(block->output);
  p.first_depth = block->first == captioneer_first_stem ? 27 : block->input;
  p.first_bias = p.first + expanded * (size_t)p.first_depth;
  p.depthwise = p.first_bias + expanded;
  p.depthwise_bias = p.depthwise + expanded * 9;
  p.projection = p.depthwise_bias + expanded;
  p.projection_bias = p.projection + output * (size_t)block->expanded;
  p.count = p.projection_bias + output;
  return p;
}

size_t captioneer_block_parameter_count(const captioneer_block *block) { return places_of(block).count; }

void captioneer_pack_block(const captioneer_block *block, const float *first, const float *first_bias,
                           const float *depthwise, const float *depthwise_bias, const float *projection,
                           const float *projection_bias, float *parameters) {
  const places p = places_of(block);
  memset(parameters, 0, p.count * sizeof(float));
  captioneer_pack_panels(first, p.first_depth, block->expanded, parameters + p.first);
  memcpy(parameters + p.first_bias, first_bias, sizeof(float) * (size_t)block->expanded);
  for (int c = 0; c < block->expanded; ++c)
    for (int tap = 0; tap < 9; ++tap)
      parameters[p.depthwise + (size_t)(c / 16 * 9 + tap) * 16 + (size_t)(c % 16)] = depthwise[c * 9 + tap];
  memcpy(parameters + p.depthwise_bias, depthwise_bias, sizeof(float) * (size_t)block->expanded);
  captioneer_pack_panels(projection, block->expanded, block->output, parameters + p.projection);
  memcpy(parameters + p.projection_bias, projection_bias, sizeof(float) * (size_t)block->output);
}

// Working memory, in floats from its start.
typedef struct {
  size_t ring, zeros, depthwise, planes, ring_offsets, output_offsets, row_pointers, count;
} workspace;

static workspace workspace_of(const captioneer_block *block, const layout *l, int images) {
  workspace w = {0};
  const size_t count = (size_t)images;
  w.zeros = w.ring + lines((size_t)l->groups * count * (size_t)l->slots * l->row);
  w.depthwise = w.zeros + lines(l->row);
  w.planes = w.depthwise + lines(count * (size_t)l->strip * (size_t)l->output_width * (size_t)l->padded);
  w.ring_offsets = w.planes + lines(block->first == captioneer_first_stem ? 3 * l->plane : 0);
  w.output_offsets = w.ring_offsets + lines(count * (size_t)l->slots * (size_t)l->inner_width);
  w.row_pointers = w.output_offsets + lines(count * (size_t)l->strip * (size_t)l->output_width);
  w.count = w.row_pointers + lines(2 * ((size_t)(l->strip - 1) * (size_t)block->stride + 3));
  return w;
}

size_t captioneer_block_scratch_count(const captioneer_block *block, int32_t images) {
  const layout l = layout_of(block);
  return workspace_of(block, &l, images).count;
}

// The photograph's planes as normalised floats with a border of zeros: padding is zero after normalisation.
static void normalise(const captioneer_kernels *level, const captioneer_block *block, const layout *l,
                      const uint8_t *image, const float *scale, const float *shift, float *planes) {
  for (int c = 0; c < 3; ++c) {
    float *plane = planes + (size_t)c * l->plane;
    memset(plane, 0, sizeof(float) * (size_t)l->plane_width);
    for (int y = 0; y < block->height; ++y) {
      float *row = plane + (size_t)(y + 1) * (size_t)l->plane_width;
      row[0] = row[block->width + 1] = 0;
      level->normalise(image + ((size_t)c * (size_t)block->height + (size_t)y) * (size_t)block->width, block->width,
                       scale[c], shift[c], row + 1);
    }
    memset(plane + (size_t)(block->height + 1) * (size_t)l->plane_width, 0, sizeof(float) * (size_t)l->plane_width);
  }
}

void captioneer_run_block(const captioneer_block *block, const float *parameters, const void *input,
                          const float *scale, const float *shift, int32_t images, float *output, float *scratch) {
  const captioneer_kernels *level = captioneer_kernels_in_force();
  const layout l = layout_of(block);
  const places p = places_of(block);
  const int is_stem = block->first == captioneer_first_stem;
  if (is_stem && images > 1) {  // one photograph at a time: its planes fill L2
    const size_t pixels = (size_t)l.output_height * (size_t)l.output_width;
    for (int32_t i = 0; i < images; ++i)
      captioneer_run_block(block, parameters,
                           (const uint8_t *)input + (size_t)i * 3 * (size_t)block->height * (size_t)block->width, scale,
                           shift, 1, output + (size_t)i * pixels * (size_t)block->output, scratch);
    return;
  }
  const workspace w = workspace_of(block, &l, images);
  float *ring = scratch + w.ring, *zeros = scratch + w.zeros, *planes = scratch + w.planes;
  int32_t *ring_offsets = (int32_t *)(scratch + w.ring_offsets), *output_offsets = (int32_t *)(scratch + w.output_offsets);
  const float **row_pointers = (const float **)(scratch + w.row_pointers);
  const size_t image_ring = (size_t)l.slots * l.row, group_ring = (size_t)images * image_ring;

  // The ring's border columns stay zero; rows above and below the image are `zeros`.
  memset(zeros, 0, l.row * sizeof(float));
  for (size_t row = 0; row < (size_t)l.groups * (size_t)images * (size_t)l.slots; ++row) {
    memset(ring + row * l.row, 0, captioneer_group * sizeof(float));
    memset(ring + (row + 1) * l.row - captioneer_group, 0, captioneer_group * sizeof(float));
  }
  int32_t taps[27];
  if (is_stem) {
    normalise(level, block, &l, input, scale, shift, planes);
    for (int tap = 0; tap < 27; ++tap)
      taps[tap] = (int32_t)((size_t)(tap / 9) * l.plane) + tap % 9 / 3 * l.plane_width + tap % 3;
  }

  int ready = 0;  // rows of the expanded tensor made so far
  for (int begin = 0; begin < l.output_height; begin += l.strip) {
    const int end = begin + l.strip < l.output_height ? begin + l.strip : l.output_height;
    int needed = (end - 1) * block->stride + 2;
    if (needed > l.inner_height) needed = l.inner_height;
    const int new_rows = needed - ready, rows = end - begin;

    int32_t *offset = ring_offsets;
    for (int i = 0; i < images; ++i)
      for (int y = ready; y < needed; ++y)
        for (int x = 0; x < l.inner_width; ++x)
          *offset++ = (int32_t)((size_t)i * image_ring + (size_t)(y % l.slots) * l.row) + (x + 1) * captioneer_group;
    offset = output_offsets;
    for (int i = 0; i < images; ++i)
      for (int pixel = 0; pixel < rows * l.output_width; ++pixel)
        *offset++ = ((i * l.output_height + begin) * l.output_width + pixel) * block->output;

    for (int group = 0; group < l.groups; ++group) {
      const int channel = group * captioneer_group;
      const int channels = l.padded - channel < captioneer_group ? l.padded - channel : captioneer_group;
      float *group_start = ring + (size_t)group * group_ring;
      captioneer_product first = {
        .weights = parameters + p.first + (size_t)channel * (size_t)p.first_depth,
        .bias = parameters + p.first_bias + channel,
        .output = group_start, .depth = p.first_depth, .columns = channels, .clamps = 1};
      if (is_stem) {
        first.taps = taps;
        first.input_stride = 2;
        first.rows = l.inner_width;
        for (int y = ready; y < needed; ++y) {
          first.input = planes + (size_t)(2 * y) * (size_t)l.plane_width;
          first.offsets = ring_offsets + (y - ready) * l.inner_width;
          level->convolve(&first);
        }
      } else if (new_rows == l.inner_height) {
        first.input = input;
        first.input_stride = block->input;
        first.rows = images * l.inner_height * l.inner_width;
        first.offsets = ring_offsets;
        level->convolve(&first);
      } else if (new_rows > 0) {
        for (int i = 0; i < images; ++i) {
          first.input = (const float *)input + (size_t)((i * l.inner_height + ready) * l.inner_width) * (size_t)block->input;
          first.input_stride = block->input;
          first.rows = new_rows * l.inner_width;
          first.offsets = ring_offsets + i * first.rows;
          level->convolve(&first);
        }
      }
      for (int i = 0; i < images; ++i) {
        for (int row = 0; row < (rows - 1) * block->stride + 3; ++row) {
          const int y = begin * block->stride + row - 1;
          row_pointers[row] = y < 0 || y >= l.inner_height
                                ? zeros
                                : group_start + (size_t)i * image_ring + (size_t)(y % l.slots) * l.row;
        }
        for (int part = 0; part < channels; part += captioneer_lanes) {
          if (part > 0)
            for (int row = 0; row < (rows - 1) * block->stride + 3; ++row) row_pointers[row] += captioneer_lanes;
          level->depthwise(&(captioneer_depthwise){
            .input_rows = row_pointers, .input_stride = captioneer_group,
            .weights = parameters + p.depthwise + (size_t)(channel + part) * 9,
            .bias = parameters + p.depthwise_bias + channel + part,
            .output = scratch + w.depthwise + (size_t)(i * rows * l.output_width) * (size_t)l.padded + channel + part,
            .output_stride = l.padded, .output_row_stride = (ptrdiff_t)l.padded * l.output_width,
            .rows = rows, .columns = l.output_width, .stride = block->stride});
        }
      }
    }
    level->convolve(&(captioneer_product){
      .input = scratch + w.depthwise, .input_stride = l.padded, .weights = parameters + p.projection,
      .bias = parameters + p.projection_bias, .offsets = output_offsets,
      .residual = block->has_residual ? input : NULL, .output = output,
      .rows = images * rows * l.output_width, .depth = block->expanded, .columns = block->output});
    ready = needed;
  }
}
