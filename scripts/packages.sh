#!/bin/bash
# packages.sh [--install]: prints, or installs, the Debian 12 packages that Slipway is built from, runs with and is tested with.
set -euo pipefail

build=(build-essential cmake ninja-build pkg-config git ca-certificates
       libyaml-dev libgit2-dev libuv1-dev libjansson-dev libssl-dev libpcre2-dev
       libcurl4-openssl-dev liblzma-dev libbz2-dev zlib1g-dev libdeflate-dev libzstd-dev libseccomp-dev
       libnghttp2-dev libprotobuf-c-dev protobuf-c-compiler)
run=(crun openssh-client curl)
# Independent readers and peers, compilers for the sanitizer and fuzz builds, and what base images are made of.
test=(libcmocka-dev clang clang-format libclang-rt-14-dev llvm docker.io docker-registry iptables runc skopeo umoci
      busybox-static bash-static tcc libc6-dev linux-libc-dev python3 python3-jsonschema python3-yaml jq attr acl file procps iproute2 xz-utils bzip2 zstd dpkg-dev
      openssl time)

if [ "${1:-}" != --install ]; then
  printf '%s\n' "${build[@]}" "${run[@]}" "${test[@]}"
  exit
fi
missing=()
for package in "${build[@]}" "${run[@]}" "${test[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# Services are started by the tests, on ports and in folders of their own: none of the packages' own may start.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d.slipway
if [ ! -e /usr/sbin/policy-rc.d ]; then
  install -m 755 /usr/sbin/policy-rc.d.slipway /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
rm -f /usr/sbin/policy-rc.d.slipway
apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
