// Sums of whole buffers in a prescribed order.
#pragma once

// For each pair (t, s) of `pairs` in order: buffers[t][i] += buffers[s][i], for begin <= i < end.
// The order of the additions of an element is that of the pairs, whatever the range, so slices may be summed apart.
void croco_add_pairs(float *const *buffers, const int *pairs, long pair_count, long begin, long end);
