/* The HDF5 library at work. Everything here runs in a child that ends with the
 * job: nothing is freed, and a crash takes nothing along. The declarations are
 * those of the library's reference manual, versions 1.10 and later. */
#define _POSIX_C_SOURCE 200809L
#include "core/hdf5_child.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "core/proc.h"

typedef int64_t hid;
typedef unsigned long long hsize;

/* Values of the library's enumerations. */
enum { CLASS_INTEGER = 0, CLASS_FLOAT = 1, CLASS_ENUM = 8 };
enum { LAYOUT_COMPACT = 0, LAYOUT_CONTIGUOUS = 1, LAYOUT_CHUNKED = 2 };
enum { OBJECT_GROUP = 0, OBJECT_DATASET = 1 };
enum { SPACE_NULL = 2 };
enum { MAX_DEPTH = 16, MAX_NAMES = 10000, BLOCK_BYTES = 8 << 20, MOST_BLOCK_BYTES = 256 << 20 };
#define DEFLATE_LIMIT 1032 /* no byte of deflate unpacks to more */

typedef struct error_entry { /* H5E_error2_t */
  hid class_id, major, minor;
  unsigned line;
  const char *function, *file, *text;
} error_entry;

static struct library {
  void *handle;
  int (*open)(void);
  int (*version)(unsigned *major, unsigned *minor, unsigned *release);
  int (*silence)(hid stack, void *f, void *data);
  int (*errors)(hid stack, int direction, int (*f)(unsigned n, const error_entry *e, void *data), void *data);
  hid (*file_open)(const char *path, unsigned flags, hid access);
  hid (*group_open)(hid at, const char *name, hid access);
  int (*group_count)(hid group, hsize *n);
  ssize_t (*group_name)(hid group, hsize i, char *name, size_t size);
  int (*group_type)(hid group, hsize i);
  hid (*open_set)(hid at, const char *name, hid access);
  hid (*set_space)(hid set);
  hid (*set_type)(hid set);
  hid (*set_plist)(hid set);
  hsize (*set_bytes)(hid set);
  int (*set_read)(hid set, hid memory_type, hid memory_space, hid file_space, hid plist, void *to);
  int (*space_rank)(hid space);
  int (*space_dims)(hid space, hsize *dim, hsize *most);
  int (*space_class)(hid space);
  hid (*space_new)(int rank, const hsize *dim, const hsize *most);
  int (*space_select)(hid space, int how, const hsize *start, const hsize *stride, const hsize *count,
                      const hsize *block);
  int (*type_class)(hid type);
  size_t (*type_size)(hid type);
  int (*type_sign)(hid type);
  int (*layout)(hid plist);
  int (*chunk)(hid plist, int rank, hsize *dim);
  int (*externals)(hid plist);
  hid *native_float, *native_double, *native_int64, *native_uint8;
} h5;

/* dlsym gives an object pointer; ISO C has no cast from it to a function's. */
static int find(void *to, const char *name)
{
  void *symbol = dlsym(h5.handle, name);
  memcpy(to, &symbol, sizeof symbol);
  return symbol != NULL;
}

static int find_all(void)
{
  const struct {
    void *to;
    const char *name;
  } row[] = {
    {&h5.open, "H5open"}, {&h5.version, "H5get_libversion"}, {&h5.silence, "H5Eset_auto2"}, {&h5.errors, "H5Ewalk2"},
    {&h5.file_open, "H5Fopen"}, {&h5.group_open, "H5Gopen2"}, {&h5.group_count, "H5Gget_num_objs"},
    {&h5.group_name, "H5Gget_objname_by_idx"}, {&h5.group_type, "H5Gget_objtype_by_idx"},
    {&h5.open_set, "H5Dopen2"}, {&h5.set_space, "H5Dget_space"}, {&h5.set_type, "H5Dget_type"},
    {&h5.set_plist, "H5Dget_create_plist"}, {&h5.set_bytes, "H5Dget_storage_size"}, {&h5.set_read, "H5Dread"},
    {&h5.space_rank, "H5Sget_simple_extent_ndims"}, {&h5.space_dims, "H5Sget_simple_extent_dims"},
    {&h5.space_class, "H5Sget_simple_extent_type"}, {&h5.space_new, "H5Screate_simple"},
    {&h5.space_select, "H5Sselect_hyperslab"}, {&h5.type_class, "H5Tget_class"}, {&h5.type_size, "H5Tget_size"},
    {&h5.type_sign, "H5Tget_sign"}, {&h5.layout, "H5Pget_layout"}, {&h5.chunk, "H5Pget_chunk"},
    {&h5.externals, "H5Pget_external_count"}, {&h5.native_float, "H5T_NATIVE_FLOAT_g"},
    {&h5.native_double, "H5T_NATIVE_DOUBLE_g"}, {&h5.native_int64, "H5T_NATIVE_INT64_g"},
    {&h5.native_uint8, "H5T_NATIVE_UINT8_g"},
  };
  size_t i;
  for (i = 0; i < sizeof row / sizeof *row; i++) {
    if (!find(row[i].to, row[i].name)) {
      return 0;
    }
  }
  return 1;
}

int nac_hdf5_open_library(nac_error *err)
{
  static const char *const names[] = {"libhdf5_serial.so.103", "libhdf5_serial.so.310", "libhdf5_serial.so",
                                      "libhdf5.so.103",        "libhdf5.so.200",        "libhdf5.so.310",
                                      "libhdf5.so"};
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  size_t i;
  if (h5.handle != NULL) {
    return NAC_OK;
  }
  for (i = 0; h5.handle == NULL && i < sizeof names / sizeof *names; i++) {
    h5.handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  }
  if (h5.handle == NULL) {
    return nac_fail(err, NAC_EIO, "the HDF5 library cannot be opened; Debian's package is libhdf5-103-1");
  }
  if (!find_all() || h5.version(&major, &minor, &release) < 0 || (major == 1 && minor < 10)) {
    dlclose(h5.handle);
    h5.handle = NULL;
    return nac_fail(err, NAC_EIO, "HDF5 1.10 or later is needed, found %u.%u.%u", major, minor, release);
  }
  return NAC_OK;
}

/* --- errors --- */

static int keep_first(unsigned n, const error_entry *e, void *data)
{
  if (n == 0 && e->text != NULL) {
    snprintf(data, 200, "%s", e->text);
  }
  return 0;
}

/* What the library says of its last failure, at the innermost place. */
static int library_failed(const nac_hdf5_job *job, const char *what, nac_error *err)
{
  char text[200] = "";
  h5.errors(0, 0, keep_first, text);
  return nac_fail(err, NAC_EFORMAT, "%s: %s: %s", job->path, what, text[0] != '\0' ? text : "the HDF5 library fails");
}

/* --- names --- */

typedef struct listing {
  nac_words words;
  int visited;
} listing;

static int list_group(const nac_hdf5_job *job, hid group, const char *prefix, int depth, listing *list, nac_error *err)
{
  hsize n;
  hsize i;
  if (h5.group_count(group, &n) < 0) {
    return library_failed(job, "damaged group", err);
  }
  for (i = 0; i < n && list->visited < MAX_NAMES; i++) {
    char name[2048];
    char full[4096];
    const ssize_t length = h5.group_name(group, i, name, sizeof name);
    const int type = length < 0 ? -1 : h5.group_type(group, i);
    list->visited++;
    if (length < 0 || (size_t)length >= sizeof name ||
        snprintf(full, sizeof full, "%s%s%s", prefix, prefix[0] != '\0' ? "/" : "", name) >= (int)sizeof full) {
      return library_failed(job, "a damaged or very long name", err);
    }
    if (type == OBJECT_DATASET && nac_words_add(&list->words, full) < 0) {
      return nac_fail(err, NAC_ENOMEM, "%s: out of memory", job->path);
    }
    if (type == OBJECT_GROUP && depth < MAX_DEPTH) {
      const hid inner = h5.group_open(group, name, 0);
      const int code = inner < 0 ? library_failed(job, "damaged group", err)
                                 : list_group(job, inner, full, depth + 1, list, err);
      if (code != NAC_OK) {
        return code;
      }
    }
  }
  return NAC_OK;
}

static int list_all(const nac_hdf5_job *job, hid file, listing *list, nac_error *err)
{
  const hid root = h5.group_open(file, "/", 0);
  memset(list, 0, sizeof *list);
  return root < 0 ? library_failed(job, "damaged", err) : list_group(job, root, "", 0, list, err);
}

/* "there is no dataset 'x'", with those that are there */
static int no_dataset(const nac_hdf5_job *job, hid file, nac_error *err)
{
  listing list;
  nac_error damage;
  char known[300] = "";
  int32_t i;
  library_failed(job, "damaged dataset, or one that this HDF5 library does not know", &damage); /* before other calls */
  if (list_all(job, file, &list, err) != NAC_OK) {
    return err->code;
  }
  if (nac_words_find(&list.words, job->name[0] == '/' ? job->name + 1 : job->name) >= 0) {
    *err = damage;
    return damage.code;
  }
  for (i = 0; i < list.words.n && strlen(known) < 200; i++) {
    snprintf(known + strlen(known), sizeof known - strlen(known), "%s%.80s", i > 0 ? ", " : "", list.words.word[i]);
  }
  return nac_fail(err, NAC_EFORMAT, "%s: there is no dataset '%.100s'; it holds %s%s", job->path, job->name,
                  known[0] != '\0' ? known : "none", i < list.words.n ? ", ..." : "");
}

/* --- datasets --- */

typedef struct dataset {
  hid set, space, type, plist;
  hid memory_type;
  int rank;
  hsize dim[NAC_MAX_RANK];
  int layout;
  hsize chunk_rows;
} dataset;

static int find_type(const nac_hdf5_job *job, dataset *d, nac_hdf5_reply *r, nac_error *err)
{
  const int kind = h5.type_class(d->type);
  const size_t size = h5.type_size(d->type);
  if (kind == CLASS_FLOAT && size <= 8 && size > 0) {
    r->info.dtype = size > 4 ? NAC_F64 : NAC_F32;
    d->memory_type = size > 4 ? *h5.native_double : *h5.native_float;
  } else if (kind == CLASS_ENUM && size == 1) { /* h5py's booleans: taken as they lie */
    r->info.dtype = NAC_U8;
    d->memory_type = d->type;
  } else if (kind == CLASS_INTEGER && size <= 8 && size > 0) {
    r->info.dtype = size == 1 && h5.type_sign(d->type) == 0 ? NAC_U8 : NAC_I32;
    d->memory_type = r->info.dtype == NAC_U8 ? *h5.native_uint8 : *h5.native_int64;
  } else {
    return nac_fail(err, NAC_EFORMAT, "%s: dataset '%.100s' does not hold numbers (integers, floats or booleans)",
                    job->path, job->name);
  }
  r->element = r->info.dtype == NAC_I32 ? 8 : (int)nac_dtype_size(r->info.dtype);
  return NAC_OK;
}

/* Elements in all, which the file must be able to hold. */
static int check_size(const nac_hdf5_job *job, const dataset *d, nac_error *err)
{
  const hsize stored = h5.set_bytes(d->set);
  const hsize file = (hsize)job->file_bytes;
  hsize bytes = h5.type_size(d->type);
  hsize limit = stored < file ? stored : file;
  int empty = 0;
  int i;
  for (i = 0; i < d->rank; i++) {
    const hsize n = d->dim[i] > 0 ? d->dim[i] : 1;
    empty |= d->dim[i] == 0;
    if (bytes > (hsize)INT64_MAX / 64 / n) {
      return nac_fail(err, NAC_EFORMAT, "%s: '%.100s' claims more elements than any file can hold", job->path, job->name);
    }
    bytes *= n;
  }
  if (empty) {
    return NAC_OK;
  }
  limit = d->layout == LAYOUT_CHUNKED ? limit * DEFLATE_LIMIT : limit;
  if (bytes > limit || stored > file) {
    return nac_fail(err, NAC_EFORMAT, "%s: '%.100s' claims %llu bytes of data, the file stores %llu for it (it has %llu)",
                    job->path, job->name, bytes, stored, file);
  }
  return NAC_OK;
}

static int open_dataset(const nac_hdf5_job *job, hid file, dataset *d, nac_hdf5_reply *r, nac_error *err)
{
  hsize chunk[64];
  int code;
  int i;
  memset(d, 0, sizeof *d);
  d->set = h5.open_set(file, job->name, 0);
  if (d->set < 0) {
    return no_dataset(job, file, err);
  }
  d->space = h5.set_space(d->set);
  d->type = h5.set_type(d->set);
  d->plist = h5.set_plist(d->set);
  d->rank = d->space < 0 ? -1 : h5.space_rank(d->space);
  if (d->rank < 0 || d->type < 0 || d->plist < 0 || h5.space_class(d->space) == SPACE_NULL) {
    return library_failed(job, "damaged or empty dataset", err);
  }
  if (d->rank > NAC_MAX_RANK) {
    return nac_fail(err, NAC_EFORMAT, "%s: '%.100s' has more than %d dimensions", job->path, job->name, NAC_MAX_RANK);
  }
  if (d->rank > 0 && h5.space_dims(d->space, d->dim, NULL) < 0) {
    return library_failed(job, "damaged dataset", err);
  }
  d->layout = h5.layout(d->plist);
  if (d->layout < LAYOUT_COMPACT || d->layout > LAYOUT_CHUNKED || h5.externals(d->plist) > 0) {
    return nac_fail(err, NAC_EFORMAT, "%s: '%.100s' is virtual or lies in other files; that cannot be read", job->path,
                    job->name);
  }
  d->chunk_rows = d->layout == LAYOUT_CHUNKED && h5.chunk(d->plist, 64, chunk) > 0 ? chunk[0] : 1;
  d->chunk_rows = d->chunk_rows > 0 ? d->chunk_rows : 1;
  code = find_type(job, d, r, err);
  if (code == NAC_OK) {
    code = check_size(job, d, err);
  }
  r->info.rank = d->rank;
  for (i = 0; i < d->rank; i++) {
    r->info.dim[i] = (int64_t)d->dim[i];
  }
  return code;
}

/* The rows that are wanted, into the reply's shape. */
static int choose_rows(const nac_hdf5_job *job, nac_hdf5_reply *r, nac_error *err)
{
  int i;
  if (r->info.rank > 0) {
    const int64_t rows = r->info.dim[0];
    const int64_t count = job->count < 0 ? rows - job->first : job->count;
    if (job->first < 0 || job->first > rows || count < 0 || count > rows - job->first) {
      return nac_fail(err, NAC_EINVAL, "%s: rows %lld to %lld of %lld", job->path, (long long)job->first + 1,
                      (long long)(job->first + count), (long long)rows);
    }
    r->info.dim[0] = count;
  }
  r->n = 1;
  for (i = 0; i < r->info.rank; i++) {
    r->n *= r->info.dim[i];
  }
  return NAC_OK;
}

/* Reads one block of rows; a scalar is one. */
static int read_block(const dataset *d, int64_t first, int64_t count, void *to)
{
  hsize start[NAC_MAX_RANK] = {0};
  hsize size[NAC_MAX_RANK];
  hid memory;
  if (d->rank == 0) {
    return h5.set_read(d->set, d->memory_type, 0, 0, 0, to) >= 0;
  }
  memcpy(size, d->dim, sizeof size);
  start[0] = (hsize)first;
  size[0] = (hsize)count;
  memory = h5.space_new(d->rank, size, NULL);
  return memory >= 0 && h5.space_select(d->space, 0, start, NULL, size, NULL) >= 0 &&
         h5.set_read(d->set, d->memory_type, memory, d->space, 0, to) >= 0;
}

/* Sends the rows in blocks of whole chunks, so that each is unpacked once. The
 * reply goes first, but only once the first block could be read: then most
 * damage has shown. */
static int send_rows(const nac_hdf5_job *job, const dataset *d, nac_hdf5_reply *r, int fd, nac_error *err)
{
  const int64_t most = MOST_BLOCK_BYTES;
  const int64_t rows = d->rank == 0 ? 1 : r->info.dim[0];
  const int64_t row_bytes = rows > 0 ? r->n / rows * r->element : 0;
  const int64_t chunk = (int64_t)d->chunk_rows;
  int64_t step = row_bytes > 0 ? BLOCK_BYTES / row_bytes / chunk * chunk : rows;
  int64_t at = 0;
  void *block;
  step = step > 0 ? step : chunk <= most / (row_bytes > 0 ? row_bytes : 1) ? chunk : 1;
  step = step < rows ? step : rows;
  block = malloc((size_t)(step * row_bytes) + 1);
  if (block == NULL) {
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", job->path);
  }
  do {
    int64_t count = step - (job->first + at) % chunk % (step > 0 ? step : 1); /* up to a border of chunks */
    count = count < rows - at ? count : rows - at;
    if (row_bytes > 0 && count > 0 && !read_block(d, job->first + at, count, block)) {
      if (at > 0) {
        nac_proc_exit(1); /* in the middle of the data: the parent sees them end */
      }
      return library_failed(job, "damaged or unreadable data", err);
    }
    if (at == 0) {
      nac_proc_write(fd, r, sizeof *r, NULL);
    }
    nac_proc_write(fd, block, (size_t)(count * row_bytes), NULL);
    at += count;
  } while (at < rows);
  return NAC_OK;
}

/* --- the job --- */

static void send_names(const listing *list, nac_hdf5_reply *r, int fd)
{
  int32_t i;
  r->n = list->words.n;
  nac_proc_write(fd, r, sizeof *r, NULL);
  for (i = 0; i < list->words.n; i++) {
    const int32_t length = (int32_t)strlen(list->words.word[i]);
    nac_proc_write(fd, &length, sizeof length, NULL);
    nac_proc_write(fd, list->words.word[i], (size_t)length, NULL);
  }
}

/* The child may take this much beyond what it has: a lying header must not
 * fill the machine. */
static void limit_memory(int64_t file_bytes)
{
  const int64_t allowance = ((int64_t)512 << 20) + 16 * file_bytes;
  struct rlimit limit;
  char line[128];
  FILE *status = fopen("/proc/self/status", "r");
  long long kilobytes = 0;
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, "VmData:", 7) == 0) {
      kilobytes = strtoll(line + 7, NULL, 10);
    }
  }
  if (status != NULL) {
    fclose(status);
    limit.rlim_cur = limit.rlim_max = (rlim_t)(kilobytes * 1024 + allowance);
    setrlimit(RLIMIT_DATA, &limit);
  }
}

static int run(const nac_hdf5_job *job, nac_hdf5_reply *r, int fd, nac_error *err)
{
  hid file;
  dataset d;
  int code;
  if (h5.open() < 0) {
    return nac_fail(err, NAC_EIO, "the HDF5 library does not start");
  }
  h5.silence(0, NULL, NULL);
  file = h5.file_open(job->path, 0, 0);
  if (file < 0) {
    return library_failed(job, "not an HDF5 file, or damaged", err);
  }
  if (job->what == NAC_HDF5_NAMES) {
    listing list;
    code = list_all(job, file, &list, err);
    if (code == NAC_OK) {
      send_names(&list, r, fd);
    }
    return code;
  }
  code = open_dataset(job, file, &d, r, err);
  if (code != NAC_OK) {
    return code;
  }
  if (job->what == NAC_HDF5_LOOK) {
    nac_proc_write(fd, r, sizeof *r, NULL);
    return NAC_OK;
  }
  code = choose_rows(job, r, err);
  return code == NAC_OK ? send_rows(job, &d, r, fd, err) : code;
}

void nac_hdf5_child(const nac_hdf5_job *job, int fd)
{
  nac_hdf5_reply reply;
  memset(&reply, 0, sizeof reply);
  signal(SIGSEGV, SIG_DFL);
  signal(SIGABRT, SIG_DFL);
  if (freopen("/dev/null", "w", stderr) == NULL) { /* what a crash would print */
    fclose(stderr);
  }
  setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1); /* files on read-only disks; nothing is written */
  limit_memory(job->file_bytes);
  if (run(job, &reply, fd, &reply.error) != NAC_OK) {
    nac_proc_write(fd, &reply, sizeof reply, NULL);
  }
  nac_proc_exit(0);
}
