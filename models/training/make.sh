#!/bin/sh
# Trains, exports and scores the embedded model: make.sh DATA_FOLDER RUN_FOLDER [NETWORK_OF_VERSION_1.onnx]
# With the third argument stage 2 begins from that file, as it did for the shipped weights; else stage 1 is trained first.
# STEPS=20 tries everything in a quarter of an hour; the weights are worth nothing then.
set -eu
here=$(dirname "$0")
export OPENBLAS_NUM_THREADS=1
initial=${3:-$2/stage1/checkpoint.pt}
steps=${STEPS:-16000}
[ -n "${3:-}" ] || python3 "$here/train.py" --data "$1" --run "$2/stage1" --stage 1 --steps "${STEPS:-7000}"
python3 "$here/train.py" --data "$1" --run "$2/stage2" --stage 2 --initial "$initial" --steps "${STEPS:-12000}" --limit-minutes 60
python3 "$here/train.py" --data "$1" --run "$2/stage3" --stage 3 --initial "$2/stage2/checkpoint.pt" --steps "$steps" --limit-minutes 92 --bfloat16
python3 "$here/train.py" --data "$1" --run "$2/stage4" --stage 4 --initial "$2/stage3/checkpoint.pt" --steps "$steps" --limit-minutes 118 --seed 21 --bfloat16
python3 "$here/train.py" --data "$1" --run "$2/stage5" --stage 5 --initial "$2/stage4/checkpoint.pt" --steps "$steps" --limit-minutes 86 --seed 22 --bfloat16
python3 "$here/train.py" --data "$1" --run "$2/stage6" --stage 6 --initial "$2/stage5/checkpoint.pt" --steps "$steps" --limit-minutes 104 --seed 23 --bfloat16
python3 "$here/train.py" --data "$1" --run "$2" --stage 7 --initial "$2/stage6/checkpoint.pt" --steps "$steps" --limit-minutes 95 --seed 25 --bfloat16
python3 "$here/calibrate.py" --data "$1" --run "$2"
npm --prefix "$here/../.." run -s demo -- --json > "$2/demo-earlier.json"
python3 "$here/export.py" --run "$2"
python3 "$here/baselines.py" --data "$1" --run "$2"
python3 "$here/drawn.py" --run "$2"
for part in heldOut unseen; do
  python3 "$here/evaluate.py" --data "$1" --run "$2" --part $part --objects 20 --earlier "$2/stage6/checkpoint.pt"
done
npm --prefix "$here/../.." run -s demo -- --json > "$2/demo.json"
python3 "$here/pictures.py" --data "$1" --run "$2"
python3 "$here/card.py" --run "$2"
