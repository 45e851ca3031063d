#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "CJPEG.h"

typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
} encoder_errors;

static void on_error(j_common_ptr info) {
  encoder_errors *errors = (encoder_errors *)info->err;
  errors->manager.format_message(info, errors->message);
  longjmp(errors->escape, 1);
}

static void on_message(j_common_ptr info, int level) {
  (void)info;
  (void)level;
}

captioneer_jpeg_status captioneer_jpeg_encode(const uint8_t *pixels, int width, int height, int quality,
                                              uint8_t **output, size_t *count, char *message) {
  struct jpeg_compress_struct info;
  encoder_errors errors;
  // On the heap: a local that changes after setjmp is lost on the way back.
  struct {
    unsigned char *bytes;
    unsigned long size;
  } *destination = calloc(1, sizeof *destination);
  if (!destination) {
    strcpy(message, "no memory");
    return captioneer_jpeg_failed;
  }
  memset(&errors, 0, sizeof errors);
  info.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = on_error;
  errors.manager.emit_message = on_message;
  if (setjmp(errors.escape)) {
    snprintf(message, 200, "%s", errors.message);
    jpeg_destroy_compress(&info);
    free(destination->bytes);
    free(destination);
    return captioneer_jpeg_failed;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &destination->bytes, &destination->size);
  info.image_width = (JDIMENSION)width;
  info.image_height = (JDIMENSION)height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  for (int component = 0; component < 3; component++)
    info.comp_info[component].h_samp_factor = info.comp_info[component].v_samp_factor = 1;
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)info.next_scanline * (size_t)width * 3);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  *output = destination->bytes;
  *count = destination->size;
  free(destination);
  return captioneer_jpeg_ok;
}

void captioneer_jpeg_free(uint8_t *output) { free(output); }
