#!/bin/sh
# Compare settings: variants x tasks x seeds of a sweep file, each a run; a table of means.
#
#   scripts/sweep.sh SWEEP.yaml [-j N] [--max-time 2h] [--out DIR] [--seeds 1..5]
#       [--tasks LIST] [--variants LIST] [--set KEY=VALUE ...] [--set TASK:KEY=VALUE ...]
#
# configs/sweeps holds ready files; README.md tells what they may say.  Runs go to
# DIR/VARIANT/TASK/seed-N (DIR: runs/NAME of the file), the table to DIR/table.md, .csv and .json, a
# line for each run to DIR/results.jsonl.  Started again after whatever ended it, the same command
# does what is missing.  It is `acf-train --sweep`; ACF names the directory of the programs.
set -eu
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
ACF=${ACF:-$root}
case ${1:--} in
-*)
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
exec "$ACF/acf-train" --sweep "$@"
