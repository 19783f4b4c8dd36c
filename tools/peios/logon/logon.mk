# SPDX-License-Identifier: GPL-2.0-only
# What is linked with the logon policy includes this, from a folder beside it.

PEIOS_KERNEL := ../../../security/peios
PEIOS_FLAGS := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wno-sign-compare \
	-Wno-missing-field-initializers -Wno-unused-parameter -I../peiosctl/shim \
	-D'__counted_by(member)=' \
	-D'__noreturn=__attribute__((noreturn))' \
	-D'__printf(at, args)=__attribute__((format(printf, at, args)))' \
	-D'struct_size(p, member, n)=offsetof(__typeof__(*(p)), member[n])' \
	-D'flex_array_size(p, member, n)=(sizeof((p)->member[0]) * (n))'
LOGON_PURE := ../logon/rule.c $(addprefix $(PEIOS_KERNEL)/,sid.c privilege.c)
LOGON_SRCS := $(LOGON_PURE) ../logon/policy.c ../logon/who.c
LOGON_HDRS := ../logon/logon.h $(wildcard ../peiosctl/shim/*.h \
	../peiosctl/shim/linux/*.h $(PEIOS_KERNEL)/*.h)
