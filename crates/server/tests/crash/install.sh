#!/bin/sh
# Installs what the crash harness causes faults with: strace makes syncs of the disk fail, libfaketime makes the clock jump.
# Does nothing when they are there.
set -eu

missing=""
command -v strace >/dev/null || missing="strace"
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || missing="$missing libfaketime"
if [ -z "$missing" ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update
    # The names are one word each.
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing
else
    echo "Missing for the crash tests: $missing. Install with your system's package manager (Debian: apt-get install $missing)." >&2
    exit 1
fi
