/** The documents that ship with the platform, as the server of the bench reads them. */
import { readdir, readFile } from 'node:fs/promises'

const FOLDER = new URL('../../../schemes/', import.meta.url)

export const readScheme = (name: string) => readFile(new URL(name, FOLDER), 'utf8')

export const schemeNames = (folder: string) => readdir(new URL(`${folder}/`, FOLDER))
