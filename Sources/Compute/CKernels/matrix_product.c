#include "matrix_product.h"

#include "kernels.h"

// A block of A [rows_at_once, depth_at_once] stays in L2 while every panel of B passes; a panel of B stays in L1 while the
// block's panels of A pass.
enum { lanes = 16, depth_at_once = 512, rows_at_once = 112, columns_at_once = 1024 };

static int padded(int columns) { return (columns + lanes - 1) / lanes * lanes; }
static int blocks(int count, int most) { return (count + most - 1) / most; }
static int bound(int count, int index, int parts) { return (int)((int64_t)count * index / parts); }

size_t captioneer_packed_factor_count(int32_t depth, int32_t columns) { return (size_t)depth * (size_t)padded(columns); }

// Panels of 16 columns, each [depth][16].
static void pack_columns(const captioneer_kernels *level, const float *b, ptrdiff_t b_row, ptrdiff_t b_column,
                         int depth, int columns, float *packed) {
  int bounds[columns_at_once / lanes + 1];
  for (int column = 0; column < columns; column += columns_at_once) {
    const int width = columns - column < columns_at_once ? columns - column : columns_at_once;
    const int panels = blocks(width, lanes);
    for (int panel = 0; panel < panels; ++panel) bounds[panel] = panel * lanes;
    bounds[panels] = width;
    level->pack(b + column * b_column, b_column, b_row, bounds, panels, depth, lanes, packed + (ptrdiff_t)column * depth);
  }
}

void captioneer_pack_factor(const float *b, ptrdiff_t b_row, ptrdiff_t b_column, int32_t depth, int32_t columns,
                            float *packed) {
  const captioneer_kernels *level = captioneer_kernels_in_force();
  const int count = blocks(depth, depth_at_once);
  for (int block = 0; block < count; ++block) {
    const int first = bound(depth, block, count), last = bound(depth, block + 1, count);
    pack_columns(level, b + first * b_row, b_row, b_column, last - first, columns,
                 packed + (ptrdiff_t)first * padded(columns));
  }
}

// Room for both operands' blocks; packing writes up to 16 floats beyond the last row of a panel.
size_t captioneer_matrix_product_scratch_count(void) {
  return (size_t)depth_at_once * (rows_at_once + lanes + columns_at_once) + lanes;
}

// The block of C that starts at (row, column), with A's block packed anew and B's block given.
static void multiply_block(const captioneer_kernels *level, const captioneer_matrix_product *p, int first_k,
                           int depth, int column, int columns, const float *packed, float *scratch) {
  const int row_blocks = blocks(p->rows, rows_at_once);
  const int width = lanes * level->tile_vectors;
  for (int block = 0; block < row_blocks; ++block) {
    const int first = bound(p->rows, block, row_blocks), rows = bound(p->rows, block + 1, row_blocks) - first;
    // Rows are shared out evenly: a tile of one or two rows would leave the multipliers idle.
    const int tiles = blocks(rows, level->tile_rows);
    int bounds[rows_at_once + 1];
    for (int tile = 0; tile <= tiles; ++tile) bounds[tile] = bound(rows, tile, tiles);
    level->pack(p->a + first * p->a_row + first_k * p->a_column, p->a_row, p->a_column, bounds, tiles, depth, 0, scratch);
    for (int done = 0; done < columns; done += width) {
      const int left = columns - done < width ? columns - done : width;
      const int vectors = blocks(left, lanes);
      for (int tile = 0; tile < tiles; ++tile) {
        const int begin = bounds[tile], count = bounds[tile + 1] - begin;
        level->tiles[(count - 1) * level->tile_vectors + vectors - 1](
          scratch + (ptrdiff_t)begin * depth, packed + (ptrdiff_t)done * depth, depth, (ptrdiff_t)depth * lanes,
          p->c + (first + begin) * p->c_row + column + done, p->c_row, left - lanes * (vectors - 1),
          p->accumulates || first_k > 0);
      }
    }
  }
}

void captioneer_multiply_matrices(const captioneer_matrix_product *p, float *scratch) {
  const captioneer_kernels *level = captioneer_kernels_in_force();
  const int depth_blocks = blocks(p->depth, depth_at_once), column_blocks = blocks(p->columns, columns_at_once);
  float *panels = scratch + (size_t)depth_at_once * (rows_at_once + lanes);
  for (int part = 0; part < column_blocks; ++part) {
    const int column = part * columns_at_once;
    const int columns = p->columns - column < columns_at_once ? p->columns - column : columns_at_once;
    for (int block = 0; block < depth_blocks; ++block) {
      const int k = bound(p->depth, block, depth_blocks), depth = bound(p->depth, block + 1, depth_blocks) - k;
      const float *packed = panels;
      if (p->packed)
        packed = p->packed + (ptrdiff_t)k * padded(p->columns) + (ptrdiff_t)column * depth;
      else
        pack_columns(level, p->b + k * p->b_row + column * p->b_column, p->b_row, p->b_column, depth, columns, panels);
      multiply_block(level, p, k, depth, column, columns, packed, scratch);
    }
  }
}
