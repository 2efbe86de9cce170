/** Numbers in text. */
#ifndef NAC_NUMBER_H
#define NAC_NUMBER_H

/** Reads a decimal number (sign, digits, point, exponent) that fills `text`
 * up to its end. Returns 0 for anything else: hexadecimal, nan, inf, blanks. */
int nac_number_parse(const char *text, double *value);

#endif
