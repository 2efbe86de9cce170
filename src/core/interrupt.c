#define _POSIX_C_SOURCE 200809L
#include "core/interrupt.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t flag;
static void (*on_interrupt)(void);

static void on_signal(int number)
{
  if (flag) { /* the user insists */
    signal(number, SIG_DFL);
    raise(number);
  }
  flag = 1;
  if (on_interrupt != NULL) {
    on_interrupt();
  }
}

void nac_interrupt_notify(void (*notify)(void))
{
  on_interrupt = notify;
}

void nac_interrupt_install(void)
{
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

int nac_interrupted(void)
{
  return flag != 0;
}

void nac_interrupt_set(int on)
{
  flag = on != 0;
}
