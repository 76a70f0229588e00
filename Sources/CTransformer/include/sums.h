// Sums of whole buffers in a prescribed order.
#pragma once

// One operation of a sum: buffer `target` += buffer `source`, or nothing where `source` is negative; then, where `rounds` is not
// 0, `target` is rounded to bfloat16 (nearest, ties to even; NaN stays NaN) and stays a float.
struct croco_sum_operation { int target, source, rounds; };

// Does the operations in order on the elements begin <= i < end of the buffers.
// The order of an element's operations does not depend on the range, so slices may be summed apart.
void croco_sum(
    float *const *buffers, const struct croco_sum_operation *operations, long operation_count, long begin, long end);
