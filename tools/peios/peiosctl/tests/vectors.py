#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Make test vectors for AccessCheck and SDDL with Samba, an implementation that
has nothing in common with ours.

    vectors.py access > security/peios/access_vectors.h
    vectors.py sddl > tools/peios/peiosctl/tests/sddl.vectors

Needs Debian's python3-samba; the vectors in the tree are from 2:4.17.12 and
the seed below, and the same of both give the same vectors.

Samba 4.17 is known to differ from [MS-DTYP] 2.5.3.2 or from what is wanted of a
process, so these are not asked of it (security/peios/access_test.c has tables
for them):

 - a descriptor without a DACL: Samba grants what the owner is given, not all;
 - MAXIMUM_ALLOWED with a NULL DACL or with privileges: Samba grants other bits;
 - SeTakeOwnershipPrivilege where an entry denies WRITE_OWNER: Samba refuses;
 - SeBackupPrivilege and SeRestorePrivilege: Samba grants rights on files;
 - entries that name ACCESS_SYSTEM_SECURITY or MAXIMUM_ALLOWED: Samba grants
   that; here no entry can;
 - ACCESS_SYSTEM_SECURITY with a NULL DACL: Samba asks for no privilege;
 - OWNER RIGHTS in an entry that is inherit-only or for auditing: Samba lets it
   withhold the owner's rights;
 - entries for objects, and conditional ones: Samba skips them;
 - SDDL: rights for files (FA and so on), decimal and octal masks, authorities
   of more than 32 bits, aliases that it does not know, and XA, XD, ML.

Two things that Samba has no notion of are put to it in other words:

 - generic rights are mapped for it, in the entries and in what is asked;
 - for a deny-only group, the entries that allow it something, and its being the
   owner, are taken out, and the token has the group.
"""

import random
import sys

from samba import NTSTATUSError, security as samba_security
from samba.dcerpc import security
from samba.ndr import ndr_pack

SEED = 0x7065696f
DESCRIPTORS = 260
CHECKS = 12

READ_CONTROL, WRITE_DAC, WRITE_OWNER = 0x20000, 0x40000, 0x80000
ACCESS_SYSTEM_SECURITY, MAXIMUM_ALLOWED = 0x01000000, 0x02000000
GENERIC = 0xf0000000
PROCESS = [0x1, 0x2, 0x10, 0x20, 0x40, 0x100, 0x200, 0x400, 0x800, 0x1000]
STANDARD = [0x10000, READ_CONTROL, WRITE_DAC, WRITE_OWNER, 0x100000]
# What DESIGN's generic rights stand for
MAPPING = {
    0x80000000: 0x400 | 0x10 | READ_CONTROL,
    0x40000000: 0x200 | 0x100 | 0x20 | WRITE_DAC,
    0x20000000: 0x1 | 0x800 | 0x1000,
    0x10000000: sum(PROCESS) | READ_CONTROL | WRITE_DAC | WRITE_OWNER,
}

INHERIT_ONLY = security.SEC_ACE_FLAG_INHERIT_ONLY
EVERYONE, OWNER_RIGHTS, NOBODY = 'S-1-1-0', 'S-1-3-4', 'S-1-0-0'
SIDS = [
    'S-1-5-18', 'S-1-5-32-544', 'S-1-5-32-545', 'S-1-5-11', 'S-1-5-19',
    'S-1-22-1-0', 'S-1-22-1-1000', 'S-1-22-1-4294967295',
    'S-1-22-2-0', 'S-1-22-2-1000',
    'S-1-5-21-1004336348-1177238915-682003330-512',
    'S-1-5-80-1-2-3-4-5-6-7-8-9-10-11-12-13-4294967295',
]
# Number here, bit there
PRIVILEGES = {8: security.SEC_PRIV_SECURITY_BIT,
              9: security.SEC_PRIV_TAKE_OWNERSHIP_BIT}


def mapped(mask):
    for generic, rights in MAPPING.items():
        if mask & generic:
            mask |= rights
    return mask & ~GENERIC


def random_mask(rnd, generic):
    """A mask as people write them, or of any bits."""
    kind = rnd.randrange(10)
    if kind == 0:
        mask = rnd.getrandbits(32) & 0x0c1fffff
    elif kind <= 2:
        mask = mapped(0x10000000)
    elif kind <= 4:
        mask = rnd.choice(list(MAPPING)) if generic else rnd.choice(STANDARD)
    else:
        mask = 0
        for _ in range(rnd.randrange(1, 5)):
            mask |= rnd.choice(PROCESS + STANDARD)
    return mask


def make_ace(kind, flags, mask, sid):
    ace = security.ace()
    ace.type, ace.flags, ace.access_mask = kind, flags, mask
    ace.trustee = security.dom_sid(sid)
    return ace


def make_acl(aces, revision):
    acl = security.acl()
    acl.revision = revision
    acl.aces = aces
    acl.num_aces = len(aces)
    acl.size = 8 + sum(len(ndr_pack(a)) for a in aces)
    return acl


def make_sd(owner, group, aces, control=0):
    """aces: (type, flags, mask, sid) each; None for a NULL DACL"""
    sd = security.descriptor()
    sd.revision = 1
    sd.owner_sid = security.dom_sid(owner)
    if group:
        sd.group_sid = security.dom_sid(group)
    sd.type = control | 0x8004
    if aces is not None:
        sd.dacl = make_acl([make_ace(*a) for a in aces], 2)
    return sd


class Subject:
    def __init__(self, user, groups, deny, privileges):
        self.user, self.groups, self.deny = user, groups, deny
        self.privileges = privileges

    def token(self):
        token = security.token()
        sids = [self.user] + self.groups + self.deny
        if EVERYONE not in sids:
            sids.append(EVERYONE)
        token.sids = [security.dom_sid(s) for s in sids]
        token.num_sids = len(sids)
        token.privilege_mask = sum(PRIVILEGES[n] for n in self.privileges)
        return token


def subjects(rnd):
    made = []
    for _ in range(24):
        sids = rnd.sample(SIDS, rnd.randrange(1, 6))
        user, rest = sids[0], sids[1:]
        deny = [s for s in rest if rnd.randrange(4) == 0]
        groups = [s for s in rest if s not in deny]
        if rnd.randrange(8) == 0:
            (deny if rnd.randrange(2) else groups).append(EVERYONE)
        privileges = [n for n in PRIVILEGES if rnd.randrange(4) == 0]
        made.append(Subject(user, groups, deny, privileges))
    return made


def ask(subject, owner, group, aces, desired):
    """What Samba grants, or None where it refuses."""
    if aces is not None:
        theirs = []
        for kind, flags, mask, sid in aces:
            allows = kind == security.SEC_ACE_TYPE_ACCESS_ALLOWED
            if allows and sid in subject.deny:
                sid = NOBODY
            # The owner is a deny-only group: entries for OWNER RIGHTS too
            if allows and sid == OWNER_RIGHTS and owner in subject.deny:
                sid = NOBODY
                theirs.append((1, 0, 0, OWNER_RIGHTS))
            theirs.append((kind, flags, mapped(mask), sid))
        if owner in subject.deny and not any(s == OWNER_RIGHTS
                                             for _, _, _, s in theirs):
            theirs.append((1, 0, 0, OWNER_RIGHTS))
        aces = theirs
    sd = make_sd(owner, group, aces)
    try:
        return samba_security.access_check(sd, subject.token(), mapped(desired))
    except NTSTATUSError:
        return None


def excluded(subject, aces, desired):
    """Where Samba is known to differ; see above."""
    if desired & MAXIMUM_ALLOWED and (aces is None or subject.privileges):
        return True
    if aces is None:
        return bool(desired & ACCESS_SYSTEM_SECURITY)
    for kind, flags, mask, sid in aces:
        if mask & (ACCESS_SYSTEM_SECURITY | MAXIMUM_ALLOWED):
            return True
        if sid == OWNER_RIGHTS and (flags & INHERIT_ONLY or kind > 1):
            return True
        if kind == 1 and mapped(mask) & WRITE_OWNER and \
                mapped(desired) & WRITE_OWNER and 9 in subject.privileges:
            return True
    return False


def random_aces(rnd):
    if rnd.randrange(20) == 0:
        return None
    aces = []
    for _ in range(rnd.choice([0, 1, 1, 2, 2, 3, 3, 4, 5, 8])):
        kind = rnd.choice([0, 0, 0, 0, 1, 1, 1, 2, 3])
        flags = rnd.choice([0, 0, 0, 0x10, 0x03, 0x0b, 0x08])
        sid = rnd.choice(SIDS + [EVERYONE, EVERYONE, OWNER_RIGHTS])
        if sid == OWNER_RIGHTS:
            kind, flags = kind % 2, flags & ~INHERIT_ONLY
        aces.append((kind, flags, random_mask(rnd, True), sid))
    return aces


def random_desired(rnd):
    kind = rnd.randrange(12)
    if kind == 0:
        return MAXIMUM_ALLOWED
    if kind == 1:
        return MAXIMUM_ALLOWED | rnd.choice(PROCESS + STANDARD)
    if kind == 2:
        return rnd.choice(list(MAPPING))
    if kind == 3:
        return ACCESS_SYSTEM_SECURITY | rnd.choice([0, READ_CONTROL])
    if kind == 4:
        return WRITE_OWNER | rnd.choice([0, WRITE_DAC])
    if kind == 5:
        return rnd.choice([READ_CONTROL, WRITE_DAC, READ_CONTROL | WRITE_DAC])
    desired = rnd.choice(PROCESS)
    if kind >= 10:
        desired |= rnd.choice(PROCESS + STANDARD)
    return desired


def c_list(sids):
    return '"' + ','.join(sids) + '"'


def access():
    rnd = random.Random(SEED)
    who = subjects(rnd)
    print("""/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Made by tools/peios/peiosctl/tests/vectors.py with Samba %s and seed %#x.
 */

static const struct {
	const char *user, *groups, *deny;
	u64 privileges;
} vector_subjects[] = {""" % (version(), SEED))
    for s in who:
        print('\t{\n\t\t"%s",\n\t\t%s,\n\t\t%s,\n\t\t%#x,\n\t},' %
              (s.user, c_list(s.groups), c_list(s.deny),
               sum(1 << n for n in s.privileges)))
    print('};\n\nstatic const char * const vector_sds[] = {')

    checks = []
    for number in range(DESCRIPTORS):
        owner = rnd.choice(SIDS)
        group = rnd.choice(SIDS + [None])
        aces = random_aces(rnd)
        control = rnd.choice([0, 0x1000, 0x0400, 0x0100])
        print('\t"%s",' % ndr_pack(make_sd(owner, group, aces, control)).hex())
        # One who it is about is asked for more often.
        about = [i for i, s in enumerate(who)
                 if owner in [s.user] + s.groups + s.deny] or [0]
        for _ in range(CHECKS):
            nr = rnd.choice(about) if rnd.randrange(2) else \
                rnd.randrange(len(who))
            desired = random_desired(rnd)
            if excluded(who[nr], aces, desired):
                continue
            granted = ask(who[nr], owner, group, aces, desired)
            checks.append((number, nr, desired, granted))
    print("""};

/* Descriptor, subject, what is desired, what Samba grants: 0 is a refusal. */
static const struct {
	u16 sd;
	u16 subject;
	u32 desired;
	u32 granted;
} vector_checks[] = {""")
    for number, nr, desired, granted in checks:
        print('\t{ %d, %d, %#x, %#x },' % (number, nr, desired, granted or 0))
    print('};')


# Aliases that Samba knows and that need no domain
ALIASES = ['WD', 'SY', 'BA', 'BU', 'BG', 'PU', 'AU', 'AN', 'IU', 'NU', 'SU',
           'LS', 'NS', 'CO', 'CG', 'PS', 'RC', 'ED', 'OW', 'SO', 'PO', 'BO',
           'AO', 'RE', 'RU', 'RD', 'NO']
RIGHTS = ['GA', 'GR', 'GW', 'GX', 'RC', 'SD', 'WD', 'WO', 'RP', 'WP', 'CR', 'CC',
          'DC', 'LC', 'LO', 'DT', 'SW']
GUIDS = ['bf967aba-0de6-11d0-a285-00aa003049e2',
         '00299570-246d-11d0-a768-00aa006e0529']


def random_text(rnd):
    def sid():
        return rnd.choice(ALIASES + SIDS)

    def ace(kinds, flags):
        kind = rnd.choice(kinds)
        have = ''.join(f for f in flags if rnd.randrange(4) == 0)
        if rnd.randrange(3):
            rights = ''.join(rnd.sample(RIGHTS, rnd.randrange(1, 6)))
        else:
            rights = '0x%08x' % rnd.getrandbits(32)
        guid = inherited = ''
        if kind[0] == 'O':
            guid = rnd.choice(GUIDS + [''])
            inherited = rnd.choice(GUIDS + [''])
            if not guid and not inherited:
                guid = GUIDS[0]
        return '(%s;%s;%s;%s;%s;%s)' % (kind, have, rights, guid, inherited,
                                        sid())

    def acl(kinds, flags):
        control = ''.join(f for f in ['P', 'AR', 'AI'] if rnd.randrange(4) == 0)
        # Samba does not see where the flags of an ACL without entries end.
        count = rnd.randrange(1 if control else 0, 5)
        return control + ''.join(ace(kinds, flags) for _ in range(count))

    inherit = ['OI', 'CI', 'NP', 'IO', 'ID']
    text = 'O:' + sid()
    if rnd.randrange(3):
        text += 'G:' + sid()
    if rnd.randrange(8):
        text += 'D:' + acl(['A', 'A', 'D', 'OA', 'OD'], inherit)
    if rnd.randrange(3) == 0:
        text += 'S:' + acl(['AU', 'AU', 'OU', 'AL'], inherit + ['SA', 'FA'])
    return text


def sddl():
    rnd = random.Random(SEED + 1)
    domain = security.dom_sid('S-1-5-21-1-2-3')
    print('# Made by tools/peios/peiosctl/tests/vectors.py with Samba %s and seed %#x:' %
          (version(), SEED + 1))
    print('# text that was read, what it became, and the text of that again')
    for _ in range(DESCRIPTORS // 2):
        text = random_text(rnd)
        sd = security.descriptor.from_sddl(text, domain)
        print(text, ndr_pack(sd).hex(), sd.as_sddl())


def version():
    import samba
    return samba.version


if __name__ == '__main__':
    if sys.argv[1:] == ['access']:
        access()
    elif sys.argv[1:] == ['sddl']:
        sddl()
    else:
        sys.exit(__doc__)
