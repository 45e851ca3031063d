#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "CJPEG.h"

struct captioneer_jpeg_decoder {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  int is_created;
  captioneer_jpeg_limits limits;
  captioneer_jpeg_status reason;  // of the jump
  char message[JMSG_LENGTH_MAX];
  char warning[JMSG_LENGTH_MAX];
};

static void fail(captioneer_jpeg_decoder *decoder, captioneer_jpeg_status reason) {
  decoder->reason = reason;
  longjmp(decoder->escape, 1);
}

static void on_error(j_common_ptr info) {
  captioneer_jpeg_decoder *decoder = info->client_data;
  decoder->errors.format_message(info, decoder->message);
  // libjpeg asks for a file to swap to when it would hold more than it may.
  int is_memory = decoder->errors.msg_code == JERR_NO_BACKING_STORE || decoder->errors.msg_code == JERR_OUT_OF_MEMORY;
  if (is_memory)
    snprintf(decoder->message, sizeof decoder->message, "decoding needs more than %lld MB of memory",
             (long long)(decoder->limits.memory >> 20));
  fail(decoder, is_memory ? captioneer_jpeg_limit : captioneer_jpeg_failed);
}

static void on_message(j_common_ptr info, int level) {
  captioneer_jpeg_decoder *decoder = info->client_data;
  if (level >= 0) return;
  if (decoder->errors.num_warnings++ == 0) decoder->errors.format_message(info, decoder->warning);
}

// A file of a few kilobytes may hold thousands of scans, each of which costs a pass over the whole picture. libjpeg calls this for
// every row of blocks that it reads.
static void on_progress(j_common_ptr info) {
  captioneer_jpeg_decoder *decoder = info->client_data;
  if (!info->is_decompressor) return;
  const int64_t scans = decoder->info.input_scan_number;
  const int64_t pixels = (int64_t)decoder->info.image_width * decoder->info.image_height;
  if (scans > decoder->limits.scans) {
    snprintf(decoder->message, sizeof decoder->message, "more than %d scans", decoder->limits.scans);
    fail(decoder, captioneer_jpeg_limit);
  }
  if (scans * pixels > decoder->limits.scanned_pixels) {
    snprintf(decoder->message, sizeof decoder->message, "%lld scans of %u x %u pixels are more than the limit of %lld pixels",
             (long long)scans, decoder->info.image_width, decoder->info.image_height,
             (long long)decoder->limits.scanned_pixels);
    fail(decoder, captioneer_jpeg_limit);
  }
}

// The source never makes up an end marker: a picture that is cut short suspends, and is told from a whole one.
static void source_nothing(j_decompress_ptr info) { (void)info; }
static boolean source_fill(j_decompress_ptr info) {
  (void)info;
  return FALSE;
}
static void source_skip(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  size_t step = (size_t)count < info->src->bytes_in_buffer ? (size_t)count : info->src->bytes_in_buffer;
  info->src->next_input_byte += step;
  info->src->bytes_in_buffer -= step;
}

captioneer_jpeg_decoder *captioneer_jpeg_create(void) { return calloc(1, sizeof(captioneer_jpeg_decoder)); }

void captioneer_jpeg_destroy(captioneer_jpeg_decoder *decoder) {
  if (decoder->is_created) jpeg_destroy_decompress(&decoder->info);
  free(decoder);
}

captioneer_jpeg_status captioneer_jpeg_open(captioneer_jpeg_decoder *decoder, const uint8_t *bytes, size_t count,
                                            captioneer_jpeg_limits limits) {
  struct jpeg_decompress_struct *info = &decoder->info;
  if (decoder->is_created) jpeg_destroy_decompress(info);
  decoder->is_created = 0;
  decoder->limits = limits;
  decoder->message[0] = decoder->warning[0] = 0;
  info->err = jpeg_std_error(&decoder->errors);
  decoder->errors.error_exit = on_error;
  decoder->errors.emit_message = on_message;
  info->client_data = decoder;
  if (setjmp(decoder->escape)) return decoder->reason;
  jpeg_create_decompress(info);  // keeps err and client_data
  decoder->is_created = 1;
  decoder->progress.progress_monitor = on_progress;
  info->progress = &decoder->progress;
  decoder->source = (struct jpeg_source_mgr){
      .next_input_byte = bytes,
      .bytes_in_buffer = count,
      .init_source = source_nothing,
      .fill_input_buffer = source_fill,
      .skip_input_data = source_skip,
      .resync_to_restart = jpeg_resync_to_restart,
      .term_source = source_nothing,
  };
  info->src = &decoder->source;
  if (jpeg_read_header(info, TRUE) != JPEG_HEADER_OK) {
    strcpy(decoder->message, "the file ends within its header");
    return captioneer_jpeg_truncated;
  }
  if ((int64_t)info->image_width * info->image_height > limits.pixels) {
    snprintf(decoder->message, sizeof decoder->message, "%u x %u pixels are more than the limit of %lld",
             info->image_width, info->image_height, (long long)limits.pixels);
    return captioneer_jpeg_limit;
  }
  return captioneer_jpeg_ok;
}

int captioneer_jpeg_width(const captioneer_jpeg_decoder *decoder) { return (int)decoder->info.image_width; }
int captioneer_jpeg_height(const captioneer_jpeg_decoder *decoder) { return (int)decoder->info.image_height; }
int captioneer_jpeg_components(const captioneer_jpeg_decoder *decoder) { return decoder->info.num_components; }
int captioneer_jpeg_output_width(const captioneer_jpeg_decoder *decoder) { return (int)decoder->info.output_width; }
int captioneer_jpeg_output_height(const captioneer_jpeg_decoder *decoder) { return (int)decoder->info.output_height; }

static captioneer_jpeg_status ends_early(captioneer_jpeg_decoder *decoder) {
  snprintf(decoder->message, sizeof decoder->message, "the file ends before the picture does (row %u of %u)",
           decoder->info.output_scanline, decoder->info.output_height);
  return captioneer_jpeg_truncated;
}

captioneer_jpeg_status captioneer_jpeg_scale(captioneer_jpeg_decoder *decoder, int denominator) {
  struct jpeg_decompress_struct *info = &decoder->info;
  if (setjmp(decoder->escape)) return decoder->reason;
  info->scale_num = 1;
  info->scale_denom = (unsigned)denominator;
  jpeg_calc_output_dimensions(info);
  return captioneer_jpeg_ok;
}

captioneer_jpeg_status captioneer_jpeg_start(captioneer_jpeg_decoder *decoder, int64_t held) {
  struct jpeg_decompress_struct *info = &decoder->info;
  if (setjmp(decoder->escape)) return decoder->reason;
  // 0 would mean no limit.
  int64_t rest = decoder->limits.memory - held;
  info->mem->max_memory_to_use = rest > 1 ? (long)rest : 1;
  if (rest < 0) ERREXIT1(info, JERR_OUT_OF_MEMORY, 0);
  info->dct_method = JDCT_ISLOW;
  info->do_fancy_upsampling = TRUE;
  info->out_color_space = info->num_components == 4 ? JCS_CMYK : JCS_RGB;
  return jpeg_start_decompress(info) ? captioneer_jpeg_ok : ends_early(decoder);
}

// (255 - c) * k / 255, rounded, with Adobe's inverted inks; the formula is Pillow's.
static void rgb_from_inks(uint8_t *row, int width) {
  for (int x = 0; x < width; x++) {
    int black = row[4 * x + 3];
    for (int channel = 0; channel < 3; channel++) {
      int product = (255 - row[4 * x + channel]) * black + 128;
      row[3 * x + channel] = (uint8_t)(black - (((product >> 8) + product) >> 8));
    }
  }
}

captioneer_jpeg_status captioneer_jpeg_read(captioneer_jpeg_decoder *decoder, uint8_t *rows, size_t stride, int count) {
  struct jpeg_decompress_struct *info = &decoder->info;
  if (setjmp(decoder->escape)) return decoder->reason;
  JDIMENSION first = info->output_scanline;
  while (info->output_scanline < first + (JDIMENSION)count) {
    JSAMPROW pointers[16];
    JDIMENSION done = info->output_scanline - first, wanted = (JDIMENSION)count - done;
    if (wanted > 16) wanted = 16;
    for (JDIMENSION row = 0; row < wanted; row++) pointers[row] = rows + (size_t)(done + row) * stride;
    if (jpeg_read_scanlines(info, pointers, wanted) == 0) return ends_early(decoder);
  }
  if (info->out_color_space == JCS_CMYK)
    for (int row = 0; row < count; row++) rgb_from_inks(rows + (size_t)row * stride, (int)info->output_width);
  return captioneer_jpeg_ok;
}

captioneer_jpeg_status captioneer_jpeg_finish(captioneer_jpeg_decoder *decoder) {
  if (setjmp(decoder->escape)) return decoder->reason;
  if (jpeg_finish_decompress(&decoder->info)) return captioneer_jpeg_ok;
  strcpy(decoder->message, "the file ends without an end marker");
  return captioneer_jpeg_truncated;
}

const char *captioneer_jpeg_message(const captioneer_jpeg_decoder *decoder) { return decoder->message; }
int64_t captioneer_jpeg_warnings(const captioneer_jpeg_decoder *decoder) { return decoder->errors.num_warnings; }
const char *captioneer_jpeg_warning(const captioneer_jpeg_decoder *decoder) { return decoder->warning; }
