// Linux capabilities as pods name them ("NET_ADMIN"), as OCI specs do ("CAP_NET_ADMIN"), and as the agent takes them (a bit mask).

const names =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'.split(
    ' ',
  );

/** What containerd gives a container that asks for nothing. */
const defaults =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'.split(
    ' ',
  );

/** The capabilities of a container, in kernel order, without "CAP_". "ALL" in add or drop means all of them; drops come after adds. */
export function containerCapabilities(add: string[], drop: string[], privileged: boolean): string[] {
  if (privileged) return [...names];
  const plain = (list: string[]) => list.map((name) => name.toUpperCase().replace(/^CAP_/, ''));
  const dropped = plain(drop);
  const added = plain(add);
  const kept = new Set(dropped.includes('ALL') ? [] : defaults.filter((name) => !dropped.includes(name)));
  if (added.includes('ALL')) for (const name of names) if (!dropped.includes(name)) kept.add(name);
  for (const name of added) kept.add(name);
  return names.filter((name) => kept.has(name));
}

/** A bit mask in hexadecimal. */
export function capabilityMask(capabilities: string[]): string {
  let mask = 0n;
  for (const name of capabilities) {
    const bit = names.indexOf(name);
    if (bit >= 0) mask |= 1n << BigInt(bit);
  }
  return mask.toString(16);
}
