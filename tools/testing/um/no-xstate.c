// SPDX-License-Identifier: GPL-2.0
/*
 * no-xstate - preloaded into User Mode Linux on hosts with large FPU state
 *
 * UML of 6.12 has room for 2696 bytes of it, and hosts with AMX refuse to set
 * less than all they have: no process could run.  Without NT_X86_XSTATE it takes
 * the FPU state that every x86 has.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/ptrace.h>
#include <sys/types.h>

long ptrace(enum __ptrace_request request, ...)
{
	static long (*real)(int request, ...);
	void *addr, *data;
	va_list args;
	pid_t pid;

	va_start(args, request);
	pid = va_arg(args, pid_t);
	addr = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);

	if ((request == PTRACE_GETREGSET || request == PTRACE_SETREGSET) &&
	    (unsigned long)addr == NT_X86_XSTATE) {
		errno = EINVAL;
		return -1;
	}
	if (!real)
		real = (long (*)(int, ...))dlsym(RTLD_NEXT, "ptrace");
	return real(request, pid, addr, data);
}
