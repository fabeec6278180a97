# base-images.sh - sourced: makes base images from Debian's packages, since none is downloaded, and pushes them to $REGISTRY.
#
#   base_busybox              $REGISTRY/base/busybox:1, a static busybox with its applets and two users
#   base_rich                 $REGISTRY/base/rich:1, the same files with every member of the image config set
#   base_triggers             $REGISTRY/base/triggers:1, the same files with ONBUILD triggers, and a working folder that is not there
#   base_libc                 $REGISTRY/base/libc:1, busybox and the C library, for programs that need it
#   base_tcc                  $REGISTRY/base/tcc:1, the same and a C compiler

BASE_IMAGES=$(dirname "${BASH_SOURCE[0]}")

base_push() { # NAME ROOT CONFIG-JSON
  local layout
  layout=$(mktemp -d "$SERVICES/layout.XXXXXX")
  python3 "$BASE_IMAGES/make-image.py" "$2" "$layout" "$3"
  skopeo copy -q --dest-tls-verify=false "oci:$layout:1" "docker://$REGISTRY/base/$1:1"
  rm -rf "$layout"
}

base_root() { # FOLDER: a root file system of busybox
  local root=$1 applet
  mkdir -p "$root"/{bin,tmp,etc,root,usr/bin,var,home,lib,dev,proc,sys}
  chmod 1777 "$root/tmp"
  cp /bin/busybox "$root/bin/busybox"
  if [ -n "${BASE_WITH_BASH:-}" ]; then cp /bin/bash-static "$root/bin/bash"; fi
  for applet in $(/bin/busybox --list); do
    [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
  done
  printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home:/bin/sh\n' > "$root/etc/passwd"
  printf 'root:x:0:\napp:x:1000:\n' > "$root/etc/group"
}

base_path='"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"'

base_busybox() {
  base_root "$SERVICES/root-busybox"
  base_push busybox "$SERVICES/root-busybox" "{\"Env\": [$base_path], \"Cmd\": [\"/bin/sh\"]}"
}

base_rich() {
  [ -d "$SERVICES/root-busybox" ] || base_root "$SERVICES/root-busybox"
  base_push rich "$SERVICES/root-busybox" "{\"Env\": [$base_path, \"LANG=C.UTF-8\", \"KEEP=1\"], \"Cmd\": [\"serve\"],
    \"Entrypoint\": [\"/bin/sh\", \"-c\"], \"User\": \"app\", \"WorkingDir\": \"/home\", \"Volumes\": {\"/var/data\": {}, \"/var/log\": {}},
    \"ExposedPorts\": {\"8080/tcp\": {}}, \"Labels\": {\"org.example.one\": \"1\", \"org.example.two\": \"2\"}, \"StopSignal\": \"SIGINT\"}"
}

base_triggers() {
  [ -d "$SERVICES/root-busybox" ] || base_root "$SERVICES/root-busybox"
  base_push triggers "$SERVICES/root-busybox" "{\"Env\": [$base_path], \"Cmd\": [\"/bin/sh\"], \"Shell\": [\"/bin/sh\", \"-ec\"], \"User\": \"0:5\",
    \"WorkingDir\": \"/missing/folder\", \"Healthcheck\": {\"Test\": [\"CMD\", \"x\"], \"Interval\": 1000000000},
    \"OnBuild\": [\"RUN echo t > /t\", \"COPY a.txt /copied/\", \"ENV FIRED=1\", \"ARG GIVEN=default\", \"WORKDIR /w\"]}"
}

base_with_packages() { # NAME PACKAGE…: busybox and the files of packages, copied as they are installed here, without documentation
  local name=$1 root=$SERVICES/root-$1 file
  shift
  base_root "$root"
  rmdir "$root/lib"
  mkdir -p "$root/usr/lib" "$root/usr/lib64"
  ln -s usr/lib "$root/lib"
  ln -s usr/lib64 "$root/lib64"
  dpkg -L "$@" | grep -vE '^/usr/share' | while read -r file; do
    if [ -f "$file" ] || [ -L "$file" ]; then echo "${file#/}"; fi
  done | sort -u | grep -vE '^(lib|lib64)$' | tar -C / --hard-dereference -cf - -T - | tar -C "$root" -xf - --keep-directory-symlink
  base_push "$name" "$root" "{\"Env\": [$base_path], \"Cmd\": [\"/bin/sh\"]}"
}

base_libc() {
  base_with_packages libc libc6
}

base_tcc() {
  base_with_packages tcc libc6 tcc libc6-dev linux-libc-dev libcrypt-dev
}
