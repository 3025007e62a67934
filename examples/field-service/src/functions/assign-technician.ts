import { connection } from 'platform'

interface Crew {
  readonly id: string
  readonly driver: string
  /** Hours and minutes of today. */
  readonly freeFrom: string
}

/**
 * Gives a job to the crew that is free first and writes into the work order who comes. Null if every crew is out, so that
 * the dispatcher has to decide.
 */
export async function assignTechnician(workOrderId: string): Promise<Crew | null> {
  const { crews } = await connection('dispatch_board').get<{ readonly crews: Crew[] }>(
    '/crews/free'
  )
  const [first] = crews.toSorted((a, b) => a.freeFrom.localeCompare(b.freeFrom))
  if (first === undefined) return null

  await connection('salesforce').patch(`/sobjects/WorkOrder/${workOrderId}`, {
    Status: 'Assigned',
    Crew__c: first.id,
    Arrival__c: first.freeFrom
  })
  return first
}
