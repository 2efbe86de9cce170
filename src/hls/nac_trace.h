// SPDX-License-Identifier: Apache-2.0
// In C simulation every operation shows its results to the test bench; synthesis sees nothing.
#ifndef NAC_TRACE_H
#define NAC_TRACE_H

#if defined(NAC_TRACE) && !defined(__SYNTHESIS__)
#include "nac_raw.h"

// Defined by the test bench: the raw integer of one element of operation `op`.
void nac_traced(unsigned op, unsigned element, long long raw);

#define NAC_TRACED(op, value, n)                                                                                       \
  for (unsigned nac_i = 0; nac_i < (n); nac_i++) {                                                                     \
    nac_traced(op, nac_i, nac::raw((value)[nac_i]).to_int64());                                                        \
  }
// The tokens of a stream, which then hold what they held: C simulation runs process after process, so they are all there.
#define NAC_TRACED_STREAM(op, stream, tokens, token_step, element_step)                                                \
  for (unsigned nac_t = 0; nac_t < (tokens); nac_t++) {                                                                \
    const auto nac_x = (stream).read();                                                                                \
    for (unsigned nac_e = 0; nac_e < nac_x.width; nac_e++) {                                                           \
      nac_traced(op, nac_t * (token_step) + nac_e * (element_step), nac::raw(nac_x.data[nac_e]).to_int64());           \
    }                                                                                                                  \
    (stream).write(nac_x);                                                                                             \
  }
#else
#define NAC_TRACED(op, value, n)
#define NAC_TRACED_STREAM(op, stream, tokens, token_step, element_step)
#endif
#endif
