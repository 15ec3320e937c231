# A training, an evaluation and a prediction, texts and images, make no call of the network.
. "$SRC/tests/cli/lib"
strace -qq -e trace=network true 2>strace.err || { echo 'strace is not installed or may not trace'; exit 77; }
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # looks for leaks as a tracer itself
export ASAN_OPTIONS
trace() { # COMMAND...: its calls into the file calls
    strace -f -qq -e trace=network,process -e signal=none -o calls "$@" >out 2>err || {
        fail "exit $?: $*"
        cat err
    }
    grep -q 'exit_group(0)' calls || fail "nothing was traced: $*"
}
calls_network() {
    grep -E '(socket|socketpair|connect|bind|listen|accept|send|recv)[a-z0-9]*\(' calls
}
stays_alone() { # COMMAND...
    trace "$@"
    calls_network && fail "calls the network: $*"
}
cat >text.yaml <<EOF
schema: 1
task: text
data: {train: $data/train.tsv, dev: $data/dev.tsv}
model: {encoder: bert-tiny, vocab: {size: 300}}
train: {steps: 2, threads: 2}
save: {dir: run}
EOF
echo 'warm rain' >text
stays_alone "$ACF/acf-train" --config text.yaml
stays_alone "$ACF/acf-eval" run
stays_alone "$ACF/acf-predict" run text

cat >image.yaml <<EOF
schema: 1
task: image
data: {dir: $SRC/data/sample-image, image: {size: 16}, cache: 0}
model: {encoder: resnet20}
train: {steps: 2, batch_size: 8, threads: 2, optimizer: {name: sgd, lr: 0.05}}
save: {dir: images}
EOF
stays_alone "$ACF/acf-train" --config image.yaml

# The check sees a socket, even one that leads nowhere.
echo '#include <sys/socket.h>
int main(void) { return socket(AF_UNIX, SOCK_STREAM, 0) < 0; }' >socket.c
"${CC:-gcc}" -o socket socket.c || fail 'cannot build a program with a socket'
trace ./socket
calls_network >socket.calls || fail 'a socket is not seen'
finish
