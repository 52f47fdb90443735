# Where R's mclust ends amid noise, told which rows are noise to begin with.
#
#     Rscript mclust_noise.R rows.csv K TOLERANCE
#
# The last column of the rows is 1 where a row is noise, else 0. Prints a line "LOG_LIKELIHOOD VOLUME
# WEIGHTS MEANS COVARIANCES", numbers apart by spaces, matrices column by column, component by
# component, what the weights lack of 1 being the noise's; or "NA" where there is no fit.
suppressMessages(library(mclust))
asked <- commandArgs(trailingOnly = TRUE)
table <- as.matrix(read.csv(asked[1]))
d <- ncol(table) - 1
k <- as.integer(asked[2])
fit <- try(suppressWarnings(Mclust(
  table[, 1:d],
  G = k, modelNames = "VVV", control = emControl(tol = as.numeric(asked[3])),
  initialization = list(noise = which(table[, d + 1] == 1)), verbose = FALSE
)), silent = TRUE)
if (is.null(fit) || inherits(fit, "try-error") || is.na(fit$loglik)) {
  cat("NA\n")
} else {
  own <- fit$parameters
  found <- c(fit$loglik, 1 / own$Vinv, own$pro[1:k], own$mean, own$variance$sigma)
  cat(formatC(found, digits = 15, format = "g"), "\n")
}
