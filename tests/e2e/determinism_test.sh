# One commit gives one image: bit-identical manifests from two hosts that differ in everything but the commit.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
base_tcc

project origin
cat > werf.yaml <<YAML
project: same
configVersion: 1
---
image: dockerfile
dockerfile: Dockerfile
---
image: stapel
from: $REGISTRY/base/tcc:1
git:
- add: /
  to: /src
  owner: app
  excludePaths: [werf.yaml]
  stageDependencies:
    install: ["*.c"]
shell:
  beforeInstall: [echo before > /before]
  install: [cd /src && tcc -o /usr/bin/it it.c]
  setup: [date -u +%s > /dev/null, ls -a /src > /list]
---
image: plain
dockerfile: Dockerfile.plain
---
image: imported
dockerfile: Dockerfile.import
dependencies:
- image: dockerfile
  imports:
  - type: ImageDigest
    targetBuildArg: DIGEST
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
COPY . /src
RUN mkdir /many && cd /many && for i in \$(seq 2000); do echo \$i > \$i; done && chown -R app /many
RUN rm -r /many/1* && touch /many/new && ln /many/2 /many/two
WORKDIR /made
CMD ["a"]
DOCKERFILE
cat > Dockerfile.plain <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
COPY . /src
RUN mkdir /many && cd /many && for i in \$(seq 200); do echo \$i > \$i; done; id -u > /id; id -g >> /id; chmod 4750 /many/1 && ln -s 1 /many/link
RUN rm -r /many/2*
DOCKERFILE
cat > Dockerfile.import <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
ARG DIGEST
RUN echo \$DIGEST > /digest
DOCKERFILE
echo 'int main(void) { return 0; }' > it.c
mkdir -p deep/er && echo x > deep/er/file && ln -s ../it.c deep/link && chmod 755 it.c
commit

# build_elsewhere NAME VARIABLE=VALUE…: clones, and builds with a store of its own for a repository of its own.
build_elsewhere() {
  local name=$1
  shift
  git clone -q "$WORK/origin" "$WORK/$name/checkout"
  cd "$WORK/$name/checkout"
  env "$@" SLIPWAY_STORE="$SERVICES/store-$name" "$SLIPWAY" build --repo "$REGISTRY/$name" > "$SERVICES/$name.out" 2> "$SERVICES/err" ||
    { cat "$SERVICES/err" >&2; fail "build of $name"; }
}

build_elsewhere one
sleep 1.1
(
  umask 077
  build_elsewhere two TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME="$SERVICES/other-home" USER=somebody
)
digest_of() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$(awk -F '\t' -v n="$2" '$1 == n { print $2 }' "$SERVICES/$1.out")"; }
for image in dockerfile stapel; do
  one=$(digest_of one $image) two=$(digest_of two $image)
  [ -n "$one" ] || fail "$image has no digest"
  equal "$image is the same to the last bit" "$one" "$two"
done

# A daemon's socket is for root.
[ "$E2E_BACKEND" = local ] || exit 0

# A user who is not root, without sub-ids, in a folder of their own.
as_user() {
  setpriv --reuid=4321 --regid=4321 --clear-groups env HOME="$SERVICES/user" USER=user SLIPWAY_STORE="$SERVICES/user/store" "$@"
}
mkdir "$SERVICES/user"
chmod 711 "$SERVICES"
git clone -q "$WORK/origin" "$SERVICES/user/checkout"
chown -R 4321:4321 "$SERVICES/user"
cd "$SERVICES/user/checkout"
status=0
as_user "$SLIPWAY" build --repo "$REGISTRY/three" plain > "$SERVICES/three.out" 2> "$SERVICES/err" || status=$?
if as_user unshare --user true 2> /dev/null; then
  [ $status = 0 ] || { cat "$SERVICES/err" >&2; fail "the build of a user"; }
  equal "plain is the same for another user" "$(digest_of one plain)" "$(digest_of three plain)"
else # inside a chroot the kernel gives nobody a user namespace
  contains "a user without namespaces is told so" "$(cat "$SERVICES/err")" "user namespaces are not allowed here"
fi
