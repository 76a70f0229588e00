// libwebp's decoder of single pictures.
#pragma once
#include <webp/decode.h>
