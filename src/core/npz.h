/** NumPy's npz: a zip archive of npy arrays, one a name. */
#ifndef NAC_NPZ_H
#define NAC_NPZ_H

#include "core/npy.h"
#include "core/zip.h"

/** The name of array `i` of an archive without ".npy" in `name`; 0 when the
 * member is not an array. */
int nac_npz_name(const nac_zip *zip, int64_t i, char *name, size_t size);

/** Reads array `i`, as nac_npy_read does, and checks its CRC-32. */
int nac_npz_read(nac_tensor **out, const nac_zip *zip, int64_t i, nac_error *err);

typedef struct nac_npz_entry {
  const char *name;
  const nac_tensor *tensor;
} nac_npz_entry;

/** Writes arrays in the given order (temporary name, then rename); `deflated`
 * packs them. Names must differ and not be empty (NAC_EINVAL). */
int nac_npz_write(const char *path, const nac_npz_entry *entry, int64_t n, int deflated, nac_error *err);

#endif
