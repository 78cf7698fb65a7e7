// SPDX-License-Identifier: GPL-2.0
/*
 * init - the only process of a User Mode Linux guest: private mappings of /dev/mem
 *
 * UML cannot mark entries special, so that copies in such mappings are told from
 * the memory of /dev/mem by their place alone.  Writes to them, forks, unmaps, and
 * looks that nothing else changed.  KTAP on the console, then the guest ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB	(1UL << 20)

static long page_size;
static int number, failed;

static void result(int ok, const char *name)
{
	printf("%sok %d %s\n", ok ? "" : "not ", ++number, name);
	failed += !ok;
}

/* Kilobytes of @field of this process: exact, as UML has one processor. */
static long status_kb(const char *field)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kb = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, field, strlen(field)) &&
		    line[strlen(field)] == ':')
			kb = atol(line + strlen(field) + 1);
	if (f)
		fclose(f);
	return kb;
}

/* The pfns that @len bytes at @p have; all between them are RAM. */
static int pfn_range(char *p, size_t len, unsigned long *min, unsigned long *max)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	unsigned long long entry;
	size_t i;

	*min = -1UL;
	*max = 0;
	for (i = 0; fd >= 0 && i < len; i += page_size) {
		unsigned long pfn;

		if (pread(fd, &entry, sizeof(entry), ((unsigned long)p + i) /
			  page_size * sizeof(entry)) != sizeof(entry))
			break;
		pfn = entry & ((1ULL << 55) - 1);
		if (!pfn)
			break;
		*min = pfn < *min ? pfn : *min;
		*max = pfn > *max ? pfn : *max;
	}
	close(fd);
	return len && i == len;
}

static char *map_mem(int fd, size_t len, off_t offset)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_NORESERVE, fd, offset);

	return p == MAP_FAILED ? NULL : p;
}

/*
 * A write makes a copy: it is read back, /dev/mem does not change, and the copy
 * counts as one anonymous page until it is unmapped.
 */
static void copy(int fd, off_t offset)
{
	char *p = map_mem(fd, 16 * page_size, offset), *mem, before;
	long anon, with_copy;
	int ok;

	mem = mmap(NULL, page_size, PROT_READ, MAP_SHARED, fd,
		   offset + 5 * page_size);
	if (!p || mem == MAP_FAILED) {
		result(0, "devmem.copy");
		return;
	}
	before = *mem;
	/* The first call has memory allocated. */
	status_kb("RssAnon");
	anon = status_kb("RssAnon");
	p[5 * page_size] = before + 1;
	with_copy = status_kb("RssAnon");
	ok = p[5 * page_size] == (char)(before + 1) && *mem == before &&
	     !munmap(mem, page_size) && !munmap(p, 16 * page_size);
	result(ok && anon >= 0 && with_copy == anon + page_size / 1024 &&
	       status_kb("RssAnon") == anon, "devmem.copy");
}

/* The child has its own copy of the copy. */
static void fork_copy(int fd, off_t offset)
{
	char *p = map_mem(fd, 16 * page_size, offset);
	int status = -1;
	pid_t pid;

	if (!p) {
		result(0, "devmem.fork");
		return;
	}
	p[0] = 'a';
	p[3 * page_size] = 'b';
	pid = fork();
	if (!pid) {
		int ok = p[0] == 'a' && p[3 * page_size] == 'b';

		p[0] = 'c';
		p[7 * page_size] = 'd';
		munmap(p, 2 * page_size);
		_exit(!ok);
	}
	waitpid(pid, &status, 0);
	result(pid > 0 && !status && p[0] == 'a' && p[3 * page_size] == 'b' &&
	       !munmap(p, 16 * page_size), "devmem.fork");
}

/* Moved, and unmapped page by page from the middle. */
static void move(int fd, off_t offset)
{
	char *p = map_mem(fd, 16 * page_size, offset), *q;
	int i, ok;

	if (!p) {
		result(0, "devmem.move");
		return;
	}
	for (i = 0; i < 16; i += 2)
		p[i * page_size] = 'A' + i;
	q = mremap(p, 16 * page_size, 16 * page_size, MREMAP_MAYMOVE |
		   MREMAP_FIXED, p + 64 * MIB);
	ok = q != MAP_FAILED;
	for (i = 0; ok && i < 16; i += 2)
		ok = q[i * page_size] == 'A' + i;
	for (i = 0; ok && i < 16; i++)
		ok = !munmap(q + (i * 5 + 3) % 16 * page_size, page_size);
	result(ok, "devmem.move");
}

/*
 * /dev/mem shows RAM that is about to be somebody's anonymous memory: all of it
 * is mapped and read, then memory is used, forked and given back, beside it.
 */
static void becomes_anonymous(int fd, off_t offset, size_t ram)
{
	char *p = map_mem(fd, ram, offset), *anon;
	int round, status, ok = !!p;
	pid_t pid;
	size_t i;

	for (round = 0; ok && round < 4; round++) {
		for (i = 0; i < ram; i += page_size)
			(void)*(volatile char *)(p + i);
		anon = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (anon == MAP_FAILED) {
			ok = 0;
			break;
		}
		memset(anon, round + 1, 32 * MIB);
		/* Writing makes copies of pages that are anonymous elsewhere. */
		for (i = round * page_size; i < ram; i += 97 * page_size)
			p[i] = round;
		pid = fork();
		if (!pid) {
			memset(anon, 0x55, 32 * MIB);
			_exit(0);
		}
		ok = pid > 0 && waitpid(pid, &status, 0) == pid && !status;
		for (i = 0; ok && i < 32 * MIB; i += page_size)
			ok = anon[i] == round + 1;
		munmap(anon, 32 * MIB);
	}
	result(ok && !munmap(p, ram), "devmem.becomes_anonymous");
}

int main(void)
{
	unsigned long min, max;
	off_t offset;
	char *p;
	int fd;

	mount("proc", "/proc", "proc", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	page_size = sysconf(_SC_PAGESIZE);
	p = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	printf("KTAP version 1\n1..5\n");
	fd = open("/dev/mem", O_RDWR);
	if (fd < 0 || p == MAP_FAILED || !pfn_range(p, 32 * MIB, &min, &max)) {
		result(0, "devmem.open");
	} else {
		result(1, "devmem.open");
		munmap(p, 32 * MIB);
		offset = min * page_size;
		copy(fd, offset);
		fork_copy(fd, offset);
		move(fd, offset);
		becomes_anonymous(fd, offset, (max - min + 1) * page_size);
	}
	printf("# done, %d failed\n", failed);
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
