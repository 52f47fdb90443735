#define MIXTURA_ISA avx2
#define MIXTURA_LANES_BYTES 32
#include "pass.inc"
#include "spectrum.inc"
#include "tree.inc"
#include "truncated.inc"
