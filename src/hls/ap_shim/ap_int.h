// SPDX-License-Identifier: Apache-2.0
// ap_int and ap_uint stand beside ap_fixed, with which they share their arithmetic.
#ifndef NAC_AP_INT_H
#define NAC_AP_INT_H
#include "ap_fixed.h"
#endif
