// timeout: 300s
/** A year in the life of an app, told month by month. All of it is run by the command line, in a repository that is committed to. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../support/cli-run.ts'
import { checkQuarter } from '../support/year-checks.ts'
import { crmConnector, mailConnector, pagerConnector } from '../support/year-services.ts'
import { client, code, component, crm, mailbox, pager, workspace } from '../support/year-specs.ts'
import {
  accountOf,
  applyClient,
  askedBy,
  deploy,
  expectPublished,
  headOf,
  linesChanged,
  publish,
  rollBack,
  rollForward
} from '../support/year-steps.ts'
import { type Json, startYear, type Year } from '../support/year-workspace.ts'

/** The components that use the CRM, under the name that it has by then. */
const leadForm = { kind: 'form', name: 'Lead Form' }
const followUp = { kind: 'workflow', name: 'Follow up' }
const pipeline = { kind: 'report', name: 'Pipeline' }
const alerts = { kind: 'function', name: 'Night alerts', source: 'alerts' }

async function january(year: Year): Promise<void> {
  const { ana, ada, dan, eve, app } = year.people
  const { oauth, pager: service } = year.services
  await ana.git('init', '-q')
  await ana.does('init')
  year.edit('who is who', { 'tieline.yaml': workspace(year) })
  const compared = [ada, dan, eve, app].map(each => `--expect "${each.fingerprint}"`)
  await ana.does(`vault init ${compared.join(' ')}`)
  year.edit('our services', {
    'connectors/crm.yaml': crmConnector(oauth.origin),
    'connectors/pager.yaml': pagerConnector(service.origin)
  })
  year.edit('leads go to the CRM', {
    'connections/crm.yaml': crm('offline_access, read'),
    ...component('lead_form', { ...leadForm, uses: ['crm'] })
  })
  year.edit('somebody is woken up', {
    'connections/pager.yaml': pager('shared'),
    ...component('alerts', { kind: 'function', name: 'Alerts', uses: ['pager'] })
  })
  await dan.does('plan')
  await dan.does('apply --auto-approve')
  await dan.consents('authorize crm', 'sandbox')
  await dan.does('authorize pager --from key=env:PAGER_OPS')

  await publish(year, dan, 'Leads and alerts')
  await eve.consents('authorize crm -e stage', 'sandbox')
  await deploy(year)
  await eve.consents('authorize crm -e prod', 'live')
  await ana.commits('All is authorized')
}

async function february(year: Year): Promise<void> {
  const { ada, dan, eve, uwe } = year.people
  year.edit('leads are written, too', {
    'connections/crm.yaml': crm('offline_access, read, write')
  })
  await dan.does('apply --auto-approve')
  // The scope behind a comma that is new; serial, digest, and the digest of the specs.
  assert.equal(await linesChanged(dan, 'state/dev.json'), { added: 5, removed: 4 })
  await dan.consents('authorize crm', 'sandbox')
  year.edit('and changed', { 'src/lead_form.ts': `${code('crm')}// and back\n` })
  year.edit('everybody answers from their own mailbox', {
    'connectors/mail.yaml': mailConnector(year.services.oauth.origin),
    'connections/inbox.yaml': mailbox('logged-in-user'),
    ...component('follow_up', { ...followUp, uses: ['crm', 'inbox'] })
  })
  year.edit('a report', component('pipeline', { ...pipeline, uses: ['crm'] }))
  year.edit('alerts say what they are', component('alerts', { ...alerts, uses: ['pager'] }))
  await dan.does('apply --auto-approve')
  await dan.consents('authorize inbox')

  const alone = 'apply -e stage --auto-approve --connection crm'
  await dan.commits('More of the CRM')
  const missing = await dan.isRefused(alone, 'PUBLISH_REFUSED', 3)
  assert.match(missing, 'crm cannot go without follow_up, lead_form, pipeline')
  assert.match(missing, 'tieline plan -e stage --connection crm --with-references')
  await publish(year, dan, 'Leads are written', '--connection crm --with-references')
  await eve.consents('authorize crm -e stage', 'sandbox')
  await publish(year, eve, 'Alerts say what they are', '--component alerts')
  await deploy(year)
  await dan.consents('authorize crm -e prod', 'live')
  for (const each of [ada, uwe]) await each.consents('authorize inbox -e prod')
  await deploy(year)
}

async function march(year: Year): Promise<void> {
  const { ada, dan, ira, joe } = year.people
  const { oauth } = year.services
  year.edit('the help of the CRM has moved', {
    'connectors/crm.yaml': crmConnector(oauth.origin, 'https://crm.example/help')
  })
  year.edit('a name that sales understands', {
    'connections/crm.yaml': crm('offline_access, read, write', 'name: Sales CRM\n')
  })
  await dan.does('apply --auto-approve')
  year.edit('whom to ask about it', {
    'components/lead_form.yaml': `# Ask Uwe.\n${year.read('components/lead_form.yaml')}`
  })
  assert.match(await dan.does('plan'), 'No changes.')
  await publish(year, dan, 'Names that sales understands')
  await deploy(year)

  year.edit('acme installs the app, and stays at what it knows', {
    'clients/acme.yaml': client('Acme', ira, joe, 'version: 3\n')
  })
  await applyClient(year, 'acme', 'Acme')
  await ira.consents('authorize crm -e client/acme', 'acme')
  await ira.does('authorize pager -e client/acme --from key=env:PAGER_ACME')
  await joe.consents('authorize inbox -e client/acme')
  const seen = async (line: string) =>
    (await joe.asks(line)).environments[0].connections.map((each: Json) => each.connection)
  assert.equal(await seen('status'), ['inbox'])
  await ada.does('apply -e client/acme --auto-approve')
  await ada.commits('Acme runs')
  await checkQuarter(year, [])
}

async function april(year: Year): Promise<void> {
  const { ada, bea, dan, eve } = year.people
  const scopes = 'offline_access, read, write'
  year.edit('the connection is called what it is for', {
    'connections/crm.yaml': null,
    'connections/sales.yaml': crm(scopes, 'name: Sales CRM\npreviously: crm\n'),
    ...component('lead_form', { ...leadForm, uses: ['sales'] }),
    ...component('follow_up', { ...followUp, uses: ['sales', 'inbox'] }),
    ...component('pipeline', { ...pipeline, uses: ['sales'] })
  })
  assert.equal(askedBy(await dan.asks('plan')), [])
  await dan.does('apply --auto-approve')
  year.edit('everybody knows by now', {
    'connections/sales.yaml': crm(scopes, 'name: Sales CRM\n')
  })
  assert.match(await dan.does('plan'), 'No changes.')
  await publish(year, dan, 'crm is called sales')
  await deploy(year)
  assert.is(await accountOf(year, 'sales', 'prod'), 'live')

  year.edit('notices, not alerts', {
    'components/alerts.yaml': null,
    ...component('notices', { ...alerts, uses: ['pager'], more: 'previously: alerts\n' })
  })
  await eve.does('apply --auto-approve')
  await publish(year, eve, 'alerts are called notices')

  year.edit('a rename that does not say so', {
    'connections/pager.yaml': null,
    'connections/beeper.yaml': pager('shared'),
    ...component('notices', { ...alerts, uses: ['beeper'] })
  })
  const { diagnostics } = await eve.asks('plan')
  assert.equal(
    diagnostics.map((each: Json) => each.code),
    ['LOOKS_RENAMED']
  )
  await eve.does('state mv pager beeper --dry-run')
  await eve.does('state mv pager beeper --auto-approve')
  assert.equal(askedBy(await eve.asks('plan')), [])
  await eve.does('state mv component/pipeline funnel --auto-approve')
  await eve.does('state undo --auto-approve')
  assert.not.match(await eve.does('plan'), 'pipeline')
  await eve.does('apply --auto-approve')
  await publish(year, eve, 'pager is called beeper')
  await deploy(year)

  year.edit('beta installs the app, with a registration of its own', {
    'clients/beta.yaml': client(
      'Beta',
      bea,
      null,
      `version: 5
connections:
  sales:
    parameters: { region: us }
    client: { id: env:BETA_CRM_ID, secret: env:BETA_CRM_SECRET }
`
    )
  })
  await applyClient(year, 'beta', 'Beta')
  await bea.consents('authorize sales -e client/beta', 'beta')
  await bea.does('authorize pager -e client/beta --from key=env:PAGER_BETA')
  await ada.commits('Beta runs')
}

async function may(year: Year): Promise<void> {
  const { dan, eve } = year.people
  // Back across the rename, and forward again.
  await rollBack(year, 6)
  assert.ok('pager' in year.state('prod').connections)
  await rollForward(year)
  assert.ok('beeper' in year.state('prod').connections)

  year.edit('each environment has a pager of its own', {
    'connections/beeper.yaml': pager('separate')
  })
  assert.equal(askedBy(await dan.asks('plan')), ['reauthorize beeper in dev'])
  year.edit('the CRM is only read for now', {
    'connections/sales.yaml': crm('offline_access, read', 'name: Sales CRM\n')
  })
  await dan.does('apply --auto-approve')
  await publish(year, dan, 'A pager for each environment')
  await dan.does('authorize beeper -e dev -e stage --from key=env:PAGER_LAB')
  await deploy(year)
  await eve.does('authorize beeper -e prod --from key=env:PAGER_OPS')

  const inAmerica = 'environments: { dev: { parameters: { region: us } } }\n'
  year.edit('an American sandbox', {
    'connections/sales.yaml': crm('offline_access, read', `name: Sales CRM\n${inAmerica}`)
  })
  await dan.does('apply --auto-approve')
  await dan.consents('authorize sales --switch-account', 'us-sandbox')
  await dan.commits('An American sandbox')
  assert.match(await dan.does('apply -e stage --auto-approve'), 'No changes.')
  year.edit('we are frank with each other', {
    'connections/sales.yaml': crm(
      'offline_access, read',
      `name: Sales CRM\nparameters: { tone: frank }\n${inAmerica}`
    )
  })
  await dan.does('apply --auto-approve')
  await publish(year, eve, 'Frank', '--connection sales --with-references')
  await deploy(year)

  year.edit('beta goes on', {
    'clients/beta.yaml': year.read('clients/beta.yaml').replace('version: 5', 'version: 9')
  })
  assert.equal(askedBy(await year.people.ada.asks('plan -e client/beta')), [])
  await applyClient(year, 'beta', 'Beta has version 9')
}

async function june(year: Year): Promise<void> {
  const { ada, cem, cyd, dan, eve } = year.people
  year.edit('invoices, and one sandbox', {
    'connections/sales.yaml': crm(
      'offline_access, read, invoices',
      'name: Sales CRM\nparameters: { tone: frank }\n'
    )
  })
  await dan.does('apply --auto-approve')
  await publish(year, dan, 'Invoices')
  await dan.consents('authorize sales -e dev -e stage --switch-account', 'sandbox')
  await deploy(year)
  await eve.consents('authorize sales -e prod', 'live')
  // What the wider ones have replaced is ended.
  for (const each of ['dev', 'stage']) await dan.does(`apply -e ${each} --auto-approve`)
  await deploy(year)

  year.edit('cedar installs the app, and follows us', {
    'clients/cedar.yaml': client('Cedar', cem, cyd)
  })
  await applyClient(year, 'cedar', 'Cedar')
  await cem.consents('authorize sales -e client/cedar', 'cedar')
  await cem.does('authorize beeper -e client/cedar --from key=env:PAGER_CEDAR')
  await cyd.consents('authorize inbox -e client/cedar')
  await ada.does('apply -e client/cedar --auto-approve')
  await ada.commits('Half a year')
  await checkQuarter(year, [])
}

/** Grants that stay at the services: nothing here stands on them, and a command has said why. */
const cedarsMailboxes = ['cyd@cedar.example', 'cedar-inbox'].map(account => ({
  account,
  said: 'The service was not told: only the admins of client/cedar can read this credential'
}))
const oneMailboxForAll = {
  account: 'sales-inbox',
  said: 'that would end inbox in prod (Account of sales-inbox) too, which has the same client'
}

async function july(year: Year): Promise<void> {
  const { ada, cem, dan } = year.people
  year.edit('one mailbox for all of sales', {
    'connections/inbox.yaml': mailbox('administrator', 'name: Sales inbox\n'),
    ...component('pipeline', { ...pipeline, uses: ['sales', 'inbox'] })
  })
  await dan.does('apply --auto-approve')
  await dan.consents('authorize inbox', 'sales-inbox')
  await publish(year, dan, 'One mailbox for all of sales')
  await dan.consents('authorize inbox -e stage', 'sales-inbox')
  const planned = await ada.asks('plan -e prod')
  assert.equal(askedBy(planned), ['authorize inbox in prod', 'revoke inbox in prod'])
  await deploy(year)
  await dan.consents('authorize inbox -e prod', 'sales-inbox')

  const invoices = 'offline_access, read, invoices'
  const frank = 'name: Sales CRM\nparameters: { tone: frank }\n'
  year.edit('nobody deletes this by mistake', {
    'connections/sales.yaml': crm(invoices, `${frank}protect: true\n`)
  })
  await dan.does('apply --auto-approve')
  await dan.does('fmt')
  await dan.commits('sales is protected')
  await dan.does('plan -e stage --out ../desk/plan.json')
  await dan.does('apply ../desk/plan.json -m "sales is protected"')
  expectPublished(year, dan, 'sales is protected', await headOf(dan))
  await deploy(year)
  year.edit('by mistake', {
    'connections/sales.yaml': null,
    'components/lead_form.yaml': null,
    ...component('follow_up', { ...followUp, uses: ['inbox'] }),
    ...component('pipeline', { ...pipeline, uses: ['inbox'] })
  })
  await dan.isRefused('apply --auto-approve', 'PROTECTED', 3)
  await dan.git('checkout', '--', '.')

  await applyClient(year, 'cedar', 'Cedar follows')
  await cem.consents('authorize inbox -e client/cedar', 'cedar-inbox')
  await applyClient(year, 'cedar', 'Cedar has one mailbox')
}

async function august(year: Year): Promise<void> {
  const { ada, dan, eve } = year.people
  year.edit('the mailbox goes', { 'connections/inbox.yaml': null })
  const result = await dan.asks('validate', { exit: 1 })
  assert.equal(
    result.diagnostics.map((each: Json) => `${each.code} ${each.at.file}`),
    ['CONNECTION_UNKNOWN components/follow_up.yaml', 'CONNECTION_UNKNOWN components/pipeline.yaml']
  )
  year.edit('nobody follows up from it', component('follow_up', { ...followUp, uses: ['sales'] }))
  year.edit('nor reports about it', component('pipeline', { ...pipeline, uses: ['sales'] }))
  await eve.does('apply --auto-approve')
  const { held } = await eve.asks('plan -e stage --component follow_up')
  assert.equal(
    held.map((each: Json) => [each.code, each.linkName, ...each.missing.map(componentOf)]),
    [['STILL_REFERENCED', 'inbox', 'pipeline']]
  )
  await publish(year, eve, 'Nobody follows up by mail', '--component follow_up')
  assert.ok('inbox' in year.state('stage').connections)
  await publish(year, eve, 'The mailbox goes', '--component pipeline')
  assert.not.ok('inbox' in year.state('stage').connections)
  await deploy(year)
  await applyClient(year, 'cedar', 'Cedar has no mailbox')

  await growNursery(year)
  await dan.does('import ../desk/nursery.json --dry-run')
  await dan.does('import ../desk/nursery.json')
  const planned = await dan.asks('plan')
  assert.equal(askedBy(planned), ['authorize beeper_copy in shared', 'authorize sales_copy in dev'])
  assert.match(year.read('notices_copy/src/alerts.ts'), code('beeper_copy', 'sales_copy'))
  await dan.does('apply --auto-approve')
  await dan.does('authorize beeper_copy --from key=env:PAGER_NIGHT')
  await publish(year, dan, 'The nursery joins us')
  await dan.consents('authorize sales_copy -e dev -e stage', 'nursery')
  await deploy(year)
  await eve.consents('authorize sales_copy -e prod', 'nursery')
  await ada.commits('The nursery is authorized')
}

const componentOf = (each: Json): string => each.component

/** A neighbour's app, which calls its things as we do. */
async function growNursery({ desk, people: { dan }, services }: Year): Promise<void> {
  const uses = ['beeper', 'sales']
  writeFiles(join(desk, 'nursery'), {
    'tieline.yaml': 'app: { name: Nursery }\nconnectors: { custom: true }\n',
    'connectors/crm.yaml': crmConnector(services.oauth.origin, 'https://crm.example/help'),
    'connectors/pager.yaml': pagerConnector(services.pager.origin),
    'connections/sales.yaml': crm('offline_access, read', 'name: Sales CRM\n'),
    'connections/beeper.yaml': pager('shared'),
    ...component('notices', { kind: 'function', name: 'Frost', uses, source: 'alerts' })
  })
  await dan.does('-C ../desk/nursery apply --road stage --auto-approve -m "Frost"')
  await dan.does('-C ../desk/nursery export --out ../desk/nursery.json')
}

async function september(year: Year): Promise<void> {
  const { ada, ana, cem, dan, eve } = year.people
  const { authorizations } = await ana.asks(`status --by ${eve.email}`)
  assert.equal(
    authorizations
      .filter((each: Json) => each.state === 'in-use')
      .map((each: Json) => `${each.connection} in ${each.slot}`),
    ['beeper in prod', 'sales in prod', 'sales_copy in prod']
  )
  // What she gave is ended before it is given anew, so that no token that she may have kept goes on working.
  for (const each of ['sales', 'sales_copy']) await ada.does(`revoke ${each} -e prod`)
  await dan.does('authorize beeper -e prod --switch-account --from key=env:PAGER_NIGHT')
  await dan.consents('authorize sales -e prod', 'live')
  await dan.consents('authorize sales_copy -e prod', 'nursery')
  await deploy(year)
  year.edit('eve leaves', { 'tieline.yaml': workspace(year, ['eve']) })
  const told = await ana.does('vault recipients')
  assert.match(told, 'Whoever goes could read, and may have kept: beeper (Pager lab), sales')
  for (const [each, account] of Object.entries({ sales: 'sandbox', sales_copy: 'nursery' })) {
    for (const environment of ['dev', 'stage']) await dan.does(`revoke ${each} -e ${environment}`)
    await dan.consents(`authorize ${each} -e dev -e stage`, account)
  }
  await dan.does('authorize beeper -e dev -e stage --from key=env:PAGER_LAB')
  await dan.does('authorize beeper_copy --switch-account --from key=env:PAGER_OPS')
  await ana.does('vault rotate prod')
  const after = await ana.asks(`status --by ${eve.email}`)
  assert.ok(after.authorizations.every(({ state }: Json) => state === 'ended'))
  await eve.isRefused('token sales -e dev', 'VAULT_KEY_WRONG')
  await eve.isRefused('authorize sales -e dev', 'MEMBER_UNKNOWN')
  await ana.commits('Eve leaves')

  year.edit('frost is what it is about', {
    ...component('notices_copy', {
      kind: 'function',
      name: 'Frost alerts',
      uses: ['beeper_copy', 'sales_copy'],
      source: 'frost'
    }),
    'notices_copy/src/alerts.ts': null
  })
  await dan.does('apply --auto-approve')
  await publish(year, dan, 'Frost alerts', '--component notices_copy')
  await deploy(year)
  await applyClient(year, 'cedar', 'Cedar has the nursery, too')
  await cem.does('authorize beeper_copy -e client/cedar --from key=env:PAGER_CEDAR')
  await cem.consents('authorize sales_copy -e client/cedar', 'cedar')
  await ada.commits('Three quarters')
  assert.equal(
    ['acme', 'beta', 'cedar'].map(each => year.state(`clients/${each}`).version),
    [3, 9, 16]
  )
  await checkQuarter(year, [...cedarsMailboxes, oneMailboxForAll])
}

async function october(year: Year): Promise<void> {
  const { ana, cem, dan } = year.people
  year.edit(
    'two want to publish',
    component('lead_form', { ...leadForm, name: 'Leads', uses: ['sales'] })
  )
  await dan.does('apply --auto-approve')
  await dan.commits('Leads')
  const commit = await headOf(dan)
  const line = 'apply -e stage --auto-approve -m "Leads"'
  const first = await dan.isInterrupted(line, { signal: 'SIGSTOP', before: 'state/stage.json' })
  const locked = await ana.isRefused('apply -e stage --auto-approve', 'STATE_LOCKED')
  assert.match(
    locked,
    /^dan@orchard\.example holds the lock for "apply stage" since \d{4}-\d\d-\d\dT\S+ \(\d+ seconds? ago\), on \S+, process \d+/
  )
  assert.match(locked, `process ${first.child.pid}`)
  first.child.kill('SIGCONT')
  const { code: exit, stdout } = await first.ends
  assert.is(exit, 0, stdout)
  expectPublished(year, dan, 'Leads', commit)
  assert.match(await ana.does('apply -e stage --auto-approve'), 'No changes.')
  await dan.commits('Leads (stage)')

  year.edit(
    'the power fails',
    component('lead_form', { ...leadForm, name: 'Our leads', uses: ['sales'] })
  )
  await dan.does('apply --auto-approve')
  const cut = { signal: 'SIGKILL', before: 'state/stage.json' } as const
  await dan.commits('Our leads')
  const killed = await dan.isInterrupted('apply -e stage --auto-approve -m "Our leads"', cut)
  assert.is((await killed.ends).code, 137)
  await publish(year, dan, 'Our leads, once more')

  await dan.git('switch', '-q', '-c', 'quotes')
  year.edit('quotes, on a branch', {
    'connections/quotes.yaml': crm('offline_access, read', 'name: Quotes\n'),
    ...component('quote', { kind: 'form', name: 'Quote', uses: ['quotes'] })
  })
  await dan.does('fmt')
  await dan.does('apply --auto-approve')
  await dan.consents('authorize quotes', 'quotes')
  await dan.commits('Quotes')
  await dan.isRefused('apply -e stage --auto-approve', 'BRANCH_REFUSED', 3)
  await dan.git('switch', '-q', 'main')
  // Meanwhile, on main.
  await ana.does('authorize beeper --from key=env:PAGER_LAB')
  await ana.commits('A new key for the pager of the lab')
  await mergeBranch(year)

  await publish(year, dan, 'Quotes')
  await dan.consents('authorize quotes -e stage', 'quotes')
  await deploy(year)
  await dan.consents('authorize quotes -e prod', 'quotes')
  await applyClient(year, 'cedar', 'Cedar has quotes')
  await cem.consents('authorize quotes -e client/cedar', 'cedar')
  await ana.commits('Quotes everywhere')
}

/** Both branches wrote the state of dev. git says so, and tieline says the way out. */
async function mergeBranch({ people: { ana, dan } }: Year): Promise<void> {
  const conflict = await ana.git('merge', '-q', 'quotes').catch((error: Error) => error.message)
  assert.match(conflict, 'CONFLICT (content): Merge conflict in state/dev.json')
  const wayOut = await ana.isRefused('plan', 'STATE_CONFLICT')
  const theirs = 'git checkout --no-overlay MERGE_HEAD -- state'
  assert.match(wayOut, theirs)
  await ana.git(...theirs.split(' ').slice(1))
  await ana.git('commit', '-q', '-a', '-m', 'Quotes come to main')
  await ana.does('state verify')
  assert.match(await ana.does('plan'), 'No changes.')
  await ana.does('plan --all')
  await dan.does('token quotes', { isSecret: true })
  await dan.does('token beeper --headers', { isSecret: true })
}

async function november(year: Year): Promise<void> {
  const { ada, ana, bea, cem, dan, ira } = year.people
  year.edit('leads are written again', {
    'connections/sales.yaml': year
      .read('connections/sales.yaml')
      .replace('scopes: [', 'scopes: [write, ')
  })
  await dan.does('apply --auto-approve')
  await publish(year, dan, 'Leads are written again')
  await dan.consents('authorize sales -e dev -e stage', 'sandbox')
  for (const each of ['dev', 'stage']) await dan.does(`apply -e ${each} --auto-approve`)
  await deploy(year)
  await dan.consents('authorize sales -e prod', 'live')
  await rollBack(year, 19)
  assert.is(await accountOf(year, 'sales', 'prod'), 'live')
  await rollForward(year)
  assert.is(await accountOf(year, 'sales', 'prod'), 'live')

  await applyClient(year, 'cedar', 'Cedar writes leads again')
  await cem.does('revoke sales -e client/cedar')
  await cem.consents('authorize sales -e client/cedar', 'cedar')
  year.edit('beta is called birch', {
    'clients/beta.yaml': null,
    'clients/birch.yaml': `${year.read('clients/beta.yaml')}previously: beta\n`
  })
  await ada.does('fmt')
  await applyClient(year, 'birch', 'beta is called birch')
  assert.is(await accountOf(year, 'sales', 'client/birch'), 'beta')
  year.edit('birch has what we have', {
    'clients/birch.yaml': year.read('clients/birch.yaml').replace('version: 9', 'version: 20')
  })
  await applyClient(year, 'birch', 'Birch has version 20')
  await bea.does('revoke sales -e client/birch')
  for (const each of ['sales', 'sales_copy', 'quotes'])
    await bea.consents(`authorize ${each} -e client/birch`, 'beta')
  await bea.does('authorize beeper_copy -e client/birch --from key=env:PAGER_BETA')

  await ira.does('revoke crm -e client/acme')
  await ira.does('revoke inbox -e client/acme --user joe@acme.example')
  year.edit('acme leaves us', { 'clients/acme.yaml': null })
  assert.equal(askedBy(await ana.asks('plan -e client/acme')), ['revoke pager in client/acme'])
  await applyClient(year, 'acme', 'Acme leaves us')
  const { connections, authorizations } = year.state('clients/acme')
  assert.equal([connections, Object.values(authorizations).filter(isLive)], [{}, []])
  await ana.does('vault recipients')
  await ana.commits('Eleven months')
}

const isLive = ({ ended }: Json): boolean => ended === null

async function december(year: Year): Promise<void> {
  const { ada, dan } = year.people
  year.edit('everybody knows by now', {
    'clients/birch.yaml': year.read('clients/birch.yaml').replace('previously: beta\n', '')
  })
  year.edit('a new name for the new year', {
    'tieline.yaml': year.read('tieline.yaml').replace('Orchard', 'Orchard and Nursery')
  })
  year.edit(
    'a report is a page',
    component('pipeline', { ...pipeline, kind: 'page', uses: ['sales'] })
  )
  year.edit(
    'follow up by hand',
    component('follow_up', { ...followUp, name: 'To do', uses: ['sales'] })
  )
  await dan.does('apply --auto-approve')
  await publish(year, dan, 'Ready for the new year')
  await deploy(year)
  await applyClient(year, 'cedar', 'Cedar is ready, too')
  await ada.does('apply -e client/birch --auto-approve')
  await ada.commits('A year')
  await checkQuarter(year, [...cedarsMailboxes, oneMailboxForAll])
}

const months = {
  january,
  february,
  march,
  april,
  may,
  june,
  july,
  august,
  september,
  october,
  november,
  december
}

test('after a year every state is explained, no authorization dangles and no credential is orphaned', async () => {
  const year = await startYear()
  try {
    for (const [name, month] of Object.entries(months)) {
      await month(year).catch((error: Error) => {
        error.message = `In ${name}: ${error.message}`
        throw error
      })
    }
    const { edits, publishes, deployments, rollbacks } = year.counts
    assert.equal(
      { edits, publishes, deployments, rollbacks },
      { edits: 44, publishes: 21, deployments: 23, rollbacks: 2 }
    )
  } finally {
    await year.close()
  }
})

test.run()
