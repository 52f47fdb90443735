#define MIXTURA_ISA baseline
#define MIXTURA_LANES_BYTES 16
#include "pass.inc"
#include "tree.inc"
#include "truncated.inc"
