/**
 * Interruption. The first SIGINT sets a flag that long C calls poll once a
 * batch; the Lua side then stops cleanly and keeps what it has. A second
 * SIGINT ends the process in the default way.
 */
#ifndef NAC_INTERRUPT_H
#define NAC_INTERRUPT_H

/** Handles SIGINT and SIGTERM from now on. */
void nac_interrupt_install(void);

/** Non-zero once the user has asked to stop. */
int nac_interrupted(void);

/** `notify` is called from the signal handler after the flag is set, so it may
 * only do what a handler may; NULL = none. */
void nac_interrupt_notify(void (*notify)(void));

/** Sets (1) or clears (0) the flag, as a signal would; for the REPL and specs. */
void nac_interrupt_set(int on);

#endif
