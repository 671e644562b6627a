/** Whether a process of that number runs, be it another user's. */
export function isProcessAlive(pid: number): boolean {
  // 0 and negative numbers would mean groups of processes.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
