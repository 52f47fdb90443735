# The figures of assumptions.json: Rscript assumptions.R, with R's mclust 6.0.0.
# Two components of Old Faithful's eruptions, from the halves by rank of the first column; with
# noise, every 13th row from the 7th on is noise at first.
suppressMessages(library(mclust))
X <- as.matrix(faithful); n <- nrow(X); d <- ncol(X); G <- 2
half <- floor((rank(X[, 1], ties.method = "first") - 1) * G / n) + 1
noise <- seq_len(n) %in% seq(7, n, by = 13)
Vinv <- 1 / prod(apply(X, 2, function(x) diff(range(x))))
tight <- function(equal) emControl(tol = c(1e-14, 1e-12), itmax = c(20000, 20000), equalPro = equal)
told <- function(model, assumed, fit, n_parameters) cat(sprintf(
  '  {"model": "%s", "assumed": "%s", "log_likelihood": %.9f, "n_parameters": %d, "weights": [%s]},\n',
  model, assumed, fit$loglik, n_parameters, paste(sprintf("%.7f", fit$parameters$pro), collapse = ", ")))
one_hot <- function(labels, k) outer(labels, seq_len(k), `==`) * 1
for (equal in c(FALSE, TRUE)) for (noisy in c(FALSE, TRUE)) {
  if (!equal && !noisy) next
  # With these, mclust's VEE, EVE, VVE and EVV end early or fail, and its equal VVI is in error.
  for (model in c("EII", "VII", "EEI", "VEI", "EVI", if (noisy) "VVI", "EEE", "EEV", "VEV", "VVV")) {
    z <- one_hot(if (noisy) ifelse(noise, G + 1, half) else half, G + noisy)
    fit <- me(X, model, z, control = tight(equal), Vinv = if (noisy) Vinv)
    told(model, paste(c("equal", "noise")[c(equal, noisy)], collapse = " "), fit,
         nMclustParams(model, d, G, noise = noisy, equalPro = equal))
  }
}
# With a prior, its own default one. Its EII and EEI are near, and not at, the posterior's mode.
for (model in c("VII", "VVI", "EEE", "VVV")) {
  fit <- me(X, model, one_hot(half, G), control = tight(FALSE), prior = priorControl())
  told(model, "prior", fit, nMclustParams(model, d, G))
}
for (model in c("E", "V")) {
  fit <- me(X[, 1], model, one_hot(half, G), control = tight(FALSE), prior = priorControl())
  told(model, "prior", fit, nMclustParams(model, 1, G))
}
