// TurboJPEG: one handle a thread, errors as return codes (no setjmp).
#pragma once
#include <turbojpeg.h>
