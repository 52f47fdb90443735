"""scikit-learn's fits and ours, one by one: parameters, iterations and labels of thousands.

    python benchmarks/parity.py [--problems 200] [--seeds 2]

Fits every problem with every seed, covariance type and start that is scikit-learn's, at its
defaults, counts the fits that come out the same and names those that do not.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from itertools import product

from shared import ALIKE, compared, problems


def main() -> int:
    """Print the count; 1 where fewer than 99.5 % are the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    began = time.perf_counter()
    same, all_of = Counter[str](), Counter[str]()
    worst = 0.0
    for problem in problems(options.problems):
        for seed, (kind, start) in product(range(options.seeds), ALIKE):
            verdict = compared(problem, kind, start, seed)
            for key in ("all", kind, start):
                all_of[key] += 1
                same[key] += verdict.same
            if verdict.same:
                worst = max(worst, verdict.difference)
            else:
                print(f"{problem}: {verdict}", flush=True)
        if sys.stderr.isatty():
            print(f"  … {problem.number + 1}", end="\r", file=sys.stderr)
    for key, count in all_of.items():
        print(f"{key:>16}: {same[key]} of {count} the same ({same[key] / count:.2%})")
    print(f"largest difference among the same: {worst:.1e}; {time.perf_counter() - began:.0f} s")
    return int(same["all"] < 0.995 * all_of["all"])


if __name__ == "__main__":
    sys.exit(main())
