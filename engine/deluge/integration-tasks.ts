/**
 * Integration tasks of Deluge whose documentation (www.zoho.com/deluge/help) ends the list of arguments with a connection, and
 * which argument that is, from 1. Tasks are spelt without `zoho.` and in lower case.
 */
const connectionArgument: ReadonlyMap<string, number> = new Map([
  ['billing.create', 4],
  ['books.createrecord', 4],
  ['books.getrecords', 4],
  ['books.getrecordsbyid', 4],
  ['books.updaterecord', 5],
  ['creator.createrecord', 6],
  ['creator.getrecordbyid', 5],
  ['creator.getrecords', 7],
  ['creator.updaterecord', 7],
  ['creator.updaterecords', 7],
  ['crm.bulkcreate', 4],
  ['crm.bulkupdate', 4],
  ['crm.createrecord', 4],
  ['crm.getrecordbyid', 4],
  ['crm.getrecords', 5],
  ['crm.getrelatedrecords', 7],
  ['crm.searchrecords', 6],
  ['crm.updaterecord', 5],
  ['crm.upsert', 4],
  ['desk.create', 4],
  ['desk.createrelatedrecord', 6],
  ['desk.getrecords', 6],
  ['desk.update', 5],
  ['people.getrecords', 5],
  ['recruit.addrecord', 5],
  ['recruit.getrecordbyid', 3],
  ['recruit.getrecords', 7],
  ['recruit.searchrecords', 6],
  ['recruit.updaterecord', 5]
])

/** `zoho.` and one of these is a built-in function or variable, and asks no other service. */
const builtIns: ReadonlySet<string> = new Set([
  ...['adminuser', 'adminuserid', 'ai', 'appname', 'appuri', 'currentdate', 'currenttime'],
  ...['device', 'encryption', 'file', 'ipaddress', 'loginuser', 'loginuserid', 'map']
])

export interface IntegrationTask {
  /** Which argument names the connection, from 1; null if that is not known. */
  readonly position: number | null
}

/** Takes the names of a call such as `zoho.crm.createRecord`, in lower case; null for what asks no other service. */
export function integrationTask(names: readonly string[]): IntegrationTask | null {
  const [first, service = '', ...rest] = names
  if (first !== 'zoho' || rest.length === 0 || builtIns.has(service)) return null
  // The tasks of CRM take the same arguments in every version.
  const [version = ''] = rest
  const isVersioned = service === 'crm' && /^v\d{1,2}(_\d{1,2})?$/.test(version)
  const task = [service, ...(isVersioned ? rest.slice(1) : rest)].join('.')
  return { position: connectionArgument.get(task) ?? null }
}
