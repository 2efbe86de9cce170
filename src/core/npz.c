#include "core/npz.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"

int nac_npz_name(const nac_zip *zip, int64_t i, char *name, size_t size)
{
  const char *full = zip->member[i].name;
  size_t n = strlen(full);
  if (n < 4 || n - 4 >= size || strcmp(full + n - 4, ".npy") != 0) {
    return 0;
  }
  memcpy(name, full, n - 4);
  name[n - 4] = '\0';
  return 1;
}

int nac_npz_read(nac_tensor **out, const nac_zip *zip, int64_t i, nac_error *err)
{
  nac_stream *s;
  char prefix[128];
  int code = nac_zip_stream(&s, zip, i, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  code = nac_npy_read_stream(out, s, err);
  if (code == NAC_OK && nac_stream_crc(s) != zip->member[i].crc) {
    nac_tensor_free(*out);
    *out = NULL;
    code = nac_fail(err, NAC_EFORMAT, "%s: damaged: the checksum is wrong", zip->path);
  }
  if (code != NAC_OK) {
    snprintf(prefix, sizeof prefix, "array '%.100s'", zip->member[i].name);
    nac_fail_in(err, code, prefix);
  }
  nac_stream_close(s);
  return code;
}

static int add(nac_zip_writer *z, const nac_npz_entry *entry, int deflated, nac_error *err)
{
  unsigned char header[NAC_NPY_HEADER];
  nac_tensor *whole;
  size_t size = strlen(entry->name) + 5;
  char *name = nac_malloc(size);
  int code;
  if (name == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory");
  }
  snprintf(name, size, "%s.npy", entry->name);
  code = nac_tensor_convert(&whole, entry->tensor, entry->tensor->dtype, err);
  if (code == NAC_OK) {
    size_t bytes = (size_t)nac_tensor_numel(whole) * nac_dtype_size(whole->dtype);
    code = nac_zip_add(z, name, header, nac_npy_header(header, whole), nac_tensor_data(whole), bytes, deflated, err);
    nac_tensor_free(whole);
  }
  nac_free(name);
  return code;
}

int nac_npz_write(const char *path, const nac_npz_entry *entry, int64_t n, int deflated, nac_error *err)
{
  nac_zip_writer *z;
  int64_t i;
  int64_t k;
  int code;
  for (i = 0; i < n; i++) {
    for (k = 0; k < i && strcmp(entry[i].name, entry[k].name) != 0; k++) {
    }
    if (k < i || entry[i].name[0] == '\0') {
      return nac_fail(err, NAC_EINVAL, "%s: the array name '%.100s' is empty or given twice", path, entry[i].name);
    }
  }
  code = nac_zip_create(&z, path, err);
  for (i = 0; i < n && code == NAC_OK; i++) {
    code = add(z, &entry[i], deflated, err);
    if (code != NAC_OK) {
      nac_zip_abort(z);
    }
  }
  return code == NAC_OK ? nac_zip_commit(z, err) : code;
}
