import type { Diagnostic } from '../model/diagnostic.ts'
import { problem } from '../model/diagnostic.ts'

/** What can be wrong with a file of the vault. `file` is its name inside the vault's folder. */
export const vaultProblem = {
  damaged: (file: string): Diagnostic =>
    problem(
      'VAULT_DAMAGED',
      'A file of the vault is damaged',
      `${file} in the vault cannot be read: it is cut short, not what tieline wrote, or not yours to read. The other credentials are not ` +
        'concerned. Restore the file from a backup, or delete it and authorize its connection again.'
    ),
  newer: (file: string): Diagnostic =>
    problem(
      'VAULT_NEWER',
      'The vault was written by a newer tieline',
      `${file} in the vault has a format that this version does not know. Update tieline.`
    ),
  tampered: (file: string): Diagnostic =>
    problem(
      'VAULT_TAMPERED',
      'A file of the vault was tampered with',
      `The readable part of ${file} in the vault says something else than its sealed part, so somebody changed or swapped it. ` +
        'It is not used. Find out who can write there, then delete the file and authorize its connection again.'
    ),
  keyWrong: (file: string): Diagnostic =>
    problem(
      'VAULT_KEY_WRONG',
      'Your key does not open the vault',
      `${file} in the vault is sealed to another key than yours. Set TIELINE_IDENTITY to the key that the vault was made ` +
        'with, or to the path of the file that holds it.'
    ),
  keyMissing: (file: string): Diagnostic =>
    problem(
      'VAULT_KEY_WRONG',
      'Your key does not open the vault',
      `${file} in the vault is sealed, and you have no key here. Set TIELINE_IDENTITY to the key that the vault was made ` +
        'with, or to the path of the file that holds it.'
    )
}
