#include "errors.h"

#include <jerror.h>
#include <string.h>

static croco_jpeg_errors *errors_of(j_common_ptr info) { return (croco_jpeg_errors *)info->err; }

void croco_jpeg_give_up(j_common_ptr info, croco_jpeg_status status, const char *sentence) {
  croco_jpeg_errors *errors = errors_of(info);
  errors->status = status;
  snprintf(errors->message, croco_jpeg_message_size, "%s", sentence);
  longjmp(errors->escape, 1);
}

static void give_up_with_text(j_common_ptr info, croco_jpeg_status status) {
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  croco_jpeg_give_up(info, status, text);
}

static croco_jpeg_status status_of_error(int code) {
  switch (code) {
    case JERR_OUT_OF_MEMORY: return CROCO_JPEG_NO_MEMORY;
    case JERR_NO_BACKING_STORE: return CROCO_JPEG_LIMIT;  // more than max_memory_to_use
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED: return CROCO_JPEG_UNSUPPORTED;
    default: return CROCO_JPEG_DAMAGED;
  }
}

static void on_error(j_common_ptr info) { give_up_with_text(info, status_of_error(info->err->msg_code)); }

// Whether the bytes that were passed over before a marker are padding: zeros, or the fill bytes 0xFF.
static int is_padding(j_decompress_ptr info, size_t skipped) {
  const JOCTET *end = info->src->next_input_byte;
  const JOCTET *start = (const JOCTET *)info->client_data;  // of the file
  if ((size_t)(end - start) < skipped) return 0;
  for (const JOCTET *byte = end - skipped; byte < end; byte++)
    if (*byte != 0x00 && *byte != 0xFF) return 0;
  return 1;
}

// Bytes between segments spoil nothing before the first scan, nor as padding before the last marker. Elsewhere they are
// image data that the decoder did not get to.
static int loses_extraneous(j_decompress_ptr info) {
  const int skipped = info->err->msg_parm.i[0], marker = info->err->msg_parm.i[1];
  if (info->input_scan_number == 0) return 0;
  return !(marker == 0xD9 && is_padding(info, (size_t)skipped));
}

static int loses_data(j_common_ptr info) {
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION: return 1;  // the last: a scan is missing or its header is wrong
    case JWRN_EXTRANEOUS_DATA: return info->is_decompressor && loses_extraneous((j_decompress_ptr)info);
    // Revisions of JFIF, transforms of Adobe, parameters of a sequential scan, profiles: no pixel depends on them.
    default: return 0;
  }
}

// Negative levels are warnings. The first that loses data ends the decoding: what follows is worth nothing.
static void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  info->err->num_warnings++;
  if (loses_data(info)) give_up_with_text(info, CROCO_JPEG_DAMAGED);
}

struct jpeg_error_mgr *croco_jpeg_listen(croco_jpeg_errors *errors, char *message) {
  struct jpeg_error_mgr *base = jpeg_std_error(&errors->base);
  base->error_exit = on_error;
  base->emit_message = on_message;
  errors->status = CROCO_JPEG_OK;
  errors->message = message;
  message[0] = 0;
  return base;
}
