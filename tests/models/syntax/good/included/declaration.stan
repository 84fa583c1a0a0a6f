real third(real x);
