#!/bin/sh
# Trains, exports and scores the embedded model: make.sh DATA_FOLDER RUN_FOLDER
set -eu
here=$(dirname "$0")
export OPENBLAS_NUM_THREADS=1
python3 "$here/train.py" --images "$1/images" --run "$2"
python3 "$here/export.py" --run "$2"
python3 "$here/evaluate.py" --data "$1" --run "$2"
python3 "$here/card.py" --run "$2"
