/**
 * Lets what is to be done about one thing wait for what is being done about it here. It only saves
 * decisions made on what is just moving: nobody may rely on it, since other servers have turns of
 * their own.
 */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>()

  /** Runs `work` once everything begun earlier under the key has ended, however it ended. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(key)
    const mine = before === undefined ? work() : before.then(work, work)
    this.last.set(key, mine)
    try {
      return await mine
    } finally {
      if (this.last.get(key) === mine) this.last.delete(key)
    }
  }
}
