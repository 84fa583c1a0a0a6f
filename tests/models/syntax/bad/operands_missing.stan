model {
  a = ;
  a = 1 + ;
  a = * 2;
  a = f(1, );
  a = f(, 1);
  a = b ? c;
  a = b ? c : ;
  a += ;
  a = 1 2;
  a = {};
}
