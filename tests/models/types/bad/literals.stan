transformed data {
  array[2] real a = {1, [1, 2]};
  row_vector[2] b = [1, {2}];
  matrix[2, 2] c = [[1, 2], 3];
}
