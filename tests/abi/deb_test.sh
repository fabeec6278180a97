#!/bin/sh
# deb_test.sh BUILD LOAD: makes the Debian package, unpacks it, and sees that what lies in it works together.
set -eu
build=$1 load=$2
tmp=$(mktemp -d /var/tmp/slipway-deb-XXXXXX)
trap 'rm -rf "$tmp"' EXIT
umask 022

fail() {
    echo "deb_test: $*"
    exit 1
}

(cd "$tmp" && cpack -G DEB --config "$build/CPackConfig.cmake" -B "$tmp" >"$tmp/cpack.log" 2>&1) || { cat "$tmp/cpack.log"; fail "cpack failed"; }
package=$(find "$tmp" -maxdepth 1 -name '*.deb')
[ -f "$package" ] || fail "there is no package"
dpkg-deb --field "$package" Package Version Depends Recommends >"$tmp/fields"
grep -q '^Package: slipway$' "$tmp/fields" || { cat "$tmp/fields"; fail "the package has another name"; }
dpkg-deb -x "$package" "$tmp/root"
[ -f "$tmp/root/usr/include/slipway/plugin.h" ] || fail "the package lacks the headers"
[ -f "$tmp/root/usr/share/doc/slipway/LICENSE" ] || fail "the package lacks the licence"
if find "$tmp/root" -type f -perm /022 | grep .; then fail "others can write to these files"; fi

# Plugins must be found, and be loadable, from the place that the package gives them.
mkdir -p "$tmp/root/usr/bin"
cp "$load" "$tmp/root/usr/bin/load"
"$tmp/root/usr/bin/load" >"$tmp/load.log" || { cat "$tmp/load.log"; fail "a plugin of the package is refused"; }
cat "$tmp/load.log"
found=$(grep -c "$tmp/root/usr/" "$tmp/load.log" || true)
packed=$(find "$tmp/root" -name 'slipway-*.so' | wc -l)
[ "$found" = "$packed" ] || fail "$packed plugins are packed, $found are found"
