import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Disk, placeSources, type Sourced } from '../../engine/bundle/place-sources.ts'

const apart = ['.tieline', 'state']

/** Globs are paths, or end in a star; `own` are the globs of components that are there. */
function disk(there: readonly string[], own: readonly string[] = []): Disk {
  const match = (glob: string, files: readonly string[]) =>
    files.filter(each =>
      glob.endsWith('*') ? each.startsWith(glob.replace(/\*+$/, '')) : each === glob
    )
  return {
    isTaken: path => there.some(each => each === path || each.startsWith(`${path}/`)),
    expand: (glob, files) => (glob.includes('!') ? null : match(glob, [...there, ...files]).sort()),
    caught: files => new Set(own.flatMap(glob => match(glob, files)))
  }
}

function sourced(linkName: string, glob: string, ...paths: readonly string[]): Sourced {
  return { linkName, glob, files: paths.map(path => ({ path, text: path })) }
}

function placed(components: readonly Sourced[], on: Disk) {
  return Object.fromEntries(
    [...placeSources(components, on, apart)].map(([linkName, { glob, files }]) => [
      linkName,
      [glob, ...files.map(each => each.path)]
    ])
  )
}

test('files whose paths are free keep them', () => {
  assert.equal(placed([sourced('form', 'src/*', 'src/a', 'src/b')], disk(['lib/a'])), {
    form: ['src/*', 'src/a', 'src/b']
  })
})

test('where one file is taken, all move into a folder named after the component', () => {
  assert.equal(placed([sourced('form_copy', 'src/*', 'src/a', 'src/b')], disk(['src/a'])), {
    form_copy: ['form_copy/src/*', 'form_copy/src/a', 'form_copy/src/b']
  })
})

test('a folder that is there, or that means something, is not taken', () => {
  assert.equal(placed([sourced('form', 'a', 'a')], disk(['a', 'form/x', 'form_2/x'])), {
    form: ['form_3/a', 'form_3/a']
  })
  assert.equal(placed([sourced('state', 'a', 'a'), sourced('con', 'a', 'a')], disk(['a'])), {
    state: ['state_2/a', 'state_2/a'],
    con: ['con_2/a', 'con_2/a']
  })
  assert.equal(placed([sourced('a', 'b/x', 'b/x'), sourced('b', 'c', 'c')], disk(['c'])), {
    a: ['b/x', 'b/x'],
    b: ['b_2/c', 'b_2/c']
  })
})

test('components that share a file share it until one of them moves', () => {
  const both = [sourced('one', 'src/*', 'src/a', 'src/b'), sourced('two', 'src/b', 'src/b')]
  assert.equal(placed(both, disk([])), {
    one: ['src/*', 'src/a', 'src/b'],
    two: ['src/b', 'src/b']
  })
  assert.equal(placed(both, disk(['src/a'])), {
    one: ['one/src/*', 'one/src/a', 'one/src/b'],
    two: ['src/b', 'src/b']
  })
  assert.equal(placed(both, disk(['src/b'])), {
    one: ['one/src/*', 'one/src/a', 'one/src/b'],
    two: ['two/src/b', 'two/src/b']
  })
})

test('a glob that would take in what is there already moves with its files', () => {
  assert.equal(placed([sourced('form', 'src/*', 'src/a')], disk(['src/b'])), {
    form: ['form/src/*', 'form/src/a']
  })
})

test('files that a component of the workspace would take in move out of its way', () => {
  assert.equal(placed([sourced('form', 'src/a', 'src/a')], disk(['src/b'], ['src/*'])), {
    form: ['form/src/a', 'form/src/a']
  })
})

test('nothing comes to stand at the top of the workspace, where tools look for what they run', () => {
  for (const name of ['package.json', 'Makefile', 'lead.dg', 'webpack.config.js']) {
    assert.equal(placed([sourced('form', name, name)], disk([])), {
      form: [`form/${name}`, `form/${name}`]
    })
  }
  assert.equal(placed([sourced('form', '*', 'src/a', 'Makefile')], disk([])), {
    form: ['form/*', 'form/src/a', 'form/Makefile']
  })
})

test('what tools run by its name comes into no folder that is there, and may have one of its own', () => {
  const hook = sourced('hook', 'packages/hook/*', 'packages/hook/a', 'packages/hook/PACKAGE.json')
  assert.equal(placed([hook], disk([])), { hook: [hook.glob, ...hook.files.map(e => e.path)] })
  assert.equal(placed([hook], disk(['packages/other/index.js'])), {
    hook: ['hook/packages/hook/*', 'hook/packages/hook/a', 'hook/packages/hook/PACKAGE.json']
  })
})

test('a glob that means nothing, or is too long, becomes the whole folder', () => {
  assert.equal(placed([sourced('form', '!a', 'a')], disk([])), { form: ['form/**', 'form/a'] })
  const long = `${'a'.repeat(495)}*`
  assert.equal(placed([sourced('form', long, 'a')], disk(['a'])), { form: ['form/**', 'form/a'] })
})

test.run()
