#!/bin/bash
# check-symbols.sh BUILD-FOLDER - no two rooms define the same function: a linker that takes the first one of two makes no sound.
set -euo pipefail
twice=$(for library in "$1"/core/*/libslipway_*.a; do
  nm -g --defined-only "$library" 2>/dev/null | awk -v library="${library##*/}" '$2 ~ /[TDBR]/ { print $3, library }'
done | sort | awk '$1 == name && $2 != library { print $1 " is in " library " and " $2 } { name = $1; library = $2 }')
[ -z "$twice" ] || { echo "$twice" >&2; exit 1; }
