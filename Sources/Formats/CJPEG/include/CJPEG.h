// libjpeg behind setjmp: Swift frames can't be jumped over, so every call that may fail returns a code instead.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct captioneer_jpeg_decoder captioneer_jpeg_decoder;

/// What a call came to.
typedef enum {
  captioneer_jpeg_ok = 0,
  captioneer_jpeg_failed = 1,     ///< libjpeg gave up; `captioneer_jpeg_message` says why
  captioneer_jpeg_truncated = 2,  ///< the bytes end before the picture does
  captioneer_jpeg_limit = 3,      ///< more pixels, scans or memory than allowed
} captioneer_jpeg_status;

typedef struct {
  int64_t pixels;          ///< width times height
  int scans;               ///< of a progressive picture
  int64_t scanned_pixels;  ///< pixels times scans
  int64_t memory;          ///< bytes that libjpeg and its caller may hold
} captioneer_jpeg_limits;

/// Null where memory is short.
captioneer_jpeg_decoder *captioneer_jpeg_create(void);
void captioneer_jpeg_destroy(captioneer_jpeg_decoder *decoder);

/// Reads the header of a picture. `bytes` must stay in place until the last row. Nothing of the picture before remains:
/// tables that one file lacks are never taken from another.
captioneer_jpeg_status captioneer_jpeg_open(captioneer_jpeg_decoder *decoder, const uint8_t *bytes, size_t count,
                                            captioneer_jpeg_limits limits);

int captioneer_jpeg_width(const captioneer_jpeg_decoder *decoder);
int captioneer_jpeg_height(const captioneer_jpeg_decoder *decoder);
int captioneer_jpeg_components(const captioneer_jpeg_decoder *decoder);

/// Chooses 1/`denominator` (1, 2, 4, 8) of the size, rounded up; the output's width and height are known from here on.
captioneer_jpeg_status captioneer_jpeg_scale(captioneer_jpeg_decoder *decoder, int denominator);

int captioneer_jpeg_output_width(const captioneer_jpeg_decoder *decoder);
int captioneer_jpeg_output_height(const captioneer_jpeg_decoder *decoder);

/// Begins decoding: slow integer DCT, fancy upsampling. `held`: bytes of the memory limit that the caller takes for itself.
captioneer_jpeg_status captioneer_jpeg_start(captioneer_jpeg_decoder *decoder, int64_t held);

/// Decodes exactly `count` further rows of interleaved RGB, `stride` bytes apart. A row needs 4 bytes a pixel of room where
/// the picture has four components, else 3.
captioneer_jpeg_status captioneer_jpeg_read(captioneer_jpeg_decoder *decoder, uint8_t *rows, size_t stride, int count);

/// After the last row: reads on to the end marker.
captioneer_jpeg_status captioneer_jpeg_finish(captioneer_jpeg_decoder *decoder);

/// libjpeg's words for the last failure.
const char *captioneer_jpeg_message(const captioneer_jpeg_decoder *decoder);
/// How many times libjpeg found the data corrupt and went on, and its words for the first time.
int64_t captioneer_jpeg_warnings(const captioneer_jpeg_decoder *decoder);
const char *captioneer_jpeg_warning(const captioneer_jpeg_decoder *decoder);

/// Encodes interleaved RGB [height, width, 3] as a baseline JFIF file, 4:4:4. On success `*output` is to be freed by
/// `captioneer_jpeg_free`; on failure `message` (200 bytes) says why.
captioneer_jpeg_status captioneer_jpeg_encode(const uint8_t *pixels, int width, int height, int quality,
                                              uint8_t **output, size_t *count, char *message);
void captioneer_jpeg_free(uint8_t *output);
