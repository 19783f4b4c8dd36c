/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of peiosctl share.
 */
#ifndef _PEIOSCTL_H
#define _PEIOSCTL_H

#include <stdio.h>

#include "../../../security/peios/access.h"
#include "../../../security/peios/sd.h"
#include "../../../security/peios/sid.h"

/* Exit codes beside 0: refused by Peios; wrong use, or something failed */
#define EXIT_REFUSED	1
#define EXIT_ERROR	2

/**
 * struct identity - a token as its file shows it
 * @user: the user
 * @groups: groups that are enabled, then those that are deny-only
 * @nr_groups: how many are enabled
 * @nr_deny: how many are deny-only
 * @present: privileges that it has
 * @enabled: those of them that count
 * @used: those that a decision has relied on
 * @assigned: it does not follow the Unix identity
 */
struct identity {
	struct peios_sid user;
	struct peios_sid *groups;
	unsigned int nr_groups;
	unsigned int nr_deny;
	u64 present;
	u64 enabled;
	u64 used;
	bool assigned;
};

/* files.c: what the kernel shows of a process; -errno where it can't be read */
void set_proc(const char *dir);
char *attr_path(const char *pid, const char *file);
int read_file(const char *path, u8 *bytes, size_t room, size_t *size);
int write_file(const char *path, const void *bytes, size_t size);
int read_token(const char *pid, struct identity *id);
int parse_token(char *text, struct identity *id);
void free_token(struct identity *id);
int read_sd(const char *pid, struct peios_sd **sd);
int read_pip(const char *pid, struct peios_pip *pip);
u64 read_capabilities(const char *pid, const char *target);
int parse_pip(const char *text, struct peios_pip *pip);

/* check.c: what one process may do to another */
void explain(const char *pid, u32 rights, u64 privileges);
int parse_rights(const char *text, u32 *mask);
int parse_deeds(const char *text, u32 *mask, bool *lower);
int check_process(const char *pid, const char *as, u32 desired, bool lower);
void print_rights(FILE *out, u32 mask);

/* logon.c: what the logon policy gives whom */
int logon_show(const char *registry, const char *name, const char *service,
	       const char *elevate);

/* elevate.c: ask the service to run a command */
int elevate_run(const char *socket, const char *user, char **command);

/* main.c */
void __noreturn __printf(1, 2) die(const char *format, ...);

#endif /* _PEIOSCTL_H */
