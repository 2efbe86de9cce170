/**
 * Processes, pipes and clocks: what running trials in forked workers needs of
 * the operating system (Linux; POSIX where it goes far enough).
 *
 * Calls that a signal cuts short are taken up again, except nac_proc_poll,
 * which returns early so that Ctrl-C is seen. Every file descriptor made here
 * is closed on exec. Functions return NAC_OK or fill the error; the operating
 * system's own words are in the text.
 */
#ifndef NAC_PROC_H
#define NAC_PROC_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/** How a child ended. */
typedef struct nac_proc_end {
  int ended;    /* 0 while it still runs */
  int code;     /* exit status, or -1 when a signal ended it */
  int signal;   /* number of that signal, or 0 */
} nac_proc_end;

/** Copies this process: *pid is the child's number in the parent and 0 in the
 * child. stdio is flushed first, so that nothing buffered is written twice.
 * The child is killed when its parent dies, however that happens. */
int nac_proc_fork(int64_t *pid, nac_error *err);

/** Flushes stdio and leaves at once: no exit handlers run, so that nothing
 * that was inherited (an open database above all) is touched. */
_Noreturn void nac_proc_exit(int code);

/** A pipe: bytes written to *write_fd come out of *read_fd. */
int nac_proc_pipe(int *read_fd, int *write_fd, nac_error *err);

/** Closes a descriptor. */
int nac_proc_close(int fd, nac_error *err);

/** Writes all `n` bytes. A reader that has gone is an error, not a signal. */
int nac_proc_write(int fd, const void *data, size_t n, nac_error *err);

/** Reads at most `n` bytes into `data`; *got = 0 at the end of the stream. */
int nac_proc_read(int fd, void *data, size_t n, size_t *got, nac_error *err);

/** Waits until one of `n` descriptors can be read or has ended, at most
 * `milliseconds` (negative: no limit), or until a signal comes. ready[i] is set
 * to 0 or 1. */
int nac_proc_poll(const int *fd, int *ready, int n, int milliseconds, nac_error *err);

/** Looks whether child `pid` has ended; with `block` waits until it has. */
int nac_proc_wait(int64_t pid, int block, nac_proc_end *end, nac_error *err);

/** Sends signal `number` to `pid`. Refuses pid <= 1: groups are not ours. */
int nac_proc_kill(int64_t pid, int number, nac_error *err);

/** "SIGKILL" for 9, ...; "signal" for a number without a name here. */
const char *nac_proc_signal_name(int number);

/** The number of "SIGKILL" or "KILL"; 0 when unknown. */
int nac_proc_signal_number(const char *name);

/** Resident memory of a process in bytes. */
int nac_proc_rss(int64_t pid, int64_t *bytes, nac_error *err);

/** Seconds since some fixed point; never goes back. */
double nac_proc_clock(void);

/** Seconds since 1970-01-01 UTC. */
double nac_proc_time(void);

/** Suspends this process, or until a signal comes. */
void nac_proc_sleep(double seconds);

/** Processors that this process may run on. */
int nac_proc_cpus(void);

/** Makes a folder and its missing parents; one that exists is fine. */
int nac_proc_mkdir(const char *path, nac_error *err);

/** Takes the one lock on the file `path` (created when missing) for this
 * process; *fd keeps it until closed or until the process ends. NAC_EINVAL
 * when another process, *owner, holds it. */
int nac_proc_lock(const char *path, int *fd, int64_t *owner, nac_error *err);

#endif
