import { digestOf } from '../model/digest.ts'
import type { Need } from '../model/target.ts'
import type { SlotRecord } from './used-record.ts'

/** The record that there will be once a need was consented to and granted as asked: newer than anything that is recorded. */
export function expectedRecord(need: Need): SlotRecord {
  return {
    slot: need.slot,
    credential: `expected ${need.connection} ${digestOf([need.basis, need.scopes])}`,
    record: {
      connection: need.connection,
      level: need.level,
      basis: need.basis,
      asked: need.scopes,
      granted: need.scopes,
      account: { id: null, name: '' },
      by: '',
      at: '9999-12-31T23:59:59.999Z',
      ended: null
    }
  }
}
