"""What a disk holds after a power cut, from what recorder.c wrote down.

What was synced is there. Of the rest, any part may be there and any part not: whole writes or single sectors of them,
file sizes, names. A name is durable when its directory was synced after it changed, as POSIX has it; file systems
usually keep more."""
import copy
import fnmatch
import os
import re
import shutil

SECTORS = (512, 4096)
# nothing in them outlives a machine
MAPPED = re.compile(r"/(lock\.mdb|(replay-)?status|levels|young-\d+(-lock)?)$")
TEXT_OPS = {"create", "mkdir", "symlink", "link", "rename", "unlink", "size", "sync", "mapped"}


def read_events(path):
    """[(what, ...)] in order."""
    ret = []
    with open(path, "rb") as log:
        while line := log.readline():
            what, _, rest = line.decode().rstrip("\n").partition(" ")
            if what == "write":
                inode, offset, length, syncs = map(int, rest.split())
                ret.append((what, inode, offset, log.read(length), syncs))
                log.read(1)
            elif what in ("rename", "symlink"):
                first, _, second = rest.partition("\t")
                ret.append((what, first, second) if what == "rename" else (what, *first.split(" ", 1), second))
            elif what in TEXT_OPS:
                ret.append((what, *rest.split(" ", 1)))
            else:
                raise ValueError(f"{path}: no event '{what}'")
    return ret


class Node:
    """A file, a link or a directory. `changes` have not reached the disk for certain."""

    def __init__(self, kind, content):
        self.kind = kind
        self.content = content  # durable: bytes, the link's target, or {name: Node}
        self.changes = []       # file: (offset, bytes, durable) or (size, None, durable); directory: {name: Node or None}
        self.now = dict(content) if kind == "dir" else None  # directory: with all changes

    def change_names(self, names):
        self.changes.append(names)
        apply_names(self.now, names)

    def sync(self):
        if self.kind == "dir":
            self.content = dict(self.now)
        elif self.kind == "file":
            for offset, data, _ in self.changes:
                apply_write(self.content, offset, data)
        self.changes = []


def apply_names(names, changed):
    for name, node in changed.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def apply_write(content, offset, data):
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset + len(data) - len(content))))
    content[offset:offset + len(data)] = data


class Disk:
    """Follows the events from what is in the directory now; build() makes what a cut would leave."""

    def __init__(self, directory):
        self.inodes = {}
        self.root = self.scan(directory)

    def scan(self, path):
        if os.path.islink(path):
            node = Node("link", os.readlink(path))
        elif os.path.isdir(path):
            node = Node("dir", {name: self.scan(os.path.join(path, name)) for name in os.listdir(path)})
        else:
            with open(path, "rb") as f:
                node = Node("file", bytearray(f.read()))
        self.inodes[os.lstat(path).st_ino] = node
        return node

    def split(self, path):
        folder, _, name = path.rpartition("/")
        return self.find(folder), name

    def find(self, path):
        node = self.root
        for name in path.split("/") if path else ():
            node = node.now[name]
        return node

    def step(self, event):
        what, rest = event[0], event[1:]
        if what in ("create", "mkdir", "symlink"):
            self.make(what, *rest)
        elif what == "link":
            self.name(rest[1], self.inodes[int(rest[0])])
        elif what == "unlink":
            self.name(rest[0], None)
        elif what == "rename":
            self.rename(*rest)
        elif what == "write":
            inode, offset, data, syncs = rest
            self.inodes[inode].changes.append((offset, data, bool(syncs)))
        elif what == "size":
            self.inodes[int(rest[0])].changes.append((int(rest[1]), None, False))
        elif what == "sync":
            self.inodes[int(rest[0])].sync()
        elif what == "mapped" and not MAPPED.search(rest[1]):
            raise ValueError(f"'{rest[1]}' is written through memory, which is not recorded")

    def make(self, what, inode, path, target=None):
        node = {"create": lambda: Node("file", bytearray()), "mkdir": lambda: Node("dir", {}),
                "symlink": lambda: Node("link", target)}[what]()
        self.inodes[int(inode)] = node
        self.name(path, node)

    def name(self, path, node):
        folder, name = self.split(path)
        folder.change_names({name: node})

    def rename(self, source, target):
        from_folder, from_name = self.split(source)
        to_folder, to_name = self.split(target)
        node = from_folder.now[from_name]
        if from_folder is to_folder:
            from_folder.change_names({from_name: None, to_name: node})
        else:
            from_folder.change_names({from_name: None})
            to_folder.change_names({to_name: node})

    def seen(self, path):
        """A file's bytes as the running system saw them; b"" when there is none."""
        folder, name = self.split(path)
        content = bytearray(folder.now[name].content if name in folder.now else b"")
        for offset, data, _ in folder.now[name].changes if name in folder.now else ():
            apply_write(content, offset, data)
        return bytes(content)

    def named(self, pattern):
        """The files and directories of such a name, wherever they are."""
        folders = [self.root]
        while folders:
            for entry, node in folders.pop().now.items():
                if fnmatch.fnmatch(entry, pattern):
                    yield node
                if node.kind == "dir":
                    folders.append(node)

    def in_the_middle_of(self, event):
        """The disk while the next change is under way: a synced write is not safe before it is done."""
        ret = copy.deepcopy(self)
        if event[0] == "write":
            ret.step((*event[:4], 0))
        elif event[0] != "sync":
            ret.step(event)
        return ret

    def expect_same(self, directory):
        """What was recorded is all that was done: the files as seen are those that are there."""
        there = Disk(directory)
        different = sorted(path for path in {*self.paths(), *there.paths()} if not MAPPED.search(path) and
                           self.paths().get(path) != there.paths().get(path))
        if different:
            raise ValueError(f"not as recorded: {different}")

    def paths(self):
        ret, folders = {}, [("", self.root)]
        while folders:
            prefix, folder = folders.pop()
            for name, node in folder.now.items():
                if node.kind == "dir":
                    folders.append((f"{prefix}{name}/", node))
                ret[prefix + name] = self.seen(prefix + name) if node.kind == "file" else node.kind
        return ret

    def build(self, directory, rnd):
        """The files a cut leaves. One draw decides how much of the rest is lost: all, nothing, or some."""
        shutil.rmtree(directory, ignore_errors=True)
        keep = rnd.choice((0, 1, 0.1, 0.5, 0.9))
        self.build_folder(self.root, directory, rnd, keep)

    def build_folder(self, node, path, rnd, keep):
        os.mkdir(path)
        names = dict(node.content)
        for changed in node.changes:
            if rnd.random() < keep:
                apply_names(names, changed)
        for name, child in names.items():
            child_path = os.path.join(path, name)
            if child.kind == "dir":
                self.build_folder(child, child_path, rnd, keep)
            elif child.kind == "link":
                os.symlink(child.content, child_path)
            else:
                with open(child_path, "wb") as out:
                    out.write(surviving(child, rnd, keep))
                os.chmod(child_path, 0o600)


def surviving(node, rnd, keep):
    content = bytearray(node.content)
    for offset, data, durable in node.changes:
        if durable:
            apply_write(content, offset, data)
        elif data is None:
            if rnd.random() < keep:
                apply_write(content, offset, None)
        elif rnd.random() < 0.5:
            torn_write(content, offset, data, rnd, keep)
        elif rnd.random() < keep:
            apply_write(content, offset, data)
    return bytes(content)


def torn_write(content, offset, data, rnd, keep):
    """Some sectors of it."""
    sector = rnd.choice(SECTORS)
    at = offset
    while at < offset + len(data):
        end = min((at // sector + 1) * sector, offset + len(data))
        if rnd.random() < keep:
            apply_write(content, at, data[at - offset:end - offset])
        at = end
