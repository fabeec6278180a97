#!/bin/sh
# check_record.sh RECORD-PROGRAM RECORDED: compares the layout of today's headers with the recorded one, and then makes sure that the
# comparison would notice: a member that moves, an enumerator that changes, a structure that shrinks.
set -eu
here=$(dirname "$0")
now=$(mktemp) other=$(mktemp)
trap 'rm -f "$now" "$other"' EXIT
"$1" >"$now"
awk -f "$here/compare.awk" "$2" "$now"
for change in 's/^sw_host.log 16 /sw_host.log 24 /' 's/^SW_OP_COPY 5$/SW_OP_COPY 6/' 's/^struct sw_plugin .*/struct sw_plugin 8/' \
    's/^\(sw_builder.next .*\)previous/\1before/'; do
    sed "$change" "$now" >"$other"
    if cmp -s "$now" "$other"; then echo "the change $change does not apply any more"; exit 1; fi
    if awk -f "$here/compare.awk" "$2" "$other" >/dev/null; then echo "the change $change was not noticed"; exit 1; fi
done
