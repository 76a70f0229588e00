#include <stdlib.h>

#include "errors.h"

typedef struct {
  struct jpeg_decompress_struct info;
  croco_jpeg_errors errors;
  struct jpeg_progress_mgr progress;
  const croco_jpeg_limits *limits;
} decoder;

static decoder *decoder_of(j_common_ptr info) { return (decoder *)info; }

static void begin(decoder *decoder, const uint8_t *bytes, size_t count) {
  jpeg_create_decompress(&decoder->info);
  decoder->info.client_data = (void *)bytes;  // where padding is looked at
  jpeg_mem_src(&decoder->info, bytes, count);
  jpeg_read_header(&decoder->info, TRUE);
}

// Called for each row of blocks of each scan, so that a file with hundreds of scans is given up before it costs.
static void check_scans(j_common_ptr info) {
  const croco_jpeg_limits *limits = decoder_of(info)->limits;
  const j_decompress_ptr image = (j_decompress_ptr)info;
  const double scans = image->input_scan_number;
  if (scans > limits->scans || scans * image->image_width * image->image_height > limits->scan_work)
    croco_jpeg_give_up(info, CROCO_JPEG_LIMIT, "it has too many scans");
}

croco_jpeg_status croco_jpeg_size(
    const uint8_t *bytes, size_t count, int *width, int *height, char message[croco_jpeg_message_size]) {
  decoder decoder = {0};
  decoder.info.err = croco_jpeg_listen(&decoder.errors, message);
  if (setjmp(decoder.errors.escape) == 0) {
    begin(&decoder, bytes, count);
    *width = (int)decoder.info.image_width;
    *height = (int)decoder.info.image_height;
  }
  jpeg_destroy_decompress(&decoder.info);
  return decoder.errors.status;
}

// a * b / 255, rounded.
static inline int of_255(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

// One row of inverted CMYK to RGB: the ink that black leaves, as Pillow computes it.
static void cmyk_to_rgb(const JSAMPLE *cmyk, uint8_t *rgb, JDIMENSION width) {
  for (JDIMENSION x = 0; x < width; x++, cmyk += 4, rgb += 3) {
    const int white = cmyk[3];  // 255 - K, as all four are stored inverted
    for (int channel = 0; channel < 3; channel++) rgb[channel] = (uint8_t)(white - of_255(255 - cmyk[channel], white));
  }
}

static void choose_colors(j_decompress_ptr info) {
  switch (info->jpeg_color_space) {
    case JCS_CMYK:
    case JCS_YCCK: info->out_color_space = JCS_CMYK; break;
    default:
      if (info->num_components != 1 && info->num_components != 3)
        croco_jpeg_give_up(
            (j_common_ptr)info, CROCO_JPEG_UNSUPPORTED, "it has neither one, three nor four channels");
      info->out_color_space = JCS_RGB;
  }
}

static void read_rows(j_decompress_ptr info, uint8_t *rgb) {
  const size_t stride = (size_t)info->output_width * 3;
  JSAMPARRAY inks =
      info->out_color_space == JCS_CMYK
          ? info->mem->alloc_sarray((j_common_ptr)info, JPOOL_IMAGE, info->output_width * 4, 1)
          : NULL;
  while (info->output_scanline < info->output_height) {
    JSAMPROW row = rgb + info->output_scanline * stride;
    jpeg_read_scanlines(info, inks ? inks : &row, 1);
    if (inks) cmyk_to_rgb(inks[0], row, info->output_width);
  }
}

croco_jpeg_status croco_jpeg_decode(
    const uint8_t *bytes, size_t count, const croco_jpeg_limits *limits, uint8_t *rgb,
    char message[croco_jpeg_message_size]) {
  decoder decoder = {.limits = limits, .progress = {.progress_monitor = check_scans}};
  decoder.info.err = croco_jpeg_listen(&decoder.errors, message);
  if (setjmp(decoder.errors.escape) == 0) {
    begin(&decoder, bytes, count);
    decoder.info.mem->max_memory_to_use = limits->memory;
    decoder.info.progress = &decoder.progress;
    choose_colors(&decoder.info);
    decoder.info.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&decoder.info);
    read_rows(&decoder.info, rgb);
    jpeg_finish_decompress(&decoder.info);
  }
  jpeg_destroy_decompress(&decoder.info);
  return decoder.errors.status;
}
