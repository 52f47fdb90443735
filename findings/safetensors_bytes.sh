#!/bin/sh
# The same tensors and the same metadata are other bytes in each process.
#
# safetensors keeps the metadata in a hash map that each process seeds anew, and writes it in the map's order. A file of
# one key is the same every time, one of eight hardly ever: a checksum of the file, a build that is to be reproducible, or
# a cache by content sees another model each time. Tensors alone are written in a fixed order.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet safetensors==0.8.0 numpy==2.2.6
cat > "$place/sum.py" <<'PYTHON'
import hashlib
import sys

import numpy as np
from safetensors.numpy import save

metadata = {f"key{i}": "value" for i in range(int(sys.argv[1]))}
tensors = {f"tensor{i}": np.zeros(3) for i in range(8)}
print(hashlib.sha256(save(tensors, metadata or None)).hexdigest())
PYTHON
distinct() {
    for _ in 1 2 3 4 5 6 7 8; do "$place/env/bin/python" "$place/sum.py" "$1"; done | sort -u | wc -l
}
"$place/env/bin/python" -c "import safetensors; print('safetensors', safetensors.__version__)"
for keys in 0 1 8; do
    sums=$(distinct "$keys")
    echo "$keys keys of metadata: $sums different files of 8"
    if [ "$keys" -lt 2 ]; then [ "$sums" -eq 1 ]; else [ "$sums" -gt 1 ]; fi || { echo "the behaviour has changed"; exit 1; }
done
