# %% [markdown]
# # EM inside Ray Data
#
# The same as in Spark: an EM iteration is a map, here `map_batches`, and a sum. It needs
# `ray[data]`.

# %%
import os

os.environ.setdefault("MIXTURA_NUM_THREADS", "1")  # Ray has the cores
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import numpy as np
import pyarrow as pa
import ray

import mixtura
from mixtura import Mixture, Statistics

# %%
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
ray.data.DataContext.get_current().enable_progress_bars = False

random = np.random.default_rng(0)
X = np.concatenate([random.normal(0.0, 1.0, (18_000, 3)), random.normal(3.0, 0.5, (12_000, 3))])
random.shuffle(X)
names = ["a", "b", "c"]
table = pa.table({name: X[:, j] for j, name in enumerate(names)})
rows = ray.data.from_arrow([table.slice(at, 5_000) for at in range(0, len(X), 5_000)])

# %% [markdown]
# ## The map and the sum
#
# A batch comes as an Arrow table, its statistics leave as one of a single row.


# %%
def expectation(batch, mixture):
    """The E-step of a batch."""
    return pa.Table.from_batches([mixtura.statistics(batch, mixture).to_arrow()])


def em_step(rows, mixture):
    """One iteration over all rows: the next mixture, and the log-likelihood of this one."""
    answers = rows.map_batches(
        expectation, batch_format="pyarrow", batch_size=None, fn_kwargs={"mixture": mixture}
    )
    tables = ray.get(answers.to_arrow_refs())
    parts = [batch for table in tables for batch in table.to_batches(max_chunksize=1)]
    total = Statistics.merge(map(Statistics.from_arrow, parts))
    return mixtura.maximise(total, mixture), total.log_likelihood / total.total_weight


# %%
start = Mixture([0.5, 0.5], [[0.5] * 3, [2.0] * 3], [np.eye(3)] * 2, "full", names)
mixture, trace = start, []
for _ in range(6):
    mixture, mean = em_step(rows, mixture)
    trace.append(mean)
    print(f"{mean:.8f} nats a row")
assert all(gain > -1e-12 for gain in np.diff(trace))

# %% [markdown]
# ## The same as `fit`

# %%
given = mixtura.Given(start.weights, start.means, np.linalg.inv(start.covariances))
same = mixtura.fit(X, 2, given=given, max_iter=6, tol=0.0, accelerate=False)
assert np.allclose(same.mixture.means, mixture.means, rtol=1e-9, atol=1e-10)
assert np.allclose(same.trace[:6], trace, rtol=1e-10)
print("weights", mixture.weights.round(4))
ray.shutdown()
