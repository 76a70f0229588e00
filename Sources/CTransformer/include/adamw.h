// AdamW and the gradient norm: see adamw.c.
#pragma once
#include <stddef.h>

// The constants of one AdamW update, the same for all elements.
struct croco_adamw_step {
  float gradient_scale;   // clipping factor, 1 where nothing is clipped
  float beta1, beta2;
  float step_size;        // lr / (1 - beta1^t)
  float root_correction;  // sqrt(1 - beta2^t)
  float epsilon;
};

// One update of `count` elements. `retained` is 1 - lr * weight decay, or 1 where weight decay does not apply.
void croco_adamw(float *values, const float *gradients, float *first_moment, float *second_moment, size_t count,
                 float retained, const struct croco_adamw_step *step);

// The sum of squares of `count` floats in double precision, in a fixed order.
double croco_sum_of_squares(const float *values, size_t count);
