#!/bin/sh
# Cuts a set in MNIST's layout to a sample:
#   data/cut_idx.sh FROM TO TRAIN TEST
# FROM has the four IDX files, plain or .gz; the first TRAIN training images and labels and the
# first TEST test images and labels go to TO, as gzip without name or time, so that a second run
# gives the same bytes; and their sums to TO/SHA256SUMS.
set -eu
from=${1:?folder with the four IDX files} to=${2:?folder of the sample}
train=${3:?number of training images} test=${4:?number of test images}

plain() { if [ -f "$from/$1" ]; then cat "$from/$1"; else gzip -dc "$from/$1.gz"; fi; }

# four bytes, big-endian
be32() { printf "\\$(printf %03o $(($1 >> 24 & 255)))\\$(printf %03o $(($1 >> 16 & 255)))\\$(printf %03o $(($1 >> 8 & 255)))\\$(printf %03o $(($1 & 255)))"; }

# cut_rows NAME ROWS HEADER_BYTES ROW_BYTES: the first rows behind a header that says so
cut_rows() {
  whole=$(mktemp)
  plain "$1" > "$whole"
  {
    head -c 4 "$whole"
    be32 "$2"
    head -c "$3" "$whole" | tail -c +9
    tail -c "+$(($3 + 1))" "$whole" | head -c "$(($2 * $4))"
  } | gzip -n -9 > "$to/$1.gz"
  rm "$whole"
}

cut_rows train-images-idx3-ubyte "$train" 16 784
cut_rows train-labels-idx1-ubyte "$train" 8 1
cut_rows t10k-images-idx3-ubyte "$test" 16 784
cut_rows t10k-labels-idx1-ubyte "$test" 8 1
cd "$to"
sha256sum ./*-ubyte.gz | sed 's|\./||' > SHA256SUMS
