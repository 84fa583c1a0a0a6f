# Diagnostics of generated draws by the R package `posterior`, the golden values of diagnostics_test.cpp.
#
#   Rscript posterior_golden.R > posterior_golden.txt          writes the golden file
#   Rscript posterior_golden.R --check posterior_golden.txt    compares with it; exit status 77 without `posterior`
#
# The test generates the same draws, bit for bit: the generator below uses nothing but IEEE additions, products and
# quotients in a fixed order (no sum(), which R computes in extended precision). A change here needs one there.
if (!requireNamespace("posterior", quietly = TRUE)) quit(status = 77)
suppressPackageStartupMessages(library(posterior))

# Park & Miller's generator; its products stay below 2^53.
uniforms <- function(seed, n) {
  u <- numeric(n)
  state <- seed
  for (i in seq_len(n)) {
    state <- (16807 * state) %% 2147483647
    u[i] <- state / 2147483647
  }
  u
}

# Nearly normal: twelve uniforms for each number, less 6.
bells <- function(u) {
  m <- matrix(u, nrow = 12)
  z <- m[1, ]
  for (i in 2:12) z <- z + m[i, ]
  z - 6
}

autoregression <- function(seed, draws, chains, rho) {
  e <- matrix(bells(uniforms(seed, 12 * draws * chains)), nrow = draws)
  x <- e
  for (chain in seq_len(chains)) {
    for (draw in seq_len(draws)[-1]) x[draw, chain] <- rho * x[draw - 1, chain] + e[draw, chain]
  }
  x
}

kinds <- list(
  independent = function(seed, n, m) autoregression(seed, n, m, 0),
  ar50 = function(seed, n, m) autoregression(seed, n, m, 0.5),
  ar95 = function(seed, n, m) autoregression(seed, n, m, 0.95),
  antithetic = function(seed, n, m) autoregression(seed, n, m, -0.75),
  constant = function(seed, n, m) matrix(0.1, n, m),
  constant_chains = function(seed, n, m) matrix(rep(0.1 * seq_len(m), each = n), n, m),
  stuck_chain = function(seed, n, m) {
    x <- autoregression(seed, n, m, 0.5)
    x[, m] <- x[1, m]
    x
  },
  shifted_chain = function(seed, n, m) {
    x <- autoregression(seed, n, m, 0.5)
    x[, m] <- x[, m] + 2
    x
  },
  wide_chain = function(seed, n, m) {
    x <- autoregression(seed, n, m, 0.5)
    x[, m] <- x[, m] * 4
    x
  },
  trend = function(seed, n, m) autoregression(seed, n, m, 0) + matrix(seq_len(n) / n, n, m),
  ties = function(seed, n, m) floor(2 * autoregression(seed, n, m, 0.5)),
  binary = function(seed, n, m) ifelse(autoregression(seed, n, m, 0.5) > 0.7, 1, 0),
  heavy = function(seed, n, m) {
    x <- autoregression(seed, n, m, 0)
    x * x * x / matrix(uniforms(seed + 1, n * m), n, m)
  },
  offset = function(seed, n, m) autoregression(seed, n, m, 0.5) + 1e6,
  tiny = function(seed, n, m) autoregression(seed, n, m, 0.5) * 1e-20,
  nan = function(seed, n, m) {
    x <- autoregression(seed, n, m, 0.5)
    x[(n + 1) %/% 2, 1] <- NaN  # the middle draw where n is odd
    x
  },
  infinite = function(seed, n, m) {
    x <- autoregression(seed, n, m, 0.5)
    x[n, 1] <- Inf
    x
  }
)

sizes <- list(  # chains, draws
  c(1, 1), c(4, 1), c(1, 2), c(4, 2), c(1, 3), c(3, 3), c(5, 3), c(1, 4), c(2, 5), c(4, 6), c(3, 7), c(1, 10), c(2, 11),
  c(1, 50), c(4, 99), c(3, 101), c(4, 250), c(2, 401)
)

quantities <- function(x) {
  quietly <- function(f) tryCatch(suppressWarnings(as.numeric(f)), error = function(e) NaN)
  c(
    split_rhat = quietly(rhat_basic(x)), rhat = quietly(rhat(x)), ess_bulk = quietly(ess_bulk(x)),
    ess_tail = quietly(ess_tail(x)), ess_mean = quietly(ess_mean(x)), ess_sd = quietly(ess_sd(x)),
    ess_median = quietly(ess_quantile(x, 0.5)), ess_q100 = quietly(ess_quantile(x, 1)),
    mcse_mean = quietly(mcse_mean(x)), mcse_q5 = quietly(mcse_quantile(x, 0.05)),
    mcse_median = quietly(mcse_quantile(x, 0.5)), mcse_sd = quietly(mcse_sd(x)), mean = quietly(mean(x)),
    sd = quietly(stats::sd(x)), q5 = quietly(stats::quantile(x, 0.05)), q95 = quietly(stats::quantile(x, 0.95))
  )
}

lines <- character()
seed <- 1
for (kind in names(kinds)) {
  for (size in sizes) {
    seed <- seed + 1000
    q <- quantities(kinds[[kind]](seed, size[2], size[1]))
    if (length(lines) == 0) lines <- paste("kind chains draws seed", paste(names(q), collapse = " "))
    q[is.na(q)] <- NaN
    lines <- c(lines, paste(kind, size[1], size[2], seed, paste(sprintf("%.17g", q), collapse = " ")))
  }
}

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) == 2 && arguments[1] == "--check") {
  numbers <- function(l) suppressWarnings(as.numeric(unlist(lapply(strsplit(l[-1], " "), tail, -4))))
  golden <- readLines(arguments[2])
  same <- identical(golden[1], lines[1]) && length(golden) == length(lines) &&
    isTRUE(all.equal(numbers(golden), numbers(lines), tolerance = 1e-12))
  cat(if (same) "the golden file is up to date\n" else "the golden file differs from what posterior says\n")
  quit(status = if (same) 0 else 1)
}
cat(lines, sep = "\n")
