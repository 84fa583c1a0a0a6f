  target += first(1);
