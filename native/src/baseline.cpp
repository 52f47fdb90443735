#define MIXTURA_ISA baseline
#define MIXTURA_LANES_BYTES 16
#include "pass.inc"
#include "spectrum.inc"
#include "tree.inc"
#include "truncated.inc"
