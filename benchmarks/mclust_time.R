# Seconds of the process, and of a clock: arguments are a file of rows, what is called, and how
# often.
suppressMessages(library(mclust))
arguments <- commandArgs(trailingOnly = TRUE)
rows <- as.matrix(read.csv(arguments[1]))
called <- switch(arguments[2],
    grid = function() Mclust(rows, G = 1:9, verbose = FALSE),
    bootstrap = function() {
        mclustBootstrapLRT(rows, modelName = "EEE", nboot = 199, maxG = 3, verbose = FALSE)
    }
)
times <- as.integer(arguments[3])
for (turn in seq_len(times)) {
    spent <- system.time(called())
    cat(spent[["user.self"]] + spent[["sys.self"]], spent[["elapsed"]], "\n")
}
