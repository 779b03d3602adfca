#!/usr/bin/env bash
# A disk that is full in the middle of a save: trains a tiny BERT in a tmpfs (root may mount one), fills it, resumes until the save of a
# checkpoint fails, and checks that the error is one line, that the older checkpoint is still whole, and that a run that goes on from it
# ends with the weights of one that was never interrupted.
#
#   src/reference/disk_full.sh MODEL DATA.csv      a model's folder; rows with text and label (pair-classification)
set -euo pipefail
merapi=${MERAPI:-$(dirname -- "$0")/../../merapi}
model=$1 data=$2
disk=$(mktemp -d)
whole=$(mktemp -d)
mount -t tmpfs -o size="${SIZE:-64m}" tmpfs "$disk"
trap 'umount "$disk"; rm -rf "$disk" "$whole" "${errors:-}"' EXIT

train() { # output folder, options…
  local output=$1
  shift
  $merapi train pair-classification --model "$model" --train "$data" --dev "$data" --output-dir "$output" --json \
    --num-train-epochs 6 --per-device-train-batch-size 8 --learning-rate 5e-3 --save-steps 1 --logging-steps 1 "$@"
}

train "$whole/output" >/dev/null
train "$disk/output" --max-time "${SECONDS_BEFORE:-0.3}" | tail -n 1
older=$(ls -d "$disk"/output-run/checkpoint-* | sort -V | tail -n 1)
echo "saved before: $(basename "$older")"

dd if=/dev/zero of="$disk/filler" bs=1k status=none 2>/dev/null || true # full
truncate -s -"${ROOM:-60k}" "$disk/filler"                              # but for room for half a checkpoint
errors=$(mktemp)
code=0
train "$disk/output" --resume-from-checkpoint >/dev/null 2>"$errors" || code=$?
grep -v incubator "$errors"
[ "$code" = 1 ] || { echo "exit code $code, expected 1"; exit 1; }
[ "$(grep -vc incubator "$errors")" = 1 ] || { echo "expected one line"; exit 1; }
(cd "$older" && sha256sum weights.safetensors state.json) | while read -r sum name; do
  grep -q "$sum" "$older/manifest.json" || { echo "$older/$name is damaged"; exit 1; }
done
echo "exit code 1, one line, $(basename "$older") is whole"

rm "$disk/filler"
train "$disk/output" --resume-from-checkpoint | tail -n 1
cmp "$whole/output/model.safetensors" "$disk/output/model.safetensors" && echo "the same weights, bit for bit"
