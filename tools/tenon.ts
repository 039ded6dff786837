/**
 * The command line: `tenon <command> …`. Each command lives in `commands/<name>.ts` and is loaded only
 * when it is called, so that `--help` and a mistyped name answer at once.
 *
 * Exit codes: 0 done, 1 it could not be done (the reason is one sentence on standard error), 2 the
 * command line was wrong.
 */
import { createInterface } from 'node:readline/promises'
import { type Command, type Terminal, UsageProblem } from './command.ts'

const COMMANDS: readonly Command[] = [
  {
    name: 'start',
    summary: 'start database, server and simulators, play a sale, and stay up',
    usage: `tenon start [--watch] [--no-sale]

Starts everything and plays one home sale through the bank simulator, with the proof at its end.
--watch    starts again whenever the code changes
--no-sale  leaves the sale out
Ports: TENON_PORT (4000), BANK_PORT (7301) and RAIL_PORT (7311 and the four after it), or the next free ones.
Data: TENON_DATA.
DATABASE_URL names a PostgreSQL of your own, 15 or later.`,
    run: async (args, terminal) => (await import('./commands/start.ts')).run(args, terminal),
  },
  {
    name: 'pay',
    summary: 'pay the order of the running sandbox, pay out of it, refund, settle a day',
    usage: `tenon pay [--channel <name> | --method <name>] [--bank <code>] [--amount <yuan>]
       tenon pay --out [--bank <code>] [--corporate] [--amount <yuan>]
       tenon pay --refund <payment> [--amount <yuan>]
       tenon pay --settle [--channel <name>]
       tenon pay --list

Works on what "npm start" serves, and prints each state, what was booked and why this channel.
The last two digits of the amount (100.00) decide what the rail does: --list shows them.
--channel, --method  how the payer pays; the first method of the channel (wechat_native)
--out                pays from the order to a bank account
--bank <code>        of the payee, or of the payer who is debited by agreement (ICBC)
--refund             gives a payment back, all of it or --amount
--settle             ends the running day of the rails and reads their files
--wait <seconds>     how long to wait for an outcome (60)
--url <address>      of the API, when it is not where "npm start" said`,
    run: async (args, terminal) => (await import('./commands/pay.ts')).run(args, terminal),
  },
  {
    name: 'sale',
    summary: 'play one sale through a custody bank and prove the books',
    usage: `tenon sale run <deal.json> [--fail <fact>] [--fault <name> [--operation <number>]]

Plays the deal on a platform and a bank of its own and prints each milestone and the proof.
--fail registration   the registration is refused: every payer's money goes back whole
--fault <name>        the bank misbehaves once; a wrong name lists all faults
--operation <number>  the bank's operation the fault strikes, such as 6033
Sample deals are in schemes/samples/.`,
    run: async (args, terminal) => (await import('./commands/sale.ts')).run(args, terminal),
  },
  {
    name: 'ledger',
    summary: 'verify the books: chain, transfers, balances, holds',
    usage: `tenon ledger verify [--book <number>]

Tells each book again from its rows alone and compares: the chain of seals, every transfer, balance and
hold. Names the first wrong row, and then ends with exit code 1. A book may be written meanwhile.
Keep the printed chain elsewhere: it also gives away a past that was rewritten as a whole.
--book <number>  only this book`,
    run: async (args, terminal) => (await import('./commands/ledger.ts')).run(args, terminal),
  },
  {
    name: 'audit',
    summary: 'verify who did what: every entry, against the signed checkpoints',
    usage: `tenon audit verify [--book <number>] [--since <time>] [--checkpoints <folder>] [--key <key>]
       tenon audit key

verify  hashes every entry anew and compares with every checkpoint. Names what was edited, taken away, put in,
        moved or written anew, and where, and then ends with exit code 1. The log may be written meanwhile.
key     prints the public key of the checkpoints. Keep it where nobody who runs the server can change it.
--book <number>         only this chain; 0 is that of configuration
--since <time>          only what is newer than the last checkpoint before it (2026-01-31T09:30:00+08:00)
--checkpoints <folder>  instead of TENON_AUDIT_CHECKPOINTS and TENON_AUDIT_WITNESS; may be given again
--key <key>             a public key that may have signed, instead of this machine's; may be given again`,
    run: async (args, terminal) => (await import('./commands/audit.ts')).run(args, terminal),
  },
  {
    name: 'backup',
    summary: 'copy the embedded database and archive its log from now on',
    usage: `tenon backup [--to <folder>]

Copies the running (or stopped) database into the folder and has it archive its write-ahead log
there from now on, at the latest every minute. Run it again for a fresh copy; old ones stay.
The folder is <data folder>-backup unless named; name one on another disk.`,
    run: async (args, terminal) => (await import('./commands/backup.ts')).run(args, terminal),
  },
  {
    name: 'restore',
    summary: 'bring a backup back, as it was at a given time, into a new data folder',
    usage: `tenon restore --from <folder> --to <time> [--into <data folder>]

The time is date, time and offset (2026-01-31T09:30:00+08:00), or "latest" for all the backup holds.
The present database is left as it is. Set TENON_DATA to the new data folder to work with it.
The restored books are verified, and what the custody bank saw since is listed.`,
    run: async (args, terminal) => (await import('./commands/restore.ts')).run(args, terminal),
  },
  {
    name: 'bank',
    summary: 'list what the custody bank saw since a time and the books do not know',
    usage: `tenon bank since <time>

Compares the bank's statement files from the time's day on with the books, and changes nothing.
The bank is that of TENON_CUSTODY_BANK_URL, or the simulator on its usual port.
The time is date, time and offset, such as 2026-01-31T09:30:00+08:00.`,
    run: async (args, terminal) => (await import('./commands/bank.ts')).run(args, terminal),
  },
  {
    name: 'routing',
    summary: 'replay recorded payments under other routing rules',
    usage: `tenon routing replay --rules <draft.yaml|json> [--days <number>] [--seed <number>] [--json]

Decides the first attempts of the last days again under the draft and prints what it would have
changed: success, cost and broken limits with 95 % intervals, and how many would go elsewhere.
Reads only; a draft with mistakes is refused with each of them. See schemes/routing/default.yaml.
--days <number>  how many days back (7)
--seed <number>  of the dice behind the intervals (1)
--json           only the line of JSON`,
    run: async (args, terminal) => (await import('./commands/routing.ts')).run(args, terminal),
  },
  {
    name: 'listen',
    summary: 'receive webhooks here, and pass them on to a local address',
    usage: `tenon listen [--forward-to <address>] [--events <type,type>] [--print-secret] [--format text|json]

Fetches deliveries as if this machine were an endpoint, and tells the server what became of each.
Sending an event again ("tenon events resend") reaches it too. Ctrl-C ends it.
--forward-to <address>  sends each on, byte for byte: http://localhost:3000/hook
--events <type,type>    only these types; payout.* is a group (all)
--print-secret          shows the secret the deliveries are signed with
--format json           one line of JSON for each delivery, and nothing else on standard output
--url <address>         of the API, when it is not where "npm start" said
The key: TENON_KEY (its secret), TENON_KEY_FILE (a file of "tenon keys create"), or the sandbox's.`,
    run: async (args, terminal) => (await import('./commands/listen.ts')).run(args, terminal),
  },
  {
    name: 'trigger',
    summary: 'send a sample of an event to endpoints and listeners (sandbox only)',
    usage: `tenon trigger <event> [--set <field>=<value>] [--set …] [--url <address>]
       tenon trigger --list

--set amount=500.51       an amount, in yuan
--set reason=withdrawn    any field by its name, dots between the parts; {…} and […] are JSON
--list                    shows all types of events`,
    run: async (args, terminal) => (await import('./commands/trigger.ts')).run(args, terminal),
  },
  {
    name: 'events',
    summary: 'list events, and send them again',
    usage: `tenon events list [--type <type>] [--since <time>] [--until <time>] [--limit <number>] [--format json]
       tenon events resend <evt_…> [<evt_…> …]
       tenon events replay --since <time> [--until <time>] [--type <type>] [--endpoint <whk_…> [--failed]]

resend and replay reach every endpoint that wants the type, and whoever listens ("tenon listen").
--type <type>       such as payout.succeeded, or payout.* for a group
--since <time>      date, time and offset, such as 2026-03-02T09:00:00+08:00
--limit <number>    how many are listed (20)
--endpoint <whk_…>  only to this endpoint; --failed: only what never got through
--url <address>     of the API, when it is not where "npm start" said`,
    run: async (args, terminal) => (await import('./commands/events.ts')).run(args, terminal),
  },
  {
    name: 'keys',
    summary: 'list, make, rotate and revoke API keys',
    usage: `tenon keys list
       tenon keys create --name <name> --role <role> [--merchant <mch_…>] [--out <file>]
                         [--sign ed25519|rsa-pss-sha512 [--requires-signature]]
       tenon keys rotate <key_…> [--grace-hours <number>] [--out <file>]
       tenon keys revoke <key_…>

A key has a secret, or signs: then its private key is made here and kept in --out, and never sent.
--role <role>         merchant, operator or engineer
--requires-signature  the key opens nothing by a secret
--grace-hours         how long the old key still opens (24)
--url <address>       of the API, when it is not where "npm start" said
Changes need a key that signs.`,
    run: async (args, terminal) => (await import('./commands/keys.ts')).run(args, terminal),
  },
  {
    name: 'doctor',
    summary: 'look at server, clock, key, signature and webhook endpoints',
    usage: `tenon doctor [--url <address>]

Says of each whether it works and what to do; exit code 1 when something is wrong.`,
    run: async (args, terminal) => (await import('./commands/doctor.ts')).run(args, terminal),
  },
  {
    name: 'reset',
    summary: 'delete the embedded database with everything in it',
    usage: `tenon reset [--yes]

Asks first; --yes answers.`,
    run: async (args, terminal) => (await import('./commands/reset.ts')).run(args, terminal),
  },
]

function help(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length))
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return `Usage: tenon <command> [options]\n\n${lines.join('\n')}\n\n"tenon <command> --help" tells more.`
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined) {
    terminal.complain(help())
    return 2
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    terminal.say(help())
    return 0
  }
  const command = COMMANDS.find((candidate) => candidate.name === name)
  if (command === undefined) {
    const known = COMMANDS.map((candidate) => candidate.name).join(', ')
    terminal.complain(
      `There is no command "${name}". The commands are ${known}; see "tenon --help".`,
    )
    return 2
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.say(command.usage)
    return 0
  }
  try {
    return await command.run(rest, terminal)
  } catch (error) {
    return report(error, command, terminal)
  }
}

/** A problem is a sentence for the reader; anything else is a bug and shows where it happened. */
function report(error: unknown, command: Command, terminal: Terminal): number {
  if (!(error instanceof Error)) throw error
  const { code } = error as NodeJS.ErrnoException
  if (error instanceof UsageProblem || code?.startsWith('ERR_PARSE_ARGS') === true) {
    terminal.complain(`${error.message}\n\n${command.usage}`)
    return 2
  }
  const isSaid = /(Problem|Refused|Unavailable)$/.test(error.name)
  terminal.complain(isSaid ? error.message : (error.stack ?? error.message))
  return 1
}

// Whoever reads along may stop before the end, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

const terminal: Terminal = {
  env: process.env,
  say: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
  ask: async (question) => {
    if (!process.stdin.isTTY) return undefined
    const lines = createInterface({ input: process.stdin, output: process.stdout })
    try {
      return await lines.question(question)
    } finally {
      lines.close()
    }
  },
}

process.exitCode = await dispatch(process.argv.slice(2), terminal)
