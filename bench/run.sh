#!/bin/bash
# run.sh [CASE…]: measures Slipway beside docker build (BuildKit in dockerd) and buildah on this machine, in turn, and prints medians, ranges
# and ratios. As root. See README.md for what the cases are. ROUNDS=5 sets how often each is run.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/packages.sh --install
command -v buildah > /dev/null || apt-get install -y -qq --no-install-recommends buildah > /dev/null
cmake --preset release > /dev/null
cmake --build --preset release -j "$(nproc)" | tail -n 1
. scripts/services.sh
. scripts/base-images.sh
services_begin
registry_start
dockerd_start
base_busybox
export SERVICES SLIPWAY=$PWD/build/release/bin/slipway
python3 bench/measure.py "$@"
