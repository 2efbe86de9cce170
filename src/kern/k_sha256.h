/* The compression function of SHA-256 (FIPS 180-4, 6.2.2). */
#ifndef NAC_K_SHA256_H
#define NAC_K_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* The constants K of the standard (4.2.2) */
extern const uint32_t k_sha256_constants[64];

/* Works `n` blocks of 64 bytes into state[8]. */
void k_sha256_portable(uint32_t *state, const unsigned char *block, size_t n);

/* The same with the SHA instructions of x86. */
void k_sha256_ni(uint32_t *state, const unsigned char *block, size_t n);

/* Whether this CPU has them; 0 on other processors. */
int k_sha256_has_ni(void);

#endif
