# %% [markdown]
# # EM inside Spark
#
# An EM iteration is a map and a sum. The map turns some rows into *statistics*: a few sums that
# hold all that the next mixture depends on. The sum adds them up. Whoever can map and add can run
# EM, wherever the rows are; here it is Spark, by `mapInArrow`, which hands over the rows of a
# partition as Arrow record batches.
#
# Three functions of mixtura are enough:
#
# * `statistics(batch, mixture)`: the E-step of some rows;
# * `Statistics.merge(parts)`, or `+`: those of all rows;
# * `maximise(total, mixture)`: the M-step.
#
# Statistics travel as a row of an Arrow table, by `to_arrow` and `from_arrow`. It needs pyspark,
# 3.5 or 4, and Java.
#
# Spark starts its workers by the name `python3`, which is this interpreter only where its
# environment is activated; so it is named. On a cluster `PYSPARK_PYTHON` is the path that it has on
# the workers.

# %%
import os
import sys

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # with mixtura, as this one is
os.environ.setdefault("MIXTURA_NUM_THREADS", "1")  # Spark has the cores
os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

import mixtura
from mixtura import Mixture, Statistics

# %%
spark = (
    SparkSession.builder.master(os.environ.get("MIXTURA_SPARK_MASTER", "local[2]"))
    .config("spark.ui.enabled", "false")
    .config("spark.executorEnv.MIXTURA_NUM_THREADS", "1")
    .config("spark.sql.execution.arrow.maxRecordsPerBatch", "5000")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")

# %% [markdown]
# ## The rows
#
# Two clouds in three features, in six partitions of a Spark data frame. Rows that Spark does not
# shuffle are in the same order however often it has to make a partition again: then the sums have
# the same bits, too, and an executor that is lost is not missed.

# %%
random = np.random.default_rng(0)
X = np.concatenate([random.normal(0.0, 1.0, (18_000, 3)), random.normal(3.0, 0.5, (12_000, 3))])
random.shuffle(X)
names = ["a", "b", "c"]
parts = spark.sparkContext.parallelize(X.tolist(), 6)
rows = spark.createDataFrame(parts, ", ".join(f"{name} double" for name in names)).cache()
print(rows.count(), "rows in", rows.rdd.getNumPartitions(), "partitions")

# %% [markdown]
# ## The map
#
# Spark calls this once a partition, with an iterator over its record batches. It gives one row:
# the partition's statistics. The mixture travels with the function.

# %%
SCHEMA = (
    "n_components bigint, n_features bigint, diagonal boolean, reference array<double>, "
    "weight array<double>, first array<double>, second array<double>, log_likelihood double, "
    "n_rows bigint, total_weight double"
)


def expectation(mixture):
    """The E-step of a partition, as `mapInArrow` takes it."""

    def of_partition(batches):
        zero = Statistics.zero(mixture.means, diagonal=mixture.structure.form.diagonal)
        parts = [mixtura.statistics(batch, mixture) for batch in batches]
        yield Statistics.merge([zero, *parts]).to_arrow()

    return of_partition


def em_step(rows, mixture):
    """One iteration over all rows: the next mixture, and the log-likelihood of this one."""
    answers = rows.mapInArrow(expectation(mixture), SCHEMA).collect()  # in the partitions' order
    parts = (pa.Table.from_pylist([answer.asDict()]) for answer in answers)
    total = Statistics.merge(map(Statistics.from_arrow, parts))
    return mixtura.maximise(total, mixture), total.log_likelihood / total.total_weight


# %% [markdown]
# ## The loop
#
# A start from a sample that fits in memory, and then full passes until a pass gains less than
# 1e-6 nats a row.

# %%
sample = np.array([list(row) for row in rows.sample(fraction=0.05, seed=1).collect()])
mixture = mixtura.fit(sample, 2, max_iter=2).mixture
mixture = Mixture(mixture.weights, mixture.means, mixture.covariances, "full", names)
start, trace = mixture, []
for _ in range(50):
    mixture, mean = em_step(rows, mixture)
    trace.append(mean)
    print(f"{mean:.8f} nats a row")
    if len(trace) > 1 and trace[-1] - trace[-2] < 1e-6:
        break
assert all(gain > -1e-12 for gain in np.diff(trace))

# %% [markdown]
# ## The same as `fit`
#
# On the same rows in memory, from the same start, `mixtura.fit` takes the same steps. Spark has
# divided the rows otherwise, so the sums have other roundings, and nothing else.

# %%
given = mixtura.Given(start.weights, start.means, np.linalg.inv(start.covariances))
steps = len(trace)
same = mixtura.fit(X, 2, given=given, max_iter=steps, tol=0.0, accelerate=False)
assert np.allclose(same.mixture.means, mixture.means, rtol=1e-9, atol=1e-10)
assert np.allclose(same.mixture.covariances, mixture.covariances, rtol=1e-9, atol=1e-10)
assert np.allclose(same.trace[:steps], trace, rtol=1e-10)
print("weights", mixture.weights.round(4))
assert np.allclose(np.sort(mixture.weights), [0.4, 0.6], atol=0.01)

# %% [markdown]
# Scoring is a map alone: `mixture.score_samples(batch)` in another `mapInArrow`.


# %%
def score(batches):
    """The log-likelihood of each row, as a column."""
    for batch in batches:
        column = pa.array(mixture.score_samples(batch))
        yield pa.RecordBatch.from_arrays([column], ["log_likelihood"])


scored = rows.mapInArrow(score, "log_likelihood double").collect()
scores = np.array([row.log_likelihood for row in scored])
assert np.isclose(scores.mean(), mixture.score(X), rtol=1e-12)
spark.stop()
