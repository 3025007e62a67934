import type { Send, Sends } from './generated/types.ts'

/** Every place in which a credential travels; a connector may write a single one without a list. */
export function sendList(sends: Sends): readonly Send[] {
  return 'in' in sends ? [sends] : sends
}
