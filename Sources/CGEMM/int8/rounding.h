// From numbers to integers of -127 ... 127 and back: the same bits in every instruction set.
#pragma once
#include "vector.h"

typedef int8_t vbyte __attribute__((vector_size(16), aligned(1)));
typedef int32_t unaligned_int __attribute__((aligned(4), may_alias));

// A product that is rounded before it is added, whatever the processor could do at once.
#define CONTRACT_NOTHING _Pragma("clang fp contract(off)")

// To nearest, ties to even: adding 1.5 * 2^23 leaves the integer in the lowest bits.
#define nearest(v) \
  ({ \
    vfloat shifted_ = (v) + 12582912.0f; \
    vint bits_; \
    memcpy(&bits_, &shifted_, sizeof bits_); \
    (vint)(bits_ - 0x4B400000); \
  })
#define nearest_one(v) \
  ({ \
    float shifted_ = (v) + 12582912.0f; \
    int32_t bits_; \
    memcpy(&bits_, &shifted_, sizeof bits_); \
    (int32_t)(bits_ - 0x4B400000); \
  })

// What numbers are multiplied by to become integers, and what the integers stand for.
struct scale {
  float factor, value;
};

// Of the bits of the largest magnitude. Below 1e-30 all is zero; what is not a number or infinite makes a scale that is so.
INLINE struct scale scale_of(int32_t bits) {
  float largest;
  memcpy(&largest, &bits, sizeof largest);
  if (largest < 1e-30f) return (struct scale){0, 0};
  return (struct scale){127.0f / largest, largest / 127.0f};
}
