#!/bin/sh
# Does a wheel, or the sources, work once installed? `smoke.sh PACKAGE`, with $PYTHON or `python`.
set -eu
package=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"${PYTHON:-python}" -m venv "$folder/venv"
# Windows has them elsewhere.
[ -d "$folder/venv/bin" ] && PATH="$folder/venv/bin:$PATH" || PATH="$folder/venv/Scripts:$PATH"
python -m pip install --quiet --no-deps "$package"

set -x
# Not where the sources lie, or they would be imported.
cd "$folder"
argala --version
argala check --policy "$root/argala_policy.toml"
argala check --policy "$root/argala_policy.toml" execute_sql_query '{"query": "SELECT 1"}'
argala demo
python -c '
import argala

engine = argala.ArgalaEngine({"allowed_methods": ["query"], "denied_patterns": ["DROP"]})
assert engine.check("query", {"text": "SELECT 1"}).allowed
assert not engine.check("query", {"text": "DROP TABLE users"}).allowed
'
