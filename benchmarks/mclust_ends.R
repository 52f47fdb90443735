# Where R's mclust ends, structure by structure, from its default start.
#
#     Rscript mclust_ends.R rows.csv LARGEST TOLERANCE
#
# Prints for each structure and number of components a line "STRUCTURE K LOG_LIKELIHOOD WEIGHTS MEANS
# COVARIANCES", numbers apart by spaces, matrices column by column, component by component; or
# "STRUCTURE K NA" where there is no fit.
suppressMessages(library(mclust))
asked <- commandArgs(trailingOnly = TRUE)
rows <- as.matrix(read.csv(asked[1]))
numbers <- 1:as.integer(asked[2])
control <- emControl(tol = as.numeric(asked[3]))
d <- ncol(rows)
names <- if (d == 1) c("E", "V") else mclust.options("emModelNames")
start <- list()
if (d > 1) start$hcPairs <- hc(rows, mclust.options("hcModelName"), use = mclust.options("hcUse"))
tell <- function(...) cat(..., "\n")
for (k in numbers) {
  for (name in names) {
    fit <- try(suppressWarnings(Mclust(
      rows, G = k, modelNames = name, control = control, initialization = start, verbose = FALSE
    )), silent = TRUE)
    if (is.null(fit) || inherits(fit, "try-error") || is.na(fit$loglik)) {
      tell(name, k, "NA")
      next
    }
    own <- fit$parameters
    variance <- own$variance
    covariances <- if (d == 1) rep_len(variance$sigmasq, k) else variance$sigma
    weights <- if (k == 1) 1 else own$pro
    numbers_found <- c(fit$loglik, weights, own$mean, covariances)
    tell(name, k, formatC(numbers_found, digits = 15, format = "g"))
  }
}
