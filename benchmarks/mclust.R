# The grid of structures and numbers of components in R's mclust, timed.
#
#     Rscript mclust.R rows.csv LARGEST REPEATS
#
# Prints a line "seconds K SECONDS" for each number of components, or for all together (K = 0), then
# lines "bic STRUCTURE K VALUE".
suppressMessages(library(mclust))
asked <- commandArgs(trailingOnly = TRUE)
rows <- as.matrix(read.csv(asked[1]))
largest <- as.integer(asked[2])
repeats <- as.integer(asked[3])
tell <- function(bic) {
  for (name in colnames(bic)) for (k in rownames(bic)) {
    cat("bic", name, k, format(bic[k, name], digits = 15), "\n")
  }
}
if (nrow(rows) <= mclust.options("subset")) {
  for (i in seq_len(repeats)) {
    seconds <- system.time(bic <- mclustBIC(rows, G = 1:largest, verbose = FALSE))[["elapsed"]]
    cat("seconds 0", seconds, "\n")
  }
  tell(bic)
} else {
  # What mclustBIC does with so many rows: the hierarchy is that of a random subset.
  set.seed(0)
  seconds <- system.time({
    subset <- sample(seq_len(nrow(rows)), mclust.options("subset"))
    pairs <- hc(rows[subset, ], modelName = "VVV", use = "SVD")
  })[["elapsed"]]
  cat("seconds 0", seconds, "\n")
  start <- list(hcPairs = pairs, subset = subset)
  for (k in 1:largest) {
    seconds <- system.time(
      bic <- mclustBIC(rows, G = k, initialization = start, verbose = FALSE)
    )[["elapsed"]]
    cat("seconds", k, seconds, "\n")
    tell(bic)
  }
}
