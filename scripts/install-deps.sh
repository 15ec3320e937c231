#!/bin/sh
# Install the Debian packages that this project needs; does nothing when all are there.
#
#   scripts/install-deps.sh          build, run, test and the demo's data
#   scripts/install-deps.sh --demo   without what only the tests need
#   scripts/install-deps.sh --dev    with what `make lint` and `make asan` need, too
#   scripts/install-deps.sh --list   print the packages, install nothing
#
# Needs Debian or Ubuntu, and root or sudo.  libopenblas-dev brings libopenblas0-pthread, which the
# programs open when they start.
set -eu

packages="make gcc libc6-dev pkg-config libopenblas-dev libyaml-dev libstb-dev libutf8proc-dev
libcjson-dev uthash-dev zlib1g-dev nettle-dev wordnet-base dataset-fashion-mnist"
list=
for option in "$@"; do
    case $option in
    --demo | --list) ;;
    --dev) packages="$packages clang-14 libclang-rt-14-dev libomp-14-dev clang-tidy-14
        clang-format-14 cppcheck valgrind strace binutils gawk" ;;
    *)
        echo "install-deps.sh: error: unknown option '$option', expected --demo, --dev or --list" >&2
        exit 2
        ;;
    esac
    [ "$option" = --list ] && list=yes
done
case " $* " in *' --demo '*) ;; *) packages="$packages libcmocka-dev" ;; esac

refuse() {
    echo "install-deps.sh: error: $1" >&2
    echo "These packages (Debian 12 names) or their equivalents are needed:" >&2
    for package in $2; do
        echo "  $package" >&2
    done
    exit 1
}

if [ -n "$list" ]; then
    for package in $packages; do
        echo "$package"
    done
    exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    refuse "this is not Debian or Ubuntu (no apt-get): nothing was installed" "$packages"
fi

missing=
for package in $packages; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=none
    [ "$status" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "install-deps.sh: all packages are installed"
    exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
        refuse "not root, and there is no sudo: nothing was installed" "$missing"
    as_root=sudo
    [ -t 0 ] || as_root='sudo -n' # no terminal: nobody can type a password
    $as_root true || refuse "sudo does not let this user in: nothing was installed" "$missing"
fi

echo "install-deps.sh: installing$missing"
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null
}
apt update || echo "install-deps.sh: warning: apt-get update failed; trying with the old lists" >&2
# shellcheck disable=SC2086 # one word a package
apt install -y --no-install-recommends $missing ||
    refuse "apt-get could not install the packages (its messages are above)" "$missing"
echo "install-deps.sh: done"
