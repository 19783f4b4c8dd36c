// SPDX-License-Identifier: GPL-2.0-only
/*
 * The catalogue of privileges.
 */

#include <linux/errno.h>
#include <linux/string.h>

#include "privilege.h"

static const char * const names[PEIOS_PRIV_LAST + 1] = {
	[2]	= "SeCreateTokenPrivilege",
	[3]	= "SeAssignPrimaryTokenPrivilege",
	[4]	= "SeLockMemoryPrivilege",
	[5]	= "SeIncreaseQuotaPrivilege",
	[6]	= "SeMachineAccountPrivilege",
	[7]	= "SeTcbPrivilege",
	[8]	= "SeSecurityPrivilege",
	[9]	= "SeTakeOwnershipPrivilege",
	[10]	= "SeLoadDriverPrivilege",
	[11]	= "SeSystemProfilePrivilege",
	[12]	= "SeSystemtimePrivilege",
	[13]	= "SeProfileSingleProcessPrivilege",
	[14]	= "SeIncreaseBasePriorityPrivilege",
	[15]	= "SeCreatePagefilePrivilege",
	[16]	= "SeCreatePermanentPrivilege",
	[17]	= "SeBackupPrivilege",
	[18]	= "SeRestorePrivilege",
	[19]	= "SeShutdownPrivilege",
	[20]	= "SeDebugPrivilege",
	[21]	= "SeAuditPrivilege",
	[22]	= "SeSystemEnvironmentPrivilege",
	[23]	= "SeChangeNotifyPrivilege",
	[24]	= "SeRemoteShutdownPrivilege",
	[25]	= "SeUndockPrivilege",
	[26]	= "SeSyncAgentPrivilege",
	[27]	= "SeEnableDelegationPrivilege",
	[28]	= "SeManageVolumePrivilege",
	[29]	= "SeImpersonatePrivilege",
	[30]	= "SeCreateGlobalPrivilege",
	[31]	= "SeTrustedCredManAccessPrivilege",
	[32]	= "SeRelabelPrivilege",
	[33]	= "SeIncreaseWorkingSetPrivilege",
	[34]	= "SeTimeZonePrivilege",
	[35]	= "SeCreateSymbolicLinkPrivilege",
	[36]	= "SeDelegateSessionUserImpersonatePrivilege",
};

/**
 * peios_privilege_name() - the name of a privilege
 * @number: its number
 *
 * Return: the name, or NULL if no privilege has that number.
 */
const char *peios_privilege_name(unsigned int number)
{
	return number <= PEIOS_PRIV_LAST ? names[number] : NULL;
}

/**
 * peios_privilege_parse() - look a privilege up by its name
 * @name: the name, in the catalogue's case
 * @mask: the result, one bit; not touched on error
 *
 * Return: 0 or -EINVAL.
 */
int peios_privilege_parse(const char *name, u64 *mask)
{
	unsigned int i;

	for (i = PEIOS_PRIV_FIRST; i <= PEIOS_PRIV_LAST; i++) {
		if (!strcmp(names[i], name)) {
			*mask = BIT_ULL(i);
			return 0;
		}
	}
	return -EINVAL;
}
