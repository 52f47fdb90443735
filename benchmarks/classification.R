# Classification by R's mclust: EDDA and MclustDA, and MclustSSC of few labels.
#
#     Rscript classification.R rows.csv FOLDS KNOWN
#
# The last column of the rows is the class, from 0; FOLDS and KNOWN are files of one number a row, the
# fold of each from 0, and 1 where its class is known. Prints lines "METHOD training ERRORS", "METHOD
# folds ERRORS" and "SSC MODEL ERRORS", errors being numbers of rows.
suppressMessages(library(mclust))
asked <- commandArgs(trailingOnly = TRUE)
table <- as.matrix(read.csv(asked[1]))
fold <- scan(asked[2], quiet = TRUE)
known <- scan(asked[3], quiet = TRUE) == 1
d <- ncol(table) - 1
X <- table[, 1:d]
y <- factor(table[, d + 1])
wrong <- function(fit, rows, truth) sum(predict(fit, newdata = rows)$classification != truth)
for (method in c("EDDA", "MclustDA")) {
  fit <- MclustDA(X, y, modelType = method, verbose = FALSE)
  cat(method, "training", wrong(fit, X, y), "\n")
  errors <- 0
  for (f in unique(fold)) {
    left <- fold == f
    fit <- MclustDA(X[!left, ], y[!left], modelType = method, verbose = FALSE)
    errors <- errors + wrong(fit, X[left, ], y[left])
  }
  cat(method, "folds", errors, "\n")
}
some <- y
some[!known] <- NA
fit <- MclustSSC(X, some, verbose = FALSE)
told <- fit$classification[!known]
cat("SSC", fit$modelName, sum(as.character(told) != as.character(y[!known])), "\n")
