#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# debian.sh: make of a Debian that was just installed the machine of make vm. Runs in
# its root directory, once.

echo debian > /etc/hostname
printf '127.0.0.1\tlocalhost debian\n::1\tlocalhost\n' > /etc/hosts
echo 'LABEL=debian / ext4 defaults 0 1' > /etc/fstab
rm -f /etc/resolv.conf
echo 'nameserver 10.0.2.3' > /etc/resolv.conf

# QEMU's network, if there is any
cat > /etc/systemd/network/50-qemu.network << END
[Match]
Driver=virtio_net
[Network]
DHCP=yes
END
systemctl enable systemd-networkd
systemctl mask systemd-networkd-wait-online

# Who logs in: root, an administrator, and somebody who may do nothing.
echo 'root:peios' | chpasswd
for user in alice bob; do
	useradd -m -s /bin/bash "$user"
	echo "$user:peios" | chpasswd
done
adduser alice sudo 2>/dev/null || usermod -aG sudo alice

# What a test is about it starts by itself.
for unit in earlyoom systemd-oomd auditd redis-server postgresql \
	prometheus-node-exporter podman.service podman.socket podman-restart \
	podman-auto-update.service podman-auto-update.timer; do
	systemctl disable "$unit" 2>/dev/null || true
done
rm -f /etc/machine-id
echo uninitialized > /etc/machine-id

# The tests come on a disk of their own, and only where the kernel's command line
# says so. They begin when the machine is up.
cat > /etc/systemd/system/userland.service << END
[Unit]
Description=Tests of user space
ConditionKernelCommandLine=userland
After=multi-user.target

[Service]
Type=exec
ExecStart=/bin/sh -c 'mkdir -p /opt/userland && mount /dev/vdb /opt/userland && exec /opt/userland/run.sh'
ExecStopPost=/bin/systemctl --no-block poweroff
StandardOutput=file:/dev/ttyS1
StandardError=inherit
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
END
systemctl enable userland

# The guest's last word, when all file systems are unmounted.
cat > /lib/systemd/system-shutdown/last-word << 'END'
#!/bin/sh
rc=$(cat /run/userland-rc 2>/dev/null || echo 0)
printf '\n%s\n' "guest: job ended with $rc" > /dev/ttyS1
sleep 1
END
chmod 755 /lib/systemd/system-shutdown/last-word
rm -f /tmp/debian.sh
