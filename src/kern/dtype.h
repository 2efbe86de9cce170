/** The types that an element of a tensor can have. */
#ifndef NAC_DTYPE_H
#define NAC_DTYPE_H

typedef enum nac_dtype {
  NAC_F32, /* the working type */
  NAC_F64, /* linear algebra, reference mode */
  NAC_I32, /* labels, indices */
  NAC_U8   /* images */
} nac_dtype;

#endif
