#!/bin/sh
# From a clone to a trained classifier: install what is missing, build, train and evaluate on data
# that Debian packages hold.  Nothing else needs to be typed.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
scripts/install-deps.sh --demo
jobs=$(getconf _NPROCESSORS_ONLN) || jobs=1
make -j"$jobs" all
make demo
