import { connection, setting } from 'platform'
import { assignTechnician } from '../functions/assign-technician'

interface LateJob {
  readonly Id: string
  readonly WorkOrderNumber: string
  readonly Contact: { readonly MobilePhone: string | null } | null
}

/** Every quarter of an hour: jobs that nobody drives to yet get a crew, and the customer a new time. */
export async function runningLate(): Promise<void> {
  const query = `
    SELECT Id, WorkOrderNumber, Contact.MobilePhone
    FROM WorkOrder
    WHERE Status = 'New' AND StartDate < ${new Date().toISOString()}`
  const { records } = await connection('salesforce').get<{ readonly records: LateJob[] }>(
    `/query?q=${encodeURIComponent(query.trim())}`
  )
  for (const job of records) {
    const crew = await assignTechnician(job.Id)
    const phone = job.Contact?.MobilePhone ?? null
    if (crew === null || phone === null) continue
    const message = new URLSearchParams({
      To: phone,
      From: setting('sender'),
      Body: `Sorry, we are late. ${crew.driver} will be there from ${crew.freeFrom} (job ${job.WorkOrderNumber}).`
    })
    await connection('twilio').post(`/Accounts/${setting('twilio_account')}/Messages.json`, message)
  }
}
