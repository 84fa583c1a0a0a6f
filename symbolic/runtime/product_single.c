/* Products of large matrices in single precision. */
#include "product.h"

#define real float
#define multiply_add lg_multiply_add_single
#define room_for lg_multiply_room_single
#define routine lg_product_single
#include "product_kernel.h"
