#!/bin/bash
# check.sh - on a fresh Debian 12, as root: installs packages, builds, and runs every test. Needs nothing but this checkout.
#   SLIPWAY_PRESETS="release dev clang"   which builds to make and test (all by default)
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "check.sh: needs root: tests start dockerd, mount file systems and run containers" >&2; exit 2; }
scripts/packages.sh --install
read -ra presets <<< "${SLIPWAY_PRESETS:-release dev clang}"

echo "== layout of the source"
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
scripts/check-rooms.sh

failed=0
for preset in "${presets[@]}"; do
  echo "== build: $preset"
  cmake --preset "$preset" > /dev/null
  cmake --build --preset "$preset" -j "$(nproc)" | tail -n 1
  scripts/check-symbols.sh "build/$preset"
done
# Each build has its part: what ships is tested whole, the sanitizers look at the units, and clang's build runs the fuzz targets.
labels_of() {
  case $1 in
    release) echo 'unit|abi|e2e' ;;
    dev) echo 'unit|abi' ;;
    *) echo fuzz ;;
  esac
}
for preset in "${presets[@]}"; do
  echo "== tests: $preset"
  ctest --test-dir "build/$preset" -L "$(labels_of "$preset")" -j "$(nproc)" --output-on-failure --no-tests=error || failed=1
done
exit $failed
