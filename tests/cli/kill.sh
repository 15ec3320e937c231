# A few runs killed, stopped and resumed: scripts/kill-test.sh in short.
exec sh "$SRC/scripts/kill-test.sh" 10 5
