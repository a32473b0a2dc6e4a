#!/bin/sh
# Runs tests/python with a wheel and each Python in turn: `each.sh WHEEL PYTHON…`. One that isn't there is told of.
set -eu
wheel=$1
shift
tests=$(cd "$(dirname "$0")/.." && pwd)
tested=""
for python in "$@"; do
    if ! "$python" -c "" 2>/dev/null; then
        echo "$python: not found" >&2
        continue
    fi
    version=$("$python" -c 'import platform; print(platform.python_version())')
    echo "== CPython $version"
    folder="$(dirname "$wheel")/tested/$version"
    "$python" -m venv --clear "$folder"
    "$folder/bin/pip" install --quiet --requirement "$tests/requirements-package.txt"
    "$folder/bin/pip" install --quiet --no-deps "$wheel"
    "$folder/bin/pytest" -q "$tests/python"
    tested="$tested $version"
done
[ -n "$tested" ] || { echo "none of these Pythons is there: $*" >&2; exit 1; }
echo "$(basename "$wheel"): passes with CPython$tested"
