#define _GNU_SOURCE /* pipe2, sched_getaffinity */
#include "core/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int fail_errno(nac_error *err, const char *what)
{
  return nac_fail(err, NAC_EIO, "%s: %s", what, strerror(errno));
}

int nac_proc_fork(int64_t *pid, nac_error *err)
{
  pid_t parent = getpid();
  pid_t child;
  fflush(NULL);
  child = fork();
  if (child < 0) {
    return fail_errno(err, "cannot start a worker process");
  }
  if (child == 0) {
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) { /* it died before prctl */
      _exit(1);
    }
  }
  *pid = child;
  return NAC_OK;
}

void nac_proc_exit(int code)
{
  fflush(NULL);
  _exit(code);
}

int nac_proc_pipe(int *read_fd, int *write_fd, nac_error *err)
{
  int fd[2];
  if (pipe2(fd, O_CLOEXEC) != 0) {
    return fail_errno(err, "cannot make a pipe");
  }
  *read_fd = fd[0];
  *write_fd = fd[1];
  return NAC_OK;
}

int nac_proc_close(int fd, nac_error *err)
{
  /* Not repeated on EINTR: on Linux the descriptor is gone all the same. */
  if (close(fd) != 0 && errno != EINTR) {
    return fail_errno(err, "cannot close a descriptor");
  }
  return NAC_OK;
}

int nac_proc_write(int fd, const void *data, size_t n, nac_error *err)
{
  const char *p = data;
  while (n > 0) {
    ssize_t written = write(fd, p, n);
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail_errno(err, "cannot write to a pipe");
    }
    p += written;
    n -= (size_t)written;
  }
  return NAC_OK;
}

int nac_proc_read(int fd, void *data, size_t n, size_t *got, nac_error *err)
{
  ssize_t count;
  do {
    count = read(fd, data, n);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    return fail_errno(err, "cannot read from a pipe");
  }
  *got = (size_t)count;
  return NAC_OK;
}

int nac_proc_poll(const int *fd, int *ready, int n, int milliseconds, nac_error *err)
{
  struct pollfd *list = calloc((size_t)n + 1, sizeof *list);
  int i;
  int status;
  if (list == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for %d descriptors", n);
  }
  for (i = 0; i < n; i++) {
    list[i].fd = fd[i];
    list[i].events = POLLIN;
    ready[i] = 0;
  }
  status = poll(list, (nfds_t)n, milliseconds);
  if (status < 0 && errno != EINTR) {
    int code = fail_errno(err, "cannot wait for the workers");
    free(list);
    return code;
  }
  for (i = 0; status > 0 && i < n; i++) {
    ready[i] = list[i].revents != 0;
  }
  free(list);
  return NAC_OK;
}

int nac_proc_wait(int64_t pid, int block, nac_proc_end *end, nac_error *err)
{
  int status = 0;
  pid_t found;
  memset(end, 0, sizeof *end);
  do {
    found = waitpid((pid_t)pid, &status, block ? 0 : WNOHANG);
  } while (found < 0 && errno == EINTR);
  if (found < 0) {
    return fail_errno(err, "cannot wait for a worker");
  }
  if (found == 0) {
    return NAC_OK;
  }
  end->ended = 1;
  if (WIFSIGNALED(status)) {
    end->signal = WTERMSIG(status);
    end->code = -1;
  } else {
    end->code = WEXITSTATUS(status);
  }
  return NAC_OK;
}

int nac_proc_kill(int64_t pid, int number, nac_error *err)
{
  if (pid <= 1) {
    return nac_fail(err, NAC_EINVAL, "process %lld cannot be signalled from here", (long long)pid);
  }
  if (kill((pid_t)pid, number) != 0) {
    return fail_errno(err, "cannot signal a process");
  }
  return NAC_OK;
}

static const struct {
  int number;
  const char *name;
} signals[] = {
  {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"},
  {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"}, {SIGUSR1, "SIGUSR1"},
  {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"}, {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"},
  {SIGSTOP, "SIGSTOP"}, {SIGCONT, "SIGCONT"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"},
};
#define N_SIGNALS (sizeof signals / sizeof signals[0])

const char *nac_proc_signal_name(int number)
{
  size_t i;
  for (i = 0; i < N_SIGNALS; i++) {
    if (signals[i].number == number) {
      return signals[i].name;
    }
  }
  return "signal";
}

int nac_proc_signal_number(const char *name)
{
  size_t i;
  for (i = 0; i < N_SIGNALS; i++) {
    if (strcmp(signals[i].name, name) == 0 || strcmp(signals[i].name + 3, name) == 0) {
      return signals[i].number;
    }
  }
  return 0;
}

int nac_proc_rss(int64_t pid, int64_t *bytes, nac_error *err)
{
  char path[64];
  long long size;
  long long resident;
  FILE *f;
  int n;
  snprintf(path, sizeof path, "/proc/%lld/statm", (long long)pid);
  f = fopen(path, "re");
  if (f == NULL) {
    return fail_errno(err, path);
  }
  n = fscanf(f, "%lld %lld", &size, &resident);
  fclose(f);
  if (n != 2) {
    return nac_fail(err, NAC_EFORMAT, "%s: two numbers expected", path);
  }
  *bytes = (int64_t)resident * (int64_t)sysconf(_SC_PAGESIZE);
  return NAC_OK;
}

static double seconds_of(clockid_t id)
{
  struct timespec t;
  clock_gettime(id, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double nac_proc_clock(void)
{
  return seconds_of(CLOCK_MONOTONIC);
}

double nac_proc_time(void)
{
  return seconds_of(CLOCK_REALTIME);
}

void nac_proc_sleep(double seconds)
{
  struct timespec t;
  if (!(seconds > 0)) {
    return;
  }
  if (seconds > 1e9) {
    seconds = 1e9;
  }
  t.tv_sec = (time_t)seconds;
  t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
  nanosleep(&t, NULL);
}

int nac_proc_cpus(void)
{
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    return CPU_COUNT(&set);
  }
  return 1;
}

int nac_proc_mkdir(const char *path, nac_error *err)
{
  char part[4096];
  struct stat info;
  size_t n = strlen(path);
  size_t i;
  if (n == 0 || n >= sizeof part) {
    return nac_fail(err, NAC_EINVAL, "a folder's path has 1 to %d bytes", (int)sizeof part - 1);
  }
  for (i = 1; i <= n; i++) {
    if (path[i] != '/' && path[i] != '\0') {
      continue;
    }
    memcpy(part, path, i);
    part[i] = '\0';
    if (mkdir(part, 0777) != 0 && errno != EEXIST) {
      return nac_fail(err, NAC_EIO, "cannot make the folder %s: %s", part, strerror(errno));
    }
  }
  if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
    return nac_fail(err, NAC_EIO, "cannot make the folder %s: a file of that name exists", path);
  }
  return NAC_OK;
}

int nac_proc_lock(const char *path, int *fd, int64_t *owner, nac_error *err)
{
  struct flock lock;
  *owner = 0;
  *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (*fd < 0) {
    return fail_errno(err, path);
  }
  memset(&lock, 0, sizeof lock);
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(*fd, F_SETLK, &lock) == 0) {
    return NAC_OK;
  }
  if (errno != EACCES && errno != EAGAIN) {
    int code = fail_errno(err, path);
    close(*fd);
    return code;
  }
  if (fcntl(*fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
    *owner = lock.l_pid;
  }
  close(*fd);
  return nac_fail(err, NAC_EINVAL, "%s is held by process %lld", path, (long long)*owner);
}
