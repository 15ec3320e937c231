#!/bin/sh
# The floors of the house: a file in src/ includes only lower floors and its own folder.
#
#   scripts/check-floors.sh [SRC]        prints each include that breaks the rule; exit 1 if any
#   scripts/check-floors.sh --self-test  a bad include in a scratch tree must be found
#
#     base -> num text image -> nn -> loss encoder optim store -> data -> config metrics
#          -> model compare -> input -> infer -> run -> sweep -> cli
#
# Folders on one floor do not know each other.  Anything is free to include the system's headers.
set -eu

check() { # src
    [ -d "$1/base" ] || [ -d "$1/num" ] || { echo "$1: not a source tree" >&2; return 2; }
    find "$1" -name '*.[ch]' -exec grep -Hn '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' {} + |
        awk -F '[:"]' -v src="$1/" '
        BEGIN {
            n = split("base|num text image|nn|loss encoder optim store|data|config metrics|model compare|input|infer|run|sweep|cli", level, "|")
            for (i = 1; i <= n; i++) {
                m = split(level[i], folder, " ")
                for (k = 1; k <= m; k++) floor[folder[k]] = i
            }
        }
        {
            from = substr($1, length(src) + 1); sub("/.*", "", from)
            to = $4; if (!sub("/.*", "", to)) to = "(no folder)"
            if (from == "vendor" || from == to) next
            if (!(from in floor) || !(to in floor) || floor[to] >= floor[from]) {
                printf "%s:%s: %s may not include \"%s\"\n", $1, $2, from, $4
                bad = 1
            }
        }
        END { exit bad }'
}

if [ "${1:-}" != --self-test ]; then
    check "${1:-$(dirname "$(readlink -f "$0")")/../src}"
    exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/num" "$work/nn" "$work/loss" "$work/run"
printf '#include "base/mem.h"\n#include "num/b.h"\n#include <math.h>\n' >"$work/num/a.c"
printf '#include "loss/ce.h"\n' >"$work/run/a.c"
check "$work" || { echo "check-floors.sh: allowed includes were refused" >&2; exit 1; }
for bad in 'num:nn/params.h' 'num:text/vocab.h' 'loss:encoder/bert.h' 'nn:config/config.h' \
    'run:ce.h' 'run:cli/console.h' 'num:nowhere/x.h'; do
    printf '  # include "%s"\n' "${bad#*:}" >"$work/${bad%%:*}/bad.c"
    if check "$work" >/dev/null; then
        echo "check-floors.sh: '${bad#*:}' in ${bad%%:*}/ was not found" >&2
        exit 1
    fi
    rm "$work/${bad%%:*}/bad.c"
done
