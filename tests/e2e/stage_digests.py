#!/usr/bin/env python3
"""stage_digests.py EXPECTED GOT PROJECT REGISTRY: compares the builds of one project with werf's. Prints every difference."""
import gzip
import hashlib
import io
import json
import sys
import tarfile
import urllib.request

expected_file, got, project, registry = sys.argv[1:5]
# Leftovers of the engine that werf used.
# The volumes of a base image are made as folders by that engine too.
IGNORED = ("/var/data", "/var/log", "/.werf", "/dev", "/proc", "/sys", "/run", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf")
# Stages whose digests hold what differs from run to run (names with times, manifest digests): from the first of them on, names only.
RUN_DEPENDENT = {("07-dependencies", None), ("11-chains-and-cache", "three"), ("08-staged", "app")}
# Results of which werf's engine got a patch wrong: it misses a change of the mode alone, and a file that became a symlink.
WERF_IS_WRONG = {
    ("04-stapel-git", "/src/lib/go.sh"): "git has 100644 since the last commit",
    ("10-patches", "/app/d/with space"): "git has 100755 since the third commit",
    ("10-patches", "/app/d/\u00fcn\u00ef"): "a symlink since the fourth commit",
}
differences = []


def fetch(path, accept="application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"):
    with urllib.request.urlopen(urllib.request.Request(f"http://{registry}/v2/{path}", headers={"Accept": accept})) as answer:
        return answer.read()


def differ(where, what, wanted, have):
    differences.append(f"{where}: {what}: werf has {json.dumps(wanted)}, here is {json.dumps(have)}")


def files_of(repo, manifest):
    """The files of an image, as the expected files describe them."""
    tree = {}
    for layer in manifest["layers"]:
        data = fetch(f"{repo}/blobs/{layer['digest']}")
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        entries = list(tarfile.open(fileobj=io.BytesIO(data)))
        archive = tarfile.open(fileobj=io.BytesIO(data))
        for entry in entries:
            path = "/" + entry.name.strip("./").removeprefix("./") if entry.name.startswith("./") else "/" + entry.name.strip("/")
            folder, _, name = path.rpartition("/")
            if name == ".wh..wh..opq":
                for old in [p for p in tree if p.startswith(folder + "/")]:
                    del tree[old]
            elif name.startswith(".wh."):
                gone = f"{folder}/{name[4:]}"
                for old in [p for p in tree if p == gone or p.startswith(gone + "/")]:
                    del tree[old]
            else:
                if path in tree and tree[path]["type"] == "5" and not entry.isdir():
                    for old in [p for p in tree if p.startswith(path + "/")]:
                        del tree[old]
                record = {"type": entry.type.decode(), "mode": "%o" % (entry.mode & 0o7777), "uid": entry.uid, "gid": entry.gid}
                if entry.isfile():
                    content = archive.extractfile(entry).read()
                    record.update(size=len(content), sha=hashlib.sha256(content).hexdigest()[:24])
                elif entry.islnk():
                    record = dict(tree.get("/" + entry.linkname.strip("/").removeprefix("./"), record))
                elif entry.issym():
                    record["link"] = entry.linkname
                tree[path] = record
    return tree


def is_ignored(path):
    return any(path == name or path.startswith(name + "/") for name in IGNORED)


def compare_files(where, wanted, removed, tree, base):
    changed = {path: record for path, record in tree.items() if base.get(path) != record and not is_ignored(path) and path != "/"}
    wanted = {path: record for path, record in wanted.items() if not is_ignored(path)}
    for path in sorted(set(wanted) | set(changed)):
        if (project, path) in WERF_IS_WRONG:
            continue
        if wanted.get(path) != changed.get(path) and not (path in base and wanted.get(path) == base[path]):
            differ(where, path, wanted.get(path), changed.get(path))
    gone = sorted(path for path in base if path not in tree and not is_ignored(path))
    wanted_gone = sorted(path for path in removed if not is_ignored(path))
    if gone != wanted_gone:
        differ(where, "removed files", wanted_gone, gone)


def normal(config):
    config = {key: value for key, value in (config or {}).items() if value not in (None, "", [], {}, False)}
    for key in ("Env",):
        if key in config:
            config[key] = sorted(config[key])
    config.pop("Labels", None)
    config.pop("ArgsEscaped", None)
    return config


def compare_result(where, wanted, repo, tag, base):
    manifest = json.loads(fetch(f"{repo}/manifests/{tag}"))
    image = json.loads(fetch(f"{repo}/blobs/{manifest['config']['digest']}"))
    config = image.get("config") or {}
    labels = config.get("Labels") or {}
    plain = {key: value for key, value in labels.items() if not key.startswith("werf")}
    wanted_labels = {key: value for key, value in (wanted.get("labels") or {}).items() if key != "io.buildah.version"}
    if plain != wanted_labels:
        differ(where, "labels", wanted_labels, plain)
    have, want = normal(config), normal(wanted["config"])
    for key in sorted(set(have) | set(want)):
        if have.get(key) != want.get(key):
            differ(where, "config " + key, want.get(key), have.get(key))
    if (image.get("author") or None) != (wanted.get("author") or None):
        differ(where, "author", wanted.get("author"), image.get("author"))
    compare_files(where, wanted["files"], wanted.get("removed", []), files_of(repo, manifest), base)


def main():
    expected = json.load(open(expected_file))
    base = files_of("base/busybox", json.loads(fetch("base/busybox/manifests/1")))
    compared = 0
    for step, images in expected.items():
        where = f"{project} step {step}"
        status = open(f"{got}/{project}-{step}.status").read().strip()
        if status != "0":
            differences.append(f"{where}: exit code {status}: " + open(f"{got}/{project}-{step}.err").read()[-1500:])
            continue
        report = json.load(open(f"{got}/{project}-{step}.json"))["Images"]
        for name, wanted in images.items():
            have = report.get(name)
            if have is None:
                differ(f"{where} image {name}", "image", "an entry in the report", None)
                continue
            names_only = (project, name) in RUN_DEPENDENT or (project, None) in RUN_DEPENDENT
            stages = [[s["Name"], s["DockerTag"].rsplit("-", 1)[0], s["Rebuilt"]] for s in have["Stages"]]
            want = [list(stage) for stage in wanted["stages"]]
            if names_only:
                stages, want = [s[0] for s in stages], [s[0] for s in want]
            if stages != want:
                differ(f"{where} image {name}", "stages", want, stages)
            if have["Final"] != wanted["final"]:
                differ(f"{where} image {name}", "final", wanted["final"], have["Final"])
            compared += len(want)
            if wanted.get("result") and not names_only:
                compare_result(f"{where} image {name}", wanted["result"], project, have["DockerTag"], base)
    print(f"{project}: {compared} stages, {len(differences)} differences")
    for difference in differences:
        print("  " + difference[:600])
    return 1 if differences else 0


sys.exit(main())
