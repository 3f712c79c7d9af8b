#!/bin/sh
# Installs Tryton, the business system that the server is tested against, into target/counterparts, and prepares a database
# that each test copies. Does nothing when all of it is there.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
target="${CARGO_TARGET_DIR:-$root/target}/counterparts"
environment="$target/tryton-venv"
databases="$target/tryton"

make_environment() {
    if ! command -v python3 >/dev/null || ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update
            DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3-venv
        else
            echo "Python 3 with the module venv is missing: install python3-venv to run the tests against Tryton." >&2
            exit 1
        fi
    fi
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --no-input --requirement "$here/requirements.txt"
}

# Tables and modules take most of a minute, so it is done once, beside its final name: a copy that is cut off is not used.
make_database() {
    rm -rf "$databases"
    mkdir -p "$databases/new"
    printf '%s' "tryton-admin-pass" > "$databases/password"
    export TRYTOND_DATABASE__PATH="$databases/new" TRYTONPASSFILE="$databases/password"
    touch "$databases/new/template.sqlite"
    "$environment/bin/trytond-admin" -d template -u ir res --all --email admin@example.com
    "$environment/bin/trytond-admin" -d template -u party sale_opportunity --activate-dependencies
    "$environment/bin/python" "$here/prepare.py"
    mv "$databases/new/template.sqlite" "$databases/template.sqlite"
}

stamp=$(cat "$here/install.sh" "$here/requirements.txt" "$here/prepare.py" | cksum)
if [ -f "$target/tryton.stamp" ] && [ "$(cat "$target/tryton.stamp")" = "$stamp" ]; then
    exit 0
fi
mkdir -p "$target"
echo "Installing Tryton for the tests (about two minutes, once) …"
make_environment
make_database
printf '%s' "$stamp" > "$target/tryton.stamp"
