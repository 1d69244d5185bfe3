/*
 * recorder - runs a command and writes down every change it makes to the files below a directory, in the order in which
 * the kernel finished them:
 *
 *     recorder DIRECTORY LOG COMMAND...     the command's status; 128 + signal when it was killed
 *
 * LOG is appended to, one record a change. A file is its inode, a path is relative to DIRECTORY:
 *     create INODE PATH | mkdir INODE PATH | symlink INODE PATH<TAB>TARGET | link INODE PATH
 *     rename PATH<TAB>PATH | unlink PATH
 *     write INODE OFFSET LENGTH 0|1 and the bytes      1: through a descriptor that syncs each write
 *     size INODE LENGTH | sync INODE | mapped INODE PATH   mapped: writable memory, whose changes are not seen
 * ptrace, not a preloaded library, because stdio writes from inside libc.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define THREADS_MAX 64
#define VECTORS_MAX 1024
#define PATH_ROOM 4352

/* A traced thread between the entry to a system call and its exit. */
struct thread {
	pid_t id;
	uint64_t nr, args[6];
	bool existed; /* what open() may create */
};

static struct thread threads[THREADS_MAX];
static const char *root;
static FILE *out;

static void fail(const char *what)
{
	fprintf(stderr, "recorder: %s: %s\n", what, strerror(errno));
	exit(125);
}

static struct thread *thread_of(pid_t id)
{
	for (size_t i = 0; i < THREADS_MAX; i++)
		if (threads[i].id == id)
			return &threads[i];
	for (size_t i = 0; i < THREADS_MAX; i++)
		if (!threads[i].id) {
			threads[i] = (struct thread){ .id = id };
			return &threads[i];
		}
	errno = 0;
	fail("too many threads");
	return NULL;
}

/* ---- looking at the traced process ---- */

static void read_bytes(const struct thread *t, uint64_t at, void *buf, size_t n)
{
	struct iovec local = { buf, n }, remote = { (void *)(uintptr_t)at, n };

	if (process_vm_readv(t->id, &local, 1, &remote, 1, 0) != (ssize_t)n)
		fail("cannot read memory");
}

/* Memory up to the NUL; a page at a time, since the next one may not be there. */
static void read_text(const struct thread *t, uint64_t at, char *ret, size_t room)
{
	size_t n = 0;

	while (n < room) {
		size_t piece = 4096 - (at + n) % 4096;

		if (piece > room - n)
			piece = room - n;
		read_bytes(t, at + n, ret + n, piece);
		if (memchr(ret + n, '\0', piece))
			return;
		n += piece;
	}
	fail("path too long");
}

/* The part of a path below the root, or NULL. */
static const char *below(const char *path)
{
	size_t n = strlen(root);

	if (strncmp(path, root, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return NULL;
	return path[n] ? path + n + 1 : "";
}

/* A path argument; relative ones only occur outside of the root. */
static const char *path_at(const struct thread *t, uint64_t at, char buf[PATH_ROOM])
{
	read_text(t, at, buf, PATH_ROOM);
	return below(buf);
}

/* The inode of an open file below the root, else 0; *path (may be NULL) its path. */
static uint64_t inode_of(const struct thread *t, uint64_t fd, const char **path)
{
	static char link[PATH_ROOM];
	char proc[64];
	struct stat st;
	ssize_t n;

	snprintf(proc, sizeof(proc), "/proc/%d/fd/%d", t->id, (int)fd);
	n = readlink(proc, link, sizeof(link) - 1);
	if (n < 0)
		return 0;
	link[n] = '\0';
	if (!below(link) || stat(proc, &st))
		return 0;
	if (path)
		*path = below(link);
	return st.st_ino;
}

static void fd_state(const struct thread *t, uint64_t fd, uint64_t *offset, bool *syncs)
{
	unsigned flags;
	char proc[64];
	FILE *f;

	snprintf(proc, sizeof(proc), "/proc/%d/fdinfo/%d", t->id, (int)fd);
	f = fopen(proc, "re");
	if (!f || fscanf(f, "pos: %" SCNu64 " flags: %o", offset, &flags) != 2)
		fail(proc);
	fclose(f);
	*syncs = flags & O_DSYNC;
}

/* ---- records ---- */

static __attribute__((format(printf, 1, 2))) void record(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fputc('\n', out);
}

/* What a path names, not following a link. */
static uint64_t inode_at(const char *path)
{
	char whole[2 * PATH_ROOM];
	struct stat st;

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	if (lstat(whole, &st))
		fail(whole);
	return st.st_ino;
}

static void record_write(const struct thread *t, uint64_t offset, bool has_offset, const struct iovec *v, size_t n,
			 size_t length)
{
	uint64_t inode = inode_of(t, t->args[0], NULL), position;
	bool syncs;

	if (!inode || !length)
		return;
	fd_state(t, t->args[0], &position, &syncs);
	record("write %" PRIu64 " %" PRIu64 " %zu %d", inode, has_offset ? offset : position - length, length, syncs);
	for (size_t i = 0; i < n && length; i++) {
		size_t piece = v[i].iov_len < length ? v[i].iov_len : length;
		char *bytes = malloc(piece + 1);

		read_bytes(t, (uint64_t)(uintptr_t)v[i].iov_base, bytes, piece);
		fwrite(bytes, 1, piece, out);
		free(bytes);
		length -= piece;
	}
	fputc('\n', out);
}

static void record_vector(const struct thread *t, bool has_offset, size_t length)
{
	struct iovec v[VECTORS_MAX];
	size_t n = t->args[2] < VECTORS_MAX ? t->args[2] : VECTORS_MAX;

	read_bytes(t, t->args[1], v, n * sizeof(*v));
	record_write(t, t->args[3], has_offset, v, n, length);
}

static void record_open(const struct thread *t, uint64_t flags, int64_t fd)
{
	const char *path;
	uint64_t inode = inode_of(t, (uint64_t)fd, &path);

	if (inode && (flags & O_CREAT) && !t->existed)
		record("create %" PRIu64 " %s", inode, path);
	else if (inode && (flags & O_TRUNC))
		record("size %" PRIu64 " 0", inode);
}

static void record_mapping(const struct thread *t)
{
	const char *path;
	uint64_t inode;

	if (!(t->args[2] & PROT_WRITE) || !(t->args[3] & MAP_SHARED) || (t->args[3] & MAP_ANONYMOUS))
		return;
	inode = inode_of(t, t->args[4], &path);
	if (inode)
		record("mapped %" PRIu64 " %s", inode, path);
}

static void record_name(const struct thread *t, const char *what, uint64_t at)
{
	char buf[PATH_ROOM];
	const char *path = path_at(t, at, buf);

	if (path)
		record("%s %" PRIu64 " %s", what, inode_at(path), path);
}

static void record_symlink(const struct thread *t, uint64_t target_at, uint64_t at)
{
	char buf[PATH_ROOM], target[PATH_ROOM];
	const char *path = path_at(t, at, buf);

	if (!path)
		return;
	read_text(t, target_at, target, sizeof(target));
	record("symlink %" PRIu64 " %s\t%s", inode_at(path), path, target);
}

static void record_rename(const struct thread *t, uint64_t from_at, uint64_t to_at)
{
	char buf[PATH_ROOM], other[PATH_ROOM];
	const char *from = path_at(t, from_at, buf), *to = path_at(t, to_at, other);

	if (from && to)
		record("rename %s\t%s", from, to);
}

static void record_unlink(const struct thread *t, uint64_t at)
{
	char buf[PATH_ROOM];
	const char *path = path_at(t, at, buf);

	if (path)
		record("unlink %s", path);
}

static void record_inode(const struct thread *t, const char *what)
{
	uint64_t inode = inode_of(t, t->args[0], NULL);

	if (inode)
		record("%s %" PRIu64, what, inode);
}

static void record_size(const struct thread *t)
{
	uint64_t inode = inode_of(t, t->args[0], NULL);

	if (inode)
		record("size %" PRIu64 " %" PRIu64, inode, t->args[1]);
}

/* ---- system calls ---- */

static void on_entry(struct thread *t)
{
	bool at = t->nr == SYS_openat;
	char path[PATH_ROOM];

	if (t->nr != SYS_open && !at)
		return;
	read_text(t, t->args[at], path, sizeof(path));
	t->existed = !below(path) || access(path, F_OK) == 0;
}

static void on_files(const struct thread *t, int64_t result)
{
	const struct iovec one = { (void *)(uintptr_t)t->args[1], t->args[2] };

	switch (t->nr) {
	case SYS_open:
	case SYS_openat:
		record_open(t, t->args[1 + (t->nr == SYS_openat)], result);
		return;
	case SYS_write:
		record_write(t, 0, false, &one, 1, (size_t)result);
		return;
	case SYS_pwrite64:
		record_write(t, t->args[3], true, &one, 1, (size_t)result);
		return;
	case SYS_writev:
	case SYS_pwritev:
		record_vector(t, t->nr == SYS_pwritev, (size_t)result);
		return;
	case SYS_ftruncate:
		record_size(t);
		return;
	case SYS_fsync:
	case SYS_fdatasync:
		record_inode(t, "sync");
		return;
	case SYS_mmap:
		record_mapping(t);
		return;
	}
}

static void on_names(const struct thread *t)
{
	switch (t->nr) {
	case SYS_mkdir:
		record_name(t, "mkdir", t->args[0]);
		return;
	case SYS_symlink:
		record_symlink(t, t->args[0], t->args[1]);
		return;
	case SYS_link:
		record_name(t, "link", t->args[1]);
		return;
	case SYS_rename:
		record_rename(t, t->args[0], t->args[1]);
		return;
	case SYS_renameat:
		record_rename(t, t->args[1], t->args[3]);
		return;
	case SYS_unlink:
	case SYS_rmdir:
		record_unlink(t, t->args[0]);
		return;
	case SYS_unlinkat:
		record_unlink(t, t->args[1]);
		return;
	case SYS_fallocate:
		if (t->args[1] == FALLOC_FL_KEEP_SIZE)
			return; /* no byte changes */
				/* fall through */
	/* nothing of ours uses these yet; their changes would be missed */
	case SYS_linkat:
	case SYS_symlinkat:
	case SYS_renameat2:
	case SYS_mkdirat:
	case SYS_truncate:
	case SYS_pwritev2:
	case SYS_copy_file_range:
	case SYS_sendfile:
		errno = ENOSYS;
		fail("a system call that is not recorded");
	}
}

static void on_stop(pid_t id)
{
	struct ptrace_syscall_info info;
	struct thread *t = thread_of(id);

	if (ptrace(PTRACE_GET_SYSCALL_INFO, id, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		t->nr = info.entry.nr;
		memcpy(t->args, info.entry.args, sizeof(t->args));
		on_entry(t);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && info.exit.rval >= 0) {
		on_files(t, info.exit.rval);
		on_names(t);
	}
}

static pid_t start(char **command)
{
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execv(command[0], command);
		fail(command[0]);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
		fail("cannot trace");
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	return pid;
}

/* Until the first process has ended; its status. */
static int follow(pid_t first)
{
	for (;;) {
		int status, sig = 0;
		pid_t id = waitpid(-1, &status, __WALL);

		if (id < 0)
			fail("wait");
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			thread_of(id)->id = 0;
			if (id == first)
				return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			on_stop(id);
		else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP)
			sig = WSTOPSIG(status);
		ptrace(PTRACE_SYSCALL, id, 0, sig);
	}
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 4) {
		fprintf(stderr, "usage: recorder DIRECTORY LOG COMMAND...\n");
		return 2;
	}
	root = argv[1];
	out = fopen(argv[2], "ae");
	if (!out)
		fail(argv[2]);
	status = follow(start(argv + 3));
	if (fclose(out))
		fail(argv[2]);
	return status;
}
