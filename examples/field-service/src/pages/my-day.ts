import { connection, viewer } from 'platform'

interface Appointment {
  readonly Id: string
  readonly AppointmentNumber: string
  readonly Status: string
  readonly Street: string | null
  readonly City: string | null
  readonly SchedStartTime: string
}

const salesforce = connection('my_salesforce')

/** Today's appointments of whoever looks at the page. Salesforce shows only what this person may see. */
export async function myDay(): Promise<readonly Appointment[]> {
  const query = `
    SELECT Id, AppointmentNumber, Status, Street, City, SchedStartTime
    FROM ServiceAppointment
    WHERE SchedStartTime = TODAY
    ORDER BY SchedStartTime`
  const { records } = await salesforce.get<{ readonly records: Appointment[] }>(
    `/query?q=${encodeURIComponent(query.trim())}`
  )
  return records.filter(({ Status }) => Status !== 'Canceled')
}

/** The button "I am here". */
export async function arrive(appointment: Appointment): Promise<void> {
  await salesforce.patch(`/sobjects/ServiceAppointment/${appointment.Id}`, {
    Status: 'In Progress',
    ActualStartTime: new Date().toISOString(),
    Description: `Started on site by ${viewer.email}`
  })
}
