import { connection } from 'platform'

export interface OpenJob {
  readonly Id: string
  readonly WorkOrderNumber: string
  readonly Subject: string | null
  readonly Priority: string
  readonly City: string | null
  readonly EndDate: string | null
}

/** Rows of the report "Open jobs" for one territory: what is due first stands first. */
export async function openJobs(territory: string): Promise<readonly OpenJob[]> {
  const query = `
    SELECT Id, WorkOrderNumber, Subject, Priority, City, EndDate
    FROM WorkOrder
    WHERE IsClosed = false AND ServiceTerritory.Name = '${escapeSoql(territory)}'
    ORDER BY EndDate NULLS LAST
    LIMIT 200`
  const { records } = await connection('salesforce').get<{ readonly records: OpenJob[] }>(
    `/query?q=${encodeURIComponent(query.trim())}`
  )
  return records
}

function escapeSoql(text: string): string {
  return text.replace(/[\\']/g, character => `\\${character}`)
}
