#!/bin/sh
# Makes the sample in this folder from the full MNIST files:
#   data/mnist/make_sample.sh FOLDER   (with train-images-idx3-ubyte and so on, plain)
# The first 12000 training images and labels, all 10000 test images and labels,
# as gzip without name or time, so that a second run gives the same bytes.
set -eu
from=${1:?folder with the four plain IDX files}
here=$(cd "$(dirname "$0")" && pwd)
n=12000

# cut SOURCE HEADER_BYTES ROW_BYTES: the first n rows behind a header that says so
cut_rows() {
  {
    head -c 4 "$1"
    printf '\000\000\056\340' # 12000, big-endian
    head -c "$2" "$1" | tail -c "+9"
    tail -c "+$(($2 + 1))" "$1" | head -c "$((n * $3))"
  } | gzip -n -9
}

cut_rows "$from/train-images-idx3-ubyte" 16 784 > "$here/train-images-idx3-ubyte.gz"
cut_rows "$from/train-labels-idx1-ubyte" 8 1 > "$here/train-labels-idx1-ubyte.gz"
for f in t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
  gzip -n -9 < "$from/$f" > "$here/$f.gz"
done
cd "$here"
sha256sum ./*-ubyte.gz | sed 's|\./||' > SHA256SUMS
