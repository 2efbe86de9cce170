/** Images: resizing by exact area averaging. */
#ifndef NAC_IMAGE_H
#define NAC_IMAGE_H

#include "core/tensor.h"

/** Resizes images (N,H,W) of u8 or f32 to f32 (N,h,w) and multiplies by
 * `scale`. Output pixel (i,j) is the mean of the input over the rectangle
 * [i H/h, (i+1) H/h) x [j W/w, (j+1) W/w), pixels on its border counting by the
 * covered fraction. Works for any sizes, enlarging included (then it repeats
 * pixels, blended where a border falls inside). u8 images
 * are summed exactly. Not the bilinear or anti-aliased resize of other tools:
 * accuracies differ slightly. */
int nac_image_resize_area(nac_tensor **out, const nac_tensor *images, int64_t h, int64_t w, double scale,
                          nac_error *err);

#endif
