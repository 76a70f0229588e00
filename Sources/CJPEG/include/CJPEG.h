// JPEG by libjpeg with an error manager that hears every warning: libjpeg keeps the first only, and TurboJPEG calls it an
// error or not by its text. What longjmp crosses stays in C.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { croco_jpeg_message_size = 256 };

typedef enum {
  CROCO_JPEG_OK,
  CROCO_JPEG_DAMAGED,      // image data is missing or wrong
  CROCO_JPEG_UNSUPPORTED,  // sound, for all one knows, but of a kind that is not read
  CROCO_JPEG_LIMIT,        // takes more than the limits allow
  CROCO_JPEG_NO_MEMORY
} croco_jpeg_status;

// What a file may cost before it is given up.
typedef struct {
  long memory;       // bytes of coefficients and rows that libjpeg takes
  long scans;        // of a progressive file
  double scan_work;  // scans x pixels
} croco_jpeg_limits;

// The size of the stored image. `message` says what is wrong; all functions write it where they do not return OK.
croco_jpeg_status croco_jpeg_size(
    const uint8_t *bytes, size_t count, int *width, int *height, char message[croco_jpeg_message_size]);

// Decodes to rgb, [height, width, 3] of the size that `croco_jpeg_size` gave: accurate DCT, smooth chroma upsampling;
// grey in three equal channels, CMYK and YCCK by way of inverted CMYK, as Adobe writes and Pillow reads it.
croco_jpeg_status croco_jpeg_decode(
    const uint8_t *bytes, size_t count, const croco_jpeg_limits *limits, uint8_t *rgb,
    char message[croco_jpeg_message_size]);

// Encodes rgb, [height, width, 3], with 4:2:0 chroma and the accurate DCT. The caller frees *bytes.
croco_jpeg_status croco_jpeg_encode(
    const uint8_t *rgb, int width, int height, int quality, uint8_t **bytes, unsigned long *count,
    char message[croco_jpeg_message_size]);
