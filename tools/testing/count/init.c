// SPDX-License-Identifier: GPL-2.0
/*
 * init - the only process of a guest whose kernel's instructions are counted
 *
 * Has page tables walked in which nearly all entries are normal PTEs, then ends
 * the guest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE	(1UL << 20)

static void die(const char *what)
{
	perror(what);
	reboot(RB_AUTOBOOT);
}

/* What vm_normal_page() is asked for from outside of mm/memory.c. */
static void walk(void)
{
	char buf[4096];
	int fd = open("/proc/self/smaps", O_RDONLY);

	if (fd < 0)
		die("smaps");
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
}

int main(void)
{
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status = 1;
	pid_t pid;

	if (p == MAP_FAILED || madvise(p, SIZE, MADV_NOHUGEPAGE))
		die("mmap");
	if (mount("proc", "/proc", "proc", 0, NULL))
		die("proc");
	memset(p, 1, SIZE);
	pid = fork();
	if (!pid) {
		memset(p, 2, SIZE);
		walk();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		die("fork");
	walk();
	if (munmap(p, SIZE))
		die("munmap");
	printf("count: done\n");
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	return 0;
}
