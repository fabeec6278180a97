#!/usr/bin/env python3
"""tree.py FOLDER: prints a line a file below FOLDER, sorted: path, type, mode, owner, link target or checksum or device, extended
attributes. Times are left out. Two images are equal when these lists are."""
import hashlib
import os
import stat
import sys

root = os.fsencode(sys.argv[1])
kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo", stat.S_IFCHR: "char",
         stat.S_IFBLK: "block", stat.S_IFSOCK: "socket"}
first_names = {}


def content(path, info):
    if stat.S_ISLNK(info.st_mode):
        return "-> " + os.fsdecode(os.readlink(path))
    if stat.S_ISREG(info.st_mode):
        with open(path, "rb") as file:
            return "%d %s" % (info.st_size, hashlib.sha256(file.read()).hexdigest()[:24])
    if stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
        return "%d:%d" % (os.major(info.st_rdev), os.minor(info.st_rdev))
    return "-"


def attributes(path):
    names = sorted(name for name in os.listxattr(path, follow_symlinks=False) if name != "security.selinux")
    return " ".join("%s=%s" % (name, os.getxattr(path, name, follow_symlinks=False).hex()) for name in names)


def twin(name, info):
    """The first name of a file that has several."""
    if info.st_nlink < 2 or not stat.S_ISREG(info.st_mode):
        return ""
    return " =" + first_names.setdefault((info.st_dev, info.st_ino), name)


def show(path):
    info = os.lstat(path)
    name = ascii(os.fsdecode(path[len(root):] or b"/"))[1:-1]
    mode = "----" if stat.S_ISLNK(info.st_mode) else "%04o" % stat.S_IMODE(info.st_mode)
    print(name, kinds[stat.S_IFMT(info.st_mode)], mode, "%d:%d" % (info.st_uid, info.st_gid), content(path, info) + twin(name, info),
          attributes(path))


def walk(path):
    show(path)
    if os.path.isdir(path) and not os.path.islink(path):
        for name in sorted(os.listdir(path)):
            walk(os.path.join(path, name))


walk(root)
