#!/usr/bin/python3
"""The harnesses themselves: each mistake below is made on purpose, and crash.py or power.py must find it.

A mutant is one source file with one text replaced, compiled and linked in place of the good one; nothing in the source
knows of it. Run by `make crash-selftest`, which builds the rest and exports CC, ALL_CFLAGS and ALL_LIBS.
"""
import argparse
import collections
import os
import shlex
import subprocess
import sys
import time

import world

BUILD = os.path.join(world.ROOT, "build/crash")
ARCHIVES = ("libcmd.a", "libprocessor.a", "libquery.a", "libviews.a", "libconfig.a", "libschemas.a")
PLAYER = ("--player", ("tests/crash/crash_player.o", "tests/crash/log_source.o"))
PROGRAMS = {"crash.py": PLAYER, "power.py": PLAYER, "power_replay.py": ("--aisle", ("cmd/main.o",))}
SEEDS = "200"  # at most: it ends with the first difference

# found by crash.py, or by what else is named
Mutant = collections.namedtuple("Mutant", "name path text instead program", defaults=("crash.py",))
# around a commit of base
UNSYNCED_COMMIT = "mdb_env_set_flags({0}, {1}, 1), {2}, mdb_env_set_flags({0}, {1}, 0)"
MUTANTS = (
    Mutant("one offset is not written", "processor/processor.c",
           "		if (pl->changed)\n			fold_position(",
           "		if (pl->changed && pl->partition != 2)\n			fold_position("),
    Mutant("the position is that of the last record, not the next", "processor/positions.c",
           "(struct position){ r->offset + 1,", "(struct position){ r->offset,"),
    Mutant("offsets are told before they are written", "processor/processor.c",
           "positions_committed(&p->positions, fold_is_writing(p->fold));",
           "positions_committed(&p->positions, false);"),
    Mutant("dead letters are not waited for", "processor/processor.c",
           "	FAULT_POINT(\"letters:unsettled\");\n	rc = dead_letters_settle(p->letters, &p->stop, e);",
           "	FAULT_POINT(\"letters:unsettled\");\n	rc = 0;"),
    Mutant("lines of dead letters stay in memory", "processor/dead_letters_file.c",
           "f->dirty && fflush(f->f)", "f->dirty && fileno(f->f) < 0"),
    Mutant("rows and sums are two transactions", "views/fold_write.c",
           "	if (!rc)\n		rc = write_all(b, t, young, ret);\n",
           "	if (!rc)\n		rc = write_sums(b, t, young, ret) || store_commit(t);\n	t = NULL;\n"
           "	if (!rc)\n		rc = young ? store_begin_young(s, &t) : store_begin(s, &t);\n"
           "	if (!rc)\n		rc = write_all(b, t, young, ret);\n"),
    Mutant("base does not say which level it has merged", "views/store_merge.c",
           "rc = store__error(level__put_merged(&ls->base, m.t->txn, number));", "rc = 0;"),
    Mutant("a level is dropped before base has it", "views/store_merge.c",
           "	FAULT_POINT(\"merge:before-commit\");\n",
           "	young__drop(ls, number);\n		FAULT_POINT(\"merge:before-commit\");\n"),
    Mutant("what is young is not merged before base is written", "views/fold_commit.c",
           "		rc = merger_finish(f->merger); /* base", "		rc = 0; /* base"),
    Mutant("the watermark is not written", "views/fold_commit.c",
           "	f->batch.meta = f->now;", "	f->batch.meta = f->now;\n	f->batch.meta.watermark_ms = INT64_MIN;"),
    Mutant("a new life gives ids again", "views/fold.c",
           "	f->now = meta;", "	f->now = meta;\n	f->now.next_item /= 2;"),
    Mutant("a new life forgets the watermark", "views/fold.c",
           "	f->now = meta;", "	f->now = meta;\n	f->now.watermark_ms = TIME_NONE;"),
    Mutant("the level that takes commits is not merged before base is written", "views/merger.c",
           "if (!m->number && store_young_bytes(m->store)) {", "if (!m->number && 0) {"),
    Mutant("a level that is being merged takes commits", "views/store_young.c",
           "	s->levels->young.active = 0;", "	(void)s;"),
    Mutant("a merge is not synced", "views/store_merge.c", "rc = store_commit(m.t);",
           UNSYNCED_COMMIT.format("ls->base.env", "MDB_NOSYNC", "rc = store_commit(m.t)") + ";", "power.py"),
    Mutant("one commit of base in five is not synced", "views/store_txn.c", "	rc = level__commit(t->level, t->txn);",
           "	static int commits;\n	MDB_env *env = t->level->env;\n	unsigned off = t->level->number || ++commits % 5 ? "
           "0 : MDB_NOSYNC;\n	" + UNSYNCED_COMMIT.format("env", "off", "rc = level__commit(t->level, t->txn)") + ";", "power.py"),
    Mutant("levels that a power cut took are not passed by", "views/store_young.c",
           "rc = lost ? level__set_merged(&ls->base, newest) : 0;", "rc = 0;", "power.py"),
    Mutant("the link to the current generation is not synced", "views/generation.c",
           "	return generation__sync(store, e);\n", "	return 0;\n", "power.py"),
    Mutant("a new store is not synced before it is the current one", "views/store_open.c",
           "	if (store_sync(s))\n", "	if (0)\n", "power.py"),
    Mutant("directories are not synced", "views/sync.c", "fd < 0 ? -1 : fsync(fd);", "fd < 0 ? -1 : 0;", "power.py"),
    Mutant("the directory that has a new one is not synced", "views/sync.c",
           "rc = sync_directory(dirname(copy));", "rc = dirname(copy) ? 0 : -1;", "power.py"),
    Mutant("what a replay builds is not synced", "cmd/replay_build.c",
           "	FAULT_POINT(\"replay:built\");\n	if (!rc)\n		rc = store_sync(rb->in.store);",
           "	FAULT_POINT(\"replay:built\");\n	if (!rc)\n		rc = 0;", "power_replay.py"),
    Mutant("a swap is not synced", "views/generation.c",
           "	return generation__sync(store, e);\n", "	return 0;\n", "power_replay.py"),
)
# whose syncs are left out: the data, the dead letters, the key, and each directory on the way
UNSYNCED = {"power.py": ("data.mdb", "dead-letters.ndjson", "person.key*", "store", "generations", "1", "base"),
            "power_replay.py": ("data.mdb", "store", "generations", "[23]", "base")}


class Broken(Exception):
    """The self-test cannot be run."""


def mutated(mutant):
    """The source with the mistake in it."""
    with open(os.path.join(world.ROOT, mutant.path), encoding="utf-8") as f:
        good = f.read()
    if good.count(mutant.text) != 1:
        raise Broken(f"'{mutant.name}': its text is {good.count(mutant.text)} times in {mutant.path}, not once: make the same "
                     "mistake in what is there now")
    return good.replace(mutant.text, mutant.instead)


def build(mutant, number):
    directory = os.path.join(BUILD, "mutants", str(number))
    os.makedirs(directory, exist_ok=True)
    source, made = os.path.join(directory, "mutant.c"), os.path.join(directory, "mutant.o")
    option, objects = PROGRAMS[mutant.program]
    program = os.path.join(directory, "program")
    with open(source, "w", encoding="utf-8") as f:
        f.write(mutated(mutant))
    compiler = [os.environ["CC"], *shlex.split(os.environ["ALL_CFLAGS"]), "-Wno-error"]
    subprocess.run([*compiler, "-c", source, "-o", made], cwd=world.ROOT, check=True)
    # an object given before the archives takes the place of its member there
    subprocess.run([*compiler, "-o", program, made, *(os.path.join(BUILD, name) for name in objects + ARCHIVES),
                    *shlex.split(os.environ["ALL_LIBS"])], cwd=world.ROOT, check=True)
    return option, program


def found(program, *arguments):
    """Does the harness find a difference? The line that says so."""
    done = subprocess.run([sys.executable, os.path.join(world.ROOT, "tests/crash", program), "--first", "--seeds", SEEDS,
                           *arguments], stdout=subprocess.PIPE, text=True, errors="replace", check=False)
    lines = [line for line in done.stdout.splitlines() if "FAILED" in line]
    if world.BROKEN in done.stdout or done.returncode not in (0, 1) or (done.returncode == 1 and not lines):
        raise Broken(f"{program} ended with {done.returncode}:\n{done.stdout[-1000:]}")
    return lines[0].split(": ", 2)[-1] if lines else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="those whose name has this text")
    only = parser.parse_args().only
    trials = [(mutant.name, lambda mutant=mutant, number=number: found(mutant.program, *build(mutant, number)))
              for number, mutant in enumerate(MUTANTS)]
    trials += [(f"syncs of '{pattern}' are left out, {program}",
                lambda program=program, pattern=pattern: found(program, "--unsynced", pattern))
               for program, patterns in UNSYNCED.items() for pattern in patterns]
    passed = failed = 0
    for name, trial in trials:
        if only not in name:
            continue
        started = time.monotonic()
        try:
            difference = trial()
        except (Broken, subprocess.CalledProcessError) as why:
            difference = ""
            print(why)
        passed, failed = passed + bool(difference), failed + (not difference)
        print(f"{'ok' if difference else 'FAILED':6} {name} ({time.monotonic() - started:.1f} s): "
              f"{difference[:150] or 'not found'}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
