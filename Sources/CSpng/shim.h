// libspng: PNG reading and writing with errors as return codes.
#pragma once
#include <spng.h>
