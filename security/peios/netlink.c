// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - the gate on audit's configuration
 *
 * Each refusal is recorded by audit. Root with CAP_AUDIT_CONTROL could exclude
 * such records, stop auditing, direct them to another daemon, or make the
 * kernel panic when one is lost. Windows asks SeSecurityPrivilege of a process
 * that manages auditing, and so does Peios.
 */

#include <linux/audit.h>
#include <linux/errno.h>
#include <linux/lsm_hooks.h>
#include <linux/skbuff.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "policy.h"
#include "privilege.h"
#include "setup.h"

/**
 * peios_audit_policy() - does a message change what audit records?
 * @type: its type
 * @data: its payload
 * @size: the length of the payload
 * @enabled: whether auditing is on now, as in struct audit_status
 *
 * Queries and requests to record something need no privilege. Neither does
 * recording what is typed in the caller's own session (AUDIT_TTY_SET). A
 * message that only switches auditing on, or leaves it as it is, takes nothing
 * away. systemd's journal sends one of these with few capabilities: as Debian
 * configures it, it switches off auditing that is off already.
 *
 * Return: true if it does.
 */
bool peios_audit_policy(u16 type, const void *data, size_t size, u32 enabled)
{
	const struct audit_status *status = data;

	switch (type) {
	case AUDIT_SET:
		return size < offsetofend(struct audit_status, enabled) ||
		       status->mask != AUDIT_STATUS_ENABLED ||
		       (status->enabled != AUDIT_ON &&
			status->enabled != enabled);
	case AUDIT_SET_FEATURE:
	case AUDIT_ADD_RULE:
	case AUDIT_DEL_RULE:
	case AUDIT_TRIM:
	case AUDIT_MAKE_EQUIV:
		return true;
	default:
		return false;
	}
}

/* The message is the kernel's copy and may contain several. */
static int hook_netlink_send(struct sock *sk, struct sk_buff *skb)
{
	const struct nlmsghdr *nlh;
	int left = skb->len;

	if (likely(sk->sk_protocol != NETLINK_AUDIT))
		return 0;
	for (nlh = nlmsg_hdr(skb); nlmsg_ok(nlh, left);
	     nlh = nlmsg_next(nlh, &left))
		if (peios_audit_policy(nlh->nlmsg_type, nlmsg_data(nlh),
				       nlmsg_len(nlh), audit_enabled))
			return peios_need(PEIOS_PRIV_SECURITY, "set_audit",
					  -EPERM, true);
	return 0;
}

static struct security_hook_list netlink_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(netlink_send, hook_netlink_send),
};

/**
 * peios_add_netlink_hooks() - register the hooks
 */
void __init peios_add_netlink_hooks(void)
{
	security_add_hooks(netlink_hooks, ARRAY_SIZE(netlink_hooks),
			   &peios_lsmid);
}
