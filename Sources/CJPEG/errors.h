// An error manager that returns to `escape`, and judges every warning.
#pragma once
#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "CJPEG.h"

typedef struct {
  struct jpeg_error_mgr base;  // first: libjpeg knows it alone
  jmp_buf escape;
  croco_jpeg_status status;
  char *message;
} croco_jpeg_errors;

// Makes `errors` the manager of libjpeg's calls: return its `base` as `err`, then setjmp(errors->escape).
struct jpeg_error_mgr *croco_jpeg_listen(croco_jpeg_errors *errors, char *message);

// Gives up with a sentence.
void croco_jpeg_give_up(j_common_ptr info, croco_jpeg_status status, const char *sentence);
