/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the self-tests of Peios share: tokens, security descriptors, targets.
 *
 * Functions that can fail return a negative errno.
 */
#ifndef PEIOS_UTIL_H
#define PEIOS_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Rights on a process */
#define TERMINATE		0x0001
#define SIGNAL			0x0002
#define VM_READ			0x0010
#define VM_WRITE		0x0020
#define DUP_HANDLE		0x0040
#define SET_QUOTA		0x0100
#define SET_INFORMATION		0x0200
#define QUERY_INFORMATION	0x0400
#define SUSPEND_RESUME		0x0800
#define QUERY_LIMITED		0x1000
#define READ_CONTROL		0x00020000
#define WRITE_DAC		0x00040000
#define WRITE_OWNER		0x00080000
#define ALL_RIGHTS		0x000e1f73

/* What the default descriptor gives everyone, and what Linux's capabilities give. */
#define BY_EVERYONE	(QUERY_LIMITED | QUERY_INFORMATION)
#define BY_CAPABILITY	(TERMINATE | SIGNAL | SUSPEND_RESUME | SET_INFORMATION | \
			 VM_READ | QUERY_INFORMATION)

#define SYSTEM		"S-1-5-18"
#define ADMINISTRATORS	"S-1-5-32-544"
#define EVERYONE	"S-1-1-0"
#define ALICE		"S-1-5-21-1-2-3-1001"
#define BOB		"S-1-5-21-1-2-3-1002"

#define SD_MAX	4096

/* A security descriptor in the making: its owner, and entries in order. */
struct sd {
	uint8_t bytes[SD_MAX];
	size_t size;
	size_t dacl;
};

/* With an empty DACL, which grants nothing. */
void sd_begin(struct sd *sd, const char *owner);
void sd_allow(struct sd *sd, const char *sid, uint32_t rights);
void sd_deny(struct sd *sd, const char *sid, uint32_t rights);
/* After all entries: its group; a SACL, which is NULL. */
void sd_group(struct sd *sd, const char *group);
void sd_null_sacl(struct sd *sd);

int sd_read(pid_t pid, void *bytes, size_t size);
int sd_write(pid_t pid, const struct sd *sd);
/* "TYPE TRUST", of the calling process. */
int pip_write(const char *text);
int pip_read(pid_t pid, char *text, size_t size);

/* Take the token of an ordinary user, with these privileges, all enabled. */
int become(const char *user, const char *privileges);

/*
 * A process to do something to. It has the token, the descriptor and the
 * protection that it is told to have, a page that others may look at, and
 * ignores the signals that it is sent.
 */
struct target {
	pid_t pid;
	int command;
	int answer;
};

struct target_setup {
	const struct sd *sd;		/* NULL: the default */
	const char *pip;		/* NULL: none */
	const char *user;		/* NULL: the token of the tests */
	const char *privileges;
	const char *token_command;	/* NULL: none */
	uid_t uid;			/* 0: stays root */
	/* Another process shares its memory, and has this descriptor. */
	bool shares_mm;
	const struct sd *sharer_sd;	/* NULL: that of the target */
};

extern long target_word;	/* in the memory of each target */
#define TARGET_WORD	0x7a57e57

int target_start(struct target *target, const struct target_setup *setup);
/* What the target itself says of its oom_score_adj. */
int target_adj(struct target *target);
/* It sets its own oom_score_adj or descriptor, as it may. */
int target_set_adj(struct target *target, int adj);
void target_stop(struct target *target);

/* fork(), and a child that does not outlive who made it, nor a test that ends. */
pid_t fork_child(void);
/* What setuid() clears. */
void die_with_parent(void);
/* Run a function in a child and return what it returns, 0 to 255. */
int in_child(int (*function)(void *arg), void *arg);
/* Copy a program, and make it one that is setuid root. */
int copy_setuid(const char *from, const char *to);
int send_fd(int socket, int fd);
int receive_fd(int socket);

#endif /* PEIOS_UTIL_H */
