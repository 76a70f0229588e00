// libjpeg-turbo's libjpeg; `CJPEG` speaks to it.
#pragma once
#include <stdio.h>

#include <jpeglib.h>
