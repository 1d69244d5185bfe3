/* A fault on a page of a mapped store, or one that LMDB cannot believe, ends the program with a sentence instead of a core. */
#include "views/store_internal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#define REBUILD "rebuild it from the log with an empty store.path"
#define STRAY_BYTES (UINT64_C(1) << 32) /* a damaged page may say that a value is as long as this */

/* One line of /proc/self/maps. */
struct mapping {
	uint64_t start, end, offset;
	char *path;
};

static uint64_t hex(const char **at)
{
	uint64_t v = 0;

	for (;; ++*at) {
		char c = **at;

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return v;
	}
}

/* "START-END PERMS OFFSET DEV INODE   PATH" */
static struct mapping parse(char *line)
{
	struct mapping m = { .path = strchr(line, '/') };
	const char *at = line;

	m.start = hex(&at);
	at += *at == '-';
	m.end = hex(&at);
	at = strchr(line, ' ');
	at = at ? strchr(at + 1, ' ') : NULL;
	if (at) {
		at++;
		m.offset = hex(&at);
	}
	return m;
}

/* The base's data.mdb, or a young level. */
static bool is_store(const struct mapping *m, uint64_t address)
{
	const char *name = m->path ? strrchr(m->path, '/') : NULL;

	return name &&
	       (strcmp(name, "/data.mdb") == 0 || strncmp(name, "/aisle-", 7) == 0 ||
		strncmp(name, "/young-", 7) == 0) &&
	       address >= m->start && address < m->end + STRAY_BYTES;
}

static bool is_lmdb(const struct mapping *m, uint64_t address)
{
	return m->path && strstr(m->path, "/liblmdb") && address >= m->start && address < m->end;
}

typedef bool (*mapping_test)(const struct mapping *m, uint64_t address);

/* The first mapping that `is` for the address; ret->path is in `buf`. Only calls a handler may make. */
static bool find(uint64_t address, mapping_test is, char *buf, size_t room, struct mapping *ret)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	bool found = false;
	size_t n = 0;
	char c;

	while (!found && fd >= 0 && read(fd, &c, 1) == 1) {
		if (c != '\n') {
			if (n + 1 < room)
				buf[n++] = c;
			continue;
		}
		buf[n] = '\0';
		n = 0;
		*ret = parse(buf);
		found = is(ret, address);
	}
	if (fd >= 0)
		close(fd);
	return found;
}

static void say(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(1);
}

/* Of the instruction that failed. */
static uint64_t program_counter(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return context->uc_mcontext.pc;
#else
	(void)context;
	return 0;
#endif
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	bool stray = sig == SIGSEGV && info->si_code == SEGV_MAPERR;
	uint64_t address = (uint64_t)(uintptr_t)info->si_addr;
	struct mapping m;
	struct stat st;
	char line[4400];

	if ((sig != SIGBUS && !stray) || !find(address, is_store, line, sizeof(line), &m)) {
		if (!find(program_counter(context), is_lmdb, line, sizeof(line), &m)) {
			/* a mistake of the program: fault again, with a core */
			signal(sig, SIG_DFL);
			return;
		}
		say("aisle: cannot go on: the store is damaged, its pages make no sense: " REBUILD "\n");
		_exit(1);
	}
	say("aisle: cannot go on: ");
	say(m.path);
	if (stray)
		say(" is damaged: " REBUILD "\n");
	else if (stat(m.path, &st) == 0 && address - m.start + m.offset < (uint64_t)st.st_size)
		say(" has a page that its disk does not give: the disk fails, or its file system is full\n");
	else
		say(" is damaged, it is shorter than it was: " REBUILD "\n");
	_exit(1);
}

void store__on_assertion(MDB_env *env, const char *what)
{
	const char *path = "the store";

	mdb_env_get_path(env, &path);
	say("aisle: cannot go on: ");
	say(path);
	say(" is damaged (");
	say(what);
	say("): " REBUILD "\n");
	_exit(1);
}

void store_explain_faults(void)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &act, NULL);
#ifndef __SANITIZE_ADDRESS__
	sigaction(SIGSEGV, &act, NULL);
#endif
}
