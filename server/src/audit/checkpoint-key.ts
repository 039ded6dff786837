/**
 * The key that signs checkpoints: ed25519, in a file that lies outside the database and is read by the
 * server only. Whoever has it can sign any past; keep its public half, which `tenon audit key` prints,
 * where neither the database's nor the machine's administrator can change it.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { KeyFileProblem, keepKeyFile } from '#base'

/** The name of the file in the folder of keys. */
export const CHECKPOINT_KEY_FILE = 'audit.key'

/** The key in the file, made there at the first start. Refuses a file that others can read. */
export async function loadCheckpointKey(file: string): Promise<KeyObject> {
  const pem = await keepKeyFile(file, () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  })
  const key = readKey(pem)
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw new KeyFileProblem(
      `${file} holds no ed25519 key in PKCS #8 PEM. Put the key back from its copy; only where no ` +
        'checkpoints were signed yet may the file be removed, and a new key is made.',
    )
  }
  return key
}

function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}
