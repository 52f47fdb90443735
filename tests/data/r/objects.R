# Makes the files beside it: Rscript objects.R MIXTURE.R, where the script is one that mixtura wrote.
source(commandArgs(TRUE)[1])
held <- new.env()
assign("a", 1, held)
again <- as.name("b")
f <- compiler::cmpfun(function(x, y = 2) { z <- x + 1; for (i in 1:3) z <- z * y; z })
environment(f) <- globalenv()
called <- quote(a + b[1])
attr(called, "data") <- c(1.5, 2.5)
objects <- list(
  sequence = 1:10, letters = c("a", NA, "\u00e9\n "), held = held, held_again = held, f = f,
  called = called, missing = c(1L, NA), real = c(1/3, NA, NaN, -Inf), complex = 1i, raw = as.raw(1:3),
  symbols = list(again, again), factor = factor(c("u", "v")), null = NULL, global = globalenv(),
  latin = iconv("\u00e9", "UTF-8", "latin1"), wrapped = c(a = 1, b = 2), expression = expression(x)
)
for (version in 2:3) {
  saveRDS(objects, sprintf("objects_%d.rds", version), version = version)
  saveRDS(objects, sprintf("objects_%d_text.rds", version), version = version, ascii = TRUE)
}
saveRDS(objects, "objects_hex.rds", ascii = NA)
little <- file("fit_little.rds", "wb")
serialize(fit, little, xdr = FALSE)
close(little)
save(f, objects, fit, file = "one.rda", version = 2)
other <- fit
save(f, fit, other, file = "two.rda", ascii = TRUE)
saveRDS(list(first = fit, second = other, 3), "list.rds")
without <- fit
without$parameters$mean[2, 1] <- NA
saveRDS(without, "na.rds")
saveRDS(kmeans(matrix(c(1, 2, 8, 9)), 2), "kmeans.rds")
saveRDS(head(iris, 3), "frame.rds")
saveRDS(f, "function.rds")
saveRDS(NULL, "null.rds")
saveRDS(matrix(1:4, 2), "matrix.rds")
