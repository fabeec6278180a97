# Layers that try to get out of their image: with "..", absolute names, and links that lead elsewhere. Whatever the build says, nothing is
# written outside the store, and the host's own files stay as they are.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

OUTSIDE=$SERVICES/outside
mkdir -p "$OUTSIDE"
echo untouched > "$OUTSIDE/file"

# hostile_image CASE: pushes an image whose one layer is hostile in the way of the case, as $REGISTRY/hostile/CASE:1.
hostile_image() {
  python3 - "$1" "$OUTSIDE" "http://$REGISTRY/v2/hostile/$1" <<'PYTHON'
import hashlib, io, json, sys, tarfile, urllib.request

case, outside, base = sys.argv[1:4]
packed = io.BytesIO()
tar = tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT)


def add(name, kind=tarfile.REGTYPE, link="", data=b"escaped", mode=0o644):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = kind, link, mode
    if kind == tarfile.REGTYPE:
        entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data) if kind == tarfile.REGTYPE else None)


up = "../" * 30
if case == "dotdot":
    add(up + outside[1:] + "/file")
    add("a/" + up + outside[1:] + "/new")
elif case == "absolute":
    add(outside + "/file")
    add(outside + "/new")
elif case == "symlink":
    add("way", tarfile.SYMTYPE, outside)
    add("way/file")
    add("way/new")
elif case == "relative-symlink":
    add("way", tarfile.SYMTYPE, up + outside[1:])
    add("way/new")
elif case == "symlink-chain":
    add("one", tarfile.SYMTYPE, "two")
    add("two", tarfile.SYMTYPE, outside)
    add("one/new")
elif case == "hardlink":
    add("mine", tarfile.LNKTYPE, outside + "/file")
    add("mine")
elif case == "hardlink-dotdot":
    add("mine", tarfile.LNKTYPE, up + outside[1:] + "/file")
    add("mine")
elif case == "hardlink-through-symlink":
    add("way", tarfile.SYMTYPE, outside)
    add("mine", tarfile.LNKTYPE, "way/file")
    add("mine")
elif case == "file-over-symlink":
    add("target", tarfile.SYMTYPE, outside + "/file")
    add("target")
elif case == "whiteout":
    add("way", tarfile.SYMTYPE, outside)
    add("way/.wh.file", data=b"")
elif case == "whiteout-dotdot":
    add("a/.wh..", data=b"")
    add(up + outside[1:] + "/.wh.file", data=b"")
elif case == "opaque":
    add("way", tarfile.SYMTYPE, outside)
    add("way/.wh..wh..opq", data=b"")
elif case == "folder-mode":
    add("way", tarfile.SYMTYPE, outside)
    add("way", tarfile.DIRTYPE, mode=0o777)
    add("way/", tarfile.DIRTYPE, mode=0o777)
elif case == "device":
    add("null", tarfile.CHRTYPE)
elif case == "empty-name":
    add("")
    add(".", tarfile.DIRTYPE, mode=0o777)
    add("..", tarfile.DIRTYPE, mode=0o777)
else:
    sys.exit("no such case: " + case)
tar.close()
layer = packed.getvalue()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def send(method, url, data=b"", kind="application/octet-stream"):
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind})
    return urllib.request.urlopen(request)


def blob(data):
    place = send("POST", base + "/blobs/uploads/").headers["Location"]
    send("PUT", place + "&digest=" + digest(data), data)
    return {"digest": digest(data), "size": len(data)}


config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [digest(layer)]}}).encode())
manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **blob(layer)}]}
send("PUT", base + "/manifests/1", json.dumps(manifest).encode(), manifest["mediaType"])
PYTHON
}

project hostile
for case in dotdot absolute symlink relative-symlink symlink-chain hardlink hardlink-dotdot hardlink-through-symlink file-over-symlink whiteout \
  whiteout-dotdot opaque folder-mode device empty-name; do
  hostile_image $case
  printf 'project: hostile\nconfigVersion: 1\n---\nimage: app\ndockerfile: Dockerfile\n' > werf.yaml
  printf 'FROM %s/base/busybox:1\nCOPY --from=%s/hostile/%s:1 / /taken\nRUN echo fine > /fine\n' "$REGISTRY" "$REGISTRY" $case > Dockerfile
  before=$(python3 "$E2E_SOURCE/tests/e2e/tree.py" "$OUTSIDE")
  commit
  slipway build --repo "$REGISTRY/hostile"
  case $STATUS in
    0 | 1) ;;
    *) fail "$case: exit code $STATUS: $ERR" ;;
  esac
  equal "$case: nothing changes outside (exit code $STATUS)" "$before" "$(python3 "$E2E_SOURCE/tests/e2e/tree.py" "$OUTSIDE")"
  printf 'FROM %s/hostile/%s:1\nCOPY werf.yaml /way/copied\nCOPY werf.yaml /target\n' "$REGISTRY" $case > Dockerfile
  commit
  slipway build --repo "$REGISTRY/hostile"
  equal "$case as a base: nothing changes outside (exit code $STATUS)" "$before" "$(python3 "$E2E_SOURCE/tests/e2e/tree.py" "$OUTSIDE")"
done
equal "no mount is left" "" "$(awk -v folder="$STORE/" 'index($2, folder) == 1 { print $2 }' /proc/mounts)"
must store verify
ok "the store is whole"
