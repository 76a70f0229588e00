#include "croco_clones.h"
#include "CTransformer.h"
#include "vector.h"

#include "element.h"
#include "attention_passes.h"

#define ELEMENT_IS_BFLOAT16
#include "element.h"
#include "attention_passes.h"
