#!/bin/bash
# demo.sh - on a fresh Debian 12, as root: installs packages, builds and installs Slipway, and builds the images of examples/shop against
# a registry of its own; twice, and once more after a change. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "demo.sh: needs root: it installs packages and runs containers" >&2; exit 2; }

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n== %s\n' "$*"; }

say "packages"
scripts/packages.sh --install

say "build and install Slipway"
cmake --preset release -B build/demo -DSLIPWAY_TESTS=OFF > /dev/null
cmake --build build/demo -j "$(nproc)" | tail -n 1
. scripts/services.sh
. scripts/base-images.sh
services_begin
cmake --install build/demo --prefix "$SERVICES/prefix" > /dev/null
export PATH=$SERVICES/prefix/bin:$PATH SLIPWAY_STORE=$SERVICES/store
slipway version

say "a registry and base images"
registry_start
base_busybox
base_libc
base_tcc
echo "registry at $REGISTRY"

say "the project: examples/shop as a git repository"
cp -r examples/shop "$SERVICES/shop"
cd "$SERVICES/shop"
export GIT_AUTHOR_NAME=demo GIT_AUTHOR_EMAIL=demo@example.org GIT_COMMITTER_NAME=demo GIT_COMMITTER_EMAIL=demo@example.org
git init -q -b main .
git add -A
git commit -q -m "Open the shop"
slipway config list

say "first build: everything is built"
slipway build --repo "$REGISTRY/shop" | tee "$SERVICES/first"

say "second build: nothing is"
slipway build --repo "$REGISTRY/shop" | tee "$SERVICES/second"
! grep -q built$ "$SERVICES/second" || { echo "demo.sh: something was built twice" >&2; exit 1; }

say "a change of the server: only what depends on it is built"
sed -i 's/costs/is yours for/' server/server.c
git commit -q -am "Say it more kindly"
slipway build --repo "$REGISTRY/shop" | tee "$SERVICES/third"
[ "$(awk -F '\t' '$3 == "built" { print $1 }' "$SERVICES/third" | sort | xargs)" = "builder shop" ] ||
  { echo "demo.sh: builder and shop should have been built, and nothing else" >&2; exit 1; }

say "the result runs"
slipway run --repo "$REGISTRY/shop" shop

say "and is an image like any other"
skopeo inspect --tls-verify=false "docker://$(awk -F '\t' '$1 == "shop" { print $2 }' "$SERVICES/third")" | jq '{Name, Created, Architecture, Layers}'

say "done: everything is taken down again"
