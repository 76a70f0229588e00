#include "croco_clones.h"
#include "CTransformer.h"
#include "vector.h"

#include "element_float.h"
#include "attention_passes.h"

#include "element_bfloat16.h"
#include "attention_passes.h"
