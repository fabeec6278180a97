# What is published can be read by the tools that people have: skopeo, umoci, docker; and from the host's own store, which is an OCI
# layout, without any registry.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
base_tcc
base_libc
dockerd_start

project formats
cat > werf.yaml <<YAML
project: formats
configVersion: 1
---
image: dockerfile
dockerfile: Dockerfile
---
image: stapel
from: $REGISTRY/base/tcc:1
git:
- add: /src
  to: /src
  owner: app
shell:
  install:
  - tcc -o /usr/bin/greet /src/greet.c
imageSpec:
  config:
    cmd: [/usr/bin/greet]
---
image: imported
from: $REGISTRY/base/libc:1
import:
- image: stapel
  add: /usr/bin/greet
  to: /usr/bin/greet
  after: install
imageSpec:
  config:
    entrypoint: [/usr/bin/greet]
    cmd: [you]
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
COPY --chown=app src /src
RUN rm /bin/vi && cp /src/greet.c /src/own.c && ln /src/own.c /src/twin.c && mkfifo /pipe && mknod /null c 1 3
USER app
CMD ["sh", "-c", "echo from the dockerfile"]
DOCKERFILE
mkdir src
cat > src/greet.c <<'C'
#include <stdio.h>
int main(int argc, char **argv) {
    printf("hello %s\n", argc > 1 ? argv[1] : "world");
    return 0;
}
C
commit

must build --repo "$REGISTRY/formats"
cp "$SERVICES/out" "$SERVICES/built"
name_of() { awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$SERVICES/built"; }

for image in dockerfile stapel imported; do
  reference=$(name_of $image)
  equal "skopeo inspects $image" linux "$(skopeo inspect --tls-verify=false "docker://$reference" | jq -r .Os)"
  unpack "$reference" "$SERVICES/$image"
  ok "skopeo copies and umoci unpacks $image"
  docker pull -q "$reference" > /dev/null || fail "docker pull $image"
  ok "docker pulls $image"
done
run() { docker run --rm --network=none "$@" 2>&1; }
equal "docker runs the Dockerfile's image" "from the dockerfile" "$(run "$(name_of dockerfile)")"
equal "docker runs the Stapel image" "hello world" "$(run "$(name_of stapel)")"
equal "docker runs what was imported" "hello you" "$(run "$(name_of imported)")"
equal "a removed file is gone" no "$([ -e "$SERVICES/dockerfile/rootfs/bin/vi" ] && echo yes || echo no)"
equal "hard links stay links" 2 "$(stat -c %h "$SERVICES/dockerfile/rootfs/src/twin.c")"
equal "devices are kept" "character special file 1 3" "$(stat -c '%F %t %T' "$SERVICES/dockerfile/rootfs/null")"
equal "a mapping has its owner" 1000 "$(stat -c %u "$SERVICES/stapel/rootfs/src/greet.c")"
equal "the compiler stays behind" no "$([ -e "$SERVICES/imported/rootfs/usr/bin/tcc" ] && echo yes || echo no)"

manifest=$(skopeo inspect --raw --tls-verify=false "docker://$(name_of imported)")
for digest in $(jq -r '.config.digest, .layers[].digest' <<< "$manifest"); do
  blob=$(curl -fsS "http://$REGISTRY/v2/formats/blobs/$digest" | sha256sum | cut -d' ' -f1)
  equal "blob ${digest:7:12} is what its digest says" "${digest#sha256:}" "$blob"
done

must run --repo "$REGISTRY/formats" imported -- /usr/bin/greet nobody
contains "slipway runs an image" "$OUT" "hello nobody"

must build
equal "without a registry the images are in the store" built "$(result_of dockerfile)"
skopeo copy -q "oci:$STORE:$(image_of dockerfile)" "oci:$SERVICES/from-store:x" || fail "skopeo cannot read the store"
ok "skopeo reads the store as an OCI layout"
must store verify
ok "every byte of the store is what its name says"
