#!/usr/bin/env python3
"""stage_digest.py SLIPWAY REGISTRY WORK: builds a project once in the current folder, then asks for its digests under many conditions and after
many changes. Prints each row that does not hold."""
import os
import shutil
import subprocess
import sys

slipway, registry, work = sys.argv[1:4]
failures = []
rows = 0

FILES = {
    "werf.yaml": f"""project: digests
configVersion: 1
build:
  cacheVersion: base
---
image: app
dockerfile: Dockerfile
target: last
addHost: ["one:10.0.0.1"]
args:
  GREETING: hello
  UNUSED: nothing
imageSpec:
  author: somebody
  config:
    labels: {{ tier: one }}
    env: {{ MODE: fast }}
    cmd: [serve]
---
image: steps
dockerfile: steps.Dockerfile
staged: true
---
image: tool
from: {registry}/base/busybox:1
git:
- add: /src
  to: /src
  owner: root
  group: root
  includePaths: ["**/*.txt", "**/*.sh"]
  excludePaths: [skip]
  stageDependencies:
    install: ["dep/*.txt"]
    setup: ["run.sh"]
shell:
  beforeInstall: echo one > /one
  install: [echo two > /two, echo three > /three]
  beforeSetup: echo before
  setup: echo four
  cacheVersion: "1"
docker:
  ENV: {{ LEVEL: "1" }}
  LABEL: {{ team: blue }}
  USER: app
mount:
- from: tmp_dir
  to: /cache
---
image: alone
from: {registry}/base/busybox:1
shell:
  setup: echo alone
---
image: user
from: {registry}/base/busybox:1
import:
- image: tool
  add: /src
  to: /imported
  owner: app
  includePaths: ["*.txt"]
  after: install
dependencies:
- image: app
  after: setup
  imports:
  - type: ImageName
    targetEnv: APP
""",
    "Dockerfile": f"""FROM {registry}/base/busybox:1 AS helper
COPY src/dep /dep
RUN cat /dep/one.txt > /helped

FROM {registry}/base/busybox:1 AS last
ARG GREETING
COPY --from=helper /helped /helped
COPY src /src/
RUN true
ENV MODE=fast
LABEL team=blue
WORKDIR /src
EXPOSE 80
USER app
VOLUME /data
STOPSIGNAL SIGINT
ENTRYPOINT ["/bin/sh"]
CMD ["cat", "/helped"]

FROM last AS other
RUN echo other
""",
    "steps.Dockerfile": f"""FROM {registry}/base/busybox:1
ENV A=1
LABEL b=2
WORKDIR /w
COPY src/a.txt /a
RUN echo $A
USER app
CMD ["serve"]
""",
    ".dockerignore": "ignored\n",
    "README": "text\n",
    "ignored/file": "i\n",
    "src/a.txt": "a\n",
    "src/b.txt": "b\n",
    "src/run.sh": "sh\n",
    "src/bin": "binary\n",
    "src/dep/one.txt": "d\n",
    "src/skip/s.txt": "s\n",
}


def git(*arguments, **options):
    subprocess.run(["git", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def digests(arguments=(), env=None, folder=".", wrapper=(), before=(), preexec=None):
    """Digests by image, in their order: {image: [(stage, digest)]}."""
    command = [*wrapper, slipway, *before, "stage", "digest", *arguments, "--repo", f"{registry}/digests"]
    ran = subprocess.run(command, env={**os.environ, **(env or {})}, cwd=folder, capture_output=True, text=True, preexec_fn=preexec)
    if ran.returncode:
        return {"error": [(ran.stderr.strip(), "")]}
    images = {}
    for line in ran.stdout.splitlines():
        if line.startswith("  "):
            stage, digest, state = line.strip().split("\t")
            images[image].append((stage, digest + (" " + state if state != "missing" else "")))
        else:
            image = line.split("\t")[0]
            images[image] = []
    return images


def fail(what, text):
    failures.append(f"{what}: {text}")


def same(what, **how):
    global rows
    rows += 1
    got = digests(**how)
    if got != base:
        fail(what, f"other digests: {[(i, s) for i in got for s in got[i] if s not in base.get(i, [])]}")


def check(what, wanted, got):
    """`wanted`: the first stage that changes by image; a stage that is gone is "-NAME"."""
    wanted = dict(entry.split(":") for entry in wanted.split())
    if "tool" in wanted and "user" not in wanted:
        wanted["user"] = "dependenciesAfterInstall"
    if "app" in wanted and "user" not in wanted:
        wanted["user"] = "dependenciesAfterSetup"
    if "error" in got:
        return fail(what, got["error"][0][0])
    for image, stages in got.items():
        old = base[image]
        first = next((stage for i, (stage, digest) in enumerate(stages) if i >= len(old) or old[i] != (stage, digest)), None)
        if first is None and len(stages) < len(old):
            first = "-" + old[len(stages)][0]
        if first != wanted.get(image):
            fail(what, f"image {image}: the first stage that changes is {first}, not {wanted.get(image)}")
        elif first and not first.startswith("-"):
            index = [stage for stage, _ in stages].index(first)
            kept = [stage for stage, digest in stages[index:] if (stage, digest) in old]
            if kept:
                fail(what, f"image {image}: {kept} behind {first} stay the same")


def changed(what, wanted, files=None, run=None):
    """After a commit of `files` ({path: text, or (old, new), or None}) exactly the `wanted` stages change: "" for none."""
    global rows
    rows += 1
    for path, content in (files or {}).items():
        if content is None:
            os.unlink(path)
            continue
        if isinstance(content, tuple):
            text = open(path).read()
            if content[0] not in text:
                return fail(what, f"{path} has no {content[0]!r}")
            content = text.replace(content[0], content[1], 1)
        if os.path.dirname(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").write(content)
    if run:
        subprocess.run(run, shell=True, check=True)
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", what)
    check(what, wanted, digests())
    git("reset", "-q", "--hard", "beginning")
    git("clean", "-qfdx")


for path, text in FILES.items():
    if os.path.dirname(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").write(text)
os.chmod("src/run.sh", 0o755)
git("add", "-A")
git("commit", "-q", "-m", "the beginning")
git("branch", "beginning")
subprocess.run([slipway, "build", "--repo", f"{registry}/digests"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
base = digests()
if sorted(base) != ["alone", "app", "steps", "tool", "user"] or any("in the store" not in d for s in base.values() for _, d in s):
    sys.exit(f"not all stages are in the store after a build: {base}")

# --- the host and the user: nothing of them enters a digest ---------------------------------------------------------------------------
for mask in (0o000, 0o002, 0o027, 0o077, 0o777):
    same(f"umask {mask:03o}", preexec=lambda mask=mask: os.umask(mask))
for zone in ("UTC", "Asia/Tokyo", "America/New_York", "Europe/Moscow", "XYZ-14", ":/nonexistent"):
    same(f"time zone {zone}", env={"TZ": zone})
for locale in ("C", "C.UTF-8", "POSIX", "tr_TR.UTF-8", "ja_JP.EUC-JP", "nonsense"):
    same(f"locale {locale}", env={"LC_ALL": locale})
    same(f"language {locale}", env={"LC_ALL": "", "LANG": locale})
for name, value in {
    "HOME": "/nonexistent", "USER": "somebody", "LOGNAME": "x", "HOSTNAME": "elsewhere", "COLUMNS": "20", "TERM": "dumb", "NO_COLOR": "1",
    "CI": "true", "GITHUB_ACTIONS": "true", "SHELL": "/bin/false", "PAGER": "false", "EDITOR": "false", "TMPDIR": "/var/tmp",
    "GIT_PAGER": "false", "GIT_EXTERNAL_DIFF": "false", "GIT_DIFF_OPTS": "-u0", "GIT_EDITOR": "false", "GIT_TRACE": "0",
    "GIT_AUTHOR_NAME": "other", "GIT_COMMITTER_EMAIL": "x@y", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
    "WERF_LOG_DEBUG": "1", "WERF_LOG_QUIET": "1", "WERF_PARALLEL": "false", "WERF_PARALLEL_TASKS_LIMIT": "1", "WERF_ENV": "production",
    "WERF_INSECURE_REGISTRY": "1", "DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_BUILDKIT": "0", "BUILDKIT_HOST": "tcp://127.0.0.1:1",
    "SOURCE_DATE_EPOCH": "1", "GREETING": "bye", "http_proxy": "", "MALLOC_PERTURB_": "165", "XDG_DATA_HOME": "/nonexistent",
    "XDG_CONFIG_HOME": "/nonexistent", "SLIPWAY_PROGRESS": "json", "SLIPWAY_STORE": f"{work}/other-store",
}.items():
    same(f"variable {name}={value}", env={name: value})
same("another machine's name", wrapper=["unshare", "--uts", "sh", "-c", 'hostname elsewhere; exec "$@"', "sh"])
same("no processors to speak of", wrapper=["taskset", "-c", "0"])
same("a low limit of open files", wrapper=["prlimit", "--nofile=128:128"])
same("another priority", wrapper=["nice", "-n", "5"])

# --- the repository's form ----------------------------------------------------------------------------------------------------------
for setting in ("core.autocrlf=true", "core.autocrlf=input", "core.fileMode=false", "core.ignoreCase=true", "core.quotePath=false",
                "core.symlinks=false", "core.eol=crlf", "core.abbrev=40", "core.precomposeUnicode=true", "core.trustctime=false",
                "core.checkStat=minimal", "core.untrackedCache=true", "diff.noprefix=true", "diff.mnemonicPrefix=true", "diff.renames=copies",
                "diff.algorithm=histogram", "diff.context=0", "diff.external=false", "diff.interHunkContext=9", "diff.submodule=log",
                "diff.suppressBlankEmpty=true", "color.ui=always", "i18n.commitEncoding=latin1", "i18n.logOutputEncoding=latin1",
                "core.pager=false", "log.showSignature=true", "user.name=x", "init.defaultBranch=x", "status.renames=copies",
                "core.commitGraph=false", "gc.auto=0", "feature.manyFiles=false"):
    git("config", *setting.split("=", 1))
    same(f"git configuration {setting}")
    git("config", "--unset", setting.split("=")[0])
with open(f"{work}/gitconfig", "w") as file:
    file.write("[core]\n\tautocrlf = true\n\tfileMode = false\n\tattributesFile = /nonexistent\n[diff]\n\tnoprefix = true\n")
same("a configuration of the user's", env={"GIT_CONFIG_GLOBAL": f"{work}/gitconfig"})
same("a configuration of the system's", env={"GIT_CONFIG_SYSTEM": f"{work}/gitconfig"})
for path in FILES:
    os.utime(path, (1, 1))
same("old times of the files")
for path in FILES:
    os.utime(path)
same("new times of the files")
os.unlink(".git/index")
git("reset", "-q")
same("an index written anew")
git("checkout", "-q", "--detach")
same("no branch")
git("checkout", "-q", "-b", "feature/name")
same("another branch")
git("tag", "v1.2.3")
same("a tag")
for what, command in {"packed objects": ["gc", "-q"], "a commit graph": ["commit-graph", "write"], "packed references": ["pack-refs", "--all"]}.items():
    git(*command)
    same(what)
open("untracked", "w").write("x")
same("a file that is not tracked")
os.unlink("untracked")
for what, options in {"a clone": [], "a clone without hard links": ["--no-local"], "a shared clone": ["--shared"], "one branch only": ["--single-branch"],
                      "a shallow clone": ["--depth=1", "file"], "a partial clone": ["--filter=blob:none", "file"]}.items():
    place = f"{work}/clones/{what}"
    source = os.getcwd()
    if options[-1:] == ["file"]:
        options, source = options[:-1], f"file://{source}"
        git("config", "uploadpack.allowFilter", "true")
    git("clone", "-q", *options, source, place)
    same(what, folder=place)
git("worktree", "add", "-q", "--detach", f"{work}/clones/tree")
same("a linked work tree", folder=f"{work}/clones/tree")
git("worktree", "remove", f"{work}/clones/tree")
os.symlink(os.getcwd(), f"{work}/clones/link")
same("a path through a symlink", folder=f"{work}/clones/link")
same("a folder of the project below", folder="src", arguments=["--dir", ".."])
shutil.copytree(".", f"{work}/clones/copied ü", symlinks=True)
same("a copy in a folder with an odd name", folder=f"{work}/clones/copied ü")
git("checkout", "-q", "main")

# --- how it is asked ------------------------------------------------------------------------------------------------------------------
same("options before the images", arguments=["--dir", "."])
same("all images by name", arguments=["app", "steps", "tool", "alone", "user"])
same("in another order", arguments=["user", "alone", "tool", "steps", "app"])
same("by wildcards", arguments=["*"])
same("the platform that is the default", arguments=["--platform", "linux/amd64"])
same("an environment that no template asks for", arguments=["--env", "production"])
same("a configuration by its path", arguments=["--config", "werf.yaml"])
same("another store", arguments=["--store", f"{work}/third-store"])
same("loose giterminism", arguments=["--loose-giterminism"])
same("debug messages", arguments=["--log-debug"])

# --- the commit -----------------------------------------------------------------------------------------------------------------------
changed("a commit without changes", "")
changed("a file that no image takes", "", {"README": "other\n"})
changed("a file that is ignored", "", {"ignored/file": "other\n"})
changed("a new file outside of all", "", {"docs/new": "x\n"})
changed("a comment in werf.yaml", "", {"werf.yaml": ("image: app", "# comment\nimage: app")})
changed("an order of keys in werf.yaml", "", {"werf.yaml": ("dockerfile: Dockerfile\ntarget: last", "target: last\ndockerfile: Dockerfile")})
changed("another way to write a text", "", {"werf.yaml": ("GREETING: hello", "'GREETING': \"hello\"")})
changed("an order of arguments", "", {"werf.yaml": ("  GREETING: hello\n  UNUSED: nothing", "  UNUSED: nothing\n  GREETING: hello")})
changed("a template with the same result", "", {"werf.yaml": ("GREETING: hello", 'GREETING: {{ "hello" }}')})
changed("an argument that no instruction takes", "", {"werf.yaml": ("UNUSED: nothing", "UNUSED: other")})
changed("a comment in a Dockerfile", "", {"Dockerfile": ("ARG GREETING", "# comment\nARG GREETING")})
changed("an empty line in a Dockerfile", "", {"Dockerfile": ("ARG GREETING", "\n\nARG GREETING")})
changed("an instruction of a stage that is not used", "", {"Dockerfile": ("echo other", "echo another")})
changed("an image that is not final", "", {"werf.yaml": ("image: alone", "image: alone\nfinal: false")})
changed("a comment in a staged Dockerfile", "", {"steps.Dockerfile": ("ENV A", "# comment\nENV A")})
changed("a file that a mapping leaves out", "app:dockerfile", {"src/bin": "other\n"})
changed("a file in a folder that a mapping leaves out", "app:dockerfile", {"src/skip/s.txt": "other\n"})
TOOL_PATCH = "app:dockerfile tool:gitLatestPatch"
changed("a file", TOOL_PATCH, {"src/b.txt": "other\n"})
changed("one byte", TOOL_PATCH, {"src/b.txt": "b"})
changed("a new file", TOOL_PATCH, {"src/new.txt": "n\n"})
changed("a file that is gone", TOOL_PATCH, {"src/b.txt": None})
changed("a renamed file", TOOL_PATCH, run="git mv src/b.txt src/c.txt")
changed("a file that is a symlink now", TOOL_PATCH, run="ln -sf a.txt src/b.txt")
changed("a mode of a file of one image", "", run="chmod +x README")
changed("a file that two images and a step take", "app:dockerfile steps:COPY tool:gitLatestPatch", {"src/a.txt": "other\n"})
changed("a file that a step depends on", "app:dockerfile tool:install", {"src/dep/one.txt": "other\n"})
changed("a new file that a step depends on", "app:dockerfile tool:install", {"src/dep/two.txt": "n\n"})
changed("a file that a later step depends on", "app:dockerfile tool:setup", {"src/run.sh": "other\n"})

# --- the whole Dockerfile -------------------------------------------------------------------------------------------------------------
for what, old, new in (
    ("a command", "RUN true", "RUN false"), ("a space in a command", "RUN true", "RUN true #"), ("a variable's value", "MODE=fast", "MODE=slow"),
    ("a variable's name", "ENV MODE", "ENV MODUS"), ("a label", "team=blue", "team=red"), ("a working folder", "WORKDIR /src", "WORKDIR /"),
    ("a port", "EXPOSE 80", "EXPOSE 81"), ("a user", "USER app", "USER root"), ("a volume", "VOLUME /data", "VOLUME /date"),
    ("a signal", "SIGINT", "SIGTERM"), ("an entrypoint", '"/bin/sh"', '"/bin/ash"'), ("a command to run", '"cat"', '"tac"'),
    ("an instruction that is gone", "EXPOSE 80\n", ""), ("a new instruction", "EXPOSE 80\n", "EXPOSE 80\nEXPOSE 81\n"),
    ("two instructions in another order", "EXPOSE 80\nUSER app", "USER app\nEXPOSE 80"),
    ("a base image", "busybox:1 AS last", "busybox:2 AS last"), ("another stage's base", "busybox:1 AS helper", "busybox:2 AS helper"),
    ("another stage's command", "/dep/one.txt >", "/dep/one.txt >>"), ("where a copy goes", "COPY src /src/", "COPY src /srv/"),
    ("what is copied", "COPY src /src/", "COPY src/dep /src/"), ("an owner", "COPY src", "COPY --chown=app src"), ("a mode", "COPY src", "COPY --chmod=700 src"),
    ("a link", "COPY src", "COPY --link src"), ("what comes from another stage", "/helped /helped", "/helped /help"),
    ("a default that is overridden by nothing", "RUN true", "ARG NEW=1\nRUN true"), ("a shell", "RUN true", 'SHELL ["/bin/ash", "-c"]\nRUN true'),
    ("a check of health", "EXPOSE 80\n", "EXPOSE 80\nHEALTHCHECK CMD true\n"), ("a trigger", "EXPOSE 80\n", "EXPOSE 80\nONBUILD RUN true\n"),
):
    changed(f"Dockerfile: {what}", "app:dockerfile", {"Dockerfile": (old, new)})
for what, old, new in (
    ("an argument's value", "GREETING: hello", "GREETING: bye"), ("an argument that is gone", "  GREETING: hello\n", ""),
    ("a host", "10.0.0.1", "10.0.0.2"), ("a second host", '"one:10.0.0.1"', '"one:10.0.0.1", "two:10.0.0.2"'), ("the target", "target: last", "target: other"),
    ("its cache version", "image: app", "image: app\ncacheVersion: own"), ("the context", "target: last", "target: last\ncontext: ."),
):
    changed(f"Dockerfile image: {what}", "" if "context" in what else "app:dockerfile", {"werf.yaml": (old, new)})
for what, old, new in (
    ("an author", "somebody", "nobody"), ("a label", "tier: one", "tier: two"), ("a new label", "tier: one", "tier: one, more: x"),
    ("a variable", "MODE: fast", "MODE: slow"), ("a command", "cmd: [serve]", "cmd: [other]"), ("a user", "cmd: [serve]", "cmd: [serve]\n    user: app"),
    ("history", "author: somebody", "author: somebody\n  clearHistory: true"), ("a volume", "cmd: [serve]", "cmd: [serve]\n    volumes: [/v]"),
    ("removed labels", "cmd: [serve]", "cmd: [serve]\n    removeLabels: [team]"),
):
    changed(f"imageSpec: {what}", "app:imageSpec", {"werf.yaml": (old, new)})

# --- the staged Dockerfile ------------------------------------------------------------------------------------------------------------
for what, first, old, new in (
    ("the base image", "ENV", "busybox:1", "busybox:2"), ("a variable", "ENV", "A=1", "A=2"), ("a label", "LABEL", "b=2", "b=3"),
    ("a folder", "WORKDIR", "/w", "/x"), ("where a copy goes", "COPY", "/a\n", "/b\n"), ("a command", "RUN", "echo", "printf"),
    ("a user", "USER", "USER app", "USER root"), ("what runs", "CMD", "serve", "other"), ("a new instruction", "EXPOSE", "USER app", "EXPOSE 80\nUSER app"),
    ("one that is gone", "-CMD", 'CMD ["serve"]\n', ""),
):
    changed(f"staged: {what}", f"steps:{first}", {"steps.Dockerfile": (old, new)})

# --- Stapel ---------------------------------------------------------------------------------------------------------------------------
for what, first, old, new in (
    ("the base image", "from", "busybox:1\ngit", "busybox:2\ngit"), ("fromCacheVersion", "from", "image: tool\n", "image: tool\nfromCacheVersion: x\n"),
    ("cacheVersion", "from", "image: tool\n", "image: tool\ncacheVersion: x\n"), ("where a mount is", "from", "to: /cache", "to: /cached"),
    ("a second mount", "from", "to: /cache", "to: /cache\n- from: tmp_dir\n  to: /second"), ("a command before install", "beforeInstall", "echo one", "echo uno"),
    ("a command of install", "install", "echo three", "echo tre"), ("an order of commands", "install", "[echo two > /two, echo three > /three]", "[echo three > /three, echo two > /two]"),
    ("a command before setup", "beforeSetup", "echo before", "echo prima"), ("a command of setup", "setup", "echo four", "echo quattro"),
    ("a cache version of all steps", "beforeInstall", 'cacheVersion: "1"', 'cacheVersion: "2"'),
    ("one of install", "install", 'cacheVersion: "1"', 'cacheVersion: "1"\n  installCacheVersion: x'),
    ("one of setup", "setup", 'cacheVersion: "1"', 'cacheVersion: "1"\n  setupCacheVersion: x'),
    ("where a mapping goes", "gitArchive", "  to: /src\n  owner", "  to: /dst\n  owner"), ("its owner", "gitArchive", "owner: root\n  group", "owner: app\n  group"),
    ("its group", "gitArchive", "group: root", "group: app"), ("its includePaths", "gitArchive", ', "**/*.sh"', ""), ("its excludePaths", "gitArchive", "[skip]", "[skip, b.txt]"),
    ("what a step depends on", "install", '["dep/*.txt"]', '["dep/*.txt", "b.txt"]'), ("what a later step depends on", "setup", '["run.sh"]', '["a.txt"]'),
    ("a variable", "dockerInstructions", 'LEVEL: "1"', 'LEVEL: "2"'), ("a label", "dockerInstructions", "team: blue", "team: red"), ("a user", "dockerInstructions", "USER: app", "USER: root"),
    ("a second mapping", "gitArchive", "git:\n", "git:\n- add: /README\n  to: /README\n"),
):
    changed(f"Stapel: {what}", f"tool:{first}", {"werf.yaml": (old, new)})
changed("Stapel: a command of an image that nobody needs", "alone:setup", {"werf.yaml": ("echo alone", "echo lonely")})
for what, first, old, new in (
    ("where an import goes", "dependenciesAfterInstall", "to: /imported", "to: /elsewhere"), ("its owner", "dependenciesAfterInstall", "owner: app", "owner: root"),
    ("when it comes", "dependenciesAfterSetup", "after: install", "after: setup"), ("the variable of a dependency", "dependenciesAfterSetup", "targetEnv: APP", "targetEnv: OTHER"),
    ("what it takes", "dependenciesAfterSetup", "type: ImageName", "type: ImageTag"), ("its base image", "from", "busybox:1\nimport", "busybox:2\nimport"),
):
    changed(f"import: {what}", f"user:{first}", {"werf.yaml": (old, new)})
changed("the project's cache version", "app:dockerfile tool:from alone:from user:from", {"werf.yaml": ("cacheVersion: base", "cacheVersion: new")})
changed("another platform", "alone:from", {"werf.yaml": ("image: alone", "image: alone\nplatform: [linux/arm64]")})

for failure in failures:
    print(f"not so: {failure}", file=sys.stderr)
print(f"{rows} rows, {len(failures)} of them wrong")
sys.exit(1 if failures or rows < 200 else 0)
