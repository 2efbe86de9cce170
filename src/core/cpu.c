#define _GNU_SOURCE
#include "core/cpu.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/kern.h"

int nac_cpu_use(const char *isa, nac_error *err)
{
  if (nac_kern_use(isa) != 0) {
    char list[80] = "";
    int i;
    for (i = 0; nac_kern_available(i) != NULL; i++) {
      snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i > 0 ? ", " : "", nac_kern_available(i));
    }
    return nac_fail(err, NAC_EINVAL, "instruction set '%s' is not one that this CPU has: %s", isa, list);
  }
  return NAC_OK;
}

int nac_cpu_start(nac_error *err)
{
  static int started;
  const char *isa = getenv("NAC_ISA");
  if (started) {
    return NAC_OK;
  }
  if (nac_cpu_use(isa != NULL && isa[0] != '\0' ? isa : NULL, err) != NAC_OK) {
    return nac_fail_in(err, NAC_EINVAL, "NAC_ISA");
  }
  started = 1;
  return NAC_OK;
}

const char *nac_cpu_isa(void)
{
  return nac_kern->name;
}

void nac_cpu_model(char *text, int size)
{
  char line[256];
  FILE *f = fopen("/proc/cpuinfo", "r");
  snprintf(text, (size_t)size, "unknown");
  while (f != NULL && fgets(line, sizeof line, f) != NULL) {
    char *colon = strchr(line, ':');
    if (colon != NULL && strncmp(line, "model name", 10) == 0) {
      colon[strcspn(colon, "\n")] = '\0';
      snprintf(text, (size_t)size, "%s", colon + 2);
      break;
    }
  }
  if (f != NULL) {
    fclose(f);
  }
}

int nac_cpu_cores(void)
{
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) {
    return 1;
  }
  return CPU_COUNT(&set);
}
