// Convolutions of MobileNetV2, f32, activations as [image, row, column, channel].
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Channels are handled in vectors of 16 and, inside a block, in groups of 32.
enum { captioneer_lanes = 16, captioneer_group = 32 };

/// One matrix product with bias: `output[m, n] = clamp(bias[n] + Σ_k input[m, k] · weights[k, n]) + residual[m, n]`, summed in
/// rising k whatever the tiling, so that an output's bits depend on its own inputs only.
typedef struct {
  const float *input;
  ptrdiff_t input_stride;    ///< floats from one row of `input` to the next
  const int32_t *taps;       ///< where the k-th factor of a row lies, with rows 2 floats apart; NULL: at k
  const float *weights;      ///< [panels of 16 columns][depth][16], columns beyond `columns` are zero
  const float *bias;         ///< [columns rounded up to 16]
  const int32_t *offsets;    ///< where each row goes, in `output` and in `residual`
  const float *residual;     ///< or NULL
  float *output;
  int32_t rows, depth, columns;
  int32_t clamps;            ///< ReLU6: clamp to 0 ... 6
} captioneer_product;

void captioneer_multiply(const captioneer_product *product);

/// A 3×3 depthwise convolution of 16 channels with bias and ReLU6.
typedef struct {
  const float *const *input_rows;  ///< stride × (rows − 1) + 3 rows of pixels, the border included
  ptrdiff_t input_stride;          ///< floats from one pixel to the next
  const float *weights;            ///< [9][16]
  const float *bias;               ///< [16]
  float *output;
  ptrdiff_t output_stride, output_row_stride;
  int32_t rows, columns, stride;
} captioneer_depthwise;

void captioneer_convolve_depthwise(const captioneer_depthwise *depthwise);

/// What a block's first step is.
typedef enum {
  captioneer_first_stem = 0,       ///< 3×3 stride 2 from three u8 planes (the image), normalised, then ReLU6
  captioneer_first_expansion = 1,  ///< 1×1 to `expanded` channels, then ReLU6
} captioneer_first;

/// An inverted residual (Sandler et al. 2018): first step → 3×3 depthwise → 1×1 projection (→ + input).
typedef struct {
  captioneer_first first;
  int32_t input, expanded, output;  ///< channels
  int32_t stride;                   ///< of the depthwise step
  int32_t has_residual;
  int32_t height, width;            ///< of the block's input (of the photograph for the stem)
} captioneer_block;

int32_t captioneer_block_output_height(const captioneer_block *block);
int32_t captioneer_block_output_width(const captioneer_block *block);

/// Floats that `captioneer_pack_block` fills.
size_t captioneer_block_parameter_count(const captioneer_block *block);

/// Lays a block's weights out for the kernels. `first` is [expanded][input] or [32][3][3][3], `depthwise` [expanded][3][3],
/// `projection` [output][expanded]; batch norm is folded already.
void captioneer_pack_block(const captioneer_block *block, const float *first, const float *first_bias,
                           const float *depthwise, const float *depthwise_bias, const float *projection,
                           const float *projection_bias, float *parameters);

/// Floats of working memory for `images` at once; at least one 64-byte line each.
size_t captioneer_block_scratch_count(const captioneer_block *block, int32_t images);

/// Runs a block on `images` at once. `input` is [images, height, width, input], or [images, 3, height, width] u8 for the
/// stem, normalised as `u8 · scale[c] + shift[c]`; `output` is [images, output height, output width, output].
/// `parameters` and `scratch` are aligned to 64 bytes.
void captioneer_run_block(const captioneer_block *block, const float *parameters, const void *input,
                          const float *scale, const float *shift, int32_t images, float *output, float *scratch);

/// Packs [columns][depth] weights into panels of 16 columns; `packed` has depth × (columns rounded up to 16) floats.
void captioneer_pack_panels(const float *weights, int32_t depth, int32_t columns, float *packed);

/// A 1×1 convolution: [rows][depth] → [rows][columns]. `offsets` is working memory for `rows` numbers.
void captioneer_pointwise(const float *input, int32_t rows, int32_t depth, int32_t columns, const float *weights,
                          const float *bias, int32_t clamps, float *output, int32_t *offsets);

/// The mean over `pixels` of [pixels][channels], summed in order.
void captioneer_average(const float *input, int32_t pixels, int32_t channels, float *output);

/// [pixels][channels] → [channels][pixels].
void captioneer_transpose(const float *input, int32_t pixels, int32_t channels, float *output);

/// f32 → IEEE half, to nearest, ties to even.
void captioneer_to_half(const float *input, size_t count, uint16_t *output);
