/* Products of large matrices: those in double precision, and the choice between both. Compiled with contraction. */
#include "product.h"

#define real double
#define multiply_add lg_multiply_add
#define room_for lg_multiply_room
#define routine lg_product_double
#include "product_kernel.h"

/* sizes: as product_kernel.h says, then whether the elements are in single precision. */
long lg_product(const void* const* in, void* const* out, const long* sizes) {
  return sizes[10] ? lg_product_single(in, out, sizes) : lg_product_double(in, out, sizes);
}
