# What R's mclust says of distribution functions, quantiles and regions of a density that it fitted.
#
#     Rscript decisions.R > decisions.json
suppressMessages(library(mclust))
waiting <- faithful$waiting
fit <- densityMclust(waiting, G = 3, modelNames = "V", plot = FALSE, verbose = FALSE)
parameters <- fit$parameters
at <- c(40, 50.5, 60, 68, 75, 82.25, 95)
probabilities <- c(0.01, 0.25, 0.5, 0.75, 0.99)
levels <- hdrlevels(fit$density, c(0.5, 0.9))
numbers <- function(values) paste0("[", paste(format(values, digits = 16), collapse = ", "), "]")
cat("{\n")
cat('  "weights": ', numbers(parameters$pro), ",\n", sep = "")
cat('  "means": ', numbers(as.vector(parameters$mean)), ",\n", sep = "")
cat('  "variances": ', numbers(parameters$variance$sigmasq), ",\n", sep = "")
cat('  "at": ', numbers(at), ",\n", sep = "")
cat('  "cdf": ', numbers(cdfMclust(fit, at)$y), ",\n", sep = "")
cat('  "probabilities": ', numbers(probabilities), ",\n", sep = "")
cat('  "quantiles": ', numbers(quantileMclust(fit, probabilities)), ",\n", sep = "")
cat('  "hdr_probabilities": [0.5, 0.9],\n')
cat('  "hdr_levels": ', numbers(as.vector(levels)), "\n}\n", sep = "")
