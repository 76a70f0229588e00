#include "croco_clones.h"
#include "CTransformer.h"

// No fused multiply-add here: the clones for different instruction sets, and so the ranks of a cluster of mixed
// processors, give the same bits. The loop waits for memory, not for arithmetic.
#pragma STDC FP_CONTRACT OFF

CROCO_CLONES
void croco_adamw(float *restrict values, const float *restrict gradients, float *restrict first_moment,
                 float *restrict second_moment, size_t count, float retained,
                 const struct croco_adamw_step *restrict step) {
  const float scale = step->gradient_scale, beta1 = step->beta1, beta2 = step->beta2;
  const float rest1 = 1.0f - beta1, rest2 = 1.0f - beta2;
  const float step_size = step->step_size, root_correction = step->root_correction, epsilon = step->epsilon;
  for (size_t i = 0; i < count; i++) {
    const float gradient = gradients[i] * scale;
    const float first = beta1 * first_moment[i] + rest1 * gradient;
    const float second = beta2 * second_moment[i] + rest2 * (gradient * gradient);
    first_moment[i] = first;
    second_moment[i] = second;
    // __builtin_elementwise_sqrt: sqrtf sets errno and would keep the loop scalar.
    const float denominator = __builtin_elementwise_sqrt(second) / root_correction + epsilon;
    values[i] = values[i] * retained - step_size * (first / denominator);
  }
}

CROCO_CLONES
double croco_sum_of_squares(const float *values, size_t count) {
  // Sixteen partial sums fix the order whatever the vector width; squares of floats are exact in double precision.
  double partial[16] = {0};
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (size_t lane = 0; lane < 16; lane++) {
      const double value = values[i + lane];
      partial[lane] += value * value;
    }
  double sum = 0;
  for (; i < count; i++) sum += (double)values[i] * (double)values[i];
  for (size_t lane = 0; lane < 16; lane++) sum += partial[lane];
  return sum;
}
