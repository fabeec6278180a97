#!/usr/bin/env python3
"""make-image.py ROOT LAYOUT CONFIG: packs the folder ROOT into an OCI layout with one image, tagged "1". Equal folders give equal bytes."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

root, layout, config = sys.argv[1:4]


def plain(info):
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    return info


def put(media_type, data, **more):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as blob:
        blob.write(data)
    return {"mediaType": "application/vnd.oci.image." + media_type, "digest": "sha256:" + digest, "size": len(data), **more}


os.makedirs(layout + "/blobs/sha256", exist_ok=True)
packed = io.BytesIO()
with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
    paths = sorted(os.path.relpath(os.path.join(folder, name), root) for folder, folders, files in os.walk(root) for name in folders + files)
    for path in paths:
        tar.add(os.path.join(root, path), arcname=path, recursive=False, filter=plain)
raw = packed.getvalue()
layer = put("layer.v1.tar+gzip", gzip.compress(raw, 1, mtime=0))
image = {
    "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine),
    "os": "linux",
    "config": json.loads(config),
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(raw).hexdigest()]},
    "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "base"}],
}
manifest = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": put("config.v1+json", json.dumps(image, sort_keys=True).encode()),
    "layers": [layer],
}
entry = put("manifest.v1+json", json.dumps(manifest).encode(), annotations={"org.opencontainers.image.ref.name": "1"})
with open(layout + "/index.json", "w") as index:
    json.dump({"schemaVersion": 2, "manifests": [entry]}, index)
with open(layout + "/oci-layout", "w") as version:
    json.dump({"imageLayoutVersion": "1.0.0"}, version)
