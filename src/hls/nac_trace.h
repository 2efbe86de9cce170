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
#else
#define NAC_TRACED(op, value, n)
#endif
#endif
