#!/bin/sh
# Installs the programs that the engine is tested against into target/counterparts. Does nothing when they are there.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
target="${CARGO_TARGET_DIR:-$root/target}/counterparts"

# npm packages: the mail server.
install_npm() {
    stamp=$(cat "$here/package.json" "$here/package-lock.json" | cksum)
    if [ -f "$target/npm.stamp" ] && [ "$(cat "$target/npm.stamp")" = "$stamp" ]; then
        return
    fi
    if ! command -v npm >/dev/null; then
        echo "npm is missing: install Node.js 20 or newer to run the tests against a real mail server." >&2
        exit 1
    fi
    cp "$here/package.json" "$here/package-lock.json" "$target/"
    (cd "$target" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    printf '%s' "$stamp" > "$target/npm.stamp"
}

mkdir -p "$target"
install_npm
