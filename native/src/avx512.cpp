#define MIXTURA_ISA avx512
#define MIXTURA_LANES_BYTES 64
#include "pass.inc"
#include "spectrum.inc"
#include "tree.inc"
#include "truncated.inc"
