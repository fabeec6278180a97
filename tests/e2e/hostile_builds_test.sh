# Builds that try to get out of their image or context: by links in contexts, stages and mounts, ids of caches, archives, and names with
# "..". Whether the build fails or not, the host's own files are neither changed nor read.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

OUTSIDE=$SERVICES/outside
mkdir -p "$OUTSIDE/stub" "$OUTSIDE/folder"
echo "what-only-the-host-knows" > "$OUTSIDE/file"
printf 'root:x:0:0::/:/bin/sh\nhostuser:x:4711:4711::/:/bin/sh\n' > "$OUTSIDE/passwd"
BASE=$REGISTRY/base/busybox:1
project hostile
mkdir -p context/sub
echo text > context/a.txt && echo text > context/sub/b.txt
ln -s "$OUTSIDE" context/way && ln -s ../../../../../../../../../../../.."$OUTSIDE" context/up && ln -s "$OUTSIDE/file" context/link
ln -s "$OUTSIDE" linked-context
echo secret > token
printf 'giterminismConfigVersion: 1\nconfig:\n  secrets:\n    allowFiles: [token]\n' > werf-giterminism.yaml
python3 - "$OUTSIDE" <<'PYTHON'
import io, sys, tarfile

outside, up = sys.argv[1], "../" * 30
cases = {
    "dotdot": [(up + outside[1:] + "/new", None, "x"), ("a/" + up + outside[1:] + "/file", None, "x")],
    "absolute": [(outside + "/file", None, "x")],
    "through": [("way", (tarfile.SYMTYPE, outside), ""), ("way/file", None, "x"), ("way/new", None, "x")],
    "hardlink": [("mine", (tarfile.LNKTYPE, outside + "/file"), ""), ("mine", None, "x")],
    "hardlink-up": [("mine", (tarfile.LNKTYPE, up + outside[1:] + "/file"), "")],
    "root": [(".", (tarfile.SYMTYPE, outside), ""), ("new", None, "x")],
}
for name, entries in cases.items():
    with tarfile.open("context/%s.tar" % name, "w") as tar:
        for path, link, data in entries:
            info = tarfile.TarInfo(path)
            if link:
                info.type, info.linkname = link
            info.size = 0 if link else len(data)
            tar.addfile(info, None if link else io.BytesIO(data.encode()))
PYTHON

unharmed() { # WHAT
  equal "$1: nothing changes outside (exit code $STATUS)" "$before" "$(python3 "$E2E_SOURCE/tests/e2e/tree.py" "$OUTSIDE"; ls -a "$SERVICES")"
}

# try STATUS WHAT: builds the Dockerfile on standard input, which ends so.
try() {
  cat > context/Dockerfile
  printf 'project: hostile\nconfigVersion: 1\n---\nimage: app\ncontext: context\ndockerfile: Dockerfile\nsecrets: [{id: token, src: token}]\n' > werf.yaml
  commit
  STATUS=0
  timeout 60 "$SLIPWAY" build --repo "$REGISTRY/hostile" > "$OUTSIDE.out" 2> "$OUTSIDE.err" < /dev/null || STATUS=$?
  [ "$STATUS" = "$1" ] || { cat "$OUTSIDE.err" >&2; fail "$2: exit code $STATUS, not $1"; }
  unharmed "$2"
}
touch "$OUTSIDE.out" "$OUTSIDE.err" "$SERVICES/out" "$SERVICES/err"
mkdir -p "$STORE"
before=$(python3 "$E2E_SOURCE/tests/e2e/tree.py" "$OUTSIDE"; ls -a "$SERVICES")

# --- contexts ---
for source in way/file up/file link; do
  try 1 "COPY of a link out of the context ($source)" <<< "FROM $BASE
COPY $source /x"
done
try 0 "COPY of a context with links out of it" <<< "FROM $BASE
COPY . /x
RUN ! cat /x/link /x/way/file"
try 1 "a bind mount of a link out of the context" <<< "FROM $BASE
RUN --mount=source=way,target=/m,rw touch /m/new"
try 0 "the whole context bound, with links" <<< "FROM $BASE
RUN --mount=target=/m,rw ! cat /m/link && ! touch /m/way/new"

# --- stages ---
try 1 "COPY --from through a link" <<< "FROM $BASE
RUN ln -s $OUTSIDE /way
FROM $BASE
COPY --from=0 /way/file /x"
try 0 "COPY to where a link leads" <<< "FROM $BASE
RUN ln -s $OUTSIDE /way && ln -s $OUTSIDE/file /link
COPY a.txt /way/new
COPY a.txt /link
ADD dotdot.tar /way/
RUN cat $OUTSIDE/file $OUTSIDE/new && rm -r /way/*"
try 0 "WORKDIR and VOLUME with dots" <<< "FROM $BASE
WORKDIR /../../../../../..$OUTSIDE/made
WORKDIR ../../../../../../../../..$OUTSIDE/more
VOLUME /../..$OUTSIDE/volume
RUN touch here"
try 1 "a heredoc's name with dots" <<< "FROM $BASE
COPY <<../../../../../..$OUTSIDE/new /x/
text
../../../../../..$OUTSIDE/new
RUN exit 1"

# --- archives ---
for archive in dotdot absolute through; do
  try 0 "ADD of an archive: $archive" <<< "FROM $BASE
ADD $archive.tar /x/"
done
for archive in hardlink hardlink-up root; do
  try 1 "ADD of an archive: $archive" <<< "FROM $BASE
ADD $archive.tar /x/"
done

# --- mounts ---
try 1 "a bind mount whose source is a link" <<< "FROM $BASE AS make
RUN ln -s $OUTSIDE /way
FROM $BASE
RUN --mount=from=make,source=/way,target=/m,rw touch /m/new"
try 1 "a cache that begins with a link" <<< "FROM $BASE AS make
RUN ln -s $OUTSIDE /way
FROM $BASE
RUN --mount=type=cache,from=make,source=/way,target=/m cat /m/file"
for kind in tmpfs cache bind,source=sub; do
  try 0 "a mount point behind a link: $kind" <<< "FROM $BASE
RUN ln -s $OUTSIDE /way
RUN --mount=type=$kind,target=/way/folder --mount=type=$kind,target=/way/made true"
done
try 0 "a secret behind a link" <<< "FROM $BASE
RUN ln -s $OUTSIDE /way
RUN --mount=type=secret,id=token,target=/way/token cat /way/token > /dev/null"
for id in ../../../outside/folder /etc .. . "../../../../../../../../../../../..$OUTSIDE"; do
  try 0 "a cache with the id $id" <<< "FROM $BASE
RUN --mount=type=cache,id=$id,target=/m touch /m/new && ! cat /m/file"
done
try 1 "a mount on /" <<< "FROM $BASE
RUN --mount=type=tmpfs,target=/x/.. true"
try 0 "a mount point that becomes a link while it is used" <<< "FROM $BASE
RUN --mount=type=tmpfs,target=/way/stub mv /way /old && ln -s $OUTSIDE /way"
try 0 "two steps of which one exchanges what the other mounts" <<< "FROM $BASE AS swap
RUN --mount=type=cache,id=race,target=/c mkdir -p /c/d && for i in \$(seq 300); do mv /c/d /c/e; ln -s $OUTSIDE /c/d; rm /c/d; mv /c/e /c/d; done; touch /done
FROM $BASE AS use
RUN --mount=type=cache,id=race,target=/c for i in \$(seq 300); do touch /c/d/new; rm -f /c/d/file; cat /c/d/file; done 2>/dev/null; touch /used
FROM $BASE
COPY --from=swap /done /
COPY --from=use /used /"

# --- files that the builder itself reads in an image ---
try 1 "a user whom only the host knows" <<< "FROM $BASE
RUN ln -sf $OUTSIDE/passwd /etc/passwd
USER hostuser
RUN true"
try 0 "an owner whom only the host knows" <<< "FROM $BASE
RUN ln -sf $OUTSIDE/passwd /etc/passwd
COPY --chown=hostuser a.txt /x
RUN [ \$(stat -c %u /x) = 0 ]"
for special in 'ln -sf /dev/zero /etc/passwd' 'rm /etc/passwd && mkfifo /etc/passwd' 'ln -sf passwd /etc/passwd' 'rm /etc/passwd && mkdir /etc/passwd'; do
  try 1 "passwd by $special" <<< "FROM $BASE
RUN $special
USER app
RUN true"
done
try 0 "resolv.conf and hosts as links" <<< "FROM $BASE AS make
RUN mkdir /l && ln -s $OUTSIDE/file /l/resolv.conf && ln -s $OUTSIDE/made /l/hosts
FROM $BASE
COPY --from=make /l /etc
RUN cat /etc/resolv.conf > /dev/null && ! echo x > /etc/hosts && ! cp /etc/passwd /etc/resolv.conf"

# --- paths of werf.yaml ---
echo "FROM $BASE" > context/Dockerfile
for paths in 'dockerfile: ../context/Dockerfile' "dockerfile: $OUTSIDE/file" 'dockerfile: context/../../outside/file' 'dockerfile: context/link' \
  'context: ..' 'context: ../outside' "context: $OUTSIDE" 'context: linked-context'; do
  case $paths in dockerfile*) more='' ;; *) more=$'\ndockerfile: file' ;; esac
  printf 'project: hostile\nconfigVersion: 1\n---\nimage: app\n%s%s\n' "$paths" "$more" > werf.yaml
  commit
  slipway build --repo "$REGISTRY/hostile"
  [ "$STATUS" != 0 ] || fail "$paths: was built"
  case "$ERR" in *what-only-the-host-knows*) fail "$paths: shows the host's file" ;; esac
  unharmed "$paths"
done

found=$(find "$SERVICES/registry" -name data -exec zcat -f {} + 2> /dev/null | grep -ac what-only-the-host-knows || true)
equal "no image holds what only the host knows" 0 "$found"
equal "no mount is left" "" "$(awk -v folder="$STORE/" 'index($2, folder) == 1 { print $2 }' /proc/mounts)"
must store verify
ok "the store is whole"
