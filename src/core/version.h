#ifndef NAC_VERSION_H
#define NAC_VERSION_H

/** The version of the engine, as `nac-lua -v` and every result print it. */
#define NAC_VERSION "0.1.0"

#endif
