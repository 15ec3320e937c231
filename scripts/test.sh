#!/bin/sh
# From a clone to a tested build: install what is missing, build, run every test.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
scripts/install-deps.sh
jobs=$(getconf _NPROCESSORS_ONLN) || jobs=1
make -j"$jobs" test
