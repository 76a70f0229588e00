#include <stdlib.h>

#include "errors.h"

croco_jpeg_status croco_jpeg_encode(
    const uint8_t *rgb, int width, int height, int quality, uint8_t **bytes, unsigned long *count,
    char message[croco_jpeg_message_size]) {
  struct jpeg_compress_struct info = {0};
  croco_jpeg_errors errors;
  *bytes = NULL;
  *count = 0;
  info.err = croco_jpeg_listen(&errors, message);
  if (setjmp(errors.escape) == 0) {
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, bytes, count);
    info.image_width = (JDIMENSION)width;
    info.image_height = (JDIMENSION)height;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, quality, TRUE);
    info.dct_method = JDCT_ISLOW;
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
      JSAMPROW row = (JSAMPROW)rgb + (size_t)info.next_scanline * (size_t)width * 3;
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
  } else {
    free(*bytes);
    *bytes = NULL;
  }
  jpeg_destroy_compress(&info);
  return errors.status;
}
