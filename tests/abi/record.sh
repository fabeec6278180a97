#!/bin/sh
# record.sh RECORD-PROGRAM HEADERS FOLDER: makes today's headers the recorded ABI. Only for an ABI version that is not released yet.
set -eu
mkdir -p "$3/include/slipway"
"$1" >"$3/layout.txt"
cp "$2"/slipway/*.h "$3/include/slipway/"
