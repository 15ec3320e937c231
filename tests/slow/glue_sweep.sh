# glue.sh killed half-way, all its processes at once, at several moments, and started again: nothing
# finished is repeated, and the result is that of the uninterrupted one.
. "$SRC/tests/cli/lib"
. "$SRC/tests/cli/sweep_lib"
make_run
model=run/best
. "$SRC/tests/cli/glue_files"
run 0 glue straight --seeds 1..3 -j 2
head -n 1 straight/table.md | grep -qx '| variant | head | cola, mcc | rte, accuracy | mean |' || fail "$(head -n 1 straight/table.md)"
result_of straight >want
for pause in 0.2 0.5 0.8 1.2 1.6 2; do
    out=killed-$pause
    # shellcheck disable=SC2086
    setsid sh "$SRC/scripts/glue.sh" "$model" glue "$out" --seeds 1..3 -j 2 $glue_options >/dev/null 2>&1 &
    sleep $pause
    kill -9 -$! 2>/dev/null
    wait $! 2>/dev/null
    finished_of "$out" >before
    run 0 glue "$out" --seeds 1..3 -j 2
    finished_of "$out" >after
    grep -vxFf after before >lost && fail "killed after $pause s: finished work was changed: $(head -n 3 lost)"
    result_of "$out" | diff want - || fail "killed after $pause s, it ends otherwise"
    diff -r straight/submission "$out/submission" || fail "killed after $pause s: another submission"
done
finish
