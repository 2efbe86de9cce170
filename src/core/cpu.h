/**
 * The machine: its processor, and the kernels chosen for it.
 */
#ifndef NAC_CPU_H
#define NAC_CPU_H

#include "core/error.h"

/** Chooses the kernels, once a process: the best that the CPU has, or the set
 * named by the environment variable NAC_ISA (avx512, avx2, portable). Later
 * calls do nothing. Fails when NAC_ISA names a set that is unknown or that
 * this CPU lacks; the text lists what it has. */
int nac_cpu_start(nac_error *err);

/** Name of the kernel set in use. */
const char *nac_cpu_isa(void);

/** Chooses a kernel set by name, for specs and benchmarks. */
int nac_cpu_use(const char *isa, nac_error *err);

/** The processor as it calls itself; written into text. */
void nac_cpu_model(char *text, int size);

/** Cores that this process may use. */
int nac_cpu_cores(void);

#endif
