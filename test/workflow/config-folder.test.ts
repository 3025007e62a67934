import { userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configFolderOf } from '../../engine/workflow/config-folder.ts'

const { HOME } = process.env

test.after.each(() => {
  process.env.HOME = HOME
})

test("a key of one's own is kept in the configuration folder, or below the home folder", () => {
  process.env.HOME = '/home/ana'
  assert.is(configFolderOf({ XDG_CONFIG_HOME: '/etc/ana' }), '/etc/ana/tieline')
  for (const env of [{}, { XDG_CONFIG_HOME: '' }])
    assert.is(configFolderOf(env), '/home/ana/.config/tieline')
})

test('where these are empty or relative, it is kept out of the folder that a command runs in', () => {
  process.env.HOME = '/home/ana'
  assert.is(configFolderOf({ XDG_CONFIG_HOME: '.config' }), '/home/ana/.config/tieline')
  for (const home of ['', 'here', '.']) {
    process.env.HOME = home
    assert.is(configFolderOf({}), join(userInfo().homedir, '.config/tieline'))
  }
})

test.run()
