import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forbiddenVariable } from '../../engine/model/references.ts'

test('variables of tieline, of programs, clouds, forges and databases cannot be named', () => {
  const names = [
    ...[
      'TIELINE_IDENTITY',
      'NODE_OPTIONS',
      'NODE_AUTH_TOKEN',
      'LD_PRELOAD',
      'DYLD_LIBRARY_PATH',
      'PATH',
      'HOME'
    ],
    ...[
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'AWS_ACCESS_KEY_ID',
      'GOOGLE_APPLICATION_CREDENTIALS'
    ],
    ...[
      'AZURE_CLIENT_SECRET',
      'GITHUB_TOKEN',
      'GH_TOKEN',
      'GITLAB_TOKEN',
      'ACTIONS_ID_TOKEN_REQUEST_TOKEN'
    ],
    ...[
      'CI_JOB_TOKEN',
      'CI_DEPLOY_PASSWORD',
      'CI_MY_TOKEN',
      'CI_JOB_JWT_V2',
      'NPM_TOKEN',
      'PGPASSWORD',
      'HTTPS_PROXY',
      'https_proxy'
    ],
    ...['MYSQL_PWD', 'DATABASE_URL', 'SSH_AUTH_SOCK', 'github_token', 'Path']
  ]
  assert.equal(
    names.filter(each => !forbiddenVariable(each)),
    []
  )
})

test('variables that an app makes up can be named', () => {
  const names = [
    'SALESFORCE_CLIENT_ID',
    'GITHUB_CLIENT_SECRET',
    'AWS_PARTNER_CLIENT_ID',
    'CI',
    'NODES',
    'LDAP_ID',
    'AZURE_APP_ID',
    'PATHS',
    ''
  ]
  assert.equal(names.filter(forbiddenVariable), [])
})

test.run()
