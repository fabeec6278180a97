#!/usr/bin/env python3
"""dockerfiles.py: many Dockerfiles as data, and the images that two builders made of them, side by side.

  write DATA FOLDER HOST PATTERN   writes the Dockerfiles of DATA/*.txt whose names match, their ignore files, werf.yaml, and into
                                   FOLDER/.cases what `docker build` is to be called with: a line NAME ARGUMENTS… a case
  compare DATA OURS THEIRS PATTERN compares images of two layouts, see `images`, and our images with what DATA/*.expected says
  record DATA OURS PATTERN         prints what `compare` would want: for *.expected

DATA/*.txt: a line "=== NAME" begins a Dockerfile. Lines ": KEY VALUE" behind it are options:
  : target STAGE   : arg NAME=VALUE   : context FOLDER   : secret id=…,src=…   : host NAME:IP
  : newer          Debian's dockerd cannot build it: *.expected alone says what is wanted
  : differs WHY    the image is known to differ from dockerd's; *.expected says what is wanted
A line "--- ignore" begins the ignore file beside the Dockerfile. HOST/ is replaced by the registry's name.
"""
import fnmatch
import hashlib
import io
import json
import os
import re
import stat
import sys
import tarfile

# --- the data ---


class Case:
    def __init__(self, name):
        self.name, self.lines, self.ignore, self.options = name, [], None, []

    def all(self, key):
        return [value for name, value in self.options if name == key]

    def has(self, key):
        return bool(self.all(key))


def read_cases(data, pattern, host=""):
    cases = []
    for file in sorted(os.listdir(data)):
        if not file.endswith(".txt"):
            continue
        case, into = None, None
        for line in open(os.path.join(data, file), encoding="utf-8", newline="\n").read().split("\n")[:-1]:
            if line.startswith("=== "):
                case = Case(line[4:])
                cases.append(case)
                into = case.lines
            elif case is None:
                continue
            elif line.startswith(": ") and not case.lines:
                key, _, value = line[2:].partition(" ")
                case.options.append((key, value))
            elif line == "--- ignore":
                case.ignore = into = []
            else:
                into.append(line.replace("HOST/", host + "/"))
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "two cases of one name: %s" % {name for name in names if names.count(name) > 1}
    return [case for case in cases if fnmatch.fnmatch(case.name, pattern)]


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def write(data, folder, host, pattern):
    documents = ["project: compare\nconfigVersion: 1\n"]
    calls = []
    base = ["BASE=%s/base/busybox:1" % host, "RICH=%s/base/rich:1" % host]
    for case in read_cases(data, pattern, host):
        context = case.all("context")[0] if case.has("context") else "."
        place = os.path.join(folder, context, "d")
        os.makedirs(place, exist_ok=True)
        file = "d/%s.Dockerfile" % case.name
        with open(os.path.join(folder, context, file), "w", encoding="utf-8") as out:
            out.write("\n".join(case.lines) + "\n")
        if case.ignore is not None:
            with open(os.path.join(folder, context, file + ".dockerignore"), "w", encoding="utf-8") as out:
                out.write("".join(line + "\n" for line in case.ignore + ["d"]))
        arguments = base + case.all("arg")
        text = "---\nimage: %s\ndockerfile: %s\n" % (case.name, file)
        if context != ".":
            text += "context: %s\n" % context
        if case.has("target"):
            text += "target: %s\n" % case.all("target")[0]
        text += "args:\n" + "".join("  %s: %s\n" % (name, quoted(value)) for name, _, value in (a.partition("=") for a in arguments))
        if case.has("host"):
            text += "addHost: [%s]\n" % ", ".join(quoted(value) for value in case.all("host"))
        if case.has("secret"):
            text += "secrets:\n" + "".join("- {%s}\n" % secret.replace("=", ": ").replace(",", ", ") for secret in case.all("secret"))
        if case.has("ssh"):
            text += "ssh: default\n"
        if case.has("network"):
            text += "network: %s\n" % case.all("network")[0]
        documents.append(text)
        call = ["-f", os.path.join(context, file)]
        for argument in arguments:
            call += ["--build-arg", argument]
        for key, option in (("target", "--target"), ("host", "--add-host"), ("secret", "--secret")):
            for value in case.all(key):
                call += [option, value]
        call += ["--network", case.all("network")[0] if case.has("network") else "host"]
        calls.append("\t".join([case.name, "-" if case.has("newer") or case.has("differs") else "docker"] + call + [context]))
    with open(os.path.join(folder, "werf.yaml"), "w", encoding="utf-8") as out:
        out.write("".join(documents))
    with open(os.path.join(folder, "werf-giterminism.yaml"), "w", encoding="utf-8") as out:
        out.write("giterminismConfigVersion: 1\nconfig:\n  secrets:\n    allowFiles: [secret.txt]\n")
    with open(os.path.join(folder, ".cases"), "w", encoding="utf-8") as out:
        out.write("".join(call + "\n" for call in calls))


# --- images ---


class Entry:
    """What of a layer's entry is compared: all but times, and the order."""

    def __init__(self, info, data):
        self.mode, self.owner = info.mode & 0o7777, "%d:%d" % (info.uid, info.gid)
        self.xattrs = {key[13:]: value for key, value in info.pax_headers.items() if key.startswith("SCHILY.xattr.")}
        self.link = ""
        if info.isdir():
            self.kind, self.what = "dir", ""
        elif info.issym():
            self.kind, self.what, self.mode = "link", "-> " + info.linkname, 0
        elif info.ischr() or info.isblk():
            self.kind, self.what = "char" if info.ischr() else "block", "%d:%d" % (info.devmajor, info.devminor)
        elif info.isfifo():
            self.kind, self.what = "fifo", ""
        else:
            self.kind = "file"
            self.what = "%d %s" % (len(data), hashlib.sha256(data).hexdigest()[:16])

    def text(self, busybox=()):
        what = "busybox" if self.what in busybox else self.what
        xattrs = "".join(" %s=%s" % (key, value.encode("utf-8", "surrogateescape").hex()) for key, value in sorted(self.xattrs.items()))
        mode = "----" if self.kind == "link" else "%04o" % self.mode
        return ("%s %s %s %s%s%s" % (self.kind, mode, self.owner, what, self.link and " =" + self.link, xattrs)).strip()


def clean(name):
    return "/" + name.strip("/").removeprefix("./").strip("/") if name.strip("./") else "/"


class Layer:
    """Entries by path, removed paths, and folders that hide what was below them."""

    cache = {}

    def __init__(self, data):
        self.entries, self.removed, self.opaque, self.names = {}, set(), set(), []
        groups = {}
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for info in tar:
                path = clean(info.name)
                self.names.append(path)
                folder, base = os.path.split(path)
                if base == ".wh..wh..opq":
                    self.opaque.add(folder)
                elif base.startswith(".wh."):
                    self.removed.add(os.path.join(folder, base[4:]))
                elif info.islnk():
                    groups.setdefault(clean(info.linkname), [clean(info.linkname)]).append(path)
                else:
                    self.entries[path] = Entry(info, tar.extractfile(info).read() if info.isreg() else b"")
        for first, names in groups.items():
            # The first name by order stands for the file, whichever of them the archive held.
            for name in names:
                if first not in self.entries:
                    self.entries[name] = MISSING
                    continue
                entry = self.entries[name] = __import__("copy").copy(self.entries[first])
                entry.link = "" if name == min(names) else min(names)

    @classmethod
    def of(cls, key, read):
        if key not in cls.cache:
            cls.cache[key] = cls(read())
        return cls.cache[key]


class Missing:
    xattrs, link, kind = {}, "", "missing"

    def text(self, busybox=()):
        return "hard link to something of a layer below"


MISSING = Missing()


class Image:
    def __init__(self, config, layers):
        self.config, self.layers = config, layers

    def flat(self):
        """The files that the layers make together, and what each layer adds, changes and takes away, however it says so."""
        files, added, removed = {}, [], []
        for layer in self.layers:
            gone = set()
            added.append({path: entry for path, entry in layer.entries.items()
                          if path not in files or files[path].text() != entry.text()})
            for path in list(files):
                above = path
                while above != "/":
                    folder = os.path.dirname(above)
                    hidden = above in layer.removed or folder in layer.opaque
                    if hidden:
                        gone.add(path)
                        break
                    entry = layer.entries.get(above)
                    if above != path and entry and entry.kind != "dir":
                        break
                    above = folder
                else:
                    continue
                del files[path]
            for path, entry in layer.entries.items():
                old = files.get(path)
                if old and old.kind == "dir" and entry.kind != "dir":
                    for below in [name for name in files if name.startswith(path + "/")]:
                        del files[below]
                files[path] = entry
            removed.append(gone - set(layer.entries))
        return files, added, removed


def decompress(data):
    import bz2, gzip, lzma, zlib
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        import subprocess
        return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def image_of_blobs(read, digest):
    """An image by its manifest's digest; read(digest) gives bytes."""
    manifest = json.loads(read(digest))
    if "manifests" in manifest:
        return image_of_blobs(read, manifest["manifests"][0]["digest"])
    config = json.loads(read(manifest["config"]["digest"]))
    return Image(config, [Layer.of(diff, lambda layer=layer: decompress(read(layer["digest"])))
                          for diff, layer in zip(config["rootfs"]["diff_ids"], manifest["layers"])])


def images(layout):
    """NAME to a function that gives the image. A layout is `save:FOLDER`, what `docker save` made, unpacked, with tags NAME:latest;
    `registry:FOLDER:FILE`, a registry's storage and a list "NAME<TAB>REPOSITORY:TAG"; or `oci:FOLDER`, a folder of layouts."""
    kind, _, rest = layout.partition(":")
    found = {}
    if kind == "save":
        for entry in json.load(open(os.path.join(rest, "manifest.json"))):
            def load(entry=entry):
                config = json.load(open(os.path.join(rest, entry["Config"])))
                return Image(config, [Layer.of(diff, lambda layer=layer: open(os.path.join(rest, layer), "rb").read())
                                      for diff, layer in zip(config["rootfs"]["diff_ids"], entry["Layers"])])
            for tag in entry["RepoTags"] or []:
                found[tag.rpartition(":")[0].rpartition("/")[2]] = load
    elif kind == "registry":
        folder, _, file = rest.partition(":")
        root = os.path.join(folder, "docker/registry/v2")

        def read(digest):
            algorithm, _, value = digest.partition(":")
            return open(os.path.join(root, "blobs", algorithm, value[:2], value, "data"), "rb").read()
        for line in open(file):
            name, reference = line.split("\t")[:2]
            if ":" not in reference:
                continue
            repository, _, tag = reference.partition("/")[2].rpartition(":")
            link = os.path.join(root, "repositories", repository, "_manifests/tags", tag, "current/link")
            found[name] = lambda link=link: image_of_blobs(read, open(link).read().strip())
    else:
        for name in os.listdir(rest):
            def load(folder=os.path.join(rest, name)):
                def read(digest):
                    return open(os.path.join(folder, "blobs", *digest.split(":")), "rb").read()
                index = json.load(open(os.path.join(folder, "index.json")))
                return image_of_blobs(read, index["manifests"][0]["digest"])
            found[name] = load
    return found


# --- what is compared ---


def config_lines(image):
    """What a container is started by, and the platform. Labels of the build itself are left out."""
    config = dict(image.config.get("config") or {})
    config["Labels"] = {key: value for key, value in (config.get("Labels") or {}).items() if not key.startswith("werf")}
    lines = ["%s %s" % (key, json.dumps(config[key], sort_keys=True, ensure_ascii=True)) for key in sorted(config)
             if config[key] not in (None, "", [], {}, False)]
    for key in ("architecture", "os", "variant", "author"):
        if image.config.get(key):
            lines.append("%s %s" % (key, image.config[key]))
    return lines


def history_lines(image):
    return ["step %s%s" % (json.dumps(step.get("created_by", "")), " (empty)" if step.get("empty_layer") else "")
            for step in image.config.get("history", [])]


# BuildKit's releases word some steps differently: for dockerd these are compared by their keyword, and COPY without its flags.
def older_history(lines):
    return [re.sub(r'^step "(ARG|EXPOSE|HEALTHCHECK) .*"', r'step "\1"', re.sub(r" --(chown|chmod|from|link)=[^ ]+", "", line))
            .removesuffix(" (empty)") for line in lines]


def show(path):
    return path.encode("ascii", "backslashreplace").decode().replace("\n", "\\n").replace("\t", "\\t")


def exact_lines(image, base_layers):
    """The image in full, without the layers of its base. Debian's busybox has a new release now and then."""
    busybox = {layer.entries["/bin/busybox"].what for layer in base_layers}
    lines = config_lines(image) + history_lines(image)
    for number, layer in enumerate(image.layers):
        if layer in base_layers and lines[-1][0] != "l":
            continue
        lines.append("layer")
        marks = [(path, "whiteout") for path in layer.removed] + [(path, "opaque") for path in layer.opaque]
        entries = [(path, entry.text(busybox)) for path, entry in layer.entries.items()]
        lines += ["  %s %s" % (show(path), text) for path, text in sorted(marks + entries)]
    return lines


# dockerd has files of its own in the way of the ones that it binds over /etc while a step runs: empty ones are left behind.
LEFT_BEHIND = re.compile(r"^ */etc/(hosts|resolv\.conf|hostname) file [0-7]+ 0:0 0 ")


def flat_lines(image, user_xattrs):
    """The files, and what each layer brings and takes away."""
    files, added, removed = image.flat()

    def text(path, entry):
        if not user_xattrs:
            entry = __import__("copy").copy(entry)
            entry.xattrs = {key: value for key, value in entry.xattrs.items() if key == "security.capability"}
        return "%s %s" % (show(path), entry.text())
    lines = ["FILES"] + [text(path, entry) for path, entry in sorted(files.items())]
    number = 0
    for new, gone in zip(added, removed):
        if not new and not gone:
            continue  # dockerd drops empty ones
        lines += ["LAYER %d" % number] + [text(path, entry) for path, entry in sorted(new.items())] + ["%s whiteout" % show(path) for path in sorted(gone)]
        number += 1
    return [line for line in lines if not LEFT_BEHIND.match(line)]


def read_expected(data):
    expected = {}
    for file in sorted(os.listdir(data)):
        if file.endswith(".expected"):
            for line in open(os.path.join(data, file), encoding="utf-8").read().split("\n")[:-1]:
                if line.startswith("=== "):
                    expected[line[4:]] = into = []
                else:
                    into.append(line)
    return expected


def difference(title, theirs, ours):
    import difflib
    lines = list(difflib.unified_diff(theirs, ours, lineterm="", n=1))[2:]
    for line in [title] + lines[:60]:
        print(line, file=sys.stderr)


def compare(data, ours, theirs, pattern):
    expected, ours, theirs = read_expected(data), images(ours), images(theirs) if theirs != "-" else {}
    different, checked = [], 0
    base = set()
    for case in read_cases(data, pattern):
        name = case.name
        if name not in ours:
            different.append(name)
            print("NOT BUILT: " + name, file=sys.stderr)
            continue
        image = ours[name]()
        fine = checks = 0
        if name in theirs:
            other = theirs[name]()
            pair = [config_lines(i) + older_history(history_lines(i)) + flat_lines(i, False) for i in (other, image)]
            checks += 1
            if pair[0] == pair[1] or case.has("differs"):
                fine += 1
            else:
                difference("DIFFERS: %s (docker -, slipway +)" % name, *pair)
        if name in expected:
            checks += 1
            got = exact_lines(image, base_of(ours))
            wanted = expected[name]
            if got == wanted:
                fine += 1
            else:
                difference("DIFFERS: %s (expected -, slipway +)" % name, wanted, got)
        if checks == 0:
            print("NOTHING TO COMPARE WITH: " + name, file=sys.stderr)
        if checks == 0 or fine < checks:
            different.append(name)
        else:
            checked += 1
            print("ok %d - %s" % (checked, name))
    if different:
        print("FAILED: %d differ: %s" % (len(different), " ".join(different)), file=sys.stderr)
    return not different


def base_of(layout):
    """The layers of the base images: cases from-alone and from-rich."""
    layers = set()
    for name in ("from-alone", "from-rich-inherits-config"):
        if name in layout:
            layers |= set(layout[name]().layers)
    return layers


def main(arguments):
    command = arguments.pop(0)
    if command == "write":
        write(*arguments)
    elif command == "compare":
        sys.exit(0 if compare(*arguments) else 1)
    elif command == "record":
        data, layout, pattern = arguments
        layout = images(layout)
        base = base_of(layout)
        for case in read_cases(data, pattern):
            lines = exact_lines(layout[case.name](), base) if case.name in layout else []
            if 0 < len(lines) < 150:
                print("=== " + case.name)
                print("\n".join(lines))


main(sys.argv[1:])
