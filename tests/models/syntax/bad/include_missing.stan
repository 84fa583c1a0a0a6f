functions {
  #include "nowhere.stan"
  #include "../../CMakeLists.txt"
  #include "included/itself.stan"
  #include "included/wrong.stan"
  #include
}
