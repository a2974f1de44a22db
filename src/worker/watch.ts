const intervalMilliseconds = 100;

/**
 * Ends this process, from a thread of its own, when the one that started it is gone. The main thread learns that from its
 * channel, but not before a native call returns, which may take minutes.
 * @param host the id of the process that started this one
 */
export function watchHost(host: number): void {
  setInterval(() => {
    // SIGKILL: no other signal ends a process within a native call.
    if (process.ppid !== host || !isAlive(host)) process.kill(process.pid, 'SIGKILL');
  }, intervalMilliseconds);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process may not be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
