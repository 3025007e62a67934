/** Where the stand-ins keep sessions, grants and tokens: in memory, gone when they stop. */
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'

/** One store for all models of a provider, since ending a grant ends its tokens of every kind. */
export function memoryAdapter(): AdapterFactory {
  const entries = new Map<string, AdapterPayload>()

  const findBy = async (model: string, member: 'uid' | 'userCode', value: string) =>
    [...entries].find(
      ([key, payload]) => key.startsWith(`${model}:`) && payload[member] === value
    )?.[1]

  return (model: string): Adapter => ({
    upsert: async (id, payload) => {
      entries.set(`${model}:${id}`, payload)
    },
    find: async id => entries.get(`${model}:${id}`),
    findByUid: uid => findBy(model, 'uid', uid),
    findByUserCode: userCode => findBy(model, 'userCode', userCode),
    consume: async id => {
      const payload = entries.get(`${model}:${id}`)
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
    },
    destroy: async id => {
      entries.delete(`${model}:${id}`)
    },
    revokeByGrantId: async grantId => {
      for (const [key, payload] of entries) {
        if (key.startsWith(`${model}:`) && payload.grantId === grantId) entries.delete(key)
      }
    }
  })
}
