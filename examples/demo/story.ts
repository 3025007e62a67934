/** What the demo tells: an app goes from specs to prod, and one of its connections changes on the way. */
import { join } from 'node:path'
import { authorize, type Demo, git, quietGit, request, tieline } from './commands.ts'
import { editFile, setOrigins } from './place.ts'

/** Throws a DemoFailure at the first step that does not do what it says. */
export async function tellStory(demo: Demo): Promise<void> {
  await start(demo)
  await bringToDev(demo)
  await authorizeInDev(demo)
  await publish(demo)
  await change(demo)
  await publishChange(demo)
  await goToProd(demo)
}

async function start(demo: Demo): Promise<void> {
  demo.printer.say('Start from the example: an app with seven connections and nine components.')
  await tieline(demo, ['init', '--example', 'field-service'], {
    says: ['tieline.yaml', 'connections/salesforce.yaml', 'components/lead_form.yaml'],
    show: ['Your key', 'Next']
  })
  demo.printer.remark('the demo puts the addresses of its services into the specs, and commits')
  setOrigins(demo.place.workspace, demo.services.origins)
  await quietGit(demo, ['init', '--quiet', '--initial-branch', 'main'])
  await quietGit(demo, ['config', 'user.name', 'Ana'])
  await quietGit(demo, ['config', 'user.email', 'ana@field-service.example'])
  await quietGit(demo, ['add', '--all'])
  await quietGit(demo, ['commit', '--quiet', '--message', 'Field Service'])
}

async function bringToDev(demo: Demo): Promise<void> {
  demo.printer.say('Check all specs, and the references in the source code of the components.')
  await tieline(demo, ['validate'], { saysOnly: '✔ The specs are sound.' })

  demo.printer.say('What would change in dev? Nothing is there yet, so everything.')
  await tieline(demo, ['plan'], {
    says: [
      '+ connection zoho_crm "Zoho CRM Connection"',
      '+ component lead_form "Lead"',
      'tieline authorize salesforce -e dev',
      'Plan: 16 to add, 0 to change, 0 to delete'
    ],
    show: ['connection zoho_crm ', 'component partner_leads', 'Authorizations', 'Plan:']
  })

  demo.printer.say(
    'Write it down. Credentials are another matter: what is to be authorized stays on the list.'
  )
  await tieline(demo, ['apply', '--auto-approve'], {
    says: ['record 16 changes in dev', 'Apply: 1 done'],
    show: ['record 16 changes', 'Apply:']
  })
}

async function authorizeInDev(demo: Demo): Promise<void> {
  demo.printer.say(
    'Authorize in dev. OAuth2 happens in a browser; the service asks, and its answer decides.'
  )
  await authorize(demo, ['salesforce'], 'salesforce is authorized in dev as')
  await authorize(demo, ['zoho_crm'], 'zoho_crm is authorized in dev as')
  await authorize(demo, ['zoho_crm_partners'], 'zoho_crm_partners is authorized in dev as')

  demo.printer.say('This one belongs to each user: Ana authorizes for herself.')
  await authorize(
    demo,
    ['my_salesforce'],
    'my_salesforce is authorized in dev as ana@field-service.example'
  )

  demo.printer.say(
    'User names and keys are asked for, or taken from variables. A test request decides.'
  )
  await tieline(
    demo,
    [
      ...['authorize', 'zoho_projects', '--from', 'username=env:ZOHO_PROJECTS_USER'],
      ...['--from', 'auth_token=env:ZOHO_PROJECTS_TOKEN']
    ],
    { says: ['zoho_projects is authorized in dev as'] }
  )
  await tieline(
    demo,
    [
      ...['authorize', 'twilio', '--from', 'account_sid=env:TWILIO_ACCOUNT'],
      ...['--from', 'key_sid=env:TWILIO_KEY', '--from', 'key_secret=env:TWILIO_SECRET']
    ],
    { says: ['twilio is authorized in dev as'] }
  )
  await tieline(
    demo,
    ['authorize', 'dispatch_board', '--from', 'board_key=env:DISPATCH_BOARD_KEY'],
    {
      says: ['dispatch_board is authorized in shared (dev, stage and prod) as North depot']
    }
  )

  demo.printer.say('How does everything stand?')
  await tieline(demo, ['status'], {
    says: ['salesforce connected', 'dispatch_board connected North depot']
  })

  demo.printer.say('The app asks for a credential that is valid now, and sends it along.')
  await request(demo, ['salesforce'], {
    url: `${demo.services.origins.get('http://localhost:4710')}/services/oauth2/userinfo`,
    answers: 'preferred_username'
  })
}

async function publish(demo: Demo): Promise<void> {
  demo.printer.say(
    'Publish to stage. It has authorizations of its own, but for the one that is shared.'
  )
  await tieline(demo, ['apply', '-e', 'stage', '--auto-approve', '-m', 'First publish'], {
    says: [
      'dispatch_board: the shared authorization covers it, nobody is asked',
      'record 16 changes in stage, version 1',
      'tieline authorize zoho_crm -e stage'
    ],
    show: ['stage: version', 'record 16 changes', 'Authorizations', 'Apply:']
  })

  demo.printer.say('So stage can ask the dispatch board at once.')
  await request(demo, ['dispatch_board', '-e', 'stage'], {
    url: `${demo.services.origins.get('http://localhost:4750')}/api/v1/crews/free`,
    answers: 'crew-3'
  })
}

async function change(demo: Demo): Promise<void> {
  demo.printer.say('The app is to read contacts too: one more scope for a connection.')
  editFile(join(demo.place.workspace, 'connections', 'zoho_crm.yaml'), text =>
    text.replace('scopes: [', 'scopes: [ZohoCRM.modules.contacts.READ, ')
  )
  await git(demo, ['diff', '--unified=0'], 'ZohoCRM.modules.contacts.READ')

  demo.printer.say('Before anything happens, the plan says who has to consent again, and why.')
  await tieline(demo, ['plan'], {
    says: [
      '~ connection zoho_crm scopes + ZohoCRM.modules.contacts.READ',
      'authorize zoho_crm again in dev',
      'Plan: 0 to add, 1 to change, 0 to delete'
    ]
  })
  await tieline(demo, ['apply', '--auto-approve'], {
    says: ['record 1 change in dev', 'tieline authorize zoho_crm -e dev'],
    show: ['record 1 change', 'Apply:']
  })
}

async function publishChange(demo: Demo): Promise<void> {
  demo.printer.say('A changed connection does not travel without the components that use it.')
  await tieline(demo, ['plan', '-e', 'stage', '--connection', 'zoho_crm'], {
    exit: 3,
    says: [
      'The selection cannot be published as it is.',
      'component lead_form: uses zoho_crm',
      'component partner_leads: uses zoho_crm',
      '--connection zoho_crm --with-references'
    ]
  })

  demo.printer.say('With them it does. A saved plan is a promise: apply does this, or nothing.')
  const selection = ['--connection', 'zoho_crm', '--with-references']
  await tieline(demo, ['plan', '-e', 'stage', ...selection, '--out', 'publish.json'], {
    says: ['stage: version 1 → 2', '~ connection zoho_crm', 'component lead_form goes along'],
    show: ['stage: version', 'connection zoho_crm', 'component lead_form', 'Plan:']
  })
  await tieline(demo, ['apply', 'publish.json', '-m', 'Read contacts'], {
    says: ['record 3 changes in stage, version 2'],
    show: ['record 3 changes', 'Apply:']
  })

  demo.printer.say('One consent, with the new scope, for dev and stage.')
  await authorize(
    demo,
    ['zoho_crm', '-e', 'dev', '-e', 'stage'],
    'zoho_crm is authorized in dev and stage as'
  )
  await tieline(demo, ['status', '-e', 'stage'], {
    says: ['zoho_crm connected', 'salesforce pending', 'dispatch_board connected North depot']
  })
}

async function goToProd(demo: Demo): Promise<void> {
  demo.printer.say(
    'The whole road, as CI runs it on merge. In prod the services are the real ones, so it ends with a to-do list.'
  )
  await tieline(demo, ['apply', '--road', 'prod', '--auto-approve'], {
    says: [
      'revoke zoho_crm in dev',
      'prod: version 2, the first',
      'record 16 changes in prod, version 2',
      'tieline authorize zoho_crm -e prod'
    ],
    show: [
      ...['dev', 'stage', 'prod', 'No changes.', 'revoke zoho_crm', 'record 16 changes'],
      ...['connection zoho_crm ', 'Authorizations, by', 'Apply:']
    ]
  })

  demo.printer.say('And a second time there is nothing to do but that.')
  await tieline(demo, ['plan', '--detailed-exitcode'], { saysOnly: 'No changes.' })
  await tieline(demo, ['plan', '-e', 'prod'], {
    says: ['No changes.', 'tieline authorize salesforce -e prod']
  })
}
