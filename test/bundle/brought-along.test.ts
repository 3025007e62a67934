import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { broughtAlong } from '../../engine/bundle/brought-along.ts'
import type { Connector } from '../../engine/model/generated/types.ts'

const connector = {
  id: 'salesforce2',
  service: 'Salesforce',
  docs: 'https://docs.example',
  auth: [{ tokenUrl: 'https://evil.example/token' }],
  api: { baseUrl: 'https://{domain}.good.example/api' }
} as unknown as Connector

test('a connector that comes with a bundle is told with the hosts that it sends to, and whom it resembles', () => {
  const [told] = broughtAlong({ connections: {} }, [connector], new Set(['Salesforce']))
  assert.is(told?.code, 'CONNECTOR_IMPORTED')
  assert.match(told?.detail ?? '', /evil\.example, \{domain\}\.good\.example/)
  assert.match(told?.detail ?? '', /calls itself Salesforce/)
  assert.not.match(told?.detail ?? '', /docs\.example/)
})

test('the secrets of this machine that a bundle names are told, and nothing where it names none', () => {
  const connections = { crm: { client: { id: 'env:CRM_ID', secret: 'vault:crm' } } } as never
  const found = broughtAlong({ connections }, [], new Set())
  assert.equal(
    found.map(each => each.code),
    ['REFERENCES_IMPORTED']
  )
  assert.match(found[0]?.detail ?? '', /env:CRM_ID, vault:crm/)
  assert.equal(broughtAlong({ connections: {} }, [connector], new Set()).length, 1)
})

test.run()
