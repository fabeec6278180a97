#!/usr/bin/env python3
"""measure.py [CASE...]: the cases of run.sh, which has started the services. Tools are run in turn, round after round, so that what the
machine does beside the measurement hits all of them alike."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

WORK = os.environ["SERVICES"] + "/bench"
REGISTRY = os.environ["REGISTRY"]
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SLIPWAY = os.environ["SLIPWAY"]
STORE = WORK + "/store"
DOCKER = "/usr/bin/docker"
# crun refuses hybrid cgroups, which some machines have; runc does not.
BUILDAH = ["buildah", "--root", WORK + "/buildah", "--runroot", WORK + "/buildah-run", "--storage-driver", "overlay"]
GIT = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "gc.auto=0"]
ENV = dict(os.environ, DOCKER_BUILDKIT="1", SLIPWAY_PROGRESS="quiet", BUILDAH_ISOLATION="oci", HOME=WORK)


def run(command, folder=None, **env):
    """Runs a command and returns its seconds; its failure ends the program."""
    with open(WORK + "/log", "w+") as log:
        start = time.monotonic()
        process = subprocess.Popen(command, cwd=folder, env=dict(ENV, **env), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        process.wait()
        seconds = time.monotonic() - start
        if process.returncode:
            log.seek(0)
            sys.exit(f"{command}: exit code {process.returncode}\n{log.read()[-3000:]}")
    return seconds


def peak_of(command, folder):
    """Runs a command and returns the most memory it had, in MiB. What wait4 tells would count this program's own before the exec."""
    peak = 0
    process = subprocess.Popen(command, cwd=folder, env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status") as status:
            sizes = [int(line.split()[1]) for line in status if line.startswith("VmHWM")]
        peak = max([peak, *sizes])
        time.sleep(0.01)
    if process.returncode:
        sys.exit(f"{command}: exit code {process.returncode}")
    return peak / 1024


def git(folder, *words):
    subprocess.run([*GIT, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def project(name, files):
    folder = f"{WORK}/{name}"
    for path, text in files.items():
        write(f"{folder}/{path}", text)
    git(folder, "init", "-q")
    commit(folder)
    return folder


def commit(folder):
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "bench")


def werf_yaml(*images):
    return "project: bench\nconfigVersion: 1\n" + "".join(
        f"---\nimage: {name}\ndockerfile: {dockerfile}\n" for name, dockerfile in images)


def slipway(folder, *words, repo="bench"):
    return lambda: run([SLIPWAY, "build", "--store", STORE, "--repo", f"{REGISTRY}/{repo}", *words], folder)


def docker(folder, dockerfile="Dockerfile", tag="bench"):
    return lambda: run([DOCKER, "build", "-q", "--network", "none", "-f", dockerfile, "-t", tag, "."], folder)


def buildah(folder, dockerfile="Dockerfile"):
    return lambda: run([*BUILDAH, "bud", "--runtime", "runc", "--layers", "--tls-verify=false", "-q", "-f", dockerfile, "."], folder)


def compare(title, tools, before=None, rounds=ROUNDS):
    """Runs every tool `rounds` times, in turn; `before(round)` once ahead of each round."""
    times = {name: [] for name in tools}
    for number in range(rounds):
        if before:
            before(number)
        for name, call in tools.items():
            times[name].append(call())
    ours = statistics.median(times["slipway"])
    print(f"\n{title}")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        ratio = "" if name == "slipway" else f"   {median / ours:6.1f} times Slipway's"
        print(f"  {name:<10} {median * 1000:9.1f} ms   ({min(seconds) * 1000:.1f} - {max(seconds) * 1000:.1f}){ratio}", flush=True)


def case_startup():
    compare("start-up: print the version", {
        "slipway": lambda: run([SLIPWAY, "version"]),
        "docker": lambda: run([DOCKER, "--version"]),
        "buildah": lambda: run(["buildah", "--version"]),
    }, rounds=20)


def case_runs():
    ten = lambda token: f"FROM {REGISTRY}/base/busybox:1\n" + "".join(f"RUN echo {token}-{i} > /{i}\n" for i in range(10))
    folder = project("runs", {"werf.yaml": werf_yaml(("app", "Dockerfile")), "Dockerfile": ten("first")})

    def renew(number):
        write(folder + "/Dockerfile", ten(f"round{number}"))
        commit(folder)

    tools = {"slipway": slipway(folder), "docker": docker(folder), "buildah": buildah(folder)}
    for call in tools.values():
        call()
    compare("ten trivial RUNs, nothing cached but the base image", tools, before=renew)
    compare("the same again: nothing to do", tools)


def case_context():
    content = os.urandom(5000).hex()
    files = {f"src/{i // 100}/file{i}.txt": f"{i}\n" + content for i in range(10000)}
    files["werf.yaml"] = werf_yaml(("app", "Dockerfile"))
    files["Dockerfile"] = f"FROM {REGISTRY}/base/busybox:1\nCOPY src /src\n"
    folder = project("context", files)
    tools = {"slipway": slipway(folder), "docker": docker(folder), "buildah": buildah(folder)}
    for call in tools.values():
        call()
    compare("a context of 10,000 files and 100 MB: nothing to do", tools)

    def change(number):
        write(folder + "/src/50/file5000.txt", f"changed {number} {time.time()}\n" + content)
        commit(folder)

    compare("one of its files changed", tools, before=change)


def case_growth():
    """A file changes, is committed and built: by a patch stage of a Stapel image, beside the same files by COPY. Repositories grow."""
    for count, size in ((1000, 10000), (10000, 10000), (100000, 1000)):
        content = os.urandom(size // 2).hex()
        files = {f"src/{i // 100}/file{i}.txt": f"{i}\n" + content for i in range(count)}
        files["werf.yaml"] = (f"project: bench\nconfigVersion: 1\n---\nimage: app\nfrom: {REGISTRY}/base/busybox:1\n"
                              "git:\n- add: /\n  to: /app\n")
        files["Dockerfile"] = f"FROM {REGISTRY}/base/busybox:1\nCOPY . /app\n"
        files[".dockerignore"] = ".git\n"
        folder = project(f"growth{count}", files)
        tools = {"slipway": slipway(folder, repo=f"growth{count}"), "docker": docker(folder)}
        for call in tools.values():
            call()

        def change(number):
            write(folder + "/src/5/file500.txt", f"changed {number} {time.time()}\n" + content)
            commit(folder)
            os.sync()  # what the last round wrote is not the next one's to wait for

        compare(f"one of {count:,} files changed ({count * size // 1000000} MB), in a Stapel image", tools, before=change,
                rounds=min(ROUNDS, 3))
        shutil.rmtree(folder)


def case_images():
    names = [f"app{i}" for i in range(20)]
    files = {f"Dockerfile.{name}": f"FROM {REGISTRY}/base/busybox:1\nRUN echo {name} > /name\n" for name in names}
    files["werf.yaml"] = werf_yaml(*((name, f"Dockerfile.{name}") for name in names))
    folder = project("images", files)
    twenty = lambda tool: lambda: sum(tool(folder, f"Dockerfile.{name}")() for name in names)
    tools = {"slipway": slipway(folder), "docker": twenty(docker), "buildah": twenty(buildah)}
    for call in tools.values():
        call()
    compare("20 images: nothing to do", tools, rounds=min(ROUNDS, 3))


def case_transfer():
    folder = project("transfer", {"werf.yaml": werf_yaml(("app", "Dockerfile")),
                                  "Dockerfile": f"FROM {REGISTRY}/base/busybox:1\nCOPY big /big\n"})
    peaks = []

    def build_anew(_):
        """New bytes for every round: a registry that has a blob already is not sent it again by any of the tools."""
        with open(folder + "/big", "wb") as big:
            for _ in range(200):
                big.write(os.urandom(512 * 1024) + bytes(512 * 1024))
        commit(folder)
        peaks.append(peak_of([SLIPWAY, "build", "--store", STORE], folder))
        docker(folder, tag="bench-big")()
        run([*BUILDAH, "bud", "--runtime", "runc", "--layers", "--tls-verify=false", "-q", "-t", "bench-big", "."], folder)

    def push_docker():
        run([DOCKER, "tag", "bench-big", f"{REGISTRY}/docker-big"])
        return run([DOCKER, "push", "-q", f"{REGISTRY}/docker-big"])

    compare("push of 200 MB, built before", {
        "slipway": slipway(folder, repo="slipway-big"),
        "docker": push_docker,
        "buildah": lambda: run([*BUILDAH, "push", "-q", "--tls-verify=false", "bench-big", f"docker://{REGISTRY}/buildah-big"]),
    }, before=build_anew, rounds=min(ROUNDS, 3))
    print(f"  peak memory of Slipway while it made a layer of 200 MB: {max(peaks):.1f} MiB")

    pull = project("pull", {"werf.yaml": werf_yaml(("app", "Dockerfile")), "Dockerfile": f"FROM {REGISTRY}/docker-big\nRUN true\n"})

    def forget(_):
        shutil.rmtree(WORK + "/pull-store", ignore_errors=True)
        images = subprocess.run([DOCKER, "images", "-aq"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        for command in ([DOCKER, "image", "rm", "-f", *images], [DOCKER, "builder", "prune", "-af"], [DOCKER, "system", "prune", "-af"],
                        [*BUILDAH, "rmi", "-af"]):
            subprocess.run(command, env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    compare("pull of 200 MB (Slipway: and a RUN on it)", {
        "slipway": lambda: run([SLIPWAY, "build", "--store", WORK + "/pull-store"], pull),
        "docker": lambda: run([DOCKER, "pull", "-q", f"{REGISTRY}/docker-big"]),
        "buildah": lambda: run([*BUILDAH, "pull", "-q", "--tls-verify=false", f"docker://{REGISTRY}/docker-big"]),
    }, before=forget, rounds=min(ROUNDS, 3))


def case_step():
    """A RUN beside the bare runtime: the difference of builds with eleven steps and with one, against crun on the same files."""
    text = lambda count, token: f"FROM {REGISTRY}/base/busybox:1\n" + "".join(f"RUN true {token} {i}\n" for i in range(count))
    folder = project("step", {"werf.yaml": werf_yaml(("app", "Dockerfile")), "Dockerfile": text(1, "first")})
    bundle = WORK + "/bundle"
    os.makedirs(bundle + "/rootfs")
    subprocess.run(f"cp -a {os.environ['SERVICES']}/root-busybox/. {bundle}/rootfs", shell=True, check=True)
    subprocess.run(["crun", "spec"], cwd=bundle, check=True)
    with open(bundle + "/config.json") as file:
        spec = json.load(file)
    spec["process"].update(args=["true"], terminal=False)
    spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "cgroup"]
    write(bundle + "/config.json", json.dumps(spec))
    bare, steps = [], []
    crun = ["unshare", "-m", "sh", "-c", "umount /sys/fs/cgroup/unified 2>/dev/null; exec crun --cgroup-manager=disabled run bench"]
    nothing = statistics.median(run(["unshare", "-m", "sh", "-c", "umount /sys/fs/cgroup/unified 2>/dev/null; exec true"]) for _ in range(10))
    for number in range(ROUNDS):
        seconds = []
        for count in (1, 11):
            write(folder + "/Dockerfile", text(count, f"{count}-{number}"))
            commit(folder)
            seconds.append(run([SLIPWAY, "build", "--store", STORE], folder))
        steps.append((seconds[1] - seconds[0]) / 10)
        bare += [run(crun, bundle) - nothing for _ in range(5)]
    step, runtime = statistics.median(steps) * 1000, statistics.median(bare) * 1000
    print(f"\na trivial RUN: {step:.1f} ms in Slipway, {runtime:.1f} ms in bare crun: {step / runtime:.1f} times", flush=True)


def case_render():
    template = ("project: bench\nconfigVersion: 1\n{{ range $i := until %d }}---\nimage: app{{ $i }}\ndockerfile: Dockerfile\n"
                "args:\n  NUMBER: {{ $i | quote }}\n{{ end }}")
    print("\nrendering and checking a werf.yaml made by range")
    for count in (1000, 10000):
        folder = project(f"render{count}", {"werf.yaml": template % count, "Dockerfile": "FROM scratch\n"})
        seconds = [run([SLIPWAY, "config", "render"], folder) for _ in range(ROUNDS)]
        print(f"  {count:>6} images {statistics.median(seconds) * 1000:9.1f} ms   ({min(seconds) * 1000:.1f} - {max(seconds) * 1000:.1f})")


def long_dockerfile(lines):
    kinds = ("RUN make part{0}", "ENV NAME{1}=value{0}", "COPY file{1} /parts/{0}/", "LABEL label{1}=\"{0}\"", "WORKDIR /parts/{0}")
    return "FROM scratch\n" + "".join(kinds[i % 5].format(i, i % 10) + "\n" for i in range(lines - 1))


def case_plan():
    """Graphs of images: nothing is built, no network is used. The shorter file shows what a start of the program takes."""
    files = {f"file{i}": f"{i}\n" for i in range(10)}
    dockerfiles = {"short": "FROM scratch\n", "long": long_dockerfile(2000)}
    folder = project("plan", {**files, **dockerfiles, "werf.yaml": werf_yaml(*((name, name) for name in dockerfiles))})
    compare("plan a Dockerfile of 2,000 lines", {
        "slipway": lambda: run([SLIPWAY, "graph", "long"], folder),
        "one line": lambda: run([SLIPWAY, "graph", "short"], folder),
    })
    for count in (1000, 10000, 100000):
        folder = project(f"plan-{count}", {
            **{f"src/{i // 100}/{i}": f"{i}\n" for i in range(count)},
            "Dockerfile": "FROM scratch\nCOPY . /all\nCOPY src/1 /one\n",
            "werf.yaml": werf_yaml(("app", "Dockerfile")),
        })
        git(folder, "status")
        compare(f"plan a context of {count:,} files in {count // 100:,} folders", {
            "slipway": lambda folder=folder: run([SLIPWAY, "graph"], folder),
            "git status": lambda folder=folder: run([*GIT, "status"], folder),
        })


CASES = {name[5:]: call for name, call in list(globals().items()) if name.startswith("case_")}

if __name__ == "__main__":
    wanted = sys.argv[1:] or list(CASES)
    unknown = [name for name in wanted if name not in CASES]
    if unknown:
        sys.exit(f"there is no case {unknown[0]}; there are: {' '.join(CASES)}")
    os.makedirs(WORK)
    for name in wanted:
        CASES[name]()
